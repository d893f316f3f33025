/**
 * Waiting for one's turn. A limiter takes a token at once and says how long to wait for it, so whoever is interrupted
 * while waiting leaves a token behind that was paid for: the next in line takes it over, and none is lost.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import * as Semaphore from "effect/Semaphore"
import * as Telemetry from "../telemetry.ts"

type Consume = Parameters<RateLimiter.RateLimiter["consume"]>[0]

/** Ends when a request of this operation may be sent. */
export type Wait = (operation: string) => Effect.Effect<void>

/** Makes a place to wait in. Callers are served in the order in which they come. */
export const make = (limiter: RateLimiter.RateLimiter, options: Consume): Effect.Effect<Wait> =>
  Effect.map(Semaphore.make(1), (turn) => {
    // While nobody has used the token that was taken last: how long it had to be waited for, and until when. Both are in
    // milliseconds; a clock that was set back meanwhile must not make the wait longer.
    let paid: { readonly delay: number; readonly until: number } | undefined
    const pay = Effect.flatMap(
      Effect.suspend(() => limiter.consume(options)),
      ({ delay }) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const millis = Duration.toMillis(delay)
          return (paid = { delay: millis, until: now + millis })
        })
    )
    const wait = Effect.gen(function* () {
      const { delay, until } = paid ?? (yield* pay)
      const left = Math.min(delay, until - (yield* Clock.currentTimeMillis))
      if (left > 0) yield* Effect.sleep(left)
      paid = undefined
    })
    // A store that cannot be reached must not stop a read that Stripe itself would serve or limit.
    const served = Semaphore.withPermit(turn, Effect.ignore(wait))
    return (operation) => Telemetry.waiting(operation, served)
  })
