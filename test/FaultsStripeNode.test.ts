import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { expectationOf, keyOf, matrix } from "./support/faultMatrix.ts"
import { stripeNode } from "./support/faultRuns.ts"

// What the README says of stripe-node is what it does here.
describe("stripe-node, with the same faults over the same socket", () => {
  for (const one of matrix) {
    const { stripeNode: expected } = expectationOf(one)
    if (expected === undefined) continue
    it.live(keyOf(one), () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* stripeNode(one), expected)
      })
    )
  }
})
