import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { between } from "./support/filters.ts"
import {
  type Network,
  type Seconds,
  secondsOf,
  type Shape,
  shapes,
  simulate,
  summary
} from "./support/concurrentSimulator.ts"

const seeds = Array.from({ length: 10 }, (_, index) => index + 1)
const varying = (seed: number): Network => ({ roundTrip: 150, variation: 0.3, seed: seed * 17 })
const fixed: Network = { roundTrip: 150, variation: 0, seed: 1 }

const cells = ({ cost, dearest, held, slowest, speed }: ReturnType<typeof summary>) =>
  `${speed.toFixed(2).padStart(6)} (${slowest.toFixed(2)})  ${cost.toFixed(3)} (${dearest.toFixed(3)})  ${held}`

describe("the rule of concurrent reading, simulated", () => {
  // The bars are for the mean of ten histories, each with its own round trips. Memory is bounded in every single one.
  const bars: ReadonlyArray<readonly [shape: Shape, size: number, speed: number, cost: number]> = [
    ["uniform", 100_000, 13, 1.12],
    ["growing", 100_000, 13, 1.12],
    ["daily", 100_000, 13, 1.12],
    ["bursty", 100_000, 8, 1.3],
    ["import", 100_000, 8, 1.15],
    ["one-second", 100_000, 0.97, 1.02],
    ["bursty", 20_000, 6, 1.3]
  ]
  for (const [shape, size, speed, cost] of bars) {
    it(`reads ${size} rows, ${shape}, with 16 readers ${speed} times as fast for at most ${cost} of the requests`, () => {
      const outcome = summary(seeds.map((seed) => simulate(secondsOf(shape, size, seed), 16, varying(seed))))
      console.log(`${`${shape} ${size}`.padEnd(20)} ${cells(outcome)}`)
      assert.isAtLeast(outcome.speed, speed)
      assert.isAtMost(outcome.cost, cost)
      assert.isAtMost(outcome.held, 8 * 16)
    })
  }

  it("prints speed, requests over the fewest, and pages held, for each history", () => {
    for (const readers of [1, 4, 16, 64]) {
      for (const size of [1_000, 10_000, 100_000]) {
        const line = shapes.map((shape) => {
          const outcome = simulate(secondsOf(shape, size, 1), readers, varying(1))
          assert.isAtMost(outcome.held, 8 * readers)
          assert.isAtMost(outcome.mostInFlight, readers)
          return `${shape} ${outcome.speed.toFixed(1)} ${outcome.cost.toFixed(2)} ${outcome.held}`
        })
        console.log(`${readers} readers, ${size} rows: ${line.join(" | ")}`)
      }
    }
  })

  it("costs what reading in sequence costs where time tells no rows apart, and on a short list", () => {
    for (const size of [0, 1, 99, 100])
      assert.strictEqual(simulate(secondsOf("uniform", size, 1), 16, fixed).requests, 1)
    for (const size of [101, 5_000]) {
      assert.strictEqual(simulate(secondsOf("one-second", size, 1), 16, fixed).requests, Math.ceil(size / 100))
    }
  })

  it("with one reader it is reading in sequence", () => {
    for (const shape of shapes) {
      const outcome = simulate(secondsOf(shape, 5_000, 1), 1, fixed)
      assert.strictEqual(outcome.requests, 50, shape)
    }
  })

  it("uses at least 95 % of a limit of 25 requests a second from the third second on", () => {
    const { started } = simulate(secondsOf("uniform", 100_000, 1), 16, { ...fixed, perSecond: 25 })
    const last = Math.floor(Math.max(...started) / 1000)
    for (let second = 2; second < last; second++) {
      const count = started.filter((time) => Math.floor(time / 1000) === second).length
      assert.isAtLeast(count, 0.95 * 25, `second ${second}`)
    }
  })

  /** Most gaps are short or nothing and some are very long. */
  const hostile = (gaps: ReadonlyArray<number>): Seconds => {
    let second = 1_700_000_000
    return gaps.map((gap) => (second -= gap < 20 ? 0 : gap < 38 ? gap - 20 : (gap - 37) * 10_000))
  }

  it.effect.prop(
    "delivers every row once and in order, within the memory allowed, for a bounded number of requests",
    {
      gaps: Schema.Array(between(0, 40)).check(Schema.isMaxLength(400)),
      pageSize: between(1, 20),
      readers: between(1, 64),
      seed: between(1, 1_000_000)
    },
    ({ gaps, pageSize, readers, seed }) =>
      Effect.sync(() => {
        const seconds = hostile(gaps)
        const outcome = simulate(seconds, readers, { roundTrip: 100, variation: 0.9, seed }, { pageSize })
        assert.deepStrictEqual(
          outcome.delivered,
          seconds.map((_, index) => index)
        )
        assert.deepStrictEqual(
          outcome.hasMore,
          outcome.hasMore.map((_, index) => index < outcome.hasMore.length - 1)
        )
        assert.isAtMost(outcome.held, 8 * readers)
        assert.isAtMost(outcome.mostInFlight, readers)
        const fewest = Math.max(1, Math.ceil(seconds.length / pageSize))
        assert.isAtMost(outcome.requests, 1.5 * fewest + 12 + readers)
      }),
    { arbitrary: { runs: 4000 } }
  )

  it("is narrower for a while after a refusal, and as wide as before later", () => {
    const seconds = secondsOf("uniform", 20_000, 1)
    const calm = simulate(seconds, 16, fixed)
    // Four requests in a row are one too many.
    const outcome = simulate(seconds, 16, { ...fixed, refuses: (number) => number >= 40 && number < 44 })
    assert.isBelow(outcome.speed, calm.speed)
    assert.isAbove(outcome.speed, calm.speed / 3)
    assert.strictEqual(outcome.delivered.length, seconds.length)
  })
})
