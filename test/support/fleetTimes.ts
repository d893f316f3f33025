import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as Fleet from "./fleet.ts"
import { type Engine, engineOf, running, unlimited, whenThereIsRoom, withFleet, within } from "./fleetSuite.ts"

// Only for a machine that does nothing else: FLEET=whole.

// Of one worker, as the flags say.
const concurrency = 8

/** What every engine has to do in time. */
export const times = (engine: Engine) => {
  const { enrolled, start } = engineOf(engine)
  const { sizes } = engine

  it.live(
    "takes over the accounts of a worker that died within its lock and 3 s, and ends soon after it is told to",
    () =>
      running(
        Effect.gen(function* () {
          const accounts = Fleet.accountIds(concurrency)
          yield* enrolled(accounts)
          const one = yield* start(unlimited)
          // All accounts are in its hands, and each takes some seconds.
          yield* Fleet.traffic.pipe(
            Effect.repeat({
              schedule: Schedule.spaced("20 millis"),
              until: (traffic) => accounts.every((account) => (traffic.accounts[account] ?? 0) > 0)
            })
          )
          const other = yield* start(unlimited)
          yield* Fleet.ready(other)
          one.signal("SIGKILL")
          yield* one.ended
          const killed = performance.now()
          const before = (yield* Fleet.traffic).accounts
          yield* Fleet.traffic.pipe(
            Effect.repeat({
              schedule: Schedule.spaced("20 millis"),
              until: (traffic) => accounts.every((account) => (traffic.accounts[account] ?? 0) > (before[account] ?? 0))
            }),
            within("taking over", 60)
          )
          const taken = performance.now() - killed
          yield* Effect.sleep("500 millis")
          const told = performance.now()
          other.signal("SIGTERM")
          const { code } = yield* other.ended
          const ended = performance.now() - told
          console.log(`taken over after ${Math.round(taken)} ms, ended after ${Math.round(ended)} ms`)
          assert.strictEqual(code, 0)
          assert.isAtMost(taken, 1000 * engine.lock + 3000)
          assert.isAtMost(ended, engine.exitWithin)
          assert.strictEqual((yield* Fleet.written).twice, 0)
        }),
        { sessions: 20_000, latency: "400 millis" }
      )
  )

  it.live("is done with small accounts as soon next to a large one and refused ones as without them", () => {
    const [count, sessions] = sizes.mixed
    const small = Fleet.accountIds(count)
    const timeWith = (others: ReadonlyArray<string>) =>
      withFleet(
        Effect.gen(function* () {
          const worker = yield* start(unlimited)
          yield* Fleet.ready(worker)
          yield* enrolled([...others, ...small])
          yield* Fleet.traffic.pipe(
            Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: ({ requests }) => requests > 0 })
          )
          const began = performance.now()
          yield* Fleet.until<{ readonly left: number }>(
            `SELECT count(*)::int AS left FROM fleet_accounts WHERE ended_at IS NULL AND account = ANY($1)`,
            ([row]) => (row?.left ?? count) <= count / 100,
            [small]
          )
          return performance.now() - began
        }),
        { sessions: 300, accounts: { acct_large: { sessions }, acct_revoked: { access: "revoked" } } }
      )
    const measured = Effect.gen(function* () {
      // In turn, and the faster of two, because whatever else this machine does makes one slower.
      const times = yield* Effect.forEach(
        [[], ["acct_large", "acct_revoked"], [], ["acct_large", "acct_revoked"]],
        timeWith
      )
      const [without = 0, among = 0] = [0, 1].map((place) => Math.min(times[place] ?? 0, times[place + 2] ?? 0))
      console.log(
        `99 of 100 small accounts after ${Math.round(among)} ms, and ${Math.round(without)} ms without others`
      )
      assert.isAtMost(among, 1.3 * without)
    })
    return whenThereIsRoom(measured)
  })
}
