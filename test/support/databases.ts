import { PgClient } from "@effect/sql-pg"
import { PGlite } from "@electric-sql/pglite"
import { PGLiteSocketServer } from "@electric-sql/pglite-socket"
import { Context, Effect, Layer, Redacted, type Scope } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Sqlite from "../../examples/support/sqlite.ts"

// The databases that `SqlDestination` is tested on, each empty.

type Client = SqlClient.SqlClient

export class Database extends Context.Service<
  Database,
  {
    /** Another connection to it; where it has only one, that one. */
    readonly open: Effect.Effect<Client, SqlError.SqlError, Scope.Scope>
    /** Whether two connections are possible. */
    readonly many: boolean
    /** How another program names it. */
    readonly address: string
  }
>()("test/Database") {}

const client = <E>(layer: Layer.Layer<Client, E>) =>
  Effect.map(Layer.build(Layer.fresh(layer)), Context.get(SqlClient.SqlClient))

/** A file. */
export const sqlite: Layer.Layer<Database> = Layer.effect(
  Database,
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "sqlite-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
    )
    const address = join(folder, "test.sqlite")
    return { open: client(Sqlite.layer(address)), many: true, address }
  })
)

// Postgres in this process begins slowly while many tests run.
const connectTimeout = "60 seconds"

/** Postgres in this process, which has one connection at a time. */
const pgliteServer = Effect.gen(function* () {
  const db = yield* Effect.acquireRelease(
    Effect.promise(() => PGlite.create()),
    (db) => Effect.promise(() => db.close())
  )
  const server = new PGLiteSocketServer({ db, port: 0, host: "127.0.0.1" })
  yield* Effect.acquireRelease(
    Effect.promise(() => server.start()),
    () => Effect.promise(() => server.stop())
  )
  const address = `postgres://postgres@${server.getServerConn()}/postgres`
  return { address, open: client(PgClient.layer({ url: Redacted.make(address), maxConnections: 1, connectTimeout })) }
})

/** The same connection for all. */
export const pglite: Layer.Layer<Database, SqlError.SqlError> = Layer.effect(
  Database,
  Effect.gen(function* () {
    const { address, open } = yield* pgliteServer
    const only = yield* open
    return { open: Effect.succeed(only), many: false, address }
  })
)

/** Connections of other programs, one after the other. */
export const pgliteForPrograms: Layer.Layer<Database> = Layer.effect(
  Database,
  Effect.map(pgliteServer, (server) => ({ ...server, many: false }))
)

const address = process.env["DATABASE_URL"] ?? "postgres://postgres@127.0.0.1:5432/test"

// Tests of one process begin within the same millisecond.
let schemas = 0

/** A server, with a schema of its own for these tests. */
export const postgres: Layer.Layer<Database, SqlError.SqlError> = Layer.effect(
  Database,
  Effect.gen(function* () {
    const schema = `test_${process.pid}_${Math.floor(performance.timeOrigin)}_${schemas++}`
    const admin = yield* client(PgClient.layer({ url: Redacted.make(address) }))
    yield* Effect.acquireRelease(admin.unsafe(`CREATE SCHEMA ${schema}`), () =>
      Effect.orDie(admin.unsafe(`DROP SCHEMA ${schema} CASCADE`))
    )
    const own = new URL(address)
    own.searchParams.set("options", `-c search_path=${schema}`)
    const url = Redacted.make(own.href)
    return { open: client(PgClient.layer({ url, maxConnections: 1, connectTimeout })), many: true, address: own.href }
  })
)

/** Why there is no Postgres to test on, or undefined where there is one. */
export const withoutPostgres: string | undefined = await Effect.runPromise(
  client(PgClient.layer({ url: Redacted.make(address), connectTimeout: "5 seconds" })).pipe(
    Effect.flatMap((sql) => sql.unsafe("SELECT 1", [])),
    Effect.as(undefined),
    Effect.catch((error) => Effect.succeed(`${new URL(address).host}: ${error.message}`)),
    Effect.scoped
  )
)
