import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Stream } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { RetryPolicy, StripeClient, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { observe, type Observed, valuesOf } from "./support/telemetry.ts"
import { listIds, settled, withoutJitter, world } from "./support/world.ts"

const { Fault } = Sandbox
const page = "VerificationSessions.page"
const http = "GET"

const named = ({ spans }: Observed<unknown, unknown>, name: string) => spans.filter((span) => span.name === name)

const inject = (fault: Sandbox.Fault, options?: Sandbox.InjectOptions) =>
  Sandbox.Sandbox.use((sandbox) => sandbox.inject(fault, options))

/** Observes an effect that waits, until it is done. */
const observeWaiting = <A, E, R>(effect: Effect.Effect<A, E, R>, seconds = 60) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(observe(effect))
    yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("1 second")), { times: seconds })
    return yield* Fiber.join(fiber)
  }).pipe(Effect.provide(withoutJitter))

describe("spans", () => {
  it.effect("are the operation, over one of each page, over the HTTP client's own", () =>
    Effect.gen(function* () {
      const ids = yield* listIds
      const observed = yield* observe(Stream.runDrain(VerificationSessions.stream()))
      const stream = "VerificationSessions.stream"
      assert.deepStrictEqual(
        observed.spans.map(({ path }) => path),
        [
          [stream],
          ...Array.from({ length: 3 }, () => [
            [stream, page],
            [stream, page, http]
          ]).flat()
        ]
      )
      const pages = named(observed, page)
      assert.deepStrictEqual(
        pages.map(({ attributes: { "stripe.request.id": requestId, ...attributes } }) => {
          assert.match(String(requestId), /^req_\w+$/)
          return attributes
        }),
        [undefined, ids[99], ids[199]].map((cursor, index) => ({
          "stripe.page.number": index + 1,
          "stripe.page.limit": 100,
          ...(cursor === undefined ? {} : { "stripe.page.cursor": cursor }),
          "stripe.page.rows": index === 2 ? 50 : 100,
          "stripe.request.attempts": 1
        }))
      )
      assert.strictEqual(new Set(pages.map(({ attributes }) => attributes["stripe.request.id"])).size, 3)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 250 } })))
  )

  it.effect("of pages hang under the operation in concurrent reading too", () =>
    Effect.gen(function* () {
      const read = VerificationSessions.stream({}, { concurrency: 8 })
      const observed = yield* observeWaiting(Stream.runCount(read))
      assert.deepStrictEqual(observed.exit, Exit.succeed(3000))
      const stream = "VerificationSessions.stream"
      const paths = observed.spans.map(({ path }) => path.join(" > "))
      assert.sameMembers(Array.from(new Set(paths)), [stream, `${stream} > ${page}`, `${stream} > ${page} > ${http}`])
      assert.strictEqual(named(observed, stream).length, 1)
      assert.isAtLeast(named(observed, page).length, 30)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 3000, latency: "50 millis" } })))
  )

  it.effect("of pages that are read ahead hang under the operation", () =>
    Effect.gen(function* () {
      const observed = yield* observe(Stream.runDrain(VerificationSessions.pages({}, { prefetch: 2 })))
      assert.deepStrictEqual(
        named(observed, page).map(({ path }) => path),
        Array.from({ length: 3 }, () => ["VerificationSessions.pages", page])
      )
    }).pipe(Effect.provide(world({ sandbox: { sessions: 250 } })))
  )

  it.effect("of sync and tail hold the pages of the catch-up and of what is older", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const observed = yield* observe(
        Effect.gen(function* () {
          const first = yield* Stream.runHead(VerificationSessions.sync())
          const from = first._tag === "Some" ? first.value.checkpoint : undefined
          yield* sandbox.insert({ created: 1_767_300_000 })
          yield* Stream.runDrain(VerificationSessions.sync({}, { from, concurrency: 4 }))
          yield* VerificationSessions.tail({}, { from }).pipe(Stream.take(2), Stream.runDrain)
        })
      )
      const roots = observed.spans.filter(({ path }) => path.length === 1).map(({ name }) => name)
      assert.deepStrictEqual(roots, [
        "VerificationSessions.sync",
        "VerificationSessions.sync",
        "VerificationSessions.tail"
      ])
      assert.isTrue(named(observed, page).every(({ path }) => path.length === 2))
      assert.isAtLeast(named(observed, page).filter(({ path }) => path[0] === "VerificationSessions.sync").length, 4)
      assert.isAtLeast(named(observed, page).filter(({ path }) => path[0] === "VerificationSessions.tail").length, 2)
    }).pipe(
      Effect.provide(
        Layer.provideMerge(world({ sandbox: { sessions: 250 } }), Layer.effectDiscard(TestClock.setTime(1.8e12)))
      )
    )
  )

  it.effect("of list and retrieve say what came, over the HTTP client's own", () =>
    Effect.gen(function* () {
      const observed = yield* observe(
        Effect.gen(function* () {
          const { data } = yield* VerificationSessions.list({ limit: 7 })
          yield* VerificationSessions.retrieve(data[0]?.id ?? "")
          yield* Effect.flip(VerificationSessions.retrieve("vs_none"))
        })
      )
      const [list, listed, retrieve, , missing] = observed.spans
      assert.strictEqual(list?.attributes["stripe.page.rows"], 7)
      assert.deepStrictEqual(listed?.path, ["VerificationSessions.list", http])
      assert.match(String(retrieve?.attributes["stripe.request.id"]), /^req_/)
      assert.strictEqual(retrieve?.attributes["stripe.request.attempts"], 1)
      assert.isUndefined(retrieve?.attributes["error.type"])
      assert.strictEqual(missing?.attributes["error.type"], "NotFoundError")
    }).pipe(Effect.provide(world()))
  )

  it.effect("say how often a page was asked for, and mark each retry with what failed before", () =>
    Effect.gen(function* () {
      yield* inject(Fault.RateLimited(), { skip: 1 })
      yield* inject(Fault.HtmlPage(), { skip: 1 })
      const observed = yield* observeWaiting(Stream.runDrain(VerificationSessions.stream()))
      const [, second, third] = named(observed, page)
      assert.strictEqual(second?.attributes["stripe.request.attempts"], 3)
      assert.strictEqual(second?.attributes["stripe.page.rows"], 100)
      assert.isFalse(second?.failed)
      assert.deepStrictEqual(
        second?.events.map(([name, attributes]) => [name, attributes["error.type"]]),
        [
          ["stripe.request.retry", "RateLimitError"],
          ["stripe.request.retry", "DecodeError"]
        ]
      )
      const failed = second?.events.map(([, attributes]) => attributes["stripe.request.id"])
      assert.strictEqual(new Set([...(failed ?? []), second?.attributes["stripe.request.id"]]).size, 3)
      assert.deepStrictEqual(third?.events, [])
      assert.strictEqual(named(observed, http).length, 5)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 250 } })))
  )

  it.effect("keep the retries of the first 128 attempts, and so no more memory the longer Stripe is away", () =>
    Effect.gen(function* () {
      yield* inject(Fault.ServerError({ status: 503 }), { times: 300 })
      const policy = RetryPolicy.makeUnsafe({ times: Infinity, maxDelay: "100 millis" })
      const read = VerificationSessions.stream({}, { maxItems: 1 }).pipe(
        Stream.runDrain,
        Effect.provideService(RetryPolicy.Current, policy)
      )
      const observed = yield* observeWaiting(read)
      const [first] = named(observed, page)
      assert.strictEqual(first?.attributes["stripe.request.attempts"], 301)
      const retries = first?.events.filter(([name]) => name === "stripe.request.retry")
      assert.lengthOf(retries ?? [], 127)
    }).pipe(Effect.provide(world()))
  )

  it.effect("say the limit that a page was asked for with in the end", () =>
    Effect.gen(function* () {
      yield* inject(Fault.ServerError(), { skip: 1, times: 3 })
      const observed = yield* observeWaiting(Stream.runDrain(VerificationSessions.stream()))
      const second = named(observed, page)[1]?.attributes
      assert.isBelow(Number(second?.["stripe.page.limit"]), 100)
      assert.strictEqual(second?.["stripe.page.rows"], second?.["stripe.page.limit"])
    }).pipe(Effect.provide(world({ sandbox: { sessions: 250 } })))
  )

  it.effect("say why they failed: the page, and the operation above it", () =>
    Effect.gen(function* () {
      yield* inject(Fault.ShouldRetry({ status: 500, retry: false }), { skip: 1 })
      const observed = yield* observe(Stream.runDrain(VerificationSessions.stream()))
      const [first, second] = named(observed, page)
      assert.isUndefined(first?.attributes["error.type"])
      assert.strictEqual(second?.attributes["error.type"], "ApiError")
      assert.match(String(second?.attributes["stripe.request.id"]), /^req_/)
      assert.strictEqual(observed.spans[0]?.attributes["error.type"], "ApiError")
    }).pipe(Effect.provide(world({ sandbox: { sessions: 250 } })))
  )

  it.effect("say why nothing was sent, or why pagination stalled", () =>
    Effect.gen(function* () {
      const refused = yield* observe(Stream.runDrain(VerificationSessions.stream({}, { pageSize: 0 })))
      assert.deepStrictEqual(
        refused.spans.map(({ attributes, name }) => [name, attributes["error.type"]]),
        [["VerificationSessions.stream", "InvalidArgumentError"]]
      )
      assert.deepStrictEqual(refused.series, [])
      yield* inject(Fault.EmptyPageWithMore())
      const stalled = yield* observe(Stream.runDrain(VerificationSessions.stream()))
      assert.deepStrictEqual(
        stalled.spans.map(({ attributes }) => attributes["error.type"]),
        ["PaginationStalledError", undefined, undefined]
      )
    }).pipe(Effect.provide(world()))
  )
})

describe("metrics", () => {
  it.effect("count pages and rows by operation, the rows too that cannot be decoded", () =>
    Effect.gen(function* () {
      yield* inject(Fault.BadRow({ patch: { created: "yesterday" } }))
      const observed = yield* observe(
        Effect.gen(function* () {
          yield* Stream.runDrain(VerificationSessions.stream({}, { onDecodeError: () => Effect.void }))
          yield* Stream.runDrain(VerificationSessions.pages({}, { maxItems: 30 }))
          yield* VerificationSessions.list({ limit: 7 })
          yield* VerificationSessions.retrieve((yield* listIds)[0] ?? "")
        })
      )
      const by = "stripe.operation.name"
      assert.deepStrictEqual(valuesOf(observed, "stripe.client.consumed.pages", by), {
        "VerificationSessions.stream": 3,
        "VerificationSessions.pages": 1,
        "VerificationSessions.list": 1
      })
      assert.deepStrictEqual(valuesOf(observed, "stripe.client.consumed.rows", by), {
        "VerificationSessions.stream": 250,
        "VerificationSessions.pages": 30,
        "VerificationSessions.list": 7
      })
    }).pipe(Effect.provide(world({ sandbox: { sessions: 250 } })))
  )

  it.effect("count requests by outcome and retries by reason", () =>
    Effect.gen(function* () {
      const faults = {
        1: Fault.RateLimited(),
        2: Fault.RateLimited(),
        4: Fault.ServerError({ status: 503 }),
        6: Fault.HtmlPage(),
        8: Fault.ResetBeforeHeaders(),
        10: Fault.ResetMidBody(),
        12: Fault.Hang()
      }
      for (const [request, fault] of Object.entries(faults)) {
        yield* inject(fault, { when: ({ index }) => index === Number(request) })
      }
      const read = VerificationSessions.stream({}, { pageSize: 25 })
      const observed = yield* observeWaiting(Stream.runCount(read), 120)
      assert.deepStrictEqual(observed.exit, Exit.succeed(250))
      const duration = valuesOf(observed, "http.client.request.duration", "error.type", "http.response.status_code")
      const counts = Object.fromEntries(
        Object.entries(duration).map(([key, value]) => [key, typeof value === "number" ? value : value[0]])
      )
      assert.deepStrictEqual(counts, {
        "- 200": 10,
        "RateLimitError 429": 2,
        "ApiError 503": 1,
        "DecodeError 200": 1,
        "TransportError -": 1,
        "TransportError 200": 1,
        "TimeoutError -": 1
      })
      assert.deepStrictEqual(valuesOf(observed, "stripe.client.retries", "error.type", "stripe.operation.name"), {
        "RateLimitError VerificationSessions.stream": 2,
        "ApiError VerificationSessions.stream": 1,
        "DecodeError VerificationSessions.stream": 1,
        "TransportError VerificationSessions.stream": 2,
        "TimeoutError VerificationSessions.stream": 1
      })
    }).pipe(Effect.provide(world({ sandbox: { sessions: 250 }, client: { timeout: "5 seconds" } })))
  )

  it.effect("count no retry where none was made", () =>
    Effect.gen(function* () {
      yield* inject(Fault.ServerError(), { times: Infinity })
      const observed = yield* observeWaiting(VerificationSessions.list())
      assert.isTrue(Exit.isFailure(observed.exit))
      // The first attempt and five retries; the last failure is followed by none.
      assert.deepStrictEqual(valuesOf(observed, "stripe.client.retries", "error.type"), { ApiError: 5 })
      assert.deepStrictEqual(valuesOf(observed, "http.client.request.duration", "error.type"), { ApiError: [6, 0] })
      assert.deepStrictEqual(valuesOf(observed, "stripe.client.consumed.pages"), {})
    }).pipe(Effect.provide(world()))
  )

  it.effect("measure requests in seconds, from sending to the end of the body", () =>
    Effect.gen(function* () {
      const observed = yield* observeWaiting(Stream.runDrain(VerificationSessions.stream()))
      assert.deepStrictEqual(
        observed.series.filter(({ name }) => name === "http.client.request.duration"),
        [
          {
            name: "http.client.request.duration",
            attributes: {
              unit: "s",
              "stripe.operation.name": "VerificationSessions.stream",
              "http.request.method": "GET",
              "http.response.status_code": "200",
              "server.address": "api.stripe.com",
              "server.port": "443"
            },
            value: [3, 0.75]
          }
        ]
      )
    }).pipe(Effect.provide(world({ sandbox: { sessions: 250, latency: "250 millis" } })))
  )

  it.effect("say which server was asked, where it is another", () =>
    Effect.gen(function* () {
      const httpClient = yield* HttpClient.HttpClient
      const client = yield* StripeClient.make({
        apiKey: Sandbox.apiKey,
        apiBase: "http://127.0.0.1:12111"
      }).pipe(Effect.provideService(HttpClient.HttpClient, httpClient))
      const service = Effect.provideService(VerificationSessions.make, StripeClient.StripeClient, client)
      const observed = yield* observe(Effect.flatMap(service, ({ list }) => list()))
      assert.hasAllKeys(valuesOf(observed, "http.client.request.duration", "server.address", "server.port"), [
        "127.0.0.1 12111"
      ])
    }).pipe(Effect.provide(world()))
  )

  it.effect("measure how long requests wait for the rate limiter", () =>
    Effect.gen(function* () {
      const observed = yield* observeWaiting(Stream.runDrain(VerificationSessions.stream()))
      assert.deepStrictEqual(
        valuesOf(observed, "stripe.client.rate_limiter.wait_time", "stripe.operation.name", "unit"),
        {
          // The first request goes at once, and the next two wait for two seconds each.
          "VerificationSessions.stream s": [3, 4]
        }
      )
      assert.deepStrictEqual(valuesOf(observed, "http.client.request.duration"), { "": [3, 0] })
      assert.deepStrictEqual(
        named(observed, page).map(({ events }) => events),
        [
          [],
          ...[2, 2].map((waited) => [
            ["stripe.rate_limiter.wait", { "stripe.rate_limiter.wait_time": waited }] as const
          ])
        ]
      )
    }).pipe(
      Effect.provide(world({ sandbox: { sessions: 250 }, client: { rateLimit: { limit: 1, window: "2 seconds" } } }))
    )
  )

  it.effect("measure no wait without a rate limiter", () =>
    Effect.gen(function* () {
      const observed = yield* observe(VerificationSessions.list())
      assert.deepStrictEqual(valuesOf(observed, "stripe.client.rate_limiter.wait_time"), {})
    }).pipe(Effect.provide(world()))
  )

  it.effect("count a request that was given up, because it was sent", () =>
    Effect.gen(function* () {
      yield* inject(Fault.Hang())
      const observed = yield* observeWaiting(VerificationSessions.list().pipe(Effect.timeoutOption("3 seconds")))
      assert.deepStrictEqual(valuesOf(observed, "http.client.request.duration", "error.type"), { Interrupt: [1, 3] })
    }).pipe(Effect.provide(world()))
  )
})
