import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Effect, Fiber, Option, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import {
  type Checkpoint,
  Destination,
  RetryPolicy,
  type StripeClient,
  VerificationSessions
} from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { countRequests, listIds, query, requests, world } from "./support/world.ts"

// What follows the list for ever has to outlast a Stripe that does not answer.

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
  it.effect("may be retried as a whole, because each try goes on from the checkpoint that it has stored", () =>
    Effect.gen(function* () {
      yield* begin
      const stored: Array<string> = []
      let loads = 0
      let last: Checkpoint.Checkpoint | undefined
      const destination = {
        load: Effect.sync(() => {
          loads++
          return Option.fromUndefinedOr(last)
        }),
        save: ({ checkpoint, sessions }: VerificationSessions.Batch<{ readonly id: string }>) =>
          Effect.sync(() => {
            stored.push(...sessions.map(({ id }) => id))
            last = checkpoint
          })
      }
      const following = yield* Destination.stream(destination, (from) => VerificationSessions.tail({}, { from })).pipe(
        Stream.retry(Schedule.spaced("1 minute")),
        Stream.runDrain,
        Effect.forkChild
      )
      yield* outage(Sandbox.Fault.ServerError({ status: 503 }), 1)
      yield* outage(Sandbox.Fault.ServerError({ status: 503 }), 2)
      // The policy of one request gave up, again and again.
      assert.isAbove(loads, 200)
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

  it.effect("ask for whole pages again and again, not for one row for ever after", () =>
    Effect.gen(function* () {
      yield* begin
      yield* Effect.flatMap(Sandbox.Sandbox, (sandbox) =>
        sandbox.inject(Sandbox.Fault.ServerError({ status: 503 }), { times: 20 })
      )
      const read = yield* VerificationSessions.stream().pipe(
        Stream.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ times: Infinity })),
        Stream.take(1),
        Stream.runDrain,
        Effect.forkChild
      )
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.join(read)
      const limits = (yield* requests).map((request) => query(request)["limit"])
      const around = ["100", "100", "50", "25", "12", "6", "3", "1"]
      assert.deepStrictEqual(limits, [...around, ...around, ...around.slice(0, 5)])
    }).pipe(Effect.provide(there))
  )
})
