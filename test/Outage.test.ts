import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Effect, Fiber, Logger, type LogLevel, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type Checkpoint, Destination, RetryPolicy, StripeClient, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as PageSize from "../src/internal/pagination/pageSize.ts"
import { between } from "./support/filters.ts"
import { countRequests, listIds, query, requests, settled, world } from "./support/world.ts"

// What keeps polling the list has to outlast a Stripe that does not answer.

const there = world({ sandbox: { sessions: 250 } })

const begin = TestClock.setTime(DateTime.toEpochMillis(DateTime.makeUnsafe("2026-01-02T00:00:00Z")))

/** A session that is made now. */
const insert = Effect.gen(function* () {
  const created = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  yield* Sandbox.Sandbox.use((sandbox) => sandbox.insert({ created }))
})

const faults = [Sandbox.Fault.ServerError({ status: 503 }), Sandbox.Fault.ResetBeforeHeaders(), Sandbox.Fault.Hang()]

/** Three hours without an answer, long enough for a wait that doubles to have no number, and a session in each of them. */
const outage = (fault: Sandbox.Fault, skip: number) =>
  Effect.gen(function* () {
    const sandbox = yield* Sandbox.Sandbox
    yield* sandbox.inject(fault, { skip, times: Infinity })
    for (let hour = 0; hour < 3; hour++) {
      yield* insert
      yield* TestClock.adjust("1 hour")
    }
    yield* sandbox.clearFaults
    yield* TestClock.adjust("10 minutes")
  })

describe("hours without Stripe", () => {
  for (const fault of faults) {
    it.effect(`end no tail that never stops retrying, and cost and repeat no session (${fault._tag})`, () =>
      Effect.gen(function* () {
        yield* begin
        const seen: Array<string> = []
        const following = yield* VerificationSessions.tail().pipe(
          Stream.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ times: Infinity })),
          Stream.runForEach(({ sessions }) => Effect.sync(() => seen.push(...sessions.map(({ id }) => id)))),
          Effect.forkChild
        )
        yield* outage(fault, 1)
        yield* outage(fault, 2)
        assert.isAbove(yield* countRequests, 200)
        assert.strictEqual(seen.length, 256)
        assert.sameMembers(seen, [...(yield* listIds)])
        yield* Fiber.interrupt(following)
      }).pipe(Effect.provide(there))
    )
  }

  it.effect("are waited through with a request every eight seconds, give or take a fifth", () =>
    Effect.gen(function* () {
      yield* begin
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Sandbox.Fault.ResetBeforeHeaders(), { times: Infinity })
      const following = yield* Stream.runDrain(VerificationSessions.tail()).pipe(
        Effect.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ times: Infinity })),
        Effect.forkChild
      )
      yield* TestClock.adjust("3 hours")
      const at = (yield* sandbox.requests).map(({ receivedAt }) => receivedAt)
      const waits = at.slice(6).map((time, index) => time - (at[index + 5] ?? 0))
      assert.isAbove(waits.length, 1100)
      for (const wait of waits) assert.isTrue(wait >= 6400 && wait <= 9600, String(wait))
      yield* Fiber.interrupt(following)
    }).pipe(Effect.provide(there))
  )

  it.effect("do not keep a wrong key from ending at once", () =>
    Effect.gen(function* () {
      const error = yield* Stream.runDrain(VerificationSessions.tail()).pipe(
        Effect.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ times: Infinity })),
        Effect.flip
      )
      assert.deepStrictEqual([error.reason._tag, error.attempts], ["AuthenticationError", 1])
    }).pipe(Effect.provide(world({ client: { apiKey: Sandbox.expiredApiKey } })))
  )
})

describe("a destination that is followed", () => {
  it.effect("may be retried as a whole, because each try resumes from the checkpoint that it has stored", () =>
    Effect.gen(function* () {
      yield* begin
      const stored: Array<string> = []
      let runs = 0
      let last: Checkpoint.Checkpoint | undefined
      const destination = {
        open: Effect.sync(() => {
          runs++
          const save = ({ checkpoint, sessions }: VerificationSessions.Batch<{ readonly id: string }>) =>
            Effect.sync(() => {
              stored.push(...sessions.map(({ id }) => id))
              last = checkpoint
            })
          return { from: last, save }
        })
      }
      const following = yield* Destination.stream(destination, (from) => VerificationSessions.tail({}, { from })).pipe(
        Stream.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ times: 5 })),
        Stream.retry(Schedule.spaced("1 minute")),
        Stream.runDrain,
        Effect.forkChild
      )
      yield* outage(Sandbox.Fault.ServerError({ status: 503 }), 1)
      yield* outage(Sandbox.Fault.ServerError({ status: 503 }), 2)
      // The policy of one request gave up, again and again.
      assert.isAbove(runs, 200)
      assert.strictEqual(stored.length, 256)
      assert.sameMembers(stored, [...(yield* listIds)])
      yield* Fiber.interrupt(following)
    }).pipe(Effect.provide(there))
  )
})

describe("a server that hangs", () => {
  const silence = (policy: RetryPolicy.Options, client?: Partial<StripeClient.Options>) =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Sandbox.Fault.Hang(), { times: Infinity })
      const start = yield* Clock.currentTimeMillis
      const failing = yield* VerificationSessions.list().pipe(
        Effect.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ jitter: false, ...policy })),
        Effect.flip,
        Effect.andThen(Clock.currentTimeMillis),
        Effect.forkChild
      )
      yield* TestClock.adjust("1 hour")
      return ((yield* Fiber.join(failing)) - start) / 1000
    }).pipe(Effect.provide(world({ client })))

  it.effect("is silent for six time limits and the waits between, unless one of them is shortened", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* silence({}), 6 * 80 + 15.5)
      assert.strictEqual(yield* silence({}, { timeout: "10 seconds" }), 6 * 10 + 15.5)
    })
  )

  it.effect(
    "is given up by maxElapsed, which counts from the first failure, with the request that runs at that time",
    () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* silence({ maxElapsed: "1 minute" }), 80 + 0.5 + 80)
        assert.strictEqual(yield* silence({ maxElapsed: 0 }), 80)
      })
  )
})

describe("what an outage does to the size of pages", () => {
  const limitsAfter = (fault: Sandbox.Fault, times: number) =>
    Effect.gen(function* () {
      yield* begin
      yield* Effect.flatMap(Sandbox.Sandbox, (sandbox) => sandbox.inject(fault, { times, skip: 1 }))
      const read = yield* Stream.runDrain(VerificationSessions.stream()).pipe(
        Effect.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ times: Infinity })),
        Effect.forkChild
      )
      for (let minute = 0; minute < 90; minute++) yield* Effect.andThen(settled, TestClock.adjust("1 minute"))
      yield* Fiber.join(read)
      return (yield* requests).map((request) => Number(query(request)["limit"]))
    }).pipe(Effect.provide(world({ sandbox: { sessions: 1000 } })))

  const outages: ReadonlyArray<readonly [name: string, fault: Sandbox.Fault]> = [
    ["503", Sandbox.Fault.ServerError({ status: 503 })],
    ["502", Sandbox.Fault.ServerError({ status: 502 })],
    ["no connection", Sandbox.Fault.ResetBeforeHeaders()],
    ["429", Sandbox.Fault.RateLimited()]
  ]
  it.effect.each(outages)("is nothing where it does not point at their size: %s", ([, fault]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* limitsAfter(fault, 7),
        Array.from({ length: 17 }, () => 100)
      )
    })
  )

  const large: ReadonlyArray<readonly [name: string, fault: Sandbox.Fault]> = [
    ["500", Sandbox.Fault.ServerError({ status: 500 })],
    ["504", Sandbox.Fault.ServerError({ status: 504 })],
    ["a body that breaks off", Sandbox.Fault.ResetMidBody()],
    ["no answer in time", Sandbox.Fault.Hang()]
  ]
  it.effect.each(large)(
    "is smaller pages, never of one row, for a few pages, where it may be their size: %s",
    ([, fault]) =>
      Effect.gen(function* () {
        const limits = yield* limitsAfter(fault, 5)
        assert.deepStrictEqual(limits.slice(0, 12), [100, 100, 100, 50, 25, 12, 10, 20, 40, 80, 100, 100])
        assert.isAtMost(limits.length, 5 + 10 + 3)
        const many = yield* limitsAfter(fault, 20)
        assert.deepStrictEqual(many.slice(1, 14), [100, 100, 50, 25, 12, 10, 100, 100, 50, 25, 12, 10, 100])
        assert.isAtMost(many.length, 20 + 10 + 3)
      })
  )

  it.effect.prop(
    "is never more rows than before, and never none",
    { limit: between(1, 100), failures: between(1, 50) },
    ({ failures, limit }) =>
      Effect.sync(() => {
        const next = PageSize.afterFailures(limit, failures)
        assert.isTrue(next >= 1 && next <= limit, String(next))
      })
  )
})

/** Keeps the text of each warning. */
const warningsInto = (lines: Array<string>) =>
  Logger.layer([
    Logger.make(({ logLevel, message }) => {
      if (logLevel === "Warn") lines.push(String(message))
    })
  ])

describe("a client whose clock is not Stripe's", () => {
  const warnings = (minutes: number) =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        yield* TestClock.setTime(Date.UTC(2026, 0, 2))
        const date = DateTime.subtract(yield* DateTime.now, { minutes })
        const headers = { date: DateTime.toDateUtc(date).toUTCString() }
        const sandbox = yield* Sandbox.Sandbox
        const body = { object: "list", data: [], has_more: false }
        yield* sandbox.inject(Sandbox.Fault.Reply({ headers, body }), { times: 2 })
        yield* Effect.all([VerificationSessions.list(), VerificationSessions.list(), VerificationSessions.list()])
      }).pipe(Effect.provide(world()), Effect.provide(warningsInto(lines)))
      return lines
    })

  it.effect("says so once, because sync, changes and mirror go by it", () =>
    Effect.gen(function* () {
      const [line, ...others] = yield* warnings(60)
      assert.deepStrictEqual(others, [])
      assert.match(
        line ?? "",
        /^VerificationSessions\.list: this machine's clock is 60 minutes ahead of Stripe's\. Set it: /
      )
      assert.match((yield* warnings(-10)).join(), /clock is 10 minutes behind Stripe's/)
    })
  )

  it.effect("says nothing of a few minutes, which a slow reply takes", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* warnings(4), [])
    })
  )
})

describe("a read that retries", () => {
  const logged = (level: LogLevel.LogLevel, times: number, policy: RetryPolicy.Options = {}) =>
    Effect.gen(function* () {
      const lines: Array<readonly [at: number, text: string]> = []
      const logger = Logger.make(({ date, logLevel, message }) => {
        if (logLevel === level) lines.push([date.getTime() / 1000, String(message)])
      })
      yield* Effect.gen(function* () {
        yield* Sandbox.Sandbox.use((sandbox) => sandbox.inject(Sandbox.Fault.ServerError({ status: 503 }), { times }))
        const read = yield* Effect.forkChild(Effect.exit(VerificationSessions.list()))
        yield* TestClock.adjust("10 minutes")
        yield* Fiber.interrupt(read)
      }).pipe(
        Effect.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ jitter: false, ...policy })),
        Effect.provide(world()),
        Effect.provide(Logger.layer([logger]))
      )
      return lines
    })

  it.effect("says nothing for some seconds", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* logged("Warn", 3), [])
    })
  )

  it.effect("then says what failed, how often, for how long, and when it is tried again", () =>
    Effect.gen(function* () {
      const lines = yield* logged("Warn", Infinity)
      assert.deepStrictEqual(
        lines.map(([at]) => at),
        [3.5]
      )
      assert.match(
        lines[0]?.[1] ?? "",
        /^Still retrying after 3\.5 s, next attempt in 4 s\. VerificationSessions\.list: ApiError: Stripe answered 503\. .* \[4 attempts, req_\w+\]$/
      )
    })
  )

  it.effect("names the account, if there are several", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        yield* Sandbox.Sandbox.use((sandbox) =>
          sandbox.inject(Sandbox.Fault.ServerError({ status: 503 }), {
            times: Infinity,
            when: ({ headers }) => headers["stripe-account"] === "acct_2"
          })
        )
        const reads = ["acct_1", "acct_2", "acct_3"].map((account) =>
          Effect.provideService(VerificationSessions.list(), StripeClient.CurrentAccount, { account })
        )
        const read = yield* Effect.forkChild(Effect.exit(Effect.all(reads, { concurrency: "unbounded" })))
        yield* TestClock.adjust("1 hour")
        yield* Fiber.join(read)
      }).pipe(Effect.provide(world()), Effect.provide(warningsInto(lines)))
      assert.strictEqual(lines.length, 1)
      assert.match(lines[0] ?? "", /^Still retrying acct_2 after \d[\d.]* s, next attempt in \d[\d.]* s\. Verif/)
    })
  )

  it.effect("says so once a minute, however often it retries", () =>
    Effect.gen(function* () {
      const lines = yield* logged("Warn", Infinity, { times: Infinity, maxDelay: "2 seconds" })
      assert.isAtLeast(lines.length, 9)
      assert.isAtMost(lines.length, 10)
      for (const [index, [at]] of lines.entries()) assert.isAtLeast(at - (lines[index - 1]?.[0] ?? -60), 60)
    })
  )

  it.effect("says so once a minute for all reads of a client together", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        yield* Sandbox.Sandbox.use((sandbox) => sandbox.inject(Sandbox.Fault.Hang(), { times: Infinity }))
        const reads = Array.from({ length: 16 }, () => VerificationSessions.list())
        const read = yield* Effect.forkChild(Effect.exit(Effect.all(reads, { concurrency: "unbounded" })))
        yield* TestClock.adjust("1 hour")
        yield* Fiber.join(read)
      }).pipe(Effect.provide(world()), Effect.provide(warningsInto(lines)))
      // Six time limits of 80 seconds, and nothing after the last.
      assert.strictEqual(lines.length, 5)
      assert.match(lines[0] ?? "", /^Still retrying after 80 s, .*TimeoutError: No complete reply within/)
    })
  )

  it.effect("says nothing of a wait for the rate limit, which is no outage", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        yield* Sandbox.Sandbox.use((sandbox) => sandbox.inject(Sandbox.Fault.RateLimited(), { skip: 1 }))
        const two = Effect.all([VerificationSessions.list(), VerificationSessions.list()], { concurrency: 2 })
        const read = yield* Effect.forkChild(two)
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(read)
      }).pipe(
        Effect.provide(world({ client: { rateLimit: { limit: 1, window: "20 seconds" } } })),
        Effect.provide(warningsInto(lines))
      )
      assert.deepStrictEqual(lines, [])
    })
  )

  it.effect("waits no longer than maxElapsed because somebody sets the clock back", () =>
    Effect.gen(function* () {
      yield* begin
      const now = yield* Clock.currentTimeMillis
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Sandbox.Fault.ServerError({ status: 503 }), { times: Infinity })
      const read = yield* VerificationSessions.list().pipe(
        Effect.provideService(
          RetryPolicy.Current,
          RetryPolicy.makeUnsafe({ times: Infinity, maxElapsed: "1 minute", jitter: false })
        ),
        Effect.exit,
        Effect.forkChild
      )
      yield* TestClock.adjust("10 seconds")
      yield* TestClock.setTime(now - 3_600_000)
      // The wait that was begun before ends now, an hour after the first failure, and 15.5 seconds after it by the wall clock.
      yield* TestClock.adjust("1 hour")
      yield* TestClock.adjust("20 seconds")
      assert.isDefined(read.pollUnsafe())
      assert.strictEqual(yield* countRequests, 6)
      yield* Fiber.interrupt(read)
    }).pipe(Effect.provide(there))
  )
})
