/**
 * `DateTime.makeUnsafe` and all that makes a `Utc` spend most of their time on a cache that few use (effect 4.1,
 * `internal/dateTime.ts`, `makeUtc`).
 *
 *     node test/bench/upstream/dateTime.ts
 *
 * Expected: about the cost of a small object. Found: several times that. Each value gets `partsUtc` by `Object.defineProperty`
 * when it is made, although only `toPartsUtc` and its like need it.
 *
 * Proposed: `partsUtc: undefined` on the prototype, and the property defined where it is first filled.
 */
import { DateTime } from "effect"

const prototype = { ...Object.getPrototypeOf(DateTime.makeUnsafe(0)), partsUtc: undefined }

const makeWithoutCache = (epochMilliseconds: number): unknown => {
  const self = Object.create(prototype)
  self.epochMilliseconds = epochMilliseconds
  return self
}

const count = 100_000
const alive = 100

/** Nanoseconds each, where the last hundred are in use, as those of a page would be. */
const measure = (make: (index: number) => unknown): number => {
  const kept: Array<unknown> = []
  const start = performance.now()
  for (let index = 0; index < count; index++) kept[index % alive] = make(index)
  return ((performance.now() - start) * 1e6) / count
}

const fastest = (make: (index: number) => unknown): number =>
  Math.min(...Array.from({ length: 7 }, () => measure(make)))

export const found = {
  "DateTime.fromEpochSeconds": fastest((index) => DateTime.fromEpochSeconds(index)),
  "without partsUtc": fastest((index) => makeWithoutCache(index * 1000))
}
for (const [name, nanoseconds] of Object.entries(found)) console.log(`${name.padEnd(26)} ${nanoseconds.toFixed(0)} ns`)
