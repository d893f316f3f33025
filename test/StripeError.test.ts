import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Redacted, Schema } from "effect"
import { Headers, HttpClientError, HttpClientRequest } from "effect/http"
import { StripeError } from "effect-stripe-identity"
import * as StripeReply from "../src/internal/client/reply.ts"
import * as Transport from "../src/internal/client/transport.ts"
import { readStripeMaterial } from "./support/stripeMaterial.ts"

const reasonOf = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  StripeReply.toReason(
    { status, headers: Headers.fromInput(headers), text: typeof body === "string" ? body : JSON.stringify(body) },
    0
  )

const isRetryable = (reason: StripeError.Reason): boolean =>
  new StripeError.StripeError({ operation: "test", reason }).isRetryable

const error = (fields: Record<string, unknown>) => ({
  error: { type: "invalid_request_error", message: "no", ...fields }
})

describe("the reason behind a status", () => {
  it("says what Stripe said in one line that no terminal obeys", () => {
    const message = "no\u001b[2Jsuch\r\n\u009bsession\u202e\u2028here"
    assert.include(reasonOf(400, error({ message })).message, "no [2Jsuch session here")
  })

  it("is the same whatever the filter was, though its values are taken out of what is said", () => {
    const body = JSON.stringify(error({ message: "No such verification_session: 'vs_1'", param: "starting_after" }))
    const sent = [["client_reference_id", Redacted.make("No")]] as const
    const reason = StripeReply.toReason({ status: 400, headers: Headers.empty, text: body }, 0, sent)
    assert.strictEqual(reason._tag, "CursorNotFoundError")
    assert.include(reason.message, "<redacted> such verification_session")
  })

  const cases: ReadonlyArray<readonly [StripeError.Reason["_tag"], boolean, number, unknown]> = [
    ["RateLimitError", true, 429, error({})],
    ["RateLimitError", true, 400, error({ code: "rate_limit" })],
    ["AuthenticationError", false, 401, error({})],
    ["PermissionError", false, 403, error({})],
    ["ApiError", false, 401, "<html>Sign in to the proxy</html>"],
    ["ApiError", false, 403, "<html>403 Forbidden</html>"],
    ["ApiError", false, 403, "RBAC: access denied"],
    ["ApiError", false, 403, { message: "Forbidden" }],
    ["ApiError", false, 401, { error: "unauthorized" }],
    ["ApiError", false, 407, "<html>Proxy Authentication Required</html>"],
    ["AuthenticationError", false, 401, ""],
    ["PermissionError", false, 403, ""],
    ["NotFoundError", false, 404, error({ code: "resource_missing", param: "session" })],
    ["NotFoundError", false, 404, error({ message: "No such verification_session: vs_1" })],
    ["ApiError", false, 404, error({ message: "Unrecognized request URL (GET: /stripe/v1/events)." })],
    ["ApiError", false, 404, "<html>404 Not Found</html>"],
    ["ConflictError", true, 409, error({})],
    ["ConflictError", true, 429, error({ code: "lock_timeout" })],
    ["CursorNotFoundError", false, 400, error({ code: "resource_missing", param: "starting_after" })],
    ["CursorNotFoundError", false, 400, error({ code: "resource_missing", param: "ending_before" })],
    ["CursorNotFoundError", false, 404, error({ code: "resource_missing", param: "starting_after" })],
    ["InvalidRequestError", false, 400, error({ code: "resource_missing", param: "related_customer" })],
    ["InvalidRequestError", false, 400, error({ code: "parameter_unknown", param: "wat" })],
    ["IdentityNotEnabledError", false, 400, error({ code: "identity_api_invalid_application" })],
    ["InvalidRequestError", false, 402, error({})],
    ["InvalidRequestError", false, 414, "<html>414 Request-URI Too Large</html>"],
    ["ApiError", true, 500, error({ type: "api_error" })],
    ["ApiError", true, 503, "<html>down</html>"],
    ["ApiError", true, 408, "<html>408 Request Time-out</html>"],
    ["ApiError", false, 302, ""]
  ]
  for (const [tag, retryable, status, body] of cases) {
    it(`${status} ${JSON.stringify(body).slice(0, 90)} is ${tag}`, () => {
      const reason = reasonOf(status, body)
      assert.strictEqual(reason._tag, tag)
      assert.strictEqual(isRetryable(reason), retryable)
    })
  }

  it("a refusal by a proxy says nothing of the key, so no account is refused for it", () => {
    const text = "<html><title>403 Forbidden</title>Blocked by the firewall</html>"
    const reason = StripeReply.toReason({ status: 403, headers: Headers.empty, text }, 0)
    const error = new StripeError.StripeError({ operation: "test", reason })
    assert.isFalse(error.isAccountRefused)
    assert.strictEqual(
      reason.message,
      "Stripe answered 403. 403 Forbidden Blocked by the firewall. Check apiBase, and any proxy between this machine and Stripe."
    )
    // Cut short it may be Stripe's all the same.
    const cut = StripeReply.toReason({ status: 403, headers: Headers.empty, text: '{"error": {"mess' }, 0)
    assert.strictEqual(cut._tag, "PermissionError")
  })

  it("a 5xx that has no id of Stripe's may be of a proxy", () => {
    const text = "<html>Log in to the network</html>"
    const portal =
      "Stripe answered 511. Log in to the network. See https://status.stripe.com if it lasts, and check any proxy."
    assert.strictEqual(reasonOf(511, text).message, portal)
    const own = "Stripe answered 500. no. See https://status.stripe.com if it lasts."
    assert.strictEqual(reasonOf(500, error({}), { "request-id": "req_1" }).message, own)
  })

  it("an object lock is not told to slow down, and a 429 that names a limit is one, whatever its code", () => {
    const lock = reasonOf(429, error({ code: "lock_timeout", message: "This object cannot be accessed right now" }))
    assert.strictEqual(
      lock.message,
      "This object cannot be accessed right now. Another request holds a lock on the same object. Try again when that request has ended."
    )
    const limited = reasonOf(429, error({ code: "lock_timeout" }), { "stripe-rate-limited-reason": "endpoint-rate" })
    assert.strictEqual(limited._tag, "RateLimitError")
  })

  const waits: ReadonlyArray<readonly [header: string, millis: number | undefined]> = [
    ["2", 2000],
    ["2.5", 2500],
    [" 0.25 ", 250],
    ["2, 2", 2000],
    ["1, 30.5,7", 30_500],
    ["Thu, 01 Jan 1970 00:00:07 GMT", 7000],
    ["-1", undefined],
    ["soon", undefined],
    ["2, soon", undefined],
    ["1e3", undefined],
    [".", undefined],
    ["9".repeat(100_000) + ".", undefined]
  ]
  it.each(waits)("whose Retry-After is %s waits %d ms at least", (header, millis) => {
    const { retryAfter } = reasonOf(429, error({}), { "retry-after": header })
    assert.strictEqual(retryAfter === undefined ? undefined : Duration.toMillis(retryAfter), millis)
  })

  it("every error body seen from Stripe gives the reason of its status, and never the key it echoes", (context) => {
    const material = readStripeMaterial<{
      readonly entries: ReadonlyArray<{ readonly id: string; readonly status: number; readonly body?: unknown }>
    }>("errors.json")
    if (material === undefined) return context.skip()
    const byStatus: Record<number, string> = {
      400: "InvalidRequestError",
      401: "AuthenticationError",
      403: "PermissionError",
      404: "NotFoundError",
      409: "ConflictError",
      414: "InvalidRequestError",
      429: "RateLimitError",
      500: "ApiError",
      503: "ApiError"
    }
    const special: Record<string, string> = {
      identity_not_enabled: "IdentityNotEnabledError",
      lock_timeout: "ConflictError",
      unrecognized_url: "ApiError",
      "unrecognized_url.trailing_slash": "ApiError",
      "mock.route": "ApiError"
    }
    for (const { body, id, status } of material.entries) {
      if (status === 200) continue
      const reason = reasonOf(status, body)
      const expected = special[id] ?? (id.startsWith("cursor_missing") ? "CursorNotFoundError" : byStatus[status])
      assert.strictEqual(reason._tag, expected, id)
      assert.notMatch(reason.message, /\*{3}|[sre]k_(test|live)_(?!<redacted>|123)/, id)
    }
  })

  it("of every body seen from Stripe, only a 401, a 403 and one without Identity refuse the account", (context) => {
    const material = readStripeMaterial<{
      readonly entries: ReadonlyArray<{ readonly id: string; readonly status: number; readonly body?: unknown }>
    }>("errors.json")
    if (material === undefined) return context.skip()
    const refused = ({ body, status }: (typeof material.entries)[number], headers?: Record<string, string>) =>
      new StripeError.StripeError({ operation: "test", reason: reasonOf(status, body, headers) }).isAccountRefused
    const found = material.entries.filter((entry) => entry.status !== 200 && refused(entry)).map(({ id }) => id)
    const expected = material.entries.filter(
      ({ id, status }) => [401, 403].includes(status) || id === "identity_not_enabled"
    )
    assert.sameMembers(
      found,
      expected.map(({ id }) => id)
    )
    assert.isAbove(found.length, 8)
    for (const entry of expected) assert.isFalse(refused(entry, { "stripe-should-retry": "true" }), entry.id)
  })

  it("Stripe-Should-Retry overrides both ways", () => {
    assert.isFalse(isRetryable(reasonOf(500, "", { "stripe-should-retry": "false" })))
    assert.isTrue(isRetryable(reasonOf(400, error({}), { "stripe-should-retry": "true" })))
  })

  it("of failures without an error status, only those that a retry may help are retried", () => {
    const description = "no"
    const cases: ReadonlyArray<readonly [boolean, StripeError.Reason]> = [
      [true, new StripeError.TransportError({ description, transient: true })],
      [false, new StripeError.TransportError({ description, transient: false })],
      [true, new StripeError.TimeoutError({ limit: Duration.seconds(80) })],
      [true, new StripeError.DecodeError({ part: "body", description, status: 200 })],
      [false, new StripeError.DecodeError({ part: "envelope", description, status: 200 })],
      [false, new StripeError.DecodeError({ part: "row", description, status: 200 })],
      [false, new StripeError.InvalidArgumentError({ issues: [{ path: "a", expected: "b", actual: "c" }] })],
      [false, new StripeError.PaginationStalledError({ description, page: 1 })],
      [false, new StripeError.CheckpointMismatchError({ problem: "mode", expected: "live", actual: "test" })],
      [false, new StripeError.EventsExpiredError({ position: DateTime.makeUnsafe(0) })]
    ]
    for (const [expected, reason] of cases) {
      assert.strictEqual(isRetryable(reason), expected, JSON.stringify(reason))
    }
  })

  it("Retry-After is read as seconds and as a date from the time of arrival", () => {
    assert.deepStrictEqual(reasonOf(429, "", { "retry-after": "7" }).retryAfter, Duration.seconds(7))
    assert.deepStrictEqual(
      reasonOf(503, "", { "retry-after": "Thu, 01 Jan 1970 00:00:09 GMT" }).retryAfter,
      Duration.seconds(9)
    )
    assert.isUndefined(reasonOf(429, "", { "retry-after": "soon" }).retryAfter)
    // No client of Node takes so long a header, but that of Deno does.
    assert.isUndefined(reasonOf(429, "", { "retry-after": `${"7,".repeat(200_000)}7` }).retryAfter)
  })

  it("keeps status, code, param, request id and links", () => {
    const reason = reasonOf(
      400,
      error({ code: "parameter_unknown", param: "wat", doc_url: "https://d", request_log_url: "https://l" }),
      { "request-id": "req_1" }
    )
    assert.deepInclude(reason, {
      status: 400,
      code: "parameter_unknown",
      param: "wat",
      docUrl: "https://d",
      requestLogUrl: "https://l",
      requestId: "req_1"
    })
  })

  it("fields of a wrong type count as absent", () => {
    const reason = reasonOf(429, { error: { code: 5, message: { a: 1 }, param: null } })
    assert.strictEqual(reason._tag, "RateLimitError")
    assert.isUndefined(reason.code)
    assert.strictEqual(reasonOf(500, { error: "x" })._tag, "ApiError")
  })

  it("the first bytes of a body that is no JSON are kept, those of one that may hold sessions are not", () => {
    assert.strictEqual(StripeReply.excerpt("  <html>\n<title>Bad gateway</title>"), "Bad gateway")
    assert.isUndefined(StripeReply.excerpt('{"object":"list","data":[{"first_name":"Jenny'))
    assert.isUndefined(StripeReply.excerpt("  [1"))
    assert.isAtMost(StripeReply.excerpt("x".repeat(10_000))?.length ?? 0, 200)
    // No further than this is looked: in 12 MB of entities that took three seconds, six times.
    assert.strictEqual(StripeReply.excerpt(`${"<p>".repeat(20_000)}near`), "near")
    assert.strictEqual(StripeReply.excerpt(`${"<p>".repeat(30_000)}far`), "…")
  })
})

describe("what others write", () => {
  it("comes into a message in one line: OpenSSL's words, and Stripe's or a proxy's", () => {
    // As Node says it where https:// leads to a port of plain HTTP.
    const cause = Object.assign(new Error("40A7:error:0A00010B:SSL routines:wrong version number:ssl3.c:354:\n"), {
      code: "ERR_SSL_WRONG_VERSION_NUMBER"
    })
    const request = HttpClientRequest.get("https://127.0.0.1/")
    const failed = new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, cause: new TypeError("fetch failed", { cause }) })
    })
    assert.strictEqual(
      Transport.toReason(failed).message,
      "No reply from Stripe: 40A7:error:0A00010B:SSL routines:wrong version number:ssl3.c:354: " +
        "(ERR_SSL_WRONG_VERSION_NUMBER). Check the network and apiBase."
    )
    // As fetch says a 407: with an error inside that has no text.
    const empty = new TypeError("fetch failed", { cause: new Error() })
    assert.include(Transport.toReason(empty).message, "The HTTP client failed with fetch failed.")
    // A code, the name of a class and a cause of its own say something, also where the text is empty.
    const within = (cause: Error) => Transport.describe(new TypeError("fetch failed", { cause }))
    assert.strictEqual(within(Object.assign(new Error(), { code: "ECONNRESET" })), "Error (ECONNRESET)")
    assert.strictEqual(within(new (class PoolClosed extends Error {})()), "PoolClosed")
    assert.strictEqual(within(new Error("", { cause: new Error("connect ECONNREFUSED") })), "connect ECONNREFUSED")
    const reason = reasonOf(400, error({ message: " not\r\n  this\u2028way\n", code: "a\nb", param: "c\n\td" }))
    assert.strictEqual(reason.message, "c d: not this way.")
    assert.strictEqual(reason.code, "a b")
    assert.notMatch(reasonOf(502, "<html>\n<title>\n").message, /\s{2}|\n/)
  })
})

describe("StripeError", () => {
  const rateLimited = new StripeError.StripeError({
    operation: "VerificationSessions.stream",
    reason: new StripeError.RateLimitError({
      status: 429,
      requestId: "req_1",
      retryAfter: Duration.seconds(2),
      limitedBy: "endpoint-rate"
    }),
    page: 3,
    cursor: "vs_9",
    attempts: 6
  })

  it("says what happened, where, and what to do", () => {
    assert.strictEqual(
      rateLimited.message,
      "VerificationSessions.stream: RateLimitError: Too many requests (endpoint-rate). " +
        "Lower rateLimit or concurrency. [page 3, cursor vs_9, 6 attempts, req_1]"
    )
    assert.isTrue(rateLimited.isRetryable)
    assert.deepStrictEqual(rateLimited.retryAfter, Duration.seconds(2))
    assert.strictEqual(rateLimited.requestId, "req_1")
    assert.strictEqual(rateLimited.cause, rateLimited.reason)
    assert.isTrue(StripeError.isStripeError(rateLimited))
    assert.isFalse(StripeError.isStripeError(new Error("no")))
  })

  it("goes through its Schema and back, so that it fits workflows and RPC", () => {
    const json = JSON.parse(JSON.stringify(Schema.encodeSync(StripeError.StripeError)(rateLimited)))
    const back = Schema.decodeUnknownSync(StripeError.StripeError)(json)
    assert.strictEqual(back.message, rateLimited.message)
    assert.strictEqual(back.reason._tag, "RateLimitError")
    assert.deepStrictEqual(back.retryAfter, rateLimited.retryAfter)
  })

  it.effect("reasons are caught one by one", () =>
    Effect.gen(function* () {
      const caught = yield* Effect.fail(rateLimited).pipe(
        Effect.catchReason("StripeError", "RateLimitError", (reason) => Effect.succeed(reason.limitedBy))
      )
      assert.strictEqual(caught, "endpoint-rate")
      const others = yield* Effect.fail(rateLimited).pipe(
        Effect.catchReason("StripeError", "PermissionError", () => Effect.succeed("no")),
        Effect.flip
      )
      assert.strictEqual(others, rateLimited)
    })
  )
})
