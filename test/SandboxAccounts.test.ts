import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Stripe } from "stripe"
import * as Sandbox from "../src/Sandbox.ts"
import { ask, type Asked, ids, inSandbox, page, refusal } from "./support/sandboxClient.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const as = (account: string) => ({ headers: { "stripe-account": account } })

describe("a connected account", () => {
  it.effect("has a history of its own, which follows from the seed and its id", () =>
    Effect.gen(function* () {
      const read = (seed: number) =>
        inSandbox(
          { seed, sessions: 30, accounts: { acct_3: { sessions: 5 } } },
          Effect.gen(function* () {
            const sandbox = yield* Sandbox.Sandbox
            const lists = yield* Effect.forEach(["acct_1", "acct_2", "acct_3"], (account) =>
              Effect.map(page("?limit=100", as(account)), ({ data }) => data)
            )
            const { data } = yield* page("?limit=100")
            assert.deepStrictEqual(yield* sandbox.account("acct_1").sessions, lists[0])
            assert.deepStrictEqual(yield* sandbox.sessions, data)
            return [data, ...lists]
          })
        )
      const first = yield* read(1)
      assert.deepStrictEqual(
        first.map((rows) => rows.length),
        [30, 30, 30, 5]
      )
      assert.strictEqual(new Set(first.flatMap(ids)).size, 95)
      assert.notDeepEqual(
        first[1]?.map(({ created, status }) => [created, status]),
        first[2]?.map(({ created, status }) => [created, status])
      )
      assert.deepStrictEqual(yield* read(1), first)
      assert.strictEqual(new Set([...first, ...(yield* read(2))].flatMap(ids)).size, 190)
    })
  )

  it.effect("keeps to itself what happens in it, whatever many others are read", () =>
    inSandbox(
      { sessions: 3 },
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.UTC(2026, 5, 1))
        const sandbox = yield* Sandbox.Sandbox
        const one = sandbox.account("acct_1")
        const { id } = yield* one.insert({ id: "vs_own" })
        yield* one.cancel(id)
        for (let other = 2; other < 300; other++) yield* ask("", as(`acct_${other}`))
        assert.strictEqual((yield* page("", as("acct_1"))).data.find((row) => row.id === id)?.status, "canceled")
        assert.lengthOf((yield* page("", as("acct_2"))).data, 3)
        assert.lengthOf((yield* page("")).data, 3)
        assert.sameMembers(
          (yield* one.events).map(({ type }) => type.replace(/.*\./, "")),
          ["canceled", "created"]
        )
        assert.lengthOf(yield* sandbox.events, 0)
        // In the path of an organization the last one is meant.
        const nested = yield* page("", { headers: { "stripe-context": "acct_7/acct_1" } })
        assert.include(ids(nested.data), id)
        const { headers } = yield* ask("", as("acct_7/acct_1"))
        assert.strictEqual(headers["stripe-account"], "acct_1")
      })
    )
  )

  it.effect("refuses every key once it was revoked, and is read again when that is taken back", () =>
    inSandbox(
      { accounts: { acct_1: { access: "revoked" }, acct_2: { access: "identity-not-enabled" } } },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { error, status } = yield* refusal("", as("acct_1"))
        assert.strictEqual(status, 403)
        assert.strictEqual(error["code"], "account_invalid")
        assert.match(
          error["message"] ?? "",
          /^The provided key 'sk_test_\*+_key' does not have access to account 'acct_1' \(or that account does not exist\)\. Application access may have been revoked\.$/
        )
        assert.match((yield* refusal("", as("acct_2"))).error["message"] ?? "", /not set up to use Identity/)
        yield* sandbox.account("acct_1").setAccess("full")
        yield* sandbox.account("acct_2").setAccess("full")
        yield* sandbox.account("acct_3").setAccess("revoked")
        yield* sandbox.account("acct_4").setAccess("identity-not-enabled")
        const statuses = yield* Effect.forEach([1, 2, 3, 4], (number) => ask("", as(`acct_${number}`)))
        assert.deepStrictEqual(
          statuses.map(({ status }) => status),
          [200, 200, 403, 400]
        )
      })
    )
  )

  it.effect("is listed to its platform, newest first, while it is connected", () =>
    inSandbox(
      { account: "identity-not-enabled", accounts: { acct_1: {}, acct_2: { access: "revoked" }, acct_3: {} } },
      Effect.gen(function* () {
        const url = "https://api.stripe.com/v1/accounts"
        const listed = (query: string, asked: Asked = {}) =>
          Effect.map(page(query, { url, ...asked }), ({ data, has_more }) => [ids(data).join(), has_more])
        assert.deepStrictEqual(yield* listed(""), ["acct_3,acct_1", false])
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.account("acct_2").setAccess("full")
        yield* sandbox.account("acct_4").setAccess("identity-not-enabled")
        yield* sandbox.account("acct_3").setAccess("revoked")
        assert.deepStrictEqual(yield* listed("?limit=2"), ["acct_4,acct_2", true])
        assert.deepStrictEqual(yield* listed("?starting_after=acct_2"), ["acct_1", false])
        assert.deepStrictEqual(yield* listed("", as("acct_1")), ["", false])
        assert.deepStrictEqual(yield* listed("", { key: Sandbox.liveApiKey }), ["", false])
        const { error, status } = yield* refusal("?starting_after=acct_3", { url })
        assert.strictEqual(status, 400)
        assert.strictEqual(error["message"], "No such account: 'acct_3'")
        for (const id of ["acct_3", "acct_none"]) {
          const gone = yield* refusal("", { url: `${url}/${id}` })
          assert.deepStrictEqual([gone.status, gone.error["code"]], [403, "account_invalid"])
          assert.match(
            gone.error["message"] ?? "",
            RegExp(`'sk_test_\\*+_key' does not have access to account '${id}'`)
          )
        }
        assert.match(
          (yield* refusal("", { url, key: Sandbox.restrictedApiKey })).error["message"] ?? "",
          /'accounts_kyc_basic_read'/
        )
      })
    )
  )

  it.effect("has a limit of its own below that of the platform, and each 429 says which it was", () =>
    inSandbox(
      {
        rateLimit: [
          { limit: 5, window: "1 second", reason: "global-rate" },
          { limit: 2, window: "1 second", per: "account" }
        ]
      },
      Effect.gen(function* () {
        const reasons = (accounts: ReadonlyArray<string>) =>
          Effect.forEach(accounts, (account) =>
            Effect.map(ask("", as(account)), ({ headers, status }) => headers["stripe-rate-limited-reason"] ?? status)
          )
        // What an account is refused costs the platform nothing.
        assert.deepStrictEqual(yield* reasons(["acct_1", "acct_1", "acct_1", "acct_1", "acct_2", "acct_2", "acct_3"]), [
          200,
          200,
          "endpoint-rate",
          "endpoint-rate",
          200,
          200,
          200
        ])
        assert.deepStrictEqual(yield* reasons(["acct_4", "acct_1"]), ["global-rate", "global-rate"])
        const { limited, requests } = yield* Sandbox.Sandbox.use((sandbox) => sandbox.traffic)
        assert.deepStrictEqual([requests, limited], [9, 4])
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* reasons(["acct_4", "acct_1"]), [200, 200])
      })
    )
  )

  it.effect.each<readonly [string, unknown, string]>([
    ["no id", { accounts: { shop: {} } }, "accounts must not have shop, only ids of accounts (acct_…)"],
    ["a word", { accounts: { acct_1: { access: "gone" } } }, "the access of acct_1 must be one of full, identity"],
    ["a name", { accounts: { acct_1: { session: 3 } } }, "the account acct_1 must not have session, only sessions"],
    ["a size", { accounts: { acct_1: { sessions: -1 } } }, "the sessions of acct_1 must be a whole number"],
    ["a limit", { rateLimit: [{ limit: 1, window: 1, per: "key" }] }, "per of rateLimit must be one of account"],
    [
      "a reason",
      { rateLimit: { limit: 1, window: 1, reason: "rate" } },
      "the reason of rateLimit must be one of global"
    ]
  ])("is refused as an option that makes no sense: %s", ([, options, message]) =>
    Effect.gen(function* () {
      // Type boundary: that these are not what the types say is what the test is about.
      const exit = yield* Effect.exit(Sandbox.make(options as never))
      assert.include(String(exit), `Sandbox: ${message}`)
    })
  )
})

describe("the traffic", () => {
  it.effect("is counted in all, of each account, in each second, and in the worst second wherever it begins", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const times = (count: number, account?: string) =>
          Effect.repeat(ask("", account === undefined ? {} : as(account)), { times: count - 1 })
        yield* times(2)
        yield* TestClock.adjust("900 millis")
        yield* times(4, "acct_1")
        yield* TestClock.adjust("200 millis")
        yield* times(3, "acct_2")
        yield* TestClock.adjust("5 seconds")
        yield* times(1, "acct_1")
        assert.deepStrictEqual(yield* sandbox.traffic, {
          requests: 10,
          limited: 0,
          mostInASecond: 7,
          seconds: [
            { second: 0, requests: 6, limited: 0 },
            { second: 1, requests: 3, limited: 0 },
            { second: 6, requests: 1, limited: 0 }
          ],
          accounts: { "": 2, acct_1: 5, acct_2: 3 }
        })
      })
    )
  )
})

describe("ten thousand accounts", () => {
  it.effect("take next to no memory", () =>
    inSandbox(
      {
        recordedRequests: 1,
        rateLimit: [{ limit: 1e9, window: "1 second", per: "account" }]
      },
      Effect.gen(function* () {
        const used = Effect.promise(async () => {
          await new Promise((resolve) => setImmediate(resolve))
          collectGarbage()
          return process.memoryUsage().heapUsed
        })
        const read = (from: number, to: number) =>
          Effect.gen(function* () {
            for (let number = from; number < to; number++) yield* ask("?limit=1", as(`acct_${number}`))
          })
        yield* read(0, 500)
        const before = yield* used
        yield* read(500, 10_500)
        const each = ((yield* used) - before) / 10_000
        console.log(`${Math.round(each)} bytes an account`)
        assert.isBelow(each, 600)
      })
    )
  )
})

describe("over HTTP", () => {
  const control = (name: string, body: unknown = {}) =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const response = yield* Effect.promise(() =>
        fetch(`${url}/_sandbox/${name}`, { method: "POST", body: JSON.stringify(body) })
      )
      return { status: response.status, body: yield* Effect.promise(() => response.json()) }
    })

  it.live("stripe-node reads a connected account by Stripe-Account, and the controls change it from outside", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const url = new URL(yield* baseUrl)
      const stripe = new Stripe(Redacted.value(Sandbox.apiKey), {
        host: url.hostname,
        port: url.port,
        protocol: "http",
        maxNetworkRetries: 0,
        telemetry: false
      })
      const read = (stripeAccount?: string) =>
        Effect.promise(async () => {
          const found: Array<string> = []
          const options = stripeAccount === undefined ? {} : { stripeAccount }
          for await (const { id, status } of stripe.identity.verificationSessions.list({ limit: 100 }, options)) {
            found.push(`${id} ${status}`)
          }
          return found
        })
      const expected = (rows: ReadonlyArray<Sandbox.Session>) => rows.map(({ id, status }) => `${id} ${status}`)

      const account = "acct_1"
      assert.strictEqual((yield* control("insert", { account, id: "vs_1" })).status, 200)
      assert.strictEqual((yield* control("cancel", { account, id: "vs_1" })).body.status, "canceled")
      const rows = yield* read(account)
      assert.include(rows, "vs_1 canceled")
      assert.deepStrictEqual(rows, expected(yield* sandbox.account(account).sessions))
      assert.deepStrictEqual(rows, expected((yield* control("sessions", { account })).body))
      assert.deepStrictEqual(yield* read(), expected(yield* sandbox.sessions))
      assert.notIncludeMembers(yield* read("acct_2"), rows)

      yield* control("setAccess", { account: "acct_2", access: "revoked" })
      const refused = yield* Effect.flip(
        Effect.tryPromise({
          try: () => stripe.identity.verificationSessions.list({}, { stripeAccount: "acct_2" }),
          catch: (error) => error
        })
      )
      assert.instanceOf(refused, Stripe.errors.StripePermissionError)
      assert.strictEqual((yield* control("traffic")).body.accounts["acct_2"], 3)
    }).pipe(Effect.provide(server({ sessions: 150 })))
  )

  it.live.each([
    ["an access that there is not", "setAccess", { account: "acct_1", access: "gone" }, /access must be one of full/],
    ["no account", "setAccess", { access: "full" }, /account must be a string/],
    ["the name of an account", "insert", { account: "shop" }, /shop is not the id of an account/],
    ["another name", "acount", {}, /expected POST \/_sandbox\/ and one of sessions, insert.*traffic, setAccess, found/]
  ] as const)("a control says what is wrong with %s", ([, name, body, message]) =>
    Effect.gen(function* () {
      const answer = yield* control(name, body)
      assert.strictEqual(answer.status, 400)
      assert.match(answer.body.error.message, message)
    }).pipe(Effect.provide(server()))
  )
})
