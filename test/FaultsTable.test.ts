import { assert, describe, it } from "@effect/vitest"
import { current, render, wanted } from "./support/faultTable.ts"

describe("the table of faults in the guide to errors", () => {
  it("is the one that the tests hold (node test/support/faultTable.ts --write)", async () => {
    assert.strictEqual(current(), await wanted())
  })

  it("has a line for every fault", async () => {
    const table = await render()
    assert.include(table, "never ends")
    assert.isAtLeast(table.trim().split("\n").length, 42)
  })
})
