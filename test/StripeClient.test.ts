import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Fiber, Layer, Redacted, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { type StripeClient, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { readFileSync } from "node:fs"
import { version } from "../src/internal/version.ts"
import { countRequests, reason, requests, settled, withoutJitter, world } from "./support/world.ts"

const { Fault } = Sandbox

const withEnvironment = (env: Record<string, string>) =>
  VerificationSessions.layerConfig().pipe(
    Layer.provideMerge(Sandbox.layer()),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
  )

const key = Redacted.value(Sandbox.apiKey)

describe("what is sent", () => {
  it.effect("the key, the pinned version, the user agent and no account", () =>
    Effect.gen(function* () {
      yield* VerificationSessions.list()
      const [request] = yield* requests
      assert.include(request?.headers["authorization"], "Bearer")
      assert.strictEqual(request?.headers["stripe-version"], "2026-09-30.endive")
      assert.strictEqual(request?.headers["user-agent"], `effect-stripe-identity/${version}`)
      assert.strictEqual(request?.headers["accept"], "application/json")
      assert.isUndefined(request?.headers["stripe-account"])
      assert.strictEqual(request?.method, "GET")
    }).pipe(Effect.provide(world()))
  )

  it("the user agent has the package's version", () => {
    assert.strictEqual(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version, version)
  })

  it.effect("apiVersion and transformClient change it", () =>
    Effect.gen(function* () {
      yield* VerificationSessions.list()
      const [request] = yield* requests
      assert.strictEqual(request?.headers["stripe-version"], "2025-03-31.basil")
      assert.strictEqual(request?.headers["x-team"], "kyc")
    }).pipe(
      Effect.provide(
        world({
          client: {
            apiVersion: "2025-03-31.basil",
            transformClient: HttpClient.mapRequest(HttpClientRequest.setHeader("x-team", "kyc"))
          }
        })
      )
    )
  )

  it.effect("a client that was transformed to fail on statuses is judged by the same rules", () =>
    Effect.gen(function* () {
      const failed = yield* reason(VerificationSessions.retrieve("vs_missing"))
      assert.strictEqual(failed._tag, "NotFoundError")
    }).pipe(Effect.provide(world({ client: { transformClient: HttpClient.filterStatusOk } })))
  )
})

describe("configuration", () => {
  it.effect("key, account and version come from the environment", () =>
    Effect.gen(function* () {
      yield* VerificationSessions.list()
      const [request] = yield* requests
      assert.strictEqual(request?.headers["stripe-account"], "acct_env")
      assert.strictEqual(request?.headers["stripe-version"], "2026-01-01.x")
      assert.strictEqual(request?.status, 200)
    }).pipe(
      Effect.provide(
        withEnvironment({ STRIPE_API_KEY: key, STRIPE_ACCOUNT: "acct_env", STRIPE_API_VERSION: "2026-01-01.x" })
      )
    )
  )

  it.effect("a variable that is set to nothing counts as unset", () =>
    Effect.gen(function* () {
      yield* VerificationSessions.list()
      const [request] = yield* requests
      assert.isUndefined(request?.headers["stripe-account"])
    }).pipe(Effect.provide(withEnvironment({ STRIPE_API_KEY: key, STRIPE_ACCOUNT: "", STRIPE_API_BASE: "" })))
  )

  it.effect("a missing key is a ConfigError that names the variable", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(VerificationSessions.list(), withEnvironment({})))
      assert.strictEqual(error._tag, "ConfigError")
      assert.include(error.message, "STRIPE_API_KEY")
    })
  )

  for (const [name, bad] of [
    ["an empty key", ""],
    ["a key with a line break", "sk_test_planted\n"],
    ["a key with letters outside ASCII", "sk_test_plänted"]
  ] as const) {
    it.effect(`${name} is refused before any request and not repeated`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(VerificationSessions.list())
        assert.strictEqual(error.reason._tag, "InvalidArgumentError")
        assert.include(error.message, "apiKey")
        assert.notInclude(error.message, "nted")
        assert.strictEqual(yield* countRequests, 0)
      }).pipe(Effect.provide(world({ client: { apiKey: Redacted.make(bad) } })))
    )
  }

  it.effect("an apiBase that is no URL is a TransportError that is not retried", () =>
    Effect.gen(function* () {
      const failed = yield* reason(VerificationSessions.list())
      assert.strictEqual(failed._tag, "TransportError")
      assert.isFalse(failed.isRetryable)
      assert.include(failed.message, "apiBase")
    }).pipe(Effect.provide(world({ client: { apiBase: "not a url" } })))
  )
})

describe("the time limit of a request", () => {
  it.effect("covers the body", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.StalledBody(), { times: 10 })
      const fiber = yield* Effect.forkChild(Effect.flip(VerificationSessions.list()))
      yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("5 seconds")), { times: 12 })
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error.reason._tag, "TimeoutError")
      assert.include(error.message, "3s")
      assert.strictEqual(error.attempts, 6)
    }).pipe(Effect.provide([world({ client: { timeout: "3 seconds" } }), withoutJitter]))
  )

  it.effect("is 80 seconds by default", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.Hang())
      const fiber = yield* Effect.forkChild(VerificationSessions.list())
      yield* TestClock.adjust("80 seconds")
      yield* TestClock.adjust("499 millis")
      assert.strictEqual(yield* countRequests, 1)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual(yield* countRequests, 2)
    }).pipe(Effect.provide([world(), withoutJitter]))
  )
})

describe("the rate limit", () => {
  const perSecond = Effect.map(requests, (requests) => {
    const counts: Array<number> = []
    for (const { receivedAt } of requests) {
      const second = Math.floor(receivedAt / 1000)
      counts[second] = (counts[second] ?? 0) + 1
    }
    return counts
  })

  const read = (times: number) =>
    Effect.gen(function* () {
      const all = Stream.runDrain(VerificationSessions.stream({}, { pageSize: 1 }))
      const fiber = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: times }, () => all),
          { concurrency: times }
        )
      )
      yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("100 millis")), { times: 100 })
      yield* Fiber.join(fiber)
    })

  it.effect("is 25 requests a second after a burst of 25, over all streams of one layer", () =>
    Effect.gen(function* () {
      yield* read(5)
      const counts = yield* perSecond
      assert.deepStrictEqual(counts.slice(1, 4), [25, 25, 25])
      assert.isAtMost(counts[0] ?? 0, 50)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 30 }, client: { rateLimit: undefined } })))
  )

  it.effect("can be set, shared through a limiter, and switched off", () =>
    Effect.gen(function* () {
      const limiter = yield* RateLimiter.make
      const service = (rateLimit: StripeClient.RateLimit | false) =>
        Effect.provide(
          read(1).pipe(Effect.andThen(requests)),
          world({ sandbox: { sessions: 12 }, client: { rateLimit } })
        )
      const slow = yield* service({ limit: 4, window: "1 second", limiter })
      assert.strictEqual(slow.at(-1)?.receivedAt, 2000)
      const shared = yield* service({ limit: 4, window: Duration.seconds(1), limiter })
      assert.isAbove((shared.at(-1)?.receivedAt ?? 0) - (shared[0]?.receivedAt ?? 0), 1900)
      const off = yield* service(false)
      assert.strictEqual(off.at(-1)?.receivedAt, off[0]?.receivedAt)
    }).pipe(Effect.provide(RateLimiter.layerStoreMemory))
  )
})
