import { assert, describe, it } from "@effect/vitest"
import { current, render, wanted } from "./support/faultTable.ts"

describe("the table of faults in the README", () => {
  it("is the one that the tests hold (node test/support/faultTable.ts --write)", async (context) => {
    const table = current()
    if (table === undefined) return context.skip("the README has no place for it")
    assert.strictEqual(table, await wanted())
  })

  it("has a line for every fault", async () => {
    const table = await render()
    assert.include(table, "never ends")
    assert.isAtLeast(table.trim().split("\n").length, 42)
  })
})
