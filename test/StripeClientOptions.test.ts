import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import {
  Checkpoint,
  StripeClient,
  StripeError,
  VerificationReports,
  VerificationSessions
} from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { countRequests, reason, requests, world } from "./support/world.ts"

/** A network that counts what is sent to it, to whatever host. */
const network = () => {
  const sent: Array<string> = []
  const client = HttpClient.make((request, url) =>
    Effect.sync(() => {
      sent.push(url.href)
      return HttpClientResponse.fromWeb(request, new Response("{}"))
    })
  )
  return { sent, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

/** How a layer fails to build. */
const failure = <E>(layer: Layer.Layer<never, E, HttpClient.HttpClient>) =>
  Effect.gen(function* () {
    const { layer: anywhere, sent } = network()
    const error = yield* Effect.flip(Effect.scoped(Layer.build(Layer.provide(layer, anywhere))))
    assert.deepStrictEqual(sent, [])
    return error
  })

const wrongBase =
  "apiBase: expected a URL such as https://api.stripe.com, without user name, query, fragment and /v1, which the client adds"

const wiped = Redacted.make("sk_test_gone")
Redacted.wipeUnsafe(wiped)

describe("a layer with options that cannot work fails to build, and sends nothing", () => {
  const wrong: ReadonlyArray<
    readonly [name: string, options: Record<string, unknown>, says: string | ReadonlyArray<string>]
  > = [
    ["an address without a scheme", { apiBase: "localhost:12111" }, [wrongBase, 'got "localhost:12111"']],
    [
      "an address with a password",
      { apiBase: "https://me:secretpw@api.stripe.com" },
      [wrongBase, 'got "https://<redacted>@api.stripe.com"']
    ],
    [
      "an address with a password, of a host without dots",
      { apiBase: "http://secretpw:secretpw@h/" },
      ["apiBase: expected ", 'got "http://<redacted>@h/"']
    ],
    [
      "an address with a password that makes it none",
      { apiBase: "http://me:secretpw/?# 'secretpw@secretpw@h/" },
      ["apiBase: expected ", 'got "http://<redacted>@h/"']
    ],
    [
      "an address with a password and without a scheme",
      { apiBase: "me:secretpw/secretpw@h" },
      ["apiBase: expected ", 'got "<redacted>@h"']
    ],
    [
      "an address in a list",
      { apiBase: ["http://me:secretpw@h/"] },
      ["apiBase: expected ", 'got ["http://<redacted>@h/"]']
    ],
    ["an empty account", { account: "" }, ["account: expected an account id (acct_…)", 'got ""']],
    ["an account with letters outside ASCII", { account: "acct_😀" }, "account"],
    ["an account longer than an id may be", { account: `acct_${"1".repeat(251)}` }, "account"],
    ["an empty version", { apiVersion: "" }, "apiVersion"],
    ["a time limit in words", { timeout: "soon" }, ["timeout: expected a duration above zero", 'got "soon"']],
    ["a time limit of nothing", { timeout: 0 }, ["timeout: expected ", "got 0"]],
    [
      "a rate limit of zero",
      { rateLimit: { limit: 0 } },
      ["rateLimit.limit: expected a whole number, 1 or more", "got 0"]
    ],
    ["a negative rate limit", { rateLimit: { limit: -5 } }, ["rateLimit.limit: expected ", "got -5"]],
    [
      "a rate limit that is a number",
      { rateLimit: 25 },
      ['rateLimit: expected false, or an object such as { limit: 25, window: "1 second" }', "got 25"]
    ],
    [
      "a rate limit with an infinite window",
      { rateLimit: { limit: 5, window: "Infinity" } },
      ['rateLimit.window: expected a finite duration above zero, such as "1 second"', 'got "Infinity"']
    ],
    [
      "a misspelt option of the rate limit",
      { rateLimit: { windw: "1 second" } },
      [
        "rateLimit.windw: expected one of the names limit, window, algorithm, limiter, onLimiterError, key, per",
        'got "windw"'
      ]
    ],
    [
      "a misspelt key",
      { apikey: Sandbox.apiKey },
      [
        "apikey: expected one of the names apiKey, apiBase, apiVersion, account, context, timeout, rateLimit, transformClient",
        'got "apikey"'
      ]
    ],
    ["no key", { apiKey: undefined }, ["apiKey: expected a secret key (sk_…) or restricted key (rk_…)", "got nothing"]],
    [
      "a key of an unset variable",
      { apiKey: Redacted.make(undefined) },
      ["apiKey: expected ", "got a Redacted that holds undefined"]
    ],
    ["a key that was wiped", { apiKey: wiped }, ["apiKey: expected ", "got a Redacted that was wiped"]],
    ["an address with the version in its path", { apiBase: "https://api.stripe.com/v1/" }, wrongBase],
    ["a misspelt option", { apibase: "https://api.stripe.com" }, "apibase"],
    [
      "a key that is a plain text",
      { apiKey: "sk_test_planted" },
      ["apiKey: expected ", "got a value that is not Redacted"]
    ],
    ["an address with a query", { apiBase: "https://api.stripe.com?proxy=1" }, wrongBase],
    ["an address with an empty query", { apiBase: "https://api.stripe.com/?" }, wrongBase],
    ["an address with a fragment", { apiBase: "https://api.stripe.com/#here" }, wrongBase],
    ["an address with an empty fragment", { apiBase: "https://api.stripe.com#" }, wrongBase],
    ["an address with a space at its end", { apiBase: "https://api.stripe.com " }, wrongBase],
    ["an address with a line break at its end", { apiBase: "https://api.stripe.com\n" }, wrongBase],
    ["an address with a port that no machine has", { apiBase: "https://api.stripe.com:99999" }, wrongBase],
    [
      "an address with a user and no password",
      { apiBase: "https://me@h/" },
      ["apiBase: ", 'got "https://<redacted>@h/"']
    ],
    ["an address with a password and no user", { apiBase: "https://:secretpw@h/" }, "apiBase"],
    ["an address of another protocol", { apiBase: "file:///etc/passwd" }, wrongBase],
    [
      "a publishable key",
      { apiKey: Redacted.make("pk_test_planted") },
      [
        "apiKey: expected a secret key (sk_…) or restricted key (rk_…)",
        "got a publishable key (pk_…), which cannot read"
      ]
    ],
    ["the secret of a webhook", { apiKey: Redacted.make("whsec_planted") }, "a webhook secret (whsec_…)"],
    ["an account in the place of a key", { apiKey: Redacted.make("acct_planted") }, "an account id (acct_…)"],
    ["an empty key", { apiKey: Redacted.make("") }, ["apiKey: expected ", "got an empty string"]],
    [
      "a key with a line break",
      { apiKey: Redacted.make("sk_test_planted\n") },
      ["apiKey: expected ", "got a string with whitespace"]
    ],
    ["a key with letters outside ASCII", { apiKey: Redacted.make("sk_test_plantedä") }, "characters outside ASCII"],
    ["a context of something else", { context: "org_1" }, "expected an account id (acct_…) or a path of them"],
    ["a context that ends with a slash", { context: "acct_1/" }, "expected an account id"],
    ["account and context", { account: "acct_1", context: "acct_2" }, "only one of account and context"],
    [
      "an algorithm that there is not",
      { rateLimit: { algorithm: "sliding-window" } },
      ['rateLimit.algorithm: expected "fixed-window" or "token-bucket"', 'got "sliding-window"']
    ],
    [
      "a limit of something else",
      { rateLimit: { per: "region" } },
      ['rateLimit.per: expected "account"', 'got "region"']
    ],
    ["no limits", { rateLimit: [] }, ["rateLimit: expected at least one limit, or false for no limit", "got []"]],
    [
      "several limits, two of them wrong",
      { rateLimit: [{ limit: 0 }, 25] },
      ["rateLimit[0].limit: expected a whole number", "rateLimit[1]: expected an object such as { limit: 25"]
    ],
    [
      "two limits that count under one key",
      { rateLimit: [{ limit: 9 }, { limit: 20, per: "account" }, { limit: 3, window: "1 minute" }] },
      [
        "rateLimit[2].key: expected a key that no other limit uses, got nothing.",
        'Limits without a key share "effect-stripe-identity".'
      ]
    ],
    [
      "a limiter that cannot be asked",
      { rateLimit: { limiter: {} } },
      "expected a RateLimiter from effect/persistence"
    ],
    [
      "a transformClient that is no function",
      { transformClient: {} },
      ["transformClient: expected a function", "got {}"]
    ],
    [
      "a transformClient that throws",
      {
        transformClient: () => {
          throw new TypeError("no proxy at https://me:secretpw@proxy")
        }
      },
      [
        "transformClient: expected a function that returns an HttpClient",
        "got one that threw no proxy at https://<redacted>@proxy"
      ]
    ],
    [
      "a transformClient that returns nothing",
      { transformClient: () => undefined },
      ["transformClient: expected a function that returns an HttpClient", "got one that returned undefined"]
    ]
  ]
  for (const [name, options, says] of wrong) {
    it.effect(`for ${name}`, () =>
      Effect.gen(function* () {
        // Type boundary: JavaScript and configuration can say anything.
        const given = { apiKey: Sandbox.apiKey, ...options } as StripeClient.Options
        const error = yield* failure(StripeClient.layer(given))
        assert.instanceOf(error, StripeError.StripeError)
        assert.strictEqual(error.operation, "StripeClient.make")
        assert.strictEqual(error.reason._tag, "InvalidArgumentError")
        for (const part of [says].flat()) assert.include(error.message, part)
        assert.notMatch(error.message, /secretpw|planted/)
      })
    )
  }

  it.effect("and so do the layers of both services", () =>
    Effect.gen(function* () {
      const options = { apiKey: Redacted.make("pk_live_planted") }
      for (const layer of [VerificationSessions.layer(options), VerificationReports.layer(options)]) {
        assert.include(String(yield* failure(layer)), "publishable key")
      }
    })
  )

  it.effect("and layerConfig, for what stands in the environment", () =>
    Effect.gen(function* () {
      const env = { STRIPE_API_KEY: "sk_test_planted", STRIPE_ACCOUNT: "acct_1", STRIPE_CONTEXT: "acct_2" }
      const layer = VerificationSessions.layerConfig().pipe(
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
      )
      const error = yield* failure(layer)
      assert.strictEqual(error._tag, "StripeError")
      assert.include(error.message, "only one of account and context")
    })
  )

  it.effect("so that a program that provides it ends with a typed error", () =>
    Effect.gen(function* () {
      const { layer } = network()
      const failed = yield* VerificationSessions.stream().pipe(
        Stream.runDrain,
        Effect.provide(VerificationSessions.layer({ apiKey: Redacted.make("pk_test_planted") })),
        Effect.provide(layer),
        Effect.catchReason("StripeError", "InvalidArgumentError", ({ issues }) => Effect.succeed(issues[0].path))
      )
      assert.strictEqual(failed, "apiKey")
    })
  )
})

describe("the context of an organization's key", () => {
  const headers = Effect.map(requests, (requests) =>
    requests.map(({ headers }) => [headers["stripe-account"], headers["stripe-context"]])
  )

  it.effect("is sent as Stripe-Context, for a whole layer", () =>
    Effect.gen(function* () {
      yield* VerificationSessions.list()
      yield* (yield* StripeClient.StripeClient).client.get("/v1/identity/verification_sessions")
      const expected = [undefined, "acct_1/acct_2"]
      assert.deepStrictEqual(yield* headers, [expected, expected])
    }).pipe(
      Effect.provide(VerificationSessions.layerFromClient),
      Effect.provide(
        StripeClient.layer({ apiKey: Sandbox.apiKey, context: "acct_1/acct_2" }).pipe(
          Layer.provideMerge(Sandbox.layer())
        )
      )
    )
  )

  it.effect("comes from STRIPE_CONTEXT", () =>
    Effect.gen(function* () {
      yield* VerificationSessions.list()
      assert.deepStrictEqual(yield* headers, [[undefined, "acct_1"]])
    }).pipe(
      Effect.provide(VerificationSessions.layerConfig()),
      Effect.provide(Sandbox.layer()),
      Effect.provide(
        ConfigProvider.layer(
          ConfigProvider.fromEnv({
            env: { STRIPE_API_KEY: Redacted.value(Sandbox.apiKey), STRIPE_CONTEXT: "acct_1", STRIPE_ACCOUNT: "" }
          })
        )
      )
    )
  )

  it.effect("of one read replaces the account or context of the layer, so that only one header is sent", () =>
    Effect.gen(function* () {
      const list = VerificationSessions.list()
      yield* Effect.provideService(list, StripeClient.CurrentAccount, { context: "acct_1" })
      yield* Effect.provideService(list, StripeClient.CurrentAccount, { account: "acct_2" })
      yield* Effect.provideService(list, StripeClient.CurrentAccount, {})
      yield* list
      assert.deepStrictEqual(yield* headers, [
        [undefined, "acct_1"],
        ["acct_2", undefined],
        [undefined, undefined],
        ["acct_layer", undefined]
      ])
    }).pipe(Effect.provide(world({ client: { account: "acct_layer" } })))
  )

  const refused: ReadonlyArray<readonly [name: string, value: unknown, says: string | ReadonlyArray<string>]> = [
    ["an empty account", { account: "" }, ["account: expected ", "got "]],
    ["an account with a line break", { account: "acct_1\n" }, ["account: expected ", "got "]],
    ["a context with a header of its own", { context: "acct_1\r\nx: y" }, ["context: expected ", "got "]],
    ["account and context", { account: "acct_1", context: "acct_1" }, "only one of account and context"],
    ["a misspelt name", { acount: "acct_1" }, 'Did you mean "account"?'],
    ["an account that is not known", { account: undefined }, ["account: expected an account id", "got undefined"]],
    ["nothing", undefined, ["CurrentAccount: expected ", "got undefined"]],
    ["a text", "acct_1", ["CurrentAccount: expected a plain object", 'got "acct_1"']],
    ["null", null, ["CurrentAccount: expected ", "got null"]]
  ]
  it.effect.each(refused)("or account of one read is refused before any request: %s", ([, value, says]) =>
    Effect.gen(function* () {
      // Type boundary: plain JavaScript can provide anything.
      const given = value as StripeClient.AccountChoice
      const list = Effect.provideService(VerificationSessions.list(), StripeClient.CurrentAccount, given)
      const failed = yield* reason(list)
      assert.strictEqual(failed._tag, "InvalidArgumentError")
      for (const part of [says].flat()) assert.include(failed.message, part)
      const batches = Stream.provideService(VerificationSessions.sync(), StripeClient.CurrentAccount, given)
      assert.strictEqual((yield* reason(Stream.runDrain(batches)))._tag, "InvalidArgumentError")
      const from = Checkpoint.start({ filter: "another", account: "acct_1" })
      const changes = Stream.provideService(VerificationSessions.changes({ from }), StripeClient.CurrentAccount, given)
      assert.strictEqual((yield* reason(Stream.runDrain(changes)))._tag, "InvalidArgumentError")
      const { client } = yield* StripeClient.make({ apiKey: Sandbox.apiKey })
      const raw = Effect.provideService(client.get("/v1/balance"), StripeClient.CurrentAccount, given)
      const unsent = yield* Effect.flip(raw)
      for (const part of [says].flat()) assert.include(String(unsent.reason.description), part)
      // Such a client's own retries leave it alone.
      assert.isFalse(HttpClient.isTransientError(unsent))
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )
})
