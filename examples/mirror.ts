// Keeps a copy of all sessions up to date, in SQLite or Postgres: new ones, changed ones and redacted ones.
//
//   node examples/mirror.ts --database sqlite:out/mirror.db
//   node examples/mirror.ts --database postgres://me@localhost/sessions --follow
//
// The first run reads the whole list. Later runs read new sessions from the list, changed ones by Stripe's events, and once
// a week the whole list again. Rows and checkpoint are stored in one transaction, so it may be stopped at any time: the next
// run resumes from what is stored. With --follow it keeps polling, and outlasts outages of Stripe.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Config, Console, Duration, Effect, Layer, Option, Schedule, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { SqlClient } from "effect/sql"
import { Destination, Progress, type VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import * as Database from "./support/database.ts"
import { continueWithoutReader, report } from "./support/output.ts"
import { presenter } from "./support/presenter.ts"
import { type Display, display } from "./support/progress.ts"
import { isSandbox, layer, verifications } from "./support/source.ts"

type Batch = VerificationSessions.MirrorBatch<VerificationSession.VerificationSession>

/** What came, in words. */
const counter = () => {
  const came = { new: 0, changed: 0, audit: 0, redacted: 0 }
  return {
    add: ({ kind, sessions }: Batch) => {
      came[kind] += sessions.length
      if (kind === "changed")
        came.redacted += sessions.filter(({ redaction }) => redaction?.status === "redacted").length
    },
    isEmpty: () => came.new + came.changed + came.audit === 0,
    line: () => `${came.new} new, ${came.changed} changed (${came.redacted} redacted), ${came.audit} audited`
  }
}

type Options = Pick<VerificationSessions.MirrorOptions, "audit" | "settle" | "schedule">

const mirror = Effect.fn("mirror")(function* (
  database: string,
  options: Options,
  progress: Progress.Tracker,
  { end, show }: Display
) {
  const account = yield* Config.String("STRIPE_ACCOUNT").pipe(Config.withDefault(""))
  const sql = yield* SqlClient.SqlClient
  const table = yield* SqlDestination.make({ account })
  const total = counter()

  const count = Effect.fnUntraced(function* (batch: Batch) {
    total.add(batch)
    const now = yield* progress.add(batch)
    // What a poll brings is told by its own line. A full page is a long read, which more pages follow.
    if (batch.sessions.length >= 100) yield* show(now)
  })
  const report = Effect.gen(function* () {
    const [row] = yield* sql`SELECT count(*) AS sessions FROM verification_sessions WHERE account = ${account}`
    const { requests } = yield* progress.now
    const sent = requests === 1 ? "1 request" : `${requests} requests`
    yield* Console.log(
      `${total.line()}, ${sent}. The database has ${String(row?.["sessions"])} sessions: ${Database.shown(database)}`
    )
  })
  const tell = (batches: ReadonlyArray<Batch>) => {
    const some = counter()
    for (const batch of batches) some.add(batch)
    return options.schedule === undefined || some.isEmpty() ? Effect.void : Console.log(some.line())
  }

  yield* Destination.stream(table, (from) => VerificationSessions.mirror({ ...options, from })).pipe(
    Stream.tap(count),
    // What comes together is one line.
    Stream.groupedWithin(1000, "2 seconds"),
    Stream.runForEach(tell),
    Effect.ensuring(end),
    Effect.onInterrupt(() => Effect.andThen(stopped(options), Effect.ignore(report)))
  )
  yield* report
})

/** With --follow the sandbox gets new sessions, which the one of the next run does not have. */
const stopped = ({ schedule }: Options) =>
  Effect.flatMap(isSandbox, (isSandbox) =>
    Console.log(
      isSandbox && schedule !== undefined
        ? "Stopped. The sandbox ends here. For the next run, name another database."
        : "Stopped. Run it again to resume."
    )
  )

const seconds = (name: string, description: string, value: number) =>
  Flag.Finite(name).pipe(
    Flag.withDescription(`${description} (default ${value})`),
    Flag.filter(
      (seconds) => seconds > 0,
      () => "a number of seconds above 0"
    ),
    Flag.withDefault(value)
  )

const command = Command.make(
  "mirror",
  {
    database: Database.flag,
    follow: Flag.Boolean("follow").pipe(Flag.withDescription("Keep polling for changes"), Flag.withDefault(false)),
    every: seconds("every", "With --follow, how many seconds after a run the next one begins", 300),
    settle: seconds(
      "settle",
      "How many seconds old a change must be to be read, because Stripe lists changes late",
      60
    ),
    audit: Flag.String("audit").pipe(
      Flag.withDescription(
        'How long after the last full read the whole list is read again: "7 days" (the default), or never'
      ),
      Flag.filter(
        // Type boundary: any other text is no length of time.
        (text) => text === "never" || Option.isSome(Duration.fromInput(text as Duration.Input)),
        () => 'a length of time such as "7 days", or never'
      ),
      Flag.withDefault("7 days")
    ),
    quiet: Flag.Boolean("quiet").pipe(Flag.withDescription("Show no progress"), Flag.withDefault(false))
  },
  Effect.fn(function* ({ audit, database, every, follow, quiet, settle }) {
    const progress = yield* Progress.make()
    const options = {
      settle: Duration.seconds(settle),
      // Type boundary: the flag has checked it.
      audit: audit === "never" ? (false as const) : (audit as Duration.Input),
      schedule: follow ? Schedule.spaced(Duration.seconds(every)) : undefined
    }
    yield* mirror(database, options, progress, display({ quiet })).pipe(
      Effect.provide(
        Layer.merge(
          Layer.provideMerge(SqlDestination.layer(), Database.layer(database)),
          layer({
            sandbox: { sessions: 2500, latency: "20 millis", redactionTime: "1 minute" },
            meanwhile: follow ? verifications("1 second") : undefined,
            transformClient: progress.countRequests
          })
        )
      ),
      Effect.tapCause((cause) => report(cause, Database.inWords))
    )
  })
).pipe(Command.withDescription("Keeps a copy of all sessions up to date, in SQLite or Postgres"))

continueWithoutReader()

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([NodeServices.layer, presenter]),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
