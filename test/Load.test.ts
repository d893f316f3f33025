import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { RetryPolicy, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { drive } from "./support/drive.ts"
import { countRequests, ids, listIds, requests, settled, withoutJitter, world } from "./support/world.ts"

const { Fault } = Sandbox

// Node has its collector to call only where it is asked for.
setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const times = <A>(count: number, value: A): ReadonlyArray<A> => Array.from({ length: count }, () => value)

/** How many requests were sent in each second. */
const perSecond = Effect.map(requests, (requests) => {
  const counts: Array<number> = []
  for (const { receivedAt } of requests) {
    const second = Math.floor(receivedAt / 1000)
    counts[second] = (counts[second] ?? 0) + 1
  }
  return Array.from(counts, (count) => count ?? 0)
})

describe("a hundred streams over one layer", () => {
  it.effect("each read the whole list, at 25 requests a second together", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      const read = ids(VerificationSessions.stream())
      const all = yield* drive(Effect.all(times(100, read), { concurrency: "unbounded" }), { step: 20 })
      assert.lengthOf(all, 100)
      for (const rows of all) assert.deepStrictEqual(rows, list)
      const counts = yield* perSecond
      // 300 requests: a burst of 25, and 25 in each second. A token is minted every 40 ms, so a second can see 26.
      assert.strictEqual(
        counts.reduce((sum, count) => sum + count, 0),
        300
      )
      assert.isAtMost(counts[0] ?? 0, 50)
      for (const count of counts.slice(1)) assert.isAtMost(count, 26)
      assert.isAtLeast(counts.length, 11)
      assert.isAtMost(counts.length, 12)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 250 }, client: { rateLimit: undefined } })))
  )

  it.effect("and none of them fails or starves where each second request goes wrong", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      yield* Sandbox.Sandbox.use((sandbox) =>
        sandbox.inject(Fault.ServerError(), { times: Infinity, when: ({ index }) => index % 3 === 0 })
      )
      const read = ids(VerificationSessions.stream())
      const all = yield* drive(Effect.all(times(100, read), { concurrency: "unbounded" }), { step: 100 })
      for (const rows of all) assert.deepStrictEqual(rows, list)
    }).pipe(Effect.provide([world({ sandbox: { sessions: 250 } }), withoutJitter]))
  )
})

describe("a slow consumer", () => {
  it.effect("holds one page: the server is asked as the rows are used, and no sooner", () =>
    Effect.gen(function* () {
      let used = 0
      let mostAhead = 0
      yield* VerificationSessions.stream().pipe(
        Stream.runForEach(() =>
          Effect.gen(function* () {
            yield* Effect.sleep("10 millis")
            used++
            mostAhead = Math.max(mostAhead, (yield* countRequests) * 100 - used)
          })
        ),
        (read) => drive(read, { step: 1000 })
      )
      assert.strictEqual(used, 1000)
      assert.strictEqual(mostAhead, 99)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 1000 } })))
  )

  it.effect("of twenty thousand rows has as much memory in use at the end as at the beginning", () =>
    Effect.gen(function* () {
      const heap = () => {
        collectGarbage()
        return process.memoryUsage().heapUsed
      }
      const samples: Array<number> = []
      let used = 0
      yield* VerificationSessions.stream({}, { prefetch: 1 }).pipe(
        Stream.runForEach(() =>
          Effect.sync(() => {
            if (++used % 2000 === 0) samples.push(heap())
          })
        )
      )
      assert.strictEqual(used, 20_000)
      // The sandbox remembers its 200 requests; a walk that remembered its rows would need four times as much as this.
      assert.isBelow((samples.at(-1) ?? 0) - (samples[0] ?? 0), 5_000_000)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 20_000 } })))
  )
})

const answeredBy = (body: BodyInit) =>
  Effect.provide(
    VerificationSessions.layer({ apiKey: Sandbox.apiKey }).pipe(
      Layer.provide(
        Layer.succeed(
          HttpClient.HttpClient,
          HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body))))
        )
      )
    )
  )

describe("a hostile reply", () => {
  it.live("that comes byte by byte takes no more memory than its bytes do", () =>
    Effect.gen(function* () {
      const heap = () => {
        collectGarbage()
        const { arrayBuffers, heapUsed } = process.memoryUsage()
        return heapUsed + arrayBuffers
      }
      const before = heap()
      let sent = 0
      let used = 0
      const body = new ReadableStream({
        pull: (controller) => {
          controller.enqueue(Uint8Array.of(32))
          if (++sent < 100_000) return
          used = heap() - before
          controller.enqueue(new TextEncoder().encode('{"object":"list","data":[],"has_more":false}'))
          controller.close()
        }
      })
      const { data } = yield* VerificationSessions.list().pipe(answeredBy(body))
      assert.deepStrictEqual(data, [])
      // Kept one by one, they would take 26 MB.
      assert.isBelow(used, 10_000_000)
    })
  )

  it.live("with a hundred thousand wrong rows is refused before they are decoded, which would take seconds", () =>
    Effect.gen(function* () {
      const body = `{"object":"list","has_more":false,"data":[${"1,".repeat(100_000)}1]}`
      for (const read of [VerificationSessions.list(), Stream.runDrain(VerificationSessions.stream())]) {
        const { message, reason } = yield* Effect.flip(read).pipe(answeredBy(body))
        assert.deepInclude(reason, { _tag: "DecodeError", part: "envelope" })
        assert.include(message, "data: expected at most 1000 rows")
      }
    })
  )
})

describe("the token bucket", () => {
  const limited = { limit: 5, window: "1 second" } as const

  it.effect("loses no token to those who are interrupted while they wait", () =>
    Effect.gen(function* () {
      const list = VerificationSessions.list()
      yield* Effect.all(times(5, list))
      // Ten wait for the tokens of the next two seconds, and nine of them give up.
      const waiting = yield* Effect.forEach(times(10, list), (list) => Effect.forkChild(list))
      yield* settled
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* countRequests, 5)
      yield* Fiber.interruptAll(waiting.slice(0, 9))
      // The last has the first token of all, which is due after 200 milliseconds, and not the tenth.
      yield* TestClock.adjust("99 millis")
      assert.strictEqual(yield* countRequests, 5)
      yield* TestClock.adjust("1 millis")
      yield* settled
      assert.strictEqual(yield* countRequests, 6)
      // What those who gave up would have used is there for others.
      yield* TestClock.adjust("1 second")
      yield* Effect.all(times(5, list))
      assert.strictEqual(yield* countRequests, 11)
      assert.strictEqual((yield* requests).at(-1)?.receivedAt, 1200)
    }).pipe(Effect.provide(world({ client: { rateLimit: limited } })))
  )

  it.effect("counts lists and retrieves together, whatever the id", () =>
    Effect.gen(function* () {
      const [id = ""] = yield* listIds
      const calls = Effect.all([VerificationSessions.list(), VerificationSessions.retrieve(id)], { discard: true })
      yield* drive(Effect.repeat(calls, { times: 4 }), { step: 10 })
      assert.strictEqual((yield* requests).at(-1)?.receivedAt, 1000)
    }).pipe(Effect.provide(world({ client: { rateLimit: limited } })))
  )

  /** A store as Redis would be: shared by two layers, and asked for each request. */
  const countingStore = Effect.map(
    Effect.provide(RateLimiter.RateLimiterStore, RateLimiter.layerStoreMemory),
    (memory) => {
      const keys: Array<string> = []
      const store = RateLimiter.RateLimiterStore.of({
        ...memory,
        tokenBucket: (options) =>
          Effect.suspend(() => {
            keys.push(options.key)
            return memory.tokenBucket(options)
          })
      })
      return { keys, store }
    }
  )

  it.effect("is shared by layers whose limiters share a store, under a key of the caller's", () =>
    Effect.gen(function* () {
      const { keys, store } = yield* countingStore
      const limiter = yield* Effect.provideService(RateLimiter.make, RateLimiter.RateLimiterStore, store)
      const process = (key?: string) =>
        Effect.provide(
          Effect.andThen(Effect.all(times(5, VerificationSessions.list())), requests),
          world({ client: { rateLimit: { ...limited, algorithm: "token-bucket", limiter, key } } })
        )
      const last = (requests: ReadonlyArray<Sandbox.RecordedRequest>) => requests.at(-1)?.receivedAt
      assert.strictEqual(last(yield* drive(process(), { step: 20 })), 0)
      const before = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      const shared = last(yield* drive(process(), { step: 20 })) ?? 0
      assert.isAtLeast(shared - before, 900)
      const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      assert.strictEqual(last(yield* drive(process("another account"), { step: 20 })), now)
      assert.deepStrictEqual(new Set(keys), new Set(["effect-stripe-identity", "another account"]))
      assert.lengthOf(keys, 15)
    })
  )
})

describe("the time that one page can take", () => {
  it.effect("is bounded by maxElapsed and the time limit", () =>
    Effect.gen(function* () {
      yield* Sandbox.Sandbox.use((sandbox) => sandbox.inject(Fault.Hang(), { times: Infinity }))
      const error = yield* drive(Effect.flip(VerificationSessions.list()), { step: 500 })
      assert.strictEqual(error.reason._tag, "TimeoutError")
      // Tries start at 0, 4.5, 9.5 and 15.5 seconds; the next would be at 23.5, over 14 seconds after the first failure.
      assert.deepStrictEqual(
        (yield* requests).map(({ receivedAt }) => receivedAt),
        [0, 4500, 9500, 15_500]
      )
    }).pipe(
      Effect.provide([
        world({ client: { timeout: "4 seconds" } }),
        Layer.succeed(
          RetryPolicy.Current,
          RetryPolicy.makeUnsafe({ jitter: false, times: 50, maxElapsed: "14 seconds" })
        )
      ])
    )
  )
})
