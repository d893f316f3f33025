// Shows the state of a fleet: how many accounts are current, failing or refused, and which are most behind.
//
//   node examples/fleet/status.ts
//   node examples/fleet/status.ts --watch --limit 50
import { Clock, Console, Effect, Schedule } from "effect"
import { Command, Flag } from "effect/cli"
import * as Flags from "./support/flags.ts"
import * as Log from "./support/log.ts"
import { runOnce } from "./support/main.ts"
import * as Services from "./support/services.ts"
import { table } from "./support/table.ts"

const show = Effect.fnUntraced(function* (limit: number, again: boolean) {
  const database = yield* Services.databaseName
  const shown = yield* Effect.mapError(table(limit, yield* Clock.currentTimeMillis), (error) =>
    /fleet_accounts.* does not exist|no such table: fleet_accounts/.test(Log.describe(error))
      ? new Error(
          `${database}: expected the database of a fleet, found no accounts. Set DATABASE_URL, or start a worker.`
        )
      : error
  )
  const text = `Database: ${database}\n${shown}`
  // On a terminal the new table takes the place of the old one.
  yield* Console.log(again && process.stdout.isTTY ? `\u001b[2J\u001b[H${text}` : text)
})

const command = Command.make(
  "status",
  {
    limit: Flags.limit,
    watch: Flag.Boolean("watch").pipe(Flag.withDescription("Show it again every 2 seconds"), Flag.withDefault(false)),
    lock: Flags.shared.lock
  },
  Effect.fn(function* ({ limit, lock, watch }) {
    const shown = show(limit, watch)
    yield* (watch ? Effect.repeat(shown, Schedule.spaced("2 seconds")) : shown).pipe(
      Effect.provide(Services.databaseToRead({ connections: 1, lock }))
    )
  })
).pipe(Command.withDescription("Shows the state of a fleet"))

runOnce(command)
