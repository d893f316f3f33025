import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { RetryPolicy, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { drive } from "./support/drive.ts"
import { readWith } from "./support/reading.ts"
import { ids, listIds, query, requests, world } from "./support/world.ts"

const small = world({ sandbox: { sessions: 25 } })
const strict = (options?: Sandbox.Options) =>
  world({ sandbox: { sessions: 40, cursorPolicy: "must-match-filter", ...options } })

const sandbox = Sandbox.Sandbox

describe("a cursor that vanishes", () => {
  const leave = (position: number, list: ReadonlyArray<string>) =>
    sandbox.use((sandbox) => sandbox.update(list[position] ?? "", { status: "canceled" }))
  const matching = (status: string) =>
    Effect.map(
      sandbox.use((sandbox) => sandbox.sessions),
      (sessions) => sessions.filter((session) => session.status === status)
    )

  it.effect("is looked up in the list without status, and the read continues from its first match there", () =>
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
      const bounds = { "created[gte]": String(first), "created[lte]": String(last) }
      const [, lost, found, next] = (yield* requests).map(query)
      assert.deepStrictEqual(lost, { status: "verified", limit: "4", ...bounds, starting_after: expected[3] ?? "" })
      assert.deepStrictEqual(found, { limit: "4", ...bounds, starting_after: expected[3] ?? "" })
      // The list without status was read up to a row that matches, so the list with status has the next cursor.
      assert.strictEqual(next?.["status"], "verified")
      assert.include(expected.slice(4), next?.["starting_after"])
    }).pipe(Effect.provide(strict({ sessions: 60 })))
  )

  it.effect("costs two requests a page where no row matches, and ends with the list", () =>
    Effect.gen(function* () {
      const all = yield* sandbox.use((sandbox) => sandbox.sessions)
      yield* sandbox.use((sandbox) =>
        Effect.forEach(all.slice(2), ({ id }) => sandbox.update(id, { status: "processing" }))
      )
      yield* sandbox.use((sandbox) =>
        Effect.forEach(all.slice(0, 2), ({ id }) => sandbox.update(id, { status: "verified" }))
      )
      const { error, seen } = yield* readWith(
        VerificationSessions.stream({ status: "verified" }, { pageSize: 2 }),
        // A row further down starts to match while the second row stops to.
        (rows) =>
          rows === 1
            ? sandbox.use((sandbox) =>
                Effect.andThen(
                  sandbox.update(all[1]?.id ?? "", { status: "canceled" }),
                  sandbox.update(all[39]?.id ?? "", { status: "verified" })
                )
              )
            : Effect.void
      )
      assert.isUndefined(error)
      assert.deepStrictEqual(seen, [all[0]?.id, all[1]?.id])
    }).pipe(Effect.provide(strict()))
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

  it.effect("when it is the caller's own, is looked up in the same way", () =>
    Effect.gen(function* () {
      const list = (yield* matching("verified")).map(({ id }) => id)
      yield* leave(5, list)
      const { error, seen } = yield* readWith(
        VerificationSessions.stream({ status: "verified" }, { pageSize: 4, startingAfter: list[5] }),
        (rows) => (rows === 4 ? leave(9, list) : Effect.void)
      )
      assert.isUndefined(error)
      assert.deepStrictEqual(seen, list.slice(6))
    }).pipe(Effect.provide(strict({ sessions: 60, history: "one-second" })))
  )

  it.effect("a cursor of the caller's that never existed is CursorNotFoundError after one request", () =>
    Effect.gen(function* () {
      for (const options of [{ startingAfter: "vs_never" }, { endingBefore: "vs_never" }]) {
        const error = yield* Effect.flip(Stream.runDrain(VerificationSessions.stream({}, options)))
        assert.strictEqual(error.reason._tag, "CursorNotFoundError")
        assert.strictEqual(error.cursor, "vs_never")
        assert.isFalse(error.isRetryable)
      }
      assert.lengthOf(yield* requests, 2)
    }).pipe(Effect.provide(small))
  )

  it.effect("and after a second one where the filter has a status, which the row may have left", () =>
    Effect.gen(function* () {
      for (const options of [{ startingAfter: "vs_never" }, { endingBefore: "vs_never" }]) {
        const error = yield* Effect.flip(Stream.runDrain(VerificationSessions.stream({ status: "verified" }, options)))
        assert.strictEqual(error.reason._tag, "CursorNotFoundError")
      }
      assert.lengthOf(yield* requests, 4)
    }).pipe(Effect.provide(small))
  )

  for (const history of ["uniform", "bursty", "import", "one-second"] as const) {
    it.effect(`oldest first, over a ${history} history, reads on after it without reading the rest`, () =>
      Effect.gen(function* () {
        const list = (yield* matching("verified")).map(({ id }) => id).reverse()
        const { error, seen } = yield* readWith(
          VerificationSessions.stream({ status: "verified" }, { endingBefore: list[0] ?? "", pageSize: 5 }),
          (rows) => (rows === 20 ? leave(20, list) : Effect.void)
        )
        assert.isUndefined(error)
        assert.deepStrictEqual(seen, list.slice(1))
        const sent = (yield* requests).length
        // The page that was lost, and those without status up to the next row that matches.
        assert.isAtMost(sent, Math.ceil(seen.length / 5) + 5)
      }).pipe(Effect.provide(strict({ sessions: 400, history })))
    )
  }

  it.effect("and is never found again, ends the read whatever the policy says, as after test data was deleted", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      const policies = [
        RetryPolicy.forever,
        RetryPolicy.makeUnsafe({ times: Infinity, while: () => false }),
        RetryPolicy.none
      ]
      for (const policy of policies) {
        yield* sandbox.use((sandbox) => Effect.andThen(sandbox.clearFaults, sandbox.clearRequests))
        yield* sandbox.use((sandbox) => sandbox.inject(Sandbox.Fault.CursorNotFound(), { skip: 1, times: Infinity }))
        const read = VerificationSessions.stream({}, { pageSize: 10 })
        const { error, seen } = yield* drive(readWith(read.pipe(Stream.provideService(RetryPolicy.Current, policy))))
        assert.strictEqual(error?.reason._tag, "CursorNotFoundError")
        assert.deepStrictEqual(seen, list.slice(0, 10))
        assert.isAtMost((yield* requests).length, 8)
      }
    }).pipe(Effect.provide(strict()))
  )

  it.effect("although nothing can take it out of the list is a contradiction of Stripe's, and is asked for again", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      yield* sandbox.use((sandbox) => sandbox.inject(Sandbox.Fault.CursorNotFound(), { skip: 1, times: 3 }))
      assert.deepStrictEqual(yield* drive(ids(VerificationSessions.stream({}, { pageSize: 10 }))), list)
      assert.lengthOf(yield* requests, 3 + Math.ceil(list.length / 10))
    }).pipe(Effect.provide(strict()))
  )
})
