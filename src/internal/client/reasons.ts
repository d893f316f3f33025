/**
 * The reasons for replies with an error status. Public through `StripeError`.
 */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { reasonOf } from "../reasons.ts"

const Reason = reasonOf("StripeError")

/** The fields of every reply with an error status. A field is unset if Stripe did not send it. */
const replyFields = {
  /** The HTTP status. */
  status: Schema.Int,
  /** Stripe's `error.code`, such as `resource_missing`. */
  code: Schema.optional(Schema.String),
  /** Stripe's `error.param`: the parameter at fault, in bracket form. */
  param: Schema.optional(Schema.String),
  /** Stripe's message, without keys. For a body that is not JSON: its first bytes. */
  description: Schema.optional(Schema.String),
  /** The `Request-Id` header, for Stripe's support. */
  requestId: Schema.optional(Schema.String),
  /** Stripe's page about the code. */
  docUrl: Schema.optional(Schema.String),
  /** The request in the Stripe dashboard. */
  requestLogUrl: Schema.optional(Schema.String),
  /** The `Stripe-Should-Retry` header, which overrides the status. */
  shouldRetry: Schema.optional(Schema.Boolean),
  /** The `Retry-After` header, as a wait from the arrival of the reply. */
  retryAfter: Schema.optional(Schema.DurationFromMillis)
}

/** Stripe's message, or ours, and what to do. */
const say = (description: string | undefined, otherwise: string, advice = ""): string => {
  const what = (description ?? otherwise).trim()
  return [what === "" || /[.!?]$/.test(what) ? what : `${what}.`, advice].filter((part) => part !== "").join(" ")
}

/**
 * Too many requests (429, or 400 with `code: rate_limit`). Retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class RateLimitError extends Reason<RateLimitError>()("RateLimitError", {
  ...replyFields,
  /** The `Stripe-Rate-Limited-Reason` header, such as `endpoint-rate`. */
  limitedBy: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const limit = this.limitedBy === undefined ? "" : ` (${this.limitedBy})`
    return `Too many requests${limit}. ${say(this.description, "", "Lower rateLimit or concurrency.")}`
  }
}

/**
 * Stripe does not accept the key (401): it is missing, wrong, expired, or not allowed from this IP address. Not
 * retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthenticationError extends Reason<AuthenticationError>()("AuthenticationError", replyFields) {
  override get message(): string {
    return say(this.description, "Stripe did not accept the API key.", "Check the key in STRIPE_API_KEY or apiKey.")
  }
}

/**
 * The key is valid but may not do this (403): a restricted key without the permission, or no access to the account.
 * Not retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class PermissionError extends Reason<PermissionError>()(
  "PermissionError",
  Struct.assign(replyFields, {
    /** The permission that a restricted key needs for this, as Stripe's Dashboard names it, where that is known. */
    needs: Schema.optional(Schema.String)
  })
) {
  override get message(): string {
    return say(
      this.description,
      "The API key lacks a permission.",
      this.needs === undefined
        ? "Grant the permission to this key, or use the key of an account that has access."
        : `Grant the restricted key the permission "${this.needs}", or use the key of an account that has access.`
    )
  }
}

/**
 * The account has not enabled Stripe Identity (400). Not retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class IdentityNotEnabledError extends Reason<IdentityNotEnabledError>()("IdentityNotEnabledError", replyFields) {
  override get message(): string {
    return say(
      this.description,
      "This account is not set up to use Identity. Enable it at https://dashboard.stripe.com/identity."
    )
  }
}

/**
 * Stripe refused the request (400 and other 4xx). Not retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRequestError extends Reason<InvalidRequestError>()("InvalidRequestError", replyFields) {
  override get message(): string {
    const at = this.param === undefined ? "" : `${this.param}: `
    return at + say(this.description, `Stripe refused the request with status ${this.status}.`)
  }
}

/**
 * The key has no object with this id (404). Not retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotFoundError extends Reason<NotFoundError>()("NotFoundError", replyFields) {
  override get message(): string {
    return say(
      this.description,
      "Stripe has no such object.",
      "Check the id, and that the key belongs to the same account and mode (test or live)."
    )
  }
}

/**
 * Stripe does not know the row that a page starts from (400 `resource_missing` on `starting_after` or `ending_before`).
 * Not retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class CursorNotFoundError extends Reason<CursorNotFoundError>()("CursorNotFoundError", replyFields) {
  override get message(): string {
    return say(
      this.description,
      `Stripe does not find the row in ${this.param ?? "the cursor"}.`,
      "Start from a row that is still in the list, in the same account and mode (test or live)."
    )
  }
}

/**
 * Another request holds a lock on the same object (409, or 429 with `code: lock_timeout`). Retried.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConflictError extends Reason<ConflictError>()("ConflictError", replyFields) {
  override get message(): string {
    return say(
      this.description,
      "",
      "Another request holds a lock on the same object. Try again when that request has ended."
    )
  }
}

/**
 * Stripe or a proxy failed (5xx), did not receive the request in time (408), or answered with an unexpected status, such
 * as a 404 for a path that it does not know. A 407, and a 401 or 403 without Stripe's JSON, are refusals by a proxy. 408
 * and 5xx are retried. A redirect is not followed: Stripe's API has no redirects, and the key must not go elsewhere.
 *
 * @category errors
 * @since 0.1.0
 */
export class ApiError extends Reason<ApiError>()("ApiError", replyFields) {
  override get message(): string {
    const advice =
      this.status >= 500
        ? `See https://status.stripe.com if it lasts${this.requestId === undefined ? ", and check any proxy" : ""}.`
        : this.status === 408
          ? "The request did not arrive in time. Check the network, and any proxy between this machine and Stripe."
          : "Check apiBase, and any proxy between this machine and Stripe."
    return `Stripe answered ${this.status}. ${say(this.description, "", advice)}`
  }
}
