import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { Stripe } from "stripe"
import * as Sandbox from "../src/Sandbox.ts"
import { server } from "./support/sandboxServer.ts"

// Stripe's own client takes the sandbox for Stripe.

const stripeClient = Effect.fnUntraced(function* (key: Redacted.Redacted<string> = Sandbox.apiKey, retries = 0) {
  const url = new URL(yield* HttpServer.addressFormattedWith(Effect.succeed))
  return new Stripe(Redacted.value(key), {
    host: url.hostname,
    port: url.port,
    protocol: "http",
    maxNetworkRetries: retries,
    telemetry: false
  })
})

const readAll = (list: AsyncIterable<{ readonly id: string }>) =>
  Effect.promise(async () => {
    const ids: Array<string> = []
    for await (const { id } of list) ids.push(id)
    return ids
  })

const ids = (rows: ReadonlyArray<{ readonly id: string }>) => rows.map(({ id }) => id)

/** The error a promise is rejected with. */
const rejection = <A>(promise: () => Promise<A>) =>
  Effect.promise(() =>
    promise().then(
      () => assert.fail("it succeeded"),
      (error: unknown) => (error instanceof Stripe.errors.StripeError ? error : assert.fail(String(error)))
    )
  )

describe("stripe-node", () => {
  it.live("pages through the whole list, forward and backward", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const stripe = yield* stripeClient()
      const list = ids(yield* sandbox.sessions)
      const sessions = stripe.identity.verificationSessions
      assert.deepStrictEqual(yield* readAll(sessions.list({ limit: 100 })), list)
      // Its default is pages of ten.
      yield* sandbox.clearRequests
      assert.deepStrictEqual(yield* readAll(sessions.list()), list)
      assert.lengthOf(yield* sandbox.requests, 26)
      const oldest = list.at(-1) ?? ""
      assert.deepStrictEqual(
        yield* readAll(sessions.list({ ending_before: oldest, limit: 33 })),
        list.slice(0, -1).toReversed()
      )
    }).pipe(Effect.provide(server({ sessions: 251 })))
  )

  it.live("filters by created and status, expands and retrieves", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const stripe = yield* stripeClient()
      const list = yield* sandbox.sessions
      const [gte, lt] = [1_745_000_000, 1_755_000_000]
      const found = yield* readAll(
        stripe.identity.verificationSessions.list({ created: { gte, lt }, status: "verified", limit: 7 })
      )
      const expected = list.filter(({ created, status }) => created >= gte && created < lt && status === "verified")
      assert.isAbove(expected.length, 14)
      assert.deepStrictEqual(found, ids(expected))
      const { data } = yield* Effect.promise(() =>
        stripe.identity.verificationSessions.list({
          status: "verified",
          limit: 1,
          expand: ["data.verified_outputs", "data.last_verification_report"]
        })
      )
      assert.isString(data[0]?.verified_outputs?.first_name)
      assert.propertyVal(data[0]?.last_verification_report, "object", "identity.verification_report")
      const one = yield* Effect.promise(() => stripe.identity.verificationSessions.retrieve(found[0] ?? ""))
      assert.strictEqual(one.id, found[0])
      assert.deepStrictEqual(
        (yield* sandbox.requests).filter(({ status }) => status !== 200),
        []
      )
    }).pipe(Effect.provide(server()))
  )

  const refused = (
    key: Redacted.Redacted<string>,
    params: Stripe.Identity.VerificationSessionListParams,
    options?: Sandbox.Options
  ) =>
    Effect.gen(function* () {
      const stripe = yield* stripeClient(key)
      return yield* rejection(() => stripe.identity.verificationSessions.list(params))
    }).pipe(Effect.provide(server(options)))

  const { errors } = Stripe

  it.live("sees the right error class, code and param for each refusal", () =>
    Effect.gen(function* () {
      const wrong = yield* refused(Redacted.make("sk_test_wrong_key"), {})
      assert.instanceOf(wrong, errors.StripeAuthenticationError)
      assert.isUndefined(wrong.requestId)
      const restricted = yield* refused(Sandbox.restrictedApiKey, {})
      assert.instanceOf(restricted, errors.StripePermissionError)
      assert.match(String(restricted.requestId), /^req_/)
      const expired = yield* refused(Sandbox.expiredApiKey, {})
      assert.instanceOf(expired, errors.StripeAuthenticationError)
      assert.strictEqual(expired.code, "api_key_expired")
      const cursor = yield* refused(Sandbox.apiKey, { starting_after: "vs_none" })
      assert.instanceOf(cursor, errors.StripeInvalidRequestError)
      assert.deepStrictEqual(
        [cursor.statusCode, cursor.code, cursor.param],
        [400, "resource_missing", "starting_after"]
      )
      const disabled = yield* refused(Sandbox.apiKey, {}, { account: "identity-not-enabled" })
      assert.instanceOf(disabled, errors.StripeInvalidRequestError)
      assert.match(disabled.message, /not set up to use Identity/)
      const limited = yield* refused(Sandbox.apiKey, {}, { rateLimit: { limit: 0, window: "1 second" } })
      assert.instanceOf(limited, errors.StripeRateLimitError)
      assert.strictEqual(limited.headers?.["stripe-rate-limited-reason"], "endpoint-rate")
    })
  )

  it.live("sees the right error class for each fault", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const stripe = yield* stripeClient()
      const met = (fault: Sandbox.Fault) =>
        // A lost connection is tried once more by stripe-node, even without retries.
        Effect.andThen(
          sandbox.inject(fault, { times: fault._tag === "ResetBeforeHeaders" ? 2 : 1 }),
          rejection(() => stripe.identity.verificationSessions.list())
        )
      const { Fault } = Sandbox
      assert.instanceOf(yield* met(Fault.RateLimited()), errors.StripeRateLimitError)
      assert.instanceOf(yield* met(Fault.ServerError({ format: "json" })), errors.StripeAPIError)
      assert.match((yield* met(Fault.ServerError())).message, /Invalid JSON received/)
      assert.match((yield* met(Fault.TruncatedJson())).message, /Invalid JSON received/)
      assert.instanceOf(yield* met(Fault.Conflict()), errors.StripeAPIError)
      assert.instanceOf(yield* met(Fault.CursorNotFound()), errors.StripeInvalidRequestError)
      assert.instanceOf(yield* met(Fault.ResetBeforeHeaders()), errors.StripeConnectionError)
      assert.instanceOf(yield* met(Fault.ResetMidBody()), errors.StripeConnectionError)
      assert.lengthOf((yield* Effect.promise(() => stripe.identity.verificationSessions.list())).data, 10)
    }).pipe(Effect.provide(server()))
  )

  it.live("retries what Stripe tells it to retry", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const stripe = yield* stripeClient(Sandbox.apiKey, 1)
      yield* sandbox.inject(Sandbox.Fault.LockTimeout())
      yield* Effect.promise(() => stripe.identity.verificationSessions.list())
      assert.deepStrictEqual(
        (yield* sandbox.requests).map(({ status }) => status),
        [429, 200]
      )
      yield* sandbox.inject(Sandbox.Fault.ShouldRetry({ status: 500, retry: false }))
      assert.instanceOf(yield* rejection(() => stripe.identity.verificationSessions.list()), errors.StripeAPIError)
    }).pipe(Effect.provide(server()))
  )
})
