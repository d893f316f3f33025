import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Context, Duration, Effect, Fiber, Layer, Redacted, Stream } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { RetryPolicy, StripeClient, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { readFileSync } from "node:fs"
import { version } from "../src/internal/client/version.ts"
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
      assert.include(error.message, "STRIPE_API_KEY is not set")
    })
  )
})

describe("two clients in one program", () => {
  class First extends Context.Service<First, VerificationSessions.Service>()("test/First") {}
  class Second extends Context.Service<Second, VerificationSessions.Service>()("test/Second") {}
  const named = <I>(tag: Context.Key<I, VerificationSessions.Service>, account: string) =>
    Layer.effect(tag, VerificationSessions.VerificationSessions).pipe(
      Layer.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey, account }))
    )

  it.effect("each reads its own account, side by side and one inside the other", () =>
    Effect.gen(function* () {
      yield* (yield* First).list()
      yield* (yield* Second).list()
      const inner = VerificationSessions.layer({ apiKey: Sandbox.apiKey, account: "acct_inner" })
      const outer = VerificationSessions.layer({ apiKey: Sandbox.apiKey, account: "acct_outer" })
      yield* VerificationSessions.list().pipe(
        Effect.provide(inner),
        Effect.andThen(VerificationSessions.list()),
        Effect.provide(outer)
      )
      assert.deepStrictEqual(
        (yield* requests).map((request) => request.headers["stripe-account"]),
        ["acct_first", "acct_second", "acct_inner", "acct_outer"]
      )
    }).pipe(
      Effect.provide(
        Layer.mergeAll(named(First, "acct_first"), named(Second, "acct_second")).pipe(
          Layer.provideMerge(Sandbox.layer())
        )
      )
    )
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

describe("a reply that only something on the way can have sent", () => {
  it.effect.each<readonly [string, Sandbox.Fault, string]>([
    [
      "a page that this client does not unpack names its encoding",
      Fault.Reply({ headers: { "content-encoding": "gzip" }, body: "\u001f\ufffd" }),
      "expected JSON, got 2 characters of application/json in the encoding gzip."
    ],
    ["a 304 sends nowhere", Fault.Reply({ status: 304 }), "Stripe answered 304. Check apiBase,"],
    ["a redirect says where to", Fault.Redirect(), "Stripe answered 302. It sends to example.com. Check apiBase,"]
  ])("%s", ([, fault, message]) =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(fault)
      assert.include((yield* reason(VerificationSessions.list())).message, message)
    }).pipe(Effect.provide(world()), Effect.provideService(RetryPolicy.Current, RetryPolicy.none))
  )
})
