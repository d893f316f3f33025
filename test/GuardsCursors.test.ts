import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Stream } from "effect"
import { Pagination, StripeError, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { readWith } from "./support/reading.ts"
import { ids, listIds, query, requests, world } from "./support/world.ts"

const small = world({ sandbox: { sessions: 25 } })
const strict = (options?: Sandbox.Options) =>
  world({ sandbox: { sessions: 40, cursorPolicy: "must-match-filter", ...options } })

const sandbox = Sandbox.Sandbox

const isWithoutCursor = (query: Sandbox.RecordedRequest["query"]) => query.every(([name]) => name !== "ending_before")

describe("a cursor that vanishes", () => {
  const leave = (position: number, list: ReadonlyArray<string>) =>
    sandbox.use((sandbox) => sandbox.update(list[position] ?? "", { status: "canceled" }))
  const matching = (status: string) =>
    Effect.map(
      sandbox.use((sandbox) => sandbox.sessions),
      (sessions) => sessions.filter((session) => session.status === status)
    )

  it.effect("is replaced by the second of its row, within the caller's own range", () =>
    Effect.gen(function* () {
      const rows = yield* matching("verified")
      const list = rows.map(({ id }) => id)
      const [first, last] = [rows.at(-2)?.created ?? 0, rows[1]?.created ?? 0]
      const expected = list.slice(1, -1)
      const { error, seen } = yield* readWith(
        VerificationSessions.stream({ status: "verified", created: { gte: first, lte: last } }, { pageSize: 4 }),
        (rows) => (rows === 4 ? leave(3, expected) : Effect.void)
      )
      assert.isUndefined(error)
      assert.deepStrictEqual(seen, expected)
      const anchor = rows.find(({ id }) => id === expected[3])?.created ?? 0
      const [, lost, found, next] = (yield* requests).map(query)
      assert.deepInclude(lost, { starting_after: expected[3], "created[lte]": String(last) })
      const { starting_after, ...again } = next ?? {}
      assert.deepStrictEqual(found, {
        status: "verified",
        limit: "4",
        "created[gte]": String(first),
        "created[lt]": String(anchor + 1)
      })
      // The next cursor goes with the range that it was found in.
      assert.deepStrictEqual(again, found)
      assert.strictEqual(starting_after, expected[7])
    }).pipe(Effect.provide(strict({ sessions: 60 })))
  )

  it.effect("the rows of its second that were read are not repeated, and the rest is not lost", () =>
    Effect.gen(function* () {
      const list = (yield* matching("verified")).map(({ id }) => id)
      const { error, seen } = yield* readWith(
        VerificationSessions.stream({ status: "verified" }, { pageSize: 4 }),
        // Again and again: the last row of pages one, two and three.
        (rows) => ([4, 8, 12].includes(rows) ? leave(rows - 1, list) : Effect.void)
      )
      assert.isUndefined(error)
      assert.deepStrictEqual(seen, list)
    }).pipe(Effect.provide(strict({ sessions: 60, history: "one-second" })))
  )

  it.effect("a second that the caller's own cursor is in is read again from there, not from its top", () =>
    Effect.gen(function* () {
      const list = (yield* matching("verified")).map(({ id }) => id)
      const { error, seen } = yield* readWith(
        VerificationSessions.stream({ status: "verified" }, { pageSize: 4, startingAfter: list[5] }),
        (rows) => (rows === 4 ? leave(9, list) : Effect.void)
      )
      assert.isUndefined(error)
      // Rows 0 to 5 stand in the same second, above where the caller started.
      assert.deepStrictEqual(seen, list.slice(6))
    }).pipe(Effect.provide(strict({ sessions: 60, history: "one-second" })))
  )

  it.effect("when the caller's own cursor vanished too, nobody can tell where it was: CursorNotFoundError", () =>
    Effect.gen(function* () {
      const list = (yield* matching("verified")).map(({ id }) => id)
      const { error, seen } = yield* readWith(
        VerificationSessions.stream({ status: "verified" }, { pageSize: 4, startingAfter: list[5] }),
        (rows) => (rows === 4 ? Effect.andThen(leave(9, list), leave(5, list)) : Effect.void)
      )
      assert.strictEqual(error?.reason._tag, "CursorNotFoundError")
      assert.deepStrictEqual(seen, list.slice(6, 10))
    }).pipe(Effect.provide(strict({ sessions: 60, history: "one-second" })))
  )

  it.effect("a cursor of the caller's that never existed is CursorNotFoundError after one request", () =>
    Effect.gen(function* () {
      for (const options of [
        { startingAfter: "vs_never" },
        { direction: "oldest-first", endingBefore: "vs_never" }
      ] as const) {
        const error = yield* Effect.flip(Stream.runDrain(VerificationSessions.stream({}, options)))
        assert.strictEqual(error.reason._tag, "CursorNotFoundError")
        assert.strictEqual(error.cursor, "vs_never")
        assert.isFalse(error.isRetryable)
      }
      assert.lengthOf(yield* requests, 2)
    }).pipe(Effect.provide(small))
  )

  for (const history of ["uniform", "bursty", "import", "one-second"] as const) {
    it.effect(`oldest first, over a ${history} history, finds what comes next without reading the rest`, () =>
      Effect.gen(function* () {
        const list = (yield* matching("verified")).map(({ id }) => id).reverse()
        const { error, seen } = yield* readWith(
          VerificationSessions.stream(
            { status: "verified" },
            { direction: "oldest-first", endingBefore: list[0] ?? "", pageSize: 5 }
          ),
          (rows) => (rows === 20 ? leave(20, list) : Effect.void)
        )
        assert.isUndefined(error)
        assert.deepStrictEqual(seen, list.slice(1))
        const sent = (yield* requests).length
        const pages = Math.ceil(seen.length / 5)
        assert.isAtMost(sent, pages + (history === "one-second" ? 6 : 30))
      }).pipe(Effect.provide(strict({ sessions: 400, history })))
    )
  }

  it.effect("oldest first, a newest row that does not say when it was created does not look like the end", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      const { CursorNotFound, BadRow } = Sandbox.Fault
      const oldest = list[39] ?? ""
      yield* sandbox.use((sandbox) => sandbox.inject(CursorNotFound(), { skip: 3 }))
      yield* sandbox.use((sandbox) =>
        sandbox.inject(BadRow({ at: 0, patch: { created: null } }), { when: ({ query }) => isWithoutCursor(query) })
      )
      const { error, seen } = yield* readWith(
        VerificationSessions.stream(
          {},
          { direction: "oldest-first", endingBefore: oldest, pageSize: 1, onInvalid: () => Effect.void }
        )
      )
      assert.strictEqual(error?.reason._tag, "PaginationStalledError")
      assert.deepStrictEqual(seen, list.slice(36, 39).reverse())
    }).pipe(Effect.provide(strict()))
  )

  it.effect("a fetch that knows nothing of ranges is slow, and not wrong", () =>
    Effect.gen(function* () {
      const list = Array.from({ length: 9 }, (_, index) => ({
        id: `r${index}`,
        created: DateTime.makeUnsafe((9 - index) * 1000)
      }))
      let lost = false
      const gone = new StripeError.StripeError({
        operation: "test",
        reason: new StripeError.CursorNotFoundError({ status: 400 })
      })
      const fetch: Pagination.FetchPage<Pagination.Row, StripeError.StripeError> = ({
        limit,
        page,
        starting_after
      }) => {
        if (page === 2 && !lost) {
          lost = true
          return Effect.fail(gone)
        }
        const from = list.findIndex(({ id }) => id === starting_after) + 1
        return Effect.succeed({
          data: list.slice(from, from + limit),
          has_more: from + limit < list.length,
          requestId: undefined
        })
      }
      const rows = yield* ids(Pagination.rows(fetch, { pageSize: 3 }))
      assert.isTrue(lost)
      assert.deepStrictEqual(
        rows,
        list.map(({ id }) => id)
      )
    })
  )
})
