import { assert, it } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as Fleet from "./fleet.ts"
import { type Engine, engineOf, rowsStored, running, unlimited, whole } from "./fleetSuite.ts"
import { proxy } from "./proxy.ts"

/** What a fleet has to bear: frozen workers, wrong clocks, services that go away. */
export const troubles = (engine: Engine) => {
  const { enrolled, start } = engineOf(engine)
  const { sizes } = engine

  /** A worker is frozen for longer than its lock while it waits for Stripe, and continues when others have its accounts. */
  const frozen = (preload: ReadonlyArray<string>) =>
    running(
      Effect.gen(function* () {
        const accounts = Fleet.accountIds(sizes.frozen)
        yield* enrolled(accounts)
        const one = yield* start(unlimited, { preload })
        yield* rowsStored
        one.signal("SIGSTOP")
        assert.isAtLeast(yield* Fleet.unread, 1, "It must be frozen while there is work.")
        yield* start(unlimited, { preload })
        yield* Fleet.allRead
        one.signal("SIGCONT")
        // What it read before it was frozen is on its way into the database now.
        const noted = Effect.map(Fleet.written, ({ twice }) => ({
          refusals: one.output().match(/CheckpointMovedError/g)?.length ?? 0,
          twice
        }))
        yield* noted.pipe(
          Effect.repeat({
            schedule: Schedule.spaced("200 millis"),
            // Of what is not compared, a first batch is refused nevertheless.
            until: ({ refusals, twice }) => twice + (preload.length > 0 ? 0 : refusals) > 0
          }),
          Effect.timeoutOption(engine.learnsOfLoss ? "3 seconds" : "30 seconds")
        )
        yield* Effect.sleep("1 second")
        return {
          ...(yield* noted),
          different: yield* Fleet.different(accounts)
        }
      }),
      // So long that a worker is still waiting for Stripe when a busy machine freezes it.
      { sessions: 600, latency: "1 second" }
    )

  it.live("does not store what a worker read that was frozen for longer than its lock", () =>
    Effect.gen(function* () {
      const { different, refusals, twice } = yield* frozen([])
      if (!engine.learnsOfLoss) assert.isAtLeast(refusals, 1)
      assert.strictEqual(twice, 0)
      assert.deepStrictEqual(different, [])
    })
  )

  if (!engine.learnsOfLoss) {
    it.live("would store it without the compare of the checkpoint", () =>
      Effect.gen(function* () {
        assert.isAtLeast((yield* frozen(["withoutCompare.ts"])).twice, 1)
      })
    )
  }

  // What a second may have over the rate: at 91 a second, as many as Stripe allows.
  const spare = whole ? 9 : 4

  /**
   * Two workers whose clocks are 10 s apart read as fast as they may, and then the one whose clock is late continues alone. Gives
   * how many requests a second there were while both did, the share of the one that sent fewer, and how many there were from
   * then on.
   */
  const paced = running(
    Effect.gen(function* () {
      const [count, rate] = sizes.paced
      const concurrency = whole ? "24" : "8"
      const flags = ["--rate", String(rate), "--account-rate", "1000", "--concurrency", concurrency]
      const keys = [Sandbox.sensitiveApiKey, Sandbox.apiKey].map(Redacted.value)
      const workers = yield* Effect.forEach(keys, (key, place) => {
        const env = { STRIPE_API_KEY: key, CLOCK_SHIFT: place === 0 ? "5000" : "-5000" }
        return start(flags, { preload: ["shiftedClock.ts"], env })
      })
      yield* Effect.forEach(workers, Fleet.ready)
      yield* enrolled(Fleet.accountIds(count))
      const { requests } = yield* Sandbox.Sandbox
      const sent = (kind: string) =>
        Effect.map(
          requests,
          (requests) => requests.filter(({ headers }) => headers["authorization"]?.includes(kind) === true).length
        )
      const both = Effect.all([sent("rk_test"), sent("sk_test")])
      yield* both.pipe(
        Effect.repeat({
          schedule: Schedule.spaced("50 millis"),
          until: (sent) => Math.min(...sent) > (whole ? 50 : 1)
        })
      )
      const seconds = whole ? 10 : 2
      const perSecond = Effect.gen(function* () {
        const [before, began] = [yield* both, performance.now()]
        yield* Effect.sleep(`${seconds} seconds`)
        const [after, rate] = [yield* both, 1000 / (performance.now() - began)]
        return [rate * (after[0] - before[0]), rate * (after[1] - before[1])] as const
      })
      const [early, late] = yield* perSecond
      workers[0]?.signal("SIGTERM")
      const [, alone] = yield* perSecond
      const together = early + late
      const { limited, mostInASecond, requests: all } = yield* Fleet.traffic
      const found = { together, share: Math.min(early, late) / together, alone, mostInASecond, limited, all }
      console.log(`${rate} a second:`, found)
      return found
    }),
    {
      // Few, so that the limit is what a worker waits for.
      sessions: 10,
      recordedRequests: 10_000,
      rateLimit: { limit: sizes.paced[1] + spare, window: "1 second" }
    }
  )

  it.live("keeps to its rate, and comes near it, on machines whose clocks are 10 s apart", () =>
    Effect.gen(function* () {
      const [, rate] = sizes.paced
      const { all, alone, limited, mostInASecond, share, together } = yield* paced
      // A window is three requests, and a busy machine may send one of the next with them.
      assert.isAtMost(mostInASecond, rate + spare)
      assert.isAtMost(limited, all / 100)
      // How near it comes is a matter of seconds: see fleetClocks.ts for a run that shares its machine.
      if (!whole) return
      // Redis counts in whole milliseconds.
      const least = 0.9 * (1000 / Math.ceil(1000 / rate))
      assert.isAtLeast(together, least)
      assert.isAtLeast(alone, least)
      assert.isAtLeast(share, engine.share)
    })
  )

  it.live("waits for its database and for Redis, says so, and loses and repeats nothing", () =>
    running(
      Effect.gen(function* () {
        const [count, database, redis] = sizes.away
        const accounts = Fleet.accountIds(count)
        yield* enrolled(accounts)
        const toDatabase = yield* proxy(yield* Fleet.Fleet.useSync(({ address }) => address))
        const toRedis = yield* proxy(Fleet.redisUrl)
        const env = { DATABASE_URL: toDatabase.url, REDIS_URL: toRedis.url }
        const workers = yield* Effect.forEach([0, 1], () =>
          start(["--rate", whole ? "20" : "6", "--account-rate", "1000"], { env })
        )
        yield* rowsStored
        yield* toRedis.close
        yield* Effect.sleep(`${redis} seconds`)
        yield* toRedis.open
        yield* Effect.sleep("1 second")
        yield* toDatabase.close
        yield* Effect.sleep(`${database} seconds`)
        yield* toDatabase.open
        yield* Fleet.allRead
        const logged = workers.map((worker) => worker.output()).join("\n")
        assert.match(logged, /Waiting for the database: .*ECONNREFUSED/)
        assert.match(logged, /rateLimit\.limiter failed: .*sends nothing/)
        assert.strictEqual((yield* Fleet.written).twice, 0)
        assert.deepStrictEqual(yield* Fleet.different(accounts), [])
      }),
      { sessions: 300 }
    )
  )
}
