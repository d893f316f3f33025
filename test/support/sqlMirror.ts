// Mirrors all sessions into a database, once: node sqlMirror.ts ADDRESS [before|after PLACE]
// It kills itself before or after so many saves, where it is told to.
import { PgClient } from "@effect/sql-pg"
import { Console, Effect, Layer, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { Destination, type VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import * as Sqlite from "../../examples/support/sqlite.ts"

const [address = "", moment, place] = process.argv.slice(2)

const database = address.startsWith("postgres:")
  ? PgClient.layer({ url: Redacted.make(address), connectTimeout: "60 seconds" })
  : Sqlite.layer(address)

const program = Effect.gen(function* () {
  const table = yield* SqlDestination.make()
  let saves = 0
  const kill = (at: string) => {
    if (at === moment && saves === Number(place)) process.kill(process.pid, "SIGKILL")
  }
  const killing = {
    open: Effect.map(table.open, ({ from, save }) => ({
      from,
      save: (batch: VerificationSessions.MirrorBatch<VerificationSession.VerificationSession>) =>
        Effect.gen(function* () {
          saves++
          kill("before")
          yield* save(batch)
          kill("after")
        })
    }))
  }
  yield* Destination.stream(killing, (from) =>
    // Without audits, so that what changed is found by events or not at all.
    VerificationSessions.mirror({ from, settle: "1 second", overlap: "2 seconds", audit: false })
  ).pipe(Stream.runDrain)
})

await Effect.runPromise(
  program.pipe(
    Effect.tapError((error) => Console.error(error.message)),
    Effect.provide(Layer.provideMerge(SqlDestination.layer(), database)),
    Effect.provide(VerificationSessions.layerConfig({ rateLimit: false })),
    Effect.provide(FetchHttpClient.layer)
  )
)
