import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { Stripe } from "stripe"
import * as Sandbox from "../src/Sandbox.ts"
import { server } from "./support/sandboxServer.ts"

// What stripe-node may say with update, cancel and redact, and what its idempotency keys do.

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

describe("a POST of stripe-node", () => {
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
})
