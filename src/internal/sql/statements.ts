/**
 * The tables of `SqlDestination` and the statements on them, for Postgres and for SQLite.
 *
 * Rows go to the database as one parameter, a JSON array of sessions, and the columns are taken out of it there. So one
 * statement stores any number of rows, its text never changes, and no limit on parameters is near.
 */

export type Dialect = "pg" | "sqlite"

interface Form {
  readonly type: string
  /** The value of the column, from `s.value`, which is one session, and the parameters of the statement. */
  readonly value: string
}

type Column = readonly [name: string, forms: { readonly [D in Dialect]: Form }]

/** A text in the session, at the first of the paths that has one. */
const text = (name: string, ...paths: ReadonlyArray<ReadonlyArray<string>>): Column => {
  const [pg, sqlite] = [
    paths.map((path) => `s.value #>> '{${path.join(",")}}'`),
    paths.map((path) => `json_extract(s.value, '$.${path.join(".")}')`)
  ].map((values) => (values.length === 1 ? values.join() : `coalesce(${values.join(", ")})`))
  return [name, { pg: { type: "text", value: pg ?? "" }, sqlite: { type: "TEXT", value: sqlite ?? "" } }]
}

const required = ([name, { pg, sqlite }]: Column): Column => [
  name,
  { pg: { ...pg, type: `${pg.type} NOT NULL` }, sqlite: { ...sqlite, type: `${sqlite.type} NOT NULL` } }
]

const columns: ReadonlyArray<Column> = [
  required(["account", { pg: { type: "text", value: "$1::text" }, sqlite: { type: "TEXT", value: "?1" } }]),
  required(text("id", ["id"])),
  required([
    "created",
    {
      pg: { type: "timestamptz", value: "to_timestamp((s.value ->> 'created')::bigint)" },
      sqlite: {
        type: "TEXT",
        value: "strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(s.value, '$.created'), 'unixepoch')"
      }
    }
  ]),
  required([
    "livemode",
    {
      pg: { type: "boolean", value: "(s.value ->> 'livemode')::boolean" },
      sqlite: { type: "INTEGER", value: "json_extract(s.value, '$.livemode')" }
    }
  ]),
  required(text("status", ["status"])),
  required(text("type", ["type"])),
  text("client_reference_id", ["client_reference_id"]),
  text("last_error_code", ["last_error", "code"]),
  text("last_error_reason", ["last_error", "reason"]),
  // Where the report is revealed it is an object, and else its id.
  text("last_verification_report", ["last_verification_report", "id"], ["last_verification_report"]),
  text("redaction_status", ["redaction", "status"]),
  text("related_customer", ["related_customer"]),
  text("related_customer_account", ["related_customer_account"]),
  text("related_person", ["related_person", "person"]),
  text("verification_flow", ["verification_flow"]),
  required([
    "metadata",
    {
      pg: { type: "jsonb", value: "s.value -> 'metadata'" },
      sqlite: { type: "TEXT", value: "json_extract(s.value, '$.metadata')" }
    }
  ]),
  required(["session", { pg: { type: "jsonb", value: "s.value" }, sqlite: { type: "TEXT", value: "s.value" } }]),
  required([
    "read_at",
    { pg: { type: "timestamptz", value: "$2::timestamptz" }, sqlite: { type: "TEXT", value: "?2" } }
  ])
]

const checkpointColumns: ReadonlyArray<readonly [name: string, types: { readonly [D in Dialect]: string }]> = [
  ["account", { pg: "text NOT NULL", sqlite: "TEXT NOT NULL" }],
  ["name", { pg: "text NOT NULL", sqlite: "TEXT NOT NULL" }],
  ["livemode", { pg: "boolean", sqlite: "INTEGER" }],
  ["checkpoint", { pg: "text NOT NULL", sqlite: "TEXT NOT NULL" }],
  ["saved_at", { pg: "timestamptz NOT NULL", sqlite: "TEXT NOT NULL" }]
]

const indexes: ReadonlyArray<readonly [name: string, columns: string]> = [
  ["created", "account, created"],
  ["status", "account, status, created"],
  ["reference", "client_reference_id"],
  ["customer", "related_customer"]
]

export interface Table {
  readonly name: string
  readonly columns: ReadonlyArray<string>
}

/** The tables of sessions and of checkpoints. */
export const tables = (table: string): ReadonlyArray<Table> => [
  { name: table, columns: columns.map(([name]) => name) },
  { name: `${table}_checkpoints`, columns: checkpointColumns.map(([name]) => name) }
]

/** What makes the tables. */
export const create = (table: string, dialect: Dialect): ReadonlyArray<string> => {
  const strict = dialect === "pg" ? "" : " STRICT"
  return [
    `CREATE TABLE "${table}" (${columns.map(([name, forms]) => `${name} ${forms[dialect].type}`).join(", ")}, PRIMARY KEY (account, id))${strict}`,
    ...indexes.map(([name, columns]) => `CREATE INDEX "${table}_${name}" ON "${table}" (${columns})`),
    `CREATE TABLE "${table}_checkpoints" (${checkpointColumns.map(([name, types]) => `${name} ${types[dialect]}`).join(", ")}, PRIMARY KEY (account, name))${strict}`
  ]
}

/** The columns of a table that exists. Parameter: its name. */
export const existingColumns: { readonly [D in Dialect]: string } = {
  pg: "SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND NOT attisdropped",
  sqlite: "SELECT name FROM pragma_table_info(?1)"
}

export interface Statements {
  /** Stores sessions, each unless a later read of it is there. Parameters: account, time of the read, sessions as JSON. */
  readonly upsert: string
  /** The stored checkpoint. Parameters: account, name. */
  readonly checkpoint: string
  /** Stores a first checkpoint. Parameters: account, name, mode, checkpoint, time. A row where it was stored. */
  readonly begin: string
  /** Stores a checkpoint in place of a known one. Parameters: those of `begin`, and the known one. */
  readonly advance: string
}

export const make = (table: string, dialect: Dialect): Statements => {
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
    upsert: [
      `INSERT INTO "${table}" AS stored (${columns.map(([name]) => name).join(", ")})`,
      `SELECT ${columns.map(([, forms]) => forms[dialect].value).join(", ")} FROM ${sessions}`,
      `ON CONFLICT (account, id) DO UPDATE SET ${replaced.join(", ")}`,
      "WHERE stored.read_at <= excluded.read_at"
    ].join(" "),
    checkpoint: `SELECT checkpoint FROM ${checkpoints} WHERE account = ${$(1, "text")} AND name = ${$(2, "text")}`,
    begin: [
      `INSERT INTO ${checkpoints} (account, name, livemode, checkpoint, saved_at)`,
      `VALUES (${$(1, "text")}, ${$(2, "text")}, ${$(3, "boolean")}, ${$(4, "text")}, ${$(5, "timestamptz")})`,
      "ON CONFLICT (account, name) DO NOTHING RETURNING name"
    ].join(" "),
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
