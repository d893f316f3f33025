/**
 * What a reply of Stripe's says apart from its rows: the reason behind an error status, in texts that are safe to show.
 */
import type * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DecodeError } from "../StripeError.ts"
import * as Reasons from "./replyReasons.ts"

/** The head and the text of one reply. */
export interface Reply {
  readonly status: number
  readonly headers: Headers.Headers
  readonly text: string
}

type ReplyReason =
  | Reasons.RateLimitError
  | Reasons.AuthenticationError
  | Reasons.PermissionError
  | Reasons.IdentityNotEnabledError
  | Reasons.InvalidRequestError
  | Reasons.NotFoundError
  | Reasons.CursorNotFoundError
  | Reasons.ConflictError
  | Reasons.ApiError

const unknownField = Schema.optionalKey(Schema.Unknown)

// Fields are taken as they come: one of a wrong type counts as absent, because the status alone still decides.
const decodeErrorBody = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      error: Schema.Struct({
        code: unknownField,
        doc_url: unknownField,
        message: unknownField,
        param: unknownField,
        request_log_url: unknownField
      })
    })
  )
)

const excerptLength = 200

/**
 * Takes API keys and client secrets out of a text. Stripe's messages echo keys with a mask that still shows the last
 * characters, and those are gone too.
 */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/\b([a-z]{2}_(?:test|live))_[\w*.]+/g, "$1_<redacted>")
    .replace(/\b(vs_\w+?)_secret_\w+/g, "$1_secret_<redacted>")

/**
 * The first bytes of a body that is no JSON, for a person to recognise the proxy or the page that sent it. Whatever
 * starts like JSON may be sessions and is not shown.
 */
export const excerpt = (text: string): string | undefined => {
  const start = text.trimStart()
  if (start === "" || /^[[{"]/.test(start)) return undefined
  return withoutSecrets(start.slice(0, excerptLength)).replace(/\s+/g, " ")
}

/** Stripe's id of the request. */
export const requestId = (headers: Headers.Headers): string | undefined => headers["request-id"]

const shouldRetry = (headers: Headers.Headers): boolean | undefined => {
  const value = headers["stripe-should-retry"]
  return value === "true" ? true : value === "false" ? false : undefined
}

const retryAfter = (headers: Headers.Headers, now: number): Duration.Duration | undefined => {
  const value = headers["retry-after"]
  if (value === undefined) return undefined
  const parsed = Headers.parseRetryAfter(value)
  return Result.isSuccess(parsed) ? Headers.retryAfterDelay(parsed.success, now) : undefined
}

/** The JSON of a 2xx reply, or what arrived instead. */
export const parse = (reply: Reply): Result.Result<unknown, DecodeError> =>
  Result.try({
    try: (): unknown => JSON.parse(reply.text),
    catch: () => {
      const seen = excerpt(reply.text)
      const size = `${reply.text.length} characters of ${reply.headers["content-type"] ?? "no content type"}`
      return new DecodeError({
        part: "body",
        status: reply.status,
        requestId: requestId(reply.headers),
        description: `expected JSON, got ${size}${seen === undefined ? "" : ` that start with "${seen}"`}`
      })
    }
  })

const asText = (value: unknown): string | undefined => (Predicate.isString(value) ? value : undefined)

const isCursor = (param: string | undefined): boolean => param === "starting_after" || param === "ending_before"

/**
 * The reason behind a reply whose status is not 2xx, by status, then code, then param. `now` is the time of its
 * arrival in epoch milliseconds, from which a `Retry-After` date is counted.
 */
export const toReason = (reply: Reply, now: number): ReplyReason => {
  const { headers, status, text } = reply
  const error = Option.getOrUndefined(decodeErrorBody(text))?.error
  const message = asText(error?.message)
  const code = asText(error?.code)
  const param = asText(error?.param)
  const fields = {
    status,
    code,
    param,
    description: message === undefined ? excerpt(text) : withoutSecrets(message),
    requestId: requestId(headers),
    docUrl: asText(error?.doc_url),
    requestLogUrl: asText(error?.request_log_url),
    shouldRetry: shouldRetry(headers),
    retryAfter: retryAfter(headers, now)
  }
  if (status === 429 || code === "rate_limit") {
    return new Reasons.RateLimitError({ ...fields, limitedBy: headers["stripe-rate-limited-reason"] })
  }
  switch (status) {
    case 401:
      return new Reasons.AuthenticationError(fields)
    case 403:
      return new Reasons.PermissionError(fields)
    case 404:
      return new Reasons.NotFoundError(fields)
    case 409:
      return new Reasons.ConflictError(fields)
  }
  if (status < 400 || status >= 500) return new Reasons.ApiError(fields)
  // Older accounts get no code with a missing cursor, so the words have to do.
  if (isCursor(param) && (code === "resource_missing" || message?.startsWith("No such "))) {
    return new Reasons.CursorNotFoundError(fields)
  }
  // Stripe gives neither code nor param here, so the words have to do, as they do for Stripe's own sync engine.
  if (message?.includes("not set up to use Identity")) return new Reasons.IdentityNotEnabledError(fields)
  return new Reasons.InvalidRequestError(fields)
}
