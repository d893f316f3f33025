import { TestClock } from "effect/testing"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Stream } from "effect"
import { StripeError, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { readWith } from "./support/reading.ts"
import { ids, listIds, query, reason, requests, world } from "./support/world.ts"

const { Fault } = Sandbox

const small = world({ sandbox: { sessions: 25 } })
const sandbox = Sandbox.Sandbox

describe("a row that is wrong", () => {
  const bad = (at: number, patch: Readonly<Record<string, unknown>> = { status: 123 }) => Fault.BadRow({ at, patch })

  it.effect("stops the stream after the good rows before it, and is named by id, path, position, page and cursor", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      yield* sandbox.use((sandbox) => sandbox.inject(bad(3), { skip: 1 }))
      const { error, seen } = yield* readWith(VerificationSessions.stream({}, { pageSize: 10 }))
      assert.deepStrictEqual(seen, list.slice(0, 13))
      assert.isTrue(StripeError.isStripeError(error))
      assert.deepInclude(error?.reason, {
        _tag: "DecodeError",
        part: "row",
        rowId: list[13],
        path: "data[3].status",
        position: 3,
        page: 2,
        cursor: list[9]
      })
      assert.match(String(error?.requestId), /^req_/)
      assert.strictEqual(error?.page, 2)
      assert.strictEqual(error?.cursor, list[9])
    }).pipe(Effect.provide(small))
  )

  it.effect("keeps its position on the wire when the walk is oldest first", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      yield* sandbox.use((sandbox) => sandbox.inject(bad(3)))
      const stream = VerificationSessions.stream({}, { endingBefore: list[24] ?? "", pageSize: 10 })
      const { error, seen } = yield* readWith(stream)
      assert.deepStrictEqual(seen, list.slice(18, 24).reverse())
      assert.deepInclude(error?.reason, { rowId: list[17], path: "data[3].status", position: 3 })
    }).pipe(Effect.provide(small))
  )

  it.effect("fails again when the stream is pulled again", () =>
    Effect.gen(function* () {
      yield* sandbox.use((sandbox) => sandbox.inject(bad(0)))
      const pull = yield* Stream.toPull(VerificationSessions.stream({}, { pageSize: 10 }))
      for (let times = 0; times < 3; times++) {
        const error = yield* Effect.flip(pull)
        assert.isTrue(StripeError.isStripeError(error) && error.reason._tag === "DecodeError")
      }
      assert.lengthOf(yield* requests, 1)
    }).pipe(Effect.scoped, Effect.provide(small))
  )

  it.effect("fails a list of one page, and not its neighbours' decoding", () =>
    Effect.gen(function* () {
      yield* sandbox.use((sandbox) => sandbox.inject(bad(3)))
      const failed = yield* reason(VerificationSessions.list({ limit: 10 }))
      assert.deepInclude(failed, { _tag: "DecodeError", path: "data[3].status" })
    }).pipe(Effect.provide(small))
  )

  it.effect("is not named by what stands in it: names below metadata are the user's own", () =>
    Effect.gen(function* () {
      yield* sandbox.use((sandbox) =>
        sandbox.inject(bad(0, { metadata: { "Jenny Rosen": 7 }, id: "jenny@example.com" }))
      )
      const { error } = yield* readWith(VerificationSessions.stream())
      assert.deepInclude(error?.reason, { path: "data[0].metadata", rowId: undefined })
      assert.notMatch(String(error), /jenny/i)
    }).pipe(Effect.provide(small))
  )

  class Refused extends Data.TaggedError("Refused")<{ readonly id: string | undefined }> {}

  it.effect("goes to onDecodeError, in order, and the stream continues without it", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      yield* sandbox.use((sandbox) => sandbox.inject(bad(3), { skip: 1 }))
      yield* sandbox.use((sandbox) => sandbox.inject(bad(7)))
      const told: Array<string | undefined> = []
      const stream = VerificationSessions.stream(
        {},
        { pageSize: 10, onDecodeError: (error) => Effect.sync(() => void told.push(error.rowId)) }
      )
      const { error, seen } = yield* readWith(stream)
      assert.isUndefined(error)
      assert.deepStrictEqual(told, [list[7], list[13]])
      assert.deepStrictEqual(
        seen,
        list.filter((id) => !told.includes(id))
      )
    }).pipe(Effect.provide(small))
  )

  it.effect("the DecodeError itself, where onDecodeError fails with it, comes out as it is", () =>
    Effect.gen(function* () {
      yield* sandbox.use((sandbox) => sandbox.inject(bad(3)))
      const onDecodeError = (error: StripeError.DecodeError) => Effect.fail(error)
      const failed = yield* Effect.flip(Stream.runDrain(VerificationSessions.stream({}, { onDecodeError })))
      assert.strictEqual(failed._tag, "DecodeError")
      // A sync reads what has settled by the clock.
      yield* TestClock.setTime(Date.UTC(2030, 0))
      yield* sandbox.use((sandbox) => sandbox.inject(bad(3)))
      const unsynced = yield* Effect.flip(Stream.runDrain(VerificationSessions.sync({}, { onDecodeError })))
      assert.strictEqual(unsynced._tag, "DecodeError")
    }).pipe(Effect.provide(small))
  )
  for (const [name, created] of [
    ["in milliseconds", 1_767_225_600_000],
    ["before 1970", -1]
  ] as const) {
    it.effect(`with a created ${name} has no place in the order, and costs no row next to it`, () =>
      Effect.gen(function* () {
        const list = yield* listIds
        yield* sandbox.use((sandbox) => sandbox.inject(bad(3, { created })))
        const { error, seen } = yield* readWith(
          VerificationSessions.stream({}, { pageSize: 10, onDecodeError: () => Effect.void })
        )
        assert.isUndefined(error)
        assert.deepStrictEqual(
          seen,
          list.filter((id) => id !== list[3])
        )
      }).pipe(Effect.provide(small))
    )
  }

  it.effect("an onDecodeError that fails ends the stream with its own error, after the rows before", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      yield* sandbox.use((sandbox) => sandbox.inject(bad(3)))
      const stream: Stream.Stream<
        { readonly id: string },
        StripeError.StripeError | Refused,
        VerificationSessions.VerificationSessions
      > = VerificationSessions.stream({}, { onDecodeError: ({ rowId }) => Effect.fail(new Refused({ id: rowId })) })
      const { error, seen } = yield* readWith(stream)
      assert.instanceOf(error, Refused)
      assert.strictEqual(error instanceof Refused ? error.id : undefined, list[3])
      assert.deepStrictEqual(seen, list.slice(0, 3))
    }).pipe(Effect.provide(small))
  )

  it.effect("can be the cursor, if it has an id", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      yield* sandbox.use((sandbox) => sandbox.inject(bad(9)))
      const rows = yield* ids(VerificationSessions.stream({}, { pageSize: 10, onDecodeError: () => Effect.void }))
      assert.deepStrictEqual(
        rows,
        list.filter((id) => id !== list[9])
      )
      assert.strictEqual(query((yield* requests)[1] ?? assert.fail())["starting_after"], list[9])
    }).pipe(Effect.provide(small))
  )

  it.effect("without an id it is told once, although the next page starts with it again", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      yield* sandbox.use((sandbox) => sandbox.inject(bad(9, { id: null })))
      yield* sandbox.use((sandbox) => sandbox.inject(bad(0, { id: null }), { skip: 1 }))
      const told: Array<number | undefined> = []
      const onDecodeError = (error: StripeError.DecodeError) => Effect.sync(() => void told.push(error.position))
      const rows = yield* ids(VerificationSessions.stream({}, { pageSize: 10, onDecodeError }))
      // It stands at the end of the first page, and is told of as the first row of the second.
      assert.deepStrictEqual(told, [0])
      assert.deepStrictEqual(
        rows,
        list.filter((id) => id !== list[9])
      )
    }).pipe(Effect.provide(small))
  )

  it.effect("a page on which no row has an id cannot be continued from, and says so", () =>
    Effect.gen(function* () {
      yield* sandbox.use((sandbox) => sandbox.inject(bad(0, { id: null })))
      const failed = yield* reason(
        Stream.runDrain(VerificationSessions.stream({}, { pageSize: 1, onDecodeError: () => Effect.void }))
      )
      assert.strictEqual(failed._tag, "PaginationStalledError")
      assert.include(failed.message, "no row on the page has an id")
    }).pipe(Effect.provide(small))
  )

  it.effect("is not wrong for a value that is not known yet", () =>
    Effect.gen(function* () {
      yield* sandbox.use((sandbox) => sandbox.inject(bad(3, { status: "on_hold", type: "voice" })))
      const rows = yield* Stream.runCollect(VerificationSessions.stream())
      assert.deepInclude(rows[3], { status: "on_hold", type: "voice" })
    }).pipe(Effect.provide(small))
  )
})
