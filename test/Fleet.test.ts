import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Fleet from "./support/fleet.ts"

const whole = process.env["FLEET"] === "whole"

describe.skipIf(Fleet.withoutServices !== undefined)("a fleet", () => {
  it.live(
    "whose workers are killed writes every row once",
    () =>
      Effect.gen(function* () {
        const [count, kills] = whole ? [1000, 12] : [60, 3]
        const accounts = Fleet.accountIds(count)
        yield* Fleet.enroll(accounts)
        const { start } = yield* Fleet.Fleet
        const began = performance.now()
        const flags = ["--rate", "1000", "--account-rate", "1000", "--lock", "3"]
        const workers = yield* Effect.forEach([1, 2, 3], () => start(flags))
        for (let killed = 0; killed < kills; killed++) {
          yield* Effect.sleep(whole ? 3000 : 2500)
          workers[killed % 3]?.signal("SIGKILL")
          workers[killed % 3] = yield* start(flags)
        }
        const k = performance.now()
        yield* Fleet.allRead
        const written = yield* Fleet.written
        const { requests } = yield* Fleet.traffic
        console.log("took", performance.now() - began, performance.now() - k, written, requests, requests / count / 3)
        console.log(workers.map((w) => w.output().slice(0, 3000)).join("---"))
        const t = performance.now()
        for (const worker of workers) worker.signal("SIGTERM")
        console.log(yield* Effect.forEach(workers, (w) => w.ended), performance.now() - t)
        assert.deepStrictEqual(yield* Fleet.different(accounts), [])
      }).pipe(Effect.scoped, Effect.provide(Fleet.layer({ sessions: 300, latency: "10 millis" }))),
    600_000
  )
})
