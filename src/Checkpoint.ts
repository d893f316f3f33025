/**
 * Where a read stopped: store it to resume an export or a mirror later, in any process.
 *
 * A checkpoint is the contiguous range of a list that was already processed, from its newest row to its oldest, with
 * the filter, the account and the mode that the list was read with. `changes` and `mirror` also store their position in
 * Stripe's events in it. It holds ids and times, and no personal data but a hash of the filter: whoever guesses a
 * `client_reference_id` in it can check the guess.
 *
 * Store it together with the rows of its batch. To resume, pass it as `from` to `sync`, `changes` or `mirror`.
 *
 * Nothing in it is specific to Identity: it works for every list of Stripe's v1 API whose rows are never deleted.
 *
 * @module
 * @category Export, sync and mirror
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Arguments from "./internal/arguments.ts"
import type { Row, Window } from "./internal/list/model.ts"
import { disorder } from "./internal/pagination/cursor.ts"
import { EpochSeconds } from "./internal/wire/fields.ts"
import { name } from "./internal/withoutSecrets.ts"
import { CheckpointMismatchError } from "./StripeError.ts"

/**
 * Identifies the list of a checkpoint.
 *
 * @category models
 * @since 0.1.0
 */
export interface ListKey {
  /**
   * A fingerprint of the filter, 1 to 64 characters, such as a hash: the same filter has the same fingerprint in every
   * process and version. It is stored, so it must not have personal data.
   */
  readonly filter: string
  /** The connected account (`Stripe-Account`), or unset for the key's own. */
  readonly account?: string | undefined
  /** The account or accounts (`Stripe-Context`) that a key of an organization reads, or unset for the key's own. */
  readonly context?: string | undefined
  /** Whether the list is of live mode, if that is known. */
  readonly livemode?: boolean | undefined
}

/**
 * A position in a list: a row. Stripe deletes no sessions, not even redacted ones, so a position stays valid.
 *
 * @category models
 * @since 0.1.0
 */
export interface Position {
  readonly id: string
  readonly created: DateTime.Utc
}

/**
 * The oldest row that was processed. Everything older is still to be read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Frontier extends Position {
  /**
   * The range of `created` in which a concurrent read got this row, in epoch seconds. Still to be read are the older rows
   * in this range, and all rows before it.
   *
   * @default the whole list
   */
  readonly within?: Window | undefined
}

/**
 * A contiguous range of a list, including both ends.
 *
 * @category models
 * @since 0.1.0
 */
export interface Interval {
  readonly newest: Position
  readonly oldest: Frontier
  /** Whether the list was read to its end: no row is older. */
  readonly reachedEnd: boolean
}

/**
 * The contiguous range of a list that was already processed. {@link start} makes an empty one, and {@link advance}
 * extends it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Checkpoint extends ListKey {
  /** The version of this format. */
  readonly version: 1
  /** The processed range. Unset if no row was processed yet. */
  readonly range?: Interval | undefined
  /** The time up to which Stripe's events were processed. Unset if they are not used, as by `sync`. */
  readonly events?: DateTime.Utc | undefined
  /** When the last complete audit began: every session was read again after this time. */
  readonly audited?: DateTime.Utc | undefined
  /** The audit in progress. */
  readonly audit?: Audit | undefined
}

/**
 * An audit in progress: the list is read again, from its newest row to its oldest.
 *
 * @category models
 * @since 0.1.0
 */
export interface Audit {
  readonly began: DateTime.Utc
  /** The last row that was read again. Unset before the first. */
  readonly reached?: Frontier | undefined
}

// Stripe's ids have at most 255 characters, so a checkpoint stays below 2 kB.
const Id = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(255))

const Seconds = EpochSeconds.pipe(
  Schema.decodeTo(
    Schema.DateTimeUtc,
    SchemaTransformation.transform({ decode: DateTime.fromEpochSeconds, encode: DateTime.toEpochSeconds })
  )
)

const PositionFields = Schema.Struct({ id: Id, created: Seconds })

const FrontierFields = Schema.Struct({
  id: Id,
  created: Seconds,
  within: Schema.optional(Schema.Struct({ gte: Schema.optional(EpochSeconds), lt: Schema.optional(EpochSeconds) }))
})

const Fields = Schema.Struct({
  version: Schema.Literal(1),
  filter: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64)),
  account: Schema.optional(Id),
  context: Schema.optional(Id),
  livemode: Schema.optional(Schema.Boolean),
  range: Schema.optional(
    Schema.Struct({ newest: PositionFields, oldest: FrontierFields, reachedEnd: Schema.Boolean }).check(
      Schema.makeFilter(
        // Rows may be out of order by as much as a read allows.
        ({ newest, oldest }) =>
          DateTime.toEpochMillis(newest.created) + disorder >= DateTime.toEpochMillis(oldest.created),
        { expected: "a range whose newest end is not older than its oldest" }
      )
    )
  ),
  events: Schema.optional(Seconds),
  audited: Schema.optional(Seconds),
  audit: Schema.optional(Schema.Struct({ began: Seconds, reached: Schema.optional(FrontierFields) }))
})

/**
 * A checkpoint as JSON, with times in whole seconds since 1970.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoded extends Schema.Struct.Encoded<typeof Fields.fields> {}

/**
 * The codec between a checkpoint and JSON, for use in your own Schemas.
 *
 * **Example** (A checkpoint in your own Schema)
 *
 * ```ts
 * import { Schema } from "effect"
 * import { Checkpoint } from "effect-stripe-identity"
 *
 * const Job = Schema.Struct({ name: Schema.String, checkpoint: Checkpoint.Checkpoint })
 * const job = { name: "verified", checkpoint: Checkpoint.start({ filter: "all" }) }
 *
 * Schema.encodeSync(Job)(job) // => { name: "verified", checkpoint: { version: 1, filter: "all" } }
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const Checkpoint: Schema.Codec<Checkpoint, Encoded> = Fields

/**
 * Makes the checkpoint of a list from which no row was processed yet. See {@link advance} for an example.
 *
 * @category constructors
 * @since 0.1.0
 * @function
 */
export const start: (key: ListKey) => Checkpoint = ({ account, context, filter, livemode }) => ({
  version: 1,
  filter,
  ...(account === undefined ? {} : { account }),
  ...(context === undefined ? {} : { context }),
  ...(livemode === undefined ? {} : { livemode })
})

/**
 * The rows that extend a checkpoint at one end.
 *
 * @category models
 * @since 0.1.0
 */
export interface Advance {
  /** Which end they extend. "newer" rows are in the order oldest first, "older" rows newest first. */
  readonly direction: "newer" | "older"
  /** The rows, without a gap between them and the range. */
  readonly rows: ReadonlyArray<Row>
  /** The range of `created` in which the last of older rows was read, where several are read at once. */
  readonly within?: Window | undefined
  /** Whether the list ends with them. Ignored for "newer", because a list can always get newer rows. */
  readonly end: boolean
}

/**
 * Extends a checkpoint by the rows that were processed. Without rows it returns the same checkpoint, unless `end` says
 * that the list has no older rows.
 *
 * **Example** (A range that grows at both ends)
 *
 * ```ts
 * import { DateTime } from "effect"
 * import { Checkpoint } from "effect-stripe-identity"
 *
 * const row = (id: string, created: string) => ({ id, created: DateTime.makeUnsafe(created) })
 *
 * const first = Checkpoint.advance(Checkpoint.start({ filter: "all" }), {
 *   direction: "older",
 *   rows: [row("vs_3", "2026-01-03T00:00:00Z"), row("vs_2", "2026-01-02T00:00:00Z")],
 *   end: false
 * })
 * const second = Checkpoint.advance(first, { direction: "newer", rows: [row("vs_4", "2026-01-04T00:00:00Z")], end: true })
 *
 * second.range?.newest.id // => "vs_4"
 * second.range?.oldest.id // => "vs_2"
 * second.range?.reachedEnd // => false
 * ```
 *
 * @category combining
 * @since 0.1.0
 * @function
 */
export const advance: (self: Checkpoint, advance: Advance) => Checkpoint = (self, { direction, end, rows, within }) => {
  const first = rows[0]
  const last = rows.at(-1)
  const { range } = self
  const reachedEnd = (range?.reachedEnd ?? false) || (direction === "older" && end)
  if (first === undefined || last === undefined) {
    return range === undefined || range.reachedEnd === reachedEnd
      ? self
      : { ...self, range: { ...range, oldest: position(range.oldest), reachedEnd } }
  }
  const [newest, oldest] = direction === "older" ? [first, last] : [last, first]
  // Of a list that was read to its end, nothing is left in any range.
  const reached = reachedEnd || within === undefined ? position(oldest) : { ...position(oldest), within }
  return {
    ...self,
    range: {
      newest: direction === "older" && range !== undefined ? range.newest : position(newest),
      oldest: direction === "newer" && range !== undefined ? range.oldest : reached,
      reachedEnd
    }
  }
}

const position = ({ created, id }: Row): Position => ({ id, created })

/**
 * Checks whether a checkpoint is of this list, so that it can be resumed. It compares the filter, the account and the
 * mode. A mode that is unknown on one side matches; without an account, the key's own is meant.
 *
 * **Example** (A checkpoint of another account)
 *
 * ```ts
 * import { Result } from "effect"
 * import { Checkpoint } from "effect-stripe-identity"
 *
 * const mine = Checkpoint.start({ filter: "all", account: "acct_1" })
 *
 * Checkpoint.check(mine, { filter: "all", account: "acct_1" }) // => Result.void
 * Checkpoint.matches(mine, { filter: "all", account: "acct_2" }) // => false
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const check = (self: Checkpoint, key: ListKey): Result.Result<void, CheckpointMismatchError> => {
  if (self.filter !== key.filter) return mismatch("filter", key.filter, self.filter)
  if (whose(self) !== whose(key)) return mismatch("account", whose(key), whose(self))
  const known = self.livemode !== undefined && key.livemode !== undefined
  return known && self.livemode !== key.livemode
    ? mismatch("mode", mode(key.livemode), mode(self.livemode))
    : Result.void
}

const mismatch = (problem: CheckpointMismatchError["problem"], expected: string, actual: string) =>
  Result.fail(new CheckpointMismatchError({ problem, expected: name(expected), actual: name(actual) }))

const whose = ({ account, context }: ListKey): string =>
  account !== undefined ? `account ${account}` : context === undefined ? "the key's own account" : `context ${context}`

const mode = (livemode: boolean): string => (livemode ? "live mode" : "test mode")

/**
 * Tests whether a checkpoint is of this list. {@link check} says what is compared.
 *
 * @category guards
 * @since 0.1.0
 */
export const matches = (self: Checkpoint, key: ListKey): boolean => Result.isSuccess(check(self, key))

const encodeText = Schema.encodeSync(Schema.fromJsonString(Checkpoint))
const decodeCheckpoint = Schema.decodeUnknownResult(Checkpoint)
const decodeJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))

/**
 * Encodes a checkpoint as text for a file, a database column or a key-value store: less than 2 kB of JSON. See
 * {@link fromText} for an example.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toText = (self: Checkpoint): string => encodeText(self)

/**
 * Decodes a checkpoint from text. It fails if the text is damaged or missing, or if a newer release of this library
 * wrote it.
 *
 * **Example** (Encode, decode, and a damaged text)
 *
 * ```ts
 * import { Result } from "effect"
 * import { Checkpoint } from "effect-stripe-identity"
 *
 * const text = Checkpoint.toText(Checkpoint.start({ filter: "all", livemode: false }))
 *
 * text // => '{"version":1,"filter":"all","livemode":false}'
 * Result.isSuccess(Checkpoint.fromText(text)) // => true
 * Result.isSuccess(Checkpoint.fromText(text.slice(0, 20))) // => false
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromText = (text: string): Result.Result<Checkpoint, CheckpointMismatchError> => {
  const damaged = (actual: string) => mismatch("damaged", "a checkpoint as text", actual)
  // A database column or a store without an entry may give null or undefined.
  if (!Predicate.isString(text)) return damaged(Arguments.show(text))
  const json = decodeJson(text)
  return Result.isFailure(json) ? damaged(`${text.length} characters that are not JSON`) : fromJson(json.success)
}

/**
 * Decodes a checkpoint from parsed JSON. It fails as {@link fromText} does.
 *
 * **Example** (A checkpoint in other JSON)
 *
 * ```ts
 * import { Result } from "effect"
 * import { Checkpoint } from "effect-stripe-identity"
 *
 * const job = JSON.parse(`{ "name": "verified", "checkpoint": { "version": 1, "filter": "all" } }`)
 *
 * Checkpoint.fromJson(job.checkpoint) // => Result.succeed({ version: 1, filter: "all" })
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromJson = (json: unknown): Result.Result<Checkpoint, CheckpointMismatchError> => {
  if (Predicate.hasProperty(json, "version") && Number.isInteger(json.version) && Number(json.version) > 1) {
    return mismatch("version", "version 1", `version ${Number(json.version)}`)
  }
  return Result.orElse(decodeCheckpoint(json), () => mismatch("damaged", "a checkpoint", "other JSON"))
}
