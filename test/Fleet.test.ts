import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { withoutServices } from "./support/fleet.ts"
import { suite, whole } from "./support/fleetSuite.ts"

// Workers that are real processes, on a queue in Postgres and a limit in Redis. FLEET=whole runs it at its whole size.

if (withoutServices !== undefined) {
  it.skip(`a fleet: a service does not answer at ${withoutServices}`, () => {})
} else {
  describe("a fleet of workers", { timeout: whole ? 900_000 : 120_000 }, () => {
    suite({
      program: "worker.ts",
      enroll: [],
      flags: Effect.succeed([]),
      lock: 3,
      exitWithin: 1000,
      sizes: whole
        ? { killed: [1000, 12], frozen: 20, beside: [300, 50_000], away: [300, 45, 10], paced: [1500, 91] }
        : { killed: [30, 3], frozen: 10, beside: [25, 3000], away: [30, 5, 6], paced: [100, 10] }
    })
  })
}
