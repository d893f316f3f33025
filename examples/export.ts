// Every verified session to a file of NDJSON, newest first: npm start
//
// Secret and personal fields (client_secret, url, provided_details) are left out; VerificationSession.Json says how to
// keep some. While it runs the rows go to FILE.partial, a file of whole lines; FILE itself appears when all are there,
// so a file that exists is complete.
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Clock, Console, DateTime, Duration, Effect, FileSystem, Path, PlatformError, Schema, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { HttpClient } from "effect/http"
import { VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as Progress from "./support/progress.ts"
import { layer } from "./support/source.ts"

const toJson = Schema.encodeSync(Schema.Array(VerificationSession.Json()))

const toLines = (sessions: ReadonlyArray<VerificationSession.VerificationSession>) =>
  new TextEncoder().encode(
    toJson(sessions)
      .map((session) => `${JSON.stringify(session)}\n`)
      .join("")
  )

const exportTo = Effect.fn("export")(function* (file: string, counts: { requests: number }) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const progress = yield* Progress.make
  const partial = `${file}.partial`
  const start = yield* Clock.currentTimeMillis
  let rows = 0
  let pages = 0
  let size = 0
  const elapsed = Effect.map(Clock.currentTimeMillis, (now) => Duration.format(Duration.millis(now - start)))

  yield* fileSystem.makeDirectory(path.dirname(file), { recursive: true })
  yield* Effect.scoped(
    Effect.gen(function* () {
      // The rows describe people, so only their owner may read them.
      const output = yield* fileSystem.open(partial, { flag: "w", mode: 0o600 })
      yield* VerificationSessions.pages({ status: "verified" }).pipe(
        Stream.runForEach(({ data }) =>
          Effect.gen(function* () {
            const lines = toLines(data)
            // A page is written whole or not at all: Ctrl-C waits for the write, and a full disk leaves no torn line.
            yield* Effect.uninterruptible(
              output.writeAll(lines).pipe(Effect.tapError(() => Effect.ignore(output.truncate(size))))
            )
            rows += data.length
            pages++
            size += lines.length
            const oldest = data.at(-1)
            if (oldest === undefined) return
            yield* progress.show(
              `${rows} sessions, ${counts.requests} requests, back to ${DateTime.formatIsoDateUtc(oldest.created)}, ${yield* elapsed}`
            )
          })
        ),
        Effect.ensuring(progress.end)
      )
      yield* output.sync
    })
  ).pipe(
    Effect.onInterrupt(() =>
      Console.log(`Interrupted. ${rows} sessions, each a whole line, are in ${partial}; ${file} was not written.`)
    ),
    Effect.tapError(() => Console.error(`The first ${rows} sessions are in ${partial}; ${file} was not written.`))
  )
  yield* fileSystem.rename(partial, file)
  yield* Console.log(
    `${rows} verified sessions in ${pages} pages, ${counts.requests} requests, ${yield* elapsed}: ${file}`
  )
})

// The file system's own words, such as "no space left on device", are in the cause.
const inWords = (error: Error): string =>
  error instanceof PlatformError.PlatformError && error.cause instanceof Error
    ? `${error.message}: ${error.cause.message}`
    : error.message

const command = Command.make(
  "export",
  {
    output: Flag.String("output").pipe(
      Flag.withDescription("The file to write"),
      Flag.withDefault("out/verified-sessions.ndjson")
    )
  },
  ({ output }) => {
    const counts = { requests: 0 }
    const count = HttpClient.tapRequest(() => Effect.sync(() => counts.requests++))
    return exportTo(output, counts).pipe(
      Effect.provide(layer({ sandbox: { sessions: 2500, latency: "20 millis" }, transformClient: count })),
      // What went wrong is said once, in its own words; a stack trace would help nobody here.
      Effect.tapError((error) => Console.error(inWords(error)))
    )
  }
).pipe(Command.withDescription("Every verified session to a file of NDJSON"))

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
