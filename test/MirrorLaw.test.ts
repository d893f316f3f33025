import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Broken, byEventId, bySnapshot, type Design, life, mirror } from "./support/copyHistory.ts"

// Every life is made from one number, which a failure names. MIRROR_CASES=100000 takes a quarter of an hour of processor time.

const cases = Number(process.env["MIRROR_CASES"] ?? 3000)

describe("a copy kept by mirror", () => {
  it.effect(
    `is the list when changes have stopped, in ${cases} lives with kills, gaps, late and double events`,
    () =>
      Effect.gen(function* () {
        const total = { runs: 0, kills: 0, polls: 0, gaps: 0, changes: 0, rereads: 0 }
        for (let seed = 0; seed < cases; seed++) {
          const one = yield* life(seed)
          if (one.wrong !== undefined) assert.fail(one.wrong)
          for (const name of ["runs", "kills", "polls", "gaps", "changes", "rereads"] as const) total[name] += one[name]
        }
        console.log(`${cases} lives, ${JSON.stringify(total)}`)
        // The cases are worth something only if what they are about happens in them.
        assert.isAbove(total.kills, cases / 2)
        assert.isAbove(total.polls, cases / 5)
        assert.isAbove(total.gaps, cases / 10)
        assert.isAbove(total.rereads, cases / 2)
      }),
    Math.max(600_000, cases * 60)
  )

  const wrong: ReadonlyArray<readonly [string, Design, Broken]> = [
    ["events that are listed later than settle and overlap allow", mirror, { lag: "above settle + overlap" }],
    ["events that are never listed", mirror, { loss: 0.2 }],
    ["a position that is the id of an event", byEventId, {}],
    ["sessions as events hold them, by the time of the event", bySnapshot, {}]
  ]
  for (const [name, design, broken] of wrong) {
    it.effect(`is not the list with ${name}, so the law has teeth`, () =>
      Effect.gen(function* () {
        let found = 0
        for (let seed = 0; seed < 60; seed++) if ((yield* life(seed, design, broken)).wrong !== undefined) found++
        console.log(`${name}: ${found} of 60 lives`)
        assert.isAbove(found, 3)
      })
    )
  }
})
