import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { keyOf, matrix } from "./support/faultMatrix.ts"
import { plainEffect, plainEffectOutcomes } from "./support/faultPlainEffect.ts"

// What the README says of twenty-five lines of plain Effect is what they do here.
describe("twenty-five lines of plain Effect, with the same faults over the same socket", () => {
  it.live(
    "end as the README counts",
    () =>
      Effect.gen(function* () {
        // It has no limiter that could fail.
        const cases = matrix.filter(({ limiter }) => limiter === undefined)
        // A body of 200 MB holds up this process, and what is read meanwhile would run into its time limit.
        const isLarge = ({ name }: (typeof cases)[number]) => name.startsWith("200 MB")
        const endsOf = (some: typeof cases, concurrency: number) =>
          Effect.forEach(some, (one) => Effect.map(plainEffect(one), (end) => ({ end, key: keyOf(one) })), {
            concurrency
          })
        const ends = [
          ...(yield* endsOf(
            cases.filter((one) => !isLarge(one)),
            16
          )),
          ...(yield* endsOf(cases.filter(isLarge), 1))
        ]
        const keysOf = (end: keyof typeof plainEffectOutcomes) =>
          ends.filter((one) => one.end === end).map(({ key }) => key)
        const found = { complete: keysOf("complete"), error: keysOf("error"), wrong: keysOf("wrong") }
        assert.deepStrictEqual(
          { complete: found.complete.length, error: found.error.length, wrong: found.wrong.length },
          plainEffectOutcomes,
          JSON.stringify(found, null, 2)
        )
      }),
    120_000
  )
})
