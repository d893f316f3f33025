import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schedule, type Scope, Semaphore } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as Fleet from "./fleet.ts"

// What every engine has to show, and how a test of it is run. Small in the normal run, where bounds are counts; whole with
// FLEET=whole, which takes half an hour of a machine that does nothing else, and holds the engines to seconds, too.

export const whole = process.env["FLEET"] === "whole"

export interface Engine {
  readonly program: string
  readonly isCluster: boolean
  /** What each process of it is started with. */
  readonly flags: Effect.Effect<ReadonlyArray<string>>
  /** How long a worker that does not answer keeps its accounts, in seconds. */
  readonly lock: number
  /** Whether a worker that was frozen may learn that it lost its accounts before it stores anything. */
  readonly learnsOfLoss: boolean
  /** Milliseconds from SIGTERM to the end. */
  readonly exitWithin: number
  readonly sizes: {
    readonly killed: readonly [accounts: number, kills: number]
    readonly frozen: number
    readonly mixed: readonly [small: number, sessions: number]
    readonly away: readonly [accounts: number, database: number, redis: number]
    readonly paced: readonly [accounts: number, rate: number]
  }
}

export const unlimited = ["--rate", "1000", "--account-rate", "1000"]

// Of one worker, as the flags say.
const concurrency = 8

export const rowsStored = Fleet.until<{ readonly rows: number }>(
  "SELECT count(*)::int AS rows FROM verification_sessions",
  ([row]) => (row?.rows ?? 0) > 0
)

/** Waits for something that the sandbox or the database says, and fails where it does not come. */
const within = (what: string, seconds: number) =>
  Effect.timeoutOrElse({
    duration: `${seconds} seconds`,
    orElse: () => Effect.die(new Error(`${what} took more than ${seconds} s`))
  })

/** Fleets for one engine. `start` adds what the engine always needs. */
export const engineOf = ({ flags, isCluster, lock, program }: Engine) => ({
  enrolled: (accounts: ReadonlyArray<string>) => Fleet.enroll(accounts, isCluster),
  start: (more: ReadonlyArray<string>, options?: Fleet.StartOptions) =>
    Effect.flatMap(Effect.all([Fleet.Fleet, flags]), ([{ start }, flags]) =>
      start([...flags, "--lock", String(lock), ...more], { ...options, program })
    )
})

// Most of what a fleet does is wait, so some can run at a time; all at once, they would be slow and not wrong.
const some = Semaphore.makeUnsafe(whole ? 1 : 3)

const withFleet = <A, E>(
  effect: Effect.Effect<A, E, Fleet.Fleet | Sandbox.Sandbox | Scope.Scope>,
  options: Sandbox.Options
) => effect.pipe(Effect.scoped, Effect.provide(Layer.fresh(Fleet.layer(options))))

/** Runs a test with a fleet of its own, when there is room for one more. */
export const running = <A, E>(
  effect: Effect.Effect<A, E, Fleet.Fleet | Sandbox.Sandbox | Scope.Scope>,
  options: Sandbox.Options
) => Semaphore.withPermit(some, withFleet(effect, options))

/** What a fleet does every day. */
export const suite = (engine: Engine) => {
  const { enrolled, start } = engineOf(engine)
  const { sizes } = engine

  const enqueued = Effect.fnUntraced(function* (accounts: ReadonlyArray<string>, says: string) {
    const { start } = yield* Fleet.Fleet
    const flags = ["--file", yield* Fleet.fileOf(accounts), ...(engine.isCluster ? ["--cluster"] : [])]
    const enqueue = yield* start(flags, { program: "enqueue.ts" })
    yield* enqueue.ended
    assert.include(enqueue.output(), says)
  })

  it.live("whose workers are killed writes every row once, for a few requests more", () =>
    running(
      Effect.gen(function* () {
        const [count, kills] = sizes.killed
        const accounts = Fleet.accountIds(count)
        yield* enrolled(accounts)
        const workers = yield* Effect.forEach([0, 1, 2], () => start(unlimited))
        yield* rowsStored
        let killed = 0
        for (; killed < kills; killed++) {
          yield* Effect.sleep(1000 + ((killed * 7919) % 1500))
          const place = killed % 3
          workers[place]?.signal("SIGKILL")
          workers[place] = yield* start(unlimited)
        }
        assert.isAtLeast(yield* Fleet.unread, 1, "All kills must come while there is work.")
        yield* Fleet.allRead
        const { requests } = yield* Fleet.traffic
        assert.deepStrictEqual(yield* Fleet.written, { rows: 300 * count, writes: 300 * count, twice: 0 })
        assert.deepStrictEqual(yield* Fleet.different(accounts), [])
        // What a killed worker had asked for, and what the next one looks for first.
        console.log(`${killed} kills, ${requests} requests, where ${3 * count} would do`)
        assert.isAtMost(requests, (whole ? 1.06 : 2) * 3 * count)
      }),
      { sessions: 300 }
    )
  )

  it.live("takes over the accounts of a worker that died, and ends soon after it is told to", () =>
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
        // The small run shares its machine with other tests, so it says nothing of seconds.
        if (whole) {
          assert.isAtMost(taken, 1000 * engine.lock + 3000)
          assert.isAtMost(ended, engine.exitWithin)
        }
        assert.strictEqual((yield* Fleet.written).twice, 0)
      }),
      { sessions: 20_000, latency: "400 millis" }
    )
  )

  // Small runs share their machine, so there the next test counts requests instead.
  if (whole) {
    it.live("is done with small accounts as soon next to a large one and refused ones as without them", () => {
      const [count, sessions] = sizes.mixed
      const small = Fleet.accountIds(count)
      const timeWith = (others: ReadonlyArray<string>) =>
        withFleet(
          Effect.gen(function* () {
            const worker = yield* start(unlimited)
            yield* Fleet.ready(worker)
            const began = performance.now()
            yield* enrolled([...others, ...small])
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
      return Semaphore.withPermit(some, measured)
    })
  }

  it.live(
    "reads small accounts next to a large one, brings every change, and asks once a run where Stripe refuses",
    () =>
      running(
        Effect.gen(function* () {
          const [count] = sizes.mixed
          const sandbox = yield* Sandbox.Sandbox
          const small = Fleet.accountIds(count)
          const readable = ["acct_large", ...small]
          // The large one comes first.
          yield* enrolled(readable)
          yield* enqueued(["acct_revoked", "acct_without", "acct_1"], "2 of 3 accounts are new.")
          yield* start([...unlimited, "--every", whole ? "10" : "1", "--refused-every", "1", "--settle", "1"])

          yield* Fleet.until<{ readonly left: number }>(
            `SELECT count(*)::int AS left FROM fleet_accounts
             WHERE ended_at IS NULL AND account NOT IN ('acct_large', 'acct_revoked', 'acct_without')`,
            ([row]) => (row?.left ?? count) <= count / 100
          )
          const { accounts: asked, requests } = yield* Fleet.traffic
          const large = asked["acct_large"] ?? 0
          console.log(`${large} of ${requests} requests were for the large account`)
          assert.isAtMost(large, 0.3 * (requests - large))
          yield* Fleet.allRead

          const same = Fleet.different(readable).pipe(
            Effect.repeat({ schedule: Schedule.spaced("300 millis"), until: (wrong) => wrong.length === 0 }),
            within("bringing the changes", 60)
          )
          const changed = [1, 2, 3].map((number) => ({
            id: `vs_changed${number}`,
            of: sandbox.account(`acct_${number}`)
          }))
          for (const { id, of } of changed) yield* of.insert({ id })
          yield* same
          for (const { id, of } of changed) yield* of.submit(id)
          yield* sandbox.account("acct_1").pass("vs_changed1")
          yield* sandbox.account("acct_2").fail("vs_changed2")
          yield* same
          const rows = yield* Fleet.query<{ readonly status: string }>(
            "SELECT status FROM verification_sessions WHERE id LIKE 'vs_changed%' ORDER BY account"
          )
          assert.deepStrictEqual(
            rows.map(({ status }) => status),
            ["verified", "requires_input", "processing"]
          )

          const refused = yield* Fleet.query<{ readonly account: string; readonly turn: number }>(
            "SELECT account, turn::int AS turn FROM fleet_accounts WHERE state = 'refused' ORDER BY account"
          )
          const times = (yield* Fleet.traffic).accounts
          assert.deepStrictEqual(
            refused.map(({ account }) => account),
            ["acct_revoked", "acct_without"]
          )
          // Before the traffic was looked at another turn may have begun.
          for (const { account, turn } of refused) {
            assert.isAtLeast(turn, 2)
            assert.oneOf(times[account] ?? 0, [turn, turn + 1])
          }
          const { start: program } = yield* Fleet.Fleet
          const status = yield* program(["--limit", "3"], { program: "status.ts" })
          yield* status.ended
          assert.match(
            status.output(),
            new RegExp(`^${count + 3} accounts: .*2 refused; \\d+ rows, at most \\d+s behind$`, "m")
          )
          assert.match(status.output(), /^acct_revoked {2,}refused .*PermissionError/m)
          assert.match(status.output(), /^acct_without {2,}refused .*IdentityNotEnabledError/m)
        }),
        {
          sessions: 300,
          accounts: {
            acct_large: { sessions: sizes.mixed[1] },
            acct_revoked: { access: "revoked" },
            acct_without: { access: "identity-not-enabled" }
          }
        }
      )
  )
}
