import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Logger, Redacted, References, Result, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { SessionFilter, VerificationReports, VerificationSessions } from "effect-stripe-identity"
import { choices } from "./support/syncHistory.ts"
import { reason } from "./support/world.ts"

// A proxy or a fake between that answers with rows that nobody asked for.

const statuses = ["canceled", "processing", "requires_input", "verified"] as const
const references = ["ana", "ben", null] as const
const start = 1_767_225_600

const makeRows = (seed: number, count: number) => {
  const { below, one } = choices(seed)
  return Array.from({ length: count }, (_, index) => ({
    id: `vs_${count - index}`,
    object: "identity.verification_session",
    created: start + (count - index) * 60 + below(60),
    livemode: false,
    metadata: {},
    status: one(statuses),
    type: "document",
    client_reference_id: one(references)
  }))
}

/** Answers with cursors and limits, and ignores these parameters of the filter. */
const server = (rows: ReadonlyArray<ReturnType<typeof makeRows>[number]>, ignored: ReadonlyArray<string>) =>
  HttpClient.make((request, url) =>
    Effect.sync(() => {
      const asked = (name: string) => (ignored.includes(name) ? null : url.searchParams.get(name))
      const selected = rows.filter(
        (row) =>
          (asked("status") ?? row.status) === row.status &&
          (asked("client_reference_id") ?? row.client_reference_id) === row.client_reference_id &&
          (ignored.includes("created") ||
            (row.created >= Number(asked("created[gte]") ?? 0) &&
              row.created < Number(asked("created[lt]") ?? Infinity)))
      )
      const limit = Number(url.searchParams.get("limit") ?? 10)
      const from = selected.findIndex(({ id }) => id === url.searchParams.get("starting_after")) + 1
      const data = selected.slice(from, from + limit)
      const body = { object: "list", data, has_more: from + limit < selected.length, url: url.pathname }
      return HttpClientResponse.fromWeb(request, new Response(JSON.stringify(body)))
    })
  )

const layer = (rows: Parameters<typeof server>[0], ignored: ReadonlyArray<string>) =>
  VerificationSessions.layer({ apiKey: Redacted.make("sk_test_1"), rateLimit: false }).pipe(
    Layer.provide(Layer.succeed(HttpClient.HttpClient, server(rows, ignored)))
  )

const filters: ReadonlyArray<readonly [string, SessionFilter.Input]> = [
  ["status", { status: "verified" }],
  ["client_reference_id", { client_reference_id: "ana" }],
  ["created", { created: { gte: start + 3000, lt: start + 9000 } }],
  ["created", { status: "verified", created: { gte: start + 3000 } }],
  ["status", { status: "canceled", client_reference_id: "ben" }]
]

const quiet = Effect.provideService(References.MinimumLogLevel, "None")

describe("a server that ignores a part of the filter", () => {
  for (const [ignored, input] of filters) {
    for (const concurrency of [1, 4]) {
      it.effect(`${ignored} of ${JSON.stringify(input)}: stream is stream() filtered, ${concurrency} at once`, () =>
        Effect.gen(function* () {
          const rows = makeRows(7, 230)
          const filter = yield* Effect.fromResult(SessionFilter.make(input))
          const everything = yield* Stream.runCollect(VerificationSessions.stream()).pipe(
            Effect.provide(layer(rows, []))
          )
          const expected = everything.filter(SessionFilter.matches(filter)).map(({ id }) => id)
          const read = yield* Stream.runCollect(VerificationSessions.stream(input, { concurrency, pageSize: 20 })).pipe(
            Effect.provide(layer(rows, [ignored])),
            Effect.result
          )
          // With several requests at once the ranges of time are ours, and a server that ignores them is refused.
          if (concurrency > 1 && ignored === "created") {
            assert.isTrue(Result.isFailure(read) || expected.length > 0)
          }
          if (Result.isFailure(read)) return assert.strictEqual(read.failure.reason._tag, "PaginationStalledError")
          assert.deepStrictEqual(
            read.success.map(({ id }) => id),
            expected
          )
        }).pipe(quiet)
      )
    }

    it.effect(`${ignored} of ${JSON.stringify(input)}: list, pages and sync hold only rows that match`, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime((start + 1_000_000) * 1000)
        const rows = makeRows(11, 90)
        const filter = yield* Effect.fromResult(SessionFilter.make(input))
        const matches = SessionFilter.matches(filter)
        const pages = yield* Stream.runCollect(VerificationSessions.pages(input, { pageSize: 7 }))
        const batches = yield* Stream.runCollect(VerificationSessions.sync(input, { pageSize: 7, settle: 0 }))
        const page = yield* VerificationSessions.list({ ...(input as SessionFilter.StripeInput), limit: 30 })
        const read = [pages.flatMap(({ data }) => data), batches.flatMap(({ sessions }) => sessions), page.data]
        for (const sessions of read) assert.isTrue(sessions.every(matches))
        // The page after is asked for by the last row that came, whether it matched or not.
        if (Object.keys(input).length === 1) assert.strictEqual(page.cursor, rows[29]?.id)
        assert.isAbove(read[0]?.length ?? 0, 0)
        assert.strictEqual(read[0]?.length, read[1]?.length)
      }).pipe(Effect.provide(layer(makeRows(11, 90), [ignored])), quiet)
    )
  }

  it.effect("is told of in the log, once a page, without a word about the rows", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
      yield* Stream.runDrain(VerificationSessions.stream({ status: "verified" }, { pageSize: 50 })).pipe(
        Effect.provide(layer(makeRows(7, 100), ["status"])),
        Effect.provide(Logger.layer([logger]))
      )
      assert.lengthOf(lines, 2)
      for (const line of lines)
        assert.match(
          line,
          /^Warn VerificationSessions\.stream: skipped \d+ rows? that Stripe's filter should have excluded/
        )
    })
  )
})

describe("one row that nobody asked for", () => {
  it.effect("of another status costs itself alone", () =>
    Effect.gen(function* () {
      const rows = makeRows(3, 40).map((row) => ({ ...row, status: "verified" as (typeof statuses)[number] }))
      const odd = rows.map((row, index) => (index === 13 ? { ...row, status: "canceled" as const } : row))
      const read = yield* Stream.runCollect(VerificationSessions.stream({ status: "verified" })).pipe(
        Effect.provide(layer(odd, ["status"])),
        quiet
      )
      assert.strictEqual(read.length, 39)
      assert.isTrue(read.every(({ status }) => status === "verified"))
    })
  )

  it.effect("is left out of reports, too", () =>
    Effect.gen(function* () {
      const report = (id: string, type: string, created: number) => ({
        id,
        object: "identity.verification_report",
        created,
        livemode: false,
        type,
        options: {},
        verification_session: "vs_1",
        client_reference_id: null
      })
      const client = HttpClient.make((request) =>
        Effect.succeed(
          HttpClientResponse.fromWeb(
            request,
            new Response(
              JSON.stringify({
                object: "list",
                data: [report("vr_2", "document", start + 1), report("vr_1", "id_number", start)],
                has_more: false,
                url: "/v1/identity/verification_reports"
              })
            )
          )
        )
      )
      const read = yield* Stream.runCollect(VerificationReports.stream({ type: "document" })).pipe(
        Effect.provide(
          VerificationReports.layer({ apiKey: Redacted.make("sk_test_1") }).pipe(
            Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
          )
        ),
        quiet
      )
      assert.deepStrictEqual(
        read.map(({ created, id }) => [id, DateTime.toEpochSeconds(created)]),
        [["vr_2", start + 1]]
      )
    })
  )
})

/** One answer to every request. */
const answering = (body: object) =>
  VerificationSessions.layer({ apiKey: Redacted.make("sk_test_1"), rateLimit: false }).pipe(
    Layer.provide(
      Layer.succeed(
        HttpClient.HttpClient,
        HttpClient.make((request) =>
          Effect.sync(() => HttpClientResponse.fromWeb(request, new Response(JSON.stringify(body))))
        )
      )
    )
  )

describe("a page of list", () => {
  const [row] = makeRows(1, 1)
  const pageOf = (ids: ReadonlyArray<string>, has_more: boolean) => ({
    object: "list",
    data: ids.map((id) => ({ ...row, id })),
    has_more
  })
  it.effect.each<readonly [string, object, VerificationSessions.ListParams, string]>([
    ["with more rows than asked for", pageOf(["vs_1", "vs_2"], false), { limit: 1 }, "expected at most 1 rows, got 2"],
    ["with a row twice", pageOf(["vs_1", "vs_1"], true), {}, "vs_1 was returned again"],
    ["with the row at its cursor", pageOf(["vs_1"], true), { starting_after: "vs_1" }, "vs_1 was returned again"],
    ["without a row to continue from", pageOf([], true), {}, "has_more is true, but the page is empty"]
  ])("%s is a stall, because a loop over pages would go round", ([, body, params, told]) =>
    Effect.gen(function* () {
      const failed = yield* reason(VerificationSessions.list(params))
      assert.strictEqual(failed._tag, "PaginationStalledError")
      assert.include(failed.message, told)
    }).pipe(Effect.provide(answering(body)))
  )

  it.effect("of one session is refused by retrieve and reread if it is another session", () =>
    Effect.gen(function* () {
      const other = { _tag: "DecodeError", path: "id", rowId: "vs_2" } as const
      assert.deepInclude(yield* reason(VerificationSessions.retrieve("vs_1")), other)
      assert.deepInclude(yield* reason(Stream.runDrain(VerificationSessions.reread(["vs_1"]))), other)
    }).pipe(Effect.provide(answering({ ...row, id: "vs_2" })))
  )
})

describe("a lost cursor near the end of the list", () => {
  it.effect("hides no row that cannot be decoded behind the last one that matches", () =>
    Effect.gen(function* () {
      const [one] = makeRows(1, 1)
      const row = (id: string, created: number, status: unknown) => ({ ...one, id, created: start + created, status })
      const lost = {
        error: {
          type: "invalid_request_error",
          code: "resource_missing",
          param: "starting_after",
          message: "No such session"
        }
      }
      const list = (has_more: boolean, ...data: ReadonlyArray<object>) => ({ object: "list", data, has_more })
      const bad = row("vs_1", 1, 7)
      const replies: Array<readonly [status: number, body: object]> = [
        [200, list(true, row("vs_4", 4, "verified"))],
        [400, lost],
        // Without `status`: the row before the bad one is of another status.
        [200, list(false, row("vs_3", 3, "verified"), row("vs_2", 2, "canceled"), bad)],
        [200, list(false, bad)]
      ]
      const client = HttpClient.make((request) =>
        Effect.sync(() => {
          const [status, body] = replies.shift() ?? assert.fail("one request too many")
          return HttpClientResponse.fromWeb(request, new Response(JSON.stringify(body), { status }))
        })
      )
      const ids: Array<string> = []
      const failed = yield* VerificationSessions.stream({ status: "verified" }).pipe(
        Stream.runForEach(({ id }) => Effect.sync(() => ids.push(id))),
        reason,
        Effect.provide(VerificationSessions.layer({ apiKey: Redacted.make("sk_test_1"), rateLimit: false })),
        Effect.provideService(HttpClient.HttpClient, client)
      )
      assert.deepStrictEqual(ids, ["vs_4", "vs_3"])
      assert.strictEqual(failed._tag === "DecodeError" && failed.rowId, "vs_1")
    })
  )
})
