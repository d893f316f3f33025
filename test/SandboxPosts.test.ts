import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { Stripe } from "stripe"
import * as Sandbox from "../src/Sandbox.ts"
import { server } from "./support/sandboxServer.ts"

// What a client may say with update, cancel and redact, and what idempotency keys do.

/** The sandbox, and stripe-node's calls for its sessions. */
const connected = Effect.gen(function* () {
  const sandbox = yield* Sandbox.Sandbox
  const address = new URL(yield* HttpServer.addressFormattedWith(Effect.succeed))
  const { identity } = new Stripe(Redacted.value(Sandbox.apiKey), {
    host: address.hostname,
    port: address.port,
    protocol: "http",
    maxNetworkRetries: 0,
    telemetry: false
  })
  return { sandbox, sessions: identity.verificationSessions }
})

const refused = (promise: Promise<unknown>) =>
  Effect.promise(() =>
    promise.then(
      () => assert.fail("it was allowed"),
      (cause: unknown) => (cause instanceof Stripe.errors.StripeError ? cause : assert.fail(String(cause)))
    )
  )

describe("a POST", () => {
  it.live("expands what it asks for", () =>
    Effect.gen(function* () {
      const { sandbox, sessions } = yield* connected
      const { id } = yield* sandbox.insert({ status: "verified" })
      const expand = ["last_verification_report", "verified_outputs"]
      const answers = [
        yield* Effect.promise(() => sessions.update(id, { metadata: { seat: "1" }, expand })),
        yield* Effect.promise(() => sessions.redact(id, { expand }))
      ]
      for (const answer of answers) {
        const report = answer.last_verification_report
        assert.strictEqual(typeof report === "object" ? report?.verification_session : report, id)
        assert.isString(answer.verified_outputs?.first_name)
      }
      const other = yield* sandbox.insert()
      const canceled = yield* Effect.promise(() => sessions.cancel(other.id, { expand: ["last_error"] }))
      assert.strictEqual(canceled.status, "canceled")
      const error = yield* refused(sessions.update(other.id, { expand: ["nothing"] }))
      assert.strictEqual(error.message, "This property cannot be expanded (nothing).")
    }).pipe(Effect.provide(server({ sessions: 0 })))
  )

  it.live("is done once with an idempotency key, and answered again as it was", () =>
    Effect.gen(function* () {
      const { sandbox, sessions } = yield* connected
      const [one, two] = [yield* sandbox.insert(), yield* sandbox.insert()]
      const key = { idempotencyKey: "a key" }
      // The change is made, but nobody hears of it.
      yield* sandbox.inject(Sandbox.Fault.ResetMidBody())
      assert.instanceOf(yield* refused(sessions.redact(one.id, {}, key)), Stripe.errors.StripeConnectionError)
      const [first] = yield* sandbox.requests
      const again = yield* Effect.promise(() => sessions.redact(one.id, {}, key))
      assert.strictEqual(again.redaction?.status, "processing")
      assert.lengthOf(yield* sandbox.events, 3)
      const { headers, idempotencyKey, requestId } = again.lastResponse
      assert.strictEqual(idempotencyKey, "a key")
      assert.strictEqual(headers["idempotent-replayed"], "true")
      const [redacted] = (yield* sandbox.events).filter(({ type }) => type.endsWith("canceled"))
      assert.strictEqual(headers["original-request"], redacted?.request?.id)
      assert.notStrictEqual(requestId, redacted?.request?.id)
      assert.strictEqual(first?.status, 200)

      const canceled = yield* Effect.promise(() => sessions.cancel(two.id, {}, { idempotencyKey: "another" }))
      assert.strictEqual(canceled.lastResponse.headers["original-request"], canceled.lastResponse.requestId)
      assert.notProperty(canceled.lastResponse.headers, "idempotent-replayed")

      const apiKey = Redacted.value(Sandbox.liveApiKey)
      const live = yield* refused(sessions.redact(one.id, {}, { ...key, apiKey }))
      assert.include(live.message, "a similar object exists in test mode")

      for (const [promise, message] of [
        [
          sessions.redact(one.id, { expand: ["last_error"] }, key),
          "Keys for idempotent requests can only be used with the same parameters they were first used with. " +
            "Try using a key other than 'a key' if you meant to execute a different request."
        ],
        [
          sessions.cancel(one.id, {}, key),
          "Keys for idempotent requests can only be used for the same endpoint they were first used for " +
            `('/v1/identity/verification_sessions/${one.id}/cancel' vs ` +
            `'/v1/identity/verification_sessions/${one.id}/redact'). ` +
            "Try using a key other than 'a key' if you meant to execute a different request."
        ]
      ] as const) {
        const error = yield* refused(promise)
        assert.instanceOf(error, Stripe.errors.StripeIdempotencyError)
        assert.deepStrictEqual([error.statusCode, error.message], [400, message])
      }
    }).pipe(Effect.provide(server({ sessions: 0 })))
  )

  it.live("is answered again where it was refused, but not where its parameters were refused", () =>
    Effect.gen(function* () {
      const { sandbox, sessions } = yield* connected
      const { id } = yield* sandbox.insert()
      yield* sandbox.submit(id)
      const key = { idempotencyKey: "a key" }
      yield* refused(sessions.cancel(id, { expand: ["nothing"] }, key))
      const refusal = yield* refused(sessions.cancel(id, {}, key))
      yield* sandbox.fail(id)
      const again = yield* refused(sessions.cancel(id, {}, key))
      assert.strictEqual(again.message, refusal.message)
      assert.strictEqual(again.headers?.["idempotent-replayed"], "true")
      assert.strictEqual((yield* Effect.promise(() => sessions.cancel(id))).status, "canceled")
    }).pipe(Effect.provide(server({ sessions: 0 })))
  )

  it.live("must be a form", () =>
    Effect.gen(function* () {
      const { sandbox } = yield* connected
      const { id, metadata } = yield* sandbox.insert()
      const url = `${yield* HttpServer.addressFormattedWith(Effect.succeed)}/v1/identity/verification_sessions/${id}`
      for (const [type, body, message] of [
        [
          "application/json",
          '{"metadata":{"seat":"1"}}',
          /^Invalid request \(check that your POST content type is app/
        ],
        ["text/plain;charset=UTF-8", "metadata[seat]=1", /^Invalid request: unsupported Content-Type text\/plain;/],
        ["application/x-www-form-urlencoded", "metadata[seat]=1", undefined]
      ] as const) {
        const headers = { authorization: `Bearer ${Redacted.value(Sandbox.apiKey)}`, "content-type": type }
        const response = yield* Effect.promise(() => fetch(url, { method: "POST", headers, body }))
        const answer = yield* Effect.promise(() => response.json())
        assert.strictEqual(response.status, message === undefined ? 200 : 400, type)
        if (message === undefined) assert.deepStrictEqual(answer.metadata, { ...metadata, seat: "1" })
        else assert.match(answer.error.message, message)
      }
    }).pipe(Effect.provide(server({ sessions: 0 })))
  )
})
