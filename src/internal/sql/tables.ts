/**
 * The tables of `SqlDestination` in a database: made, and looked at before they are used.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { TableMismatchError, UnsupportedDialectError } from "./reasons.ts"
import * as Statements from "./statements.ts"

export interface Client {
  readonly sql: SqlClient.SqlClient
  readonly dialect: Statements.Dialect
}

/** The client, if its database is one of the two. */
export const client: Effect.Effect<Client, UnsupportedDialectError, SqlClient.SqlClient> = Effect.gen(function* () {
  // Names are written as they are, whatever the client's own tables are like.
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const refused = (dialect: string) => () => Effect.fail(new UnsupportedDialectError({ dialect }))
  const accepted = (dialect: Statements.Dialect) => () => Effect.succeed({ sql, dialect })
  return yield* sql.onDialect({
    pg: accepted("pg"),
    sqlite: accepted("sqlite"),
    mysql: refused("MySQL"),
    mssql: refused("SQL Server"),
    clickhouse: refused("ClickHouse")
  })
})

const columnsOf = ({ dialect, sql }: Client, table: string) =>
  Effect.map(sql.unsafe<{ readonly name: string }>(Statements.existingColumns[dialect], [table]), (rows) =>
    rows.map(({ name }) => name)
  )

/** Fails where a table is missing or lacks a column. It may have more. */
export const check = Effect.fnUntraced(function* (
  client: Client,
  table: string
): Effect.fn.Return<void, TableMismatchError | SqlError> {
  for (const { columns, name } of Statements.tables(table)) {
    const found = yield* columnsOf(client, name)
    const missing = columns.filter((column) => !found.includes(column))
    if (missing.length > 0) {
      const problem = found.length === 0 ? "missing" : "columns"
      return yield* new TableMismatchError({ table: name, problem, columns: missing })
    }
  }
})

/** Fails where something else made a table of one of these names. Changes nothing. */
export const checkUnrelated = Effect.fnUntraced(function* (
  client: Client,
  table: string,
  history?: string
): Effect.fn.Return<void, TableMismatchError | SqlError> {
  for (const { name } of Statements.tables(table)) {
    if ((yield* columnsOf(client, name)).length === 0) continue
    // In this order, because a migration at the same time makes the history first.
    if (history !== undefined && (yield* columnsOf(client, history)).length > 0) continue
    return yield* new TableMismatchError({ table: name, problem: "unrelated", columns: [] })
  }
})

/** Makes the tables, where none of these names exists. */
export const create = Effect.fnUntraced(function* (
  client: Client,
  table: string
): Effect.fn.Return<void, TableMismatchError | SqlError> {
  yield* checkUnrelated(client, table)
  for (const statement of Statements.create(table, client.dialect)) yield* client.sql.unsafe(statement, [])
})
