/**
 * Which failures of a read are tried again, how often, and after what wait.
 *
 * The default is right for Stripe's reads: network failures, time limits, bodies that break off or do not parse, 408, 409,
 * 429 and 5xx are retried, and `Stripe-Should-Retry` overrides that both ways. What is retried is one request for one
 * page, inside the stream's pull, so a retry never repeats a row.
 *
 * @module
 * @category Requests and errors
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Arguments from "./internal/arguments.ts"
import type { InvalidArgumentError, StripeError } from "./StripeError.ts"

/**
 * A retry policy: which errors, and when.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryPolicy {
  /** Whether this failure is worth another request. */
  readonly while: (error: StripeError) => boolean
  /** When the next request is sent; the policy gives up when the schedule ends. */
  readonly schedule: Schedule.Schedule<unknown, StripeError>
}

/**
 * Options of {@link make} and {@link makeUnsafe}.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Retries after the first request, as a count.
   *
   * @default 5
   */
  readonly times?: number | undefined
  /**
   * The wait before the first retry. It doubles from retry to retry.
   *
   * @default "500 millis"
   */
  readonly baseDelay?: Duration.Input | undefined
  /**
   * The longest wait that doubling leads to.
   *
   * @default "8 seconds"
   */
  readonly maxDelay?: Duration.Input | undefined
  /**
   * The longest wait that Stripe may ask for with `Retry-After`. A longer one is cut to this.
   *
   * @default "60 seconds"
   */
  readonly maxRetryAfter?: Duration.Input | undefined
  /**
   * The longest time from the first failure within which a retry may still start: a wait that would end later is not
   * begun. With the time limit of a request it bounds how long a page can take. Unset: no limit but `times`.
   *
   * @default undefined
   */
  readonly maxElapsed?: Duration.Input | undefined
  /**
   * Multiplies each wait by a random number from 0.8 to 1.2, so that many readers do not come back at once. The
   * numbers come from Effect's `Random`.
   *
   * @default true
   */
  readonly jitter?: boolean | undefined
  /**
   * Which errors are retried.
   *
   * @default (error) => error.isRetryable
   */
  readonly while?: ((error: StripeError) => boolean) | undefined
}

const wait = (example: string) =>
  Schema.optional(Arguments.duration("a duration of zero or more", example, (time) => !Duration.isNegative(time)))

const decodeOptions = Arguments.decoder(
  Schema.Struct({
    times: Schema.optional(
      Arguments.accepts(
        "a whole number, 0 or more, or Infinity",
        (value) => value === Infinity || (Number.isSafeInteger(value) && Number(value) >= 0)
      )
    ),
    baseDelay: wait("500 millis"),
    maxDelay: wait("8 seconds"),
    maxRetryAfter: wait("60 seconds"),
    maxElapsed: wait("5 minutes"),
    jitter: Schema.optional(Arguments.accepts("true or false", Predicate.isBoolean)),
    while: Schema.optional(Arguments.accepts("a function that returns whether to retry an error", Predicate.isFunction))
  }),
  "options"
)

/**
 * A schedule that is told the monotonic time. Effect tells it the wall clock's, and one that is set back would keep
 * `maxElapsed` from ending the retries.
 */
const onMonotonicTime = <Output, Input>(schedule: Schedule.Schedule<Output, Input>): Schedule.Schedule<Output, Input> =>
  Schedule.fromStep(
    Effect.map(
      Schedule.toStep(schedule),
      (step) => (_now: number, input: Input) =>
        Effect.flatMap(Clock.monotonicTimeNanos, (nanos) => step(Math.round(Number(nanos) / 1e6), input))
    )
  )

const fromOptions = (options: Options = {}): RetryPolicy => {
  const times = options.times ?? 5
  const maxDelay = Duration.fromInputUnsafe(options.maxDelay ?? "8 seconds")
  const maxRetryAfter = Duration.fromInputUnsafe(options.maxRetryAfter ?? "60 seconds")
  const maxElapsed =
    options.maxElapsed === undefined
      ? Number.POSITIVE_INFINITY
      : Duration.toMillis(Duration.fromInputUnsafe(options.maxElapsed))
  const waits = Schedule.exponential(options.baseDelay ?? "500 millis", 2).pipe(
    Schedule.setInputType<StripeError>(),
    Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, maxDelay)))
  )
  return {
    while: options.while ?? ((error) => error.isRetryable),
    schedule: (options.jitter === false ? waits : Schedule.jittered(waits)).pipe(
      // Jitter comes first, so that it can never cut a wait that Stripe asked for.
      Schedule.modifyDelay(({ duration, input }) =>
        Effect.succeed(
          input.retryAfter === undefined
            ? duration
            : Duration.max(duration, Duration.min(input.retryAfter, maxRetryAfter))
        )
      ),
      Schedule.while(({ duration, elapsed }) => elapsed + Duration.toMillis(duration) <= maxElapsed),
      Schedule.upTo({ times }),
      onMonotonicTime
    )
  }
}

/**
 * Makes a policy from options that come from outside, such as a configuration. Fails with an `InvalidArgumentError` that
 * lists every invalid option. For options written in code, use {@link makeUnsafe}.
 *
 * **Example** (A number of retries from the environment)
 *
 * ```ts
 * import { Config, ConfigProvider, Effect, Layer } from "effect"
 * import { RetryPolicy } from "effect-stripe-identity"
 *
 * const policy = Layer.effect(
 *   RetryPolicy.Current,
 *   Effect.gen(function*() {
 *     const times = yield* Config.Int("STRIPE_RETRIES")
 *     return yield* Effect.fromResult(RetryPolicy.make({ times }))
 *   })
 * )
 *
 * const problem = Effect.void.pipe(
 *   Effect.provide(policy),
 *   Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { STRIPE_RETRIES: "-1" } }))),
 *   Effect.flip,
 *   Effect.map((error) => error._tag)
 * )
 *
 * await Effect.runPromise(problem) // => "InvalidArgumentError"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Result.Result<RetryPolicy, InvalidArgumentError> =>
  Result.map(decodeOptions(options), () => fromOptions(options))

/**
 * Makes a policy of waits that double, with `Retry-After` as the least wait. For options that are written in code, where
 * an invalid one is a mistake in the program: it throws the `InvalidArgumentError` that {@link make} returns.
 *
 * **Example** (Retrying for longer)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { RetryPolicy, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const policy = RetryPolicy.makeUnsafe({ times: 8, baseDelay: "1 millis", maxDelay: "2 millis" })
 *
 * const program = Effect.gen(function*() {
 *   const sandbox = yield* Sandbox.Sandbox
 *   yield* sandbox.inject(Sandbox.Fault.Conflict(), { times: 8 })
 *   yield* VerificationSessions.stream().pipe(
 *     Stream.provideService(RetryPolicy.Current, policy),
 *     Stream.runDrain
 *   )
 *   return (yield* sandbox.requests).map(({ status }) => status)
 * }).pipe(
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer({ sessions: 20 }))
 * )
 *
 * await Effect.runPromise(program) // => [409, 409, 409, 409, 409, 409, 409, 409, 200]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeUnsafe = (options: Options = {}): RetryPolicy => Result.getOrThrow(make(options))

/**
 * A policy that never retries: for tests, or where something above retries. See {@link Current}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const none: RetryPolicy = fromOptions({ times: 0 })

/**
 * The policy in force where none was provided: five retries, some 16 seconds in all.
 *
 * @category constants
 * @since 0.1.0
 */
export const standard: RetryPolicy = fromOptions()

/**
 * Retries what is retryable until it succeeds: for programs that poll and have to outlast any outage, as
 * `VerificationSessions.tail` does. What no retry can help, such as a wrong key, fails at once.
 *
 * **Example** (A night without Stripe)
 *
 * ```ts
 * import { Effect, Fiber, Stream } from "effect"
 * import { TestClock } from "effect/testing"
 * import { RetryPolicy, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   yield* TestClock.setTime(Date.UTC(2026, 0, 2))
 *   const sandbox = yield* Sandbox.Sandbox
 *   yield* sandbox.inject(Sandbox.Fault.ServerError({ status: 503 }), { skip: 1, times: Infinity })
 *   const reading = yield* VerificationSessions.stream().pipe(
 *     Stream.provideService(RetryPolicy.Current, RetryPolicy.forever),
 *     Stream.runCount,
 *     Effect.forkChild
 *   )
 *   yield* TestClock.adjust("8 hours")
 *   yield* sandbox.clearFaults
 *   yield* TestClock.adjust("1 minute")
 *   return yield* Fiber.join(reading)
 * }).pipe(
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey, rateLimit: false })),
 *   Effect.provide(Sandbox.layer({ sessions: 250 })),
 *   Effect.provide(TestClock.layer())
 * )
 *
 * await Effect.runPromise(program) // => 250
 * ```
 *
 * @category constants
 * @since 0.1.0
 */
export const forever: RetryPolicy = fromOptions({ times: Number.POSITIVE_INFINITY })

/**
 * The policy in use. Replace it for one effect with `Effect.provideService(RetryPolicy.Current, policy)`, for one stream
 * with `Stream.provideService`, and for a program with `Layer.succeed(RetryPolicy.Current, policy)`.
 *
 * **Example** (A whole program that never retries)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { RetryPolicy, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   const sandbox = yield* Sandbox.Sandbox
 *   yield* sandbox.inject(Sandbox.Fault.ServerError())
 *   const error = yield* Effect.flip(VerificationSessions.list())
 *   return error.attempts
 * }).pipe(
 *   Effect.provide(Layer.succeed(RetryPolicy.Current, RetryPolicy.none)),
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer())
 * )
 *
 * await Effect.runPromise(program) // => 1
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const Current: Context.Reference<RetryPolicy> = Context.Reference<RetryPolicy>(
  "effect-stripe-identity/RetryPolicy",
  { defaultValue: () => standard }
)
