/**
 * What Effect's `HttpClient` says when no whole reply came, in words that are safe to show. The client's own error is
 * not kept as a cause, because it holds the request and with it the key.
 */
import * as Cause from "effect/Cause"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Predicate from "effect/Predicate"
import { TransportError } from "../../StripeError.ts"
import * as StripeReply from "./reply.ts"
import { sentence } from "../withoutSecrets.ts"

// Node wraps `connect ECONNREFUSED …` in `fetch failed`; only the innermost error says what happened.
const innermost = (cause: unknown, depth = 0): unknown => {
  if (depth === 8) return cause
  if (Predicate.hasProperty(cause, "errors") && Array.isArray(cause.errors) && cause.errors.length > 0) {
    return innermost(cause.errors[0], depth + 1)
  }
  return Predicate.hasProperty(cause, "cause") && Predicate.isError(cause.cause)
    ? innermost(cause.cause, depth + 1)
    : cause
}

const describe = (error: HttpClientError.HttpClientError): string => {
  const cause = innermost(error.reason.cause)
  if (!Predicate.isError(cause)) return error.reason.description ?? error.reason._tag
  const code = "code" in cause && Predicate.isString(cause.code) ? cause.code : undefined
  const message = cause.message === "" ? cause.name : cause.message
  return code === undefined || message.includes(code) ? message : `${message} (${code})`
}

/** What ended something that a caller gave us, shortened: its innermost error says what happened. */
export const describeCause = (cause: Cause.Cause<unknown>): string => {
  const failure = Cause.squash(cause)
  const error = innermost(Predicate.hasProperty(failure, "reason") ? failure.reason : failure)
  if (!Predicate.isError(error)) return "something that is no Error"
  // The name of a class that says nothing else, such as the TimeoutError of a Redis client, may be all that there is.
  return sentence(error.message) || (error.name === "Error" ? error.constructor.name : error.name)
}

/** The reason behind a failure of the HTTP client. */
export const toReason = (error: HttpClientError.HttpClientError): TransportError => {
  const response = error.response
  return new TransportError({
    description: sentence(describe(error)),
    status: response?.status,
    requestId: response === undefined ? undefined : StripeReply.requestId(response.headers),
    transient: error.reason._tag !== "InvalidUrlError" && error.reason._tag !== "EncodeError"
  })
}
