/**
 * Decides which failed requests are retried, how often, and after which wait.
 *
 * By default network failures, timeouts, bodies that are cut off or not JSON, and the statuses 408, 409, 429 and 5xx
 * are retried. `Stripe-Should-Retry` overrides the status. A retry repeats one request, within the stream, so no row
 * is emitted twice.
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
 * A retry policy: which errors to retry, and when.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryPolicy {
  /** Whether to retry after this error. */
  readonly while: (error: StripeError) => boolean
  /** When to send the next request. When it ends, the call fails. */
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
   * How many retries follow the first request: a whole number, or `Infinity`.
   *
   * @default 5, or `Infinity` with `maxElapsed`
   */
  readonly times?: number | undefined
  /**
   * The wait before the first retry. It doubles with each retry.
   *
   * @default "500 millis"
   */
  readonly baseDelay?: Duration.Input | undefined
  /**
   * The longest wait that doubling leads to.
   *
   * @default "8 seconds", or `baseDelay` if that is longer
   */
  readonly maxDelay?: Duration.Input | undefined
  /**
   * The longest wait that `Retry-After` may ask for. A longer one is shortened to it.
   *
   * @default "60 seconds"
   */
  readonly maxRetryAfter?: Duration.Input | undefined
  /**
   * The longest time from the first failure to the last retry. A wait that would end later is not started. Together with
   * the client's `timeout` it limits how long a page can take, apart from waits for the rate limit.
   *
   * @default no limit
   */
  readonly maxElapsed?: Duration.Input | undefined
  /**
   * Multiplies each wait by a random number from 0.8 to 1.2 (Effect's `Random`), so that many readers do not retry at
   * the same moment.
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
  Schema.optional(Arguments.duration("a duration of zero or more", example, (seconds) => seconds >= 0))

const isFiniteWait = (seconds: number) => seconds >= 0 && Number.isFinite(seconds)

const isCount = (value: unknown) => value === Infinity || (Number.isSafeInteger(value) && Number(value) >= 0)

const decodeOptions = Arguments.options({
  times: Schema.optional(Arguments.accepts("a whole number, 0 or more, or Infinity", isCount)),
  // After an infinite wait no retry would follow, and the read would not end.
  baseDelay: Schema.optional(Arguments.duration("a finite duration of zero or more", "500 millis", isFiniteWait)),
  maxDelay: wait("8 seconds"),
  maxRetryAfter: wait("60 seconds"),
  maxElapsed: wait("5 minutes"),
  jitter: Schema.optional(Arguments.accepts("true or false", Predicate.isBoolean)),
  while: Schema.optional(Arguments.accepts("a function that returns whether to retry an error", Predicate.isFunction))
})

/**
 * Runs a schedule on monotonic time. Effect's schedules use the wall clock, and if that is set back, `maxElapsed` would
 * not end the retries.
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
  const baseDelay = Duration.fromInputUnsafe(options.baseDelay ?? "500 millis")
  const maxDelay = Duration.fromInputUnsafe(options.maxDelay ?? Duration.max(baseDelay, Duration.seconds(8)))
  const maxRetryAfter = Duration.fromInputUnsafe(options.maxRetryAfter ?? "60 seconds")
  const maxElapsed = Duration.toMillis(Duration.fromInputUnsafe(options.maxElapsed ?? "Infinity"))
  const times = options.times ?? (maxElapsed === Infinity ? 5 : Infinity)
  const waits = Schedule.exponential(baseDelay, 2).pipe(
    Schedule.setInputType<StripeError>(),
    Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, maxDelay)))
  )
  return {
    while: options.while ?? ((error) => error.isRetryable),
    schedule: (options.jitter === false ? waits : Schedule.jittered(waits)).pipe(
      // Jitter is applied first, so that it cannot shorten a wait that Stripe asked for.
      Schedule.modifyDelay(({ duration, input }) =>
        Effect.succeed(Duration.max(duration, Duration.min(input.retryAfter ?? Duration.zero, maxRetryAfter)))
      ),
      Schedule.while(({ duration, elapsed }) => elapsed + Duration.toMillis(duration) <= maxElapsed),
      Schedule.upTo({ times }),
      onMonotonicTime
    )
  }
}

/**
 * Makes a policy from options of unknown origin, such as a configuration file. Fails with an `InvalidArgumentError`
 * that lists every invalid option. For options in code, use {@link makeUnsafe}.
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
 * Makes a policy from options in code, with exponential backoff and at least the wait of `Retry-After`. Throws an
 * `InvalidArgumentError` if an option is invalid; {@link make} returns it instead.
 *
 * **Example** (More retries)
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
 * Never retries: for tests, or if the caller retries. See {@link Current} for an example.
 *
 * @category constructors
 * @since 0.1.0
 */
export const none: RetryPolicy = fromOptions({ times: 0 })

/**
 * The default policy: five retries, over about 16 seconds.
 *
 * @category constants
 * @since 0.1.0
 */
export const standard: RetryPolicy = fromOptions()

/**
 * Retries until the request succeeds: for long-running consumers that outlast outages, such as
 * `VerificationSessions.tail`. An error that no retry can fix, such as a wrong key, still fails immediately.
 *
 * **Example** (An outage of eight hours)
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
export const forever: RetryPolicy = fromOptions({ times: Infinity })

/**
 * The policy in use. Set it for one effect with `Effect.provideService(RetryPolicy.Current, policy)`, for one stream
 * with `Stream.provideService`, and for a program with `Layer.succeed(RetryPolicy.Current, policy)`.
 *
 * **Example** (A program that never retries)
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
export const Current: Context.Reference<RetryPolicy> = Context.Reference("effect-stripe-identity/RetryPolicy", {
  defaultValue: () => standard
})
