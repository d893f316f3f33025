import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Fiber, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Checkpoint, Progress, StripeError, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { world } from "./support/world.ts"

const at = (text: string) => DateTime.makeUnsafe(text)
const row = (created: string, id = "vs_1") => ({ id, created: at(created) })
const covering = (newest: string, oldest: string, complete = false): Checkpoint.Checkpoint => ({
  ...Checkpoint.start({ filter: "all" }),
  range: { newest: row(newest, "vs_9"), oldest: row(oldest), reachedEnd: complete }
})

const now = TestClock.setTime(DateTime.toEpochMillis(at("2026-01-01T00:00:00Z")))
const january = { created: { gte: "2025-12-22", lt: "2026-01-01" } }

describe("progress", () => {
  it.effect("counts rows, pages and the time that they took", () =>
    Effect.gen(function* () {
      yield* now
      const progress = yield* Progress.make()
      yield* TestClock.adjust("2 seconds")
      yield* progress.add({ data: [row("2025-12-31T00:00:00Z"), row("2025-12-30T00:00:00Z")] })
      const { range, elapsed, fraction, remaining, pages, requests, rows, rowsPerSecond } = yield* progress.add({
        data: [row("2025-12-29T00:00:00Z"), row("2025-12-28T00:00:00Z")]
      })
      assert.deepStrictEqual(
        { rows, pages, requests, rowsPerSecond },
        { rows: 4, pages: 2, requests: 0, rowsPerSecond: 2 }
      )
      assert.strictEqual(Duration.toMillis(elapsed), 2000)
      assert.deepStrictEqual(
        Option.map(range, ({ newest, oldest }) => [
          DateTime.formatIsoDateUtc(newest),
          DateTime.formatIsoDateUtc(oldest)
        ]),
        Option.some(["2025-12-31", "2025-12-28"])
      )
      // Nobody knows how long a list is that begins nowhere.
      assert.isTrue(Option.isNone(fraction) && Option.isNone(remaining))
    })
  )

  it.effect("covers every row of a page, because rows may be a little out of order", () =>
    Effect.gen(function* () {
      yield* now
      const progress = yield* Progress.make()
      const seconds = [5, 9, 1, 3].map((second) => row(`2025-12-31T00:00:0${second}Z`))
      const { range } = yield* progress.add({ data: seconds })
      assert.deepStrictEqual(
        Option.map(range, ({ newest, oldest }) => [newest, oldest]),
        Option.some([at("2025-12-31T00:00:09Z"), at("2025-12-31T00:00:01Z")])
      )
    })
  )

  it.effect("goes by the time that passed, and not by a clock that is set back meanwhile", () =>
    Effect.gen(function* () {
      yield* now
      const progress = yield* Progress.make(january)
      yield* TestClock.adjust("10 seconds")
      yield* TestClock.setTime(DateTime.toEpochMillis(at("2025-12-31T23:00:00Z")))
      const quarter = yield* progress.add({ data: [row("2025-12-31T00:00:00Z"), row("2025-12-29T12:00:00Z")] })
      assert.deepStrictEqual(quarter.fraction, Option.some(0.25))
      assert.strictEqual(Progress.line(quarter), "2 rows, 0/s, 2025-12-29 to 2025-12-31, 25 %, 10s, 30s left")
    })
  )

  it.effect("knows the fraction and the time that is left where the filter says when the list begins", () =>
    Effect.gen(function* () {
      yield* now
      const progress = yield* Progress.make(january)
      yield* TestClock.adjust("10 seconds")
      const quarter = yield* progress.add({ data: [row("2025-12-31T00:00:00Z"), row("2025-12-29T12:00:00Z")] })
      assert.deepStrictEqual(quarter.fraction, Option.some(0.25))
      assert.deepStrictEqual(Option.map(quarter.remaining, Duration.toMillis), Option.some(30_000))
      assert.strictEqual(Progress.line(quarter), "2 rows, 0/s, 2025-12-29 to 2025-12-31, 25 %, 10s, 30s left")
      assert.match(Progress.bar(quarter, { width: 8 }), /^\[##------\] 2 rows, /)
    })
  )

  it.effect("of a resumed run counts what was done before, but not as its own speed", () =>
    Effect.gen(function* () {
      yield* now
      const progress = yield* Progress.make(january)
      const sessions = [row("2025-12-27T00:00:00Z")]
      const first = yield* progress.add({
        sessions,
        checkpoint: covering("2026-01-01T00:00:00Z", "2025-12-27T00:00:00Z")
      })
      assert.deepStrictEqual(first.fraction, Option.some(0.5))
      assert.isTrue(Option.isNone(first.remaining))
      yield* TestClock.adjust("10 seconds")
      const second = yield* progress.add({
        sessions,
        checkpoint: covering("2026-01-01T00:00:00Z", "2025-12-26T00:00:00Z")
      })
      assert.deepStrictEqual(second.fraction, Option.some(0.6))
      assert.strictEqual(
        Math.round(Option.match(second.remaining, { onNone: () => 0, onSome: Duration.toSeconds })),
        40
      )
      const last = yield* progress.add({
        sessions,
        checkpoint: covering("2026-01-01T00:00:00Z", "2025-12-23T00:00:00Z", true)
      })
      assert.deepStrictEqual(last.fraction, Option.some(1))
    })
  )

  it.effect("is not complete because an earlier run was", () =>
    Effect.gen(function* () {
      yield* now
      const checkpoint = covering("2025-12-31T00:00:00Z", "2025-12-22T00:00:00Z", true)
      const progress = yield* Progress.make(january)
      for (const id of ["vs_2", "vs_3"]) {
        const { fraction } = yield* progress.add({ sessions: [row("2025-12-31T00:00:00Z", id)], checkpoint })
        assert.deepStrictEqual(fraction, Option.none())
      }
      assert.deepStrictEqual((yield* progress.add({ sessions: [], checkpoint })).fraction, Option.none())
    })
  )

  it.effect("is complete after the last batch, and stays so while new sessions come", () =>
    Effect.gen(function* () {
      yield* now
      const progress = yield* Progress.make()
      const last = row("2025-12-22T00:00:00Z")
      const checkpoint = covering("2025-12-31T00:00:00Z", "2025-12-22T00:00:00Z", true)
      for (const sessions of [[row("2025-12-31T00:00:00Z", "vs_9"), last], [row("2025-12-31T00:00:01Z", "vs_10")]]) {
        assert.deepStrictEqual((yield* progress.add({ sessions, checkpoint })).fraction, Option.some(1))
      }
    })
  )

  it.effect("is complete after a last batch in which no row matches", () =>
    Effect.gen(function* () {
      yield* now
      const progress = yield* Progress.make()
      const batch = (sessions: ReadonlyArray<ReturnType<typeof row>>, complete: boolean) =>
        progress.add({ sessions, checkpoint: covering("2025-12-31T00:00:00Z", "2025-12-22T00:00:00Z", complete) })
      assert.deepStrictEqual((yield* batch([row("2025-12-31T00:00:00Z", "vs_9")], false)).fraction, Option.none())
      assert.deepStrictEqual((yield* batch([], true)).fraction, Option.some(1))
    })
  )

  it.effect("is complete after the last page, however much older the start of the filter is", () =>
    Effect.gen(function* () {
      yield* now
      const progress = yield* Progress.make(january)
      yield* TestClock.adjust("10 seconds")
      const first = yield* progress.add({ data: [row("2025-12-31T00:00:00Z")], has_more: true })
      assert.deepStrictEqual(first.fraction, Option.some(0.1))
      const last = yield* progress.add({ data: [row("2025-12-27T00:00:00Z", "vs_2")], has_more: false })
      assert.strictEqual(Progress.line(last), "2 rows, 0/s, 2025-12-27 to 2025-12-31, 100 %, 10s, 0s left")
    })
  )

  it.effect("of a stream of pages ends at one, and not where maxItems ends it", () =>
    Effect.gen(function* () {
      yield* now
      const filter = { created: { gte: "2024-01-01" } }
      const fractionsOf = Effect.fnUntraced(function* (options: { readonly maxItems?: number; concurrency?: number }) {
        const { add } = yield* Progress.make(filter)
        const pages = VerificationSessions.pages(filter, options)
        return (yield* Stream.runCollect(Stream.mapEffect(pages, add))).map(({ fraction }) => fraction)
      })
      for (const concurrency of [1, 16]) {
        assert.deepStrictEqual((yield* fractionsOf({ concurrency })).at(-1), Option.some(1))
      }
      for (const fraction of yield* fractionsOf({ maxItems: 200 })) assert.isBelow(Option.getOrThrow(fraction), 0.6)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 250 } })))
  )

  it.effect("of a read that goes from old to new is measured from the start of the filter", () =>
    Effect.gen(function* () {
      yield* now
      const progress = yield* Progress.make(january)
      const fractions: Array<number> = []
      for (const [one, other] of [
        ["22T12", "23T00"],
        ["24T12", "27T00"],
        ["31T00", "30T23"]
      ] as const) {
        const data = [row(`2025-12-${one}:00:00Z`, "vs_1"), row(`2025-12-${other}:00:00Z`, "vs_2")]
        fractions.push(Option.getOrThrow((yield* progress.add({ data })).fraction))
      }
      assert.deepStrictEqual(fractions, [0.1, 0.5, 0.9])
    })
  )

  it.effect("knows no fraction before the first row, nor of a range that has not begun", () =>
    Effect.gen(function* () {
      yield* now
      const before = yield* Effect.flatMap(Progress.make(january), ({ now }) => now)
      assert.deepStrictEqual(before.fraction, Option.none())
      const progress = yield* Progress.make({ created: { gte: "2026-02-01" } })
      assert.deepStrictEqual((yield* progress.add({ data: [row("2026-02-02T00:00:00Z")] })).fraction, Option.none())
    })
  )

  it.effect("counts every request of a client, retries included", () =>
    Effect.gen(function* () {
      const progress = yield* Progress.make()
      yield* Effect.gen(function* () {
        yield* Sandbox.Sandbox.use((sandbox) => sandbox.inject(Sandbox.Fault.RateLimited(), { times: 2 }))
        const fiber = yield* Effect.forkChild(Stream.runForEach(VerificationSessions.pages(), progress.add))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.await(fiber)
      }).pipe(Effect.provide(world({ client: { transformClient: progress.countRequests } })))
      const { pages, requests } = yield* progress.now
      assert.deepStrictEqual([pages, requests], [3, 5])
    })
  )

  it.effect("refuses an invalid filter", () =>
    Effect.gen(function* () {
      // @ts-expect-error: a misspelt status, as from JavaScript.
      const error = yield* Effect.flip(Progress.make({ status: "verfied" }))
      assert.instanceOf(error, StripeError.InvalidArgumentError)
    })
  )

  it.effect("has a bar of any width that a caller calculates", () =>
    Effect.gen(function* () {
      yield* now
      const progress = yield* Progress.make(january)
      const half = yield* progress.add({ data: [row("2025-12-27T00:00:00Z")] })
      const widths = [-1, Number.NaN, 3.5, Infinity, 1e12].map(
        (width) => Progress.bar(half, { width }).indexOf("]") - 1
      )
      assert.deepStrictEqual(widths, [0, 0, 3, 1000, 1000])
    })
  )

  it.effect("has the time that is left in minutes, and in hours and minutes", () =>
    Effect.gen(function* () {
      const some = yield* Effect.flatMap(Progress.make(), ({ now }) => now)
      const left = (remaining: Duration.Input) =>
        Progress.line({ ...some, requests: 1, remaining: Option.some(Duration.fromInputUnsafe(remaining)) })
      assert.deepStrictEqual(
        (["59 seconds", "61 seconds", "125 minutes"] as const).map(left),
        ["59s", "1m", "2h 5m"].map((left) => `0 rows, 1 request, 0/s, 0s, ${left} left`)
      )
    })
  )

  it.effect("has a line without a bar where there is no fraction", () =>
    Effect.gen(function* () {
      const nothing = yield* Effect.flatMap(Progress.make(), ({ now }) => now)
      assert.strictEqual(Progress.line(nothing), "0 rows, 0/s, 0s")
      assert.strictEqual(Progress.bar(nothing), Progress.line(nothing))
    })
  )
})
