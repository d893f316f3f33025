import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scheduler } from "effect"
import { FetchHttpClient, HttpClient, HttpClientError } from "effect/http"
import { TestClock } from "effect/testing"
import { gunzipSync } from "node:zlib"
import * as Sandbox from "../src/Sandbox.ts"
import { ask, type Answer, type Page } from "./support/sandboxClient.ts"
import { baseUrl, get, server, type Received } from "./support/sandboxServer.ts"

const { Fault } = Sandbox
const path = "/v1/identity/verification_sessions"

const parse = (text: string): Page & { readonly error: Readonly<Record<string, string>> } => JSON.parse(text)

/** What a client sees of a reply, by whichever front it came. */
interface Seen {
  readonly status: number
  readonly headers: Readonly<Record<string, string | Array<string> | undefined>>
  readonly text: string
}

const replies: ReadonlyArray<readonly [name: string, fault: Sandbox.Fault, check: (seen: Seen, honest: Page) => void]> =
  [
    [
      "Reply",
      Fault.Reply({ status: 418, headers: { "x-tea": "yes" }, body: { short: "stout" } }),
      ({ headers, status, text }) => {
        assert.deepStrictEqual([status, text, headers["x-tea"]], [418, `{\n  "short": "stout"\n}`, "yes"])
        assert.match(String(headers["request-id"]), /^req_/)
      }
    ],
    [
      "Reply without a body",
      Fault.Reply({ status: 204 }),
      ({ status, text }) => assert.deepStrictEqual([status, text], [204, ""])
    ],
    [
      "RateLimited",
      Fault.RateLimited({ retryAfter: 7, reason: "global-concurrency" }),
      ({ headers, status, text }) => {
        assert.deepStrictEqual([status, parse(text).error["code"]], [429, "rate_limit"])
        assert.strictEqual(headers["retry-after"], "7")
        assert.strictEqual(headers["stripe-rate-limited-reason"], "global-concurrency")
      }
    ],
    [
      "LockTimeout",
      Fault.LockTimeout(),
      ({ headers, status, text }) => {
        assert.deepStrictEqual([status, parse(text).error["code"]], [429, "lock_timeout"])
        assert.strictEqual(headers["stripe-should-retry"], "true")
        assert.isUndefined(headers["stripe-rate-limited-reason"])
      }
    ],
    [
      "ServerError",
      Fault.ServerError({ status: 502 }),
      ({ headers, status, text }) => {
        assert.deepStrictEqual([status, headers["content-type"]], [502, "text/html"])
        assert.match(text, /^<html>/)
      }
    ],
    [
      "ServerError as JSON",
      Fault.ServerError({ format: "json" }),
      ({ status, text }) => assert.deepStrictEqual([status, parse(text).error["type"]], [500, "api_error"])
    ],
    [
      "Conflict",
      Fault.Conflict(),
      ({ status, text }) => assert.deepStrictEqual([status, parse(text).error["type"]], [409, "invalid_request_error"])
    ],
    [
      "ShouldRetry",
      Fault.ShouldRetry({ status: 500, retry: false }),
      ({ headers, status }) => assert.deepStrictEqual([status, headers["stripe-should-retry"]], [500, "false"])
    ],
    [
      "CursorNotFound",
      Fault.CursorNotFound(),
      ({ status, text }) => {
        const { error } = parse(text)
        assert.deepStrictEqual([status, error["code"], error["param"]], [400, "resource_missing", "starting_after"])
      }
    ],
    [
      "Redirect",
      Fault.Redirect({ location: "http://127.0.0.1:1/elsewhere" }),
      ({ headers, status }) =>
        assert.deepStrictEqual([status, headers["location"]], [302, "http://127.0.0.1:1/elsewhere"])
    ],
    [
      "TruncatedJson",
      Fault.TruncatedJson(),
      ({ headers, status, text }, honest) => {
        const whole = JSON.stringify(honest, null, 2)
        assert.strictEqual(status, 200)
        assert.strictEqual(text, whole.slice(0, Math.floor(whole.length / 2)))
        if (headers["content-length"] !== undefined) {
          assert.strictEqual(headers["content-length"], String(Buffer.byteLength(text)))
        }
      }
    ],
    [
      "HugeBody",
      Fault.HugeBody({ bytes: 3_000_000 }),
      ({ text }, honest) => {
        assert.isAtLeast(text.length, 3_000_000)
        assert.deepStrictEqual(parse(text), honest)
      }
    ],
    [
      "HtmlPage",
      Fault.HtmlPage(),
      ({ headers, status, text }) => {
        assert.deepStrictEqual([status, headers["content-type"]], [200, "text/html"])
        assert.match(text, /^<html>/)
      }
    ],
    ["EmptyBody", Fault.EmptyBody(), ({ status, text }) => assert.deepStrictEqual([status, text], [200, ""])],
    [
      "WrongContentType",
      Fault.WrongContentType(),
      ({ headers, text }, honest) => {
        assert.strictEqual(headers["content-type"], "text/plain")
        assert.deepStrictEqual(parse(text), honest)
      }
    ],
    [
      "RepeatedPage",
      Fault.RepeatedPage(),
      // Each check walks to the second page first, so that there is one to repeat.
      ({ text }, honest) => {
        const page = parse(text)
        assert.lengthOf(page.data, 3)
        assert.notDeepEqual(page.data, honest.data)
        assert.isTrue(page.has_more)
      }
    ],
    [
      "EmptyPageWithMore",
      Fault.EmptyPageWithMore(),
      ({ text }) => assert.deepInclude(parse(text), { data: [], has_more: true, object: "list" })
    ],
    [
      "RowsOutOfOrder",
      Fault.RowsOutOfOrder(),
      ({ text }, honest) => assert.deepStrictEqual(parse(text).data, honest.data.toReversed())
    ],
    [
      "OversizedPage",
      Fault.OversizedPage({ extra: 2 }),
      ({ text }, honest) => {
        const { data } = parse(text)
        assert.lengthOf(data, 5)
        assert.deepStrictEqual(data.slice(0, 3), honest.data)
      }
    ],
    [
      "BadRow with a patch",
      Fault.BadRow({ at: 1, patch: { created: "yesterday" } }),
      ({ text }, honest) => {
        const { data } = parse(text)
        assert.deepStrictEqual<unknown>(data, [
          honest.data[0],
          { ...honest.data[1], created: "yesterday" },
          honest.data[2]
        ])
      }
    ],
    [
      "BadRow with a replacement",
      Fault.BadRow({ replacement: null }),
      ({ text }, honest) => assert.deepStrictEqual<unknown>(parse(text).data, [null, ...honest.data.slice(1)])
    ],
    [
      "MissingData",
      Fault.MissingData(),
      ({ text }) => assert.deepStrictEqual(Object.keys(parse(text)), ["object", "has_more", "url"])
    ],
    ["NotAList", Fault.NotAList(), ({ text }, honest) => assert.deepStrictEqual(JSON.parse(text), honest.data[0])],
    [
      "Latency",
      Fault.Latency({ duration: "0 millis" }),
      ({ text }, honest) => assert.deepStrictEqual(parse(text), honest)
    ]
  ]

/** Walks to the second page, injects the fault there, and then asks for the second page again in peace. */
const meet = Effect.fnUntraced(function* <E, R>(
  fault: Sandbox.Fault,
  request: (query: string) => Effect.Effect<Seen, E, R>
) {
  const sandbox = yield* Sandbox.Sandbox
  const first = parse((yield* request("?limit=3")).text)
  const query = `?limit=3&starting_after=${first.data.at(-1)?.id}`
  yield* sandbox.inject(fault)
  const seen = yield* request(query)
  const honest = parse((yield* request(query)).text)
  return { seen, honest, requests: yield* sandbox.requests }
})

const overSocket = (query: string) =>
  Effect.map(get(path + query), (received): Seen => {
    assert.isUndefined(received.error)
    return { status: received.status ?? 0, headers: received.headers, text: received.bytes.toString("utf8") }
  })

const inProcess = (query: string) => Effect.map(ask(query), (answer: Answer): Seen => answer)

describe("a fault that is a reply", () => {
  for (const [name, fault, check] of replies) {
    it.live(`over a socket: ${name}`, () =>
      Effect.gen(function* () {
        const { honest, requests, seen } = yield* meet(fault, overSocket)
        check(seen, honest)
        assert.deepStrictEqual(
          requests.map(({ outcome, status }) => [outcome, status]),
          [
            ["answered", 200],
            ["answered", seen.status],
            ["answered", 200]
          ]
        )
      }).pipe(Effect.provide(server()))
    )

    it.effect(`in process: ${name}`, () =>
      Effect.gen(function* () {
        const { honest, requests, seen } = yield* meet(fault, inProcess)
        check(seen, honest)
        assert.deepStrictEqual(
          requests.map(({ outcome, status }) => [outcome, status]),
          [
            ["answered", 200],
            ["answered", seen.status],
            ["answered", 200]
          ]
        )
      }).pipe(Effect.provide(Sandbox.layer()))
    )
  }

  it.effect("leaves a reply alone that is not a page", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      for (const fault of [Fault.EmptyPageWithMore(), Fault.RepeatedPage(), Fault.MissingData()]) {
        yield* sandbox.inject(fault)
        assert.strictEqual((yield* ask("?limit=x")).status, 400)
      }
    }).pipe(Effect.provide(Sandbox.layer()))
  )
})

/** The last request, once the sandbox has noticed what became of it. */
const settled = Effect.gen(function* () {
  const sandbox = yield* Sandbox.Sandbox
  for (let attempt = 0; attempt < 200; attempt++) {
    const last = (yield* sandbox.requests).at(-1)
    if (last?.outcome !== "open") return last
    yield* Effect.sleep("5 millis")
  }
  return yield* Effect.die(new Error("the request is still open"))
})

describe("a fault of the connection, over a socket", () => {
  const injected = (fault: Sandbox.Fault, patience?: number) =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(fault)
      const received: Received = yield* get(`${path}?limit=20`, { patience })
      const last = yield* settled
      const honest = yield* get(`${path}?limit=20`)
      assert.strictEqual(honest.status, 200)
      return { received, last, whole: honest.bytes }
    }).pipe(Effect.provide(server()))

  it.live("a reset before the head: no byte arrives", () =>
    Effect.gen(function* () {
      const { last, received } = yield* injected(Fault.ResetBeforeHeaders())
      assert.deepStrictEqual([received.status, received.error, received.bytes.length], [undefined, "socket hang up", 0])
      assert.deepInclude(last, { outcome: "reset", status: undefined })
    })
  )

  it.live("a reset in the body: the head and the beginning arrive", () =>
    Effect.gen(function* () {
      const { last, received, whole } = yield* injected(Fault.ResetMidBody({ at: 0.25 }))
      assert.deepStrictEqual([received.status, received.error], [200, "aborted"])
      assert.strictEqual(received.headers["content-length"], String(whole.length))
      assert.deepStrictEqual(received.bytes, whole.subarray(0, Math.floor(whole.length / 4)))
      assert.deepInclude(last, { outcome: "reset", status: 200 })
    })
  )

  it.live("a hang: nothing arrives, and the sandbox notices that the client gave up", () =>
    Effect.gen(function* () {
      const { last, received } = yield* injected(Fault.Hang(), 500)
      assert.deepStrictEqual([received.status, received.error], [undefined, "gave up"])
      assert.deepInclude(last, { outcome: "aborted", status: undefined })
    })
  )

  it.live("a stalled body: half arrives, and the sandbox notices that the client gave up", () =>
    Effect.gen(function* () {
      const { last, received, whole } = yield* injected(Fault.StalledBody(), 500)
      assert.deepStrictEqual([received.status, received.error], [200, "gave up"])
      assert.deepStrictEqual(received.bytes, whole.subarray(0, Math.floor(whole.length / 2)))
      assert.deepInclude(last, { outcome: "aborted", status: 200 })
    })
  )

  it.live("a gzip stream cut short: complete for HTTP, but not for gzip", () =>
    Effect.gen(function* () {
      const { last, received } = yield* injected(Fault.GzipCutShort())
      assert.deepStrictEqual([received.status, received.error], [200, undefined])
      assert.strictEqual(received.headers["content-encoding"], "gzip")
      assert.throws(() => gunzipSync(received.bytes), /unexpected end of file/)
      assert.deepInclude(last, { outcome: "answered" })
    })
  )

  it.live("a slow answer that the client does not wait for is recorded as aborted", () =>
    Effect.gen(function* () {
      const { last } = yield* injected(Fault.Latency({ duration: "1 minute" }), 500)
      assert.deepInclude(last, { outcome: "aborted", status: undefined })
    })
  )

  it.live("makes a fetch client fail in the same places", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const url = (yield* baseUrl) + path
      const reasons: Array<unknown> = []
      for (const fault of [Fault.ResetBeforeHeaders(), Fault.ResetMidBody()]) {
        yield* sandbox.inject(fault)
        const error = yield* Effect.flip(ask("", { url }))
        reasons.push(HttpClientError.isHttpClientError(error) ? error.reason._tag : error)
      }
      assert.deepStrictEqual(reasons, ["TransportError", "DecodeError"])
      // Node's fetch unpacks what came and calls it complete, so only the JSON can tell.
      yield* sandbox.inject(Fault.GzipCutShort())
      const { status, text } = yield* ask("", { url })
      assert.strictEqual(status, 200)
      assert.match(text, /^\{\n {2}"object": "list"/)
      assert.throws(() => JSON.parse(text))
    }).pipe(Effect.provide([server(), FetchHttpClient.layer]))
  )
})

describe("a fault of the connection, in process", () => {
  const reasonOf = (fault: Sandbox.Fault) =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(fault)
      const error = yield* Effect.flip(ask())
      const last = (yield* sandbox.requests).at(-1)
      assert.strictEqual((yield* ask()).status, 200)
      return [HttpClientError.isHttpClientError(error) ? error.reason._tag : error, last?.outcome, last?.status]
    }).pipe(Effect.provide(Sandbox.layer()))

  it.effect("a reset is a transport error before the head, and fails the reading of the body after it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* reasonOf(Fault.ResetBeforeHeaders()), ["TransportError", "reset", undefined])
      assert.deepStrictEqual(yield* reasonOf(Fault.ResetMidBody()), ["DecodeError", "reset", 200])
    })
  )

  it.effect("a gzip stream cut short is the beginning of the JSON", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const { text: whole } = yield* ask()
      yield* sandbox.inject(Fault.GzipCutShort())
      const { status, text } = yield* ask()
      assert.deepStrictEqual([status, text], [200, whole.slice(0, Math.floor(whole.length / 2))])
    }).pipe(Effect.provide(Sandbox.layer()))
  )

  const gaveUp = (fault: Sandbox.Fault, interrupt: boolean) =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(fault)
      const fiber = yield* Effect.forkChild(Effect.timeoutOption(ask(), "30 seconds"))
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual((yield* sandbox.requests)[0]?.outcome, "open")
      if (interrupt) yield* Fiber.interrupt(fiber)
      else yield* TestClock.adjust("1 second")
      yield* Fiber.await(fiber)
      return yield* TestClock.withLive(settled)
    }).pipe(Effect.provide(Sandbox.layer()))

  it.effect("a client that times out or is interrupted is recorded as aborted", () =>
    Effect.gen(function* () {
      for (const interrupt of [true, false]) {
        assert.deepInclude(yield* gaveUp(Fault.Hang(), interrupt), { outcome: "aborted", status: undefined })
        assert.deepInclude(yield* gaveUp(Fault.StalledBody(), interrupt), { outcome: "aborted", status: 200 })
        assert.deepInclude(yield* gaveUp(Fault.Latency({ duration: "1 hour" }), interrupt), { outcome: "aborted" })
      }
    })
  )

  it.effect("a request that is interrupted between any two steps does not stay open", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      for (let steps = 0; steps < 60; steps++) {
        // A fiber that yields this often can be interrupted nearly everywhere.
        const fiber = yield* Effect.forkChild(Effect.provideService(ask(), Scheduler.MaxOpsBeforeYield, 3))
        for (let step = 0; step < steps; step++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        const open = (yield* sandbox.requests).filter(({ outcome }) => outcome === "open")
        assert.deepStrictEqual(open, [], `interrupted after ${steps} steps`)
      }
      assert.include(
        (yield* sandbox.requests).map(({ outcome }) => outcome),
        "answered"
      )
    }).pipe(Effect.provide(Sandbox.layer({ sessions: 1 })))
  )

  it.effect("latency passes by Clock", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.Latency({ duration: "3 seconds" }))
      const fiber = yield* Effect.forkChild(ask())
      yield* TestClock.adjust("2999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
    }).pipe(Effect.provide(Sandbox.layer()))
  )
})

describe("injecting", () => {
  const statuses = (count: number, query = "") =>
    Effect.map(Effect.all(Array.from({ length: count }, () => ask(query))), (answers) =>
      answers.map(({ status }) => status)
    )

  it.effect("applies to one request, or as many as are said, after as many as are skipped", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.Conflict(), { skip: 1, times: 2 })
      assert.deepStrictEqual(yield* statuses(5), [200, 409, 409, 200, 200])
      yield* sandbox.inject(Fault.Conflict(), { times: Infinity })
      assert.deepStrictEqual(yield* statuses(3), [409, 409, 409])
      yield* sandbox.clearFaults
      assert.deepStrictEqual(yield* statuses(1), [200])
      yield* sandbox.inject(Fault.Conflict(), { times: 0 })
      assert.deepStrictEqual(yield* statuses(1), [200])
    }).pipe(Effect.provide(Sandbox.layer()))
  )

  it.effect("makes a script: the fault injected first comes first, and skip counts from the injection", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.RateLimited())
      yield* sandbox.inject(Fault.ServerError())
      yield* sandbox.inject(Fault.Conflict(), { skip: 3 })
      assert.deepStrictEqual(yield* statuses(5), [429, 500, 200, 409, 200])
    }).pipe(Effect.provide(Sandbox.layer()))
  )

  it.effect("may choose the requests it applies to", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.ServerError(), {
        skip: 1,
        when: ({ query }) => query.some(([name, value]) => name === "status" && value === "verified")
      })
      assert.deepStrictEqual(yield* statuses(2), [200, 200])
      assert.deepStrictEqual(yield* statuses(3, "?status=verified"), [200, 500, 200])
    }).pipe(Effect.provide(Sandbox.layer()))
  )

  it.effect("repeats the page of the same walk only", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const verified = yield* ask("?limit=5&status=verified")
      yield* ask("?limit=5&status=canceled")
      const last = parse(verified.text).data.at(-1)?.id
      yield* sandbox.inject(Fault.RepeatedPage())
      assert.strictEqual((yield* ask(`?limit=5&status=verified&starting_after=${last}`)).text, verified.text)
      yield* sandbox.inject(Fault.RepeatedPage())
      const first = parse((yield* ask("?limit=7")).text)
      assert.lengthOf(first.data, 7)
    }).pipe(Effect.provide(Sandbox.layer()))
  )
})

describe("the two fronts", () => {
  it.live("give the same bytes, headers and record", () =>
    Effect.gen(function* () {
      const queries = [
        "",
        "?limit=2&expand[]=data.verified_outputs",
        "?limit=x",
        "/vs_none",
        "?created[gte]=1750000000"
      ]
      const run = <E, R>(request: (query: string) => Effect.Effect<Seen, E, R>) =>
        Effect.gen(function* () {
          const seen: Array<Seen> = []
          for (const query of queries) seen.push(yield* request(query))
          const sandbox = yield* Sandbox.Sandbox
          return { seen, requests: yield* sandbox.requests }
        })
      const socket = yield* Effect.provide(run(overSocket), server())
      const process = yield* Effect.provide(run(inProcess), Sandbox.layer())
      // Only the second in which they were asked differs.
      const timeless = (text: string) => text.replaceAll(/\?t=\d+/g, "")
      assert.deepStrictEqual(
        socket.seen.map(({ status, text }) => [status, timeless(text)]),
        process.seen.map(({ status, text }) => [status, timeless(text)])
      )
      for (const [index, { headers }] of process.seen.entries()) {
        for (const [name, value] of Object.entries(headers)) {
          if (name !== "date") assert.strictEqual(socket.seen[index]?.headers[name], value, name)
        }
      }
      const asked = (requests: ReadonlyArray<Sandbox.RecordedRequest>) =>
        requests.map(({ method, outcome, path, query, status }) => ({ method, outcome, path, query, status }))
      assert.deepStrictEqual(asked(socket.requests), asked(process.requests))
    })
  )

  it.live("answer as Stripe does in their headers", () =>
    Effect.gen(function* () {
      const { headers } = yield* get(path, {
        headers: { "stripe-version": "2026-08-26.dahlia", "stripe-account": "acct_9" }
      })
      assert.deepInclude(headers, {
        "content-type": "application/json",
        "cache-control": "no-cache, no-store",
        "stripe-version": "2026-08-26.dahlia",
        "stripe-account": "acct_9"
      })
      assert.match(String(headers["request-id"]), /^req_[A-Za-z0-9]{14}$/)
      assert.isNumber(Date.parse(String(headers.date)))
    }).pipe(Effect.provide(server()))
  )

  it.live("share one state where both are given", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const { id } = yield* sandbox.insert()
      const url = (yield* baseUrl) + path
      const both = [
        yield* ask("?limit=1", { url }),
        yield* ask("?limit=1", { url }).pipe(Effect.provideService(HttpClient.HttpClient, Sandbox.client(sandbox)))
      ]
      assert.deepStrictEqual(
        both.map(({ text }) => parse(text).data[0]?.id),
        [id, id]
      )
      assert.lengthOf(yield* sandbox.requests, 2)
    }).pipe(Effect.provide([server(), FetchHttpClient.layer]))
  )

  it.live("answer each with its own sessions, where a program has two", () =>
    Effect.gen(function* () {
      const count = Effect.map(get(path, { patience: 5000 }), ({ bytes, error }) =>
        error === undefined ? parse(bytes.toString()).data.length : error
      )
      const second = yield* Effect.provide(count, server({ sessions: 3 }))
      assert.deepStrictEqual([yield* count, second], [5, 3])
    }).pipe(Effect.provide(server({ sessions: 5 })))
  )

  it.live("end at once, also while a request hangs", () =>
    Effect.gen(function* () {
      const started = performance.now()
      const fiber = yield* Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.inject(Fault.Hang())
        const fiber = yield* Effect.forkDetach(get(path))
        while ((yield* sandbox.requests).length === 0) yield* Effect.sleep("5 millis")
        return fiber
      }).pipe(Effect.provide(server()))
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
      // A server that waited for its requests would do so for 20 seconds.
      assert.isBelow(performance.now() - started, 15_000)
    })
  )
})
