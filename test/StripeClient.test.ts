import { assert, describe, it } from "@effect/vitest"
import { Cause, ConfigProvider, Context, Effect, Exit, Fiber, Layer, Redacted, Result, Schedule } from "effect"
import { FetchHttpClient, HttpClient, type HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { RetryPolicy, StripeClient, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { readFileSync } from "node:fs"
import { OnRateLimited } from "../src/internal/client/onRateLimited.ts"
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
      assert.strictEqual(request?.headers["stripe-version"], "2026-10-28.endive")
      assert.strictEqual(request?.headers["user-agent"], `effect-stripe-identity/${version}`)
      assert.strictEqual(request?.headers["accept"], "application/json")
      assert.isUndefined(request?.headers["stripe-account"])
      assert.strictEqual(request?.method, "GET")
    }).pipe(Effect.provide(world()))
  )

  it("the user agent has the package's version, and a release raises both", () => {
    const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8")
    assert.strictEqual(JSON.parse(read("package.json")).version, version)
    const [, raised = ""] = /const path = "(.+)"/.exec(read(".ci/version")) ?? []
    assert.include(read(raised), `version = "${version}"`)
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

  const ofFetch = Layer.succeed(FetchHttpClient.RequestInit, { cache: "no-store", headers: { "x-proxy": "1" } })
  // Effect's own gives the fiber its context back; this one leaves it as it is.
  const simple = HttpClient.make((request, url, _, fiber) => {
    const init = Context.getOrUndefined(fiber.context, FetchHttpClient.RequestInit)
    const sent = Effect.promise(() => fiber.getRef(FetchHttpClient.Fetch)(url, init))
    return Effect.map(sent, (response) => HttpClientResponse.fromWeb(request, response))
  })
  it.effect.each<readonly [string, Layer.Layer<HttpClient.HttpClient>]>([
    ["whoever calls a client of their own", Layer.merge(Layer.succeed(HttpClient.HttpClient, simple), ofFetch)],
    ["the layer of the client", Layer.provide(FetchHttpClient.layer, ofFetch)],
    ["whoever calls", Layer.merge(FetchHttpClient.layer, ofFetch)],
    ["nobody", FetchHttpClient.layer]
  ])("what fetch was given by %s, and no redirect is followed", ([from, httpClient]) => {
    const sent: Array<RequestInit | undefined> = []
    const fetch: typeof globalThis.fetch = (_, init) => {
      sent.push(init)
      return Promise.resolve(Response.json({ object: "list", data: [], has_more: false }))
    }
    const address = "https://api.stripe.com/v1/events"
    return Effect.gen(function* () {
      yield* VerificationSessions.list()
      const { client } = yield* StripeClient.StripeClient
      yield* client.get("/v1/events")
      // What others send on the client is sent as they say.
      yield* HttpClient.get(address)
      const given = from === "nobody" ? undefined : "no-store"
      assert.deepStrictEqual(
        sent.map((init) => [init?.redirect, init?.cache, new Headers(init?.headers).get("x-proxy") ?? undefined]),
        ["manual", "manual", undefined].map((redirect) => [redirect, given, given && "1"])
      )
    }).pipe(
      Effect.provide(VerificationSessions.layerFromClient),
      Effect.provide(StripeClient.layer({ apiKey: Sandbox.apiKey })),
      Effect.provide(httpClient),
      Effect.provideService(FetchHttpClient.Fetch, fetch)
    )
  })

  const inJavaScript = (failure: unknown) => (client: HttpClient.HttpClient) =>
    HttpClient.transformResponse(client, () => Effect.fail(failure as HttpClientError.HttpClientError))
  it.effect.each<readonly [string, unknown, string]>([
    ["a timeout", new Cause.TimeoutError("slow"), "slow"],
    ["text", "slow", "a value that is not an Error"],
    ["nothing", undefined, "a value that is not an Error"],
    [
      "an object that says it is a status, without the reply",
      { _tag: "HttpClientError", reason: { _tag: "StatusCodeError" } },
      "a value that is not an Error"
    ]
  ])("a client that fails with %s, which types refuse, is a TransportError", ([, failure, told]) =>
    Effect.gen(function* () {
      const failed = yield* reason(VerificationSessions.list())
      assert.strictEqual(failed._tag, "TransportError")
      assert.include(failed.message, `The HTTP client failed with ${told}`)
    }).pipe(
      Effect.provideService(RetryPolicy.Current, RetryPolicy.none),
      Effect.provide(world({ client: { transformClient: inJavaScript(failure) } }))
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
      assert.include(error.message, "STRIPE_API_KEY: expected a secret key")
    })
  )

  it.effect("a source that cannot be read says so itself", () =>
    Effect.gen(function* () {
      const sealed = ConfigProvider.make(() => Effect.fail(new ConfigProvider.SourceError({ message: "sealed" })))
      const layer = VerificationSessions.layerConfig().pipe(
        Layer.provide([Sandbox.layer(), ConfigProvider.layer(sealed)])
      )
      const error = yield* Effect.flip(Effect.provide(VerificationSessions.list(), layer))
      assert.strictEqual(error._tag, "ConfigError")
      assert.include(error.message, "sealed")
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
      // A firewall that drops packets looks like this too, and no larger timeout helps against it.
      assert.include(error.message, "within 3s. Check the network. If it is slow, raise timeout or lower pageSize.")
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
      "expected JSON, got 2 characters of application/json with content encoding gzip."
    ],
    ["a 304 sends nowhere", Fault.Reply({ status: 304 }), "Stripe answered 304. Check apiBase,"],
    ["a redirect says where to", Fault.Redirect(), "Stripe answered 302. It redirects to example.com. Check apiBase,"]
  ])("%s", ([, fault, message]) =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(fault)
      assert.include((yield* reason(VerificationSessions.list())).message, message)
    }).pipe(Effect.provide(world()), Effect.provideService(RetryPolicy.Current, RetryPolicy.none))
  )

  it.effect("a redirect in a browser, where it has neither a status nor an address", () =>
    Effect.gen(function* () {
      assert.include((yield* reason(VerificationSessions.list())).message, "Stripe answered 0. Check apiBase,")
    }).pipe(
      Effect.provide(Layer.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey }), FetchHttpClient.layer)),
      Effect.provideService(FetchHttpClient.Fetch, () => Promise.resolve(Response.error())),
      Effect.provideService(RetryPolicy.Current, RetryPolicy.none)
    )
  )
})

describe("what a caller gives that throws is a defect of the program, and ends the read as it is", () => {
  const thrown = new Error("a mistake of the caller's")
  const fail = (): never => {
    throw thrown
  }
  const request: StripeClient.Request<unknown> = {
    operation: "Another.list",
    path: "/v1/identity/verification_sessions",
    query: [],
    decode: Result.succeed
  }
  const get = (changes: Partial<StripeClient.Request<unknown>>) =>
    StripeClient.StripeClient.use((client) => client.get({ ...request, ...changes }))
  const policy = RetryPolicy.makeUnsafe()
  const withPolicy = (changes: Partial<RetryPolicy.RetryPolicy>) =>
    Effect.provideService(get({}), RetryPolicy.Current, { ...policy, ...changes })
  const callbacks: ReadonlyArray<
    readonly [string, Effect.Effect<unknown, unknown, StripeClient.StripeClient>, number]
  > = [
    ["decode", get({ decode: fail }), 1],
    ["smaller", get({ shrink: fail }), 1],
    ["while of the policy", withPolicy({ while: fail }), 1],
    ["schedule of the policy", withPolicy({ schedule: Schedule.tap(policy.schedule, fail) }), 1]
  ]
  it.effect.each(callbacks)("%s", ([name, effect, sent]) =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      if (name !== "decode") yield* sandbox.inject(Fault.ServerError(), { times: 6 })
      const fiber = yield* Effect.forkChild(Effect.exit(effect))
      yield* TestClock.adjust("1 minute")
      const exit = yield* Fiber.join(fiber)
      assert.isTrue(
        Exit.isFailure(exit) && Cause.hasDies(exit.cause) && Cause.squash(exit.cause) === thrown,
        String(exit)
      )
      assert.strictEqual((yield* sandbox.requests).length, sent)
    }).pipe(
      Effect.provide(
        StripeClient.layer({ apiKey: Sandbox.apiKey, rateLimit: false }).pipe(Layer.provideMerge(Sandbox.layer()))
      )
    )
  )

  const clients: ReadonlyArray<readonly [string, (client: HttpClient.HttpClient) => HttpClient.HttpClient]> = [
    ["a client that transformClient made", HttpClient.mapRequest(fail)],
    ["a client that transformClient made, when it replies", HttpClient.transformResponse(Effect.map(fail))],
    ["a client that transformClient made, as it is asked", (client) => ({ ...client, get: fail })]
  ]
  it.effect.each(clients)("%s", ([, transformClient]) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(VerificationSessions.list())
      assert.isTrue(
        Exit.isFailure(exit) && Cause.hasDies(exit.cause) && Cause.squash(exit.cause) === thrown,
        String(exit)
      )
    }).pipe(Effect.provide(world({ client: { transformClient } })))
  )
})

describe("an object lock", () => {
  it.effect("slows nobody down, because no limit was reached", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      let slowed = 0
      const counting = Effect.provideService(
        VerificationSessions.list(),
        OnRateLimited,
        Effect.sync(() => void slowed++)
      )
      yield* sandbox.inject(Fault.LockTimeout())
      yield* sandbox.inject(Fault.RateLimited(), { skip: 1 })
      const fiber = yield* Effect.forkChild(counting)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.strictEqual(slowed, 1)
      assert.strictEqual((yield* requests).length, 3)
    }).pipe(Effect.provide([world(), withoutJitter]))
  )
})
