/**
 * Draws the pictures of the guides from runs against the sandbox: npm run pictures
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { mirroring, parallelReading } from "./support/pictures.ts"

const folder = import.meta.dirname

for (const [file, draw] of [
  ["parallel-reading.svg", parallelReading],
  ["mirroring.svg", mirroring]
] as const) {
  writeFileSync(join(folder, file), await Effect.runPromise(Effect.provide(draw, TestClock.layer())))
  console.log(`Wrote test/bench/${file}`)
}
