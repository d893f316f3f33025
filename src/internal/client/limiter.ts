/**
 * Waiting for one's turn. A limiter takes a token at once and says how long to wait for it, so whoever is interrupted
 * while waiting leaves a token behind that was paid for: the next in line takes it over, and none is lost.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { flow } from "effect/Function"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Semaphore from "effect/Semaphore"
import * as Telemetry from "../telemetry.ts"
import type { RateLimit, RateLimits } from "./model.ts"
import { keyOf } from "./options.ts"
import * as Transport from "./transport.ts"
import * as Warning from "./warning.ts"

/** Ends when a request of this operation may be sent. */
export type Wait = (operation: string) => Effect.Effect<void>

/** Waits for a turn of one limit, and then for the rest. */
type Gate = (operation: string, rest: Effect.Effect<void>) => Effect.Effect<void>

/** A queue before one limit. */
interface Queue {
  readonly pass: Gate
  /** Whether nobody is in it and no token is left over. */
  readonly isIdle: () => boolean
}

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

/**
 * Makes queues for one limit, which counts under a key for each. Callers are served in the order in which they come.
 */
const queues = Effect.fnUntraced(function* (options: RateLimit): Effect.fn.Return<(key: string) => Queue> {
  const own = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
  const warn = Warning.make()
  const steady = steadyClock()
  const given = options.limiter
  const limit = options.limit ?? 25
  const window = Duration.fromInputUnsafe(options.window ?? "1 second")
  const algorithm = options.algorithm ?? (given === undefined ? "token-bucket" : "fixed-window")
  const request = { algorithm, onExceeded: "delay" as const, limit, window }

  /** How long to wait, in milliseconds: what the limiter says, up to what the limit and the queue in it justify. */
  const ask = (limiter: RateLimiter.RateLimiter) => (key: string) =>
    Effect.map(
      Effect.suspend(() => limiter.consume({ ...request, key })),
      ({ delay, remaining }) => {
        const queue = remaining < 0 && Number.isFinite(remaining) ? -remaining : 0
        const justified = Duration.toMillis(window) * (1 + queue / limit)
        return Math.min(Duration.toMillis(delay), justified)
      }
    )

  const askOwn = flow(ask(own), Effect.orDie, steady)

  // A token bucket of somebody else's goes by the clocks of several machines. What counts in windows goes by the clock of
  // its store, and only a store in memory takes ours.
  const askGiven = given === undefined ? askOwn : algorithm === "token-bucket" ? ask(given) : flow(ask(given), steady)

  let restsUntil = Number.NEGATIVE_INFINITY
  const waits = options.onLimiterError === "wait"
  const meanwhile = waits
    ? "This client sends nothing until it answers."
    : `Until it answers, this client keeps to ${limit} requests per ${Duration.format(window)} by itself.`

  const askGivenOrOwn = (operation: string, key: string): Effect.Effect<number> =>
    Effect.flatMap(monotonicMillis, (now) =>
      given === undefined || now < restsUntil
        ? askOwn(key)
        : askGiven(key).pipe(
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
                if (waits) return yield* Effect.andThen(Effect.sleep("1 second"), askGivenOrOwn(operation, key))
                restsUntil = (yield* monotonicMillis) + restMillis
                return yield* askOwn(key)
              })
            )
          )
    )

  return (key) => {
    const turn = Semaphore.makeUnsafe(1)
    // Tokens that nothing was sent with, by when they may be used.
    const unused: Array<number> = []
    let inside = 0
    return {
      pass: (operation, rest) =>
        Effect.suspend(() => {
          inside++
          let until: number | undefined
          const ask = Effect.gen(function* () {
            const delay = yield* askGivenOrOwn(operation, key)
            until = (yield* monotonicMillis) + delay
          })
          const wait = Effect.gen(function* () {
            until = unused.shift()
            if (until === undefined) yield* ask
            const left = (until ?? 0) - (yield* monotonicMillis)
            if (left > 0) yield* Effect.sleep(left)
          })
          return Semaphore.withPermit(turn, wait).pipe(
            Effect.andThen(rest),
            Effect.onInterrupt(() => Effect.sync(() => void (until !== undefined && unused.push(until)))),
            Effect.ensuring(Effect.sync(() => void inside--))
          )
        }),
      isIdle: () => inside === 0 && unused.length === 0
    }
  }
})

/** A queue for each account, which is there while somebody of the account is in it. */
const ofEachAccount = (queue: (account: string) => Queue, account: Effect.Effect<string>): Gate => {
  const made = new Map<string, Queue>()
  return (operation, rest) =>
    Effect.flatMap(account, (account) => {
      const own = made.get(account) ?? queue(account)
      made.set(account, own)
      return Effect.ensuring(
        own.pass(operation, rest),
        Effect.sync(() => void (own.isIdle() && made.delete(account)))
      )
    })
}

/**
 * Waits for every limit, an account's own first: so a token for all accounts is used as soon as it is there, and an account
 * that has to wait keeps no other one waiting.
 */
export const make = Effect.fnUntraced(function* (
  options: RateLimit | RateLimits = {},
  account: Effect.Effect<string>
): Effect.fn.Return<Wait> {
  const gates: Array<Gate> = []
  for (const limit of "length" in options ? options : [options]) {
    const queue = yield* queues(limit)
    const key = keyOf(limit)
    if (limit.per === undefined) gates.push(queue(key).pass)
    else gates.unshift(ofEachAccount((account) => queue(`${key}:${account}`), account))
  }
  const wait: Wait = (operation) =>
    gates.reduceRight<Effect.Effect<void>>((rest, gate) => gate(operation, rest), Effect.void)
  return (operation) => Telemetry.waiting(operation, wait(operation))
})
