import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer } from "effect"
import { RateLimiter } from "effect/persistence"
import { StripeClient, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { redisUrl } from "./fleet.ts"

// The limit in Redis, as two machines see it whose clocks are 10 s apart: in this process, so that nothing but the limit takes
// time. The same with processes is in fleetTroubles.ts.

/** Runs an effect with a clock that is wrong by so many milliseconds. */
const wrongBy =
  (millis: number) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Clock.clockWith((clock) => {
      const currentTimeMillisUnsafe = () => clock.currentTimeMillisUnsafe() + millis
      const currentTimeNanosUnsafe = () => clock.currentTimeNanosUnsafe() + BigInt(millis) * BigInt(1e6)
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

const perSecond = 10

/**
 * How many requests a second the machine sends whose clock is late, once the other one has ended. A bucket is forgotten when it is full, which ends
 * what a wrong clock does to it: the lower the rate, the longer that takes.
 */
const rateAlone = (algorithm?: "token-bucket") =>
  Effect.gen(function* () {
    const limiter = yield* RateLimiter.RateLimiter
    const key = `clocks-${process.pid}-${algorithm ?? "default"}`
    const window = 3 * (1000 / perSecond)
    const machine = (clock: number) => {
      const client = StripeClient.layer({
        apiKey: Sandbox.apiKey,
        rateLimit: { limiter, key, limit: 3, window, algorithm, onLimiterError: "wait" }
      })
      const one = Effect.forever(VerificationSessions.list({ limit: 1 }))
      return Effect.all([one, one, one, one], { concurrency: "unbounded" }).pipe(
        Effect.provide(Layer.provide(VerificationSessions.layerFromClient, client)),
        wrongBy(clock),
        Effect.forkScoped
      )
    }
    const early = yield* machine(5000)
    yield* machine(-5000)
    yield* Effect.sleep("1 second")
    yield* Fiber.interrupt(early)
    const count = Sandbox.Sandbox.use(({ requestCount }) => requestCount)
    const [before, began] = [yield* count, performance.now()]
    yield* Effect.sleep("2 seconds")
    return (1000 * ((yield* count) - before)) / (performance.now() - began)
  }).pipe(Effect.scoped, Effect.provide(Layer.fresh(Sandbox.layer({ sessions: 10, recordedRequests: 1 }))))

export const clocks = () => {
  it.live("a machine whose clock is late keeps its rate when another one ends, and would not by a token bucket", () =>
    Effect.gen(function* () {
      const [byDefault, byTokens] = yield* Effect.all([rateAlone(), rateAlone("token-bucket")], { concurrency: 2 })
      console.log(`${perSecond} a second: ${byDefault}, and ${byTokens} with a token bucket`)
      assert.isAtLeast(byDefault, 0.6 * perSecond)
      assert.isBelow(byTokens, 0.5 * perSecond)
    }).pipe(
      Effect.provide(
        RateLimiter.layer.pipe(
          Layer.provide(RateLimiter.layerStoreRedis()),
          Layer.provide(NodeRedis.layer({ url: redisUrl }))
        )
      )
    )
  )
}
