// A worker of a fleet: copies the sessions of many accounts to a database and keeps the copies up to date. Start as many as
// you like, on as many machines: each account is one job of a queue in the database, and any free worker takes it.
//
//   node examples/fleet/worker.ts --once                                           alone: SQLite, and a limit in memory
//   DATABASE_URL=postgres://… REDIS_URL=redis://… node examples/fleet/worker.ts    with others
//
// A job is one turn of one account: it reads at most `--pages` pages, where a window of events counts as one, and then puts
// the account's next turn into the queue. That turn is due at once if the account has more pages, else after a pause. So one
// worker at a time reads an account, and a large account does not keep the others waiting.
import { Cause, Effect, Layer, Schedule } from "effect"
import { Command } from "effect/cli"
import { StripeError } from "effect-stripe-identity"
import * as Flags from "./support/flags.ts"
import * as Jobs from "./support/jobs.ts"
import { runUntilStopped } from "./support/main.ts"
import * as Services from "./support/services.ts"
import { everyRead, takeTurn, type Work } from "./support/turn.ts"

/** Takes one turn after the other. What fails goes back to the queue, which hands it out again after a pause. */
const work = (options: Work) =>
  Jobs.Jobs.use((jobs) => jobs.take((turn) => takeTurn(turn, options, Jobs.offer))).pipe(
    Effect.catchCause((cause) => {
      const error = Cause.squash(cause)
      if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
      // The key is wrong for every account, so no worker that has it can do anything.
      if (StripeError.isStripeError(error)) return Effect.fail(error)
      return Effect.andThen(Effect.logWarning(cause), Effect.sleep("1 second"))
    }),
    Effect.forever
  )

const command = Command.make(
  "worker",
  { concurrency: Flags.concurrency, once: Flags.once, ...Flags.work, ...Flags.shared },
  Effect.fn(function* ({ concurrency, once, pages, settle, ...options }) {
    const workers = Effect.all(
      Array.from({ length: concurrency }, () => work({ pages, settle, pauses: options })),
      { concurrency: "unbounded", discard: true }
    )
    yield* Effect.gen(function* () {
      if (yield* Services.isAlone) yield* Jobs.enroll(Services.sandboxAccounts)
      yield* Effect.retry(Effect.tapCause(Jobs.offerAll, Effect.logWarning), Schedule.spaced("1 second"))
      yield* Services.ready(concurrency, options.rate)
      yield* Effect.raceFirst(workers, once ? everyRead : Effect.never)
    }).pipe(
      Effect.provide(
        Layer.provideMerge(
          Jobs.layer(options.fleet, options.lock),
          Services.layer({ ...options, connections: concurrency + 2 })
        )
      )
    )
  })
).pipe(Command.withDescription("Keeps copies of the sessions of many accounts"))

runUntilStopped(command)
