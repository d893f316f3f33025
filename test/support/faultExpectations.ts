import type { Expectation, Outcome } from "./faultMatrix.ts"

// How each case of the matrix ends. `Faults*.test.ts` hold every number here against what happens, and the table in
// the README is made of them. Waits are in milliseconds.

type End = readonly [rows: number, requests: number, end: string]
type EndWithWaits = readonly [...End, waits: ReadonlyArray<number>]

const outcome = ([rows, requests, end]: End): Outcome => ({ rows, requests, end })

const expected = ([rows, requests, end, waits]: EndWithWaits, stripeNode?: End): Expectation => ({
  ours: { ...outcome([rows, requests, end]), waits },
  stripeNode: stripeNode && outcome(stripeNode)
})

/** By group and name. First our own read, then stripe-node's. */
export const expectations: Readonly<Record<string, Expectation>> = {
  "Rate limits and refusals that pass: 409, a conflict": expected([250, 4, "complete", [500]], [250, 4, "complete"]),
  "Rate limits and refusals that pass: 429, endpoint-rate": expected(
    [250, 4, "complete", [500]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 429, global-rate": expected(
    [250, 4, "complete", [500]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 429, endpoint-concurrency": expected(
    [250, 4, "complete", [500]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 429, global-concurrency": expected(
    [250, 4, "complete", [500]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 429, resource-specific": expected(
    [250, 4, "complete", [500]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 429 with `Retry-After: 3`": expected(
    [250, 4, "complete", [3000]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 429 with `Retry-After: 2.5`": expected(
    [250, 4, "complete", [2500]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 429 with `Retry-After: 2, 2`": expected(
    [250, 4, "complete", [2000]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 408, a timeout of the server": expected(
    [250, 4, "complete", [500]],
    [100, 2, "StripeAPIError"]
  ),
  "Rate limits and refusals that pass: 429 with `Retry-After` as a date": expected(
    [250, 4, "complete", [7000]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 429 with `Retry-After` of an hour": expected(
    [250, 4, "complete", [60000]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 429 `lock_timeout` with `Stripe-Should-Retry: true`": expected(
    [250, 4, "complete", [500]],
    [250, 4, "complete"]
  ),
  "Rate limits and refusals that pass: 400 `rate_limit`": expected(
    [250, 4, "complete", [500]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Rate limits and refusals that pass: 400 with `Stripe-Should-Retry: true`": expected(
    [250, 4, "complete", [500]],
    [250, 4, "complete"]
  ),
  "Rate limits and refusals that pass: 400 whose body is cut short": expected(
    [250, 4, "complete", [500]],
    [100, 2, "StripeAPIError"]
  ),
  "Rate limits and refusals that pass: 429, again and again": expected(
    [100, 7, "RateLimitError", [500, 1000, 2000, 4000, 8000]],
    [100, 2, "StripeRateLimitError"]
  ),
  "Server errors: 500 as HTML": expected([250, 4, "complete", [500]], [250, 4, "complete"]),
  "Server errors: 500 as JSON": expected([250, 4, "complete", [500]], [250, 4, "complete"]),
  "Server errors: 502 as HTML": expected([250, 4, "complete", [500]], [250, 4, "complete"]),
  "Server errors: 503 with `Retry-After: 3`": expected([250, 4, "complete", [3000]], [250, 4, "complete"]),
  "Server errors: 504 as HTML": expected([250, 4, "complete", [500]], [250, 4, "complete"]),
  "Server errors: 500 with `Stripe-Should-Retry: false`": expected(
    [100, 2, "ApiError", []],
    [100, 2, "StripeAPIError"]
  ),
  "Server errors: 503, four times": expected([250, 7, "complete", [500, 1000, 2000, 4000]], [100, 4, "StripeAPIError"]),
  "Server errors: 500, four times": expected([250, 9, "complete", [500, 1000, 2000, 4000]], [100, 4, "StripeAPIError"]),
  "Server errors: 503, again and again": expected(
    [100, 7, "ApiError", [500, 1000, 2000, 4000, 8000]],
    [100, 4, "StripeAPIError"]
  ),
  "Server errors: 500 for every page of more than 30 rows": expected(
    [250, 19, "complete", [500, 1000, 2000, 500, 1000, 500, 1000, 500, 1000]],
    [0, 3, "StripeAPIError"]
  ),
  "The network: reset before the headers": expected([250, 4, "complete", [500]], [250, 4, "complete"]),
  "The network: reset in the body": expected([250, 4, "complete", [500]], [100, 2, "StripeConnectionError"]),
  "The network: reset at the end of the body": expected([250, 4, "complete", [500]], [100, 2, "StripeConnectionError"]),
  "The network: no answer": expected([250, 4, "complete", [10500]], [250, 4, "complete"]),
  "The network: a body that stalls": expected([250, 4, "complete", [10500]], [100, 2, "StripeConnectionError"]),
  "The network: reset in the body, again and again": expected(
    [100, 7, "TransportError", [500, 1000, 2000, 4000, 8000]],
    [100, 2, "StripeConnectionError"]
  ),
  "The network: a body that stalls, again and again": expected(
    [100, 7, "TimeoutError", [10500, 11000, 12000, 14000, 18000]],
    [100, 2, "StripeConnectionError"]
  ),
  "Bodies: 204, no content": expected([250, 4, "complete", [500]], [100, 2, "StripeAPIError"]),
  "Bodies: JSON cut short, of the announced length": expected([250, 4, "complete", [500]], [100, 2, "StripeAPIError"]),
  "Bodies: gzip cut short": expected([250, 4, "complete", [500]], [100, 2, "StripeAPIError"]),
  "Bodies: HTML with 200": expected([250, 4, "complete", [500]], [100, 2, "StripeAPIError"]),
  "Bodies: an empty 200": expected([250, 4, "complete", [500]], [100, 2, "StripeAPIError"]),
  "Bodies: JSON as text/plain": expected([250, 3, "complete", []], [250, 3, "complete"]),
  "Bodies: 200 MB, announced": expected([250, 4, "complete", [500]], [250, 3, "complete"]),
  "Bodies: 200 MB, chunked": expected([250, 4, "complete", [500]], [250, 3, "complete"]),
  "Bodies: a redirect to another host": expected([100, 2, "ApiError", []], [100, 2, "StripeAPIError"]),
  "Bodies: a redirect on the same host": expected([100, 2, "ApiError", []], [100, 2, "StripeAPIError"]),
  "Bodies: HTML with 200, again and again": expected(
    [100, 7, "DecodeError", [500, 1000, 2000, 4000, 8000]],
    [100, 2, "StripeAPIError"]
  ),
  "Stalled and invalid lists: the same page again": expected(
    [100, 2, "PaginationStalledError", []],
    [100, 4, "wrong, as if complete"]
  ),
  "Stalled and invalid lists: the same page every time": expected(
    [100, 2, "PaginationStalledError", []],
    [100, 30, "never ends"]
  ),
  "Stalled and invalid lists: more announced, no rows": expected(
    [100, 2, "PaginationStalledError", []],
    [100, 2, "Error"]
  ),
  "Stalled and invalid lists: rows out of order": expected(
    [100, 2, "PaginationStalledError", []],
    [100, 4, "wrong, as if complete"]
  ),
  "Stalled and invalid lists: more rows than asked for": expected(
    [100, 2, "PaginationStalledError", []],
    [250, 2, "complete"]
  ),
  "Stalled and invalid lists: no `data`": expected([100, 2, "DecodeError", []], [100, 2, "Error"]),
  "Stalled and invalid lists: an object that is not a list": expected([100, 2, "DecodeError", []], [100, 2, "Error"]),
  "Stalled and invalid lists: `null`": expected([100, 2, "DecodeError", []], [100, 2, "TypeError"]),
  "Rows: an unknown status": expected([250, 3, "complete", []], [250, 3, "complete"]),
  "Rows: `status: 123`": expected([103, 2, "DecodeError", []], [250, 3, "complete, with a wrong row"]),
  'Rows: `created: "yesterday"`': expected([103, 2, "DecodeError", []], [250, 3, "complete, with a wrong row"]),
  "Rows: no id": expected([103, 2, "DecodeError", []], [103, 3, "complete, with a wrong row"]),
  "Rows: `null` as a row": expected([103, 2, "DecodeError", []], [103, 2, "TypeError"]),
  "Rows: `status: 123`, with `onDecodeError`": expected(
    [249, 3, "complete", []],
    [250, 3, "complete, with a wrong row"]
  ),
  "Rows: `status: 123` in the last row, with `onDecodeError`": expected(
    [249, 3, "complete", []],
    [250, 3, "complete, with a wrong row"]
  ),
  "Rows: no id in the last row, with `onDecodeError`": expected([249, 3, "complete", []], [199, 2, "Error"]),
  "Servers that do not filter, or not in order: `status` is ignored for one page": expected(
    [136, 2, "complete", []],
    [101, 2, "wrong, as if complete"]
  ),
  "Servers that do not filter, or not in order: `status` is ignored": expected(
    [136, 3, "complete", []],
    [1, 3, "wrong, as if complete"]
  ),
  "Servers that do not filter, or not in order: `created` is ignored": expected(
    [190, 3, "complete", []],
    [0, 3, "wrong, as if complete"]
  ),
  "Servers that do not filter, or not in order: `client_reference_id` is ignored": expected(
    [1, 3, "complete", []],
    [0, 3, "wrong, as if complete"]
  ),
  "Servers that do not filter, or not in order: every filter is ignored": expected(
    [107, 3, "complete", []],
    [0, 3, "wrong, as if complete"]
  ),
  "Servers that do not filter, or not in order: `status` is ignored for one page, and its last row is no cursor after":
    expected([389, 6, "complete", []], [100, 3, "StripeInvalidRequestError"]),
  'Servers that do not filter, or not in order: one `canceled` row under `status: "verified"`': expected(
    [135, 2, "complete", []],
    [136, 2, "complete, with a wrong row"]
  ),
  "Servers that do not filter, or not in order: rows a second out of order": expected(
    [250, 3, "complete", []],
    [250, 3, "complete"]
  ),
  "Servers that do not filter, or not in order: rows a second out of order, oldest first": expected(
    [249, 3, "complete", []],
    [249, 3, "complete"]
  ),
  "Servers that do not filter, or not in order: fields that Stripe adds": expected(
    [250, 3, "complete", []],
    [250, 3, "complete"]
  ),
  "Limiters of your own, for one request a second: one that fails": expected([250, 3, "complete", [1000, 1000]]),
  "Limiters of your own, for one request a second: one that fails after the first request": expected([
    250,
    3,
    "complete",
    [1000]
  ]),
  'Limiters of your own, for one request a second: one that fails once, with `onLimiterError: "wait"`': expected([
    250,
    3,
    "complete",
    [1000]
  ]),
  "Cursors that vanish from a filter: the cursor's row": expected(
    [389, 6, "complete", []],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: every row of the page": expected(
    [389, 6, "complete", []],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: twice in a row": expected(
    [389, 6, "complete", []],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: the cursor's row, with a `created` range": expected(
    [299, 5, "complete", []],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: the cursor's row, one second for all": expected(
    [389, 6, "complete", []],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: every row of the page, one second for all": expected(
    [389, 6, "complete", []],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: the cursor's row, oldest first": expected(
    [388, 6, "complete", []],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: every row of the page, oldest first": expected(
    [388, 6, "complete", []],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: every row of the page, oldest first, in an import": expected(
    [388, 6, "complete", []],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: a cursor that is never found": expected(
    [100, 8, "CursorNotFoundError", [500, 1000, 2000, 4000, 8000]],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: a cursor that is never found, one second for all": expected(
    [100, 8, "CursorNotFoundError", [500, 1000, 2000, 4000, 8000]],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Cursors that vanish from a filter: a start that never existed": expected(
    [0, 1, "CursorNotFoundError", []],
    [0, 1, "StripeInvalidRequestError"]
  ),
  "Refusals that stay: 401": expected([0, 1, "AuthenticationError", []], [0, 1, "StripeAuthenticationError"]),
  "Refusals that stay: 403": expected([0, 1, "PermissionError", []], [0, 1, "StripePermissionError"]),
  "Refusals that stay: 404": expected([100, 2, "ApiError", []], [100, 2, "StripeInvalidRequestError"]),
  "Refusals that stay: 401 on page 2": expected(
    [100, 2, "AuthenticationError", []],
    [100, 2, "StripeAuthenticationError"]
  ),
  "Refusals that stay: 400 `parameter_unknown`": expected(
    [100, 2, "InvalidRequestError", []],
    [100, 2, "StripeInvalidRequestError"]
  ),
  "Refusals that stay: Identity not enabled": expected(
    [0, 1, "IdentityNotEnabledError", []],
    [0, 1, "StripeInvalidRequestError"]
  )
}
