// Every verified session to a file of NDJSON: npm start
//
// Secret and personal fields (client_secret, url, provided_details) are left out; VerificationSession.Json says how to
// keep some. Rows go to FILE.partial, which becomes FILE when the export is complete. After a stop or a crash, --resume
// continues, and every session is in the file once. Sessions of the last minute are left for the next export, because
// Stripe lists a session late.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Duration, Effect, FileSystem, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { Destination, FileDestination, Progress, VerificationSessions } from "effect-stripe-identity"
import { inWords, prepareFile } from "./support/files.ts"
import { continueWithoutReader, report } from "./support/output.ts"
import { presenter } from "./support/presenter.ts"
import { display } from "./support/progress.ts"
import { layer } from "./support/source.ts"

const filter = { status: "verified" } as const

const exportTo = Effect.fn("export")(function* (
  output: string,
  options: { readonly resume: boolean; readonly restart: boolean; readonly quiet: boolean },
  progress: Progress.Tracker
) {
  const fileSystem = yield* FileSystem.FileSystem
  const { end, show } = display(options)

  if (options.resume && options.restart) {
    return yield* Effect.fail(
      new Error("--resume continues the stopped export and --restart deletes it. Choose one of them.")
    )
  }
  const file = yield* prepareFile(output)
  const partial = `${file}.partial`
  if (options.restart) yield* fileSystem.remove(partial, { force: true })
  const isBegun = yield* fileSystem.exists(partial)
  if (isBegun && !options.resume) {
    return yield* Effect.fail(
      new Error(
        `${partial} is from an export that was stopped. Continue it with --resume, or start over with --restart.`
      )
    )
  }
  // An export that was stopped after the rename has left its checkpoint.
  if (!isBegun) yield* fileSystem.remove(`${partial}.checkpoint`, { force: true })
  const destination = yield* FileDestination.ndjson(partial)
  yield* Destination.stream(destination, (from) => VerificationSessions.sync(filter, { from })).pipe(
    Stream.runForEach((batch) => Effect.flatMap(progress.add(batch), show)),
    Effect.ensuring(end),
    Effect.onError(() =>
      Console.error(`${file} was not written. Continue with --resume.`).pipe(
        Effect.when(fileSystem.exists(partial)),
        Effect.ignore
      )
    )
  )
  yield* fileSystem.rename(partial, file)
  yield* fileSystem.remove(`${partial}.checkpoint`, { force: true })
  const { elapsed, pages, requests, rows } = yield* progress.now
  yield* Console.log(
    `${rows}${isBegun ? " more" : ""} verified sessions in ${pages} pages, ${requests} requests, ${Duration.format(elapsed)}: ${file}`
  )
})

const command = Command.make(
  "export",
  {
    output: Flag.String("output").pipe(
      Flag.withDescription("The file to write (default out/verified-sessions.ndjson)"),
      Flag.withDefault("out/verified-sessions.ndjson")
    ),
    resume: Flag.Boolean("resume").pipe(
      Flag.withDescription("Continue an export that was stopped"),
      Flag.withDefault(false)
    ),
    restart: Flag.Boolean("restart").pipe(
      Flag.withDescription("Delete what a stopped export has written, and start over"),
      Flag.withDefault(false)
    ),
    quiet: Flag.Boolean("quiet").pipe(Flag.withDescription("Show no progress"), Flag.withDefault(false))
  },
  Effect.fn(function* ({ output, quiet, restart, resume }) {
    const progress = yield* Progress.make(filter)
    yield* exportTo(output, { quiet, restart, resume }, progress).pipe(
      Effect.provide(
        layer({ sandbox: { sessions: 2500, latency: "20 millis" }, transformClient: progress.countRequests })
      ),
      Effect.tapCause((cause) => report(cause, inWords))
    )
  })
).pipe(Command.withDescription("Every verified session to a file of NDJSON"))

continueWithoutReader()

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([NodeServices.layer, presenter]),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
