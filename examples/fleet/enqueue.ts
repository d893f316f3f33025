// Adds accounts to a fleet: the ids in a file, one on each line, or all connected accounts that Stripe lists. An account
// that is in the fleet already keeps its turn, so this may run every hour.
//
//   node examples/fleet/enqueue.ts --file accounts.txt
//   node examples/fleet/enqueue.ts --connected                     with the key of the platform in STRIPE_API_KEY
//   node examples/fleet/enqueue.ts --file accounts.txt --again     gives each a turn at once, also if it is in the fleet
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Console, Effect, FileSystem, Layer, Option, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { StripeClient } from "effect-stripe-identity"
import * as Accounts from "./support/accounts.ts"
import * as Connected from "./support/connected.ts"
import * as Flags from "./support/flags.ts"
import * as Jobs from "./support/jobs.ts"
import { runOnce } from "./support/main.ts"
import * as Services from "./support/services.ts"

const isAccount = (line: string) => /^acct_\w+$/.test(line)

const fromFile = Effect.fnUntraced(function* (file: string) {
  const text = yield* FileSystem.FileSystem.use((fileSystem) => fileSystem.readFileString(file)).pipe(
    Effect.mapError(({ reason }) => new Error(`${file} cannot be read: ${reason._tag}`))
  )
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
  const wrong = lines.findIndex((line) => !isAccount(line))
  if (wrong >= 0) {
    const found = (lines[wrong] ?? "").slice(0, 40)
    return yield* Effect.fail(new Error(`${file}: expected an account (acct_…) a line, found ${JSON.stringify(found)}`))
  }
  return Array.from(new Set(lines))
})

const fromStripe = Stream.runCollect(Connected.ids).pipe(
  Effect.provide(Layer.provide(StripeClient.layerConfig(), NodeHttpClient.layerUndici))
)

const command = Command.make(
  "enqueue",
  {
    file: Flag.String("file").pipe(
      Flag.withDescription("A file with the id of an account in each line"),
      Flag.optional
    ),
    connected: Flag.Boolean("connected").pipe(
      Flag.withDescription("All connected accounts of the platform whose key is in STRIPE_API_KEY"),
      Flag.withDefault(false)
    ),
    again: Flag.Boolean("again").pipe(
      Flag.withDescription("Give a turn at once also to accounts that are in the fleet already"),
      Flag.withDefault(false)
    ),
    cluster: Flag.Boolean("cluster").pipe(
      Flag.withDescription("The fleet runs on cluster.ts, which has no queue"),
      Flag.withDefault(false)
    ),
    fleet: Flags.shared.fleet,
    lock: Flags.shared.lock
  },
  Effect.fn(function* ({ again, cluster, connected, file, fleet, lock }) {
    if (connected === Option.isSome(file)) {
      return yield* Effect.fail(new Error("Say which accounts: pass either --file or --connected"))
    }
    const accounts = yield* Option.isSome(file) ? fromFile(file.value) : fromStripe
    // Only now, because this makes the database that of the fleet. Somebody named the accounts, so they are none of the sandbox.
    const ofFleet = Services.databaseOf({ connections: 2, fleet, lock }, Effect.succeed(false))
    const database = Layer.provideMerge(Jobs.layer(fleet, lock), ofFleet)
    const enrolled = yield* Effect.provide(
      cluster ? Effect.map(Accounts.add(accounts, again), ({ length }) => length) : Jobs.enroll(accounts, again),
      database
    )
    const what = again ? "have a turn now" : "are new"
    yield* Console.log(`${yield* Services.databaseName}: ${enrolled} of ${accounts.length} accounts ${what}.`)
  })
).pipe(Command.withDescription("Adds accounts to a fleet"))

runOnce(command)
