import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schedule, type Scope, Semaphore } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as Fleet from "./fleet.ts"

// What every engine has to show, and how a test of it is run. Small in the normal run; whole with FLEET=whole,
// which takes half an hour of a machine that does nothing else.

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
  /** The least that each of two workers does of what both do. */
  readonly share: number
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

export const rowsStored = Fleet.until<{ readonly rows: number }>(
  "SELECT count(*)::int AS rows FROM verification_sessions",
  ([row]) => (row?.rows ?? 0) > 0
)

/** Waits for something that the sandbox or the database says, and fails where it does not come. */
export const within = (what: string, seconds: number) =>
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

/** Runs a test with a fleet of its own. */
export const withFleet = <A, E>(
  effect: Effect.Effect<A, E, Fleet.Fleet | Sandbox.Sandbox | Scope.Scope>,
  options: Sandbox.Options
) => effect.pipe(Effect.scoped, Effect.provide(Layer.fresh(Fleet.layer(options))))

/** Waits until there is room for one more test. */
export const whenThereIsRoom = Semaphore.withPermit(some)

/** Runs a test with a fleet of its own, when there is room for one more. */
export const running = <A, E>(
  effect: Effect.Effect<A, E, Fleet.Fleet | Sandbox.Sandbox | Scope.Scope>,
  options: Sandbox.Options
) => whenThereIsRoom(withFleet(effect, options))

/** What a fleet does every day. */
export const suite = (engine: Engine) => {
  const { enrolled, start } = engineOf(engine)
  const { sizes } = engine

  // They are the same for both engines, and a small run has no time to spare.
  const showsPrograms = whole || !engine.isCluster

  const enqueued = Effect.fnUntraced(function* (accounts: ReadonlyArray<string>, says: string) {
    const { start } = yield* Fleet.Fleet
    const flags = ["--file", yield* Fleet.fileOf(accounts), ...(engine.isCluster ? ["--cluster"] : [])]
    const enqueue = yield* start(flags, { program: "enqueue.ts" })
    yield* enqueue.ended
    assert.include(enqueue.output(), says)
  })

  it.live("whose workers are killed and stopped writes every row once, for a few requests more", () =>
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
        const stopped = workers[killed % 3]
        if (stopped !== undefined) yield* Fleet.ready(stopped)
        stopped?.signal("SIGTERM")
        assert.isAtLeast(yield* Fleet.unread, 1, "All of this must come while there is work.")
        yield* Fleet.allRead
        if (stopped !== undefined) assert.strictEqual((yield* stopped.ended).code, 0)
        const { requests } = yield* Fleet.traffic
        assert.deepStrictEqual(yield* Fleet.written, { rows: 300 * count, writes: 300 * count, twice: 0 })
        assert.deepStrictEqual(yield* Fleet.different(accounts), [])
        // What a killed worker had asked for, and what the next one looks for first.
        console.log(`${killed} kills, ${requests} requests, where ${3 * count} would do`)
        assert.isAtMost(requests, (whole ? 1.06 : 2) * 3 * count)
      }),
      // A quick machine would read few accounts before the first kill.
      { sessions: 300, ...(whole ? {} : { latency: "1500 millis" }) }
    )
  )

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
          const refusing = ["acct_revoked", "acct_without"]
          if (showsPrograms) yield* enqueued([...refusing, "acct_1"], "2 of 3 accounts are new.")
          else yield* enrolled(refusing)
          const turnsOfRefused = Fleet.query<{ readonly account: string; readonly turn: number }>(
            `SELECT account, turn::float8 AS turn FROM fleet_accounts
             WHERE account IN ('acct_revoked', 'acct_without') ORDER BY account`
          )
          const first = yield* turnsOfRefused
          yield* start([...unlimited, "--every", whole ? "10" : "1", "--refused-every", "1", "--settle", "1"])

          yield* Fleet.until<{ readonly left: number }>(
            `SELECT count(*)::int AS left FROM fleet_accounts
             WHERE ended_at IS NULL AND account NOT IN ('acct_large', 'acct_revoked', 'acct_without')`,
            ([row]) => (row?.left ?? count) <= count / 100
          )
          // A busy machine looks late, and by then more was asked for the large one alone.
          const asked = (yield* sandbox.requests).map(({ headers }) => headers["stripe-account"])
          const others = asked.slice(0, asked.findLastIndex((account) => small.includes(account ?? "")) + 1)
          assert.isAtLeast(others.length, count)
          const large = others.filter((account) => account === "acct_large").length
          console.log(`${large} of ${others.length} requests were for the large account`)
          assert.isAtMost(large, 0.3 * (others.length - large))
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

          const refused = yield* Fleet.query<{ readonly account: string }>(
            "SELECT account FROM fleet_accounts WHERE state = 'refused' ORDER BY account"
          )
          const last = yield* turnsOfRefused
          const times = (yield* Fleet.traffic).accounts
          assert.deepStrictEqual(refused, [{ account: "acct_revoked" }, { account: "acct_without" }])
          // Before the traffic was looked at another turn may have begun.
          for (const [place, { account, turn }] of last.entries()) {
            const taken = turn - (first[place]?.turn ?? 0)
            assert.isAtLeast(taken, 2)
            assert.oneOf(times[account] ?? 0, [taken, taken + 1])
          }
          if (!showsPrograms) return
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
          recordedRequests: 10_000,
          accounts: {
            acct_large: { sessions: sizes.mixed[1] },
            acct_revoked: { access: "revoked" },
            acct_without: { access: "identity-not-enabled" }
          }
        }
      )
  )
}
