// Sessions by any filter, as a table, NDJSON or CSV:
//
//   node examples/filter-cli.ts --status verified --created 7d --metadata plan=pro --format csv
//
// Rows go to standard output and everything else to standard error, so that a pipe gets only rows. The table shows
// control characters escaped; CSV has every value unchanged.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, DateTime, Effect, Layer, Schema, Stdio, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { Csv, Ndjson } from "effect/encoding"
import { type SessionFilter, type StripeError, VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as SessionFlags from "effect-stripe-identity/SessionFlags"
import { endWithoutReader, report } from "./support/output.ts"
import { presenter } from "./support/presenter.ts"
import { layer } from "./support/source.ts"
import { visible, visibleLines } from "./support/text.ts"

const secrets = ["client_secret", "url", "provided_details", "verified_outputs", "last_verification_report"] as const
type Secret = (typeof secrets)[number]

const flags = {
  filter: SessionFlags.flags,
  format: Flag.Literals("format", ["table", "ndjson", "csv"]).pipe(
    Flag.withDescription("How rows are written (default table)"),
    Flag.withDefault("table")
  ),
  reveal: Flag.Literals("reveal", secrets).pipe(
    Flag.withDescription("Write this secret field too; repeat it for several"),
    Flag.atLeast(0)
  )
}

const expansions = {
  verified_outputs: "data.verified_outputs",
  last_verification_report: "data.last_verification_report"
} as const

const isExpansion = (field: Secret): field is keyof typeof expansions => field in expansions

const columns = ["id", "created", "status", "type", "client_reference_id", "last_error", "metadata"] as const

/** A session as text alone: the columns, and what was revealed as JSON. */
const toCells = (reveal: ReadonlyArray<Secret>) => {
  const encode = Schema.encodeSync(VerificationSession.Json({ reveal }))
  return (session: VerificationSession.AnyExpansion): Record<string, string> => {
    const row = encode(session)
    return {
      id: row.id,
      created: DateTime.formatIso(session.created),
      status: row.status,
      type: row.type,
      client_reference_id: row.client_reference_id ?? "",
      last_error: row.last_error?.code ?? "",
      metadata: JSON.stringify(row.metadata),
      ...Object.fromEntries(reveal.map((field) => [field, inWords(row[field])]))
    }
  }
}

const inWords = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)

const widths: Record<string, number> = {
  id: 28,
  created: 24,
  status: 14,
  type: 17,
  client_reference_id: 19,
  last_error: 31
}

const toLine = (names: ReadonlyArray<string>, cells: Record<string, string>): string =>
  `${names
    .map((name) => visible(cells[name] ?? "").padEnd(widths[name] ?? 0))
    .join("  ")
    .trimEnd()}\n`

type Sessions = Stream.Stream<VerificationSession.AnyExpansion, StripeError.StripeError>

type Format = (reveal: ReadonlyArray<Secret>) => (sessions: Sessions) => Stream.Stream<string, Error>

const ndjson: Format = (reveal) => (sessions) =>
  sessions.pipe(
    Stream.pipeThroughChannel(Ndjson.encodeSchemaString(VerificationSession.Json({ reveal }))()),
    Stream.map(visibleLines)
  )

const csv: Format = (reveal) => (sessions) =>
  sessions.pipe(
    Stream.map(toCells(reveal)),
    Stream.pipeThroughChannel(Csv.encodeString({ columns: [...columns, ...reveal], headers: true }))
  )

const table: Format = (reveal) => (sessions) => {
  const names = [...columns, ...reveal]
  const head = Stream.succeed(Object.fromEntries(names.map((name) => [name, name])))
  return Stream.concat(head, Stream.map(sessions, toCells(reveal))).pipe(Stream.map((cells) => toLine(names, cells)))
}

const formats = { table, ndjson, csv }

/** The flag that a problem came from: `last_error.code` is what `--last-error` said, `metadata.plan` `--metadata plan`. */
const flagOf = (path: string): string => {
  const [name = "", ...rest] = path.split(".")
  const part = name === "metadata" || name === "created" ? ["", ...rest].join(" ") : ""
  return `--${name.replace(/\[\d+\]$/, "").replaceAll("_", "-")}${part}`
}

const sayProblems = (error: StripeError.InvalidArgumentError) =>
  Console.error(
    error.issues
      .map(
        ({ actual, advice, expected, path }) =>
          `${flagOf(path)}: expected ${expected}, got ${actual}${advice === undefined ? "" : `. ${advice}`}`
      )
      .join("\n")
  )

const run = Effect.fn(function* (
  filter: SessionFilter.SessionFilter,
  format: keyof typeof formats,
  reveal: ReadonlyArray<Secret>
) {
  const { stream } = yield* VerificationSessions.VerificationSessions
  const stdio = yield* Stdio.Stdio
  let rows = 0
  const sessions: Sessions = stream(filter, {
    expand: reveal.filter(isExpansion).map((field) => expansions[field])
  }).pipe(Stream.tap(() => Effect.sync(() => rows++)))
  yield* formats[format](reveal)(sessions).pipe(Stream.run(stdio.stdout({ endOnDone: false })))
  yield* Console.error(`${rows} ${rows === 1 ? "session" : "sessions"}`)
})

// The sandbox's sessions are spread over the hundred days before now, so that `--created 7d` finds some.
const source = Layer.unwrap(
  Effect.map(DateTime.now, (to) => layer({ sandbox: { sessions: 1000, from: DateTime.add(to, { days: -100 }), to } }))
)

// What is not a row goes to standard error, the line that says what is read, too.
const toStandardError = Effect.updateService(Console.Console, (console) => ({ ...console, log: console.error }))

const command = Command.make("filter-cli", flags, ({ filter, format, reveal }) =>
  SessionFlags.decode(filter).pipe(
    Effect.tapError(sayProblems),
    Effect.flatMap((filter) => run(filter, format, reveal).pipe(Effect.provide(source), Effect.tapCause(report))),
    toStandardError
  )
).pipe(
  Command.withDescription("Sessions by any filter, as a table, NDJSON or CSV"),
  Command.withExamples([
    {
      command: "filter-cli --status verified --created 7d --metadata plan=pro --format csv",
      description: "Who of the pro plan was verified in the last seven days"
    },
    {
      command: "filter-cli --last-error selfie_face_mismatch --last-error selfie_manipulated --created 2026-Q1..",
      description: "Whose selfie failed since the beginning of the year"
    }
  ])
)

endWithoutReader()

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([NodeServices.layer, presenter]),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
