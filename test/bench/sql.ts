// What SqlDestination costs compared with a plain loop of the same client: processor time of this process and rows a second.
//
//   npm run bench:sql -- [postgres://…]
//
// The plain loops store the same rows with the same checkpoint: one with the upsert of SqlDestination, one with a bound
// value a column, as one would write it by hand. Rounds are interleaved, and the figures are medians.
import { PgClient } from "@effect/sql-pg"
import { DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Checkpoint, VerificationSession } from "effect-stripe-identity"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import * as Sqlite from "../../examples/support/sqlite.ts"
import * as Tables from "../../src/internal/sql/tables.ts"
import { fullSession } from "../support/identityRows.ts"
import { median } from "./support/measure.ts"

const batches = 100
const rows = 100
const rounds = 25

const decode = Schema.decodeUnknownSync(VerificationSession.Json())

const wire = Array.from({ length: batches }, (_, batch) =>
  Array.from({ length: rows }, (_, row) => ({
    ...fullSession,
    object: "identity.verification_session" as const,
    id: `vs_${String(batch * rows + row).padStart(8, "0")}`,
    // A reference of each person: the hash index walks through all rows of one that they share.
    client_reference_id: `person_${batch * rows + row}`
  }))
)
const sessions = wire.map((batch) => batch.map((row) => decode(row)))
const checkpoint = (batch: number) => ({ ...Checkpoint.start({ filter: "bench" }), filter: `bench${batch}` })

interface Reading {
  /** Microseconds a row. */
  readonly processor: number
  readonly wall: number
}

const measure = <E>(run: Effect.Effect<unknown, E>): Effect.Effect<Reading, E> =>
  Effect.gen(function* () {
    const before = process.cpuUsage()
    const start = performance.now()
    yield* run
    const wall = ((performance.now() - start) * 1000) / (batches * rows)
    const { system, user } = process.cpuUsage(before)
    return { processor: (user + system) / (batches * rows), wall }
  })

const show = (name: string, own: ReadonlyArray<Reading>, plain: ReadonlyArray<Reading>): string => {
  const processor = median(own.map((reading) => reading.processor)).toFixed(1)
  const rate = Math.round(1e6 / median(own.map(({ wall }) => wall))).toLocaleString("en-US")
  const times = (of: keyof Reading) =>
    median(own.map((reading, round) => reading[of] / (plain[round]?.[of] ?? Number.NaN))).toFixed(2)
  return `${name.padEnd(20)} ${processor} µs a row (× ${times("processor")}), ${rate} rows a second (× ${times("wall")} the time)`
}

const program = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const dialect = sql.onDialectOrElse({ pg: () => "pg" as const, orElse: () => "sqlite" as const })
  const destination = yield* SqlDestination.make()
  const readAt = "2026-01-01T00:00:00.000Z"
  const read = { account: "", readAt: DateTime.makeUnsafe(readAt) }
  const columns = ["id", "created", "livemode", "status", "type", "client_reference_id", "last_error_code"]
  const more = ["last_error_reason", "last_verification_report", "redaction_status", "related_customer"]
  const last = ["related_customer_account", "related_person", "verification_flow", "metadata", "session", "read_at"]
  const names = ["account", ...columns, ...more, ...last]
  const created = dialect === "pg" ? new Date(fullSession.created * 1000) : readAt
  const values = (row: typeof fullSession) => [
    "",
    row.id,
    created,
    dialect === "pg" ? row.livemode : Number(row.livemode),
    row.status,
    row.type,
    row.client_reference_id,
    row.last_error.code,
    row.last_error.reason,
    row.last_verification_report,
    row.redaction.status,
    row.related_customer,
    row.related_customer_account,
    row.related_person.person,
    row.verification_flow,
    JSON.stringify(row.metadata),
    JSON.stringify(row),
    dialect === "pg" ? new Date(readAt) : readAt
  ]
  const byHand = `INSERT INTO verification_sessions (${names.join(", ")}) VALUES ${Array.from(
    { length: rows },
    (_, row) =>
      `(${names.map((_, column) => (dialect === "pg" ? `$${row * names.length + column + 1}` : "?")).join(", ")})`
  ).join(", ")} ON CONFLICT (account, id) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`
  const clear = Effect.andThen(
    sql.unsafe("DELETE FROM verification_sessions", []),
    sql.unsafe("DELETE FROM verification_sessions_checkpoints", [])
  )
  const mode = dialect === "pg" ? true : 1
  const begin = sql`INSERT INTO verification_sessions_checkpoints VALUES ('', 'sync', ${mode}, '-1', ${readAt})`
  const loop = (store: (batch: number) => Effect.Effect<unknown, unknown>) =>
    Effect.forEach(
      Array.from(wire.keys()),
      (batch) =>
        sql.withTransaction(
          Effect.andThen(
            sql`UPDATE verification_sessions_checkpoints
              SET checkpoint = ${`${batch}`}, saved_at = ${readAt}, livemode = coalesce(livemode, ${mode})
              WHERE account = '' AND name = 'sync' AND checkpoint = ${`${batch - 1}`}
              AND coalesce(livemode = ${mode}, true) RETURNING name`,
            store(batch)
          )
        ),
      { discard: true }
    )
  const contenders = {
    SqlDestination: Effect.flatMap(destination.open, ({ save }) =>
      Effect.forEach(sessions, (batch, at) =>
        save({ sessions: batch, checkpoint: checkpoint(at), readAt: DateTime.makeUnsafe(readAt) })
      )
    ),
    "the same statements": Effect.andThen(
      begin,
      loop((batch) => Tables.upsert({ dialect, sql }, "verification_sessions", wire[batch] ?? [], read))
    ),
    "a value a column": Effect.andThen(
      begin,
      loop((batch) => sql.unsafe(byHand, (wire[batch] ?? []).flatMap(values)))
    )
  }
  const readings = new Map<string, Array<Reading>>(Object.keys(contenders).map((name) => [name, []]))
  // The first round only warms up.
  for (let round = -1; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      yield* clear
      const reading = yield* measure(run)
      if (round >= 0) readings.get(name)?.push(reading)
    }
  }
  console.log(`${dialect}, ${batches} batches of ${rows} rows, ${rounds} rounds, × the same statements`)
  for (const [name, own] of readings) console.log(show(name, own, readings.get("the same statements") ?? []))
})

const [address] = process.argv.slice(2)
const database = address === undefined ? Sqlite.layer(":memory:") : PgClient.layer({ url: Redacted.make(address) })

await Effect.runPromise(Effect.provide(program, Layer.provideMerge(SqlDestination.layer(), database)))
