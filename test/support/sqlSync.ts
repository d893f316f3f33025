// Reads all sessions into the database that the first parameter names, for tests that kill it.
import { PgClient } from "@effect/sql-pg"
import { Console, Effect, Layer, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { Destination, VerificationSessions } from "effect-stripe-identity"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import * as Sqlite from "../../examples/support/sqlite.ts"

const [address = ""] = process.argv.slice(2)

const database = address.startsWith("postgres:")
  ? PgClient.layer({ url: Redacted.make(address) })
  : Sqlite.layer(address)

const program = Effect.gen(function* () {
  const destination = yield* SqlDestination.make()
  yield* Destination.stream(destination, (from) => VerificationSessions.sync({}, { from })).pipe(Stream.runDrain)
})

await Effect.runPromise(
  program.pipe(
    Effect.tapError((error) => Console.error(error.message)),
    Effect.provide(Layer.provideMerge(SqlDestination.layer(), database)),
    Effect.provide(VerificationSessions.layerConfig({ rateLimit: false })),
    Effect.provide(FetchHttpClient.layer)
  )
)
