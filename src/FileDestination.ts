/**
 * Files of sessions that can be stopped and gone on with: every session in them exactly once, every line whole.
 *
 * Beside a file lies `FILE.checkpoint`, with the checkpoint of what the file holds and the length at which that is true.
 * Whatever stands beyond that length was written by a run that was stopped in the middle, and the next run cuts it off.
 * Both are made readable for their owner only.
 *
 * One program at a time writes to a file. A second one is noticed by what it leaves, and one of the two ends with a
 * `FileDestinationError`; only where both store in the same moment is that too late.
 *
 * The secret fields of a session are left out unless they are named. Use them with `Destination.stream`.
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
 * A file as a destination of the batches that `VerificationSessions.sync` gives.
 *
 * @category models
 * @since 0.1.0
 */
export type FileDestination = Destination.Destination<
  Batch<VerificationSession.AnyExpansion>,
  CheckpointedFile.FileDestinationError | CheckpointMismatchError
>

/**
 * Sessions as NDJSON: one a line, as plain JSON in Stripe's names. Line feeds alone end lines: other line breaks, which some
 * readers of lines take for an end too, are escaped. A file that exists must have been begun here.
 *
 * Fails with an `InvalidArgumentError` for a secret field or an option that is none, before any request.
 *
 * **Example** (A file that goes on where it ended)
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

// JSON may have them as they are, and then they are within a text: `node:readline` ends a line at the first two.
const escapeLineBreaks = (json: string): string =>
  json.replace(/[\u2028\u2029\u0085]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)

/**
 * The columns of {@link csv} unless others are named.
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
 * How {@link csv} writes sessions.
 *
 * @category options
 * @since 0.1.0
 */
export interface CsvOptions {
  /**
   * The columns, at least one, as paths into a session with Stripe's names: `status`, `last_error.code`, `metadata.plan`.
   * An object is written as JSON, and nothing where a session does not have the field. What no session has is refused;
   * below `metadata`, and where Stripe documents an empty object, any key will do.
   *
   * To name a secret field, or a part of it, is to reveal that and no more: `url`, `verified_outputs.first_name`. What
   * must be expanded is empty where it was not. `last_verification_report` is the id of the report in any case, and
   * `last_verification_report.document.status` is in the expanded one.
   *
   * @default {@link defaultColumns}
   */
  readonly columns?: ReadonlyArray<string> | undefined
  /**
   * Whether the file begins with a byte order mark, without which Excel may not read it as UTF-8. Other readers may take
   * the mark for a part of the first column's name.
   *
   * @default false
   */
  readonly bom?: boolean | undefined
}

/**
 * Sessions as CSV by RFC 4180, under a line with the names of the columns. `created` is in epoch seconds. A file that
 * exists must have been begun here, with the same columns and the same `bom`.
 *
 * Fails with an `InvalidArgumentError` for a column that no session has, before any request.
 *
 * **Gotchas**
 *
 * Cells are written as they are, so that every reader gets the value that Stripe has. A spreadsheet runs a cell that begins
 * with `=`, `+`, `-` or `@` as a formula, and `metadata` and `client_reference_id` hold whatever was put there: import such
 * columns as text.
 *
 * **Example** (Three columns of one's own)
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
    // A key of metadata may have a comma, and must not look like two columns.
    format: `CSV${bom ? " with a byte order mark" : ""} and columns ${columns.map((column) => (column.includes(",") ? JSON.stringify(column) : column)).join(", ")}`,
    header: bom ? Stream.concat(Stream.succeed("\uFEFF"), toLines([columns])) : toLines([columns]),
    toLines: ({ sessions }) => toLines(sessions.map((session) => toCells(toJson(session))))
  })
})

const checkPath = (path: unknown): Result.Result<void, InvalidArgumentError> =>
  Predicate.isString(path) && path !== "" ? Result.void : Arguments.refuse("path", Arguments.show(path), "a file path")

const checkJson = Arguments.decoder(Schema.Struct({ reveal }), "options")

const checkCsv = Arguments.decoder(
  Schema.Struct({
    columns: Schema.optional(CsvColumns.Columns),
    bom: Schema.optional(Arguments.accepts("true or false", Predicate.isBoolean))
  }),
  "options"
)

const toLines = (rows: ReadonlyArray<ReadonlyArray<string>>): Stream.Stream<string> =>
  Stream.fromIterable(rows).pipe(Stream.pipeThroughChannel(Csv.encodeString()))
