import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { chart } from "./bench/support/chart.ts"
import * as Pages from "./bench/support/pages.ts"
import { bars } from "./bench/support/results.ts"

// The figures themselves are for `npm run bench`: here is only held that pages show what it found.

describe("the figures of the last benchmark that counts", () => {
  it("are those that the guide shows (npm run bench -- --write)", async () => {
    assert.strictEqual(Pages.shown(), await Pages.wanted())
  })

  it("are those of the chart", () => {
    assert.strictEqual(readFileSync(Pages.chartFile, "utf8"), chart(Pages.results()))
  })

  it("say of each bar whether it holds", () => {
    const all = bars(Pages.results())
    assert.isAtLeast(all.length, 6)
    assert.isTrue(all.every(({ found }) => !found.includes("NaN")))
  })
})
