// How to test your own code: with fixed answers (layerTest), and with a simulated Stripe (Sandbox).
import { Console, DateTime, Effect, Stream } from "effect"
import { VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { deepStrictEqual } from "node:assert"
import { takesNoArguments } from "./support/noArguments.ts"
import { endWithoutReader } from "./support/output.ts"

takesNoArguments("How to test your own code", "reads the sandbox alone")
endWithoutReader()

// Your own code needs the service. A layer decides who answers.
const countByStatus = VerificationSessions.stream().pipe(
  Stream.runFold(
    (): Record<string, number> => ({}),
    (counts, { status }) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 })
  )
)

// Fixed answers. A call without a handler dies, so that no error handler can hide it.
const withFixedAnswers = Effect.gen(function* () {
  const created = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
  const answers = VerificationSessions.layerTest({
    stream: () =>
      Stream.make(
        VerificationSession.makeUnsafe({ id: "vs_1", status: "verified", created }),
        VerificationSession.makeUnsafe({ id: "vs_2", status: "canceled", created }),
        VerificationSession.makeUnsafe({ id: "vs_3", status: "verified", created })
      )
  })
  deepStrictEqual(yield* Effect.provide(countByStatus, answers), { verified: 2, canceled: 1 })
  yield* Console.log("layerTest: 2 verified and 1 canceled were counted")
})

// A simulated Stripe. Its second page breaks off in the middle, and the count must still be right.
const withASandbox = Effect.gen(function* () {
  const sandbox = yield* Sandbox.Sandbox
  yield* sandbox.inject(Sandbox.Fault.ResetMidBody(), { skip: 1 })

  const counts = yield* countByStatus

  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  deepStrictEqual(total, (yield* sandbox.sessions).length)
  const requests = yield* sandbox.requests
  deepStrictEqual(
    requests.map((request) => request.outcome),
    ["answered", "reset", "answered", "answered"]
  )
  yield* Console.log(`Sandbox: ${total} sessions were counted in ${requests.length} requests; one of them broke off`)
}).pipe(
  Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
  Effect.provide(Sandbox.layer({ sessions: 250 }))
)

await Effect.runPromise(
  Effect.gen(function* () {
    yield* Console.log("Reading the sandbox, a simulated Stripe, whatever STRIPE_API_KEY says.")
    yield* withFixedAnswers
    yield* withASandbox
  })
)
