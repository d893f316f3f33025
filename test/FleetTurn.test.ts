import { assert, it } from "@effect/vitest"
import { Duration, Effect, Layer, Option, Stream, Tracer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { SqlClient } from "effect/sql"
import { StripeClient, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import * as Accounts from "../examples/fleet/support/accounts.ts"
import * as Connected from "../examples/fleet/support/connected.ts"
import * as Jobs from "../examples/fleet/support/jobs.ts"
import { table } from "../examples/fleet/support/table.ts"
import { takeTurn } from "../examples/fleet/support/turn.ts"
import * as Databases from "./support/databases.ts"

// What both engines of a fleet hand out, in this process.

const work = {
  pages: 2,
  settle: Duration.seconds(1),
  pauses: { every: Duration.minutes(1), longest: Duration.hours(1), refused: Duration.hours(2) }
}

const tables = Layer.unwrap(
  Effect.map(Databases.Database, ({ open }) => {
    const client = Layer.effect(SqlClient.SqlClient, open)
    return Layer.provideMerge(Layer.mergeAll(SqlDestination.layer(), Accounts.layer), client)
  })
)

const database = Layer.provide(tables, Databases.sqlite)

const stripe = (options: Sandbox.Options) =>
  Layer.provideMerge(StripeClient.layer({ apiKey: Sandbox.apiKey, rateLimit: false }), Sandbox.layer(options))

/** Takes turns of an account until the next one is due later, and gives how many it took and until when that is. */
const run = Effect.fnUntraced(function* (account: string) {
  let [turn] = yield* Accounts.add([account], true)
  for (let turns = 1; turn !== undefined && turns < 100; turns++) {
    const closed = Option.getOrThrow(yield* takeTurn(turn, work))
    if (!Duration.isZero(closed.pause)) return { turns, pause: closed.pause }
    turn = closed.next
  }
  return yield* Effect.die(new Error("There was no turn, or no last one."))
})

it.live("a run of an account is one trace, however many turns it takes", () =>
  Effect.gen(function* () {
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span(options) {
        const span = new Tracer.NativeSpan(options)
        if (span.name === "fleet.turn") spans.push(span)
        return span
      }
    })
    const { turns } = yield* Effect.withTracer(run("acct_1"), tracer)
    assert.isAtLeast(turns, 3)
    const first = spans.splice(0).map(({ traceId }) => traceId)
    assert.lengthOf(first, turns)
    assert.lengthOf(new Set(first), 1)
    assert.match(first[0] ?? "", /^[0-9a-f]{32}$/)
    yield* Effect.sleep(2)
    yield* Effect.withTracer(Effect.andThen(run("acct_1"), run("acct_2")), tracer)
    const later = spans.map(({ attributes, traceId }) => [attributes.get("stripe.account"), traceId] as const)
    assert.lengthOf(new Set([first[0], ...new Map(later).values()]), 3)
  }).pipe(
    Effect.provide([database, Layer.provide(VerificationSessions.layerFromClient, stripe({ sessions: 500 }))]),
    Effect.scoped
  )
)

it.live("an account with more changes in a window of events than a turn has pages is read to its end", () =>
  Effect.gen(function* () {
    const { account } = yield* Sandbox.Sandbox
    const { cancel, insert } = account("acct_1")
    const inserted = yield* Effect.forEach(Array.from({ length: 350 }), () => insert({ status: "requires_input" }))
    yield* Effect.sleep("2 seconds")
    yield* run("acct_1")
    for (const { id } of inserted) yield* cancel(id)
    yield* Effect.sleep("2 seconds")
    // Another turn would read them again: the next window overlaps this one.
    assert.strictEqual((yield* run("acct_1")).turns, 1)
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql`SELECT count(*) AS canceled FROM verification_sessions WHERE status = 'canceled'`
    assert.strictEqual(row?.["canceled"], 350)
  }).pipe(
    Effect.provide([database, Layer.provideMerge(VerificationSessions.layerFromClient, stripe({ sessions: 0 }))]),
    Effect.scoped
  )
)

it.live("an account that Stripe refuses costs one request a run, and its next run is later than that of others", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* run("acct_1"), { turns: 1, pause: Duration.hours(2) })
    assert.deepStrictEqual(yield* run("acct_2"), { turns: 1, pause: Duration.minutes(1) })
    const { accounts } = yield* Sandbox.Sandbox.use((sandbox) => sandbox.traffic)
    assert.strictEqual(accounts["acct_1"], 1)
  }).pipe(
    Effect.provide([
      database,
      Layer.provideMerge(
        VerificationSessions.layerFromClient,
        stripe({ sessions: 10, accounts: { acct_1: { access: "revoked" } } })
      )
    ]),
    Effect.scoped
  )
)

it.live("an account is failing whose rows Postgres refuses because of a trigger or the type of a column", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$`
    yield* sql`CREATE TRIGGER own BEFORE INSERT ON verification_sessions FOR EACH ROW EXECUTE FUNCTION own()`
    yield* run("acct_1")
    assert.match(yield* table(20, Date.now()), /^acct_1 +failing .*not today$/m)
    yield* sql`ALTER TABLE verification_sessions ALTER client_reference_id TYPE varchar(1)`
    yield* run("acct_1")
    assert.match(yield* table(20, Date.now()), /^acct_1 +failing .*value too long for type character varying\(1\)$/m)
  }).pipe(
    Effect.provide([
      Layer.provide(tables, Databases.pglite),
      Layer.provide(VerificationSessions.layerFromClient, stripe({ sessions: 10 }))
    ]),
    Effect.scoped
  )
)

it.live("an account is failing whose rows the table refuses, or whose checkpoint is damaged or of the other mode", () =>
  Effect.gen(function* () {
    yield* run("acct_1")
    const sql = yield* SqlClient.SqlClient
    const created = Math.floor(Date.now() / 1000) - 600
    const checkpoints = sql`UPDATE verification_sessions_checkpoints SET`
    for (const [damage, why] of [
      [
        sql`CREATE TRIGGER own BEFORE INSERT ON verification_sessions BEGIN SELECT RAISE(ABORT, 'not today'); END`,
        /^acct_1 +failing .*not today$/m
      ],
      [sql`${checkpoints} livemode = 1`, /^acct_1 +failing .*Expected sessions of live mode/m],
      [sql`${checkpoints} checkpoint = substr(checkpoint, 1, 40)`, /^acct_1 +failing .*Invalid checkpoint: expected/m]
    ] as const) {
      yield* Sandbox.Sandbox.use(({ account }) => account("acct_1").insert({ created }))
      yield* damage
      yield* run("acct_1")
      assert.match(yield* table(20, Date.now()), why)
    }
  }).pipe(
    Effect.provide([database, Layer.provideMerge(VerificationSessions.layerFromClient, stripe({ sessions: 10 }))]),
    Effect.scoped
  )
)

it.live("an account that is to have a turn at once is due at once, and status says so", () =>
  Effect.gen(function* () {
    yield* run("acct_1")
    assert.deepStrictEqual(yield* Accounts.due, [])
    assert.match(yield* table(20, Date.now()), /^acct_1 .* in (1m 0s|\d+s)$/m)
    assert.deepStrictEqual(yield* Accounts.add(["acct_1"], true), yield* Accounts.due)
    assert.lengthOf(yield* Accounts.due, 1)
    assert.match(yield* table(20, Date.now()), /^acct_1 .* now$/m)
  }).pipe(
    Effect.provide([database, Layer.provide(VerificationSessions.layerFromClient, stripe({ sessions: 10 }))]),
    Effect.scoped
  )
)

it.live("status says how many accounts were never read to the end, and else how far behind the copies are", () =>
  Effect.gen(function* () {
    const summary = Effect.map(table(20, Date.now()), (text) => text.split("\n", 1)[0])
    yield* run("acct_1")
    assert.strictEqual(yield* summary, "1 accounts: 1 current; 10 rows, at most 0s behind")
    yield* Accounts.add(["acct_2", "acct_3"])
    assert.strictEqual(yield* summary, "3 accounts: 2 new, 1 current; 10 rows, 2 accounts never read to the end")
  }).pipe(
    Effect.provide([database, Layer.provide(VerificationSessions.layerFromClient, stripe({ sessions: 10 }))]),
    Effect.scoped
  )
)

it.live("an account that is removed and added again has a turn that it never had", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [before] = yield* Accounts.add(["acct_1"])
    yield* sql`DELETE FROM fleet_accounts`
    yield* Effect.sleep(2)
    const [after] = yield* Accounts.add(["acct_1"])
    // The queue keeps the ids of turns that were taken, and lets none in twice.
    assert.notStrictEqual(after?.turn, before?.turn)
  }).pipe(Effect.provide(database), Effect.scoped)
)

it.live.skipIf(Databases.withoutPostgres !== undefined)(
  "two programs may give the same accounts a turn at the same time, in whatever order",
  () =>
    Effect.gen(function* () {
      const { open } = yield* Databases.Database
      const names = Array.from({ length: 20 }, (_, index) => `acct_${index + 1}`)
      yield* Effect.provide(Accounts.add(names), tables)
      const enroll = (accounts: ReadonlyArray<string>) =>
        Effect.provide(
          Jobs.enroll(accounts, true),
          Layer.provideMerge(Jobs.layer("test", Duration.seconds(3)), Layer.effect(SqlClient.SqlClient, open))
        )
      const enrolled = yield* Effect.all([enroll(names), enroll(names.toReversed())], { concurrency: 2 })
      assert.deepStrictEqual(enrolled, [20, 20])
    }).pipe(Effect.provide(Databases.postgres), Effect.scoped)
)

it.live("all connected accounts of a platform are listed, page by page", () =>
  Effect.gen(function* () {
    const names = Array.from({ length: 250 }, (_, index) => `acct_${index + 1}`)
    const accounts = Object.fromEntries(names.map((name) => [name, {}]))
    const found = yield* Effect.provide(Stream.runCollect(Connected.ids), stripe({ accounts }))
    assert.deepStrictEqual(found, names.reverse())
  })
)

it.live("connected accounts are listed that have no time, as Standard accounts have none", () =>
  Effect.gen(function* () {
    const answer = { object: "list", has_more: false, data: [{ id: "acct_2", created: 1735689600 }, { id: "acct_1" }] }
    const stripe = Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(answer))))
    )
    const client = Layer.provide(StripeClient.layer({ apiKey: Sandbox.apiKey, rateLimit: false }), stripe)
    assert.deepStrictEqual(yield* Effect.provide(Stream.runCollect(Connected.ids), client), ["acct_2", "acct_1"])
  })
)
