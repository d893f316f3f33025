import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Random, Result } from "effect"
import { TestClock } from "effect/testing"
import { RetryPolicy, StripeError } from "effect-stripe-identity"

const failure = (reason: StripeError.Reason) => new StripeError.StripeError({ operation: "test", reason })
const unavailable = failure(new StripeError.ApiError({ status: 503 }))

/** The waits, in milliseconds, that a policy makes between attempts at an effect that always fails like this. */
const waits = (policy: RetryPolicy.RetryPolicy, error = unavailable) =>
  Effect.gen(function* () {
    const at: Array<number> = []
    const fiber = yield* Clock.currentTimeMillis.pipe(
      Effect.tap((now) => Effect.sync(() => at.push(now))),
      Effect.andThen(Effect.fail(error)),
      Effect.retry(policy),
      Effect.exit,
      Effect.forkChild
    )
    yield* TestClock.adjust("1 day")
    yield* Fiber.join(fiber)
    return at.slice(1).map((time, index) => time - (at[index] ?? 0))
  })

describe("RetryPolicy", () => {
  it.effect("waits double from half a second, five times", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* waits(RetryPolicy.makeUnsafe({ jitter: false })), [500, 1000, 2000, 4000, 8000])
    })
  )

  it.effect("doubling stops at maxDelay", () =>
    Effect.gen(function* () {
      const policy = RetryPolicy.makeUnsafe({ jitter: false, times: 7, maxDelay: "3 seconds" })
      assert.deepStrictEqual(yield* waits(policy), [500, 1000, 2000, 3000, 3000, 3000, 3000])
    })
  )

  it.effect("the first wait is baseDelay, also if that is longer than the usual maxDelay", () =>
    Effect.gen(function* () {
      const long = { jitter: false, times: 3, baseDelay: "10 seconds" } as const
      assert.deepStrictEqual(yield* waits(RetryPolicy.makeUnsafe(long)), [10_000, 10_000, 10_000])
      const limited = RetryPolicy.makeUnsafe({ ...long, maxDelay: "3 seconds" })
      assert.deepStrictEqual(yield* waits(limited), [3000, 3000, 3000])
    })
  )

  it.effect("Retry-After is the least wait, up to maxRetryAfter", () =>
    Effect.gen(function* () {
      const limited = (retryAfter: Duration.Duration) =>
        failure(new StripeError.RateLimitError({ status: 429, retryAfter }))
      const policy = RetryPolicy.makeUnsafe({ jitter: false, times: 4 })
      assert.deepStrictEqual(yield* waits(policy, limited(Duration.millis(1500))), [1500, 1500, 2000, 4000])
      assert.deepStrictEqual(yield* waits(policy, limited(Duration.hours(3))), [60_000, 60_000, 60_000, 60_000])
      const short = RetryPolicy.makeUnsafe({ jitter: false, times: 1, maxRetryAfter: "5 seconds" })
      assert.deepStrictEqual(yield* waits(short, limited(Duration.hours(3))), [5000])
    })
  )

  it.effect("maxElapsed alone retries for so long, however many retries that takes", () =>
    Effect.gen(function* () {
      const long = yield* waits(RetryPolicy.makeUnsafe({ jitter: false, maxElapsed: "10 minutes" }))
      const total = long.reduce((sum, wait) => sum + wait, 0)
      assert.isAbove(total, 590_000)
      assert.isAtMost(total, 600_000)
      assert.lengthOf(yield* waits(RetryPolicy.makeUnsafe({ times: 3, maxElapsed: "10 minutes" })), 3)
      assert.lengthOf(yield* waits(RetryPolicy.makeUnsafe({ maxElapsed: "Infinity" })), 5)
    })
  )

  it.effect("maxElapsed ends the retries", () =>
    Effect.gen(function* () {
      const policy = RetryPolicy.makeUnsafe({ jitter: false, times: 100, maxElapsed: "10 seconds" })
      const total = (yield* waits(policy)).reduce((sum, wait) => sum + wait, 0)
      assert.isAtMost(total, 10_000 + 8000)
      assert.isAtLeast(total, 7500)
    })
  )

  it.effect("jitter is within a fifth, never cuts a Retry-After, and a seed reproduces it", () =>
    Effect.gen(function* () {
      const policy = RetryPolicy.makeUnsafe()
      const first = yield* waits(policy).pipe(Random.withSeed("seed"))
      const second = yield* waits(policy).pipe(Random.withSeed("seed"))
      const third = yield* waits(policy).pipe(Random.withSeed("another"))
      assert.deepStrictEqual(first.map(Math.round), second.map(Math.round))
      assert.notDeepEqual(first, third)
      for (const [index, wait] of first.entries()) {
        assert.isAtLeast(wait, 500 * 2 ** index * 0.8 - 1)
        assert.isAtMost(wait, 500 * 2 ** index * 1.2 + 1)
      }
      const limited = failure(new StripeError.RateLimitError({ status: 429, retryAfter: Duration.seconds(30) }))
      assert.deepStrictEqual(yield* waits(RetryPolicy.makeUnsafe({ times: 2 }), limited), [30_000, 30_000])
    })
  )

  it.effect("what is not retryable is tried once, and `while` can say otherwise", () =>
    Effect.gen(function* () {
      const refused = failure(new StripeError.AuthenticationError({ status: 401 }))
      assert.deepStrictEqual(yield* waits(RetryPolicy.makeUnsafe({ jitter: false }), refused), [])
      assert.deepStrictEqual(
        yield* waits(RetryPolicy.makeUnsafe({ jitter: false, times: 1, while: () => true }), refused),
        [500]
      )
      assert.deepStrictEqual(yield* waits(RetryPolicy.none), [])
    })
  )

  // Type boundary: what the compiler refuses, plain JavaScript and configuration hand over.
  const make = RetryPolicy.make as (
    options: unknown
  ) => Result.Result<RetryPolicy.RetryPolicy, StripeError.InvalidArgumentError>
  const makeUnsafe = RetryPolicy.makeUnsafe as (options: unknown) => RetryPolicy.RetryPolicy
  const names = "one of the names times, baseDelay, maxDelay, maxRetryAfter, maxElapsed, jitter, while"

  it.each([
    [{ times: Number(undefined) }, "times: expected a whole number, 0 or more, or Infinity, got NaN"],
    [{ times: -1 }, "times: expected a whole number, 0 or more, or Infinity, got -1"],
    [{ times: "3" }, 'times: expected a whole number, 0 or more, or Infinity, got "3"'],
    [{ baseDelay: "0.5s" }, 'baseDelay: expected a finite duration of zero or more, such as "500 millis", got "0.5s"'],
    [
      { baseDelay: Infinity },
      'baseDelay: expected a finite duration of zero or more, such as "500 millis", got Infinity'
    ],
    [{ maxDelay: NaN }, 'maxDelay: expected a duration of zero or more, such as "8 seconds", got NaN'],
    [{ maxElapsed: -1 }, 'maxElapsed: expected a duration of zero or more, such as "5 minutes", got -1'],
    [{ jitter: 0.2 }, "jitter: expected true or false, got 0.2"],
    [{ while: true }, "while: expected a function that returns whether to retry an error, got true"],
    [{ maxRetries: 3 }, `maxRetries: expected ${names}, got "maxRetries"`],
    [{ maxdelay: 3 }, `maxdelay: expected ${names}, got "maxdelay". Did you mean "maxDelay"?`],
    [null, "options: expected a plain object, got null"]
  ])("refuses %o as it is made", (options, message) => {
    assert.throws(() => makeUnsafe(options), StripeError.InvalidArgumentError, message)
    const made = make(options)
    assert.strictEqual(Result.isFailure(made) && made.failure.message, message)
  })
})
