import { assert, describe, it } from "@effect/vitest"
import { Effect, Struct } from "effect"
import { life, type Life } from "./support/syncHistory.ts"

// Every life is made from one number, which a failure names. SYNC_CASES=20000 lives longer.

const count = Number(process.env["SYNC_CASES"] ?? 1000)

describe("whatever happens, the batches of all runs are the list, each row once, and no checkpoint says too much", () => {
  for (const [concurrency, isDense] of [
    [1, false],
    [2, false],
    [16, false],
    [2, true],
    [16, true]
  ] as const) {
    const cases = Math.ceil(count / (isDense ? 20 : concurrency === 1 ? 1 : 4))
    it.effect(
      `in ${cases} histories${isDense ? " of dense lists" : ""} with interruptions, new rows, lag, rows that leave, rows out of order and servers that do not filter, ${concurrency} requests at once`,
      () =>
        Effect.gen(function* () {
          const total: Record<keyof Life, number> = {
            rows: 0,
            runs: 0,
            interruptions: 0,
            detours: 0,
            changes: 0,
            lies: 0,
            refused: 0,
            windows: 0,
            misplaced: 0
          }
          for (let index = 0; index < cases; index++) {
            const one = yield* life(index * 7 + concurrency, concurrency, isDense)
            for (const name of Struct.keys(total)) total[name] += one[name]
          }
          console.log(
            `concurrency ${concurrency}${isDense ? ", dense" : ""}: ${cases} histories, ${JSON.stringify(total)}`
          )
          // The cases are worth something only if what they are about happens in them.
          assert.isAbove(total.detours, cases / (isDense ? 100 : 50))
          assert.isAbove(total.interruptions, cases)
          assert.isAbove(total.lies, cases / 4)
          assert.isAbove(total.misplaced, cases / 4)
          if (isDense) assert.isAbove(total.windows, cases)
        }),
      600_000
    )
  }
})
