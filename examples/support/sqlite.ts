// SQLite as a client of effect/sql, by what Node brings: `layer(path)` with the path of a file, or `layer(":memory:")`.
import { Effect, Layer, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { closeSync, openSync } from "node:fs"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"

const attempt = <A>(run: () => A): Effect.Effect<A, SqlError.SqlError> =>
  Effect.try({
    try: run,
    catch: (cause) => {
      const message = cause instanceof Error ? cause.message : String(cause)
      // Effect knows SQLite's codes as `errno`.
      const coded = Object.assign(new Error(message), { errno: Number(Reflect.get(Object(cause), "errcode")) })
      return new SqlError.SqlError({ reason: SqlError.classifySqliteError(coded, { message }) })
    }
  })

/** Integers as numbers, but for those that no number can hold. */
const withNumbers = <Row extends Record<string, unknown>>(row: Row): Row => {
  for (const name in row) {
    const value: unknown = row[name]
    // Type boundary: a column may hold either.
    if (typeof value === "bigint" && Number.isSafeInteger(Number(value)))
      row[name] = Number(value) as (typeof row)[typeof name]
  }
  return row
}

const connect = Effect.fnUntraced(function* (path: string) {
  // The rows describe people, so only their owner may read them. SQLite gives its other files the same permissions, and
  // says itself what is wrong with a path. A file that exists is never opened here: to close it would drop the locks of
  // every client in this process.
  if (path !== ":memory:") yield* Effect.ignore(attempt(() => closeSync(openSync(path, "ax", 0o600))))
  const database = yield* Effect.acquireRelease(
    attempt(() => new DatabaseSync(path, { timeout: 5000 })),
    (database) => Effect.sync(() => database.close())
  )
  // Readers do not wait for the writer, references between tables hold, and what is deleted is overwritten in the file, but
  // for copies in pages whose rows moved: those stay until VACUUM.
  yield* attempt(() => database.exec("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON"))
  const prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>()
  const prepare = (sql: string) => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    // Some numbers of Effect's cluster are larger than a JavaScript number can be.
    statement.setReadBigInts(true)
    if (prepared.size < 100) prepared.set(sql, statement)
    return statement
  }
  const all = (sql: string, values: ReadonlyArray<unknown>) =>
    // Type boundary: what SQLite cannot bind, it refuses.
    attempt(() =>
      prepare(sql)
        .all(...(values as ReadonlyArray<SQLInputValue>))
        .map(withNumbers)
    )
  const values = (sql: string, given: ReadonlyArray<unknown>) =>
    Effect.map(all(sql, given), (rows) => rows.map((row) => Object.values(row)))
  const execute: SqlConnection.Connection["execute"] = (sql, values, transform) =>
    Effect.map(all(sql, values), (rows) => (transform ? transform(rows) : rows))
  const connection: SqlConnection.Connection = {
    execute,
    executeUnprepared: execute,
    executeRaw: all,
    executeValues: values,
    executeValuesUnprepared: values,
    executeStream: (sql, values) => Stream.fromIterableEffect(all(sql, values))
  }
  const shared = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(connection),
    semaphore: yield* Semaphore.make(1),
    isTransaction: () => database.isTransaction
  })
  return yield* SqlClient.make({
    ...shared,
    compiler: Statement.makeCompilerSqlite(),
    driver: "node:sqlite",
    spanAttributes: [["db.system.name", "sqlite"]]
  })
})

export const layer = (path: string): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(SqlClient.SqlClient, connect(path)).pipe(Layer.provide(Reactivity.layer))
