// Five ways to handle a read that fails: recover, fall back, resume, skip, report. Each scene has its own simulated Stripe
// with one fault, so this example never reads Stripe itself.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer, Logger, Stream } from "effect"
import { RetryPolicy, type StripeError, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { takesNoArguments } from "./support/noArguments.ts"
import * as Output from "./support/output.ts"

takesNoArguments("Five ways to handle a read that fails", "reads the sandbox alone")
Output.endWithoutReader()

const { Fault } = Sandbox

const countVerified = VerificationSessions.stream({ status: "verified" }).pipe(Stream.runCount)

// Recover from one reason: an account without Identity has no sessions. Every other reason stays in the error channel, and
// in its type.
const recover = countVerified.pipe(
  Effect.catchReason("StripeError", "IdentityNotEnabledError", () => Effect.succeed(0)),
  Effect.flatMap((count) => Console.log(`recover: ${count} verified, because Identity is not switched on`))
)

// Fall back to yesterday's number once the retries have failed. A wrong key is not retryable, so that error passes through
// to whoever can change the key.
const fallBack = countVerified.pipe(
  Effect.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ times: 2, baseDelay: "20 millis" })),
  Effect.catchIf(
    (error) => error.isRetryable,
    ({ attempts, reason }) => Effect.as(Console.log(`fall back: ${reason._tag} after ${attempts} attempts`), 180)
  ),
  Effect.flatMap((count) => Console.log(`fall back: ${count} verified, as of yesterday`))
)

// Resume after the last row. The same works tomorrow, with an id from a file. No row is read twice.
const resume = Effect.gen(function* () {
  const seen: Array<string> = []
  const read = (startingAfter: string | undefined) =>
    VerificationSessions.stream({}, { startingAfter }).pipe(
      Stream.provideService(RetryPolicy.Current, RetryPolicy.none),
      Stream.runForEach(({ id }) => Effect.sync(() => seen.push(id)))
    )
  yield* read(undefined).pipe(
    Effect.tapError(({ page, reason }) =>
      Console.log(`resume: stopped after ${seen.length} on page ${page}, with ${reason._tag}`)
    ),
    Effect.catch(() => read(seen.at(-1)))
  )
  yield* Console.log(`resume: ${seen.length} sessions, ${new Set(seen).size} of them different`)
})

// Skip a row that cannot be decoded. Without `onDecodeError` it ends the stream. The error names the row and the field, and
// not what the row contains.
const skip = Effect.gen(function* () {
  const skipped: Array<StripeError.DecodeError> = []
  const count = yield* VerificationSessions.stream(
    {},
    { onDecodeError: (error) => Effect.sync(() => void skipped.push(error)) }
  ).pipe(Stream.runCount)
  const [first] = skipped
  yield* Console.log(`skip: ${count} sessions; ${first?.rowId} was wrong at ${first?.path}`)
})

// Report. Some reasons get a message for the person who can act. For the others the error's message says what happened,
// where, and the id of the request. It contains no key and no personal data, so it may be logged.
const report = countVerified.pipe(
  Effect.flatMap((count) => Console.log(`report: ${count} verified`)),
  Effect.catchReasons("StripeError", {
    AuthenticationError: () => Console.log("report: the key is wrong or has expired; put a new one in STRIPE_API_KEY"),
    PermissionError: ({ description }) => Console.log(`report: ask the owner of the account. ${description}`),
    RateLimitError: ({ limitedBy }) =>
      Console.log(`report: too fast for Stripe (${limitedBy ?? "it does not say why"})`)
  }),
  Effect.catch((error) =>
    Effect.logError(error.message).pipe(
      Effect.annotateLogs({ reason: error.reason._tag, page: error.page, request: error.requestId ?? "unknown" })
    )
  )
)

/** A scene with its own simulated Stripe. */
const scene = (
  play: Effect.Effect<void, StripeError.StripeError, VerificationSessions.VerificationSessions>,
  options: {
    readonly sandbox?: Sandbox.Options
    readonly fault?: Sandbox.Fault
    readonly times?: number
    readonly apiKey?: typeof Sandbox.apiKey
  }
) =>
  Effect.gen(function* () {
    const sandbox = yield* Sandbox.Sandbox
    // The first page succeeds, so that rows have arrived before the fault.
    if (options.fault !== undefined) yield* sandbox.inject(options.fault, { skip: 1, times: options.times })
    yield* play
  }).pipe(
    Effect.provide(
      VerificationSessions.layer({ apiKey: options.apiKey ?? Sandbox.apiKey }).pipe(
        Layer.provideMerge(Sandbox.layer({ sessions: 500, ...options.sandbox }))
      )
    )
  )

Effect.gen(function* () {
  yield* Console.log("Reading the sandbox, a simulated Stripe, whatever STRIPE_API_KEY says.")
  yield* scene(recover, { sandbox: { account: "identity-not-enabled" } })
  yield* scene(fallBack, { fault: Fault.ServerError({ status: 503 }), times: Infinity })
  yield* scene(resume, { fault: Fault.ResetMidBody() })
  yield* scene(skip, { fault: Fault.BadRow({ at: 7, patch: { created: "yesterday" } }) })
  yield* scene(report, { apiKey: Sandbox.restrictedApiKey })
  yield* scene(report, { fault: Fault.EmptyPageWithMore() })
}).pipe(
  Effect.provide(Logger.layer([Logger.consoleLogFmt])),
  Effect.tapCause(Output.report),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
