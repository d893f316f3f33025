import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, type Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Sandbox from "../src/Sandbox.ts"
import { ask, ids, inSandbox, listUrl, page, refusal, walk } from "./support/sandboxClient.ts"

const histories = ["uniform", "growing", "daily", "bursty", "import", "one-second"] as const
const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

// Ten seconds, so that many rows share one, and a few insertions anywhere in or around them.
const first = 1_750_000_000
const Given = Schema.Struct({
  sessions: int(0, 40),
  seed: int(1, 1000),
  history: Schema.Literals(histories),
  orderWithinSecond: Schema.Literals(["insertion", "shuffled"]),
  inserted: Schema.Array(int(first - 2, first + 12)).check(Schema.isMaxLength(15))
})

const inList = <A, E>(
  given: typeof Given.Type,
  effect: (list: ReadonlyArray<Sandbox.Session>) => Effect.Effect<A, E, Layer.Success<ReturnType<typeof Sandbox.layer>>>
): Effect.Effect<A, E> => {
  const { inserted, ...options } = given
  const range = { from: DateTime.fromEpochSeconds(first), to: DateTime.fromEpochSeconds(first + 10) }
  return inSandbox(
    { ...options, ...range },
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      for (const created of inserted) yield* sandbox.insert({ created })
      const list = yield* sandbox.sessions
      assert.lengthOf(list, given.sessions + inserted.length)
      return yield* effect(list)
    })
  )
}

describe("the list", () => {
  it.effect.prop("is what a forward walk gives, and what a backward walk gives reversed", [Given, int(1, 100)], (_) =>
    inList(_[0], (list) =>
      Effect.gen(function* () {
        const forward = yield* walk(_[1])
        assert.deepStrictEqual(forward.rows, list)
        assert.lengthOf(forward.pages, Math.max(Math.ceil(list.length / _[1]), 1))
        const oldest = list.at(-1)
        if (oldest === undefined) return
        const backward = yield* walk(_[1], "", oldest.id)
        assert.deepStrictEqual([oldest, ...backward.rows], list.toReversed())
      })
    )
  )

  it.effect.prop(
    "gives the rows next to any cursor, newest first, and says whether there are more",
    [Given, int(0, 1000), int(1, 12)],
    ([given, place, limit]) =>
      inList(given, (list) =>
        Effect.gen(function* () {
          if (list.length === 0) return
          const at = place % list.length
          const cursor = list[at]?.id
          const older = yield* page(`?limit=${limit}&starting_after=${cursor}`)
          assert.deepStrictEqual(ids(older.data), ids(list.slice(at + 1, at + 1 + limit)))
          assert.strictEqual(older.has_more, at + 1 + limit < list.length)
          const newer = yield* page(`?limit=${limit}&ending_before=${cursor}`)
          assert.deepStrictEqual(ids(newer.data), ids(list.slice(Math.max(at - limit, 0), at)))
          assert.strictEqual(newer.has_more, at - limit > 0)
        })
      )
  )

  it.effect.prop(
    "filters as a naive filter does, in both directions",
    [
      Given,
      Schema.Struct({
        bounds: Schema.Array(
          Schema.Tuple([Schema.Literals(["", "gt", "gte", "lt", "lte"]), int(first - 3, first + 13)])
        ).check(Schema.isMaxLength(3)),
        status: Schema.Literals(["", "canceled", "processing", "requires_input", "verified"]),
        like: int(0, 1000),
        field: Schema.Literals(["", "client_reference_id", "related_customer", "related_customer_account"]),
        limit: int(1, 10)
      })
    ],
    ([given, wanted]) =>
      inList(given, (list) =>
        Effect.gen(function* () {
          const model = list[list.length === 0 ? 0 : wanted.like % list.length]
          const value = wanted.field === "" ? null : (model?.[wanted.field] ?? null)
          const holds = (created: number, operator: string, second: number): boolean =>
            operator === "gt"
              ? created > second
              : operator === "gte"
                ? created >= second
                : operator === "lt"
                  ? created < second
                  : operator === "lte"
                    ? created <= second
                    : created === second
          const expected = list.filter(
            (row) =>
              wanted.bounds.every(([operator, second]) => holds(row.created, operator, second)) &&
              (wanted.status === "" || row.status === wanted.status) &&
              (wanted.field === "" || value === null || row[wanted.field] === value)
          )
          const query = [
            ...wanted.bounds.map(([operator, second]) => `&created${operator === "" ? "" : `[${operator}]`}=${second}`),
            wanted.status === "" ? "" : `&status=${wanted.status}`,
            value === null ? "" : `&${wanted.field}=${value}`
          ].join("")
          assert.deepStrictEqual(ids((yield* walk(wanted.limit, query)).rows), ids(expected))
          const oldest = list.at(-1)
          if (oldest === undefined) return
          const newer = yield* walk(wanted.limit, query, oldest.id)
          assert.deepStrictEqual(ids(newer.rows), ids(expected.filter((row) => row.id !== oldest.id).toReversed()))
        })
      )
  )

  it.effect.prop("is ordered by created, newest first, and no id comes twice", [Given], ([given]) =>
    inList(given, (list) =>
      Effect.sync(() => {
        assert.strictEqual(new Set(ids(list)).size, list.length)
        const seconds = list.map((row) => row.created)
        assert.deepStrictEqual(
          seconds,
          seconds.toSorted((left, right) => right - left)
        )
      })
    )
  )

  it.effect("puts a session above the others of its second, which is not the top of the list", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const [, , third] = yield* sandbox.sessions
        const one = yield* sandbox.insert({ created: third?.created })
        const two = yield* sandbox.insert({ created: third?.created })
        assert.deepStrictEqual(ids((yield* sandbox.sessions).slice(2, 5)), [two.id, one.id, third?.id ?? ""])
      })
    )
  )

  it.effect("puts a session anywhere in its second when shuffled, and leaves it there", () =>
    inSandbox(
      { orderWithinSecond: "shuffled", history: "one-second", sessions: 50 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const before = yield* sandbox.sessions
        const places: Array<number> = []
        for (let count = 0; count < 20; count++) {
          const { id } = yield* sandbox.insert({ created: before[0]?.created })
          places.push(ids(yield* sandbox.sessions).indexOf(id))
        }
        assert.isAbove(new Set(places.map((place) => Math.floor(place / 10))).size, 2, `all at ${places.join()}`)
        const old = new Set(ids(before))
        assert.deepStrictEqual(
          ids(yield* sandbox.sessions).filter((id) => old.has(id)),
          ids(before)
        )
      })
    )
  )

  it.effect("is the same for the same options, replies included, and another for another seed", () =>
    Effect.gen(function* () {
      const run = (options: Sandbox.Options) =>
        inSandbox(
          options,
          Effect.gen(function* () {
            const sandbox = yield* Sandbox.Sandbox
            const { id } = yield* sandbox.insert({ created: first })
            return [id, yield* sandbox.sessions, yield* ask("?limit=3"), yield* ask("?limit=x")] as const
          })
        )
      assert.deepStrictEqual(yield* run({}), yield* run({}))
      assert.notDeepEqual(yield* run({}), yield* run({ seed: 2 }))
    })
  )

  it.effect("lists an inserted session only after the visibility lag, though it can be retrieved", () =>
    inSandbox(
      { visibilityLag: "5 seconds", sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        yield* TestClock.setTime(first * 1000)
        const { created, id } = yield* sandbox.insert()
        assert.strictEqual(created, first)
        yield* TestClock.adjust("4999 millis")
        assert.isEmpty((yield* page()).data)
        assert.isEmpty(yield* sandbox.sessions)
        assert.strictEqual((yield* ask("", { url: `${listUrl}/${id}` })).status, 200)
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(ids((yield* page()).data), [id])
      })
    )
  )

  it.effect("is pretty-printed with the four keys of Stripe, and without verified outputs", () =>
    inSandbox(
      { sessions: 0 },
      Effect.gen(function* () {
        assert.strictEqual(
          (yield* ask()).text,
          `{\n  "object": "list",\n  "data": [],\n  "has_more": false,\n  "url": "/v1/identity/verification_sessions"\n}`
        )
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.insert({ status: "verified" })
        const row = (yield* page()).data[0]
        const keys = Object.keys(row ?? {})
        assert.deepStrictEqual(keys.slice(0, 2), ["id", "object"])
        assert.deepStrictEqual(keys.slice(2), keys.slice(2).toSorted())
        assert.notInclude(keys, "verified_outputs")
      })
    )
  )
})

describe("the rows", () => {
  const all = (options: Sandbox.Options) =>
    inSandbox(
      options,
      Effect.flatMap(Sandbox.Sandbox, (sandbox) => sandbox.sessions)
    )

  it.effect("cover every status, type, error code and shape", () =>
    Effect.gen(function* () {
      const rows = yield* all({ sessions: 5000 })
      const seen = (of: (row: Sandbox.Session) => unknown) => new Set(rows.map((row) => JSON.stringify(of(row)))).size
      assert.strictEqual(
        seen((row) => row.status),
        4
      )
      assert.strictEqual(
        seen((row) => row.type),
        3
      )
      // The 19 codes of the API, null in an empty object, and no error at all.
      assert.strictEqual(
        seen((row) => row.last_error?.code ?? row.last_error),
        21
      )
      assert.strictEqual(
        seen((row) => row.redaction),
        4
      )
      assert.isAtLeast(
        seen((row) => row.options),
        8
      )
      assert.isAtLeast(
        seen((row) => Object.keys(row)),
        6
      )
      const some = (holds: (row: Sandbox.Session) => boolean) => rows.filter(holds).length / rows.length
      assert.isAbove(
        some((row) => row.client_reference_id !== null),
        0.8
      )
      assert.closeTo(
        some((row) => row.status === "verified"),
        0.55,
        0.03
      )
      assert.closeTo(
        some((row) => row.related_customer !== null),
        0.2,
        0.05
      )
      assert.isAbove(
        some((row) => row.provided_details === null),
        0.05
      )
      assert.isAbove(
        some((row) => row.provided_details === undefined),
        0.05
      )
    })
  )

  it.effect("show a secret and a url while input is required, and never otherwise; both say that they are fakes", () =>
    Effect.gen(function* () {
      for (const row of yield* all({ sessions: 500 })) {
        const open = row.status === "requires_input"
        assert.strictEqual(row.client_secret !== null, open)
        assert.strictEqual(row.url !== null, open)
        if (open)
          assert.match(`${row.client_secret} ${row.url}`, /^vs_\w+_secret_test_SANDBOX\w+ https:.*test_SANDBOX\w+$/)
      }
    })
  )

  it.effect.each(histories)("of a history that is %s lie in its range", (history) =>
    Effect.gen(function* () {
      const from = DateTime.makeUnsafe("2025-03-01T00:00:00Z")
      const to = DateTime.makeUnsafe("2025-06-01T12:00:00Z")
      const seconds = (yield* all({ history, from, to, sessions: 2000 })).map((row) => row.created)
      assert.isAtLeast(Math.min(...seconds), DateTime.toEpochSeconds(from))
      assert.isBelow(Math.max(...seconds), DateTime.toEpochSeconds(to))
      assert.deepStrictEqual(
        seconds,
        seconds.toSorted((left, right) => right - left)
      )
      const half = (seconds.at(0) ?? 0) - (DateTime.toEpochSeconds(to) - DateTime.toEpochSeconds(from)) / 2
      const late = seconds.filter((second) => second >= half).length / seconds.length
      const densest = Math.max(
        ...seconds.map((second, index) => seconds.slice(index).findIndex((other) => other < second - 600))
      )
      const gaps = seconds
        .slice(1)
        .map((second, index) => (seconds[index] ?? second) - second)
        .toSorted((left, right) => left - right)
      switch (history) {
        case "one-second":
          return assert.strictEqual(new Set(seconds).size, 1)
        case "growing":
          return assert.isAbove(late, 0.7)
        case "import":
          return assert.closeTo(densest / seconds.length, 0.5, 0.01)
        case "bursty":
          // Evenly spread, one row would come every 4000 seconds.
          return assert.isBelow(gaps[Math.floor(gaps.length / 2)] ?? Infinity, 200)
        case "daily": {
          const noon = seconds.filter((second) => Math.abs((second % 86400) - 43200) < 3 * 3600)
          return assert.isAbove(noon.length / seconds.length, 0.5)
        }
        case "uniform":
          return assert.closeTo(late, 0.5, 0.02)
      }
    })
  )

  // No machine makes so many while a test may run.
  it.effect("are a billion without being made", () =>
    inSandbox({ sessions: 1_000_000_000, history: "growing" }, page("?limit=100&created[lt]=1750000000"))
  )
})

describe("a change", () => {
  it.effect("of status takes the fields with it that belong to the status, and never changes created", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const before = (yield* page("?status=requires_input")).data[0]
        assert.isDefined(before)
        const id = before?.id ?? ""
        yield* sandbox.update(id, { status: "verified", metadata: { plan: "gold" }, created: 1 })
        assert.notInclude(ids((yield* page("?status=requires_input")).data), id)
        const after = (yield* walk(100, "&status=verified")).rows.find((row) => row.id === id)
        assert.strictEqual(after?.created, before?.created)
        assert.deepStrictEqual(after?.metadata, { plan: "gold" })
        assert.isNull(after?.client_secret)
        assert.match(String(after?.last_verification_report), /^vr_/)
        yield* sandbox.update(id, { status: "requires_input" })
        const again = (yield* sandbox.sessions).find((row) => row.id === id)
        assert.strictEqual(again?.client_secret, before?.client_secret)
        assert.deepStrictEqual(again?.metadata, { plan: "gold" })
      })
    )
  )

  it.effect("of status forgets what was said about the status before", () =>
    inSandbox(
      { sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const mine = {
          url: "https://example.com/mine",
          client_secret: "mine",
          last_error: { code: "abandoned", reason: null }
        }
        const { id } = yield* sandbox.insert({ ...mine, metadata: { kept: "yes" } })
        assert.deepInclude((yield* page()).data[0], mine)
        yield* sandbox.update(id, { status: "canceled", last_error: null })
        const { data } = yield* page()
        assert.deepInclude(data[0], { url: null, client_secret: null, last_error: null, metadata: { kept: "yes" } })
        yield* sandbox.update(id, { ...mine, metadata: {} })
        assert.deepInclude((yield* page()).data[0], { ...mine, metadata: {}, status: "canceled" })
      })
    )
  )

  it.effect("takes nothing back by what it leaves undefined", () =>
    inSandbox(
      { sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const before = yield* sandbox.insert({ status: "verified", created: first, metadata: { plan: "gold" } })
        yield* sandbox.update(before.id, { status: undefined, metadata: undefined, client_reference_id: "user_1" })
        assert.deepStrictEqual(yield* sandbox.sessions, [{ ...before, client_reference_id: "user_1" }])
      })
    )
  )

  it.effect("can say anything, even what Stripe never said", () =>
    inSandbox(
      { sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const made = yield* sandbox.insert({ id: "vs_mine", status: "paused", created: 7, client_reference_id: "me" })
        assert.deepStrictEqual((yield* page("?client_reference_id=me")).data, [made])
        assert.deepStrictEqual([made.id, made.status, made.created], ["vs_mine", "paused", 7])
        const twice = yield* Effect.exit(sandbox.insert({ id: "vs_mine" }))
        assert.strictEqual(twice._tag, "Failure")
        assert.strictEqual((yield* Effect.exit(sandbox.update("vs_other", {})))._tag, "Failure")
      })
    )
  )
})

describe("a cursor", () => {
  it.effect("whose row left the filter still counts, unless the policy says otherwise", () =>
    Effect.gen(function* () {
      const run = (cursorPolicy: "any-session" | "must-match-filter") =>
        inSandbox(
          { cursorPolicy },
          Effect.gen(function* () {
            const sandbox = yield* Sandbox.Sandbox
            const { data } = yield* page("?status=processing&limit=3")
            const id = data.at(-1)?.id ?? ""
            const expected = yield* page(`?status=processing&limit=3&starting_after=${id}`)
            yield* sandbox.update(id, { status: "verified" })
            const answers = [yield* ask(`?status=processing&limit=3&starting_after=${id}`)]
            answers.push(yield* ask(`?status=processing&limit=3&ending_before=${id}`))
            return { id, expected, answers, plain: yield* ask(`?starting_after=${id}`) }
          })
        )
      const lenient = yield* run("any-session")
      assert.deepStrictEqual(JSON.parse(lenient.answers[0]?.text ?? ""), lenient.expected)
      const strict = yield* run("must-match-filter")
      assert.strictEqual(strict.plain.status, 200)
      strict.answers.forEach(({ status, text }, index) => {
        assert.strictEqual(status, 400)
        const { error } = JSON.parse(text)
        assert.strictEqual(error.code, "resource_missing")
        assert.strictEqual(error.param, ["starting_after", "ending_before"][index])
        assert.strictEqual(error.message, `No such VerificationSession: '${strict.id}'`)
      })
    })
  )

  it.effect("is an id to the letter", () =>
    inSandbox(
      { sessions: 5000 },
      Effect.gen(function* () {
        const id = (yield* page()).data[5]?.id ?? ""
        for (let at = 0; at < id.length; at++) {
          const other = id.slice(0, at) + (id.charAt(at) === "x" ? "y" : "x") + id.slice(at + 1)
          assert.strictEqual((yield* refusal(`?starting_after=${other}`)).error["code"], "resource_missing", other)
        }
        assert.strictEqual((yield* refusal(`?starting_after=${id}0`)).error["code"], "resource_missing")
        assert.strictEqual((yield* refusal(`?starting_after=${id.slice(0, -1)}`)).error["code"], "resource_missing")
      })
    )
  )

  it.effect("of test mode is explained to a live key, as is a session to retrieve", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const id = (yield* page()).data[0]?.id
        const asked = { key: Sandbox.liveApiKey }
        assert.isEmpty((yield* page("", asked)).data)
        const message =
          `No such VerificationSession: '${id}'; a similar object exists in test mode, ` +
          "but a live mode key was used to make this request."
        const cursor = yield* refusal(`?starting_after=${id}`, asked)
        assert.deepStrictEqual([cursor.status, cursor.error["message"]], [400, message])
        assert.match(String(cursor.error["request_log_url"]), /dashboard\.stripe\.com\/logs\/req_/)
        const one = yield* refusal("", { ...asked, url: `${listUrl}/${id}` })
        assert.deepStrictEqual([one.status, one.error["message"], one.error["param"]], [404, message, "session"])
      })
    )
  )
})

describe("time", () => {
  it.effect("passes by Clock: latency with seeded jitter, and the rows as they are when the answer is given", () =>
    inSandbox(
      { latency: { base: "100 millis", jitter: 0.3 }, sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const fiber = yield* Effect.forkChild(page())
        yield* TestClock.adjust("69 millis")
        assert.isUndefined(fiber.pollUnsafe())
        assert.deepInclude((yield* sandbox.requests)[0], { outcome: "open", status: undefined })
        const { id } = yield* sandbox.insert()
        yield* TestClock.adjust("61 millis")
        assert.deepStrictEqual(ids((yield* Fiber.join(fiber)).data), [id])
      })
    )
  )

  it.effect("of an answer is when it is given: what became visible meanwhile is in it", () =>
    inSandbox(
      { latency: "10 seconds", visibilityLag: "5 seconds", sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id } = yield* sandbox.insert()
        const fiber = yield* Effect.forkChild(page())
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(ids((yield* Fiber.join(fiber)).data), [id])
      })
    )
  )

  it.effect("refills the rate limit", () =>
    inSandbox(
      { rateLimit: { limit: 2, window: "1 second" } },
      Effect.gen(function* () {
        const statuses = Effect.map(Effect.all([ask(), ask(), ask()]), (answers) => answers.map(({ status }) => status))
        assert.deepStrictEqual(yield* statuses, [200, 200, 429])
        yield* TestClock.adjust("499 millis")
        assert.strictEqual((yield* ask()).status, 429)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* ask()).status, 200)
        const refused = yield* refusal()
        assert.strictEqual(refused.headers["stripe-rate-limited-reason"], "endpoint-rate")
        assert.strictEqual(refused.error["code"], "rate_limit")
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* statuses, [200, 200, 429])
      })
    )
  )
})

describe("the record of requests", () => {
  it.effect("keeps the last ones, in order, and counts all", () =>
    inSandbox(
      { sessions: 1, recordedRequests: 3 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const indices = Effect.map(sandbox.requests, (requests) => requests.map(({ index }) => index))
        for (let count = 1; count <= 20; count++) {
          yield* ask()
          assert.deepStrictEqual(
            yield* indices,
            [count - 3, count - 2, count - 1].filter((index) => index >= 0)
          )
          assert.strictEqual(yield* sandbox.requestCount, count)
        }
        yield* sandbox.clearRequests
        assert.deepStrictEqual(yield* indices, [])
        yield* ask()
        assert.deepStrictEqual(yield* indices, [20])
        assert.strictEqual(yield* sandbox.requestCount, 21)
      })
    )
  )

  it.effect("does not matter to faults: they see every request, whatever is kept", () =>
    inSandbox(
      { sessions: 1, recordedRequests: 1 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.inject(Sandbox.Fault.Conflict(), { when: ({ index }) => index === 5 })
        const statuses = yield* Effect.forEach([0, 1, 2, 3, 4, 5, 6], () => ask())
        assert.deepStrictEqual(
          statuses.map(({ status }) => status),
          [200, 200, 200, 200, 200, 409, 200]
        )
      })
    )
  )
})

describe("options that make no sense", () => {
  it.effect.each<readonly [string, Sandbox.Options]>([
    ["sessions", { sessions: -1 }],
    ["sessions", { sessions: 1.5 }],
    ["seed", { seed: Number.NaN }],
    ["from", { from: DateTime.makeUnsafe(1), to: DateTime.makeUnsafe(1) }],
    ["jitter", { latency: { base: 1, jitter: 2 } }],
    ["the limit", { rateLimit: { limit: -1, window: 1 } }],
    ["the window", { rateLimit: { limit: 1, window: 0 } }],
    ["latency", { latency: -1 }],
    ["visibilityLag", { visibilityLag: -1 }],
    ["recordedRequests", { recordedRequests: 0 }]
  ])("say so: %s", ([name, options]) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Sandbox.make(options))
      assert.match(String(exit), new RegExp(`Sandbox: ${name}`))
    })
  )
})

// From plain JavaScript. What would do nothing makes a test pass that relies on it.
describe("what nobody would read is refused", () => {
  it.effect.each<readonly [string, unknown, string]>([
    ["an unknown name", { session: 10 }, "the options must not have session, only sessions, seed"],
    ["no object", null, "the options must be an object"],
    ["another history", { history: "unifrom" }, "history must be one of uniform, growing"],
    ["another account", { account: "disabled" }, "account must be one of identity-enabled"],
    ["another policy", { cursorPolicy: "must-match" }, "cursorPolicy must be one of any-session"],
    ["another order", { orderWithinSecond: "random" }, "orderWithinSecond must be one of insertion"],
    ["a limit of no time", { rateLimit: { limit: 1 } }, "the window of rateLimit must not be empty"],
    ["a limit misspelt", { rateLimit: { limt: 1, window: 1 } }, "rateLimit must not have limt, only limit, window"],
    ["a jitter misspelt", { latency: { base: 5, jiter: 1 } }, "latency must not have jiter, only base, jitter"]
  ])("as an option: %s", ([, options, message]) =>
    Effect.gen(function* () {
      // Type boundary: that these are not what the types say is what the test is about.
      const exit = yield* Effect.exit(Sandbox.make(options as never))
      assert.include(String(exit), `Sandbox: ${message}`)
    })
  )

  const { Fault } = Sandbox
  it.effect.each<readonly [string, unknown, unknown, string]>([
    [
      "a fault that was not called",
      Fault.RateLimited,
      {},
      "the fault of inject must be made with Fault, such as Fault.Hang()"
    ],
    ["the name of a fault", "RateLimited", {}, "the fault of inject must be made with Fault, such as Fault.Hang()"],
    [
      "a field misspelt",
      { ...Fault.RateLimited(), retryafter: 2 },
      {},
      "must not have retryafter, only retryAfter, reason"
    ],
    [
      "a field of a fault without any",
      { ...Fault.Conflict(), status: 2 },
      {},
      "the fault Conflict must not have status"
    ],
    ["an option misspelt", Fault.Conflict(), { time: 2 }, "the options of inject must not have time, only times, skip"],
    ["invalid options", Fault.Conflict(), 2, "the options of inject must be an object"],
    ["no number of times", Fault.Conflict(), { times: Number.NaN }, "times must be a whole number or Infinity"],
    ["a part of a time", Fault.Conflict(), { times: 1.5 }, "times must be a whole number or Infinity"],
    ["no number to skip", Fault.Conflict(), { skip: "1" }, "skip must be a whole number"],
    ["an invalid condition", Fault.Conflict(), { when: "limit" }, "when must be a function of the request"]
  ])("as a fault: %s", ([, fault, options, message]) =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.make()
      // Type boundary: as above.
      const exit = yield* Effect.exit(sandbox.inject(fault as never, options as never))
      assert.include(String(exit), message)
    })
  )
})
