/**
 * `RateLimiter` with the store in memory goes by the wall clock: when that is set back, requests wait for as long as it was set
 * back (effect 4.1, `persistence/RateLimiter.ts`, `layerStoreMemory`).
 *
 *     node test/bench/upstream/rateLimiterClock.ts
 *
 * Expected: with one request a second, a request that comes ten seconds after the last does not wait. Found: after the clock was
 * set back by an hour, a window lasts an hour longer. A bucket gets no token for an hour, so each request waits longer.
 *
 * Proposed: `monotonicTimeNanosUnsafe` of the clock. Times of this store are never compared with those of another machine.
 */
import { Duration, Effect, Layer } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"

/** Seconds that a request is told to wait, ten seconds after the clock was set back by an hour. */
const waitOf = (algorithm: "fixed-window" | "token-bucket"): Promise<number> =>
  Effect.gen(function* () {
    const limiter = yield* RateLimiter.RateLimiter
    const consume = limiter.consume({ algorithm, onExceeded: "delay", key: "key", limit: 1, window: "1 second" })
    yield* TestClock.setTime(Duration.toMillis("2 hours"))
    yield* consume
    yield* TestClock.setTime(Duration.toMillis("1 hour"))
    yield* consume
    yield* TestClock.adjust("10 seconds")
    return Duration.toSeconds((yield* consume).delay)
  }).pipe(
    Effect.provide(Layer.provide(RateLimiter.layer, RateLimiter.layerStoreMemory)),
    Effect.provide(TestClock.layer()),
    Effect.runPromise
  )

export const found = { "fixed-window": await waitOf("fixed-window"), "token-bucket": await waitOf("token-bucket") }
for (const [algorithm, seconds] of Object.entries(found)) console.log(`${algorithm}: ${seconds} s`)
