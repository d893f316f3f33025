// Keeps a SQLite database in step with Stripe: the first run reads everything, each later one what is new, and whatever
// stops a run, the next one goes on where it ended. With --follow it outlasts a Stripe that does not answer.
//
//   node examples/sync-sqlite.ts --database out/sessions.sqlite
//   node examples/sync-sqlite.ts --database out/sessions.sqlite --follow
//
// Rows and checkpoint are stored in one transaction, so each session is stored once. A list shows new sessions, and not
// that an old one changed its status: for that listen to Stripe's events, or read again now and then (--again).
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Duration, Effect, FileSystem, Option, Path, Predicate, Schedule, Schema, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import {
  Checkpoint,
  Destination,
  Progress,
  RetryPolicy,
  VerificationSession,
  VerificationSessions
} from "effect-stripe-identity"
import { DatabaseSync } from "node:sqlite"
import { inWords, prepareFile } from "./support/files.ts"
import { goOnWithoutReader } from "./support/output.ts"
import { display } from "./support/progress.ts"
import { layer } from "./support/source.ts"

class DatabaseError extends Schema.TaggedError<DatabaseError>()("DatabaseError", { message: Schema.String }) {}

const attempt = <A>(what: string, run: () => A): Effect.Effect<A, DatabaseError> =>
  Effect.try({
    try: run,
    catch: (cause) => {
      const code = Predicate.hasProperty(cause, "errcode") ? Number(cause.errcode) & 0xff : 0
      const words = cause instanceof Error ? cause.message : String(cause)
      return new DatabaseError({ message: `${what}: ${words}. ${advice[code] ?? ""}`.trim() })
    }
  })

// By SQLite's result codes (sqlite.org/rescode.html).
const advice: Record<number, string> = {
  1: "Another program or version made it: name another file.",
  5: "Another program is writing to it: run this again when that has ended. What was stored before stays.",
  8: "Make it and its folder writable, and run this again. What was stored before stays.",
  10: "See whether the disk is full or a limit on file sizes was reached, and run this again to go on. What was stored before stays.",
  11: "Restore it from a backup, or move it away to begin anew.",
  13: "Free some space and run this again to go on. What was stored before stays.",
  14: "Its folder must allow to read and make files.",
  26: "Name another file."
}

const schema = `
  CREATE TABLE IF NOT EXISTS verification_sessions (
    id TEXT PRIMARY KEY,
    created INTEGER NOT NULL,
    livemode INTEGER NOT NULL,
    status TEXT NOT NULL,
    type TEXT NOT NULL,
    client_reference_id TEXT,
    last_error_code TEXT,
    last_error_reason TEXT,
    last_verification_report TEXT,
    redaction_status TEXT,
    related_customer TEXT,
    related_customer_account TEXT,
    verification_flow TEXT,
    metadata TEXT NOT NULL,
    options TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS verification_sessions_created ON verification_sessions (created);
  CREATE INDEX IF NOT EXISTS verification_sessions_status ON verification_sessions (status, created);
  CREATE INDEX IF NOT EXISTS verification_sessions_reference ON verification_sessions (client_reference_id);
  CREATE TABLE IF NOT EXISTS checkpoints (list TEXT PRIMARY KEY, checkpoint TEXT NOT NULL) STRICT;
`

// Secret fields are left out, so the table has no columns for them.
const toJson = Schema.encodeSync(Schema.Array(VerificationSession.Json()))

const json = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value))

const toRow = (session: VerificationSession.EncodedAny) => ({
  id: session.id,
  created: session.created,
  livemode: session.livemode ? 1 : 0,
  status: session.status,
  type: session.type,
  client_reference_id: session.client_reference_id ?? null,
  last_error_code: session.last_error?.code ?? null,
  last_error_reason: session.last_error?.reason ?? null,
  last_verification_report:
    typeof session.last_verification_report === "string" ? session.last_verification_report : null,
  redaction_status: session.redaction?.status ?? null,
  related_customer: session.related_customer ?? null,
  related_customer_account: session.related_customer_account ?? null,
  verification_flow: session.verification_flow ?? null,
  metadata: JSON.stringify(session.metadata),
  options: json(session.options)
})

const openDatabase = Effect.fnUntraced(function* (path: string) {
  yield* prepareFile(path)
  const fileSystem = yield* FileSystem.FileSystem
  // The rows describe people, so only their owner may read them. SQLite gives the files beside it the same permissions.
  if (!(yield* fileSystem.exists(path))) {
    // Appending nothing makes the file, and leaves it as it is where another program has made it meanwhile.
    yield* Effect.scoped(fileSystem.open(path, { flag: "a", mode: 0o600 }))
  }
  // As a whole path nothing is a name that means something else to SQLite, such as :memory:.
  const whole = (yield* Path.Path).resolve(path)
  return yield* Effect.acquireRelease(
    attempt(`Cannot open ${path}`, () => {
      const database = new DatabaseSync(whole, { timeout: 5000 })
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
      database.exec(schema)
      return database
    }),
    (database) => Effect.sync(() => database.close())
  )
})

const list = "verification_sessions"

/**
 * The database as a destination: rows and checkpoint in one transaction. To read again is to forget how far we are, and
 * not which list it was: rows of another mode do not come between these.
 */
const toDestination = (database: DatabaseSync, path: string, options: { readonly again: boolean }) => {
  let upsert: ReturnType<DatabaseSync["prepare"]> | undefined
  const write = (row: ReturnType<typeof toRow>) => {
    const columns = Object.keys(row)
    // Not INSERT OR REPLACE, which deletes the row first, and with it what other tables hang on it.
    upsert ??= database.prepare(
      `INSERT INTO verification_sessions (${columns.join(", ")}) VALUES (${columns.map((name) => `:${name}`).join(", ")})
       ON CONFLICT (id) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(", ")}`
    )
    upsert.run(row)
  }
  return {
    load: Effect.gen(function* () {
      const row = yield* attempt(`Cannot read the checkpoint in ${path}`, () =>
        database.prepare("SELECT checkpoint FROM checkpoints WHERE list = ?").get(list)
      )
      if (row === undefined) return Option.none()
      const checkpoint = yield* Effect.mapError(
        Effect.fromResult(Checkpoint.fromText(String(row["checkpoint"]))),
        ({ message }) => new DatabaseError({ message: `Cannot go on with ${path}: ${message}` })
      )
      return Option.some(options.again ? Checkpoint.start(checkpoint) : checkpoint)
    }),
    save: ({ checkpoint, sessions }: VerificationSessions.Batch<VerificationSession.AnyExpansion>) =>
      attempt(`Cannot store ${sessions.length} sessions in ${path}, and stored none of them`, () => {
        database.exec("BEGIN IMMEDIATE")
        try {
          for (const session of toJson(sessions)) write(toRow(session))
          database
            .prepare(
              `INSERT INTO checkpoints (list, checkpoint) VALUES (?, ?)
               ON CONFLICT (list) DO UPDATE SET checkpoint = excluded.checkpoint`
            )
            .run(list, Checkpoint.toText(checkpoint))
          database.exec("COMMIT")
        } catch (error) {
          // A disk that is full has ended the transaction already.
          if (database.isTransaction) database.exec("ROLLBACK")
          throw error
        }
      })
  }
}

const sync = Effect.fn("sync")(function* (
  path: string,
  options: { readonly follow: boolean; readonly every: number; readonly again: boolean; readonly quiet: boolean },
  progress: Progress.Tracker
) {
  const database = yield* openDatabase(path)
  const { end, show } = display(options)
  const report = Effect.gen(function* () {
    const { total } = yield* attempt("Cannot count", () =>
      Object(database.prepare("SELECT count(*) AS total FROM verification_sessions").get())
    )
    yield* Console.log(`${Progress.line(yield* progress.now)}. The database has ${total} sessions: ${path}`)
  })
  yield* Destination.stream(toDestination(database, path, options), (from) =>
    options.follow
      ? VerificationSessions.tail({}, { from, schedule: Schedule.spaced(Duration.seconds(options.every)) }).pipe(
          Stream.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ times: Infinity }))
        )
      : VerificationSessions.sync({}, { from })
  ).pipe(
    Stream.runForEach((batch) => Effect.flatMap(progress.add(batch), show)),
    Effect.ensuring(end),
    Effect.onInterrupt(() => Effect.andThen(Console.log("Stopped. Run it again to go on."), Effect.ignore(report)))
  )
  yield* report
}, Effect.scoped)

const command = Command.make(
  "sync-sqlite",
  {
    database: Flag.String("database").pipe(
      Flag.withDescription("The database to keep in step"),
      Flag.withDefault("out/sessions.sqlite")
    ),
    follow: Flag.Boolean("follow").pipe(
      Flag.withDescription("Go on for ever, looking for new sessions"),
      Flag.withDefault(false)
    ),
    every: Flag.Finite("every").pipe(
      Flag.withDescription("With --follow, how many seconds after a look the next one begins"),
      Flag.filter(
        (seconds) => seconds > 0,
        () => "--every takes a number of seconds above 0"
      ),
      Flag.withDefault(30)
    ),
    again: Flag.Boolean("again").pipe(
      Flag.withDescription("Read everything again, for what has changed"),
      Flag.withDefault(false)
    ),
    quiet: Flag.Boolean("quiet").pipe(Flag.withDescription("Show no progress"), Flag.withDefault(false))
  },
  Effect.fn(function* ({ again, database, every, follow, quiet }) {
    const progress = yield* Progress.make()
    yield* sync(database, { again, every, follow, quiet }, progress).pipe(
      Effect.provide(
        layer({ sandbox: { sessions: 2500, latency: "20 millis" }, transformClient: progress.countRequests })
      ),
      Effect.tapError((error) => Console.error(inWords(error)))
    )
  })
).pipe(Command.withDescription("Keeps a SQLite database in step with Stripe"))

goOnWithoutReader()

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
