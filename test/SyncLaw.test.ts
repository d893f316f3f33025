import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { life } from "./support/syncHistory.ts"

// Every life is made from one number, which a failure names. SYNC_CASES=20000 lives longer.

const count = Number(process.env["SYNC_CASES"] ?? 1000)

describe("whatever happens, the batches of all runs are the list, each row once, and no checkpoint says too much", () => {
  for (const concurrency of [1, 2, 16]) {
    const cases = Math.ceil(count / (concurrency === 1 ? 1 : 4))
    it.effect(
      `in ${cases} histories with interruptions, new rows, lag and rows that leave, ${concurrency} requests at once`,
      () =>
        Effect.gen(function* () {
          const total = { rows: 0, runs: 0, interruptions: 0, detours: 0, changes: 0 }
          for (let index = 0; index < cases; index++) {
            const one = yield* life(index * 7 + concurrency, concurrency)
            for (const name of ["rows", "runs", "interruptions", "detours", "changes"] as const)
              total[name] += one[name]
          }
          console.log(`concurrency ${concurrency}: ${cases} histories, ${JSON.stringify(total)}`)
          // The cases are worth something only if what they are about happens in them.
          assert.isAbove(total.detours, cases / 50)
          assert.isAbove(total.interruptions, cases)
        }),
      600_000
    )
  }
})
