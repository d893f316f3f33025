// Every verified session to a file of NDJSON: npm start
//
// Secret and personal fields (client_secret, url, provided_details) are left out; VerificationSession.Json says how to
// keep some. While it runs the rows go to FILE.partial; FILE itself appears when all are there, so a file that exists is
// complete. Whatever stops it, --resume goes on: every session is in the file once. Sessions of the last minute wait for
// another export, because Stripe does not list a session at once.
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Duration, Effect, FileSystem, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import {
  Destination,
  FileDestination,
  Progress,
  type VerificationSession,
  VerificationSessions
} from "effect-stripe-identity"
import { inWords, prepareFile } from "./support/files.ts"
import { goOnWithoutReader } from "./support/output.ts"
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
      new Error("--resume goes on with what is there and --restart throws it away: choose one of them.")
    )
  }
  const file = yield* prepareFile(output)
  const partial = `${file}.partial`
  if (!options.resume && !options.restart && (yield* fileSystem.exists(partial))) {
    return yield* Effect.fail(
      new Error(
        `${partial} is there from an export that was stopped. Go on with --resume, or start over with --restart.`
      )
    )
  }
  if (options.restart) {
    yield* fileSystem.remove(`${partial}.checkpoint`, { force: true })
    yield* fileSystem.remove(partial, { force: true })
  }
  // An export that was stopped when its file had its name already leaves a checkpoint of nothing.
  if (!(yield* fileSystem.exists(partial))) yield* fileSystem.remove(`${partial}.checkpoint`, { force: true })
  yield* Effect.gen(function* () {
    const destination = yield* FileDestination.ndjson(partial)
    const counted = {
      ...destination,
      // Counted in one with the writing, so that Ctrl-C finds the number of lines that are there.
      save: (batch: VerificationSessions.Batch<VerificationSession.AnyExpansion>) =>
        Effect.uninterruptible(Effect.andThen(destination.save(batch), Effect.flatMap(progress.add(batch), show)))
    }
    yield* Destination.stream(counted, (from) => VerificationSessions.sync(filter, { from })).pipe(Stream.runDrain)
  }).pipe(
    Effect.ensuring(end),
    Effect.onInterrupt(() =>
      Effect.flatMap(progress.now, ({ rows }) =>
        Console.log(
          `Interrupted. ${rows} sessions, each a whole line, were added to ${partial}; ${file} was not written. Go on with --resume.`
        )
      )
    ),
    Effect.tapError(() =>
      Effect.flatMap(progress.now, ({ rows }) =>
        Console.error(
          `${rows} sessions were added to ${partial}; ${file} was not written.${rows === 0 ? "" : " Go on with --resume."}`
        )
      )
    )
  )
  yield* fileSystem.rename(partial, file)
  yield* fileSystem.remove(`${partial}.checkpoint`, { force: true })
  const { elapsed, pages, requests, rows } = yield* progress.now
  yield* Console.log(
    `${rows} verified sessions in ${pages} pages, ${requests} requests, ${Duration.format(elapsed)}: ${file}`
  )
})

const command = Command.make(
  "export",
  {
    output: Flag.String("output").pipe(
      Flag.withDescription("The file to write"),
      Flag.withDefault("out/verified-sessions.ndjson")
    ),
    resume: Flag.Boolean("resume").pipe(
      Flag.withDescription("Go on with the export that was stopped"),
      Flag.withDefault(false)
    ),
    restart: Flag.Boolean("restart").pipe(
      Flag.withDescription("Throw away what an export that was stopped had read, and start over"),
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
      // What went wrong is said once, in its own words; a stack trace would help nobody here.
      Effect.tapError((error) => Console.error(inWords(error)))
    )
  })
).pipe(Command.withDescription("Every verified session to a file of NDJSON"))

goOnWithoutReader()

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
