/**
 * What of a list is safely behind us, as a small value: to stop anywhere and go on anywhere, in another process, next
 * week.
 *
 * A checkpoint is an interval of a list, from its newest row to its oldest, with the filter, the account and the mode
 * that the list was read with. It never says more than was handed over. Store it together with the rows that came with
 * it; to go on, hand it to `sync`, `changes` or `mirror`, which keeps its position in Stripe's events here too. It holds
 * ids and moments, and no data of any person.
 *
 * Knows nothing of Identity: it fits every list of Stripe's v1 API.
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
import type { Row } from "./internal/list/model.ts"
import { disorder } from "./internal/pagination/guards.ts"
import { EpochSeconds } from "./internal/wire/fields.ts"
import { name } from "./internal/withoutSecrets.ts"
import { CheckpointMismatchError } from "./StripeError.ts"

/**
 * Which list a checkpoint is about.
 *
 * @category models
 * @since 0.1.0
 */
export interface ListKey {
  /** A fingerprint of the filter: the same filter gives the same text, in every process and version. */
  readonly filter: string
  /** The connected account (`Stripe-Account`), or unset for the key's own. */
  readonly account?: string | undefined
  /** The account or accounts (`Stripe-Context`) that a key of an organization reads, or unset for the key's own. */
  readonly context?: string | undefined
  /** Whether the list is of live mode, where that is known. */
  readonly livemode?: boolean | undefined
}

/**
 * A place in a list: the row that stands there. Stripe deletes no sessions, so the place stays.
 *
 * @category models
 * @since 0.1.0
 */
export interface Position {
  readonly id: string
  readonly created: DateTime.Utc
}

/**
 * An interval of a list without a gap, both ends included.
 *
 * @category models
 * @since 0.1.0
 */
export interface Interval {
  readonly newest: Position
  readonly oldest: Position
  /** Whether nothing is older: the list was read to its end. */
  readonly reachedEnd: boolean
}

/**
 * What is behind us. See {@link start} and {@link advance} for how it grows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Checkpoint extends ListKey {
  /** The version of this format. */
  readonly version: 1
  /** Unset where nothing is. */
  readonly range?: Interval | undefined
  /** The moment up to which Stripe's events were handled. Unset where none were looked at, as by `sync`. */
  readonly events?: DateTime.Utc | undefined
  /** A moment after which every session was read again: the beginning of the last full read that is complete. */
  readonly audited?: DateTime.Utc | undefined
  /** A full read that is not complete. */
  readonly audit?: Audit | undefined
}

/**
 * A full read on its way: the list is read again, from its newest row to its oldest.
 *
 * @category models
 * @since 0.1.0
 */
export interface Audit {
  readonly began: DateTime.Utc
  /** The last row that was read again; unset before the first. */
  readonly reached?: Position | undefined
}

// As long as Stripe's ids may be; four of them and the rest stay below 2 kB.
const Id = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(255))

const Seconds = EpochSeconds.pipe(
  Schema.decodeTo(
    Schema.DateTimeUtc,
    SchemaTransformation.transform({
      decode: DateTime.fromEpochSeconds,
      encode: DateTime.toEpochSeconds
    })
  )
)

const PositionFields = Schema.Struct({ id: Id, created: Seconds })

const Fields = Schema.Struct({
  version: Schema.Literal(1),
  filter: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64)),
  account: Schema.optional(Id),
  context: Schema.optional(Id),
  livemode: Schema.optional(Schema.Boolean),
  range: Schema.optional(
    Schema.Struct({ newest: PositionFields, oldest: PositionFields, reachedEnd: Schema.Boolean }).check(
      Schema.makeFilter(
        // Rows may be out of order by as much as a read lets through.
        ({ newest, oldest }) =>
          DateTime.toEpochMillis(newest.created) + disorder >= DateTime.toEpochMillis(oldest.created),
        { expected: "an interval whose newest end is not older than its oldest" }
      )
    )
  ),
  events: Schema.optional(Seconds),
  audited: Schema.optional(Seconds),
  audit: Schema.optional(Schema.Struct({ began: Seconds, reached: Schema.optional(PositionFields) }))
})

/**
 * A checkpoint as JSON: moments are whole seconds since 1970.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoded extends Schema.Struct.Encoded<typeof Fields.fields> {}

/**
 * The codec between a checkpoint and JSON.
 *
 * **Example** (In a Schema of your own)
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
 * Nothing of a list is behind us yet. See {@link advance}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = ({ account, context, filter, livemode }: ListKey): Checkpoint => ({
  version: 1,
  filter,
  ...(account === undefined ? {} : { account }),
  ...(context === undefined ? {} : { context }),
  ...(livemode === undefined ? {} : { livemode })
})

/**
 * What was handed over next to an end of the interval.
 *
 * @category models
 * @since 0.1.0
 */
export interface Advance {
  /** Which end moves: rows that are "newer" stand in order of age, oldest first; rows that are "older" newest first. */
  readonly direction: "newer" | "older"
  /** The rows, without a gap between them and the interval. */
  readonly rows: ReadonlyArray<Row>
  /** Whether the list has nothing beyond them. It says something only of the older end: newer rows always come. */
  readonly end: boolean
}

/**
 * The checkpoint after rows were handed over. Without rows it is the same checkpoint, unless the older end turned out to
 * be the end of the list.
 *
 * **Example** (An interval that grows at both ends)
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
 */
export const advance = (self: Checkpoint, { direction, end, rows }: Advance): Checkpoint => {
  const first = rows[0]
  const last = rows.at(-1)
  const { range } = self
  const reachedEnd = (range?.reachedEnd ?? false) || (direction === "older" && end)
  if (first === undefined || last === undefined) {
    return range === undefined || range.reachedEnd === reachedEnd ? self : { ...self, range: { ...range, reachedEnd } }
  }
  const [newest, oldest] = direction === "older" ? [first, last] : [last, first]
  return {
    ...self,
    range: {
      newest: direction === "older" && range !== undefined ? range.newest : position(newest),
      oldest: direction === "newer" && range !== undefined ? range.oldest : position(oldest),
      reachedEnd
    }
  }
}

const position = ({ created, id }: Row): Position => ({ id, created })

/**
 * Whether a checkpoint is about a list, so that it can be gone on with. A mode that one of the two does not know is no
 * difference; not to name an account means the key's own.
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
export const check = (self: Checkpoint, subject: ListKey): Result.Result<void, CheckpointMismatchError> => {
  const differs = (problem: "filter" | "account" | "mode", expected: string, actual: string) =>
    Result.fail(new CheckpointMismatchError({ problem, expected: name(expected), actual: name(actual) }))
  if (self.filter !== subject.filter) return differs("filter", subject.filter, self.filter)
  if (whose(self) !== whose(subject)) return differs("account", whose(subject), whose(self))
  const known = self.livemode !== undefined && subject.livemode !== undefined
  return known && self.livemode !== subject.livemode
    ? differs("mode", mode(subject.livemode), mode(self.livemode))
    : Result.void
}

const whose = ({ account, context }: ListKey): string =>
  account ?? (context === undefined ? "the key's own account" : `context ${context}`)

const mode = (livemode: boolean): string => (livemode ? "live mode" : "test mode")

/**
 * Whether a checkpoint is about a list. See {@link check} for what is compared.
 *
 * @category guards
 * @since 0.1.0
 */
export const matches = (self: Checkpoint, subject: ListKey): boolean => Result.isSuccess(check(self, subject))

const Text = Schema.fromJsonString(Checkpoint)

const encodeText = Schema.encodeSync(Text)
const decodeCheckpoint = Schema.decodeUnknownResult(Checkpoint)
const decodeJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))

/**
 * A checkpoint as text, for a file, a column or a key: less than 2 kB of JSON. See {@link fromText}.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toText = (self: Checkpoint): string => encodeText(self)

/**
 * The checkpoint that a text holds. Fails for what is not text, for a text that is damaged, and for one that a newer version
 * of this library wrote.
 *
 * **Example** (There and back, and a text that is damaged)
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
  const damaged = (actual: string) =>
    Result.fail(new CheckpointMismatchError({ problem: "damaged", expected: "a checkpoint as text", actual }))
  // A database column or a store without an entry gives null or undefined, which no type can rule out.
  if (!Predicate.isString(text)) return damaged(Arguments.show(text))
  const json = decodeJson(text)
  return Result.isFailure(json) ? damaged(`${text.length} characters that are not JSON`) : fromJson(json.success)
}

/**
 * The checkpoint that parsed JSON holds. Like {@link fromText}, for one that is a part of something else.
 *
 * **Example** (A checkpoint within something else)
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
    return Result.fail(
      new CheckpointMismatchError({
        problem: "version",
        expected: "version 1",
        actual: `version ${Number(json.version)}`
      })
    )
  }
  return Result.mapError(
    decodeCheckpoint(json),
    () => new CheckpointMismatchError({ problem: "damaged", expected: "a checkpoint", actual: "other JSON" })
  )
}
