import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { read, verdict } from "./support/changingList.ts"

// LOST_CURSOR_CASES=100000 reads more lists; a failure names its seed.

const cases = Number(process.env["LOST_CURSOR_CASES"] ?? 4000)

describe("rows that enter and leave the status of a filter between any two requests", () => {
  for (const concurrency of [1, 4, 16]) {
    const count = Math.ceil(cases / (concurrency === 1 ? 1 : 4))
    it.effect(
      `cost no read its end: none lost, none twice, ${concurrency} requests at once, ${count} lists`,
      () =>
        Effect.gen(function* () {
          let lost = 0
          for (let index = 0; index < count; index++) {
            const seed = index * 31 + concurrency
            const one = yield* read(seed, concurrency)
            const wrong = verdict(one, concurrency === 1)
            if (wrong !== undefined) assert.fail(`seed ${seed}: ${wrong}`)
            lost += one.lost
          }
          console.log(`concurrency ${concurrency}: ${count} lists, ${lost} lost cursors`)
          // The law says something only if cursors are lost.
          assert.isAbove(lost, count / 4)
        }),
      600_000
    )
  }
})
