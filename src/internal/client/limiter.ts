/**
 * Waiting for one's turn. A limiter takes a token at once and says how long to wait for it, so whoever is interrupted
 * while waiting leaves a token behind that was paid for: the next in line takes it over, and none is lost.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import * as Semaphore from "effect/Semaphore"
import * as Telemetry from "../telemetry.ts"
import type { RateLimit, RateLimits } from "./model.ts"
import { defaultKey } from "./options.ts"
import * as Transport from "./transport.ts"

/** Ends when a request of this operation may be sent. */
export type Wait = (operation: string) => Effect.Effect<void>

/** Waits for a turn of one limit, and then for the rest. */
type Gate = (operation: string, rest: Effect.Effect<void>) => Effect.Effect<void>

/** A queue before one limit. */
interface Queue {
  readonly pass: Gate
  /** Whether no token is left over. */
  readonly isIdle: () => boolean
}

// An answer takes milliseconds. Redis clients keep commands for a server that is away, and then none comes.
const answerWithin = "5 seconds"

// How long a limiter that failed is left alone, so that not every request waits for its failure.
const restMillis = 10_000

const monotonicMillis = (clock: Clock.Clock): number => Math.round(Number(clock.monotonicTimeNanosUnsafe()) / 1e6)

/**
 * Runs an effect with the clock as it would be if nobody had set it since the first look. Tokens in memory come back by the
 * clock, and one that is set back by an hour would keep them away for an hour.
 */
const steadyClock = () => {
  let origin: number | undefined
  return <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Clock.clockWith((clock) => {
      const start = (origin ??= clock.currentTimeMillisUnsafe() - monotonicMillis(clock))
      const currentTimeMillisUnsafe = () => start + monotonicMillis(clock)
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

/** How long the next request under a key has to wait, in milliseconds, by the client's own count. */
const counter = (algorithm: "fixed-window" | "token-bucket", limit: number, window: number) => {
  const interval = window / limit
  // Of a bucket, when its next token is there; of a window, when it began and what was used since.
  const counts = new Map<string, { next: number; used: number }>()
  return (key: string, now: number): number => {
    // At first a bucket is full, and a window over.
    const count = counts.get(key) ?? { next: now - window, used: 0 }
    counts.set(key, count)
    if (algorithm === "token-bucket") {
      const at = Math.max(count.next, now - window + interval)
      count.next = at + interval
      return Math.max(0, at - now)
    }
    if (now >= count.next + Math.ceil(count.used / limit) * window) Object.assign(count, { next: now, used: 0 })
    return Math.max(0, count.next + Math.floor(count.used++ / limit) * window - now)
  }
}

/** One limit, with its defaults. */
interface Limit {
  readonly algorithm: "fixed-window" | "token-bucket"
  readonly limit: number
  readonly window: Duration.Duration
  /** The client's own count of it. */
  readonly own: (key: string, now: number) => number
  readonly waitsForLimiter: boolean
}

/** Asks the caller's limiter how long the next request has to wait, and while that fails, the client's own count. */
const asking = (limiter: RateLimiter.RateLimiter, { algorithm, limit, own, waitsForLimiter, window }: Limit) => {
  const warn = Telemetry.warnings()
  const steady = steadyClock()
  let restsUntil = -Infinity

  /** What the limiter says, up to what the limit and the queue in it justify. */
  const consume = (key: string) => {
    const asked = Effect.map(
      Effect.suspend(() => limiter.consume({ algorithm, onExceeded: "delay", limit, window, key })),
      ({ delay, remaining }) => {
        const queue = remaining < 0 && Number.isFinite(remaining) ? -remaining : 0
        return Math.min(Duration.toMillis(delay), Duration.toMillis(window) * (1 + queue / limit))
      }
    )
    // A token bucket goes by the clocks of several machines. What counts in windows goes by the clock of its store, and only
    // a store in memory takes ours.
    return algorithm === "token-bucket" ? asked : steady(asked)
  }

  const meanwhile = waitsForLimiter
    ? "Until it answers, this client sends nothing."
    : `Until it answers, this client limits itself to ${limit} requests per ${Duration.format(window)}.`

  const tell = (operation: string, cause: Cause.Cause<unknown>) => {
    const reason = Transport.describe(Cause.squash(cause)).replace(/\.$/, "")
    return Effect.andThen(
      Telemetry.limiterFailed(operation),
      warn(`${operation}: rateLimit.limiter failed: ${reason}. ${meanwhile}`)
    )
  }

  const ask = (operation: string, key: string): Effect.Effect<number> =>
    Clock.clockWith((clock) =>
      monotonicMillis(clock) < restsUntil
        ? Effect.succeed(own(key, monotonicMillis(clock)))
        : consume(key).pipe(
            Effect.timeoutOrElse({
              duration: answerWithin,
              orElse: () => Effect.fail(new Error(`no answer within ${answerWithin}`))
            }),
            // It may throw or die as well as fail, and the read that it slows down must not end with it.
            Effect.catchCause((cause) =>
              Effect.flatMap(tell(operation, cause), () => {
                // Last, and not in a generator, whose frame would stay on the stack until the limiter answers.
                if (waitsForLimiter) return Effect.andThen(Effect.sleep("1 second"), ask(operation, key))
                restsUntil = monotonicMillis(clock) + restMillis
                return Effect.succeed(own(key, monotonicMillis(clock)))
              })
            )
          )
    )
  return ask
}

/** Makes queues for one limit, which counts under a key for each. Callers are served in the order in which they come. */
const queues = (options: RateLimit): ((key: string) => Queue) => {
  const { limiter } = options
  const limit = options.limit ?? 25
  const window = Duration.fromInputUnsafe(options.window ?? "1 second")
  const algorithm = options.algorithm ?? (limiter === undefined ? "token-bucket" : "fixed-window")
  const own = counter(algorithm, limit, Duration.toMillis(window))
  const waitsForLimiter = options.onLimiterError === "wait"
  const ask = limiter && asking(limiter, { algorithm, limit, window, own, waitsForLimiter })

  return (key) => {
    const turn = Semaphore.makeUnsafe(1)
    // Tokens that nothing was sent with, by when they may be used.
    const unused: Array<number> = []
    const pass = Effect.fnUntraced(function* (operation: string, rest: Effect.Effect<void>): Effect.fn.Return<void> {
      let until: number | undefined
      const wait = Effect.gen(function* () {
        const clock = yield* Clock.Clock
        // Those of more than a window ago have returned to the limit.
        const returned = monotonicMillis(clock) - Duration.toMillis(window)
        do until = unused.shift()
        while (until !== undefined && until < returned)
        if (until === undefined) {
          const delay = ask === undefined ? own(key, monotonicMillis(clock)) : yield* ask(operation, key)
          until = monotonicMillis(clock) + delay
        }
        const left = until - monotonicMillis(clock)
        if (left > 0) yield* Effect.sleep(left)
      })
      yield* Semaphore.withPermit(turn, wait).pipe(
        Effect.andThen(rest),
        Effect.onInterrupt(() => Effect.sync(() => void (until !== undefined && unused.push(until))))
      )
    })
    return { pass, isIdle: () => unused.length === 0 }
  }
}

/** A queue for each account, which is there while somebody of the account is in it. */
const ofEachAccount = (queue: (account: string) => Queue, account: Effect.Effect<string>): Gate => {
  const made = new Map<string, { readonly queue: Queue; inside: number }>()
  return (operation, rest) =>
    Effect.flatMap(account, (account) => {
      const own = made.get(account) ?? { queue: queue(account), inside: 0 }
      made.set(account, own)
      own.inside++
      return Effect.ensuring(
        own.queue.pass(operation, rest),
        Effect.sync(() => {
          own.inside--
          if (own.inside === 0 && own.queue.isIdle()) made.delete(account)
        })
      )
    })
}

/**
 * Waits for every limit, an account's own first: so a token for all accounts is used as soon as it is there, and an account
 * that has to wait keeps no other one waiting.
 */
export const make = (options: RateLimit | RateLimits = {}, account: Effect.Effect<string>): Wait => {
  // The last is passed first.
  const gates: Array<Gate> = []
  for (const limit of "length" in options ? options : [options]) {
    const queue = queues(limit)
    const { key = defaultKey } = limit
    if (limit.per === undefined) gates.unshift(queue(key).pass)
    else gates.push(ofEachAccount((account) => queue(`${key}:${account}`), account))
  }
  return Effect.fnUntraced(function* (operation) {
    const fiber = yield* Effect.fiber
    const start = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
    let wait = Effect.void
    for (const gate of gates) wait = gate(operation, wait)
    yield* wait
    Telemetry.waited(fiber, operation, start)
  })
}
