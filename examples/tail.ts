// Poll for new sessions until Ctrl-C: node examples/tail.ts
//
// In the sandbox somebody starts a verification every second. A session appears here some seconds after it was created
// (`settle`), because Stripe does not list it at once. An outage of Stripe only delays it. A list does not show that an old
// session changed its status: for that, run examples/mirror.ts.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, DateTime, Effect, Option, Schedule, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { Checkpoint, VerificationSessions } from "effect-stripe-identity"
import { endWithoutReader, report } from "./support/output.ts"
import { presenter } from "./support/presenter.ts"
import { layer, newSessions } from "./support/source.ts"

const follow = Effect.fn("tail")(function* (sessions: Option.Option<number>) {
  const settle = "3 seconds"
  // From the newest session on: the checkpoint says that the list was read to its end, so older sessions are skipped.
  const newest = yield* Stream.runHead(VerificationSessions.sync({}, { pageSize: 1, settle }))
  const from = Option.map(newest, ({ checkpoint }) =>
    Checkpoint.advance(checkpoint, { direction: "older", rows: [], end: true })
  ).pipe(Option.getOrUndefined)
  let shown = 0
  yield* VerificationSessions.tail({}, { from, settle, schedule: Schedule.spaced("2 seconds") }).pipe(
    Stream.flatMap((batch) => Stream.fromIterable(batch.sessions)),
    Stream.take(Option.getOrElse(sessions, () => Infinity)),
    Stream.runForEach(({ created, id, status }) =>
      Effect.andThen(
        Effect.sync(() => shown++),
        Console.log(DateTime.formatIso(created), id, status)
      )
    ),
    // On standard error, so that a pipe gets only sessions.
    Effect.onInterrupt(() => Console.error(`Stopped after ${shown} ${shown === 1 ? "session" : "sessions"}.`))
  )
})

const command = Command.make(
  "tail",
  {
    sessions: Flag.Int("sessions").pipe(
      Flag.withDescription("End after this many sessions (default: never)"),
      Flag.optional
    )
  },
  ({ sessions }) =>
    follow(sessions).pipe(
      Effect.provide(layer({ sandbox: { sessions: 1000 }, meanwhile: newSessions("1 second") })),
      Effect.tapCause(report)
    )
).pipe(Command.withDescription("Polls for new sessions and prints them"))

endWithoutReader()

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([NodeServices.layer, presenter]),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
