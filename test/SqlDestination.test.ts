import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, Statement } from "effect/sql"
import { existsSync, readFileSync, statSync } from "node:fs"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import * as Databases from "./support/databases.ts"
import { erasureOfFiles, erasureSuite } from "./support/erasureSuite.ts"
import { mirrorSuite } from "./support/mirrorSuite.ts"
import { killed } from "./support/sqlKills.ts"
import { batch, checkpoint, newTable, on, opened, reasonOf, rowsOf, session, suite } from "./support/sqlSuite.ts"

const { Database } = Databases

// One after the other: SQLite blocks its thread while it waits for a lock, so a transaction of another test in this process,
// which has begun and not ended, would never end.
describe("in a file", { concurrent: false }, () => {
  it.layer(Databases.sqlite, { excludeTestServices: true })("SQLite", (it) => {
    suite(it)
    mirrorSuite(it, { many: false })
    erasureSuite(it)
    killed(it)

    it.effect("is a file, with a log, that only its owner may read", () =>
      Effect.gen(function* () {
        const { address } = yield* Database
        const { destination } = yield* opened({ table: newTable() })
        yield* destination.save(batch(1, [session("vs_1")]))
        for (const file of [address, `${address}-wal`, `${address}-shm`]) {
          assert.strictEqual(statSync(file).mode & 0o777, 0o600)
        }
      }).pipe(Effect.scoped)
    )

    it.effect("stays locked against other programs when another client of this program opens it", () =>
      Effect.gen(function* () {
        const { address, open } = yield* Database
        yield* opened({ table: newTable() })
        yield* open
        // Of SQLite's lock of readers (www.sqlite.org/lockingv3.html). Without it another program, with an older SQLite,
        // would take itself for the last one when it closes the file, and remove the log in which rows are.
        const ofReaders = new RegExp(`READ +${process.pid} [0-9a-f:]+:${statSync(address).ino} 1073741826 `)
        const locks = existsSync("/proc/locks") ? readFileSync("/proc/locks", "utf8") : ""
        if (locks.includes(` ${process.pid} `)) assert.match(locks, ofReaders)
      }).pipe(Effect.scoped)
    )

    it.effect("whose disk is full stores nothing of a batch, and resumes when there is room", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        yield* destination.save(batch(1, [session("vs_1")]))
        const [size] = yield* sql.unsafe<{ readonly page_count: number }>("PRAGMA page_count", [])
        yield* sql.unsafe(`PRAGMA max_page_count = ${size?.page_count}`, [])
        const large = Array.from({ length: 500 }, (_, index) => session(`vs_${index + 2}`))
        const error = yield* Effect.flip(destination.save(batch(2, large)))
        assert.match(error.message, /full/)
        assert.lengthOf(yield* rowsOf(sql, table), 1)
        assert.deepStrictEqual(yield* destination.load, checkpoint(1))
        yield* sql.unsafe("PRAGMA max_page_count = 1000000", [])
        yield* destination.save(batch(2, large))
        assert.lengthOf(yield* rowsOf(sql, table), 501)
      }).pipe(Effect.scoped)
    )

    it.effect("that another program is writing to stores nothing, and says so", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        const other = yield* Database.use(({ open }) => open)
        yield* sql.unsafe("PRAGMA busy_timeout = 10", [])
        yield* other.withTransaction(
          Effect.gen(function* () {
            yield* other.unsafe(`DELETE FROM ${table}`, [])
            const error = yield* Effect.flip(destination.save(batch(1, [session("vs_1")])))
            assert.deepInclude(error, { _tag: "SqlError" })
            assert.match(error.message, /locked/)
          })
        )
        yield* destination.save(batch(1, [session("vs_1")]))
        assert.lengthOf(yield* rowsOf(other, table), 1)
      }).pipe(Effect.scoped)
    )
  })
})

describe("what a redaction took away", () => {
  erasureOfFiles(it)
})

describe("a destination that cannot be", () => {
  const client = (dialect: Statement.Dialect) =>
    Layer.effect(
      SqlClient.SqlClient,
      SqlClient.make({
        acquirer: Effect.die("nothing is asked"),
        compiler: { ...Statement.makeCompilerSqlite(), dialect },
        driver: "test",
        spanAttributes: []
      })
    ).pipe(Layer.provide(Reactivity.layer))

  it.effect("is refused before anything is asked: another dialect", () =>
    Effect.gen(function* () {
      for (const dialect of ["mysql", "mssql", "clickhouse"] as const) {
        const sql = yield* SqlClient.SqlClient.pipe(Effect.provide(client(dialect)))
        assert.strictEqual(yield* reasonOf(SqlDestination.make().pipe(on(sql))), "UnsupportedDialectError")
        const layer = Effect.provide(Effect.void, SqlDestination.layer()).pipe(on(sql))
        assert.match(String(yield* Effect.flip(layer)), /Expected a client of Postgres or SQLite, got one of/)
      }
    })
  )

  it.effect("is refused before anything is asked: invalid options", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient.pipe(Effect.provide(client("pg")))
      for (const [options, words] of [
        [{ table: "a.b" }, /table: expected 1 to 40 lower-case letters.*, got "a\.b"/],
        [{ table: 'a"; DROP TABLE b' }, /table: expected .*, got /],
        [{ table: "" }, /table: expected .*, got ""/],
        [{ account: 1 }, /account: expected .*, got 1/],
        [{ reveal: ["uri"] }, /reveal\[0\]: expected .*, got "uri"\. Did you mean "url"\?/],
        [{ tabel: "a" }, /tabel: expected .*, got "tabel"\. Did you mean "table"\?/],
        [null, /options: expected .*, got null/]
      ] as const) {
        // Type boundary: what plain JavaScript may pass.
        const made = SqlDestination.make(options as unknown as SqlDestination.Options).pipe(on(sql))
        const error = yield* Effect.flip(made)
        assert.strictEqual(error._tag, "SqlDestinationError")
        assert.match(error.message, words)
      }
    })
  )
})
