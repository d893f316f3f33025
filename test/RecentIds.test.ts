import { assert, describe, it } from "@effect/vitest"
import { RecentIds } from "../src/internal/pagination/recentIds.ts"

const idsFrom = (start: number, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `vs_${String(Math.imul(start + index, 2654435761) >>> 0)}${start + index}`)

describe("recent ids", () => {
  it("tells hundreds of thousands of ids apart, and knows each of them", () => {
    // So many that dozens have their first number in common with another.
    const ids = idsFrom(0, 600_000)
    const recent = new RecentIds()
    assert.isTrue(ids.every((id) => recent.add(id)))
    assert.isFalse(ids.some((id) => recent.add(id)))
    recent.forgetOlder()
    assert.isFalse(ids.some((id) => recent.add(id)))
  })

  it("remembers what came since it was last told to forget, and since the time before", () => {
    const recent = new RecentIds()
    for (let round = 0; round < 5; round++) {
      const ids = idsFrom(round * 1000, 1000)
      assert.isTrue(ids.every((id) => recent.add(id)))
      if (round > 0) assert.isFalse(idsFrom((round - 1) * 1000, 1000).some((id) => recent.add(id)))
      recent.forgetOlder()
    }
    assert.isTrue(idsFrom(0, 1000).every((id) => recent.add(id)))
  })
})
