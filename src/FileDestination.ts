/**
 * Resumable exports to NDJSON and CSV files: every session is in the file exactly once, and every line is complete. Use
 * it with `Destination.stream` and `VerificationSessions.sync`.
 *
 * `FILE.checkpoint` holds the checkpoint of the file and the length of the file that it covers. Anything after that
 * length was written by a run that was stopped, and the next run truncates it. Only their owner may read the files that
 * a run creates. On Windows, they have the permissions of their folder. An empty file that was there keeps its permissions.
 *
 * Run one writer at a time. A second writer is detected by its changes, and one of the two fails with a
 * `FileDestinationError`, unless both store at the same moment.
 *
 * Secret fields of sessions are not written unless you name them.
 *
 * @module
 * @category Export, sync and mirror
 * @since 0.1.0
 */
import * as Csv from "effect/encoding/Csv"
import * as Ndjson from "effect/encoding/Ndjson"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as Destination from "./Destination.ts"
import * as Arguments from "./internal/arguments.ts"
import * as CheckpointedFile from "./internal/sync/checkpointedFile.ts"
import * as CsvColumns from "./internal/session/csvColumns.ts"
import { reveal } from "./internal/session/reveal.ts"
import type { Batch } from "./internal/session/service.ts"
import type { CheckpointMismatchError, InvalidArgumentError } from "./StripeError.ts"
import * as VerificationSession from "./VerificationSession.ts"

export { FileDestinationError } from "./internal/sync/checkpointedFile.ts"

/**
 * A file that stores the batches of `VerificationSessions.sync` and `tail`. It does not take batches of `mirror`, because a
 * file cannot replace a session that changed: for that, use `SqlDestination`.
 *
 * @category models
 * @since 0.1.0
 */
export type FileDestination = Destination.Destination<
  // Batches of `mirror` and `changes` say what is missing.
  Batch<VerificationSession.AnyExpansion> & {
    readonly missing?: "A file takes batches of sync or tail, not of mirror"
  },
  CheckpointedFile.FileDestinationError | CheckpointMismatchError
>

/**
 * Exports sessions to an NDJSON file: one JSON object per line, with Stripe's field names. An existing file must have
 * been started by this function. Lines end with a line feed; other line breaks within a value are escaped, because some
 * readers would end a line there.
 *
 * Fails with an `InvalidArgumentError`, before any request, if an option is invalid.
 *
 * **Example** (A file that resumes)
 *
 * ```ts
 * import { NodeServices } from "@effect/platform-node"
 * import { Effect, FileSystem, Stream } from "effect"
 * import { Destination, FileDestination, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   const files = yield* FileSystem.FileSystem
 *   const path = `${yield* files.makeTempDirectoryScoped()}/sessions.ndjson`
 *   const file = yield* FileDestination.ndjson(path)
 *
 *   yield* Destination.stream(file, (from) => VerificationSessions.sync({}, { from })).pipe(Stream.runDrain)
 *   return (yield* files.readFileString(path)).split("\n").length - 1
 * }).pipe(
 *   Effect.scoped,
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide([Sandbox.layer(), NodeServices.layer])
 * )
 *
 * await Effect.runPromise(program) // => 250
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ndjson = Effect.fnUntraced(function* (
  path: string,
  options: VerificationSession.JsonOptions = {}
): Effect.fn.Return<FileDestination, InvalidArgumentError, FileSystem.FileSystem> {
  yield* Effect.fromResult(Arguments.all([checkPath(path), checkJson(options)]))
  const { reveal = [] } = options
  const toLines = Ndjson.encodeSchemaString(VerificationSession.Json({ reveal }))
  return yield* CheckpointedFile.make<Batch<VerificationSession.AnyExpansion>>({
    path,
    format: ["NDJSON", ...Array.from(new Set(reveal)).sort()].join(" with "),
    toLines: ({ sessions }) =>
      Stream.fromIterable(sessions).pipe(
        Stream.pipeThroughChannel(toLines()),
        Stream.map(escapeLineBreaks),
        Stream.orDie
      )
  })
})

// Valid within a JSON string, but `node:readline` ends a line at the first two.
const escapeLineBreaks = (json: string): string => json.replace(/[\u2028\u2029\u0085]/g, Arguments.escaped)

/**
 * The default columns of {@link csv}.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultColumns: ReadonlyArray<string> = [
  "id",
  "created",
  "livemode",
  "status",
  "type",
  "client_reference_id",
  "last_error.code",
  "last_error.reason",
  "last_verification_report",
  "redaction.status",
  "related_customer",
  "related_customer_account",
  "verification_flow",
  "metadata"
]

/**
 * Options of {@link csv}.
 *
 * @category options
 * @since 0.1.0
 */
export interface CsvOptions {
  /**
   * At least one path into a session, such as `status`, `last_error.code` or `metadata.plan`. An object is written as
   * JSON, and a missing field as an empty cell. A path that no session can have is refused; below `metadata`, any key
   * is valid.
   *
   * A column reveals the secret field that it names, or the named part of it: `url`, `verified_outputs.first_name`.
   * Fields that `sync` did not expand are empty, without an error: the latter needs `expand: ["data.verified_outputs"]`.
   * `last_verification_report` is always the report's id; a path below it, such as
   * `last_verification_report.document.status`, needs the expanded report.
   *
   * @default {@link defaultColumns}
   */
  readonly columns?: ReadonlyArray<string> | undefined
  /**
   * Whether the file begins with a byte order mark. Excel may need it to read UTF-8; other readers may take it as a
   * part of the first column's name.
   *
   * @default false
   */
  readonly bom?: boolean | undefined
}

/**
 * Exports sessions to a CSV file (RFC 4180) with a header line. `created` is in seconds since 1970; the formula
 * `=A2/86400+DATE(1970,1,1)` makes a date of it in a spreadsheet. An existing file must have been started by this function,
 * with the same columns and the same `bom`.
 *
 * Fails with an `InvalidArgumentError`, before any request, if a column is not a field that sessions can have.
 *
 * **Gotchas**
 *
 * Cells are not escaped for spreadsheets, so that every reader gets Stripe's value. A spreadsheet runs a cell that
 * begins with `=`, `+`, `-`, `@`, a tab or a line break as a formula. `client_reference_id`, `metadata.KEY`,
 * `provided_details` and `verified_outputs` may hold anything, also what a person typed: import such columns as text.
 *
 * **Example** (Three columns)
 *
 * ```ts
 * import { NodeServices } from "@effect/platform-node"
 * import { Effect, FileSystem, Stream } from "effect"
 * import { Destination, FileDestination, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   const files = yield* FileSystem.FileSystem
 *   const path = `${yield* files.makeTempDirectoryScoped()}/sessions.csv`
 *   const file = yield* FileDestination.csv(path, { columns: ["status", "last_error.code", "metadata.plan"] })
 *
 *   yield* Destination.stream(file, (from) => VerificationSessions.sync({}, { from })).pipe(Stream.runDrain)
 *   return (yield* files.readFileString(path)).split("\r\n").slice(0, 1)
 * }).pipe(
 *   Effect.scoped,
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide([Sandbox.layer(), NodeServices.layer])
 * )
 *
 * await Effect.runPromise(program) // => ["status,last_error.code,metadata.plan"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const csv = Effect.fnUntraced(function* (
  path: string,
  options: CsvOptions = {}
): Effect.fn.Return<FileDestination, InvalidArgumentError, FileSystem.FileSystem> {
  yield* Effect.fromResult(Arguments.all([checkPath(path), checkCsv(options)]))
  const { bom = false, columns = defaultColumns } = options
  const toJson = Schema.encodeSync(VerificationSession.Json({ reveal: CsvColumns.secretsIn(columns) }))
  const toCells = CsvColumns.make(columns)
  return yield* CheckpointedFile.make<Batch<VerificationSession.AnyExpansion>>({
    path,
    // Quoted, so that a metadata key with a comma does not look like two columns.
    format: `CSV${bom ? " after a byte order mark" : ""} with ${columns.map((column) => (column.includes(",") ? JSON.stringify(column) : column)).join(", ")}`,
    header: bom ? Stream.concat(Stream.succeed("\uFEFF"), toLines([columns])) : toLines([columns]),
    toLines: ({ sessions }) => toLines(sessions.map((session) => toCells(toJson(session))))
  })
})

const checkPath = (path: unknown): Result.Result<void, InvalidArgumentError> =>
  Predicate.isString(path) && path !== "" ? Result.void : Arguments.refuse("path", Arguments.show(path), "a file path")

const checkJson = Arguments.options({ reveal })

const checkCsv = Arguments.options({
  columns: Schema.optional(CsvColumns.Columns),
  bom: Schema.optional(Arguments.accepts("true or false", Predicate.isBoolean))
})

const toLines = (rows: ReadonlyArray<ReadonlyArray<string>>): Stream.Stream<string> =>
  Stream.fromIterable(rows).pipe(Stream.pipeThroughChannel(Csv.encodeString()))
