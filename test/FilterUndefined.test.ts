import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Result, Stream } from "effect"
import {
  Progress,
  SessionFilter,
  StripeClient,
  StripeError,
  VerificationReports,
  VerificationSessions
} from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SessionFlags from "effect-stripe-identity/SessionFlags"
import { countRequests } from "./support/world.ts"

// `{ client_reference_id: user?.reference }` would read everybody for a user who has none.

const services = Layer.mergeAll(VerificationSessions.layerFromClient, VerificationReports.layerFromClient).pipe(
  Layer.provide(StripeClient.layer({ apiKey: Sandbox.apiKey, rateLimit: false })),
  Layer.provideMerge(Sandbox.layer({ sessions: 5 }))
)

const leaveOut = "An undefined field would select everything. To do that, leave the field out."

const reference = `client_reference_id: expected a string of 1 to 5000 characters, got undefined. ${leaveOut}`

const statuses = "canceled, processing, requires_input or verified"

/** Whatever a compiler lets through that was not told to refuse `undefined`. */
// Type boundary: that they are not what the types say is what the tests are about.
const inputs: Readonly<Record<string, readonly [never, string]>> = {
  client_reference_id: [{ client_reference_id: undefined } as never, reference],
  "created.gte": [
    { created: { gte: undefined, lt: "2026-01" } } as never,
    "created.gte: expected a DateTime, a Date, whole seconds since 1970, or text such as 2026-01-31, 7d or " +
      "2026-01-31T12:00:00Z, got undefined. An undefined bound would select any time. To do that, leave it out."
  ],
  "metadata.plan": [
    { metadata: { plan: undefined } } as never,
    "metadata.plan: expected a string of 1 to 500 characters, got undefined"
  ],
  "last_error.code": [{ last_error: { code: undefined } } as never, "got undefined"],
  "redaction.status": [
    { redaction: { status: undefined } } as never,
    "redaction.status: expected none, processing, redacted or validated, got undefined"
  ],
  status: [{ status: undefined } as never, `status: expected ${statuses}, got undefined. ${leaveOut}`],
  "one of several statuses": [
    { status: ["verified", undefined] } as never,
    `status[1]: expected ${statuses}, got undefined`
  ],
  created: [{ created: undefined } as never, `got undefined. ${leaveOut}`],
  related_customer: [{ related_customer: undefined } as never, `got undefined. ${leaveOut}`],
  related_customer_account: [{ related_customer_account: undefined } as never, `got undefined. ${leaveOut}`],
  type: [{ type: undefined } as never, `got undefined. ${leaveOut}`],
  livemode: [{ livemode: undefined } as never, `livemode: expected true or false, got undefined. ${leaveOut}`],
  last_error: [{ last_error: undefined } as never, `got undefined. ${leaveOut}`],
  metadata: [{ metadata: undefined } as never, `got undefined. ${leaveOut}`],
  redaction: [{ redaction: undefined } as never, `got undefined. ${leaveOut}`],
  "a field next to one that is right": [{ status: "verified", client_reference_id: undefined } as never, reference]
}

const thrown = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return error instanceof StripeError.InvalidArgumentError ? error.message : assert.fail(String(error))
  }
  return assert.fail("nothing was thrown")
}

const message = <A>(result: Result.Result<A, { readonly message: string }>): string =>
  Result.isFailure(result) ? result.failure.message : assert.fail("it was taken")

describe("an undefined field of a filter is refused by its name", () => {
  for (const [name, [input, expected]] of Object.entries(inputs)) {
    it.effect(
      name,
      () =>
        Effect.gen(function* () {
          const refusals: ReadonlyArray<Effect.Effect<unknown, { readonly message: string }, unknown>> = [
            SessionFilter.decode(input),
            Effect.fromResult(SessionFilter.make(input)),
            Effect.fromResult(SessionFilter.and(input, {})),
            Effect.fromResult(SessionFilter.and({}, input)),
            Progress.make(input),
            Stream.runDrain(VerificationSessions.stream(input)),
            Stream.runDrain(VerificationSessions.stream(input, { concurrency: 4 })),
            Stream.runDrain(VerificationSessions.pages(input)),
            Stream.runDrain(VerificationSessions.sync(input)),
            Stream.runDrain(VerificationSessions.tail(input)),
            VerificationSessions.list(input)
          ]
          for (const refusal of refusals) assert.include((yield* Effect.flip(refusal)).message, expected)
          for (const run of [
            SessionFilter.makeUnsafe,
            SessionFilter.matches,
            SessionFilter.partition,
            SessionFilter.toQuery
          ]) {
            assert.include(
              thrown(() => run(input)),
              expected
            )
          }
          assert.strictEqual(yield* countRequests, 0)
        }).pipe(Effect.provide(services)) as Effect.Effect<void>
    )
  }

  it.effect("in a filter of reports", () =>
    Effect.gen(function* () {
      for (const name of ["client_reference_id", "created", "type", "verification_session"]) {
        // Type boundary: as above.
        const input = { [name]: undefined } as never
        for (const refusal of [
          Stream.runDrain(VerificationReports.stream(input)),
          Stream.runDrain(VerificationReports.pages(input)),
          VerificationReports.list(input)
        ]) {
          const { message } = yield* Effect.flip(refusal)
          assert.include(message, `InvalidArgumentError: ${name}: expected `)
          assert.include(message, `, got undefined. ${leaveOut}`)
        }
      }
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(services))
  )

  it("in the parameters of a URL, where a program made them", () => {
    // Type boundary: as above.
    const record = { client_reference_id: undefined } as never
    assert.strictEqual(message(Effect.runSync(Effect.result(SessionFilter.decodeUrlQuery(record)))), reference)
  })
})

describe("what says nothing of a field leaves it out", () => {
  it("a query, flags, and a filter that was split", () => {
    assert.deepStrictEqual(Effect.runSync(SessionFilter.decodeUrlQuery("")), {})
    const flags = { created: [], status: ["verified"], type: [], last_error: [], metadata: [], redaction: [] }
    const none = Option.none()
    const given = { client_reference_id: none, related_customer: none, related_customer_account: none, livemode: none }
    assert.deepStrictEqual(Effect.runSync(SessionFlags.decode({ ...flags, ...given })), { status: "verified" })
    // A command whose own flags are next to ours.
    const all = { ...flags, ...given, output: Option.some("sessions.csv"), debug: undefined }
    assert.deepStrictEqual(Effect.runSync(SessionFlags.decode(all)), { status: "verified" })
    const { client, server } = SessionFilter.partition(SessionFilter.makeUnsafe({ status: "verified" }))
    assert.deepStrictEqual([client, server], [{}, { status: "verified" }])
  })

  it.effect("options of a call, which are no filter, may be undefined", () =>
    Effect.gen(function* () {
      const options = { limit: undefined, starting_after: undefined, ending_before: undefined, expand: undefined }
      assert.strictEqual((yield* VerificationSessions.list(options)).data.length, 5)
      const read = { pageSize: undefined, maxItems: undefined, startingAfter: undefined, expand: undefined }
      assert.strictEqual(yield* Stream.runCount(VerificationSessions.stream({}, read)), 5)
    }).pipe(Effect.provide(services))
  )
})
