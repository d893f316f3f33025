/**
 * The few kinds of field that Stripe's identity objects are made of.
 *
 * They are plain on purpose: a struct of plain fields is what Effect decodes fastest, and what its schema compilers turn
 * into straight code. Whatever users see differently is converted once a row, by `codec.ts`.
 */
import * as Schema from "effect/Schema"

/**
 * A string with some known values, for editors to complete. Any other string is kept, because Stripe adds values
 * without a new API version (`redaction.status` got `validated` in 2026). Comparing does not narrow such a type; guards do.
 */
export const openEnum = <const Known extends ReadonlyArray<string>>(
  known: Known
): Schema.Codec<Known[number] | (string & {})> => Schema.Union([Schema.Literals(known), Schema.String])

/**
 * Stripe promises at most 255 characters (docs.stripe.com/upgrades). An id becomes a part of addresses, errors, spans and
 * checkpoints, and programs print it: a terminal must not obey it, and it must not end a line.
 */
export const id = Schema.String.check(
  Schema.isPattern(/^[!-~]{1,255}$/, { expected: "1 to 255 printable ASCII characters" })
)

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
