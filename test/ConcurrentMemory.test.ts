import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Stream } from "effect"
import * as Concurrently from "./support/concurrently.ts"
import { TestClock } from "effect/testing"
import { heldRows } from "./support/heldRows.ts"
import { fakeList } from "./support/concurrentList.ts"
import { secondsOf, shapes } from "./support/concurrentSimulator.ts"

describe("reading with several requests at once", () => {
  for (const readers of [4, 8, 16]) {
    it.effect(
      `holds at most eight pages for each of ${readers} readers, those in flight included, in every history`,
      () =>
        Effect.gen(function* () {
          for (const shape of shapes) {
            const held = heldRows()
            const list = fakeList(secondsOf(shape, 20_000, 1), () => Effect.sleep(150))
            const reading = yield* Concurrently.rows(held.watch(list.fetch), { concurrency: readers }).pipe(
              Stream.runCount,
              Effect.forkChild
            )
            let most = 0
            while (reading.pollUnsafe() === undefined) {
              // What cannot be cut takes ten times as long.
              yield* TestClock.adjust(shape === "one-second" ? 3000 : 600)
              most = Math.max(most, (yield* held.count) / 100 + list.inFlight())
            }
            assert.strictEqual(yield* Fiber.join(reading), 20_000)
            assert.isAtMost(most, 8 * readers, shape)
          }
        })
    )
  }

  it.effect("lets go of pages without a row that matches, however many come one after the other", () =>
    Effect.gen(function* () {
      const held = heldRows()
      const list = fakeList(secondsOf("uniform", 20_000, 1), () => Effect.sleep(150))
      const fetch: typeof list.fetch = (request) =>
        Effect.map(list.fetch(request), ({ data, ...page }) => ({
          ...page,
          data: [],
          entries: data.map(({ created, id }) => ({ id, created: DateTime.toEpochMillis(created) }))
        }))
      const reading = yield* Concurrently.rows(held.watch(fetch), { concurrency: 4 }).pipe(
        Stream.runCount,
        Effect.forkChild
      )
      let most = 0
      while (reading.pollUnsafe() === undefined) {
        yield* TestClock.adjust(600)
        most = Math.max(most, (yield* held.count) / 100 + list.inFlight())
      }
      assert.strictEqual(yield* Fiber.join(reading), 0)
      assert.isAtMost(most, 8 * 4)
    })
  )
})
