// Shows the state of a fleet: how many accounts are current, failing or refused, and which are most behind.
//
//   node examples/fleet/status.ts
//   node examples/fleet/status.ts --watch --limit 50
import { Clock, Console, Effect, Schedule } from "effect"
import { Command, Flag } from "effect/cli"
import * as Flags from "./support/flags.ts"
import { runOnce } from "./support/main.ts"
import * as Services from "./support/services.ts"
import { table } from "./support/table.ts"

const show = Effect.fnUntraced(function* (limit: number, again: boolean) {
  const text = `Database: ${yield* Services.databaseName}\n${yield* table(limit, yield* Clock.currentTimeMillis)}`
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
      Effect.provide(Services.database({ connections: 1, lock }))
    )
  })
).pipe(Command.withDescription("Shows the state of a fleet"))

runOnce(command)
