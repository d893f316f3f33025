import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { freePort, withoutServices } from "./support/fleet.ts"
import { clocks } from "./support/fleetClocks.ts"
import { type Engine, suite, whole } from "./support/fleetSuite.ts"
import { times } from "./support/fleetTimes.ts"
import { troubles } from "./support/fleetTroubles.ts"

// Workers that are real processes, on Postgres and Redis. FLEET=whole runs all of it at its whole size.

const queue: Engine = {
  program: "worker.ts",
  isCluster: false,
  flags: Effect.succeed([]),
  lock: 3,
  learnsOfLoss: false,
  share: 0.2,
  exitWithin: 1000,
  sizes: whole
    ? { killed: [1000, 12], frozen: 20, mixed: [300, 50_000], away: [300, 45, 10], paced: [2500, 91] }
    : { killed: [24, 2], frozen: 8, mixed: [20, 2500], away: [16, 5, 6], paced: [80, 10] }
}

const cluster: Engine = {
  program: "cluster.ts",
  isCluster: true,
  // Each time every account that is due is sent its turn again, which takes long where there are thousands.
  flags: Effect.map(freePort, (port) => ["--port", String(port), "--cron", whole ? "*/10 * * * * *" : "* * * * * *"]),
  lock: whole ? 10 : 6,
  learnsOfLoss: true,
  share: 0.05,
  exitWithin: 5000,
  sizes: whole
    ? { killed: [300, 4], frozen: 10, mixed: [100, 10_000], away: [100, 45, 10], paced: [600, 20] }
    : { killed: [12, 1], frozen: 8, mixed: [12, 2000], away: [20, 5, 6], paced: [80, 10] }
}

const timeout = whole ? 3_600_000 : 300_000

if (withoutServices !== undefined) {
  it.skip(`a fleet: a service does not answer at ${withoutServices}`, () => {})
} else {
  describe("the limit of a fleet", clocks)

  describe("a fleet of workers", { timeout }, () => {
    suite(queue)
    troubles(queue)
    if (whole) times(queue)
  })

  describe("a fleet on a cluster", { timeout }, () => {
    suite(cluster)
    // The troubles are the same, and take their time.
    if (whole) {
      troubles(cluster)
      times(cluster)
    }
  })
}
