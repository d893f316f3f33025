import { assert, describe, type Vitest } from "@effect/vitest"
import { DateTime, Deferred, Effect, Exit, Layer, Result, Stream } from "effect"
import type { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { Destination, type VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import type { Database } from "./databases.ts"
import { lines, makeChange } from "./sandboxLives.ts"
import { isPostgres, newTable, on, opened, rowsOf } from "./sqlSuite.ts"
import { choices } from "./syncHistory.ts"
import { world } from "./world.ts"

// What a copy in a database has to withstand that `mirror` keeps. Stripe and the time are simulated, the database is not.

/** A sandbox and a client of it, in simulated time: a past one, because the database's clock limits when rows were read. */
export const simulated = (options: Parameters<typeof world>[0]) =>
  Layer.merge(
    world(options),
    Layer.effectDiscard(TestClock.setTime(DateTime.toEpochMillis(DateTime.makeUnsafe("2026-02-01T00:00:00Z"))))
  ).pipe(Layer.provideMerge(TestClock.layer()))

const there = (sandbox: Sandbox.Options) => Layer.fresh(simulated({ sandbox }))

type Batch = VerificationSessions.MirrorBatch<VerificationSession.AnyExpansion>

/** One run of mirror into a destination, batch by batch. */
const batchesInto = <E, R>(
  destination: Destination.Destination<Batch, E, R>,
  options: VerificationSessions.MirrorOptions<ReadonlyArray<VerificationSessions.ListExpandPath>> = {}
) => Destination.stream(destination, (from) => VerificationSessions.mirror({ window: "1 day", ...options, from }))

/** One run of mirror into a destination. */
export const runInto = <E, R>(...[destination, options]: Parameters<typeof batchesInto<E, R>>) =>
  Stream.runDrain(batchesInto(destination, options))

const linesIn = (sql: SqlClient.SqlClient, table: string) =>
  Effect.map(rowsOf(sql, table), (rows) =>
    rows.map(({ id, redaction_status, status }) => `${id} ${status} ${String(redaction_status ?? "")}`)
  )

/** Longer than settle, overlap and the lag of events. */
const settled = TestClock.adjust("25 minutes")

const isTheList = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, table: string) {
  assert.sameMembers(yield* linesIn(sql, table), [...(yield* lines)])
})

/** Some turns of the event loop, in which the database answers. */
const turns = (count: number) =>
  Effect.repeat(
    Effect.promise(() => new Promise((resolve) => setImmediate(resolve))),
    { times: count }
  )

/** Makes Postgres run a statement as soon as it stores this session, until `DROP`. */
const onStoring = (sql: SqlClient.SqlClient, table: string, id: string, statement: string) =>
  Effect.andThen(
    sql.unsafe(
      `CREATE FUNCTION ${table}_trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${statement}; RETURN NEW; END $$`,
      []
    ),
    sql.unsafe(
      `CREATE TRIGGER trouble BEFORE INSERT ON ${table} FOR EACH ROW WHEN (NEW.id = '${id}') EXECUTE FUNCTION ${table}_trouble()`,
      []
    )
  )

export const mirrorSuite = (it: Vitest.MethodsNonLive<Database>, options: { readonly many: boolean }) => {
  describe("a copy that mirror keeps", () => {
    it.effect("is the list in the end, wherever its runs were stopped while sessions changed", () =>
      Effect.gen(function* () {
        let stopped = 0
        for (let seed = 0; seed < 2; seed++) {
          yield* Effect.gen(function* () {
            const random = choices(seed)
            const { below, chance } = random
            const table = newTable()
            const { sql } = yield* opened({ table })
            const change = yield* makeChange(random)
            for (let round = 0; round < 10; round++) {
              yield* Effect.repeat(change, { times: below(12) })
              yield* TestClock.adjust(`${1 + below(1800)} seconds`)
              // Every run is a program of its own: nothing is remembered but what is stored.
              const destination = yield* SqlDestination.make({ table }).pipe(on(sql))
              const run = batchesInto(destination, { audit: chance(0.3) ? "1 hour" : "7 days" })
              if (chance(0.5)) {
                yield* Stream.runDrain(Stream.take(run, below(4)))
                stopped++
              } else {
                const ended = Effect.as(Stream.runDrain(run), 0)
                stopped += yield* Effect.raceFirst(ended, Effect.as(turns(below(200)), 1))
              }
            }
            yield* settled
            yield* runInto(yield* SqlDestination.make({ table }).pipe(on(sql)))
            yield* isTheList(sql, table)
          }).pipe(Effect.provide(there({ sessions: 150, eventLag: "9 minutes", seed })))
        }
        assert.isAbove(stopped, 5)
      }).pipe(Effect.scoped)
    )

    it.effect("is kept by one of two mirrors at once, and the other says that it stored nothing", () =>
      Effect.gen(function* () {
        const table = newTable()
        const owners = [yield* opened({ table }), yield* opened({ table })]
        const random = choices(7)
        const change = yield* makeChange(random)
        for (let round = 0; round < 3; round++) {
          let loaded = 0
          const all = yield* Deferred.make<void>()
          const exits = yield* Effect.forEach(
            owners,
            ({ destination }) => {
              // Both begin at the same checkpoint.
              const open = Effect.tap(destination.open, () => {
                if (++loaded === owners.length) Deferred.doneUnsafe(all, Exit.void)
                return Deferred.await(all)
              })
              return Effect.result(runInto({ open }))
            },
            { concurrency: 2 }
          )
          const [refusal, ...others] = exits.flatMap((exit) => (Result.isFailure(exit) ? [exit.failure] : []))
          assert.deepStrictEqual(others, [])
          assert.match(
            String(refusal),
            /CheckpointMovedError: .*Nothing was stored\. If two programs or runs store it, stop one\. Run the other again to resume/
          )
          yield* isTheList(owners[0]?.sql ?? assert.fail(), table)
          yield* Effect.repeat(change, { times: 20 })
          yield* settled
        }
      }).pipe(Effect.scoped, Effect.provide(there({ sessions: 250 })))
    )

    it.effect("keeps what was read last: a webhook that comes late changes nothing, and a late page neither", () =>
      Effect.gen(function* () {
        const table = newTable()
        const { destination, sql } = yield* opened({ table })
        const sandbox = yield* Sandbox.Sandbox
        const [late, early] = [(yield* sandbox.insert()).id, (yield* sandbox.insert()).id]
        yield* settled
        yield* runInto(destination)
        const statuses = Effect.map(rowsOf(sql, table), (rows) =>
          [late, early].map((id) => rows.find((row) => row.id === id)?.status)
        )
        // One handler has read the session, and hangs before it stores it.
        yield* sandbox.submit(late)
        const [held = assert.fail()] = yield* Stream.runCollect(VerificationSessions.reread([late]))
        yield* sandbox.pass(late)
        yield* settled
        yield* runInto(destination)
        assert.deepStrictEqual(yield* statuses, ["verified", "requires_input"])
        yield* destination.upsert(held)
        assert.deepStrictEqual(yield* statuses, ["verified", "requires_input"])
        // Another one reads and stores, between a page that the mirror has read and its save.
        const slow = {
          open: Effect.map(destination.open, ({ from, save }) => ({
            from,
            save: (batch: Batch) =>
              Effect.gen(function* () {
                if (batch.sessions.some(({ id }) => id === early)) {
                  yield* TestClock.adjust("1 second")
                  yield* sandbox.submit(early)
                  const [read = assert.fail()] = yield* Effect.orDie(
                    Stream.runCollect(VerificationSessions.reread([early]))
                  )
                  yield* destination.upsert(read)
                }
                yield* save(batch)
              })
          }))
        }
        yield* runInto(slow, { audit: "1 second" })
        assert.deepStrictEqual(yield* statuses, ["verified", "processing"])
      }).pipe(Effect.scoped, Effect.provide(there({ sessions: 20 })))
    )

    for (const [trouble, statement] of [
      ["a full disk", "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'"],
      ["a lost connection", "PERFORM pg_terminate_backend(pg_backend_pid())"]
    ] as const) {
      // Where there is one connection, or a file, none can be lost.
      if (trouble === "a lost connection" && !options.many) continue
      it.effect(`has nothing of a batch that ${trouble} broke off, and resumes after it`, () =>
        Effect.gen(function* () {
          const table = newTable()
          const { destination, sql } = yield* opened({ table })
          const { sql: other } = yield* opened({ table })
          const sandbox = yield* Sandbox.Sandbox
          const ids = (yield* sandbox.sessions).map(({ id }) => id)
          const begins = isPostgres(sql)
            ? onStoring(other, table, ids[150] ?? "", statement)
            : Effect.flatMap(sql.unsafe<{ readonly page_count: number }>("PRAGMA page_count", []), ([size]) =>
                sql.unsafe(`PRAGMA max_page_count = ${size?.page_count}`, [])
              )
          const ends = isPostgres(sql)
            ? other.unsafe(`DROP FUNCTION ${table}_trouble CASCADE`, [])
            : sql.unsafe("PRAGMA max_page_count = 1000000", [])
          let saved = 0
          const broken = batchesInto(destination).pipe(
            Stream.tap(() => (++saved === 1 ? begins : Effect.void)),
            Stream.runDrain
          )
          const error = yield* Effect.flip(broken)
          assert.strictEqual(error._tag, "SqlError")
          assert.sameMembers(
            (yield* rowsOf(other, table)).map(({ id }) => id),
            ids.slice(0, 100)
          )
          yield* ends
          yield* sandbox.clearRequests
          // As the next program does.
          const again = yield* SqlDestination.make({ table }).pipe(on(other))
          yield* runInto(again)
          yield* isTheList(other, table)
          // The first page is not asked for again: what is new, and two pages more.
          assert.isAtMost((yield* sandbox.requests).filter(({ path }) => !path.endsWith("events")).length, 3)
        }).pipe(Effect.scoped, Effect.provide(there({ sessions: 250 })))
      )
    }
  })
}
