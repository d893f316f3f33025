import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpServer } from "effect/http"
import { Stripe } from "stripe"
import * as Sandbox from "../src/Sandbox.ts"
import { type Asked, ask, inSandbox, page as sessionPage } from "./support/sandboxClient.ts"
import { check, complaints } from "./support/sandboxContract.ts"
import { server } from "./support/sandboxServer.ts"
import { isPresent } from "./support/stripeMaterial.ts"

// The list of reports, as raw as it comes. It shares its mechanics with the list of sessions, which is tested at length.

const url = "https://api.stripe.com/v1/identity/verification_reports"

interface ReportPage {
  readonly object: string
  readonly data: ReadonlyArray<Sandbox.Report>
  readonly has_more: boolean
  readonly url: string
}

const page = Effect.fnUntraced(function* (query = "", asked: Asked = {}) {
  const { status, text } = yield* ask(query, { url, ...asked })
  if (status !== 200) return yield* Effect.die(new Error(`${status}: ${text}`))
  // Type boundary: the replies are checked against Stripe's schema below.
  return JSON.parse(text) as ReportPage
})

const retrieve = Effect.fnUntraced(function* (id: string, query = "", asked: Asked = {}) {
  const { status, text } = yield* ask(query, { ...asked, url: `${url}/${id}` })
  if (status !== 200) return yield* Effect.die(new Error(`${status}: ${text}`))
  // Type boundary: as above.
  return JSON.parse(text) as Sandbox.Report
})

const refused = Effect.fnUntraced(function* (query = "", asked: Asked = {}) {
  const { status, text } = yield* ask(query, { url, ...asked })
  // Type boundary: as above.
  const { error } = JSON.parse(text) as { readonly error: Readonly<Record<string, string>> }
  return { status, code: error["code"], param: error["param"], message: error["message"] }
})

const walk = Effect.fnUntraced(function* (limit: number, query = "", endingBefore?: string) {
  const rows: Array<Sandbox.Report> = []
  let cursor = endingBefore === undefined ? "" : `&ending_before=${endingBefore}`
  for (let count = 0; count < 1000; count++) {
    const { data, has_more } = yield* page(`?limit=${limit}${query}${cursor}`)
    assert.isAtMost(data.length, limit)
    rows.push(...(endingBefore === undefined ? data : data.toReversed()))
    const last = rows.at(-1)
    if (!has_more || last === undefined) return rows
    cursor = `&${endingBefore === undefined ? "starting_after" : "ending_before"}=${last.id}`
  }
  return yield* Effect.die(new Error("the walk does not end"))
})

const ids = (rows: ReadonlyArray<{ readonly id: string }>) => rows.map(({ id }) => id)

describe("the list of reports", () => {
  it.effect("is one report of each session that has one, in the order of the sessions", () =>
    inSandbox(
      { sessions: 400 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const reported = (yield* sandbox.sessions).filter((session) => session.last_verification_report !== null)
        assert.isAbove(reported.length, 200)
        assert.isBelow(reported.length, 400)
        const rows = yield* walk(100)
        assert.deepStrictEqual(rows, yield* sandbox.reports)
        assert.deepStrictEqual<ReadonlyArray<unknown>>(
          ids(rows),
          reported.map((session) => session.last_verification_report)
        )
        assert.deepStrictEqual(
          rows.map((row) => row.verification_session),
          ids(reported)
        )
        assert.isTrue(rows.every((row, index) => index === 0 || row.created <= (rows[index - 1]?.created ?? 0)))
        assert.strictEqual(new Set(ids(rows)).size, rows.length)
      })
    )
  )

  it.effect("shows each report as its session expands it, in the list and by its id", () =>
    inSandbox(
      { sessions: 60 },
      Effect.gen(function* () {
        const fields = ["document.number", "document.dob", "id_number.id_number"]
        const below = (prefix: string) => fields.map((path) => `expand[]=${prefix}${path}`).join("&")
        for (const key of [Sandbox.apiKey, Sandbox.sensitiveApiKey]) {
          const sessions = yield* sessionPage(`?limit=100&${below("data.last_verification_report.")}`, { key })
          const expanded = sessions.data.flatMap(({ last_verification_report }) =>
            last_verification_report === null ? [] : [last_verification_report]
          )
          const { data } = yield* page(`?limit=100&${below("data.")}`, { key })
          assert.deepStrictEqual<ReadonlyArray<unknown>>(data, expanded)
          for (const report of data) {
            assert.deepStrictEqual(yield* retrieve(report.id, `?${below("")}`, { key }), report)
          }
          const shown = fields.filter((path) => {
            const [check = "", field = ""] = path.split(".")
            return data.some((report) => Object(Object(report)[check])[field] !== undefined)
          })
          assert.deepStrictEqual(shown, key === Sandbox.sensitiveApiKey ? fields : [])
        }
      })
    )
  )

  for (const history of ["uniform", "import", "one-second"] as const) {
    it.effect(`pages both ways from any row, whatever the size of the page (${history})`, () =>
      inSandbox(
        { sessions: 90, history, orderWithinSecond: "shuffled" },
        Effect.gen(function* () {
          const list = ids(yield* Sandbox.Sandbox.use((sandbox) => sandbox.reports))
          for (const limit of [1, 7, 100]) {
            assert.deepStrictEqual(ids(yield* walk(limit)), list)
            for (const at of [0, 1, 20, list.length - 1]) {
              const from = list[at] ?? ""
              assert.deepStrictEqual(ids(yield* walk(limit, "", from)), list.slice(0, at).toReversed())
              const { data, has_more } = yield* page(`?limit=${limit}&starting_after=${from}`)
              assert.deepStrictEqual(ids(data), list.slice(at + 1, at + 1 + limit))
              assert.strictEqual(has_more, at + 1 + limit < list.length)
            }
          }
        })
      )
    )
  }

  it.effect("has Stripe's four keys, ten rows unless told otherwise, and brings a limit into range", () =>
    inSandbox(
      { sessions: 300 },
      Effect.gen(function* () {
        const first = yield* page()
        assert.deepStrictEqual(Object.keys(first), ["object", "data", "has_more", "url"])
        assert.strictEqual(first.url, "/v1/identity/verification_reports")
        assert.lengthOf(first.data, 10)
        assert.lengthOf((yield* page("?limit=0")).data, 1)
        assert.lengthOf((yield* page("?limit=101")).data, 100)
      })
    )
  )

  it.effect("is filtered by each of its parameters, and by all of them", () =>
    inSandbox(
      // So dense that the 90 seconds between a session and its report tell.
      { sessions: 400, history: "import" },
      Effect.gen(function* () {
        const reports = yield* Sandbox.Sandbox.use((sandbox) => sandbox.reports)
        const returning = reports.find(
          ({ client_reference_id: reference }) =>
            reference !== null && reports.filter((row) => row.client_reference_id === reference).length > 1
        )
        const one = returning ?? assert.fail("nobody came back")
        const middle = reports[Math.floor(reports.length / 2)]?.created ?? 0
        const cases: ReadonlyArray<readonly [string, (row: Sandbox.Report) => boolean]> = [
          ["type=document", (row) => row.type === "document"],
          ["type=id_number", (row) => row.type === "id_number"],
          [`verification_session=${one.verification_session}`, (row) => row.id === one.id],
          ["verification_session=vs_none", () => false],
          [
            `client_reference_id=${one.client_reference_id}`,
            (row) => row.client_reference_id === one.client_reference_id
          ],
          [`created=${middle}`, (row) => row.created === middle],
          [`created[gte]=${middle}`, (row) => row.created >= middle],
          [`created[gt]=${middle}`, (row) => row.created > middle],
          [`created[lte]=${middle}`, (row) => row.created <= middle],
          [`created[lt]=${middle}&type=document`, (row) => row.created < middle && row.type === "document"]
        ]
        for (const [query, selects] of cases) {
          assert.deepStrictEqual(ids(yield* walk(50, `&${query}`)), ids(reports.filter(selects)), query)
        }
      })
    )
  )

  it.effect("keeps every report, whatever happens to its session later, and takes those that sessions are given", () =>
    inSandbox(
      { sessions: 0 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id } = yield* sandbox.insert({ id: "vs_a", status: "verified", created: 1_750_000_000 })
        const report = (yield* sandbox.reports)[0] ?? assert.fail("there is no report")
        assert.strictEqual(report.created, 1_750_000_090)
        yield* sandbox.update(id, { status: "canceled" })
        assert.deepStrictEqual(yield* sandbox.reports, [report])
        assert.deepStrictEqual(yield* retrieve(report.id), report)
        assert.strictEqual((yield* sandbox.sessions)[0]?.last_verification_report, report.id)
        yield* sandbox.update(id, { status: "requires_input", last_verification_report: "vr_mine" })
        assert.deepStrictEqual(ids(yield* sandbox.reports), ["vr_mine", report.id])
        assert.strictEqual((yield* retrieve("vr_mine")).verification_session, id)
        const whole = { ...report, id: "vr_whole", created: 1_750_000_091 }
        yield* sandbox.update(id, { last_verification_report: whole })
        assert.deepStrictEqual(ids(yield* sandbox.reports), ["vr_whole", "vr_mine", report.id])
        assert.deepStrictEqual(yield* retrieve("vr_whole"), whole)
      })
    )
  )

  it.effect("keeps the report of a session of the start that is changed, in its place", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const before = yield* sandbox.reports
        const { verification_session: id } = before[7] ?? assert.fail("there is no report")
        for (const status of ["canceled", "processing", "verified"]) yield* sandbox.update(id, { status })
        assert.deepStrictEqual(ids(yield* sandbox.reports), ids(before))
        assert.deepStrictEqual(ids(yield* walk(10)), ids(before))
      })
    )
  )
})

describe("a refusal", () => {
  const refuses = (query: string, expected: object, asked?: Asked) =>
    it.effect(query === "" ? "of an id that does not exist" : `of ${query}`, () =>
      inSandbox(
        {},
        Effect.gen(function* () {
          assert.deepInclude(yield* refused(query, asked), expected)
        })
      )
    )

  refuses("?status=verified", { status: 400, code: "parameter_unknown", param: "status" })
  refuses("?related_customer=cus_1", { status: 400, code: "parameter_unknown", param: "related_customer" })
  refuses("?type=passport", {
    status: 400,
    code: undefined,
    param: "type",
    message: "Invalid type: must be one of document or id_number"
  })
  refuses("?verification_session=", { status: 400, code: "parameter_invalid_empty", param: "verification_session" })
  refuses("?limit=ten", { status: 400, code: "parameter_invalid_integer", param: "limit" })
  for (const param of ["starting_after", "ending_before"]) {
    refuses(`?${param}=vr_none`, {
      status: 400,
      code: "resource_missing",
      param,
      message: "No such VerificationReport: 'vr_none'"
    })
  }
  refuses("?expand[]=document", {
    message: "This property cannot be expanded (document). You may want to try expanding 'data.document' instead."
  })
  refuses("?expand[]=data.last_verification_report", {
    message: "This property cannot be expanded (data.last_verification_report)."
  })
  refuses(
    "",
    { status: 404, code: "resource_missing", param: "report", message: "No such VerificationReport: 'vr_none'" },
    { url: `${url}/vr_none` }
  )

  it.effect("of a session's id as a cursor, and of a report's id where a session is wanted", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const [report] = yield* Sandbox.Sandbox.use((sandbox) => sandbox.reports)
        const cursor = yield* refused(`?starting_after=${report?.verification_session}`)
        assert.strictEqual(cursor.message, `No such VerificationReport: '${report?.verification_session}'`)
        const sessions = "https://api.stripe.com/v1/identity/verification_sessions"
        const session = yield* refused("", { url: `${sessions}/${report?.id}` })
        assert.strictEqual(session.message, `No such VerificationSession: '${report?.id}'`)
      })
    )
  )

  it.effect("of a live key says that the report is one of test mode", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const [report] = yield* Sandbox.Sandbox.use((sandbox) => sandbox.reports)
        const live = { key: Sandbox.liveApiKey }
        assert.deepStrictEqual((yield* page("", live)).data, [])
        const { message } = yield* refused(`?starting_after=${report?.id}`, live)
        assert.match(String(message), /^No such VerificationReport.*a similar object exists in test mode/)
      })
    )
  )

  it.effect("of a cursor that left the filter, where the sandbox is told to be strict", () =>
    inSandbox(
      { cursorPolicy: "must-match-filter" },
      Effect.gen(function* () {
        const reports = yield* Sandbox.Sandbox.use((sandbox) => sandbox.reports)
        const other = reports.find(({ type }) => type === "id_number")?.id
        const { code, param } = yield* refused(`?type=document&starting_after=${other}`)
        assert.deepStrictEqual([code, param], ["resource_missing", "starting_after"])
        assert.isNotEmpty((yield* page(`?starting_after=${other}`)).data)
      })
    )
  )
})

describe("a fault", () => {
  it.effect("of a lost cursor names the report, and a repeated page is of the same list", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { data } = yield* page("?limit=5")
        yield* sessionPage("?limit=5")
        yield* sandbox.inject(Sandbox.Fault.RepeatedPage())
        const cursor = data.at(-1)?.id ?? ""
        assert.deepStrictEqual((yield* page(`?limit=5&starting_after=${cursor}`)).data, data)
        yield* sandbox.inject(Sandbox.Fault.CursorNotFound())
        const { message } = yield* refused(`?limit=5&starting_after=${cursor}`)
        assert.strictEqual(message, `No such VerificationReport: '${cursor}'`)
      })
    )
  )
})

describe.skipIf(!isPresent)("by Stripe's API description", () => {
  const everything = [
    ...["dob", "expiration_date", "number", "sex", "unparsed_place_of_birth", "unparsed_sex"].map(
      (field) => `document.${field}`
    ),
    "id_number.dob",
    "id_number.id_number"
  ]
  it.effect("every report is valid, plain or with everything expanded, for every kind of key", () =>
    inSandbox(
      { sessions: 500 },
      Effect.gen(function* () {
        const validate = check().schema("identity.verification_report")
        const fields = new Set<string>()
        for (const key of [Sandbox.apiKey, Sandbox.sensitiveApiKey]) {
          for (const query of ["", `&${everything.map((path) => `expand[]=data.${path}`).join("&")}`]) {
            const { data } = yield* page(`?limit=100${query}`, { key })
            for (const row of data) {
              assert.deepStrictEqual(complaints(validate, row), [])
              Object.keys(row).forEach((field) => fields.add(field))
            }
          }
        }
        // Valid is also what never shows a field: all fourteen must have been seen.
        assert.strictEqual(fields.size, 14)
      })
    )
  )
})

describe("stripe-node", () => {
  it.live("pages through the reports both ways, filters and retrieves", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const address = new URL(yield* HttpServer.addressFormattedWith(Effect.succeed))
      const stripe = new Stripe("sk_test_SANDBOX_full_access_key", {
        host: address.hostname,
        port: address.port,
        protocol: "http",
        maxNetworkRetries: 0,
        telemetry: false
      })
      const read = (params: Stripe.Identity.VerificationReportListParams) =>
        Effect.promise(async () => {
          const found: Array<string> = []
          for await (const { id } of stripe.identity.verificationReports.list(params)) found.push(id)
          return found
        })
      const list = yield* sandbox.reports
      assert.deepStrictEqual(yield* read({ limit: 40 }), ids(list))
      assert.deepStrictEqual(
        yield* read({ limit: 33, ending_before: list.at(-1)?.id ?? "" }),
        ids(list).slice(0, -1).toReversed()
      )
      const gte = list[100]?.created ?? 0
      assert.deepStrictEqual(
        yield* read({ type: "document", created: { gte } }),
        ids(list.filter((row) => row.type === "document" && row.created >= gte))
      )
      const [first] = list
      const one = yield* Effect.promise(() => stripe.identity.verificationReports.retrieve(first?.id ?? ""))
      assert.strictEqual(one.verification_session, first?.verification_session)
      const missing = yield* Effect.promise(() =>
        stripe.identity.verificationReports.retrieve("vr_none").then(
          () => assert.fail("it was found"),
          (error: unknown) => error
        )
      )
      assert.instanceOf(missing, Stripe.errors.StripeInvalidRequestError)
    }).pipe(Effect.provide(server({ sessions: 250 })))
  )
})
