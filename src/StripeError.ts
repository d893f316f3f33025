/**
 * One error for every way a call to Stripe can fail.
 *
 * A `StripeError` names the operation and carries a `reason`, so that a program can recover from one reason with
 * `Effect.catchReason` or `Stream.catchReason` and let the others through. Reasons are decided by HTTP status, then
 * by Stripe's `code`, then by `param`, and never by `type`: 401, 403 and 429 all say `invalid_request_error`.
 *
 * No message, field or cause holds an API key (not even the masked one that Stripe echoes) or a session's data.
 * An `InvalidArgumentError` repeats what the caller gave, shortened.
 *
 * @module
 * @category Requests and errors
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { CheckpointMismatchError, EventsExpiredError } from "./internal/sync/reasons.ts"
import {
  ApiError,
  AuthenticationError,
  ConflictError,
  CursorNotFoundError,
  IdentityNotEnabledError,
  InvalidRequestError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  reasonId
} from "./internal/client/reasons.ts"
import { name, sentence } from "./internal/withoutSecrets.ts"

export {
  ApiError,
  AuthenticationError,
  CheckpointMismatchError,
  ConflictError,
  CursorNotFoundError,
  EventsExpiredError,
  IdentityNotEnabledError,
  InvalidRequestError,
  NotFoundError,
  PermissionError,
  RateLimitError
}

const TypeId = "~effect-stripe-identity/StripeError"

/**
 * The network failed: no reply at all, or a reply that broke off. Retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class TransportError extends Schema.TaggedError<TransportError>(reasonId("TransportError"))("TransportError", {
  /** What the network said, such as `connect ECONNREFUSED 127.0.0.1:443`. */
  description: Schema.String,
  /** The status of a reply whose body broke off; unset when there was no reply. */
  status: Schema.optional(Schema.Int),
  requestId: Schema.optional(Schema.String),
  /** `false` where no retry can help, such as an `apiBase` that is not a URL. */
  transient: Schema.Boolean
}) {
  get isRetryable(): boolean {
    return this.transient
  }
  override get message(): string {
    const when = this.status === undefined ? "No reply from Stripe" : "The reply was cut off"
    return `${when}: ${this.description.replace(/\.$/, "")}. Check the network and apiBase.`
  }
}

/**
 * A reply took longer than the time limit of one request, head and body together. Retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class TimeoutError extends Schema.TaggedError<TimeoutError>(reasonId("TimeoutError"))("TimeoutError", {
  /** The time limit that was exceeded. */
  limit: Schema.DurationFromMillis
}) {
  get isRetryable(): boolean {
    return true
  }
  override get message(): string {
    return `No complete reply within ${Duration.format(this.limit)}. Raise timeout, or lower pageSize.`
  }
}

/**
 * A reply is not what Stripe documents: one with status 2xx, or a 400 that was cut short before it said what is wrong. A
 * body that is no JSON is retried, because it was cut short or came from a proxy, and so is one that is too large to be a
 * page; wrong contents are not.
 *
 * @category errors
 * @since 0.1.0
 */
export class DecodeError extends Schema.TaggedError<DecodeError>(reasonId("DecodeError"))("DecodeError", {
  /** What was wrong: `body` is no JSON or too large, `envelope` is no list, `row` is one row. */
  part: Schema.Literals(["body", "envelope", "row"]),
  /** What was found and what was expected, without the value itself. */
  description: Schema.String,
  status: Schema.optional(Schema.Int),
  requestId: Schema.optional(Schema.String),
  /** The path of the wrong value in the reply, such as `data[3].status`. */
  path: Schema.optional(Schema.String),
  /** The id of the row, where it has one. */
  rowId: Schema.optional(Schema.String),
  /** The position of the row on the page, counted from 0 in the order of the reply. */
  position: Schema.optional(Schema.Int),
  /** The number of the page, counted from 1, when the call reads pages. */
  page: Schema.optional(Schema.Int),
  /** The id that the page was asked to start from; unset on a first page. */
  cursor: Schema.optional(Schema.String)
}) {
  get isRetryable(): boolean {
    return this.part === "body"
  }
  override get message(): string {
    const row = this.rowId === undefined ? "" : ` of ${this.rowId}`
    const at = this.path === undefined ? "" : `${this.path}${row}: `
    return `Unexpected reply: ${at}${this.description}. ${whatToDo[this.part]}`
  }
}

const whatToDo: Record<DecodeError["part"], string> = {
  body: "Check apiBase, and any proxy between this machine and Stripe.",
  envelope: "Check apiBase and apiVersion.",
  row: "To skip such rows in a stream, pass onDecodeError."
}

/**
 * One thing wrong with an argument.
 *
 * @category models
 * @since 0.1.0
 */
export interface ArgumentIssue {
  /** Where, within the argument: `pageSize`, `created.gte`, `expand[0]`. The whole of a filter is `filter`. */
  readonly path: string
  /** What was expected, in words. */
  readonly expected: string
  /** What was given, shortened: `nothing` where it is missing. */
  readonly actual: string
  /** What to do about it, where that is known: `Did you mean "verified"?` */
  readonly advice?: string | undefined
}

const sayIssue = ({ actual, advice, expected, path }: ArgumentIssue): string =>
  `${path}: expected ${expected}, got ${actual}${advice === undefined ? "" : `. ${advice}`}`

/**
 * An argument that Stripe would refuse or misunderstand, found before any request was sent. Lists every problem, up to
 * twenty.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidArgumentError extends Schema.TaggedError<InvalidArgumentError>(reasonId("InvalidArgumentError"))(
  "InvalidArgumentError",
  {
    issues: Schema.NonEmptyArray(
      Schema.Struct({
        path: Schema.String,
        expected: Schema.String,
        actual: Schema.String,
        advice: Schema.optional(Schema.String)
      })
    ),
    /** How many more problems there are, which are not listed. */
    omitted: Schema.optional(Schema.Int)
  }
) {
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    const said = this.issues.map(sayIssue)
    if (this.omitted !== undefined) said.push(`and ${this.omitted} more`)
    // Advice ends its sentence by itself.
    return said.reduce((text, next) => `${text}${/[.?]$/.test(text) ? " " : "; "}${next}`)
  }
}

/**
 * A list that cannot be read to its end: a page came twice, a cursor did not advance, more rows were announced and
 * none came, or rows were out of order. Without this error a read would end early and look complete, or never end.
 *
 * @category errors
 * @since 0.1.0
 */
export class PaginationStalledError extends Schema.TaggedError<PaginationStalledError>(
  reasonId("PaginationStalledError")
)("PaginationStalledError", {
  /** What was seen. */
  description: Schema.String,
  /** The number of the page, counted from 1. */
  page: Schema.Int,
  /** The id that the page was asked to start from; unset on a first page. */
  cursor: Schema.optional(Schema.String),
  requestId: Schema.optional(Schema.String)
}) {
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `Pagination stalled: ${sentence(this.description)}. Stopped rather than return a truncated list. Read it again later.`
  }
}

/**
 * Every reason that a {@link StripeError} can carry.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = (typeof reasons)[number]["Type"]

const reasons = [
  RateLimitError,
  AuthenticationError,
  PermissionError,
  IdentityNotEnabledError,
  InvalidRequestError,
  NotFoundError,
  CursorNotFoundError,
  ConflictError,
  ApiError,
  TransportError,
  TimeoutError,
  DecodeError,
  InvalidArgumentError,
  PaginationStalledError,
  CheckpointMismatchError,
  EventsExpiredError
] as const

const refusals: ReadonlySet<Reason["_tag"]> = new Set([
  "AuthenticationError",
  "PermissionError",
  "IdentityNotEnabledError"
])

/**
 * The error of every operation of this library.
 *
 * **Example** (Going on without one reason)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { StripeError } from "effect-stripe-identity"
 *
 * const list = Effect.fail(
 *   new StripeError.StripeError({
 *     operation: "VerificationSessions.list",
 *     reason: new StripeError.IdentityNotEnabledError({ status: 400 })
 *   })
 * )
 *
 * const total = list.pipe(Effect.catchReason("StripeError", "IdentityNotEnabledError", () => Effect.succeed(0)))
 *
 * await Effect.runPromise(total) // => 0
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class StripeError extends Schema.TaggedError<StripeError>("effect-stripe-identity/StripeError")("StripeError", {
  /** The call that failed, such as `VerificationSessions.list`. */
  operation: Schema.String,
  reason: Schema.Union(reasons),
  /** How many requests were sent for it, retries included. */
  attempts: Schema.optional(Schema.Int),
  /** The page that failed, counted from 1, when the call reads pages. */
  page: Schema.optional(Schema.Int),
  /**
   * The id that the page was to start from. To go on later, pass the id of the last row that came as `startingAfter` or
   * `endingBefore`; it is this one, unless rows of the page came before one that was wrong.
   */
  cursor: Schema.optional(Schema.String)
}) {
  readonly [TypeId] = TypeId

  override readonly cause = this.reason

  /** Whether the same request may succeed later. `RetryPolicy` asks this. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }

  /**
   * Whether Stripe does not let this key read this account, and will not until a person changes something: a 401, a 403, or
   * an account without Identity. A program that reads many accounts need not try this one again soon. A 401 is about the
   * key, and so about every account.
   */
  get isAccountRefused(): boolean {
    return !this.isRetryable && refusals.has(this.reason._tag)
  }

  /** How long Stripe asked to wait, if it did. */
  get retryAfter(): Duration.Duration | undefined {
    return "retryAfter" in this.reason ? this.reason.retryAfter : undefined
  }

  /** Stripe's id of the request, if there was a reply that had one. */
  get requestId(): string | undefined {
    return "requestId" in this.reason ? this.reason.requestId : undefined
  }

  override get message(): string {
    const where = [
      this.page === undefined ? undefined : `page ${this.page}`,
      this.cursor === undefined ? undefined : `cursor ${name(this.cursor)}`,
      this.attempts === undefined || this.attempts < 2 ? undefined : `${this.attempts} attempts`,
      this.requestId
    ].filter(Predicate.isNotUndefined)
    const suffix = where.length === 0 ? "" : ` [${where.join(", ")}]`
    return `${this.operation}: ${this.reason._tag}: ${this.reason.message}${suffix}`
  }
}

/**
 * Tests whether a value is a {@link StripeError}.
 *
 * **Example** (An error of unknown origin)
 *
 * ```ts
 * import { Duration } from "effect"
 * import { StripeError } from "effect-stripe-identity"
 *
 * const reason = new StripeError.TimeoutError({ limit: Duration.seconds(80) })
 * const error: unknown = new StripeError.StripeError({ operation: "VerificationSessions.list", reason })
 *
 * StripeError.isStripeError(error) && error.isRetryable // => true
 * StripeError.isStripeError(new Error("no")) // => false
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const isStripeError = (u: unknown): u is StripeError => Predicate.hasProperty(u, TypeId)
