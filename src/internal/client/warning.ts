/**
 * Warnings about something that lasts, such as an outage: it concerns many requests, and one line now and then is enough.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

const everyNanos = BigInt(60_000_000_000)

/** Makes a place for warnings about one thing, where at most one a minute is logged. */
export const make = (): ((message: string) => Effect.Effect<void>) => {
  let logged: bigint | undefined
  return (message) =>
    Effect.flatMap(Clock.monotonicTimeNanos, (now) => {
      if (logged !== undefined && now - logged < everyNanos) return Effect.void
      logged = now
      return Effect.logWarning(message)
    })
}
