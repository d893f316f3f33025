// What to write when reads fail: recover, fall back, go on, leave out, report. Each scene has a Stripe of its own on
// which one thing goes wrong, so this example reads the sandbox alone.
import { Console, Effect, Layer, Logger, Option, References, Stream } from "effect"
import { RetryPolicy, type StripeError, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { takesNoArguments } from "./support/noArguments.ts"
import { endWithoutReader } from "./support/output.ts"

takesNoArguments("What to write when reads fail", "reads the sandbox alone")
endWithoutReader()

const { Fault } = Sandbox

const countVerified = VerificationSessions.stream({ status: "verified" }).pipe(Stream.runCount)

// Recover from one reason. An account without Identity has no sessions, which is an answer; every other reason is still
// in the error channel, and the compiler knows.
const recover = countVerified.pipe(
  Effect.catchReason("StripeError", "IdentityNotEnabledError", () => Effect.succeed(0)),
  Effect.flatMap((count) => Console.log(`recover: ${count} verified, because Identity is not switched on`))
)

// Fall back. What is worth trying again was tried for as long as the policy says; after that yesterday's number is better
// than none. A wrong key is not, so that goes on to whoever can change it.
const fallBack = countVerified.pipe(
  Effect.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ times: 2, baseDelay: "20 millis" })),
  Effect.catchIf(
    (error) => error.isRetryable,
    ({ attempts, reason }) => Effect.as(Console.log(`fall back: ${reason._tag} after ${attempts} attempts`), 180)
  ),
  Effect.flatMap((count) => Console.log(`fall back: ${count} verified, as of yesterday`))
)

// Go on where it stopped. Rows that came stay, and the last of them is where to go on from: here in the same program, as
// well as tomorrow from an id in a file. Nothing is read twice.
const goOn = Effect.gen(function* () {
  const seen: Array<string> = []
  const read = (startingAfter: string | undefined) =>
    VerificationSessions.stream({}, { startingAfter }).pipe(
      Stream.provideService(RetryPolicy.Current, RetryPolicy.none),
      Stream.runForEach(({ id }) => Effect.sync(() => seen.push(id)))
    )
  yield* read(undefined).pipe(
    Effect.tapError(({ page, reason }) =>
      Console.log(`go on: stopped after ${seen.length} on page ${page}, with ${reason._tag}`)
    ),
    Effect.catch(() => read(seen.at(-1)))
  )
  yield* Console.log(`go on: ${seen.length} sessions, ${new Set(seen).size} of them different`)
})

// Leave out. A row that cannot be decoded ends the stream, unless somebody takes it: then the other rows go on, and the
// one is named without what stands in it.
const leaveOut = Effect.gen(function* () {
  const letters: Array<StripeError.DecodeError> = []
  const count = yield* VerificationSessions.stream(
    {},
    { onDecodeError: (error) => Effect.sync(() => void letters.push(error)) }
  ).pipe(Stream.runCount)
  const [letter] = letters
  yield* Console.log(`leave out: ${count} sessions; ${letter?.rowId} was wrong at ${letter?.path}`)
})

// Report. Reasons that somebody can do something about get words of their own; the rest says in its message what
// happened, where, and Stripe's id of the request. No key and nothing of a person is in it, so it may be logged.
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
      Effect.annotateLogs({ reason: error.reason._tag, page: error.page, request: error.requestId ?? "none" })
    )
  )
)

/** A scene with a Stripe of its own. */
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
    // The first page is good, so that there is something to lose.
    if (options.fault !== undefined) yield* sandbox.inject(options.fault, { skip: 1, times: options.times })
    yield* play
  }).pipe(
    Effect.provide(
      VerificationSessions.layer({ apiKey: options.apiKey ?? Sandbox.apiKey }).pipe(
        Layer.provideMerge(Sandbox.layer({ sessions: 500, ...options.sandbox }))
      )
    )
  )

// One line of a log is enough to see what it holds.
const lines = Logger.make(({ fiber, logLevel, message }) => {
  const annotations = Object.entries(fiber.getRef(References.CurrentLogAnnotations))
  const fields = annotations.map(([name, value]) => `${name}=${String(value)}`).join(" ")
  console.log(`report: ${logLevel} ${String(message)} {${fields}}`)
})

await Effect.runPromise(
  Effect.gen(function* () {
    yield* Console.log("Reading the sandbox, a simulated Stripe, whatever STRIPE_API_KEY says.")
    yield* scene(recover, { sandbox: { account: "identity-not-enabled" } })
    yield* scene(fallBack, { fault: Fault.ServerError({ status: 503 }), times: Infinity })
    yield* scene(goOn, { fault: Fault.ResetMidBody() })
    yield* scene(leaveOut, { fault: Fault.BadRow({ at: 7, patch: { created: "yesterday" } }) })
    yield* scene(report, { apiKey: Sandbox.restrictedApiKey })
    yield* scene(report, { fault: Fault.EmptyPageWithMore() })
  }).pipe(
    // What nobody expected ends the program with one line instead of a stack trace.
    Effect.tapError((error) => Console.error(error.message)),
    Effect.option,
    Effect.tap((done) => Effect.sync(() => (process.exitCode = Option.isSome(done) ? 0 : 1))),
    Effect.provide(Logger.layer([lines]))
  )
)
