/**
 * The one error of every call, with the reason why it failed.
 *
 * A `StripeError` has the operation and a `reason`. Recover from one reason with `Effect.catchReason` or
 * `Stream.catchReason`; the others stay in the error channel. The HTTP status decides the reason, then Stripe's `code`,
 * then `param`. Stripe's `type` does not: 401, 403 and 429 all have `invalid_request_error`.
 *
 * No message, field or cause holds an API key (not even the masked key that Stripe echoes) or a session's data. An
 * `InvalidArgumentError` repeats the argument, shortened.
 *
 * @module
 * @category Requests and errors
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as ReplyReasons from "./internal/client/reasons.ts"
import { reasonOf } from "./internal/reasons.ts"
import * as CheckpointReasons from "./internal/sync/reasons.ts"
import { name, sentence } from "./internal/withoutSecrets.ts"

export * from "./internal/client/reasons.ts"
export * from "./internal/sync/reasons.ts"

const Reason = reasonOf("StripeError")

const TypeId = "~effect-stripe-identity/StripeError"

/**
 * The network failed: there was no reply, or it was cut off. Retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class TransportError extends Reason<TransportError>()("TransportError", {
  /** The network's error, such as `connect ECONNREFUSED 127.0.0.1:443`. */
  description: Schema.String,
  /** The HTTP status of a reply whose body was cut off; unset if there was no reply. */
  status: Schema.optional(Schema.Int),
  requestId: Schema.optional(Schema.String),
  /** `false` if no retry can help, such as for an `apiBase` that is not a URL. */
  transient: Schema.Boolean
}) {
  override get message(): string {
    const when = this.status === undefined ? "No reply from Stripe" : "The reply was cut off"
    return `${when}: ${this.description.replace(/\.$/, "")}. Check the network and apiBase.`
  }
}

/**
 * A request took longer than the client's `timeout`, up to the end of the reply's body. Retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class TimeoutError extends Reason<TimeoutError>()("TimeoutError", {
  /** The time limit that was exceeded. */
  limit: Schema.DurationFromMillis
}) {
  override get message(): string {
    return `No complete reply within ${Duration.format(this.limit)}. Check the network. If it is slow, raise timeout or lower pageSize.`
  }
}

/**
 * A reply is not what Stripe documents. It had status 2xx, or it was a 400 that was cut off.
 *
 * A body that is not JSON is retried, because it was cut off or came from a proxy, and so is a body that is too large
 * for a page. An invalid list or row is not retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class DecodeError extends Reason<DecodeError>()("DecodeError", {
  /** What was invalid: the `body` is not JSON or too large, the `envelope` is not a list, or one `row` is invalid. */
  part: Schema.Literals(["body", "envelope", "row"]),
  /** What was expected, without the value that was found. */
  description: Schema.String,
  status: Schema.optional(Schema.Int),
  requestId: Schema.optional(Schema.String),
  /** The path of the invalid value in the reply, such as `data[3].status`. */
  path: Schema.optional(Schema.String),
  /** The id of the row, if it has one. */
  rowId: Schema.optional(Schema.String),
  /** The position of the row on the page, counted from 0 in the order of the reply. */
  position: Schema.optional(Schema.Int),
  /** The number of the page, counted from 1, if the call reads pages. */
  page: Schema.optional(Schema.Int),
  /** The id that the page starts from; unset on a first page. */
  cursor: Schema.optional(Schema.String)
}) {
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

const issueFields = {
  /** The path in the argument, such as `pageSize`, `created.gte` or `expand[0]`. A whole filter is `filter`. */
  path: Schema.String,
  /** What was expected. */
  expected: Schema.String,
  /** What was found, shortened. `nothing` if it is missing. */
  actual: Schema.String,
  /** What to do, such as `Did you mean "verified"?`. */
  advice: Schema.optional(Schema.String)
}

/**
 * One problem with an argument.
 *
 * @category models
 * @since 0.1.0
 */
export interface ArgumentIssue extends Schema.Struct.Type<typeof issueFields> {}

const sayIssue = ({ actual, advice, expected, path }: ArgumentIssue): string =>
  `${path}: expected ${expected}, got ${actual}${advice === undefined ? "" : `. ${advice}`}`

/**
 * An argument is invalid. No request was sent. The error lists the problems, twenty at most.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidArgumentError extends Reason<InvalidArgumentError>()("InvalidArgumentError", {
  issues: Schema.NonEmptyArray(Schema.Struct(issueFields))
}) {
  override get message(): string {
    // Advice ends with a full stop or a question mark of its own.
    return this.issues.map(sayIssue).reduce((text, next) => `${text}${/[.?]$/.test(text) ? " " : "; "}${next}`)
  }
}

/**
 * Pagination stalled: a page was returned twice, a cursor did not advance, `has_more` was true on an empty page, or
 * rows were out of order. Without this error a read would look complete too early, or never end.
 *
 * @category errors
 * @since 0.1.0
 */
export class PaginationStalledError extends Reason<PaginationStalledError>()("PaginationStalledError", {
  /** What was found. */
  description: Schema.String,
  /** The number of the page, counted from 1. */
  page: Schema.Int,
  /** The id that the page starts from; unset on a first page. */
  cursor: Schema.optional(Schema.String),
  requestId: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return `Pagination stalled: ${sentence(this.description)}. Stopped rather than return a truncated list. Read it again later.`
  }
}

/**
 * Every reason of a {@link StripeError}.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = (typeof reasons)[number]["Type"]

const reasons = [
  ReplyReasons.RateLimitError,
  ReplyReasons.AuthenticationError,
  ReplyReasons.PermissionError,
  ReplyReasons.IdentityNotEnabledError,
  ReplyReasons.InvalidRequestError,
  ReplyReasons.NotFoundError,
  ReplyReasons.CursorNotFoundError,
  ReplyReasons.ConflictError,
  ReplyReasons.ApiError,
  TransportError,
  TimeoutError,
  DecodeError,
  InvalidArgumentError,
  PaginationStalledError,
  CheckpointReasons.CheckpointMismatchError,
  CheckpointReasons.EventsExpiredError
] as const

const passing: ReadonlySet<Reason["_tag"]> = new Set(["RateLimitError", "ConflictError", "TimeoutError"])

const refusals: ReadonlySet<Reason["_tag"]> = new Set([
  "AuthenticationError",
  "PermissionError",
  "IdentityNotEnabledError"
])

/**
 * The error of every call, with its reason.
 *
 * **Example** (Recover from one reason)
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
  /** Why the call failed. `_tag` says which reason it is. */
  reason: Schema.Union(reasons),
  /** How many requests were sent, retries included. */
  attempts: Schema.optional(Schema.Int),
  /** The number of the page that failed, counted from 1 in the order of the requests, if the call reads pages. */
  page: Schema.optional(Schema.Int),
  /**
   * The id that the page starts from. To resume later, pass the id of the last row that you received as `startingAfter`
   * or `endingBefore`.
   */
  cursor: Schema.optional(Schema.String)
}) {
  readonly [TypeId] = TypeId

  override readonly cause = this.reason

  /** Whether the same request may succeed later. `RetryPolicy` retries by it. */
  get isRetryable(): boolean {
    const { reason } = this
    // `Stripe-Should-Retry` overrides the status.
    if ("shouldRetry" in reason && reason.shouldRetry !== undefined) return reason.shouldRetry
    return (
      passing.has(reason._tag) ||
      (reason._tag === "ApiError" && (reason.status === 408 || reason.status >= 500)) ||
      (reason._tag === "TransportError" && reason.transient) ||
      (reason._tag === "DecodeError" && reason.part === "body")
    )
  }

  /**
   * Whether Stripe refuses this key for this account until a person changes something: a 401, a 403, or an account
   * without Identity. A program that reads many accounts can skip this one for a while. A 401 is about the key, and so
   * applies to every account.
   */
  get isAccountRefused(): boolean {
    return !this.isRetryable && refusals.has(this.reason._tag)
  }

  /** How long Stripe asked to wait (`Retry-After`), if it did. */
  get retryAfter(): Duration.Duration | undefined {
    return "retryAfter" in this.reason ? this.reason.retryAfter : undefined
  }

  /** Stripe's id of the request, if a reply had one. */
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
 * Tests whether an unknown value is a {@link StripeError}.
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
