import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Fleet from "./support/fleet.ts"
import { proxy } from "./support/proxy.ts"

const whole = process.env["FLEET"] === "whole"

describe.skipIf(Fleet.withoutServices !== undefined)("a fleet", () => {
  it.live(
    "away",
    () =>
      Effect.gen(function* () {
        const accounts = Fleet.accountIds(whole ? 300 : 60)
        yield* Fleet.enroll(accounts)
        const { address, start } = yield* Fleet.Fleet
        const pg = yield* proxy(address)
        const redis = yield* proxy(Fleet.redisUrl)
        const flags = ["--rate", "30", "--account-rate", "1000", "--lock", "3"]
        const workers = yield* Effect.forEach([1, 2], () =>
          start(flags, { env: { DATABASE_URL: pg.url, REDIS_URL: redis.url } }))
        yield* Fleet.until<{ rows: number }>("SELECT count(*)::int AS rows FROM verification_sessions", ([row]) => (row?.rows ?? 0) > 0)
        const log = (m: string) => Effect.sync(() => console.log(new Date().toISOString(), m))
        yield* log("pg away")
        yield* pg.close
        yield* Effect.sleep(whole ? 45_000 : 6000)
        yield* pg.open
        yield* log("pg back")
        yield* Effect.sleep(2000)
        yield* log("redis away")
        yield* redis.close
        yield* Effect.sleep(whole ? 10_000 : 7000)
        yield* redis.open
        yield* log("redis back")
        yield* Effect.timeout(Fleet.allRead, 60_000)
        console.log(new Date(), yield* Fleet.written, yield* Fleet.different(accounts))
      }).pipe(Effect.ensuring(Effect.sync(() => void 0)), Effect.scoped, Effect.provide(Fleet.layer({ sessions: 300, latency: "20 millis" }))),
    600_000
  )
})
