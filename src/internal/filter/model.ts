/**
 * The types of a filter's input. Public through `SessionFilter`.
 */
import type * as DateTime from "effect/DateTime"
import type { AnyExpansion } from "../session/codec.ts"
import type { lastErrorCodes, redactionStatuses, statuses, types } from "../session/wire.ts"

/**
 * A point in time: a `DateTime`, a `Date`, whole seconds since 1970, or text.
 *
 * Text is an ISO time with `Z` or an offset, seconds since 1970 as digits, or a date form of {@link Input}'s `created`.
 * A number that looks like milliseconds is refused, and so is one that looks like a date or a year, such as 20260131 or
 * 2026.
 *
 * @category models
 * @since 0.1.0
 */
export type Instant = DateTime.DateTime | Date | string | number

/**
 * A range of time. A session's `created` must meet all bounds.
 *
 * As a bound, a day, a month, a quarter or a year is meant as a whole: `gte: "2026-01"` begins with the first second of
 * January, `lte: "2026-01"` ends with its last, `gt: "2026-01"` begins in February, and `lt: "2026-01"` ends in
 * December. `lt: "7d"` ends seven days ago.
 *
 * @category models
 * @since 0.1.0
 */
export interface CreatedRange<out T = Instant> {
  /** After this. */
  readonly gt?: T
  /** At this or after it. */
  readonly gte?: T
  /** Before this. */
  readonly lt?: T
  /** At this or before it. */
  readonly lte?: T
}

/**
 * The statuses that Stripe filters by.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = (typeof statuses)[number]

/**
 * The types of session that a filter knows.
 *
 * @category models
 * @since 0.1.0
 */
export type Type = (typeof types)[number]

/**
 * The codes of `last_error` that a filter knows. `none` selects sessions without a code: nobody tried yet, or nothing
 * went wrong. Stripe has no such code.
 *
 * @category models
 * @since 0.1.0
 */
export type LastErrorCode = (typeof lastErrorCodes)[number] | "none"

/**
 * The states of `redaction` that a filter knows. `none` selects sessions whose redaction nobody requested. Stripe has
 * no such state.
 *
 * @category models
 * @since 0.1.0
 */
export type RedactionStatus = (typeof redactionStatuses)[number] | "none"

/**
 * One value, or a list of at least one. A session matches if it has any of them.
 *
 * @category models
 * @since 0.1.0
 */
export type OneOrMore<A> = A | ReadonlyArray<A>

/**
 * The filter that `list` accepts: the fields that Stripe filters by in one request, with one status.
 *
 * @category models
 * @since 0.1.0
 */
export interface StripeInput {
  /** Sessions with exactly this reference, 1 to 5000 characters. */
  readonly client_reference_id?: string
  /**
   * Sessions created at this second or in this range. Text for a range is:
   *
   * - `2026`, `2026-Q1`, `2026-01`, `2026-01-31`, `today`, `yesterday`: the whole year, quarter, month or day
   * - `12h`, `7d`, `2w`: since that many hours, days of 24 hours or weeks of 168 hours ago
   * - `2026-01..2026-03`, `2026-01-31..`, `..yesterday`: from the start of the first to the end of the second
   *
   * Four digits are a year; other digits are seconds since 1970. Relative text is read by `Clock` when
   * each read starts. Days are in UTC. For the days of another time zone, write times with an offset.
   */
  readonly created?: Instant | CreatedRange
  /** Sessions of this Customer (`cus_…`). Not together with `related_customer_account`. */
  readonly related_customer?: string
  /** Sessions of this Account, which is a customer (`acct_…`). Not together with `related_customer`. */
  readonly related_customer_account?: string
  /** Sessions with this status. */
  readonly status?: Status
}

/**
 * A filter as a caller writes it. A session must match all fields; `{}` selects all sessions.
 *
 * Stripe applies `client_reference_id`, `created`, the two `related_…` fields and one `status`. This library applies
 * the other fields to the rows that Stripe sends: they exclude rows, and save no requests.
 *
 * A field whose value is `undefined` is refused before any request, because without it the filter would select
 * everything. Leave the field out instead.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input extends Omit<StripeInput, "status"> {
  /** Sessions with this status, or with one of these. Several are applied to the rows. */
  readonly status?: OneOrMore<Status>
  /** Sessions of this type, or of one of these. Applied to the rows. */
  readonly type?: OneOrMore<Type>
  /** Sessions of live mode (`true`) or of test mode. A key sees only one of them. Applied to the rows. */
  readonly livemode?: boolean
  /** Sessions whose last error has this code, or one of these, or `none`. Applied to the rows. */
  readonly last_error?: { readonly code: OneOrMore<LastErrorCode> }
  /**
   * Sessions with all of these entries. Keys have 1 to 40 characters without square brackets, and values 1 to 500, as
   * at Stripe. Applied to the rows.
   *
   * Source: https://docs.stripe.com/metadata
   */
  readonly metadata?: { readonly [key: string]: string }
  /** Sessions with this redaction status, or with one of these, or `none`. Applied to the rows. */
  readonly redaction?: { readonly status: OneOrMore<RedactionStatus> }
}

/**
 * A filter as JSON: an {@link Input} without `DateTime` and `Date`.
 *
 * @category models
 * @since 0.1.0
 */
export interface JsonInput extends Omit<Input, "created"> {
  readonly created?: string | number | CreatedRange<string | number>
}

/**
 * The fields of a session that `matches` reads. Every `VerificationSession` has them, expanded or not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Filterable extends Pick<AnyExpansion, keyof Input> {}

/**
 * The fields of a value that a filter does not have, also inside of `created`, `last_error` and `redaction`.
 *
 * @category models
 * @since 0.1.0
 */
export type UnknownFields<
  Given,
  Fields,
  Nested = {
    readonly created: CreatedRange
    readonly last_error: { readonly code: unknown }
    readonly redaction: { readonly status: unknown }
  }
> =
  | Exclude<keyof Given, keyof Fields>
  | {
      [Name in keyof Given & keyof Nested]: Given[Name] extends Nested[Name]
        ? Exclude<keyof Given[Name], keyof Nested[Name]>
        : never
    }[keyof Given & keyof Nested]

/**
 * Lets the compiler refuse a filter that has another field than these, such as a misspelt one. A function that takes a filter
 * and passes it to a call can take an {@link Input}. To keep the filter's status in the types, it takes
 * `<const F extends OnlyFields<F, Input>>`.
 *
 * @category models
 * @since 0.1.0
 */
export type OnlyFields<Given, Fields> = Fields & {
  readonly [Problem in `${UnknownFields<Given, Fields> & string} is not a field of a filter`]: never
}

/**
 * The statuses that a filter names, as a union.
 *
 * @category models
 * @since 0.1.0
 */
export type StatusOf<Choice> = Choice extends ReadonlyArray<infer One> ? One : Choice

/**
 * A session whose status was selected by a filter.
 *
 * @category models
 * @since 0.1.0
 */
export interface HasStatus<One> {
  readonly status: One
}

/**
 * A session narrowed to the status that the type of a filter names. The session's type is unchanged if the filter's type has
 * no status, an optional one, or all of them.
 *
 * @category models
 * @since 0.1.0
 */
export type WithStatusOf<Session, Filter> = Filter extends { readonly status: infer Choice }
  ? [Status] extends [StatusOf<Choice>]
    ? Session
    : [StatusOf<Choice>] extends [Status]
      ? Session & HasStatus<StatusOf<Choice>>
      : Session
  : Session
