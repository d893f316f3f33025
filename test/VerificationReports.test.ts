import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, DateTime, Duration, Effect, Fiber, Layer, Redacted, Schema, Stream } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import {
  RetryPolicy,
  StripeClient,
  VerificationReport,
  VerificationReports,
  VerificationSessions
} from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { between, given } from "./support/filters.ts"
import { recording, textsIn } from "./support/secrets.ts"
import { countRequests, ids, query, reason, requests, settled, withoutJitter } from "./support/world.ts"

// How lists are walked is tested at length with sessions; here, that the list of reports is walked so, and what is its own.

const { Fault } = Sandbox

const world = (sandbox?: Sandbox.Options, client?: Partial<StripeClient.Options>) =>
  VerificationReports.layer({ apiKey: Sandbox.apiKey, rateLimit: false, ...client }).pipe(
    Layer.provideMerge(Sandbox.layer(sandbox))
  )

const reports = Effect.flatMap(Sandbox.Sandbox, (sandbox) => sandbox.reports)
const listIds = Effect.map(reports, (rows) => rows.map((row) => row.id))
const atOnce = Layer.succeed(RetryPolicy.Current, RetryPolicy.makeUnsafe({ baseDelay: 0, jitter: false }))

const History = Schema.Struct({
  sessions: between(0, 250),
  seed: between(1, 1000),
  history: Schema.Literals(["uniform", "growing", "daily", "bursty", "import", "one-second"]),
  orderWithinSecond: Schema.Literals(["insertion", "shuffled"]),
  seconds: Schema.Literals([1, 5, 300, 1_000_000])
})

const from = 1_750_000_000

const sandboxOf = ({ seconds, ...options }: typeof History.Type): Sandbox.Options => {
  const start = DateTime.makeUnsafe(from * 1000)
  return { ...options, from: start, to: DateTime.addDuration(start, Duration.seconds(seconds)) }
}

describe("a walk over the reports", () => {
  for (const [take, expected] of [
    [0, 0],
    [1, 1],
    [100, 1],
    [101, 2]
  ] as const) {
    it.effect(`sends ${expected} requests for ${take} rows, and none before`, () =>
      Effect.gen(function* () {
        const stream = VerificationReports.stream({ type: "document" }, { prefetch: 0 })
        VerificationReports.pages()
        assert.strictEqual(yield* countRequests, 0)
        assert.lengthOf(yield* Stream.runCollect(Stream.take(stream, take)), take)
        assert.strictEqual(yield* countRequests, expected)
      }).pipe(Effect.provide(world({ sessions: 1000 })))
    )
  }

  it.effect.prop(
    "is the list, each report once, in order, from any place in either direction",
    { history: History, pageSize: between(1, 100), prefetch: between(0, 2), start: between(0, 249) },
    ({ history, pageSize, prefetch, start }) =>
      Effect.gen(function* () {
        const list = yield* listIds
        assert.deepStrictEqual(yield* ids(VerificationReports.stream({}, { pageSize, prefetch })), list)
        assert.strictEqual(yield* countRequests, Math.max(1, Math.ceil(list.length / pageSize)))
        const id = list[start]
        if (id === undefined) return
        assert.deepStrictEqual(
          yield* ids(VerificationReports.stream({}, { startingAfter: id, pageSize })),
          list.slice(start + 1)
        )
        assert.deepStrictEqual(
          yield* ids(VerificationReports.stream({}, { endingBefore: id, pageSize })),
          list.slice(0, start).reverse()
        )
      }).pipe(Effect.provide(world(sandboxOf(history))))
  )

  it.effect.prop(
    "gives the same reports in the same order with many requests at once",
    { history: History, pageSize: between(1, 60), concurrency: between(2, 32), gte: between(0, 1_000_000) },
    ({ concurrency, gte, history, pageSize }) =>
      Effect.gen(function* () {
        const list = yield* listIds
        const read = (options: VerificationReports.ReadOptions) =>
          ids(VerificationReports.stream({}, { concurrency, pageSize, ...options }))
        assert.deepStrictEqual(yield* read({}), list)
        const filter = { type: "document", created: { gte: from + gte } } as const
        assert.deepStrictEqual(
          yield* ids(VerificationReports.stream(filter, { concurrency, pageSize })),
          yield* ids(VerificationReports.stream(filter, { pageSize }))
        )
      }).pipe(Effect.provide(world({ ...sandboxOf(history), cursorPolicy: "must-match-filter" }))),
    { arbitrary: { runs: 40 } }
  )

  const faults = [Fault.ResetMidBody(), Fault.ServerError(), Fault.TruncatedJson(), Fault.RateLimited()]
  it.effect.prop(
    "survives failures: no report repeated, none lost",
    { history: History, concurrency: between(1, 8), every: between(2, 9) },
    ({ concurrency, every, history }) =>
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        for (const [turn, fault] of faults.entries()) {
          yield* sandbox.inject(fault, {
            times: Infinity,
            when: ({ index }) => index % every === 0 && Math.floor(index / every) % faults.length === turn
          })
        }
        assert.deepStrictEqual(yield* ids(VerificationReports.stream({}, { concurrency, pageSize: 9 })), yield* listIds)
      }).pipe(Effect.provide([world(sandboxOf(history)), atOnce])),
    { arbitrary: { runs: 40 } }
  )

  it.effect("asks again for a cursor that Stripe does not find, because reports never leave their list", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const list = yield* listIds
      yield* sandbox.inject(Fault.CursorNotFound(), { skip: 2, times: 2 })
      assert.deepStrictEqual(yield* ids(VerificationReports.stream({}, { pageSize: 10 })), list)
    }).pipe(Effect.provide([world({ sessions: 90, history: "import" }), atOnce]))
  )

  it.effect("stops at a report that cannot be read, or tells and continues", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const list = yield* listIds
      const bad = Fault.BadRow({ at: 3, patch: { created: "yesterday" } })
      yield* sandbox.inject(bad)
      const error = yield* Effect.flip(ids(VerificationReports.stream()))
      assert.strictEqual(error.operation, "VerificationReports.stream")
      assert.deepInclude(error.reason, { _tag: "DecodeError", path: "data[3].created", rowId: list[3] })
      yield* sandbox.inject(bad)
      const told: Array<string | undefined> = []
      const onDecodeError = ({ rowId }: { readonly rowId?: string | undefined }) =>
        Effect.sync(() => void told.push(rowId))
      assert.deepStrictEqual(yield* ids(VerificationReports.stream({}, { onDecodeError })), list.toSpliced(3, 1))
      assert.deepStrictEqual(told, [list[3]])
    }).pipe(Effect.provide(world({ sessions: 200 })))
  )

  it.effect("waits and tries again as with sessions, and fails with the page and the cursor", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const list = yield* listIds
      yield* sandbox.inject(Fault.ServerError(), { skip: 1, times: Infinity })
      const fiber = yield* Effect.forkChild(Effect.flip(ids(VerificationReports.stream({}, { pageSize: 20 }))))
      yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("1 minute")), { times: 8 })
      const error = yield* Fiber.join(fiber)
      assert.deepInclude(error, { operation: "VerificationReports.stream", page: 2, cursor: list[19] })
      assert.isAbove(error.attempts ?? 0, 1)
    }).pipe(Effect.provide([world({ sessions: 100 }), withoutJitter]))
  )
})

describe("a filter of reports", () => {
  const fraction = between(0, 100)
  const Draft = Schema.Struct({
    type: Schema.optionalKey(Schema.Literals(["document", "id_number"])),
    reference: Schema.optionalKey(fraction),
    session: Schema.optionalKey(fraction),
    at: Schema.optionalKey(fraction),
    gt: Schema.optionalKey(fraction),
    gte: Schema.optionalKey(fraction),
    lt: Schema.optionalKey(fraction),
    lte: Schema.optionalKey(fraction)
  })
  // A filter with all of them would select nothing, always.
  const Kept = Schema.NonEmptyArray(Schema.Literals(Object.keys(Draft.fields) as Array<keyof typeof Draft.Type>)).check(
    Schema.isMaxLength(3)
  )

  it.effect.prop(
    "selects what the documentation says of the sandbox's own rows, on one page, in sequence and in parallel",
    { draft: Draft, kept: Kept, history: History },
    ({ draft, history, kept }) =>
      Effect.gen(function* () {
        const rows = yield* reports
        const has = <Name extends keyof typeof Draft.Type>(name: Name) =>
          kept.includes(name) ? draft[name] : undefined
        const second = (name: "at" | "gt" | "gte" | "lt" | "lte") => {
          const part = has(name)
          return part === undefined ? undefined : from + 90 + Math.round((Number(part) * history.seconds) / 100)
        }
        const pick = (part: unknown, values: ReadonlyArray<string | null | undefined>) => {
          const present = values.filter((value) => typeof value === "string")
          return part === undefined ? undefined : present[Math.floor((Number(part) * (present.length - 1)) / 100)]
        }
        const bounds = { gt: second("gt"), gte: second("gte"), lt: second("lt"), lte: second("lte") }
        const bounded = Object.values(bounds).some((bound) => bound !== undefined)
        const at = second("at")
        const type = draft.type !== undefined && kept.includes("type") ? draft.type : undefined
        const filter = given({
          type,
          client_reference_id: pick(
            has("reference"),
            rows.map((row) => row.client_reference_id)
          ),
          verification_session: pick(
            has("session"),
            rows.map((row) => row.verification_session)
          ),
          created: at ?? (bounded ? given(bounds) : undefined)
        })
        const { gt = 0, gte = 0, lt = Infinity, lte = Infinity } = at === undefined ? bounds : { gte: at, lte: at }
        const read = Effect.result(ids(VerificationReports.stream(filter, { pageSize: 7 })))
        const found = yield* read
        if (Math.max(gt + 1, gte) > Math.min(lt - 1, lte)) {
          // A range without a second in it is a mistake, and no empty answer.
          assert.strictEqual(found._tag, "Failure")
          return
        }
        const expected = rows
          .filter(
            (row) =>
              (filter.type === undefined || row.type === filter.type) &&
              (filter.client_reference_id === undefined || row.client_reference_id === filter.client_reference_id) &&
              (filter.verification_session === undefined || row.verification_session === filter.verification_session) &&
              row.created > gt &&
              row.created >= gte &&
              row.created < lt &&
              row.created <= lte
          )
          .map((row) => row.id)
        assert.deepStrictEqual(found._tag === "Success" ? found.success : found.failure, expected)
        assert.deepStrictEqual(
          yield* ids(VerificationReports.stream(filter, { pageSize: 7, concurrency: 4 })),
          expected
        )
        const page = yield* VerificationReports.list({ ...filter, limit: 100 })
        assert.deepStrictEqual(
          page.data.map((row) => row.id),
          expected.slice(0, 100)
        )
      }).pipe(Effect.provide(world(sandboxOf(history)))),
    { arbitrary: { runs: 150 } }
  )

  it.effect("takes dates in every form that a session's filter takes, and sends each request the same", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(DateTime.toEpochMillis(DateTime.makeUnsafe("2025-07-15T12:00:00Z")))
      const month = { gte: 1_748_736_000, lt: 1_751_328_000 }
      const expected = (yield* reports).filter(({ created }) => created >= month.gte && created < month.lt)
      assert.isAbove(expected.length, 15)
      for (const created of [
        "2025-06",
        month,
        { gte: new Date("2025-06-01"), lt: DateTime.makeUnsafe("2025-07-01") },
        "2025-06-01..2025-06-30"
      ]) {
        assert.deepStrictEqual(
          yield* ids(VerificationReports.stream({ created }, { pageSize: 10 })),
          expected.map((row) => row.id)
        )
      }
      for (const sent of (yield* requests).map(query)) {
        assert.deepInclude(sent, { "created[gte]": "1748736000", "created[lt]": "1751328000", limit: "10" })
      }
      yield* ids(VerificationReports.stream({ created: "7d" }))
      assert.strictEqual(query((yield* requests).at(-1) ?? assert.fail())["created[gte]"], "1751976000")
    }).pipe(Effect.provide(world({ sessions: 400 })))
  )

  it.effect("is one page as Stripe sends it, by either cursor", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      const page = yield* VerificationReports.list()
      assert.deepStrictEqual(
        page.data.map((row) => row.id),
        list.slice(0, 10)
      )
      assert.isTrue(page.has_more)
      const before = yield* VerificationReports.list({ ending_before: list[9], limit: 3 })
      assert.deepStrictEqual(
        before.data.map((row) => row.id),
        list.slice(6, 9)
      )
      const after = yield* VerificationReports.list({ starting_after: list[9], limit: 3 })
      assert.deepStrictEqual(
        after.data.map((row) => row.id),
        list.slice(10, 13)
      )
    }).pipe(Effect.provide(world()))
  )
})

describe("bad input is refused before any request", () => {
  // Type boundary: callers without a compiler pass anything.
  const anything = (value: unknown) => value as never
  const { list, pages, retrieve, stream } = VerificationReports
  const cases = {
    "a misspelt field": [
      Stream.runDrain(stream(anything({ tpye: "document" }))),
      `tpye: expected one of the names client_reference_id, created, type, verification_session, got "tpye". Did you mean "type"?`
    ],
    "a field of sessions": [
      Stream.runDrain(stream(anything({ status: "verified" }))),
      `status: expected one of the names client_reference_id, created, type, verification_session, got "status"`
    ],
    "a misspelt type": [
      list({ type: anything("documnet") }),
      `type: expected document or id_number, got "documnet". Did you mean "document"?`
    ],
    "two types": [list({ type: anything(["document", "id_number"]) }), "type: expected document or id_number, got"],
    "the id of a report as a session": [
      Stream.runDrain(pages({ verification_session: "vr_1" })),
      `verification_session: expected the id of a session (vs_…), got "vr_1"`
    ],
    "an empty reference": [
      list({ client_reference_id: "" }),
      "client_reference_id: expected a string of 1 to 5000 characters, got"
    ],
    milliseconds: [list({ created: 1_750_000_000_000 }), "looks like milliseconds"],
    "the id of a session": [retrieve("vs_1"), `id: expected the id of a report (vr_…), got "vs_1"`],
    "the id of a session as a cursor": [
      Stream.runDrain(stream({}, { startingAfter: "vs_1" })),
      `startingAfter: expected the id of a report (vr_…), got "vs_1"`
    ],
    "both cursors": [
      list(anything({ starting_after: "vr_1", ending_before: "vr_2" })),
      'ending_before: expected only one of starting_after and ending_before, got "vr_2"'
    ],
    "a misspelt path": [
      Stream.runDrain(stream({}, { expand: anything(["data.document.numbr"]) })),
      `Did you mean "data.document.number"?`
    ],
    "a path without data": [
      list({ expand: anything(["document.number"]) }),
      "expected a path such as data.document.number or data.id_number.id_number"
    ],
    "a page too large": [
      Stream.runDrain(stream({}, { pageSize: 101 })),
      "pageSize: expected a whole number from 1 to 100, got 101"
    ]
  } as const
  for (const [name, [call, expected]] of Object.entries(cases)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const refused = yield* reason(call)
        assert.strictEqual(refused._tag, "InvalidArgumentError")
        assert.include(refused.message, expected)
        assert.strictEqual(yield* countRequests, 0)
      }).pipe(Effect.provide(world()))
    )
  }

  it.effect("every problem at once", () =>
    Effect.gen(function* () {
      const refused = yield* reason(
        Stream.runDrain(stream({ type: anything("x"), created: "later" }, { pageSize: 0, prefetch: -1 }))
      )
      assert.deepStrictEqual(refused._tag === "InvalidArgumentError" && refused.issues.map(({ path }) => path), [
        "created",
        "type",
        "pageSize",
        "prefetch"
      ])
    }).pipe(Effect.provide(world()))
  )
})

describe("a report of the list", () => {
  it.effect("is plain where it says nothing about the person, and redacted where it does", () =>
    Effect.gen(function* () {
      const rows = yield* reports
      for (const report of yield* Stream.runCollect(VerificationReports.stream())) {
        const row = rows.find(({ id }) => id === report.id)
        assert.deepStrictEqual<unknown>(Schema.encodeSync(VerificationReport.RedactedReport)(report), row)
        for (const name of ["document", "email", "id_number", "phone", "selfie"] as const) {
          const check = report[name]
          assert.strictEqual(Redacted.isRedacted(check), row?.[name] !== undefined)
          assert.strictEqual(name in report, row?.[name] !== undefined)
        }
        assert.deepStrictEqual(
          VerificationReport.checkOutcomes(report).map(({ check, code, status }) => [check, status, code]),
          (["document", "email", "id_number", "phone", "selfie"] as const).flatMap((name) => {
            const found = Object(row)[name]
            return found === undefined ? [] : [[name, found.status, found.error?.code]]
          })
        )
      }
    }).pipe(Effect.provide(world({ sessions: 150 })))
  )

  it.effect("has the outcomes of the report that its session expands to", () =>
    Effect.gen(function* () {
      const rows = new Map((yield* Stream.runCollect(VerificationReports.stream())).map((row) => [row.id, row]))
      const expand = ["data.last_verification_report"] as const
      let compared = 0
      for (const session of yield* Stream.runCollect(VerificationSessions.stream({}, { expand }))) {
        if (session.last_verification_report === null || session.last_verification_report === undefined) continue
        const report = Redacted.value(session.last_verification_report)
        const row = rows.get(report.id)
        assert.isDefined(row)
        assert.deepStrictEqual(VerificationReport.checkOutcomes(report), row && VerificationReport.checkOutcomes(row))
        compared++
      }
      assert.strictEqual(compared, rows.size)
    }).pipe(
      Effect.provide(
        Layer.merge(VerificationReports.layerFromClient, VerificationSessions.layerFromClient).pipe(
          Layer.provide(StripeClient.layer({ apiKey: Sandbox.apiKey })),
          Layer.provide(Sandbox.layer({ sessions: 50 }))
        )
      )
    )
  )

  it.effect("has its sensitive fields only for a key that may see them, where they are named", () =>
    Effect.gen(function* () {
      const { sandbox, sensitive } = yield* Effect.all({
        sandbox: Sandbox.Sandbox,
        sensitive: Effect.provide(
          VerificationReports.make,
          StripeClient.layer({ apiKey: Sandbox.sensitiveApiKey, rateLimit: false })
        )
      })
      const expand = ["data.document.number", "data.id_number.id_number"] as const
      const texts = (rows: ReadonlyArray<VerificationReport.RedactedReport>) =>
        rows
          .flatMap(({ document, id_number }) => [
            document ? (Redacted.value(document).number ?? []) : [],
            id_number ? (Redacted.value(id_number).id_number ?? []) : []
          ])
          .flat()
      yield* sandbox.clearRequests
      const seen = yield* Stream.runCollect(sensitive.stream({}, { expand, pageSize: 30 }))
      assert.isAbove(texts(seen).length, 40)
      const sent = yield* requests
      assert.isAbove(sent.length, 1)
      for (const request of sent) {
        assert.deepStrictEqual(
          request.query.filter(([name]) => name === "expand[]").map(([, path]) => path),
          [...expand]
        )
      }
      assert.deepStrictEqual(texts(yield* Stream.runCollect(VerificationReports.stream({}, { expand }))), [])
      assert.deepStrictEqual(texts(yield* Stream.runCollect(sensitive.stream())), [])
      const first = seen.find((report) => report.type === "document") ?? assert.fail("there is no document")
      const one = yield* sensitive.retrieve(first.id, { expand: ["document.number"] })
      assert.deepStrictEqual(texts([one]), texts([first]))
    }).pipe(Effect.provide(world({ sessions: 150 })))
  )

  it.effect("is the one that its session expands to", () =>
    Effect.gen(function* () {
      const [session] = (yield* VerificationSessions.list({
        status: "verified",
        limit: 1,
        expand: ["data.last_verification_report"]
      })).data
      const expanded = session?.last_verification_report
      const report = expanded ? Redacted.value(expanded) : assert.fail("there is no report")
      const retrieved = yield* VerificationReports.retrieve(report.id)
      assert.deepStrictEqual<unknown>(
        Schema.encodeSync(VerificationReport.RedactedReport)(retrieved),
        Schema.encodeSync(VerificationReport.VerificationReport)(report)
      )
      const found = yield* ids(VerificationReports.stream({ verification_session: session?.id ?? "" }))
      assert.deepStrictEqual(found, [report.id])
    }).pipe(
      Effect.provide(
        // Both services on one client, and so under one rate limit.
        Layer.merge(VerificationReports.layerFromClient, VerificationSessions.layerFromClient).pipe(
          Layer.provide(StripeClient.layer({ apiKey: Sandbox.apiKey })),
          Layer.provideMerge(Sandbox.layer())
        )
      )
    )
  )
})

describe("neither the key nor a report's data is seen", () => {
  const key = Redacted.value(Sandbox.sensitiveApiKey)
  const everything = world({ sessions: 100 }, { apiKey: Sandbox.sensitiveApiKey })
  const expand = ["data.document.number", "data.document.dob", "data.id_number.id_number"] as const

  const secrets = Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const url = `https://api.stripe.com/v1/identity/verification_reports?limit=100&expand[]=${expand.join("&expand[]=")}`
    const response = yield* client.get(url, { headers: { authorization: `Bearer ${key}` } })
    // Type boundary: the sandbox's replies have Stripe's form, which a test of its own checks.
    const { data } = (yield* response.json) as unknown as { readonly data: ReadonlyArray<Record<string, unknown>> }
    // Words such as "passport" and "verified" are everywhere, and no secrets.
    const found = data.flatMap(({ document, email, id_number, phone }) => {
      const personal = [Object(document), Object(id_number)].flatMap(({ address, first_name, id_number, number }) => [
        ...textsIn([Object(address).line1, number, id_number]),
        ...textsIn(first_name).filter((name) => name.length > 4)
      ])
      return [...personal, ...textsIn([Object(email).email, Object(phone).phone])]
    })
    yield* Sandbox.Sandbox.use((sandbox) => sandbox.clearRequests)
    assert.isAbove(found.length, 100)
    return [key, key.slice(-6), ...found]
  })
  const leaks = (emitted: string, secrets: ReadonlyArray<string>) =>
    secrets.filter((secret) => emitted.includes(secret))

  const read = VerificationReports.stream({}, { expand, pageSize: 40 }).pipe(
    Stream.tap((report) => Effect.logDebug("report", report, VerificationReport.checkOutcomes(report))),
    Stream.runCollect
  )

  it.effect("in what a reading program logs, traces and prints", () =>
    Effect.gen(function* () {
      const planted = yield* secrets
      const emitted = yield* recording(({ add }) =>
        Effect.gen(function* () {
          add(yield* VerificationReports.VerificationReports)
          const page = yield* VerificationReports.list({ limit: 100, expand })
          add(page)
          add(yield* VerificationReports.retrieve(page.data[0]?.id ?? "", { expand: ["document.number"] }))
          add(yield* read)
        })
      )
      for (const name of ["list", "retrieve", "stream", "page"]) assert.include(emitted, `VerificationReports.${name}`)
      assert.include(emitted, "<redacted:document>")
      assert.deepStrictEqual(leaks(emitted, planted), [])
    }).pipe(Effect.provide(everything))
  )

  it.effect("the search would find one: what a report shows when it is revealed", () =>
    Effect.gen(function* () {
      const planted = yield* secrets
      const { data } = yield* VerificationReports.list({ type: "document", limit: 100, expand })
      const emitted = yield* recording(() =>
        Effect.logInfo(data.map(({ document }) => document && Redacted.value(document))).pipe(Effect.withSpan("reveal"))
      )
      assert.isAbove(leaks(emitted, planted).length, 50)
    }).pipe(Effect.provide(everything))
  )

  const faults = {
    "a page cut short": Fault.TruncatedJson(),
    "a bad check": Fault.BadRow({ at: 2, patch: { document: { status: "verified", number: ["planted_number"] } } }),
    "a check that is a text": Fault.BadRow({ at: 2, patch: { document: "planted_document" } }),
    "one report instead of a list": Fault.NotAList(),
    "rows out of order": Fault.RowsOutOfOrder()
  }
  for (const [name, fault] of Object.entries(faults)) {
    it.effect(`in the failure after ${name}`, () =>
      Effect.gen(function* () {
        const planted = yield* secrets
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.inject(fault, { skip: 1, times: 100 })
        const emitted = yield* recording(({ add }) =>
          Effect.gen(function* () {
            const error = yield* Effect.flip(read)
            add(error)
            add(error.reason)
            return yield* Effect.fail(error)
          })
        )
        assert.include(emitted, "StripeError")
        assert.deepStrictEqual(leaks(emitted, [...planted, "planted_number", "planted_document"]), [])
      }).pipe(Effect.provide([everything, atOnce]))
    )
  }

  it.effect("a reference is sent, and kept out of spans", () =>
    Effect.gen(function* () {
      const emitted = yield* recording(() =>
        Stream.runDrain(VerificationReports.stream({ client_reference_id: "jenny.rosen@example.com" }))
      )
      assert.notMatch(emitted, /jenny/)
      assert.deepStrictEqual((yield* requests)[0]?.query[0], ["client_reference_id", "jenny.rosen@example.com"])
    }).pipe(Effect.provide(everything))
  )
})

describe("a failure", () => {
  it.effect("of an id that does not exist is a NotFoundError under the name of the call", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(VerificationReports.retrieve("vr_none"))
      assert.strictEqual(error.operation, "VerificationReports.retrieve")
      assert.deepInclude(error.reason, { _tag: "NotFoundError", status: 404, param: "report" })
    }).pipe(Effect.provide(world()))
  )

  it.effect("of the caller's own cursor is a CursorNotFoundError", () =>
    Effect.gen(function* () {
      const failed = yield* reason(Stream.runDrain(VerificationReports.stream({}, { startingAfter: "vr_none" })))
      assert.strictEqual(failed._tag, "CursorNotFoundError")
      assert.notMatch(failed.message, /session/i)
    }).pipe(Effect.provide(world()), Effect.provide(atOnce))
  )

  it.effect("of a key without the permission is a PermissionError", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* reason(VerificationReports.list()))._tag, "PermissionError")
    }).pipe(Effect.provide(world({}, { apiKey: Sandbox.restrictedApiKey })))
  )
})

describe("layerConfig", () => {
  it.effect("reads the key from the configuration", () =>
    Effect.gen(function* () {
      assert.lengthOf((yield* VerificationReports.list()).data, 10)
    }).pipe(
      Effect.provide(
        VerificationReports.layerConfig().pipe(
          Layer.provideMerge(Sandbox.layer()),
          Layer.provide(
            ConfigProvider.layer(ConfigProvider.fromUnknown({ STRIPE_API_KEY: Redacted.value(Sandbox.apiKey) }))
          )
        )
      )
    )
  )
})

describe("layerTest", () => {
  const report = {
    id: "vr_1",
    object: "identity.verification_report",
    created: DateTime.makeUnsafe(0),
    livemode: false,
    type: "document"
  } as const

  it.effect("answers with the handlers, and what is not stubbed dies, past every error handler", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ids(VerificationReports.stream({ type: "document" })), ["vr_1"])
      const exit = yield* VerificationReports.list().pipe(
        Effect.catchTag("StripeError", () => Effect.succeed("hidden")),
        Effect.exit
      )
      assert.strictEqual(exit._tag, "Failure")
    }).pipe(Effect.provide(VerificationReports.layerTest({ stream: () => Stream.succeed(report) })))
  )
})
