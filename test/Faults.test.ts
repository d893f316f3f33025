import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { drive } from "./support/drive.ts"
import { expectations } from "./support/faultExpectations.ts"
import { expectationOf, keyOf, matrix } from "./support/faultMatrix.ts"
import { inProcess } from "./support/faultRuns.ts"

describe("in process, rows, requests, waits and outcome are exact", () => {
  for (const one of matrix) {
    it.effect(keyOf(one), () =>
      Effect.gen(function* () {
        const { end, error, requests, rows, waits } = yield* drive(inProcess(one), { step: 250, turns: 8 })
        assert.deepStrictEqual({ rows, requests, end, waits }, expectationOf(one).ours)
        // Whatever failed says which page it was, and from where the caller may resume.
        if (error !== undefined) assert.strictEqual(error.page === 1, error.cursor === one.read.startingAfter)
      })
    )
  }
})

describe("the matrix", () => {
  it("has at least forty faults, and an expectation for nothing else", () => {
    assert.isAtLeast(matrix.length, 40)
    assert.deepStrictEqual(Object.keys(expectations).toSorted(), matrix.map(keyOf).toSorted())
  })
})
