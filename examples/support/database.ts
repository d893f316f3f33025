// The database that an example keeps, by its address: `sqlite:FILE` or `postgres://…`. And what to do when it refuses.
import { Effect, Layer, Path, Predicate, Redacted } from "effect"
import { Flag } from "effect/cli"
import { SqlError } from "effect/sql"
import { inWords as fileInWords, prepareFile } from "./files.ts"
import * as Sqlite from "./sqlite.ts"

/** Whether an address is that of a Postgres. */
export const isPostgres = (address: string): boolean => /^postgres(ql)?:\/\//.test(address) && URL.canParse(address)

// Redacted, because a refusal repeats what was found, which may have a password.
export const flag = Flag.Redacted("database").pipe(
  Flag.withDescription("sqlite:FILE, or postgres://USER:PASSWORD@HOST/NAME (default sqlite:out/mirror.db)"),
  Flag.filter(
    (address) => isPostgres(Redacted.value(address)) || Redacted.value(address).startsWith("sqlite:"),
    () => "sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME"
  ),
  Flag.map(Redacted.value),
  Flag.withDefault("sqlite:out/mirror.db")
)

/** The address for a terminal or a log: without what it says of users. */
export const shown = (address: string): string =>
  isPostgres(address) ? `postgres://${new URL(address).host}${new URL(address).pathname}` : address

const sqlite = Effect.fnUntraced(function* (path: string) {
  yield* prepareFile(path)
  // As a whole path nothing is a name that means something else to SQLite, such as :memory:.
  return Sqlite.layer((yield* Path.Path).resolve(path))
})

const postgres = (address: string) =>
  Effect.map(
    // Loaded only here, so that SQLite needs no other package.
    Effect.tryPromise({
      try: () => import("@effect/sql-pg"),
      catch: () => new Error("Postgres needs one more package. Run npm install @effect/sql-pg, and this again.")
    }),
    ({ PgClient }) =>
      PgClient.layer({
        url: Redacted.make(address),
        // Without probes nobody learns that a connection has died in silence.
        keepAlive: "10 seconds",
        // Neither waits forever for a program that hangs, nor makes others wait when this one does.
        startupParameters: { lock_timeout: "10s", idle_in_transaction_session_timeout: "60s" }
      })
  )

/** A client of the database at this address. A file and its folder are made. */
export const layer = (address: string) =>
  Layer.unwrap(
    Effect.gen(function* () {
      return isPostgres(address) ? yield* postgres(address) : yield* sqlite(address.slice("sqlite:".length))
    })
  )

// What was stored stays, because every batch is stored in a transaction.
const again = "and run this again: it resumes from what is stored"

/** By SQLite's result codes (sqlite.org/rescode.html). */
const bySqlite: Readonly<Record<number, string>> = {
  1: "Another program or version made it. Name another database.",
  5: `Another program is writing to it. Wait until that has ended, ${again}.`,
  8: `Make the file and its folder writable, ${again}.`,
  10: `Check whether the disk is full or a limit on file sizes was reached, ${again}.`,
  11: "Restore it from a backup, or move it away to start over.",
  13: `Free some space, ${again}.`,
  14: "Make its folder readable and writable.",
  26: "Name another file."
}

/** By the classes and codes of Postgres (postgresql.org/docs/current/errcodes-appendix.html), longest first. */
const byPostgres: ReadonlyArray<readonly [code: string, advice: string]> = [
  ["55P03", `Another program holds a lock. Wait until that has ended, ${again}.`],
  // PgBouncer's words for a parameter that it does not know.
  ["08P01", `Name the server itself and not a pooler, ${again}.`],
  ["3D000", "Make the database first, with createdb, or name another one."],
  ["3F000", "Make that of the search_path first, with CREATE SCHEMA."],
  ["42501", "Grant this user the right to create tables and to write to them."],
  ["25006", "Name a server that accepts writes."],
  ["57014", `Raise its statement_timeout, or wait until it is less busy, ${again}.`],
  ["22P05", "Make a database with the encoding UTF8, and name that one."],
  // The types of columns, constraints, and what a trigger raises.
  ...["0A", "22", "23", "42", "P0"].map((code) => [code, `Change this rule of the database, ${again}.`] as const),
  ["40", `Another program wrote to the same rows. Wait until that has ended, ${again}.`],
  ["53", `Free disk space or connections of the server, ${again}.`],
  ["28", "Check the user and the password in the address. If the server wants encryption, add sslmode=require to it."]
]

const adviceFor = ({ reason }: SqlError.SqlError): string => {
  const { cause } = reason
  // Those of the system are negative.
  if (Predicate.hasProperty(cause, "errno") && Predicate.isNumber(cause.errno) && cause.errno > 0) {
    return bySqlite[cause.errno & 0xff] ?? `Check the file, ${again}.`
  }
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  const known = byPostgres.find(([prefix]) => code.startsWith(prefix))
  return known?.[1] ?? `Check the address and that the server accepts connections, ${again}.`
}

/** What happened. Where the network refused, its words are in the cause. */
const wordsOf = ({ message, reason }: SqlError.SqlError): string => {
  const { cause } = reason
  const more = Predicate.hasProperty(cause, "message") && !message.includes(String(cause.message)) ? cause.message : ""
  return more === "" ? message : `${message}, ${String(more)}`
}

/** An error in one sentence about what happened and one about what to do. */
export const inWords = (error: {
  readonly message: string
  readonly _tag?: string
  readonly cause?: unknown
}): string =>
  SqlError.isSqlError(error) ? `The database refused: ${wordsOf(error)}. ${adviceFor(error)}` : fileInWords(error)
