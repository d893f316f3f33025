import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:net"
import { withoutServices } from "./support/fleet.ts"
import { suite, whole } from "./support/fleetSuite.ts"

// The same on Effect Cluster, at a smaller size.

const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

if (withoutServices !== undefined) {
  it.skip(`a fleet on a cluster: a service does not answer at ${withoutServices}`, () => {})
} else {
  describe("a fleet on a cluster", { timeout: whole ? 900_000 : 300_000 }, () => {
    suite({
      program: "cluster.ts",
      enroll: ["--cluster"],
      flags: Effect.map(freePort, (port) => ["--port", String(port), "--cron", "* * * * * *"]),
      lock: whole ? 10 : 3,
      exitWithin: 5000,
      sizes: whole
        ? { killed: [300, 4], frozen: 10, beside: [100, 10_000], away: [100, 45, 10], paced: [600, 91] }
        : { killed: [20, 1], frozen: 8, beside: [15, 2000], away: [20, 5, 6], paced: [80, 10] }
    })
  })
}
