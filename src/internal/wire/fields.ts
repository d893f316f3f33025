/**
 * The few kinds of field that Stripe's identity objects are made of.
 *
 * They are plain on purpose: a struct of plain fields is what Effect decodes fastest, and what its schema compilers turn
 * into straight code. Whatever users see differently is converted once a row, by `codec.ts`.
 */
import * as DateTime from "effect/DateTime"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"

/**
 * A string with some known values, for editors to complete. Any other string is kept, because Stripe adds values
 * without a new API version (`redaction.status` got `validated` in 2026). Comparing does not narrow such a type; guards do.
 */
export const openEnum = <const Known extends ReadonlyArray<string>>(
  known: Known
): Schema.Codec<Known[number] | (string & {})> => Schema.Union([Schema.Literals(known), Schema.String])

/** Stripe promises at most 255 characters (docs.stripe.com/upgrades). An id becomes a part of addresses, errors and checkpoints. */
export const id = Schema.NonEmptyString.check(Schema.isMaxLength(255))

/** A field that Stripe may leave out or send as `null`. Which of the two it was is kept. */
export const optionalNullOr = <S extends Schema.Constraint>(schema: S): Schema.optionalKey<Schema.NullOr<S>> =>
  Schema.optionalKey(Schema.NullOr(schema))

/** An object that has no documented keys yet. The keys that Stripe may add are kept. */
export const emptyObject = Schema.Record(Schema.String, Schema.Unknown)

/**
 * Seconds since 1970, as Stripe writes instants. The upper bound is the end of the year 9999, so that a value in
 * milliseconds is refused instead of being read as a date thousands of years ahead.
 */
export const EpochSeconds = Schema.Int.check(
  Schema.isBetween({ minimum: 0, maximum: 253_402_300_799 }, { expected: "whole seconds since 1970" })
)

export const isEpochSeconds = Schema.is(EpochSeconds)

/** Seconds of a `DateTime.Utc`; `undefined`, which no wire schema accepts, for anything else. */
export const toEpochSeconds = (value: unknown): number | undefined =>
  DateTime.isDateTime(value) && DateTime.isUtc(value) ? DateTime.toEpochSeconds(value) : undefined

/** What a `Redacted` holds, or `null` where that stands; `undefined`, which no wire schema accepts, for anything else. */
export const revealed = (value: unknown): unknown =>
  value === null ? null : Redacted.isRedacted(value) ? Redacted.value(value) : undefined

/**
 * What generated rows have in place of fields that the wire leaves wider: ids as Stripe makes them, which Stripe does
 * not promise, and dates of this decade.
 */
export const generated = (prefix: string) =>
  Struct.assign({
    id: Schema.String.check(Schema.isPattern(new RegExp(`^${prefix}_[0-9A-Za-z]{24}$`))),
    created: Schema.Int.check(Schema.isBetween({ minimum: 1_577_836_800, maximum: 1_893_455_999 }))
  })
