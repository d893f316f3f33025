/**
 * The tables of `SqlDestination` and the statements on them, for Postgres and for SQLite.
 *
 * Rows go to the database as one parameter, a JSON array of sessions, and the columns are taken out of it there. So one
 * statement stores any number of rows, its text never changes, and no limit on parameters is near.
 */

export type Dialect = "pg" | "sqlite"

/** The type is Postgres's. A value is made from `s.value`, which is one session, and the statement's parameters. */
type Column = readonly [name: string, type: string, values: { readonly [D in Dialect]: string }]

/** A column with a text of the session. */
const text = (name: string, type = "text", path: ReadonlyArray<string> = [name]): Column => [
  name,
  type,
  { pg: `s.value #>> '{${path.join(",")}}'`, sqlite: `json_extract(s.value, '$.${path.join(".")}')` }
]

const columns: ReadonlyArray<Column> = [
  ["account", "text NOT NULL", { pg: "$1::text", sqlite: "?1" }],
  text("id", "text NOT NULL"),
  [
    "created",
    "timestamptz NOT NULL",
    {
      pg: "to_timestamp((s.value ->> 'created')::bigint)",
      sqlite: "strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(s.value, '$.created'), 'unixepoch')"
    }
  ],
  [
    "livemode",
    "boolean NOT NULL",
    { pg: "(s.value ->> 'livemode')::boolean", sqlite: "json_extract(s.value, '$.livemode')" }
  ],
  text("status", "text NOT NULL"),
  text("type", "text NOT NULL"),
  text("client_reference_id"),
  text("last_error_code", "text", ["last_error", "code"]),
  text("last_error_reason", "text", ["last_error", "reason"]),
  [
    "last_verification_report",
    "text",
    // Where the report is revealed it is an object, and else its id.
    {
      pg: "coalesce(s.value #>> '{last_verification_report,id}', s.value #>> '{last_verification_report}')",
      sqlite:
        "coalesce(json_extract(s.value, '$.last_verification_report.id'), json_extract(s.value, '$.last_verification_report'))"
    }
  ],
  text("redaction_status", "text", ["redaction", "status"]),
  text("related_customer"),
  text("related_customer_account"),
  text("related_person", "text", ["related_person", "person"]),
  text("verification_flow"),
  ["metadata", "jsonb NOT NULL", { pg: "s.value -> 'metadata'", sqlite: "json_extract(s.value, '$.metadata')" }],
  ["session", "jsonb NOT NULL", { pg: "s.value", sqlite: "s.value" }],
  ["read_at", "timestamptz NOT NULL", { pg: "$2::timestamptz", sqlite: "?2" }]
]

const checkpointColumns: ReadonlyArray<readonly [name: string, type: string]> = [
  ["account", "text NOT NULL"],
  ["name", "text NOT NULL"],
  ["livemode", "boolean"],
  ["checkpoint", "text NOT NULL"],
  ["saved_at", "timestamptz NOT NULL"]
]

// SQLite's strict tables have no types for times, JSON and booleans.
const inSqlite = (type: string) => type.replace(/^\w+/, (name) => (name === "boolean" ? "INTEGER" : "TEXT"))

const indexes: ReadonlyArray<readonly [name: string, columns: string]> = [
  ["created", "account, created"],
  ["status", "account, status, created"],
  ["reference", "client_reference_id"],
  ["customer", "related_customer"]
]

/** The tables of sessions and of checkpoints. */
export const tables = (
  table: string
): ReadonlyArray<{ readonly name: string; readonly columns: ReadonlyArray<string> }> => [
  { name: table, columns: columns.map(([name]) => name) },
  { name: `${table}_checkpoints`, columns: checkpointColumns.map(([name]) => name) }
]

/** What makes the tables. */
export const create = (table: string, dialect: Dialect): ReadonlyArray<string> => {
  const strict = dialect === "pg" ? "" : " STRICT"
  const define = ([name, type]: readonly [string, string, unknown?]) =>
    `${name} ${dialect === "pg" ? type : inSqlite(type)}`
  return [
    `CREATE TABLE "${table}" (${columns.map(define).join(", ")}, PRIMARY KEY (account, id))${strict}`,
    ...indexes.map(([name, columns]) => `CREATE INDEX "${table}_${name}" ON "${table}" (${columns})`),
    `CREATE TABLE "${table}_checkpoints" (${checkpointColumns.map(define).join(", ")}, PRIMARY KEY (account, name))${strict}`
  ]
}

/** The columns of a table that exists. Parameter: its name. */
export const existingColumns: { readonly [D in Dialect]: string } = {
  pg: "SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND NOT attisdropped",
  sqlite: "SELECT name FROM pragma_table_info(?1)"
}

/** The statements on the tables, with their parameters. */
export const make = (
  table: string,
  dialect: Dialect
): Readonly<Record<"upsert" | "checkpoint" | "begin" | "advance", string>> => {
  const $ = (place: number, type: string) => (dialect === "pg" ? `$${place}::${type}` : `?${place}`)
  const checkpoints = `"${table}_checkpoints"`
  const replaced = columns.flatMap(([name]) =>
    name === "account" || name === "id" ? [] : [`${name} = excluded.${name}`]
  )
  const sessions =
    dialect === "pg"
      ? "jsonb_array_elements($3::jsonb) AS s(value)"
      : // Without the LIMIT, SQLite would print each session again for each of its columns.
        "(SELECT value FROM json_each(?3) LIMIT -1) AS s WHERE true"
  return {
    /** Stores sessions, each unless a later read of it is there. Parameters: account, time of the read, sessions as JSON. */
    upsert: [
      `INSERT INTO "${table}" AS stored (${columns.map(([name]) => name).join(", ")})`,
      `SELECT ${columns.map(([, , values]) => values[dialect]).join(", ")} FROM ${sessions}`,
      `ON CONFLICT (account, id) DO UPDATE SET ${replaced.join(", ")}`,
      "WHERE stored.read_at <= excluded.read_at"
    ].join(" "),
    /** The stored checkpoint. Parameters: account, name. */
    checkpoint: `SELECT checkpoint FROM ${checkpoints} WHERE account = ${$(1, "text")} AND name = ${$(2, "text")}`,
    /** Stores a first checkpoint. Parameters: account, name, mode, checkpoint, time. A row where it was stored. */
    begin: [
      `INSERT INTO ${checkpoints} (account, name, livemode, checkpoint, saved_at)`,
      `VALUES (${$(1, "text")}, ${$(2, "text")}, ${$(3, "boolean")}, ${$(4, "text")}, ${$(5, "timestamptz")})`,
      "ON CONFLICT (account, name) DO NOTHING RETURNING name"
    ].join(" "),
    /** Stores a checkpoint in place of a known one. Parameters: those of `begin`, and the known one. */
    advance: [
      `UPDATE ${checkpoints} SET checkpoint = ${$(4, "text")}, saved_at = ${$(5, "timestamptz")},`,
      `livemode = coalesce(livemode, ${$(3, "boolean")})`,
      `WHERE account = ${$(1, "text")} AND name = ${$(2, "text")} AND checkpoint = ${$(6, "text")}`,
      `AND coalesce(livemode = ${$(3, "boolean")}, true) RETURNING name`
    ].join(" ")
  }
}

/**
 * JSON that both databases take. Postgres holds neither the character 0 nor half of a surrogate pair, and one such row
 * would stop every batch that it is in. Both become the character that stands for what cannot be shown.
 */
export const toJson = (value: unknown): string => {
  const json = JSON.stringify(value)
  // `JSON.stringify` escapes these, and an escaped backslash before a `u` is no escape of it.
  return json.includes("\\u")
    ? json.replace(/\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g, (found) => (found === "\\\\" ? found : "\\ufffd"))
    : json
}
