/**
 * Waiting for one's turn. A limiter takes a token at once and says how long to wait for it, so whoever is interrupted
 * while waiting leaves a token behind that was paid for: the next in line takes it over, and none is lost.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Semaphore from "effect/Semaphore"
import * as Telemetry from "../telemetry.ts"
import type { RateLimit } from "./model.ts"
import * as Transport from "./transport.ts"
import * as Warning from "./warning.ts"

/** Ends when a request of this operation may be sent. */
export type Wait = (operation: string) => Effect.Effect<void>

// An answer takes milliseconds. Redis clients keep commands for a server that is away, and then none comes.
const answerWithin = "5 seconds"

// How long a limiter that failed is left alone, so that not every request waits for its failure.
const restMillis = 10_000

const monotonicMillis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Math.round(Number(nanos) / 1e6))

/**
 * The clock as it would be if nobody had set it since the first look. Tokens in memory come back by the clock, and one
 * that is set back by an hour would keep them away for an hour.
 */
const steadyClock = () => {
  let origin: number | undefined
  return <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Clock.clockWith((clock) => {
      const monotonic = () => Math.round(Number(clock.monotonicTimeNanosUnsafe()) / 1e6)
      const start = (origin ??= clock.currentTimeMillisUnsafe() - monotonic())
      const currentTimeMillisUnsafe = () => start + monotonic()
      const currentTimeNanosUnsafe = () => BigInt(currentTimeMillisUnsafe()) * BigInt(1e6)
      return Effect.provideService(self, Clock.Clock, {
        currentTimeMillisUnsafe,
        currentTimeMillis: Effect.sync(currentTimeMillisUnsafe),
        currentTimeNanosUnsafe,
        currentTimeNanos: Effect.sync(currentTimeNanosUnsafe),
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
        monotonicTimeNanos: clock.monotonicTimeNanos,
        sleep: (duration) => clock.sleep(duration)
      })
    })
}

/** Makes a place to wait in. Callers are served in the order in which they come. */
export const make = Effect.fnUntraced(function* (options: RateLimit = {}): Effect.fn.Return<Wait> {
  const own = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
  const queue = yield* Semaphore.make(1)
  const warn = Warning.make()
  const steady = steadyClock()
  const given = options.limiter
  const limit = options.limit ?? 25
  const window = Duration.fromInputUnsafe(options.window ?? "1 second")
  const algorithm = options.algorithm ?? (given === undefined ? "token-bucket" : "fixed-window")
  const request = {
    algorithm,
    onExceeded: "delay" as const,
    key: options.key ?? "effect-stripe-identity",
    limit,
    window
  }

  /** How long to wait, in milliseconds: what the limiter says, up to what the limit and the queue in it justify. */
  const ask = (limiter: RateLimiter.RateLimiter) =>
    Effect.map(
      Effect.suspend(() => limiter.consume(request)),
      ({ delay, remaining }) => {
        const queue = remaining < 0 && Number.isFinite(remaining) ? -remaining : 0
        const justified = Duration.toMillis(window) * (1 + queue / limit)
        return Math.min(Duration.toMillis(delay), justified)
      }
    )

  const askOwn = steady(Effect.orDie(ask(own)))

  // A token bucket of somebody else's goes by the clocks of several machines. What counts in windows goes by the clock of
  // its store, and only a store in memory takes ours.
  const askGiven = given === undefined ? askOwn : algorithm === "token-bucket" ? ask(given) : steady(ask(given))

  let restsUntil = Number.NEGATIVE_INFINITY
  const waits = options.onLimiterError === "wait"
  const meanwhile = waits
    ? "This client sends nothing until it answers."
    : `Until it answers, this client keeps to ${limit} requests per ${Duration.format(window)} by itself.`

  const askGivenOrOwn = (operation: string): Effect.Effect<number> =>
    Effect.flatMap(monotonicMillis, (now) =>
      given === undefined || now < restsUntil
        ? askOwn
        : askGiven.pipe(
            Effect.timeoutOrElse({
              duration: answerWithin,
              orElse: () => Effect.fail(new Error(`no answer within ${answerWithin}`))
            }),
            // It may throw or die as well as fail, and the read that it slows down must not end with it.
            Effect.catchCause((cause) =>
              Effect.gen(function* () {
                yield* Telemetry.limiterFailed(operation)
                yield* warn(
                  `${operation}: the limiter in rateLimit.limiter failed: ${Transport.describeCause(cause)}. ${meanwhile}`
                )
                if (waits) return yield* Effect.andThen(Effect.sleep("1 second"), askGivenOrOwn(operation))
                restsUntil = (yield* monotonicMillis) + restMillis
                return yield* askOwn
              })
            )
          )
    )

  // While nobody has used the token that was taken last: until when it has to be waited for.
  let unusedTokenUntil: number | undefined
  const wait = Effect.fnUntraced(function* (operation: string) {
    if (unusedTokenUntil === undefined) {
      const delay = yield* askGivenOrOwn(operation)
      unusedTokenUntil = (yield* monotonicMillis) + delay
    }
    const left = unusedTokenUntil - (yield* monotonicMillis)
    if (left > 0) yield* Effect.sleep(left)
    unusedTokenUntil = undefined
  })
  return (operation) => Telemetry.waiting(operation, Semaphore.withPermit(queue, wait(operation)))
})
