import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { collector } from "./support/collector.ts"
import * as Fleet from "./support/fleet.ts"
import { proxy } from "./support/proxy.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

// What the programs of a fleet say, and what they refuse. All but the last run in a folder, without any service.

const folder = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "fleet-"))
    writeFileSync(join(folder, "accounts.txt"), "acct_1\nacct_2\n")
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

const nowhere = "127.0.0.1:1"

it.live("a worker without a key refuses a database or Redis that others share", () =>
  Effect.gen(function* () {
    const here = yield* folder
    for (const [program, name, address] of [
      ["worker.ts", "REDIS_URL", `redis://${nowhere}`],
      ["cluster.ts", "DATABASE_URL", `postgres://me@${nowhere}/fleet`]
    ] as const) {
      const { code, errors } = yield* Fleet.runIn(here, program, ["--once"], { [name]: address })
      assert.strictEqual(code, 1)
      assert.match(errors, new RegExp(`^STRIPE_API_KEY: expected a key, because ${name} is set, found none\\..*\\n$`))
    }
  }).pipe(Effect.scoped)
)

it.live("a worker alone says that it reads the sandbox, and its made-up sessions meet no others", () =>
  Effect.gen(function* () {
    const here = yield* folder
    const worker = yield* Fleet.runIn(here, "worker.ts", ["--once"])
    assert.strictEqual(worker.code, 0)
    assert.match(worker.errors, /^Reading the sandbox, a simulated Stripe\. Set STRIPE_API_KEY to read /)
    assert.match(worker.errors, /Ready: 8 accounts at a time, at most 90 requests a second$/m)
    const status = yield* Fleet.runIn(here, "status.ts", ["--limit", "1"])
    assert.match(status.output, /^Database: sqlite:out\/fleet\.db\n20 accounts: 20 current; 6000 rows, at most /)
    const enqueue = yield* Fleet.runIn(here, "enqueue.ts", ["--file", "accounts.txt"], { STRIPE_API_KEY: "sk_test_1" })
    assert.strictEqual(enqueue.code, 1)
    assert.match(
      enqueue.errors,
      /^sqlite:out\/fleet\.db: expected the database of "fleet", found that of "the sandbox"\./
    )
  }).pipe(Effect.scoped)
)

it.live("a worker with --once reads every account that is due, and says which it did not read to the end", () =>
  Effect.gen(function* () {
    const here = yield* folder
    const runOnce = Effect.map(Fleet.runIn(here, "worker.ts", ["--once"]), ({ code, errors, output }) => ({
      code,
      output,
      lastError: errors.trimEnd().split("\n").at(-1)
    }))
    const database = <A>(use: (database: DatabaseSync) => A) =>
      Effect.sync(() => {
        const database = new DatabaseSync(join(here, "out", "fleet.db"), { timeout: 5000 })
        const result = use(database)
        database.close()
        return result
      })
    const aDayLater =
      "UPDATE fleet_accounts SET ended_at = 1, due_at = 1; UPDATE effect_queue SET visible_at = datetime('now', '-1 day')"
    const { code, output } = yield* runOnce
    assert.deepStrictEqual([code, output], [0, "Every account was read to its end.\n"])
    yield* database((database) => database.exec(aDayLater))
    const second = yield* runOnce
    assert.deepStrictEqual([second.code, second.output], [0, "Every account was read to its end.\n"])
    const unread = yield* database((database) =>
      database.prepare("SELECT account FROM fleet_accounts WHERE ended_at = 1").all()
    )
    assert.deepStrictEqual(unread, [])
    // At once again, so that their pauses are not over. One of them was refused.
    yield* database((database) => database.exec("UPDATE fleet_accounts SET state = 'refused' WHERE account = 'acct_2'"))
    const early = yield* runOnce
    assert.deepStrictEqual(
      [early.code, early.output],
      [0, "0 of 20 accounts were read to the end, 1 is refused, 19 were not due.\n"]
    )
    yield* database((database) => {
      database.exec("DELETE FROM verification_sessions_checkpoints WHERE account = 'acct_1'")
      database.exec(`CREATE TRIGGER own BEFORE INSERT ON verification_sessions WHEN NEW.account = 'acct_1'
        BEGIN SELECT RAISE(ABORT, 'not today'); END`)
      database.exec(aDayLater)
    })
    for (const read of [19, 0]) {
      const failing = yield* runOnce
      assert.deepStrictEqual([failing.code, failing.output], [1, ""])
      assert.strictEqual(
        failing.lastError,
        `Expected to read every account that is due, but ${read} of 20 accounts were read to the end, 1 is failing${
          read === 0 ? ", 19 were not due" : ""
        }. See why: node examples/fleet/status.ts`
      )
    }
  }).pipe(Effect.scoped)
)

it.live("a worker takes the accounts that have no job, as after cluster.ts, each when it is due", () =>
  Effect.gen(function* () {
    const here = yield* folder
    yield* Fleet.runIn(here, "worker.ts", ["--once"])
    yield* Effect.sync(() => {
      const database = new DatabaseSync(join(here, "out", "fleet.db"), { timeout: 5000 })
      database.exec("UPDATE fleet_accounts SET due_at = 1 WHERE account <> 'acct_1'; DELETE FROM effect_queue")
      database.close()
    })
    const { code, output } = yield* Fleet.runIn(here, "worker.ts", ["--once"])
    assert.deepStrictEqual([code, output], [0, "19 of 20 accounts were read to the end, 1 was not due.\n"])
    const waiting = yield* Effect.sync(() => {
      const database = new DatabaseSync(join(here, "out", "fleet.db"), { timeout: 5000 })
      const waiting = database
        .prepare(
          "SELECT id FROM effect_queue WHERE id LIKE 'acct_1/%' AND visible_at > datetime('now', '+200 seconds')"
        )
        .all()
      database.close()
      return waiting
    })
    assert.strictEqual(waiting.length, 1)
  }).pipe(Effect.scoped)
)

it.live("a worker, and a runner of a cluster, ends where Stripe does not know the key, and tells a collector why", () =>
  Effect.gen(function* () {
    const here = yield* folder
    const { text, url } = yield* collector
    const env = {
      STRIPE_API_KEY: "sk_test_unknown",
      STRIPE_API_BASE: yield* baseUrl,
      OTEL_EXPORTER_OTLP_ENDPOINT: url
    }
    yield* Fleet.runIn(here, "enqueue.ts", ["--file", "accounts.txt"], env)
    const port = yield* Fleet.freePort
    let told = 0
    for (const [program, flags] of [
      ["worker.ts", []],
      ["cluster.ts", ["--port", String(port), "--cron", "* * * * * *"]]
    ] as const) {
      const { code, errors } = yield* Fleet.runIn(here, program, flags, env)
      assert.strictEqual(code, 1)
      const [reason = assert.fail(errors), ...again] =
        errors.match(/^VerificationSessions\.mirror: AuthenticationError: .*Check the key in STRIPE_API_KEY/gm) ?? []
      assert.deepStrictEqual(again, [])
      const bodies = text().match(/"severityText":"Fatal".*?"body":\{"stringValue":"[^"]*/g) ?? []
      assert.strictEqual(bodies.length, ++told)
      assert.include(bodies.at(-1), reason)
    }
  }).pipe(Effect.scoped, Effect.provide(server({ sessions: 0 })))
)

it.live("a worker without accounts says how to add them, and one whose runs would not end says what to pass", () =>
  Effect.gen(function* () {
    const here = yield* folder
    const worker = yield* Fleet.runIn(here, "worker.ts", ["--once"], { STRIPE_API_KEY: "sk_test_1" })
    assert.match(
      worker.output,
      /^The fleet has no accounts\. Add some: node examples\/fleet\/enqueue\.ts --connected$/m
    )
    // A poll that finds nothing is one page. So each turn would be a whole poll, and never the last.
    const short = yield* Fleet.runIn(here, "worker.ts", ["--pages", "1"])
    assert.strictEqual(short.code, 1)
    assert.include(short.errors, 'Invalid value for flag --pages: "1". Expected: a whole number, 2 or more')
  }).pipe(Effect.scoped)
)

it.live("status reads a database and makes nothing in it", () =>
  Effect.gen(function* () {
    const here = yield* folder
    const status = yield* Fleet.runIn(here, "status.ts", [])
    assert.strictEqual(
      status.errors,
      "sqlite:out/fleet.db: expected the database of a fleet, found no accounts. Set DATABASE_URL, or start a worker.\n"
    )
    assert.strictEqual(status.code, 1)
    const tables = yield* Effect.sync(() => {
      const database = new DatabaseSync(join(here, "out", "fleet.db"))
      const tables = database.prepare("SELECT name FROM sqlite_schema").all()
      database.close()
      return tables
    })
    assert.deepStrictEqual(tables, [])
    const wrong = yield* Fleet.runIn(here, "status.ts", [], { DATABASE_URL: "sqlite:out" })
    assert.deepStrictEqual([wrong.code, wrong.errors], [1, "out is a folder. Name a file in it.\n"])
  }).pipe(Effect.scoped)
)

it.live("two fleets do not share a database", () =>
  Effect.gen(function* () {
    const here = yield* folder
    const enqueue = (fleet: string) =>
      Fleet.runIn(here, "enqueue.ts", ["--file", "accounts.txt", "--fleet", fleet], { STRIPE_API_KEY: "sk_test_1" })
    assert.deepStrictEqual(yield* enqueue("one"), {
      code: 0,
      output: "sqlite:out/fleet.db: 2 of 2 accounts are new.\n",
      errors: ""
    })
    assert.deepStrictEqual(yield* enqueue("two"), {
      code: 1,
      output: "",
      errors:
        'sqlite:out/fleet.db: expected the database of "two", found that of "one". Set DATABASE_URL to another database.\n'
    })
  }).pipe(Effect.scoped)
)

it.live("a runner whose port is taken says so, and one whose port is out of range says the range", () =>
  Effect.gen(function* () {
    const here = yield* folder
    const port = yield* Effect.acquireRelease(
      Effect.callback<readonly [number, () => void]>((resume) => {
        const server = createServer()
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" && address !== null ? address.port : 0
          resume(Effect.succeed([port, () => server.close()]))
        })
      }),
      ([, close]) => Effect.sync(close)
    )
    const taken = yield* Fleet.runIn(here, "cluster.ts", ["--port", String(port[0])])
    assert.strictEqual(taken.code, 1)
    assert.match(taken.errors, /^Open: listen EADDRINUSE: address already in use 127\.0\.0\.1:\d+$/m)
    const wrong = yield* Fleet.runIn(here, "cluster.ts", ["--port", "70000"])
    assert.match(wrong.errors, / --port: "\S+"\. Expected: a port between 1 and 65535/)
  }).pipe(Effect.scoped)
)

it.live.skipIf(Fleet.withoutServices !== undefined)(
  "a worker ends within 5 s of a signal where its database is dead, and says that it keeps its limit by itself",
  () =>
    Effect.gen(function* () {
      const { address, start } = yield* Fleet.Fleet
      const database = yield* proxy(address)
      const worker = yield* start([], { env: { DATABASE_URL: database.url, REDIS_URL: "" } })
      yield* Fleet.ready(worker)
      // Each half a second it asks for jobs.
      yield* Effect.sleep("200 millis")
      yield* database.freeze
      yield* Effect.sleep("1 second")
      worker.signal("SIGTERM")
      const { code } = yield* worker.ended.pipe(Effect.timeout("8 seconds"))
      assert.strictEqual(code, 1)
      assert.match(worker.output(), /Ready: 8 accounts at a time, at most 90 requests a second$/m)
      assert.match(
        worker.output(),
        /WARN Each worker sends at most 90 requests a second, because they share no Redis\./
      )
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(Fleet.layer({ sessions: 1 }))))
)

it.live.skipIf(Fleet.withoutServices !== undefined)(
  "a worker whose database has another time zone, or has changed to winter time, takes the jobs that are due",
  () =>
    Effect.gen(function* () {
      const { address, start } = yield* Fleet.Fleet
      yield* Fleet.enroll(["acct_1"], false)
      const worker = yield* start(["--once"], { env: { DATABASE_URL: `${address} -c timezone=Pacific/Pago_Pago` } })
      assert.strictEqual((yield* worker.ended).code, 0)
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(Fleet.layer({ sessions: 1 }))))
)
