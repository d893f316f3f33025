/**
 * Which sessions to read: one place where input from people and programs becomes a valid filter or a clear refusal.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import * as Arguments from "./internal/arguments.ts"
import type { InvalidArgumentError } from "./StripeError.ts"

/**
 * A point in time: a `DateTime`, a `Date`, ISO text (`2026-01-31` is midnight in UTC; a time needs `Z` or an offset), or
 * whole seconds since 1970. A number that looks like milliseconds is refused.
 *
 * @category models
 * @since 0.1.0
 */
export type Instant = DateTime.DateTime | Date | string | number

/**
 * A range of time. Bounds combine; what a session's `created` must be is what every given bound says.
 *
 * @category models
 * @since 0.1.0
 */
export interface CreatedRange<out T = Instant> {
  /** After this instant. */
  readonly gt?: T | undefined
  /** At this instant or after it. */
  readonly gte?: T | undefined
  /** Before this instant. */
  readonly lt?: T | undefined
  /** At this instant or before it. */
  readonly lte?: T | undefined
}

/**
 * The statuses that Stripe filters by.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = "canceled" | "processing" | "requires_input" | "verified"

/**
 * A filter as a caller writes it. Fields combine; without fields it is the whole list.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  /** Sessions that were created with exactly this reference, 1 to 5000 characters. */
  readonly client_reference_id?: string | undefined
  /** Sessions created at this second, or in this range. */
  readonly created?: Instant | CreatedRange | undefined
  /** Sessions whose status is now this one. */
  readonly status?: Status | undefined
  /** Sessions of this Customer (`cus_…`). Not together with `related_customer_account`. */
  readonly related_customer?: string | undefined
  /** Sessions of this Account that acts as a customer (`acct_…`). */
  readonly related_customer_account?: string | undefined
}

/**
 * A valid filter: instants are whole seconds of UTC, as Stripe compares them. Its Schema decodes {@link Input}.
 *
 * A bound between two seconds moves to the second that selects the same sessions: up for `gte` and `lt`, down for `gt`
 * and `lte`.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionFilter extends Omit<Input, "created"> {
  readonly created?: DateTime.Utc | CreatedRange<DateTime.Utc> | undefined
}

// The last second that is not more digits than seconds have: as milliseconds it lies in March 1973, before any session.
const latestSeconds = 99_999_999_999

const isoInstant = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2}))?$/

const instantForms =
  "a DateTime, a Date, whole seconds since 1970, or ISO text such as 2026-01-31 or 2026-01-31T12:00:00Z"

/** Milliseconds since 1970, or what would be accepted instead. */
const toMillis = (value: unknown): Result.Result<number, string> => {
  if (DateTime.isDateTime(value)) return Result.succeed(DateTime.toEpochMillis(value))
  if (Predicate.isNumber(value)) {
    if (value > latestSeconds) {
      return Result.fail("seconds since 1970 (this looks like milliseconds: divide by 1000, or pass a Date)")
    }
    return Number.isInteger(value) && value >= 0
      ? Result.succeed(value * 1000)
      : Result.fail("whole seconds since 1970")
  }
  const millis = Predicate.isDate(value)
    ? value.getTime()
    : Predicate.isString(value) && isoInstant.test(value)
      ? Date.parse(value)
      : Number.NaN
  return millis >= 0 ? Result.succeed(millis) : Result.fail(instantForms)
}

const toInstant = (value: unknown, toSecond: (seconds: number) => number): Result.Result<DateTime.Utc, string> =>
  Result.flatMap(toMillis(value), (millis) => {
    const seconds = toSecond(millis / 1000)
    return Number.isNaN(seconds)
      ? Result.fail("a whole second, because Stripe keeps no parts of one; or a range such as { gte, lt }")
      : Result.succeed(DateTime.makeUnsafe(seconds * 1000))
  })

const exactly = (seconds: number): number => (Number.isInteger(seconds) ? seconds : Number.NaN)

const instant = (toSecond: (seconds: number) => number): Schema.Codec<DateTime.Utc, Instant> =>
  // Type boundary: everything is decoded, and what is no Instant is refused in words of our own.
  (Schema.Unknown as Schema.Codec<unknown, Instant>).pipe(
    Schema.decodeTo(Schema.DateTimeUtc, {
      decode: SchemaGetter.transformEffect((value, options) =>
        Effect.mapError(
          Effect.fromResult(toInstant(value, toSecond)),
          (expected) => new SchemaIssue.InvalidValue({ expected }, value, options)
        )
      ),
      encode: SchemaGetter.transform(DateTime.toEpochSeconds)
    })
  )

const Range = Schema.Struct({
  gt: Schema.optional(instant(Math.floor)),
  gte: Schema.optional(instant(Math.ceil)),
  lt: Schema.optional(instant(Math.ceil)),
  lte: Schema.optional(instant(Math.floor))
}).check(
  Schema.makeFilter(
    (range) => {
      if (Object.values(range).every(Predicate.isUndefined)) return false
      const first = Math.max(
        range.gte === undefined ? 0 : DateTime.toEpochSeconds(range.gte),
        range.gt === undefined ? 0 : DateTime.toEpochSeconds(range.gt) + 1
      )
      const last = Math.min(
        range.lte === undefined ? latestSeconds : DateTime.toEpochSeconds(range.lte),
        range.lt === undefined ? latestSeconds : DateTime.toEpochSeconds(range.lt) - 1
      )
      return first <= last
    },
    { expected: "at least one of gt, gte, lt and lte, with a second between them" }
  )
)

const isRange = (value: unknown): value is CreatedRange =>
  Predicate.isObject(value) && !DateTime.isDateTime(value) && !Predicate.isDate(value)

const exactInstant = instant(exactly)
const decodeRange = SchemaParser.decodeUnknownEffect(Range)
const encodeRange = SchemaParser.encodeEffect(Range)
const decodeInstant = SchemaParser.decodeUnknownEffect(exactInstant)
const encodeInstant = SchemaParser.encodeEffect(exactInstant)

// A union of the two would answer every mistake with both descriptions. The value itself says which one was meant.
type Created = DateTime.Utc | CreatedRange<DateTime.Utc>

const Created = (Schema.Unknown as Schema.Codec<unknown, Instant | CreatedRange>).pipe(
  Schema.decodeTo(Schema.Union([Schema.DateTimeUtc, Schema.toType(Range)]), {
    decode: SchemaGetter.transformEffect((value, options): Effect.Effect<Created, SchemaIssue.Issue> =>
      isRange(value) ? decodeRange(value, options) : decodeInstant(value, options)
    ),
    encode: SchemaGetter.transformEffect((value, options): Effect.Effect<Instant | CreatedRange, SchemaIssue.Issue> =>
      DateTime.isDateTime(value) ? encodeInstant(value, options) : encodeRange(value, options)
    )
  })
)

const text = (expected: string) =>
  Schema.String.check(Schema.isBetweenLength(1, 5000, { expected })).annotate({ expected })

const Fields = Schema.Struct({
  client_reference_id: Schema.optional(text("a text of 1 to 5000 characters")),
  created: Schema.optional(Created),
  status: Schema.optional(
    Schema.Literals(["canceled", "processing", "requires_input", "verified"]).annotate({
      expected: "canceled, processing, requires_input or verified"
    })
  ),
  related_customer: Schema.optional(text("the id of a Customer (cus_…)")),
  related_customer_account: Schema.optional(text("the id of an Account (acct_…)"))
}).check(
  Schema.makeFilter((filter) =>
    filter.related_customer === undefined || filter.related_customer_account === undefined
      ? undefined
      : {
          path: ["related_customer_account"],
          issue: new SchemaIssue.InvalidValue({ expected: "only one of related_customer and related_customer_account" })
        }
  )
)

/**
 * The Schema of a filter, from what a caller writes to what is sent.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SessionFilter: Schema.Codec<SessionFilter, Input> = Fields

const decode = Arguments.decoder(Fields, "filter")

/**
 * Makes a filter, or says everything that is wrong with it. `VerificationSessions` does this for every call; use it to
 * check a filter before.
 *
 * **Example** (A misspelt status)
 *
 * ```ts
 * import { Result } from "effect"
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const status: string = "verfied"
 *
 * const problem = Result.match(SessionFilter.fromUnknown({ status }), {
 *   onFailure: (error) => error.message,
 *   onSuccess: () => "none"
 * })
 *
 * problem // => 'status: got "verfied", accepted is canceled, processing, requires_input or verified'
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromUnknown = (input: unknown): Result.Result<SessionFilter, InvalidArgumentError> => decode(input)

/**
 * Query parameters in the order in which they are sent.
 *
 * @category models
 * @since 0.1.0
 */
export type Query = ReadonlyArray<readonly [name: string, value: string | Redacted.Redacted<string>]>

/**
 * The filter as Stripe's query parameters, in the order of Stripe's documentation. What may identify a person is
 * `Redacted`, which Effect's HTTP client sends and keeps out of spans.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toQuery = (
  filter: SessionFilter
): ReadonlyArray<readonly [string, string | Redacted.Redacted<string>]> => {
  const query: Array<readonly [string, string | Redacted.Redacted<string>]> = []
  const { client_reference_id, created, related_customer, related_customer_account, status } = filter
  if (client_reference_id !== undefined) query.push(["client_reference_id", Redacted.make(client_reference_id)])
  if (created !== undefined) {
    if (DateTime.isDateTime(created)) query.push(["created", seconds(created)])
    else {
      for (const bound of ["gt", "gte", "lt", "lte"] as const) {
        const instant = created[bound]
        if (instant !== undefined) query.push([`created[${bound}]`, seconds(instant)])
      }
    }
  }
  if (related_customer !== undefined) query.push(["related_customer", Redacted.make(related_customer)])
  if (related_customer_account !== undefined) {
    query.push(["related_customer_account", Redacted.make(related_customer_account)])
  }
  if (status !== undefined) query.push(["status", status])
  return query
}

const seconds = (instant: DateTime.Utc): string => String(DateTime.toEpochSeconds(instant))
