import { assert, describe, it } from "@effect/vitest"
import { matrix } from "./support/faultMatrix.ts"
import { current, render, wanted } from "./support/faultTable.ts"

describe("the table of faults", () => {
  it("is the one that the tests hold (node test/support/faultTable.ts --write)", async () => {
    assert.strictEqual(current(), await wanted())
  })

  it("names every fault, and has a line for every way to end", async () => {
    const table = await render()
    assert.include(table, "never ends")
    for (const { name } of matrix) assert.include(table, name)
    assert.isAtLeast(table.trim().split("\n").length, 42)
  })
})
