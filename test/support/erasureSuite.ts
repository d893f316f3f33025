import { assert, describe, type Vitest } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { existsSync, readFileSync } from "node:fs"
import * as Databases from "./databases.ts"
import { runInto, simulated } from "./mirrorSuite.ts"
import { batch, isPostgres, newTable, opened, rowsOf, session } from "./sqlSuite.ts"

// A redaction in Stripe reaches everything that a copy holds of a person: every column of every table, and in SQLite the
// bytes of its files.

/** All texts in a value. */
const textsIn = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(textsIn)
      : []

/** Everything in the database but its bookkeeping, as text. */
const everything = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
  const tables = yield* sql.unsafe<{ readonly name: string }>(
    isPostgres(sql)
      ? "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
      : "SELECT name FROM sqlite_master WHERE type = 'table'",
    []
  )
  assert.isAtLeast(tables.length, 3)
  const rows = yield* Effect.forEach(tables, ({ name }) => sql.unsafe(`SELECT * FROM "${name}"`, []))
  return JSON.stringify(rows)
})

/** The bytes of SQLite's files, after what the guide says to run. */
const bytesOf = (address: string) =>
  Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
    yield* sql.unsafe("VACUUM", [])
    yield* sql.unsafe("PRAGMA wal_checkpoint(TRUNCATE)", [])
    return ["", "-wal", "-shm"]
      .filter((suffix) => existsSync(address + suffix))
      .map((suffix) => readFileSync(address + suffix, "utf8"))
      .join("\n")
  })

const everyPath = [
  "data.verified_outputs",
  "data.verified_outputs.dob",
  "data.verified_outputs.id_number",
  "data.last_verification_report",
  "data.last_verification_report.document.number",
  "data.last_verification_report.document.dob"
] as const

const everySecret = [
  "client_secret",
  "url",
  "provided_details",
  "verified_outputs",
  "last_verification_report"
] as const

/** More than a page of SQLite holds. What is deleted of such a row leaves whole pages behind. */
const notes = (about: string) =>
  Object.fromEntries(Array.from({ length: 50 }, (_, note) => [`note_${note}`, `${about}, ${note} `.padEnd(200, "x")]))

const erased = (search: (sql: SqlClient.SqlClient) => Effect.Effect<string, unknown>) =>
  Effect.gen(function* () {
    const table = newTable()
    const { destination, sql } = yield* opened({ table, reveal: everySecret })
    const sandbox = yield* Sandbox.Sandbox
    const run = runInto(destination, { expand: everyPath })
    const told = yield* sandbox.insert({ type: "document", metadata: notes("told of by an event") })
    const silent = yield* sandbox.insert({ type: "document", metadata: notes("found by an audit") })
    for (const { id } of [told, silent]) {
      yield* sandbox.submit(id)
      yield* sandbox.pass(id)
    }
    yield* TestClock.adjust("1 hour")
    yield* run
    const before = yield* rowsOf(sql, table)

    yield* sandbox.injectEvent(Sandbox.EventFault.Lost(), {
      times: Infinity,
      when: ({ session }) => session === silent.id
    })
    yield* sandbox.redact(told.id)
    yield* sandbox.redact(silent.id)
    yield* TestClock.adjust("2 days")
    yield* run
    const after = yield* rowsOf(sql, table)
    const others = new Set(after.filter(({ id }) => id !== silent.id).flatMap(({ session }) => textsIn(session)))
    /** What only this session said, and no longer may. Short ones may be anywhere by chance. */
    const personal = (id: string) =>
      textsIn(before.find((row) => row.id === id)?.["session"]).filter(
        (text) => text.length > 5 && text !== id && !others.has(text)
      )
    const [toldOf, unheard] = [personal(told.id), personal(silent.id)]
    // Metadata, and what stood in the document.
    assert.isAtLeast(Math.min(toldOf.length, unheard.length), 50)
    const between = yield* search(sql)
    for (const text of toldOf) assert.notInclude(between, text)
    // A text that goes over the end of a page is in two parts.
    assert.isAbove(unheard.filter((text) => between.includes(text)).length, unheard.length * 0.9)

    yield* TestClock.adjust("7 days")
    yield* run
    const end = yield* search(sql)
    const kept = new Set((yield* rowsOf(sql, table)).flatMap(({ session }) => textsIn(session)))
    const gone = unheard.filter((text) => !kept.has(text))
    assert.isAtLeast(gone.length, 50)
    for (const text of [...toldOf, ...gone]) assert.notInclude(end, text)
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.fresh(simulated({ sandbox: { sessions: 20 }, client: { apiKey: Sandbox.sensitiveApiKey } })))
  )

export const erasureSuite = (it: Vitest.MethodsNonLive<Databases.Database>) => {
  describe("what a redaction took away", () => {
    it.effect("is in no column of any table, whether an event told of it or an audit found it", () =>
      erased(everything)
    )

    it.effect("is not in what Postgres samples of the columns, after VACUUM (FULL, ANALYZE)", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        if (!isPostgres(sql)) return
        const ids = Array.from({ length: 100 }, (_, index) => index)
        const sampled = Effect.map(
          sql.unsafe(
            "SELECT most_common_vals::text AS common, histogram_bounds::text AS bounds FROM pg_stats WHERE tablename = $1",
            [table]
          ),
          JSON.stringify
        )
        yield* destination.save(
          batch(
            1,
            ids.map((index) => session(`vs_${index}`, { metadata: { name: `person ${index}.` } }))
          )
        )
        // As autovacuum does after many new rows. It looks at a table again only when a tenth of it has changed.
        yield* sql.unsafe(`ANALYZE "${table}"`, [])
        assert.match(yield* sampled, /person \d+\./)
        yield* destination.save(
          batch(
            2,
            ids.map((index) => session(`vs_${index}`))
          )
        )
        yield* sql.unsafe(`VACUUM (FULL, ANALYZE) "${table}"`, [])
        assert.notMatch(yield* sampled, /person \d+\./)
      }).pipe(Effect.scoped)
    )
  })
}

/** In a file of its own, which nobody else has open. */
export const erasureOfFiles = (it: Vitest.Methods) => {
  it.live("is in no byte of the files of SQLite either, after VACUUM and PRAGMA wal_checkpoint", () =>
    Databases.Database.use(({ address }) => erased(bytesOf(address))).pipe(
      Effect.scoped,
      Effect.provide(Layer.fresh(Databases.sqlite))
    )
  )

  // What SQLite moves to another page it does not overwrite where it was.
  it.live("is in no byte either of pages whose rows had moved", () =>
    Effect.gen(function* () {
      const { destination, sql } = yield* opened({ table: newTable() })
      const { address } = yield* Databases.Database
      const ids = Array.from({ length: 200 }, (_, index) => index)
      const row = (index: number, fields: object) => session(`vs_${index}`, fields)
      const person = (index: number, reason: string) =>
        row(index, { metadata: { name: `person ${index}.` }, last_error: { code: "abandoned", reason } })
      let place = 0
      const save = (sessions: ReadonlyArray<ReturnType<typeof session>>) => destination.save(batch(++place, sessions))
      yield* save(ids.map((index) => person(index, "x".repeat((index * 37) % 100))))
      for (const index of ids) yield* save([person((index * 61) % 200, "x".repeat((index * 91) % 300))])
      for (const index of ids) yield* save([row(index, { redaction: { status: "redacted" } })])
      assert.notMatch(yield* bytesOf(address)(sql), /person \d+\./)
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(Databases.sqlite)))
  )
}
