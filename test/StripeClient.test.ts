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

  const wrong: ReadonlyArray<readonly [name: string, options: Record<string, unknown>, says: string]> = [
    [
      "an address without a scheme",
      { apiBase: "localhost:12111" },
      'apiBase: expected an address that starts with https:// or http://, without a password, got "localhost:12111"'
    ],
    [
      "an address with a password",
      { apiBase: "https://me:secretpw@api.stripe.com" },
      'apiBase: expected an address that starts with https:// or http://, without a password, got "https://<redacted>@api.stripe.com"'
    ],
    [
      "an address with a password, of a host without dots",
      { apiBase: "http://secretpw:secretpw@h/" },
      'apiBase: expected an address that starts with https:// or http://, without a password, got "http://<redacted>@h/"'
    ],
    [
      "an address with a password that makes it none",
      { apiBase: "http://me:secretpw/?# 'secretpw@secretpw@h/" },
      'apiBase: expected an address that starts with https:// or http://, without a password, got "http://<redacted>@h/"'
    ],
    [
      "an address with a password and without a scheme",
      { apiBase: "me:secretpw/secretpw@h" },
      'apiBase: expected an address that starts with https:// or http://, without a password, got "<redacted>@h"'
    ],
    [
      "an address in a list",
      { apiBase: ["http://me:secretpw@h/"] },
      'apiBase: expected an address that starts with https:// or http://, without a password, got ["http://<redacted>@h/"]'
    ],
    ["an empty account", { account: "" }, 'account: expected the id of an account (acct_…), got ""'],
    ["an account with letters outside ASCII", { account: "acct_😀" }, "account"],
    ["an empty version", { apiVersion: "" }, "apiVersion"],
    [
      "a time limit in words",
      { timeout: "soon" },
      'timeout: expected a length of time, such as "80 seconds", got "soon"'
    ],
    ["a time limit of nothing", { timeout: 0 }, 'timeout: expected a length of time, such as "80 seconds", got 0'],
    ["a rate limit of zero", { rateLimit: { limit: 0 } }, "rateLimit.limit: expected a whole number, 1 or more, got 0"],
    [
      "a negative rate limit",
      { rateLimit: { limit: -5 } },
      "rateLimit.limit: expected a whole number, 1 or more, got -5"
    ],
    [
      "a rate limit that is a number",
      { rateLimit: 25 },
      'rateLimit: expected false, or an object such as { limit: 25, window: "1 second" }, got 25'
    ],
    [
      "a misspelt option of the rate limit",
      { rateLimit: { windw: "1 second" } },
      'rateLimit.windw: expected one of the names limit, window, limiter, key, got "1 second". Did you mean "window"?'
    ],
    [
      "a misspelt key",
      { apikey: Sandbox.apiKey },
      'apikey: expected one of the names apiKey, apiBase, apiVersion, account, timeout, rateLimit, transformClient, got <redacted>. Did you mean "apiKey"?'
    ],
    [
      "no key",
      { apiKey: undefined },
      "apiKey: expected a key as the Stripe dashboard shows it (sk_… or rk_…), in a Redacted, got nothing"
    ],
    [
      "a key of an unset variable",
      { apiKey: Redacted.make(undefined) },
      "apiKey: expected a key as the Stripe dashboard shows it (sk_… or rk_…), in a Redacted, got a Redacted of nothing"
    ],
    ["an address with the version in its path", { apiBase: "https://api.stripe.com/v1/" }, "without the /v1"],
    ["a misspelt option", { apibase: "https://api.stripe.com" }, "apibase"],
    [
      "a key that is a plain text",
      { apiKey: "sk_test_planted" },
      "apiKey: expected a key as the Stripe dashboard shows it (sk_… or rk_…), in a Redacted, got a value that is not Redacted"
    ]
  ]
  for (const [name, options, says] of wrong) {
    it.effect(`${name} is refused before any request`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(VerificationSessions.list())
        assert.strictEqual(error.reason._tag, "InvalidArgumentError")
        assert.include(error.message, says)
        assert.notMatch(error.message, /secretpw|planted/)
        assert.strictEqual(yield* countRequests, 0)
        // Type boundary: JavaScript and configuration can say anything.
      }).pipe(Effect.provide(world({ client: options as Partial<StripeClient.Options> })))
    )
  }

  it.effect("the client for other calls sends nothing either, to whatever host", () => {
    const hosts: Array<string> = []
    const anywhere = HttpClient.make((request, url) =>
      Effect.sync(() => {
        hosts.push(url.host)
        return HttpClientResponse.fromWeb(request, new Response("{}"))
      })
    )
    return Effect.gen(function* () {
      const apiKey = Redacted.make("sk_test_planted")
      const { client } = yield* StripeClient.make({ apiKey, apiBase: "localhost:12111", account: "acct_1" })
      const error = yield* Effect.flip(client.get("/v1/balance"))
      assert.include(String(error.reason.description), "apiBase")
      assert.notInclude(String(error.reason.description), "planted")
      assert.deepStrictEqual(hosts, [])
    }).pipe(Effect.provideService(HttpClient.HttpClient, anywhere))
  })

  it.effect("an account for one stream is checked too", () =>
    Effect.gen(function* () {
      const failed = yield* reason(VerificationSessions.list().pipe(StripeClient.withAccount("")))
      assert.strictEqual(failed._tag, "InvalidArgumentError")
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
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
    }).pipe(Effect.provide(world()), StripeClient.withRetryPolicy(RetryPolicy.none))
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

  it.effect("does not make the next request wait for a clock that was set back while one was interrupted", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(7_200_000)
      const list = VerificationSessions.list({ limit: 1 })
      yield* Effect.repeat(list, { times: 24 })
      const interrupted = yield* Effect.forkChild(list)
      yield* settled
      yield* Fiber.interrupt(interrupted)
      yield* TestClock.setTime(3_600_000)
      const fiber = yield* Effect.forkChild(list)
      yield* settled
      yield* TestClock.adjust("1 second")
      yield* settled
      assert.isDefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(world({ client: { rateLimit: undefined } })))
  )

  it.effect("covers retrieves of different ids too", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 60 }, (_, index) => `vs_${index}`),
          (id) => Effect.exit(VerificationSessions.retrieve(id)),
          { concurrency: 60 }
        )
      )
      yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("100 millis")), { times: 30 })
      yield* Fiber.join(fiber)
      assert.isAtLeast((yield* requests).at(-1)?.receivedAt ?? 0, 1300)
    }).pipe(Effect.provide(world({ client: { rateLimit: undefined } })))
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
