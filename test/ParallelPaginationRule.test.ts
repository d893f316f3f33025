import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { between } from "./support/filters.ts"
import { type Network, secondsOf, type Shape, shapes, simulate, summary } from "./support/parallelSimulator.ts"

const seeds = Array.from({ length: 10 }, (_, index) => index + 1)
const varying = (seed: number): Network => ({ roundTrip: 150, variation: 0.3, seed: seed * 17 })
const fixed: Network = { roundTrip: 150, variation: 0, seed: 1 }

const runs = (shape: Shape, size: number, oldestFirst: boolean) =>
  summary(seeds.map((seed) => simulate(secondsOf(shape, size, seed), 16, varying(seed), { oldestFirst })))

const row = (name: string, { cost, dearest, held, slowest, speed }: ReturnType<typeof runs>) =>
  `${name.padEnd(32)} ${speed.toFixed(2).padStart(6)} (${slowest.toFixed(2)})  ${cost.toFixed(3)} (${dearest.toFixed(3)})  ${held}`

describe("the rule of parallel reading, simulated", () => {
  // The bars are for the mean of ten histories, each with its own round trips. Memory is bounded in every single one.
  const bars: ReadonlyArray<readonly [shape: Shape, size: number, speed: number, cost: number]> = [
    ["uniform", 100_000, 13.5, 1.1],
    ["growing", 100_000, 13.5, 1.1],
    ["daily", 100_000, 13.5, 1.1],
    ["bursty", 100_000, 12, 1.2],
    ["import", 100_000, 12, 1.1],
    ["one-second", 100_000, 0.97, 1.02],
    ["bursty", 20_000, 4.3, 1.3]
  ]
  // Oldest-first also has to find the oldest row. Where all rows share one second, that means to pass them all, and what
  // memory has no room for is read twice.
  const oldestFirstBars: typeof bars = [
    ["uniform", 100_000, 13.5, 1.1],
    ["growing", 100_000, 12.5, 1.12],
    ["daily", 100_000, 12.5, 1.14],
    ["bursty", 100_000, 10, 1.2],
    ["import", 100_000, 11, 1.13],
    ["one-second", 100_000, 0.9, 1.95],
    ["one-second", 5_000, 0.9, 1.1],
    ["bursty", 20_000, 6, 1.4]
  ]
  for (const direction of ["newest-first", "oldest-first"]) {
    const oldestFirst = direction === "oldest-first"
    for (const [shape, size, speed, cost] of oldestFirst ? oldestFirstBars : bars) {
      it(`reads ${size} rows, ${shape}, ${direction}, with 16 readers ${speed} times as fast for at most ${cost} of the requests`, () => {
        const outcome = runs(shape, size, oldestFirst)
        console.log(row(`${direction} ${shape} ${size}`, outcome))
        assert.isAtLeast(outcome.speed, speed)
        assert.isAtMost(outcome.cost, cost)
        assert.isAtMost(outcome.held, 8 * 16)
      })
    }
  }

  it("prints speed, requests over the fewest, and pages held, for each history", () => {
    for (const readers of [1, 4, 16, 64]) {
      for (const size of [1_000, 10_000, 100_000]) {
        const cells = shapes.map((shape) => {
          const seconds = secondsOf(shape, size, 1)
          const outcomes = [false, true].flatMap((oldestFirst) =>
            [fixed, varying(1)].map((network) => simulate(seconds, readers, network, { oldestFirst }))
          )
          for (const outcome of outcomes) {
            assert.isAtMost(outcome.held, 8 * readers)
            assert.isAtMost(outcome.mostInFlight, readers)
          }
          return outcomes.map(({ cost, held, speed }) => `${speed.toFixed(1)} ${cost.toFixed(2)} ${held}`)
        })
        for (const [index, name] of [
          "newest-first, fixed",
          "newest-first, varying",
          "oldest-first, fixed",
          "oldest-first, varying"
        ].entries()) {
          const line = cells.map((cell, place) => `${shapes[place]} ${cell[index]}`)
          console.log(`${readers} readers, ${size} rows, ${name}: ${line.join(" | ")}`)
        }
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

  it("finds the oldest row of a short list for a few requests", () => {
    for (const shape of ["uniform", "bursty", "import", "one-second"] as const) {
      const requestsFor = (size: number) =>
        simulate(secondsOf(shape, size, 1), 16, fixed, { oldestFirst: true }).requests
      for (const size of [0, 1, 100]) assert.strictEqual(requestsFor(size), 1)
      assert.isAtMost(requestsFor(101), 2 + 4)
      assert.isAtMost(requestsFor(300), 3 + 8)
    }
  })

  it.effect.prop(
    "delivers every row once and in order, within the memory allowed, for a bounded number of requests",
    {
      gaps: Schema.Array(between(0, 40)).check(Schema.isMaxLength(400)),
      pageSize: between(1, 20),
      readers: between(1, 64),
      seed: between(1, 1_000_000),
      oldestFirst: Schema.Boolean
    },
    ({ gaps, oldestFirst, pageSize, readers, seed }) =>
      Effect.sync(() => {
        // Most gaps are short or nothing and some are very long.
        let second = 1_700_000_000
        const seconds = gaps.map((gap) => (second -= gap < 20 ? 0 : gap < 38 ? gap - 20 : (gap - 37) * 10_000))
        const outcome = simulate(seconds, readers, { roundTrip: 100, variation: 0.9, seed }, { oldestFirst, pageSize })
        assert.deepStrictEqual(
          outcome.delivered,
          seconds.map((_, index) => (oldestFirst ? seconds.length - 1 - index : index))
        )
        assert.isAtMost(outcome.held, 8 * readers)
        assert.isAtMost(outcome.mostInFlight, readers)
        const fewest = Math.max(1, Math.ceil(seconds.length / pageSize))
        assert.isAtMost(outcome.requests, (oldestFirst ? 2.5 * fewest + 40 : 1.5 * fewest + 12) + readers)
      }),
    { arbitrary: { runs: 4000 } }
  )

  it("is narrower for a while after a refusal, and as wide as before later", () => {
    const seconds = secondsOf("uniform", 20_000, 1)
    for (const oldestFirst of [false, true]) {
      const calm = simulate(seconds, 16, fixed, { oldestFirst })
      // Four requests in a row are one too many.
      const outcome = simulate(
        seconds,
        16,
        { ...fixed, refuses: (number) => number >= 40 && number < 44 },
        { oldestFirst }
      )
      assert.isBelow(outcome.speed, calm.speed)
      assert.isAbove(outcome.speed, calm.speed / 3)
      assert.strictEqual(outcome.delivered.length, seconds.length)
    }
  })
})
