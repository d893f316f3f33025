/**
 * The tables of `SqlDestination`, in Postgres and in SQLite: made, looked at before they are used, and filled.
 *
 * Rows go to the database as one parameter: a JSON array of objects, which have the columns as fields. So one statement
 * stores any number of rows, its text never changes, and no limit on parameters is near.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { type EncodedAny, reportId } from "../session/codec.ts"
import { TableMismatchError, UnsupportedDialectError } from "./reasons.ts"

type Dialect = "pg" | "sqlite"

interface Client {
  readonly sql: SqlClient.SqlClient
  readonly dialect: Dialect
}

/** The client, if its database is one of the two. */
export const client: Effect.Effect<Client, UnsupportedDialectError, SqlClient.SqlClient> = Effect.gen(function* () {
  // Names are written as they are, whatever the client's own tables are like.
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const refused = (dialect: string) => () => Effect.fail(new UnsupportedDialectError({ dialect }))
  const accepted = (dialect: Dialect) => () => Effect.succeed({ sql, dialect })
  return yield* sql.onDialect({
    pg: accepted("pg"),
    sqlite: accepted("sqlite"),
    mysql: refused("MySQL"),
    mssql: refused("SQL Server"),
    clickhouse: refused("ClickHouse")
  })
})

/** Whose sessions are stored, and a time before they were read. */
interface Read {
  readonly account: string
  readonly readAt: DateTime.DateTime
}

/** The type is Postgres's. */
type Column = readonly [name: string, type: string, valueOf: (session: EncodedAny, read: Read) => unknown]

const columns: ReadonlyArray<Column> = [
  ["account", "text NOT NULL", (_, { account }) => account],
  ["id", "text NOT NULL", ({ id }) => id],
  ["created", "timestamptz NOT NULL", ({ created }) => DateTime.formatIso(DateTime.fromEpochSeconds(created))],
  ["livemode", "boolean NOT NULL", ({ livemode }) => livemode],
  ["status", "text NOT NULL", ({ status }) => status],
  ["type", "text NOT NULL", ({ type }) => type],
  ["client_reference_id", "text", ({ client_reference_id }) => client_reference_id],
  ["last_error_code", "text", ({ last_error }) => last_error?.code],
  ["last_error_reason", "text", ({ last_error }) => last_error?.reason],
  ["last_verification_report", "text", reportId],
  ["redaction_status", "text", ({ redaction }) => redaction?.status],
  ["related_customer", "text", ({ related_customer }) => related_customer],
  ["related_customer_account", "text", ({ related_customer_account }) => related_customer_account],
  ["related_person", "text", ({ related_person }) => related_person?.person],
  ["verification_flow", "text", ({ verification_flow }) => verification_flow],
  ["metadata", "jsonb NOT NULL", ({ metadata }) => metadata],
  ["session", "jsonb NOT NULL", (session) => session],
  ["read_at", "timestamptz NOT NULL", (_, { readAt }) => DateTime.formatIso(readAt)]
]

const checkpointColumns: ReadonlyArray<readonly [name: string, type: string]> = [
  ["account", "text NOT NULL"],
  ["name", "text NOT NULL"],
  ["livemode", "boolean"],
  ["checkpoint", "text NOT NULL"],
  ["saved_at", "timestamptz NOT NULL"]
]

/** The tables of sessions and of checkpoints. */
const tablesOf = (table: string) => [
  { name: table, columns, key: "account, id" },
  { name: `${table}_checkpoints`, columns: checkpointColumns, key: "account, name" }
]

/** The definition is Postgres's. */
const indexes: ReadonlyArray<readonly [name: string, definition: string]> = [
  ["created", "(account, created)"],
  ["status", "(account, status, created)"],
  // A B-tree of Postgres refuses rows of more than 2,704 bytes. References have up to 5,000 characters; Stripe's own ids
  // and statuses are short.
  ["reference", "USING hash (client_reference_id)"],
  ["customer", "(related_customer)"]
]

// SQLite's strict tables have no types for times, JSON and booleans.
const inSqlite = (type: string) => type.replace(/^\w+/, (name) => (name === "boolean" ? "INTEGER" : "TEXT"))

interface Found {
  readonly name: string
  /** Whether the table is in another schema than the first of the search_path. Postgres alone has several. */
  readonly elsewhere?: boolean
}

/** The names of the columns that a table has. Empty if there is no table. */
const columnsOf = ({ dialect, sql }: Client, table: string) => {
  const columns =
    dialect === "pg"
      ? sql<Found>`
          SELECT attname AS name, relnamespace <> quote_ident(current_schema())::regnamespace AS elsewhere
          FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
          WHERE attrelid = to_regclass(quote_ident(${table})) AND attnum > 0 AND NOT attisdropped`
      : sql<Found>`SELECT name FROM pragma_table_info(${table})`
  return Effect.flatMap(columns, (rows) =>
    rows.some(({ elsewhere }) => elsewhere === true)
      ? Effect.fail(new TableMismatchError({ table, problem: "schema", columns: [] }))
      : Effect.succeed(rows.map(({ name }) => name))
  )
}

type Checked = Effect.fn.Return<void, TableMismatchError | SqlError>

/** Fails where a table is missing or lacks a column. It may have more. */
export const check = Effect.fnUntraced(function* (client: Client, table: string): Checked {
  for (const { columns, name } of tablesOf(table)) {
    const found = yield* columnsOf(client, name)
    const missing = columns.flatMap(([column]) => (found.includes(column) ? [] : [column]))
    if (missing.length > 0) {
      const problem = found.length === 0 ? "missing" : "columns"
      return yield* new TableMismatchError({ table: name, problem, columns: missing })
    }
  }
})

/** Fails where something else made a table of one of these names. Changes nothing. */
export const checkUnrelated = Effect.fnUntraced(function* (client: Client, table: string, history?: string): Checked {
  // Fails if it is in another schema, where the migrator would find it.
  if (history !== undefined) yield* columnsOf(client, history)
  for (const { name } of tablesOf(table)) {
    if ((yield* columnsOf(client, name)).length === 0) continue
    // In this order, because a migration at the same time makes the history first.
    if (history !== undefined && (yield* columnsOf(client, history)).length > 0) continue
    return yield* new TableMismatchError({ table: name, problem: "unrelated", columns: [] })
  }
})

/** Whether the migrations up to this one ran. */
export const isMigrated = Effect.fnUntraced(function* (
  client: Client,
  history: string,
  last: number
): Effect.fn.Return<boolean, TableMismatchError | SqlError> {
  if ((yield* columnsOf(client, history)).length === 0) return false
  const { sql } = client
  return (yield* sql`SELECT name FROM ${sql(history)} WHERE migration_id >= ${last}`).length > 0
})

/** Makes the tables, where none of these names exists. */
export const create = Effect.fnUntraced(function* (client: Client, table: string): Checked {
  yield* checkUnrelated(client, table)
  const { dialect, sql } = client
  for (const { columns, key, name } of tablesOf(table)) {
    const definitions = columns.map(([name, type]) => `${name} ${dialect === "pg" ? type : inSqlite(type)}`)
    const strict = dialect === "pg" ? "" : "STRICT"
    yield* sql.unsafe(`CREATE TABLE "${name}" (${definitions.join(", ")}, PRIMARY KEY (${key})) ${strict}`)
  }
  for (const [name, definition] of indexes) {
    const translated = dialect === "pg" ? definition : definition.replace("USING hash ", "")
    yield* sql.unsafe(`CREATE INDEX "${yield* freeName(client, `${table}_${name}`)}" ON "${table}" ${translated}`)
  }
})

/** A name for an index, or the name with a number: the indexes of a table that was renamed keep theirs. */
const freeName = Effect.fnUntraced(function* ({ dialect, sql }: Client, name: string) {
  for (let count = 1; ; count++) {
    const free = count === 1 ? name : `${name}_${count}`
    const taken = yield* dialect === "pg"
      ? sql`SELECT relname FROM pg_class
          WHERE relname = ${free} AND relnamespace = quote_ident(current_schema())::regnamespace`
      : sql`SELECT name FROM sqlite_schema WHERE name = ${free} COLLATE NOCASE`
    if (taken.length === 0) return free
  }
})

// A second writer compares after the first has committed, by the clock of that moment. In Postgres `now()` is earlier: it
// is when the transaction began, and what others committed since would seem to be of the future.
const latest = {
  pg: "clock_timestamp() + interval '1 second'",
  sqlite: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 second')"
}

/**
 * Stores sessions, each unless a later read of it is there. The clock of a writer may be ahead, and would hide every
 * later read. So the database's clock limits the time of a read, and a row of its future is replaced: what is more than a
 * second ahead of it, because clocks that are kept right differ by less.
 */
export const upsert = ({ dialect, sql }: Client, table: string, sessions: ReadonlyArray<EncodedAny>, read: Read) => {
  const toRow = (session: EncodedAny) =>
    Object.fromEntries(columns.map(([name, , valueOf]) => [name, valueOf(session, read)]))
  const json = toJson(sessions.map(toRow))
  const names = columns.map(([name]) => name)
  const list = (parts: ReadonlyArray<string>) => sql.literal(parts.join(", "))
  const typed = columns.map(([name, type]) => `${name} ${type.replace(" NOT NULL", "")}`)
  const replaced = names.filter((name) => name !== "account" && name !== "id")
  const limit = latest[dialect]
  const values = names.map((name) => {
    const value = dialect === "pg" ? name : `json_extract(value, '$.${name}')`
    return name === "read_at" ? `CASE WHEN ${value} < ${limit} THEN ${value} ELSE ${limit} END` : value
  })
  const rows =
    dialect === "pg"
      ? sql`SELECT ${list(values)} FROM jsonb_to_recordset(${json}::jsonb) AS s(${list(typed)})`
      : // Without the LIMIT, SQLite would print each row again for each of its columns.
        sql`SELECT ${list(values)} FROM (SELECT value FROM json_each(${json}) LIMIT -1) WHERE true`
  return sql`
    INSERT INTO ${sql(table)} AS stored (${list(names)}) ${rows}
    ON CONFLICT (account, id) DO UPDATE SET ${list(replaced.map((name) => `${name} = excluded.${name}`))}
    WHERE stored.read_at <= excluded.read_at OR stored.read_at > ${sql.literal(limit)}`
}

/**
 * JSON that both databases take. Postgres holds neither the character 0 nor half of a surrogate pair, and one such row
 * would stop every batch that it is in. Both become the character that stands for what cannot be shown.
 */
const toJson = (value: unknown): string => {
  const json = JSON.stringify(value)
  // `JSON.stringify` escapes these, and an escaped backslash before a `u` is no escape of it.
  return json.includes("\\u")
    ? json.replace(/\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g, (found) => (found === "\\\\" ? found : "\\ufffd"))
    : json
}
