/**
 * What callers write as a filter, and what it becomes. Public through `SessionFilter`.
 */
import * as Arr from "effect/Array"
import type * as DateTime from "effect/DateTime"
import type { Any } from "../session/model.ts"
import {
  lastErrorCodes as documentedCodes,
  redactionStatuses as documentedRedactions,
  statuses,
  types
} from "../session/wire.ts"

export { statuses, types }

/**
 * A point in time: a `DateTime`, a `Date`, whole seconds since 1970, or text. Text is an ISO time with `Z` or an offset,
 * the same seconds as digits, or one of the forms of {@link Input}'s `created` that people write. A number that looks
 * like milliseconds is refused, and so is one that is a date without its dashes, such as 20260131.
 *
 * @category models
 * @since 0.1.0
 */
export type Instant = DateTime.DateTime | Date | string | number

/**
 * A range of time. Bounds combine; what a session's `created` must be is what every given bound says.
 *
 * A day, a month, a quarter or a year as a bound is meant whole: `gte: "2026-01"` is from its first second,
 * `lte: "2026-01"` up to its last, `gt: "2026-01"` from the first of February and `lt: "2026-01"` up to the end of December.
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

export const lastErrorCodes = Arr.append(documentedCodes, "none" as const)

/**
 * The codes of `last_error` that a filter knows. `none`, which is not one of Stripe's, is a session without a code: nobody
 * tried, or nothing went wrong.
 *
 * @category models
 * @since 0.1.0
 */
export type LastErrorCode = (typeof lastErrorCodes)[number]

export const redactionStatuses = Arr.prepend(documentedRedactions, "none" as const)

/**
 * The states of `redaction` that a filter knows. `none`, which is not one of Stripe's, is a session of which no removal
 * was asked for.
 *
 * @category models
 * @since 0.1.0
 */
export type RedactionStatus = (typeof redactionStatuses)[number]

/**
 * One value, or several of which one must be met. A list must not be empty.
 *
 * @category models
 * @since 0.1.0
 */
export type OneOrMore<A> = A | ReadonlyArray<A>

/**
 * The part of a filter that Stripe can answer in one request: its own five parameters, with one status. It is what
 * `list` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface StripeInput {
  /** Sessions that were created with exactly this reference, 1 to 5000 characters. */
  readonly client_reference_id?: string
  /**
   * Sessions created at this second, or in this range. As text also, for people:
   *
   * - `2026`, `2026-Q1`, `2026-01`, `2026-01-31`, `today`, `yesterday`: all of it
   * - `12h`, `7d`, `2w`: from so long ago, in hours, days of 24 hours or weeks of 168, with no end
   * - `2026-01..2026-03`, `2026-01-31..`, `..yesterday`: from the start of one to the end of the other
   *
   * "Now" is by `Clock`, at the start of each read. Days begin at midnight in UTC, or in `DateTime.CurrentTimeZone` where
   * that is provided; where its clocks skip midnight, when they go on. Each ends where the next begins. Four digits are a year, any other number of digits seconds since 1970.
   */
  readonly created?: Instant | CreatedRange
  /** Sessions of this Customer (`cus_…`). Not together with `related_customer_account`. */
  readonly related_customer?: string
  /** Sessions of this Account that acts as a customer (`acct_…`). */
  readonly related_customer_account?: string
  /** Sessions whose status is this one. */
  readonly status?: Status
}

/**
 * A filter as a caller writes it. Fields combine; without fields it is the whole list. A field that is there and `undefined`
 * is refused before any request, because it would select everything: leave the field out instead.
 *
 * Stripe knows `client_reference_id`, `created`, the two `related_…` and one `status`. The rest is decided here, on the
 * rows that came: it leaves out rows and saves no requests.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input extends Omit<StripeInput, "status"> {
  /** Sessions whose status is this one, or one of these. Several are decided here. */
  readonly status?: OneOrMore<Status>
  /** Sessions of this type, or of one of these. Decided here. */
  readonly type?: OneOrMore<Type>
  /** Sessions of live mode, or of test mode. Decided here; a key only ever sees one of them. */
  readonly livemode?: boolean
  /** Sessions whose last error has this code, or one of these, or `none`. Decided here. */
  readonly last_error?: { readonly code: OneOrMore<LastErrorCode> }
  /**
   * Sessions that have each of these entries, value for value. Decided here. Keys of 1 to 40 characters without square
   * brackets and values of 1 to 500, as Stripe keeps them.
   *
   * Source: https://docs.stripe.com/metadata
   */
  readonly metadata?: { readonly [key: string]: string }
  /** Sessions whose redaction stands so, or `none`. Decided here. */
  readonly redaction?: { readonly status: OneOrMore<RedactionStatus> }
}

/**
 * A filter as JSON has it: an {@link Input} without `DateTime` and `Date`.
 *
 * @category models
 * @since 0.1.0
 */
export interface JsonInput extends Omit<Input, "created"> {
  readonly created?: string | number | CreatedRange<string | number>
}

/**
 * What `matches` looks at. Every `VerificationSession` has it, expanded or not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Filterable extends Pick<
  Any,
  | "client_reference_id"
  | "created"
  | "last_error"
  | "livemode"
  | "metadata"
  | "redaction"
  | "related_customer"
  | "related_customer_account"
  | "status"
  | "type"
> {}

/**
 * What a filter may say of the status, for {@link WithStatusOf}. `undefined` is a filter that may say nothing.
 *
 * @category models
 * @since 0.1.0
 */
export type StatusChoice = OneOrMore<Status> | undefined

/**
 * An {@link Input} from which the compiler learns the status.
 *
 * @category models
 * @since 0.1.0
 */
export type InputWithStatus<Choice extends StatusChoice> = Input | (Input & { readonly status: Choice })

/**
 * The one or several statuses of a choice, as a union.
 *
 * @category models
 * @since 0.1.0
 */
export type StatusOf<Choice extends StatusChoice> =
  Choice extends ReadonlyArray<infer One> ? One : Exclude<Choice, undefined | ReadonlyArray<unknown>>

/**
 * What a session has that was selected by this status, or by these.
 *
 * @category models
 * @since 0.1.0
 */
export interface HasStatus<Choice extends StatusChoice> {
  readonly status: StatusOf<Choice>
}

/**
 * A session that a filter with this status lets through. Where the compiler does not know the status, or all are chosen,
 * it is the session as it was.
 *
 * @category models
 * @since 0.1.0
 */
export type WithStatusOf<Session, Choice extends StatusChoice> = [undefined] extends [Choice]
  ? Session
  : [Status] extends [StatusOf<Choice>]
    ? Session
    : Session & HasStatus<Choice>
