import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Layer, Schema, Stream } from "effect"
import { HttpClient } from "effect/http"
import { RetryPolicy, StripeClient, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { between } from "./support/filters.ts"
import { countRequests, ids, inTime, listIds, query, reason, requests, slowWorld, world } from "./support/world.ts"

// The rule and its simulator have their own tests; here the service reads the sandbox with several requests at once.

const { Fault } = Sandbox
const history = Schema.Struct({
  sessions: between(0, 400),
  seed: between(1, 1000),
  history: Schema.Literals(["uniform", "growing", "daily", "bursty", "import", "one-second"]),
  orderWithinSecond: Schema.Literals(["insertion", "shuffled"]),
  seconds: Schema.Literals([1, 5, 300, 1_000_000])
})

const sandboxOf = ({ seconds, ...options }: typeof history.Type): Sandbox.Options => {
  const from = DateTime.makeUnsafe("2025-06-01T00:00:00Z")
  return { ...options, from, to: DateTime.addDuration(from, Duration.seconds(seconds)) }
}

const atOnce = Layer.succeed(RetryPolicy.Current, RetryPolicy.makeUnsafe({ baseDelay: 0, jitter: false }))

describe("concurrency", () => {
  it.effect.prop(
    "gives the same sessions in the same order as one request at a time",
    { history, pageSize: between(1, 100), concurrency: between(2, 64), seconds: between(0, 1_000_000) },
    ({ concurrency, history, pageSize, seconds }) =>
      Effect.gen(function* () {
        const list = yield* listIds
        assert.deepStrictEqual(yield* ids(VerificationSessions.stream({}, { concurrency, pageSize })), list)
        const filter = {
          status: "verified",
          created: { gte: DateTime.addDuration(DateTime.makeUnsafe("2025-06-01T00:00:00Z"), Duration.seconds(seconds)) }
        } as const
        assert.deepStrictEqual(
          yield* ids(VerificationSessions.stream(filter, { concurrency, pageSize })),
          yield* ids(VerificationSessions.stream(filter, { pageSize }))
        )
      }).pipe(Effect.provide(world({ sandbox: { ...sandboxOf(history), cursorPolicy: "must-match-filter" } }))),
    { arbitrary: { runs: 150 } }
  )

  const faults = [
    Fault.ResetMidBody(),
    Fault.ServerError(),
    Fault.TruncatedJson(),
    Fault.Conflict(),
    Fault.RateLimited(),
    Fault.HtmlPage()
  ]
  it.effect.prop(
    "survives what a sequential read survives: no row repeated, none lost",
    { history, concurrency: between(2, 32), every: between(2, 9) },
    ({ concurrency, every, history }) =>
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        for (const [turn, fault] of faults.entries()) {
          yield* sandbox.inject(fault, {
            times: Infinity,
            when: ({ index }) => index % every === 0 && Math.floor(index / every) % faults.length === turn
          })
        }
        assert.deepStrictEqual(
          yield* ids(VerificationSessions.stream({}, { concurrency, pageSize: 20 })),
          yield* listIds
        )
      }).pipe(Effect.provide([world({ sandbox: sandboxOf(history) }), atOnce])),
    { arbitrary: { runs: 100 } }
  )

  it.effect.prop(
    "rows that leave the filter while it is read, cursors among them, cost no row that stays",
    {
      history,
      concurrency: between(2, 16),
      pageSize: between(1, 20),
      every: between(1, 5)
    },
    ({ concurrency, every, history, pageSize }) =>
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const before = (yield* sandbox.sessions).filter((session) => session.status === "verified")
        const left = new Set<string>()
        const seen: Array<string> = []
        yield* VerificationSessions.stream({ status: "verified" }, { concurrency, pageSize }).pipe(
          Stream.runForEach((session) => {
            seen.push(session.id)
            // Now and then the row that may be the next cursor is gone before it is used.
            if (seen.length % every !== 0) return Effect.void
            left.add(session.id)
            return sandbox.update(session.id, { status: "canceled" })
          })
        )
        assert.deepStrictEqual(
          seen,
          before.map((session) => session.id)
        )
        assert.strictEqual(left.size, Math.floor(seen.length / every))
      }).pipe(
        Effect.provide([world({ sandbox: { ...sandboxOf(history), cursorPolicy: "must-match-filter" } }), atOnce])
      ),
    { arbitrary: { runs: 300 } }
  )

  it.effect.prop(
    "rows that leave the filter before they were read cost no row that stays",
    {
      history,
      concurrency: between(2, 4),
      pageSize: between(3, 8),
      every: between(1, 10),
      seed: between(0, 1_000_000)
    },
    ({ concurrency, every, history, pageSize, seed }) =>
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const before = (yield* sandbox.sessions).filter((session) => session.status === "verified")
        const left = new Set<string>()
        let sent = 0
        const oneLeaves = Effect.suspend(() => {
          const session = before[(sent++ * 7919 + seed) % before.length]
          if (sent % every !== 0 || session === undefined || left.has(session.id)) return Effect.void
          left.add(session.id)
          return sandbox.update(session.id, { status: "canceled" })
        })
        const client = yield* VerificationSessions.make.pipe(
          Effect.provide(
            StripeClient.layer({
              apiKey: Sandbox.apiKey,
              rateLimit: false,
              transformClient: HttpClient.mapRequestEffect((request) => Effect.as(oneLeaves, request))
            })
          )
        )
        const seen = yield* ids(client.stream({ status: "verified" }, { concurrency, pageSize }))
        assert.deepStrictEqual(
          seen.filter((id) => !left.has(id)),
          before.flatMap(({ id }) => (left.has(id) ? [] : [id]))
        )
        assert.strictEqual(new Set(seen).size, seen.length)
      }).pipe(Effect.provide([Sandbox.layer({ ...sandboxOf(history), cursorPolicy: "must-match-filter" }), atOnce])),
    { arbitrary: { runs: 300 } }
  )

  it.effect("a short list costs what it costs in sequence, and taking little stops it", () =>
    Effect.gen(function* () {
      yield* Stream.runDrain(VerificationSessions.stream({ client_reference_id: "nobody" }, { concurrency: 16 }))
      assert.strictEqual(yield* countRequests, 1)
      VerificationSessions.stream({}, { concurrency: 16 })
      yield* VerificationSessions.stream({}, { concurrency: 16 }).pipe(Stream.take(100), Stream.runDrain)
      assert.strictEqual(yield* countRequests, 2)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 5000 } })))
  )

  it.effect("pages end as they end in sequence: where there are no more, or where maxItems cuts one off", () =>
    Effect.gen(function* () {
      const lastOf = (maxItems: number, concurrency: number) =>
        Effect.map(
          Stream.runCollect(VerificationSessions.pages({}, { maxItems, concurrency, pageSize: 10 })),
          (pages) => [pages.flatMap(({ data }) => data).length, pages.at(-1)?.has_more]
        )
      for (const maxItems of [150, 241, 243, 245, 247, 249, 250, 1000]) {
        for (const concurrency of [2, 4, 8]) {
          const expected = [Math.min(maxItems, 250), maxItems < 250]
          assert.deepStrictEqual(yield* lastOf(maxItems, concurrency), expected, `${maxItems} with ${concurrency}`)
        }
      }
    }).pipe(Effect.provide(world()))
  )

  it.effect("maxItems ends the requests too", () =>
    Effect.gen(function* () {
      const some = yield* ids(VerificationSessions.stream({}, { concurrency: 4, maxItems: 250 }))
      assert.lengthOf(some, 250)
      assert.isAtMost(yield* countRequests, 12)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 5000 } })))
  )

  it.effect("every request carries the filter, and a cursor only with a range that its row is in", () =>
    Effect.gen(function* () {
      const filter = { status: "verified", created: { gte: "2025-03-01T00:00:00Z" } } as const
      yield* Stream.runDrain(VerificationSessions.stream(filter, { concurrency: 8, pageSize: 50 }))
      const sent = (yield* requests).map(query)
      assert.isTrue(
        sent.every((query) => query["status"] === "verified" && Number(query["created[gte]"]) >= 1740787200)
      )
      assert.isAbove(new Set(sent.map((query) => query["created[lt]"])).size, 3)
      const created = new Map(
        (yield* (yield* Sandbox.Sandbox).sessions).map((session) => [session.id, session.created])
      )
      for (const query of sent) {
        const second = created.get(query["starting_after"] ?? "")
        if (second === undefined) continue
        assert.isAtLeast(second, Number(query["created[gte]"]))
        assert.isBelow(second, Number(query["created[lt]"] ?? Infinity))
      }
    }).pipe(Effect.provide(world({ sandbox: { sessions: 6000 } })))
  )

  it.effect("what fails comes out at its place, after the rows before it", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const list = yield* listIds
      yield* sandbox.inject(Fault.ServerError(), { times: Infinity, skip: 12 })
      const seen: Array<string> = []
      const failed = yield* VerificationSessions.stream({}, { concurrency: 8 }).pipe(
        Stream.runForEach((session) => Effect.sync(() => seen.push(session.id))),
        reason
      )
      assert.strictEqual(failed._tag, "ApiError")
      assert.deepStrictEqual(seen, list.slice(0, seen.length))
      assert.isAbove(seen.length, 100)
    }).pipe(Effect.provide([world({ sandbox: { sessions: 5000 } }), atOnce]))
  )

  for (const concurrency of [1, 2, 4, 16]) {
    it.effect(`${concurrency} is no reason to fail where Stripe takes one request a second`, () =>
      Effect.gen(function* () {
        const read = Stream.runCount(VerificationSessions.stream({}, { concurrency }))
        assert.strictEqual(yield* inTime(read), 4000)
      }).pipe(Effect.provide(slowWorld(4000)))
    )
  }

  it.effect("fails as one request at a time does where Stripe takes none, and soon", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.RateLimited(), { times: Infinity, skip: 12 })
      const read = VerificationSessions.stream({}, { concurrency: 8 })
      const failed = yield* reason(Stream.runDrain(read))
      assert.strictEqual(failed._tag, "RateLimitError")
      // 12 pages, six attempts of each of 8 requests, and six of the one that is sent alone.
      assert.isAtMost(yield* countRequests, 12 + 6 * 8 + 6)
    }).pipe(Effect.provide([world({ sandbox: { sessions: 5000 } }), atOnce]))
  )

  it.effect("reads no session again that Stripe said not to retry", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const { data } = yield* VerificationSessions.list({ limit: 8 })
      yield* sandbox.inject(Fault.ShouldRetry({ status: 429, retry: false }), { times: Infinity, skip: 2 })
      const failed = yield* reason(Stream.runDrain(VerificationSessions.reread(data.map(({ id }) => id))))
      assert.strictEqual(failed._tag, "RateLimitError")
      const paths = (yield* requests).map(({ path }) => path)
      assert.strictEqual(new Set(paths).size, paths.length)
    }).pipe(Effect.provide(world()))
  )

  it.effect("sends nothing again that Stripe said not to retry", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.ShouldRetry({ status: 429, retry: false }), { times: Infinity, skip: 12 })
      const failed = yield* reason(Stream.runDrain(VerificationSessions.stream({}, { concurrency: 8 })))
      assert.strictEqual(failed._tag, "RateLimitError")
      const addresses = (yield* requests).map(({ query }) => JSON.stringify(query))
      assert.strictEqual(new Set(addresses).size, addresses.length)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 5000 } })))
  )

  for (const concurrency of [0, 101, 1.5]) {
    it.effect(`${concurrency} is refused before any request`, () =>
      Effect.gen(function* () {
        const failed = yield* reason(Stream.runDrain(VerificationSessions.stream({}, { concurrency })))
        assert.strictEqual(failed._tag, "InvalidArgumentError")
        assert.include(failed.message, `concurrency: expected a whole number from 1 to 100, got ${concurrency}`)
        assert.strictEqual(yield* countRequests, 0)
      }).pipe(Effect.provide(world()))
    )
  }
})
