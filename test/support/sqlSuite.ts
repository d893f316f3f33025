import { assert, describe, type Vitest } from "@effect/vitest"
import { DateTime, Effect, Exit, Layer, Schema, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { Checkpoint, Destination, VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import { randomBytes } from "node:crypto"
import { inspect } from "node:util"
import { Database } from "./databases.ts"
import { expandedSession, fullSession, leastSession } from "./identityRows.ts"
import { recording } from "./secrets.ts"
import { choices } from "./syncHistory.ts"
import { listIds, world } from "./world.ts"
import { writer } from "./writer.ts"

// What every database has to do as a destination.

let tables = 0
export const newTable = () => `sessions_${++tables}`

export const on = (sql: SqlClient.SqlClient) => Effect.provideService(SqlClient.SqlClient, sql)

const at = (seconds: number) => DateTime.makeUnsafe((1_767_225_600 + seconds) * 1000)

const decode = Schema.decodeUnknownSync(VerificationSession.Json())
const decodeExpanded = Schema.decodeUnknownSync(
  VerificationSession.expanded(["verified_outputs", "last_verification_report"])
)

export const session = (id: string, fields: object = {}) => decode({ ...leastSession, id, ...fields })

export const checkpoint = (place: number): Checkpoint.Checkpoint =>
  Checkpoint.advance(Checkpoint.start({ filter: "0123456789abcdef", livemode: false }), {
    direction: "older",
    rows: [{ id: `vs_${place}`, created: at(place) }],
    end: false
  })

export const batch = (
  place: number,
  sessions: ReadonlyArray<VerificationSession.AnyExpansion>,
  readAt = at(place)
) => ({
  sessions,
  checkpoint: checkpoint(place),
  readAt
})

type Row = { readonly id: string; readonly status: string } & Record<string, unknown>

export const rowsOf = (sql: SqlClient.SqlClient, table: string) =>
  Effect.map(sql.unsafe<Row>(`SELECT * FROM "${table}" ORDER BY account, id`, []), (rows) =>
    rows.map((row): Row => ({ ...row, session: parsed(row["session"]), metadata: parsed(row["metadata"]) }))
  )

const parsed = (value: unknown) => (typeof value === "string" ? JSON.parse(value) : value)

const idsOf = (sql: SqlClient.SqlClient, table: string) =>
  Effect.map(rowsOf(sql, table), (rows) => rows.map(({ id }) => id))

/** A table with its destination, and a connection. */
export const opened = Effect.fnUntraced(function* (options: SqlDestination.Options & { readonly table: string }) {
  const sql = yield* Database.use(({ open }) => open)
  yield* Effect.provide(Effect.void, SqlDestination.layer({ table: options.table })).pipe(on(sql))
  const destination = yield* SqlDestination.make(options).pipe(on(sql))
  return { sql, destination: { ...destination, ...writer(destination) } }
})

export const isPostgres = (sql: SqlClient.SqlClient): boolean =>
  sql.onDialectOrElse({ pg: () => true, orElse: () => false })

export const reasonOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) =>
    error instanceof SqlDestination.SqlDestinationError ? error.reason._tag : String(error)
  )

export const suite = (it: Vitest.MethodsNonLive<Database>) => {
  describe("a batch", () => {
    it.effect("is stored with its checkpoint, in columns to ask by", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table, account: "acct_1" })
        assert.isUndefined(yield* destination.load)
        yield* destination.save(batch(1, [decode({ ...fullSession, livemode: false }), session("vs_2")]))
        const [first, second] = yield* rowsOf(sql, table)
        const { client_secret: _, provided_details: __, url: ___, ...safe } = { ...fullSession, livemode: false }
        assert.deepInclude(first, {
          account: "acct_1",
          id: "vs_1",
          status: "verified",
          type: "document",
          client_reference_id: "user-42",
          last_error_code: "document_expired",
          last_error_reason: "The document is expired.",
          last_verification_report: "vr_1",
          redaction_status: "processing",
          related_customer: "cus_1",
          related_customer_account: "acct_1",
          related_person: "person_1",
          verification_flow: "vf_1",
          metadata: { user_id: "42" },
          session: safe
        })
        assert.deepInclude(second, { id: "vs_2", redaction_status: null, client_reference_id: null, metadata: {} })
        const seconds = isPostgres(sql)
          ? "extract(epoch FROM created)::int"
          : "CAST(strftime('%s', created) AS INTEGER)"
        const times = yield* sql.unsafe<object>(
          `SELECT ${seconds} AS created FROM "${table}" WHERE NOT livemode AND created < read_at ORDER BY id`,
          []
        )
        assert.deepStrictEqual(
          times.map((row) => ({ ...row })),
          [{ created: 1767225600 }, { created: 1767225600 }]
        )
        assert.deepStrictEqual(yield* destination.load, checkpoint(1))
      }).pipe(Effect.scoped)
    )

    it.effect("that the database refuses stores neither rows nor checkpoint, and may come again", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* sql.unsafe(`CREATE UNIQUE INDEX "${table}_own" ON "${table}" (client_reference_id)`, [])
        const twice = ["vs_1", "vs_2"].map((id) => session(id, { client_reference_id: "same" }))
        for (const before of [undefined, 1]) {
          const failure = yield* Effect.flip(destination.save(batch(2, twice)))
          assert.strictEqual(failure._tag, "SqlError")
          assert.deepStrictEqual(yield* idsOf(sql, table), before === undefined ? [] : ["vs_3"])
          assert.deepStrictEqual(yield* destination.load, before && checkpoint(before))
          yield* destination.save(batch(1, [session("vs_3")]))
        }
        yield* destination.save(batch(2, [session("vs_1")]))
        assert.deepStrictEqual(yield* destination.load, checkpoint(2))
      }).pipe(Effect.scoped)
    )

    it.effect("that a transaction around it takes back may come again, with what is stored next to it", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        for (const second of [1, 2]) {
          const rows = batch(second, [session(`vs_${second}`)])
          let times = 0
          const together = sql.withTransaction(
            Effect.andThen(
              destination.save(rows),
              Effect.suspend(() => (times++ === 0 ? Effect.fail("of the caller's own") : Effect.void))
            )
          )
          assert.strictEqual(yield* Effect.flip(together), "of the caller's own")
          assert.lengthOf(yield* rowsOf(sql, table), second - 1)
          yield* together
          yield* destination.save(rows)
          assert.lengthOf(yield* rowsOf(sql, table), second)
          assert.deepStrictEqual(yield* destination.load, checkpoint(second))
        }
      }).pipe(Effect.scoped)
    )

    it.effect("that was stored, and whose save was interrupted before it knew of that, may come again", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { sql } = yield* opened({ table })
        let interrupted = false
        const interruptedOnce = Effect.suspend(() => (interrupted ? Effect.void : Effect.interrupt))
        const transaction: typeof sql.withTransaction = (self) => Effect.tap(sql.withTransaction(self), interruptedOnce)
        const client = new Proxy(sql, {
          get: (target, name) => (name === "withTransaction" ? transaction : Reflect.get(target, name))
        })
        const { save } = yield* Effect.flatMap(SqlDestination.make({ table }), ({ open }) => open).pipe(on(client))
        for (const second of [1, 2, 3]) {
          const rows = batch(second, [session(`vs_${second}`)])
          interrupted = false
          assert.isTrue(Exit.hasInterrupts(yield* Effect.exit(save(rows))))
          interrupted = true
          assert.lengthOf(yield* rowsOf(sql, table), second)
          yield* save(rows)
        }
        assert.lengthOf(yield* rowsOf(sql, table), 3)
      }).pipe(Effect.scoped)
    )

    it.effect("that was taken back is not left out: the next one is refused", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* destination.save(batch(1, [session("vs_1")]))
        const saved = destination.save(batch(2, [session("vs_2")]))
        yield* Effect.ignore(sql.withTransaction(Effect.andThen(saved, Effect.fail("of the caller's own"))))
        // The batches of a window of changes have the checkpoint of the one before.
        for (const second of [2, 3]) {
          assert.strictEqual(yield* reasonOf(destination.save(batch(second, []))), "CheckpointMovedError")
        }
        yield* saved
        yield* destination.save(batch(3, []))
        assert.deepStrictEqual(yield* destination.load, checkpoint(3))
      }).pipe(Effect.scoped)
    )

    it.effect("may be empty, may be large, and may have a session twice: the last counts", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* destination.save(batch(1, []))
        const many = Array.from({ length: 2500 }, (_, index) => session(`vs_${index}`))
        yield* destination.save(batch(2, [...many, session("vs_7", { status: "canceled" })]))
        const rows = yield* rowsOf(sql, table)
        assert.lengthOf(rows, 2500)
        assert.deepStrictEqual(
          rows.filter(({ status }) => status === "canceled").map(({ id }) => id),
          ["vs_7"]
        )
      }).pipe(Effect.scoped)
    )

    it.effect("with characters that Postgres cannot hold is stored all the same", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        const metadata = { a: "\0|\ud800|\udfff", b: '\\u0000 \\\\ud800 " \n 🏛 \u2028', "k\0": "Łódź", quote: "'; --" }
        yield* destination.save(batch(1, [session("vs_1", { metadata })]))
        const [row] = yield* rowsOf(sql, table)
        const shown = { ...metadata, a: "\ufffd|\ufffd|\ufffd", "k\ufffd": "Łódź" }
        assert.deepStrictEqual(
          row?.["metadata"],
          Object.fromEntries(Object.entries(shown).filter(([key]) => key !== "k\0"))
        )
      }).pipe(Effect.scoped)
    )

    it.effect("with the longest reference that Stripe accepts is stored, and found by it", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        // Random, so that the database cannot compress it.
        const reference = randomBytes(3750).toString("base64")
        assert.lengthOf(reference, 5000)
        yield* destination.save(batch(1, [session("vs_1", { client_reference_id: reference }), session("vs_2")]))
        const found = yield* sql`SELECT id FROM ${sql(table)} WHERE client_reference_id = ${reference}`
        assert.deepStrictEqual(
          found.map(({ id }) => id),
          ["vs_1"]
        )
      }).pipe(Effect.scoped)
    )
  })

  describe("two owners of an account", () => {
    it.effect(
      "cannot both store: the later one is told so, stores nothing, and resumes after it has opened again",
      () =>
        Effect.gen(function* () {
          const table = newTable()
          const first = yield* opened({ table })
          const second = yield* opened({ table })
          for (const place of [0, 2]) {
            yield* first.destination.load
            yield* second.destination.load
            yield* first.destination.save(batch(place + 1, [session(`vs_${place + 1}`)]))
            const late = second.destination.save(batch(place + 2, [session(`vs_${place + 2}`)]))
            assert.strictEqual(yield* reasonOf(late), "CheckpointMovedError")
            assert.strictEqual(yield* reasonOf(late), "CheckpointMovedError")
            assert.deepStrictEqual(yield* second.destination.load, checkpoint(place + 1))
            yield* late
            yield* first.destination.load
          }
          assert.deepStrictEqual(yield* idsOf(first.sql, table), ["vs_1", "vs_2", "vs_3", "vs_4"])
        }).pipe(Effect.scoped)
    )

    it.effect("cannot both store either where they share one destination", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        const [one, other] = yield* Effect.all([destination.open, destination.open])
        yield* one.save(batch(1, [session("vs_1")]))
        assert.strictEqual(yield* reasonOf(other.save(batch(2, [session("vs_2")]))), "CheckpointMovedError")
        yield* one.save(batch(3, [session("vs_3")]))
        const { from, save } = yield* destination.open
        assert.deepStrictEqual(from, checkpoint(3))
        yield* save(batch(4, []))
        const { message } = yield* Effect.flip(one.save(batch(5, [])))
        assert.match(message, /as this run left it, found another\. .* Run the other again to resume\.$/)
        assert.deepStrictEqual(yield* idsOf(sql, table), ["vs_1", "vs_3"])
      }).pipe(Effect.scoped)
    )

    it.effect("cannot both store in the same moment either", () =>
      Effect.gen(function* () {
        const table = newTable()
        const owners = yield* Effect.forEach([1, 2, 3], () => opened({ table }))
        for (let round = 0; round < 10; round++) {
          yield* Effect.forEach(owners, ({ destination }) => destination.load)
          const exits = yield* Effect.forEach(
            owners,
            ({ destination }, owner) =>
              Effect.exit(destination.save(batch(round * 10 + owner, [session(`vs_${round}_${owner}`)]))),
            { concurrency: "unbounded" }
          )
          assert.lengthOf(exits.filter(Exit.isSuccess), 1)
        }
        assert.lengthOf(yield* idsOf(owners[0]?.sql ?? assert.fail(), table), 10)
      }).pipe(Effect.scoped)
    )
  })

  describe("a session that is stored again", () => {
    it.effect("is replaced whole", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* destination.upsert({ sessions: [decode(fullSession)], readAt: at(1) })
        yield* destination.upsert({ sessions: [decode(leastSession)], readAt: at(2) })
        const [row] = yield* rowsOf(sql, table)
        assert.deepStrictEqual(row?.["session"], leastSession)
        assert.deepInclude(row, { client_reference_id: null, redaction_status: null, last_verification_report: null })
      }).pipe(Effect.scoped)
    )

    it.effect("ends as its latest read, in whatever order the reads are stored", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        for (let seed = 0; seed < 30; seed++) {
          const { below } = choices(seed)
          const reads = Array.from({ length: 1 + below(6) }, (_, read) => read)
          const id = `vs_${String(seed).padStart(2, "0")}`
          for (const read of reads.toSorted(() => below(3) - 1)) {
            // To the millisecond.
            const readAt = DateTime.add(at(seed), { milliseconds: read })
            yield* destination.upsert({ sessions: [session(id, { status: `status_${read}` })], readAt })
          }
          const rows = yield* rowsOf(sql, table)
          assert.strictEqual(rows.at(-1)?.status, `status_${reads.length - 1}`, `seed ${seed}`)
        }
      }).pipe(Effect.scoped)
    )

    it.effect("ends as its latest read, though the clock of a writer was ahead", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        const store = (status: string, minutes: number) =>
          Effect.gen(function* () {
            yield* Effect.sleep("5 millis")
            yield* destination.upsert({
              sessions: [session("vs_1", { status })],
              readAt: DateTime.add(yield* DateTime.now, { minutes })
            })
            return (yield* rowsOf(sql, table))[0]?.status
          })
        assert.strictEqual(yield* store("ahead", 5), "ahead")
        assert.strictEqual(yield* store("ahead, later", 5), "ahead, later")
        // It hides what others read in one second, and no more.
        yield* Effect.sleep("1 second")
        assert.strictEqual(yield* store("right", 0), "right")
        assert.strictEqual(yield* store("ahead again", 5), "ahead again")
        assert.strictEqual(yield* store("older", -1), "ahead again")
        const ahead = DateTime.formatIso(DateTime.add(yield* DateTime.now, { years: 1 }))
        yield* sql`UPDATE ${sql(table)} SET read_at = ${ahead}`
        assert.strictEqual(yield* store("right again", 0), "right again")
        assert.strictEqual(yield* store("older", -1), "right again")
      }).pipe(Effect.scoped)
    )

    it.effect("keeps the later read though the database's clock is behind by half a second", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        const readAt = DateTime.add(yield* DateTime.now, { milliseconds: 500 })
        yield* destination.upsert({
          sessions: [session("vs_1", { status: "later" })],
          readAt: DateTime.add(readAt, { milliseconds: 100 })
        })
        yield* destination.upsert({ sessions: [session("vs_1", { status: "earlier" })], readAt })
        assert.strictEqual((yield* rowsOf(sql, table))[0]?.status, "later")
      }).pipe(Effect.scoped)
    )

    it.effect("keeps the later read when a transaction that began before it stores an earlier one", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        const other = yield* opened({ table })
        yield* sql.withTransaction(
          Effect.gen(function* () {
            const readAt = yield* DateTime.now
            yield* Effect.sleep("5 millis")
            yield* other.destination.upsert({
              sessions: [session("vs_1", { status: "later" })],
              readAt: yield* DateTime.now
            })
            yield* destination.upsert({ sessions: [session("vs_1", { status: "earlier" })], readAt })
          })
        )
        assert.strictEqual((yield* rowsOf(sql, table))[0]?.status, "later")
      }).pipe(Effect.scoped)
    )

    it.effect("keeps the rows that refer to it", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* destination.upsert({ sessions: [session("vs_1")], readAt: at(1) })
        yield* sql.unsafe(
          `CREATE TABLE ${table}_notes (account text, session text, FOREIGN KEY (account, session) REFERENCES ${table} (account, id) ON DELETE CASCADE)`,
          []
        )
        yield* sql.unsafe(`INSERT INTO ${table}_notes VALUES ('', 'vs_1')`, [])
        yield* destination.save(batch(2, [session("vs_1", { status: "verified" })]))
        assert.lengthOf(yield* sql.unsafe(`SELECT * FROM ${table}_notes`, []), 1)
      }).pipe(Effect.scoped)
    )
  })

  describe("what is secret", () => {
    const secrets = ["vs_1_secret", "verify.stripe.com", "jenny@example.com", "+15555550100", "000000000", "Jenny"]
    const everything = (sql: SqlClient.SqlClient, table: string) =>
      Effect.map(rowsOf(sql, table), (rows) => JSON.stringify(rows))

    it.effect("is not stored unless it is named, and then alone", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* destination.upsert({ sessions: [decodeExpanded(expandedSession)], readAt: at(1) })
        const stored = yield* everything(sql, table)
        for (const secret of secrets) assert.notInclude(stored, secret)
        assert.include(stored, '"last_verification_report":"vr_1"')
        const other = newTable()
        const revealing = yield* opened({ table: other, reveal: ["url"] })
        yield* revealing.destination.upsert({ sessions: [decodeExpanded(expandedSession)], readAt: at(1) })
        const revealed = yield* everything(sql, other)
        assert.deepStrictEqual(
          secrets.filter((secret) => revealed.includes(secret)),
          ["verify.stripe.com"]
        )
      }).pipe(Effect.scoped)
    )

    it.effect("is in no error of the database, which quotes the row that it refuses", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table, reveal: ["url", "client_secret", "provided_details"] })
        yield* sql.unsafe(`CREATE UNIQUE INDEX "${table}_one" ON "${table}" (client_reference_id)`, [])
        const planted = { client_reference_id: "planted@example.com", metadata: { name: "planted" } }
        yield* destination.upsert({ sessions: [session("vs_1", planted)], readAt: at(1) })
        const one = yield* Effect.flip(destination.upsert({ sessions: [session("vs_2", planted)], readAt: at(2) }))
        const batches = Array.from({ length: 1001 }, (_, index) =>
          session(`vs_${index + 2}`, index === 0 ? planted : {})
        )
        const many = yield* Effect.flip(destination.upsert({ sessions: batches, readAt: at(2) }))
        const saved = yield* Effect.flip(destination.save(batch(1, [session("vs_2", planted)])))
        yield* sql.unsafe(`DROP INDEX "${table}_one"`, [])
        // Checked at the end of the transaction. SQLite has no such constraint.
        if (isPostgres(sql))
          yield* sql.unsafe(`ALTER TABLE "${table}" ADD UNIQUE (client_reference_id) DEFERRABLE INITIALLY DEFERRED`, [])
        const late = isPostgres(sql)
          ? yield* Effect.flip(destination.save(batch(1, [session("vs_2", planted)])))
          : saved
        // A trigger may quote it in each part of an error, and so may a statement that it makes.
        const quote = `quote_literal(NEW.client_reference_id)`
        const quoted = yield* Effect.forEach(
          isPostgres(sql)
            ? [`RAISE 'no' USING HINT = ${quote}, DETAIL = ${quote}`, `EXECUTE 'SELECT ' || ${quote} || ' +'`]
            : [],
          (statement) =>
            Effect.gen(function* () {
              yield* sql.unsafe(
                `CREATE OR REPLACE FUNCTION "${table}_refuse"() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN ${statement}; RETURN NEW; END $$`
              )
              yield* sql.unsafe(`CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON "${table}" FOR EACH ROW
                EXECUTE FUNCTION "${table}_refuse"()`)
              return yield* Effect.flip(destination.upsert({ sessions: [session("vs_2", planted)], readAt: at(2) }))
            })
        )
        for (const error of [one, many, saved, late, ...quoted]) {
          assert.strictEqual(error._tag, "SqlError")
          assert.notInclude(inspect(error, { depth: 20, showHidden: true }), "planted")
        }
      }).pipe(Effect.scoped)
    )

    it.effect("is in no span, log or metric, and in no error of a batch, even where it is stored", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination } = yield* opened({ table, reveal: ["url", "client_secret", "provided_details"] })
        const emitted = yield* recording(({ add }) =>
          Effect.gen(function* () {
            yield* destination.upsert({ sessions: [decodeExpanded(expandedSession)], readAt: at(1) })
            yield* destination.save(batch(1, [decodeExpanded({ ...expandedSession, livemode: false })]))
            add(yield* Effect.flip(destination.save(batch(2, [decodeExpanded(expandedSession)]))))
            yield* destination.load
            add(destination)
          })
        )
        assert.include(emitted, "INSERT INTO")
        for (const secret of secrets) assert.notInclude(emitted, secret)
      }).pipe(Effect.scoped)
    )

    it.effect("is gone after a redaction, and stays gone when an older read comes late", () =>
      Effect.gen(function* () {
        const table = newTable()
        const reveal = [
          "url",
          "client_secret",
          "provided_details",
          "verified_outputs",
          "last_verification_report"
        ] as const
        const { destination, sql } = yield* opened({ table, reveal })
        yield* destination.upsert({ sessions: [decodeExpanded(expandedSession)], readAt: at(1) })
        const before = yield* everything(sql, table)
        for (const secret of secrets) assert.include(before, secret)
        const redacted = {
          ...fullSession,
          client_secret: null,
          url: null,
          metadata: {},
          provided_details: { email: "[redacted]", phone: "[redacted]" },
          redaction: { status: "redacted" },
          verified_outputs: { first_name: "[redacted]", dob: { day: 1, month: 1, year: 1 } }
        }
        yield* destination.upsert({ sessions: [decode(redacted)], readAt: at(3) })
        yield* destination.upsert({ sessions: [decodeExpanded(expandedSession)], readAt: at(2) })
        const after = yield* everything(sql, table)
        for (const secret of secrets) assert.notInclude(after, secret)
        assert.include(after, '"redaction_status":"redacted"')
      }).pipe(Effect.scoped)
    )
  })

  describe("a table of many accounts", () => {
    it.effect("keeps their sessions and checkpoints apart", () =>
      Effect.gen(function* () {
        const table = newTable()
        const one = yield* opened({ table, account: "acct_1" })
        const other = yield* opened({ table, account: "acct_2" })
        const again = yield* opened({ table, account: "acct_1", name: "changes" })
        yield* one.destination.save(batch(1, [session("vs_1")]))
        yield* other.destination.save(batch(2, [session("vs_1", { status: "canceled" })]))
        yield* again.destination.save(batch(3, []))
        const rows = yield* rowsOf(one.sql, table)
        assert.deepStrictEqual(
          rows.map(({ status, ...row }) => [row["account"], status]),
          [
            ["acct_1", "requires_input"],
            ["acct_2", "canceled"]
          ]
        )
        assert.deepStrictEqual(yield* one.destination.load, checkpoint(1))
        assert.deepStrictEqual(yield* other.destination.load, checkpoint(2))
        assert.deepStrictEqual(yield* again.destination.load, checkpoint(3))
      }).pipe(Effect.scoped)
    )

    it.effect("refuses sessions of another account or of another mode, and stores none of them", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table, account: "acct_1" })
        const foreign = { ...batch(1, [session("vs_1")]), checkpoint: { ...checkpoint(1), account: "acct_2" } }
        assert.match(
          (yield* Effect.flip(destination.save(foreign))).message,
          /OtherAccountError: Expected sessions of acct_1, got sessions of acct_2\. Pass account: "acct_2" to the destination/
        )
        yield* destination.save({ ...foreign, checkpoint: { ...checkpoint(1), account: "acct_1" } })
        const live = batch(2, [session("vs_2", { livemode: true })])
        assert.match(
          (yield* Effect.flip(destination.save(live))).message,
          /OtherModeError: Expected sessions of test mode for acct_1 .*, got sessions of live mode\. Use a key of test mode/
        )
        assert.deepStrictEqual(yield* idsOf(sql, table), ["vs_1"])
        yield* destination.save(batch(3, []))
        yield* destination.save(batch(4, [session("vs_2")]))
      }).pipe(Effect.scoped)
    )

    it.effect("takes the account at the end of a context for that of the sessions", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination } = yield* opened({ table, account: "acct_1" })
        const own = yield* opened({ table })
        let place = 0
        const of = (context: string) => ({ ...batch(++place, []), checkpoint: { ...checkpoint(place), context } })
        for (const context of ["acct_2", "acct_1/acct_2"]) {
          assert.match(
            (yield* Effect.flip(destination.save(of(context)))).message,
            /OtherAccountError: Expected sessions of acct_1, got sessions of acct_2/
          )
          yield* own.destination.save(of(context))
        }
        yield* destination.save(of("acct_1"))
        yield* destination.save(of("acct_0/acct_1"))
      }).pipe(Effect.scoped)
    )
  })

  describe("the tables", () => {
    it.effect("are made once, by whoever comes first, and as often as programs start", () =>
      Effect.gen(function* () {
        const table = newTable()
        const clients = yield* Effect.forEach([1, 2, 3], () => Database.use(({ open }) => open))
        const migrate = (sql: SqlClient.SqlClient) =>
          Effect.provide(Effect.void, Layer.fresh(SqlDestination.layer({ table }))).pipe(on(sql))
        yield* Effect.forEach(clients, migrate, { concurrency: "unbounded" })
        yield* Effect.forEach(clients, migrate)
        yield* opened({ table })
      }).pipe(Effect.scoped)
    )

    it.effect("must be there, and be ours", () =>
      Effect.gen(function* () {
        const sql = yield* Database.use(({ open }) => open)
        const table = newTable()
        const made = SqlDestination.make({ table }).pipe(on(sql))
        assert.match(
          yield* Effect.map(Effect.flip(made), String),
          /Expected a table sessions_\d+, found none\. Run the migrations/
        )
        yield* sql.unsafe(`CREATE TABLE ${table} (account text, id text, name text)`, [])
        const other = yield* Effect.flip(made)
        assert.match(
          String(other),
          /Expected the table .* to have created, livemode, status, .*read_at, which it lacks\. Run the migrations of this version/
        )
        const migrated = Effect.provide(Effect.void, SqlDestination.layer({ table })).pipe(on(sql))
        const refusal = yield* Effect.flip(migrated)
        assert.match(String(refusal), /Expected to create the table .*, found one that these migrations did not create/)
        assert.deepStrictEqual(yield* sql.unsafe(`SELECT * FROM ${table}`, []), [])
      }).pipe(Effect.scoped)
    )

    it.effect("come back after one was dropped, when the others are dropped too, as the error says", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* destination.save(batch(1, [session("vs_1")]))
        yield* sql.unsafe(`DROP TABLE ${table}`, [])
        const error = yield* Effect.flip(opened({ table }))
        assert.include(
          error.message,
          "If they ran before, drop all its tables first, …_checkpoints and …_migrations too."
        )
        for (const suffix of ["_checkpoints", "_migrations"]) yield* sql.unsafe(`DROP TABLE ${table}${suffix}`, [])
        const again = yield* opened({ table })
        assert.isUndefined(yield* again.destination.load)
      }).pipe(Effect.scoped)
    )

    it.effect("may be renamed, and then are made anew under the old name", () =>
      Effect.gen(function* () {
        const table = newTable()
        const kept = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* destination.save(batch(1, [session("vs_1")]))
        for (const suffix of ["", "_checkpoints", "_migrations"]) {
          yield* sql.unsafe(`ALTER TABLE ${table}${suffix} RENAME TO ${kept}${suffix}`, [])
        }
        // SQLite takes a name for the same whatever its capitals are.
        yield* sql.unsafe(`CREATE TABLE "${table.toUpperCase()}_STATUS_2" (a integer)`, [])
        const anew = yield* opened({ table })
        assert.isUndefined(yield* anew.destination.load)
        yield* anew.destination.save(batch(2, [session("vs_2")]))
        assert.deepStrictEqual(yield* idsOf(sql, table), ["vs_2"])
        const renamed = yield* opened({ table: kept })
        assert.deepStrictEqual(yield* renamed.destination.load, checkpoint(1))
        const indexes = (table: string) =>
          isPostgres(sql)
            ? sql`SELECT indexname AS name FROM pg_indexes WHERE tablename = ${table}`
            : sql`SELECT name FROM pragma_index_list(${table})`
        assert.lengthOf(yield* indexes(table), 5)
        assert.lengthOf(yield* indexes(kept), 5)
      }).pipe(Effect.scoped)
    )

    it.effect("that lack a column work again once all of them are dropped, as the error says", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { sql } = yield* opened({ table })
        yield* sql.unsafe(`ALTER TABLE ${table} DROP COLUMN related_person`, [])
        const error = yield* Effect.flip(opened({ table }))
        assert.include(error.message, "to have related_person, which it lacks.")
        assert.include(error.message, "If they ran before, use another table, or drop all its tables to start over.")
        for (const suffix of ["", "_checkpoints", "_migrations"]) yield* sql.unsafe(`DROP TABLE ${table}${suffix}`, [])
        const again = yield* opened({ table })
        assert.isUndefined(yield* again.destination.load)
      }).pipe(Effect.scoped)
    )

    it.effect("may have columns of one's own, and are found whatever the client's names are like", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* sql.unsafe(`ALTER TABLE ${table} ADD COLUMN note text`, [])
        yield* destination.upsert({ sessions: [session("vs_1")], readAt: at(1) })
        yield* sql.unsafe(`UPDATE ${table} SET note = 'seen'`, [])
        yield* SqlDestination.make({ table }).pipe(
          Effect.flatMap((again) =>
            again.upsert({ sessions: [session("vs_1", { status: "verified" })], readAt: at(2) })
          ),
          on(sql)
        )
        const [row] = yield* rowsOf(sql, table)
        assert.deepInclude(row, { note: "seen", status: "verified" })
      }).pipe(Effect.scoped)
    )
  })

  describe("a run of sync", () => {
    it.effect("resumes wherever it was stopped, and over all runs the table is the list", () =>
      Effect.gen(function* () {
        for (let seed = 0; seed < 4; seed++) {
          const { below } = choices(seed)
          const table = newTable()
          const { destination, sql } = yield* opened({ table })
          const run = Destination.stream(destination, (from) =>
            VerificationSessions.sync({}, { from, pageSize: 10 + below(60) })
          )
          for (let stops = 0; stops < 3; stops++) yield* run.pipe(Stream.take(below(4)), Stream.runDrain)
          yield* Stream.runDrain(run)
          yield* Stream.runDrain(run)
          assert.sameMembers([...(yield* idsOf(sql, table))], [...(yield* listIds)])
        }
      }).pipe(Effect.scoped, Effect.provide(world({ sandbox: { sessions: 250 } })))
    )

    it.effect("never takes the place of what was read while its page was on its way", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        const later = Effect.gen(function* () {
          const sandbox = yield* Sandbox.Sandbox
          yield* Effect.repeat(Effect.sleep("1 millis"), {
            until: () => Effect.map(sandbox.requestCount, (count) => count > 0)
          })
          const [newest] = yield* sandbox.sessions
          // Of two reads that began in the same millisecond, neither is the later one.
          yield* Effect.sleep("2 millis")
          yield* destination.upsert({
            sessions: [session(newest?.id ?? "", { status: "later" })],
            readAt: yield* DateTime.now
          })
        })
        const run = Destination.stream(destination, (from) => VerificationSessions.sync({}, { from }))
        yield* Effect.all([Stream.runDrain(run), later], { concurrency: 2 })
        const rows = yield* rowsOf(sql, table)
        assert.lengthOf(rows, 5)
        assert.lengthOf(
          rows.filter(({ status }) => status === "later"),
          1
        )
      }).pipe(Effect.scoped, Effect.provide(world({ sandbox: { sessions: 5, latency: "60 millis" } })))
    )

    it.effect("fails with what the checkpoint says of itself, before anything is asked for", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* destination.save(batch(1, []))
        yield* sql.unsafe(`UPDATE ${table}_checkpoints SET checkpoint = '{'`, [])
        const error = yield* Effect.flip(destination.load)
        assert.strictEqual(error._tag, "CheckpointMismatchError")
      }).pipe(Effect.scoped)
    )
  })
}
