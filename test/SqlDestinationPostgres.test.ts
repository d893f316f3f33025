import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schedule } from "effect"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import * as Databases from "./support/databases.ts"
import { erasureSuite } from "./support/erasureSuite.ts"
import { mirrorSuite } from "./support/mirrorSuite.ts"
import { killed } from "./support/sqlKills.ts"
import { batch, checkpoint, newTable, on, opened, rowsOf, session, suite } from "./support/sqlSuite.ts"

const { Database } = Databases

if (Databases.withoutPostgres !== undefined) {
  it.skip(`Postgres, which does not answer at ${Databases.withoutPostgres}`, () => {})
} else {
  it.layer(Databases.postgres, { excludeTestServices: true })("Postgres", (it) => {
    suite(it)
    mirrorSuite(it, { many: true })
    erasureSuite(it)
    killed(it)

    it.effect("that has the tables in another schema of the search_path is refused: they may be another tenant's", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { sql } = yield* opened({ table })
        const [own] = yield* sql.unsafe<{ readonly schema: string }>("SELECT current_schema() AS schema", [])
        const tenant = yield* Database.use(({ open }) => open)
        yield* Effect.acquireRelease(tenant.unsafe(`CREATE SCHEMA ${own?.schema}_tenant`, []), () =>
          Effect.orDie(tenant.unsafe(`DROP SCHEMA ${own?.schema}_tenant CASCADE`, []))
        )
        yield* tenant.unsafe(`SET search_path = ${own?.schema}_tenant, ${own?.schema}`, [])
        const layer = on(tenant)(Layer.build(SqlDestination.layer({ table })))
        const make = on(tenant)(SqlDestination.make({ table }))
        for (const error of [yield* Effect.flip(layer), yield* Effect.flip(make)]) {
          assert.match(
            error.message,
            /TableMismatchError: .* in the first schema of the search_path, found it in another\./
          )
        }
        yield* tenant.unsafe(`SET search_path = ${own?.schema}_tenant`, [])
        yield* layer
        yield* make
      }).pipe(Effect.scoped)
    )

    it.effect("lets a program start while a backup reads the tables", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { sql } = yield* opened({ table })
        const backup = yield* Database.use(({ open }) => open)
        yield* sql.unsafe("SET lock_timeout = '1s'", [])
        yield* backup.withTransaction(
          Effect.gen(function* () {
            // The lock that pg_dump takes, and holds until it ends.
            yield* backup.unsafe(
              `LOCK TABLE ${table}, ${table}_checkpoints, ${table}_migrations IN ACCESS SHARE MODE`,
              []
            )
            yield* Effect.provide(Effect.void, Layer.fresh(SqlDestination.layer({ table }))).pipe(on(sql))
          })
        )
      }).pipe(Effect.scoped)
    )

    it.effect("that loses the connection in the middle of a batch has nothing of it, and the next run resumes", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        const blocker = yield* Database.use(({ open }) => open)
        const admin = yield* Database.use(({ open }) => open)
        yield* destination.save(batch(1, [session("vs_5")]))
        const [own] = yield* sql.unsafe<{ readonly pid: number }>("SELECT pg_backend_pid() AS pid", [])
        // The batch stores its checkpoint and its first rows, and then waits for a row that somebody else has locked.
        const saving = yield* blocker.withTransaction(
          Effect.gen(function* () {
            yield* blocker.unsafe(`SELECT * FROM ${table} FOR UPDATE`, [])
            const saving = yield* Effect.forkDetach(
              Effect.flip(
                destination.save(
                  batch(
                    2,
                    ["vs_4", "vs_5", "vs_6"].map((id) => session(id))
                  )
                )
              )
            )
            yield* admin
              .unsafe<{ readonly waits: boolean }>(
                "SELECT count(*) > 0 AS waits FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'",
                [own?.pid]
              )
              .pipe(Effect.repeat({ schedule: Schedule.spaced("5 millis"), until: ([row]) => row?.waits === true }))
            yield* admin.unsafe("SELECT pg_terminate_backend($1)", [own?.pid])
            return saving
          })
        )
        assert.strictEqual((yield* Fiber.join(saving))._tag, "SqlError")
        assert.deepStrictEqual(
          (yield* rowsOf(admin, table)).map(({ id }) => id),
          ["vs_5"]
        )
        // The client notices a moment later that its connection is gone.
        const retry = { schedule: Schedule.spaced("10 millis"), times: 1000 }
        assert.deepStrictEqual(yield* Effect.retry(destination.load, retry), checkpoint(1))
        yield* destination.save(batch(2, [session("vs_6")]))
        assert.lengthOf(yield* rowsOf(admin, table), 2)
      }).pipe(Effect.scoped)
    )
  })
}
