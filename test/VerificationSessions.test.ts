import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Fiber, Layer, Option, Schema, Sink, Stream } from "effect"
import { TestClock } from "effect/testing"
import {
  RetryPolicy,
  StripeClient,
  type StripeError,
  VerificationReports,
  VerificationSession,
  VerificationSessions
} from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { between } from "./support/filters.ts"
import { countRequests, ids, listIds, query, reason, requests, settled, withoutJitter, world } from "./support/world.ts"

const { Fault } = Sandbox
const thousand = world({ sandbox: { sessions: 1000 } })

describe("laziness", () => {
  it.effect("a stream that is built and not run sends nothing", () =>
    Effect.gen(function* () {
      VerificationSessions.stream({ status: "verified" }, { prefetch: 3 })
      const { pages, stream } = yield* VerificationSessions.VerificationSessions
      stream({ status: "verified" })
      pages()
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(thousand))
  )

  for (const [take, expected] of [
    [0, 0],
    [1, 1],
    [100, 1],
    [101, 2],
    [150, 2],
    [1000, 10]
  ] as const) {
    it.effect(`taking ${take} rows sends ${expected} requests`, () =>
      Effect.gen(function* () {
        const rows = yield* VerificationSessions.stream().pipe(Stream.take(take), Stream.runCollect)
        assert.strictEqual(rows.length, take)
        assert.strictEqual(yield* countRequests, expected)
      }).pipe(Effect.provide(thousand))
    )
  }

  it.effect("reading to the end sends one request a page and none to learn that it was the last", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Stream.runCount(VerificationSessions.stream()), 1000)
      assert.strictEqual(yield* countRequests, 10)
    }).pipe(Effect.provide(thousand))
  )

  it.effect.each([1, 4])("maxItems counts the sessions that a filter of ours lets through, %d at once", (concurrency) =>
    Effect.gen(function* () {
      const filter = { metadata: { plan: "pro" } }
      const all = yield* Stream.runCollect(VerificationSessions.stream(filter))
      for (const maxItems of [1, 5, all.length - 1, all.length]) {
        const pages = yield* Stream.runCollect(VerificationSessions.pages(filter, { maxItems, concurrency }))
        assert.deepStrictEqual(
          pages.flatMap(({ data }) => data.map(({ id }) => id)),
          all.slice(0, maxItems).map(({ id }) => id)
        )
        // There are more sessions after the last one, whether or not they match.
        if (maxItems < all.length) assert.isTrue(pages.at(-1)?.has_more)
      }
    }).pipe(Effect.provide(world({ sandbox: { sessions: 80 } })))
  )

  it.effect("maxItems sizes the last page", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Stream.runCount(VerificationSessions.stream({}, { maxItems: 150 })), 150)
      assert.deepStrictEqual(
        (yield* requests).map((request) => query(request)["limit"]),
        ["100", "50"]
      )
      assert.strictEqual(yield* Stream.runCount(VerificationSessions.stream({}, { maxItems: 0 })), 0)
      assert.strictEqual(yield* countRequests, 2)
    }).pipe(Effect.provide(thousand))
  )

  it.effect("a take behind a filter pulls only what it needs", () =>
    Effect.gen(function* () {
      const rows = (yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)).map((row) => row.status === "canceled")
      let left = 30
      const needed = rows.findIndex((matches) => matches && --left === 0) + 1
      yield* VerificationSessions.stream().pipe(
        Stream.filter(VerificationSession.hasStatus("canceled")),
        Stream.take(30),
        Stream.runDrain
      )
      assert.isAbove(needed, 100)
      assert.strictEqual(yield* countRequests, Math.ceil(needed / 100))
    }).pipe(Effect.provide(thousand))
  )

  it.effect("the same stream value runs twice, from the start each time", () =>
    Effect.gen(function* () {
      const stream = VerificationSessions.stream({}, { maxItems: 120 })
      assert.deepStrictEqual(yield* ids(stream), yield* ids(stream))
      assert.strictEqual(yield* countRequests, 4)
    }).pipe(Effect.provide(thousand))
  )

  it.effect("one page is one chunk, prefetched or not", () =>
    Effect.gen(function* () {
      for (const prefetch of [0, 1, 4]) {
        const sizes = yield* VerificationSessions.stream({}, { pageSize: 70, maxItems: 200, prefetch }).pipe(
          Stream.chunks,
          Stream.map((chunk) => chunk.length),
          Stream.runCollect
        )
        assert.deepStrictEqual(sizes, [70, 70, 60])
      }
    }).pipe(Effect.provide(thousand))
  )

  for (const prefetch of [0, 1, 3]) {
    it.effect(`prefetch: ${prefetch} is at most ${prefetch} pages ahead`, () =>
      Effect.gen(function* () {
        const seen: Array<number> = []
        yield* VerificationSessions.pages({}, { prefetch }).pipe(
          Stream.mapEffect(() =>
            Effect.gen(function* () {
              yield* Effect.sleep("1 second")
              seen.push(yield* countRequests)
            })
          ),
          Stream.runDrain,
          Effect.forkChild,
          Effect.tap(() => Effect.repeat(Effect.andThen(settled, TestClock.adjust("1 second")), { times: 12 })),
          Effect.flatMap(Fiber.join)
        )
        assert.deepStrictEqual(
          seen,
          seen.map((_, index) => Math.min(index + 1 + prefetch, 10))
        )
      }).pipe(Effect.provide(thousand))
    )
  }
})

describe("order and completeness", () => {
  const history = Schema.Struct({
    sessions: between(0, 130),
    seed: between(1, 1000),
    history: Schema.Literals(["uniform", "growing", "daily", "bursty", "import", "one-second"]),
    orderWithinSecond: Schema.Literals(["insertion", "shuffled"]),
    seconds: Schema.Literals([1, 5, 60, 1_000_000])
  })

  const sandboxOf = ({ seconds, ...options }: typeof history.Type): Sandbox.Options => {
    const from = DateTime.makeUnsafe("2025-06-01T00:00:00Z")
    return { ...options, from, to: DateTime.addDuration(from, Duration.seconds(seconds)) }
  }

  it.effect.prop(
    "stream is the list, each row once, in order",
    { history, pageSize: between(1, 100), prefetch: between(0, 2) },
    ({ history, pageSize, prefetch }) =>
      Effect.gen(function* () {
        const list = yield* listIds
        assert.deepStrictEqual(yield* ids(VerificationSessions.stream({}, { pageSize, prefetch })), list)
        assert.strictEqual(yield* countRequests, Math.max(1, Math.ceil(list.length / pageSize)))
      }).pipe(Effect.provide(world({ sandbox: sandboxOf(history) })))
  )

  it.effect.prop(
    "from any row, endingBefore gives what is newer, reversed, and startingAfter what is older",
    { history, pageSize: between(1, 100), start: between(0, 129), concurrency: between(1, 8) },
    ({ concurrency, history, pageSize, start }) =>
      Effect.gen(function* () {
        const list = yield* listIds
        const id = list[start]
        if (id === undefined) return
        const newer = VerificationSessions.stream({}, { endingBefore: id, pageSize, concurrency })
        const older = VerificationSessions.stream({}, { startingAfter: id, pageSize })
        assert.deepStrictEqual(yield* ids(newer), list.slice(0, start).reverse())
        assert.deepStrictEqual(yield* ids(older), list.slice(start + 1))
      }).pipe(Effect.provide(world({ sandbox: sandboxOf(history) })))
  )

  it.effect("sessions created while a stream runs neither repeat nor displace rows", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(DateTime.toEpochMillis(DateTime.makeUnsafe("2026-06-01T00:00:00Z")))
      const sandbox = yield* Sandbox.Sandbox
      const list = yield* listIds
      const read = yield* VerificationSessions.stream({}, { pageSize: 50 }).pipe(
        Stream.tap((_) => Effect.asVoid(sandbox.insert())),
        ids
      )
      assert.deepStrictEqual(read, list)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 230 } })))
  )

  it.effect("pages are the stream, page by page, in the order of the walk", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      const oldest = list.at(-1) ?? ""
      for (const walk of [{}, { endingBefore: oldest }]) {
        const pages = yield* Stream.runCollect(VerificationSessions.pages({}, { pageSize: 60, ...walk }))
        assert.deepStrictEqual(
          pages.flatMap((page) => page.data.map((row) => row.id)),
          yield* ids(VerificationSessions.stream({}, { pageSize: 60, ...walk }))
        )
        assert.deepStrictEqual(
          pages.map((page) => page.has_more),
          [true, true, true, false]
        )
        assert.isTrue(pages.every((page) => page.requestId?.startsWith("req_")))
      }
    }).pipe(Effect.provide(world({ sandbox: { sessions: 240 } })))
  )

  it.effect("an empty list is one page without rows and a stream without elements", () =>
    Effect.gen(function* () {
      const pages = yield* Stream.runCollect(VerificationSessions.pages())
      assert.deepStrictEqual(
        pages.map((page) => page.data),
        [[]]
      )
      assert.strictEqual(yield* Stream.runCount(VerificationSessions.stream()), 0)
    }).pipe(Effect.provide(world({ sandbox: { sessions: 0 } })))
  )
})

describe("requests", () => {
  it.effect("every request carries the same filter, one cursor at most and nothing empty", () =>
    Effect.gen(function* () {
      const from = DateTime.makeUnsafe("2025-02-01T00:00:00Z")
      yield* Stream.runDrain(
        VerificationSessions.stream(
          { status: "verified", created: { gte: from, lt: "2025-11-01" } },
          { pageSize: 20, expand: ["data.verified_outputs"] }
        )
      )
      const sent = yield* requests
      assert.isAbove(sent.length, 5)
      for (const [index, request] of sent.entries()) {
        const { starting_after, ...rest } = query(request)
        assert.deepStrictEqual(rest, {
          status: "verified",
          "created[gte]": "1738368000",
          "created[lt]": "1761955200",
          limit: "20",
          "expand[]": "data.verified_outputs"
        })
        assert.strictEqual(starting_after === undefined, index === 0)
      }
    }).pipe(Effect.provide(thousand))
  )

  it.effect("each of Stripe's five parameters selects what it says", () =>
    Effect.gen(function* () {
      const all = yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)
      const one = all.find((session) => session.client_reference_id && session.related_customer)
      assert.isDefined(one)
      const second = one?.created ?? 0
      const cases = [
        [
          { client_reference_id: one?.client_reference_id ?? "" },
          (s: Sandbox.Session) => s.client_reference_id === one?.client_reference_id
        ],
        [
          { related_customer: one?.related_customer ?? "" },
          (s: Sandbox.Session) => s.related_customer === one?.related_customer
        ],
        [{ status: "processing" }, (s: Sandbox.Session) => s.status === "processing"],
        [{ created: second }, (s: Sandbox.Session) => s.created === second],
        [{ created: { gt: second } }, (s: Sandbox.Session) => s.created > second],
        [{ created: { gte: second } }, (s: Sandbox.Session) => s.created >= second],
        [{ created: { lt: new Date(second * 1000) } }, (s: Sandbox.Session) => s.created < second],
        [{ created: { lte: DateTime.makeUnsafe(second * 1000) } }, (s: Sandbox.Session) => s.created <= second],
        // Half a second later selects the same sessions as the next second does, and the other way round.
        [{ created: { gte: new Date(second * 1000 + 500) } }, (s: Sandbox.Session) => s.created > second],
        [{ created: { lte: new Date(second * 1000 + 500) } }, (s: Sandbox.Session) => s.created <= second]
      ] as const
      for (const [filter, matches] of cases) {
        assert.deepStrictEqual(
          yield* ids(VerificationSessions.stream(filter)),
          all.filter(matches).map((session) => session.id),
          JSON.stringify(filter)
        )
      }
    }).pipe(Effect.provide(thousand))
  )

  it.effect("a list is one page with Stripe's own defaults and names", () =>
    Effect.gen(function* () {
      const list = yield* listIds
      const first = yield* VerificationSessions.list()
      assert.deepStrictEqual(
        first.data.map((row) => row.id),
        list.slice(0, 10)
      )
      const next = yield* VerificationSessions.list({ limit: 5, starting_after: list[9] })
      const back = yield* VerificationSessions.list({ limit: 3, ending_before: list[9] })
      assert.deepStrictEqual(
        next.data.map((row) => row.id),
        list.slice(10, 15)
      )
      assert.deepStrictEqual(
        back.data.map((row) => row.id),
        list.slice(6, 9)
      )
      assert.deepStrictEqual([first.has_more, next.has_more, back.has_more], [true, true, true])
      // What the next call begins from, in the same direction.
      assert.deepStrictEqual([first.cursor, next.cursor, back.cursor], [list[9], list[14], list[6]])
      assert.deepStrictEqual((yield* requests)[0]?.query, [])
    }).pipe(Effect.provide(thousand))
  )

  it.effect("a session is retrieved by its id, and what is not there is NotFoundError", () =>
    Effect.gen(function* () {
      const [first] = (yield* VerificationSessions.list()).data
      assert.deepStrictEqual(yield* VerificationSessions.retrieve(first?.id ?? ""), first)
      const missing = yield* Effect.flip(VerificationSessions.retrieve("vs_missing"))
      assert.strictEqual(missing.reason._tag, "NotFoundError")
      assert.include(missing.message, "vs_missing")
      assert.isTrue(missing.requestId?.startsWith("req_"))
    }).pipe(Effect.provide(thousand))
  )

  it.effect("expanded outputs arrive redacted, and without expand they are not there", () =>
    Effect.gen(function* () {
      const filter = { status: "verified" } as const
      const [plain] = (yield* VerificationSessions.list(filter)).data
      const [expanded] = (yield* VerificationSessions.list({ ...filter, expand: ["data.verified_outputs"] })).data
      assert.isDefined(plain)
      assert.isFalse("verified_outputs" in (plain ?? {}))
      assert.include(String(expanded?.verified_outputs), "redacted")
    }).pipe(Effect.provide(thousand))
  )

  it.effect("CurrentAccount sets the account of one read, and layers set it for all", () =>
    Effect.gen(function* () {
      yield* Stream.runDrain(VerificationSessions.stream({}, { maxItems: 1 }))
      yield* VerificationSessions.list().pipe(
        Effect.provideService(StripeClient.CurrentAccount, { account: "acct_one" })
      )
      yield* VerificationSessions.stream({}, { maxItems: 1 }).pipe(
        Stream.provideService(StripeClient.CurrentAccount, { account: "acct_two" }),
        Stream.runDrain
      )
      assert.deepStrictEqual(
        (yield* requests).map((request) => request.headers["stripe-account"]),
        ["acct_layer", "acct_one", "acct_two"]
      )
    }).pipe(Effect.provide(world({ client: { account: "acct_layer" } })))
  )
})

describe("refusals before any request", () => {
  const cases: ReadonlyArray<
    readonly [
      name: string,
      effect: Effect.Effect<unknown, StripeError.StripeError, VerificationSessions.VerificationSessions>,
      message: string | RegExp
    ]
  > = [
    [
      "pageSize 0",
      Stream.runDrain(VerificationSessions.stream({}, { pageSize: 0 })),
      "pageSize: expected a whole number from 1 to 100, got 0"
    ],
    [
      "pageSize 101",
      Stream.runDrain(VerificationSessions.stream({}, { pageSize: 101 })),
      "pageSize: expected a whole number from 1 to 100, got 101"
    ],
    [
      "pageSize 1.5",
      Stream.runDrain(VerificationSessions.stream({}, { pageSize: 1.5 })),
      "pageSize: expected a whole number from 1 to 100, got 1.5"
    ],
    [
      "limit NaN",
      VerificationSessions.list({ limit: Number.NaN }),
      "limit: expected a whole number from 1 to 100, got NaN"
    ],
    [
      "maxItems -1",
      Stream.runDrain(VerificationSessions.stream({}, { maxItems: -1 })),
      "maxItems: expected a whole number, 0 or more, got -1"
    ],
    [
      "both cursors of a walk",
      // @ts-expect-error both cursors at once do not compile
      Stream.runDrain(VerificationSessions.stream({}, { startingAfter: "vs_1", endingBefore: "vs_2" })),
      'endingBefore: expected only one of startingAfter and endingBefore, got "vs_2"'
    ],
    [
      "an undefined endingBefore, which left out would read the list from its other end",
      // @ts-expect-error it does not compile
      Stream.runDrain(VerificationSessions.stream({}, { endingBefore: undefined })),
      "endingBefore: expected an id, got undefined. To read newest first from the newest row, leave it out."
    ],
    [
      "both cursors of a page",
      // @ts-expect-error both cursors at once do not compile
      VerificationSessions.list({ starting_after: "vs_1", ending_before: "vs_2" }),
      'ending_before: expected only one of starting_after and ending_before, got "vs_2"'
    ],
    [
      "both cursors of a page of too many rows",
      // @ts-expect-error both cursors at once do not compile
      VerificationSessions.list({ starting_after: "vs_1", ending_before: "vs_2", limit: 101 }),
      "limit: expected a whole number from 1 to 100, got 101; " +
        'ending_before: expected only one of starting_after and ending_before, got "vs_2"'
    ],
    [
      "a cursor that is no session id",
      Stream.runDrain(VerificationSessions.stream({}, { startingAfter: "cus_1" })),
      'startingAfter: expected the id of a session (vs_…), got "cus_1"'
    ],
    [
      "an empty cursor",
      VerificationSessions.list({ starting_after: "" }),
      'starting_after: expected the id of a session (vs_…), got ""'
    ],
    [
      "an id with a slash",
      VerificationSessions.retrieve("vs_1/redact"),
      'id: expected the id of a session (vs_…), got "vs_1/redact"'
    ],
    [
      "a direction",
      // @ts-expect-error there is no such option
      Stream.runDrain(VerificationSessions.stream({}, { direction: "oldest-first" })),
      'direction: expected nothing, got "oldest-first". endingBefore alone reads oldest first.'
    ],
    [
      "a direction with the id to start from, with many requests at once",
      // @ts-expect-error there is no such option
      VerificationSessions.stream({}, { direction: "oldest-first", endingBefore: "vs_1", concurrency: 4 }).pipe(
        Stream.runDrain
      ),
      'direction: expected nothing, got "oldest-first". endingBefore alone reads oldest first.'
    ],
    [
      "a misspelt status",
      // @ts-expect-error a misspelt status does not compile
      Stream.runDrain(VerificationSessions.stream({ status: "verfied" })),
      'status: expected canceled, processing, requires_input or verified, got "verfied"'
    ],
    [
      "a misspelt option",
      // @ts-expect-error a misspelt option does not compile
      Stream.runDrain(VerificationSessions.stream({}, { pagesize: 10 })),
      'pagesize: expected one of the names startingAfter, endingBefore, maxItems, pageSize, prefetch, concurrency, onDecodeError, expand, got "pagesize". Did you mean "pageSize"?'
    ],
    [
      "several problems at once, each named",
      // @ts-expect-error a misspelt status does not compile
      Stream.runDrain(VerificationSessions.stream({ status: "bad" }, { pageSize: 0, startingAfter: "x" })),
      'status: expected canceled, processing, requires_input or verified, got "bad"; startingAfter: expected the id of a session (vs_…), got "x"; pageSize: expected a whole number from 1 to 100, got 0'
    ],
    [
      "several problems of sync at once",
      // @ts-expect-error a misspelt status and a path without data. do not compile
      Stream.runDrain(VerificationSessions.sync({ status: "bad" }, { pageSize: 0, expand: ["verified_outputs"] })),
      /^[^;]*status: expected .*; pageSize: expected .*; expand\[0\]: expected /
    ],
    [
      "several problems of tail at once",
      // @ts-expect-error a misspelt status and a number for a schedule do not compile
      Stream.runDrain(VerificationSessions.tail({ status: "bad" }, { schedule: 5, pageSize: 0 })),
      /^[^;]*status: expected .*; pageSize: expected .*; schedule: expected /
    ],
    [
      "several problems of reread at once",
      // @ts-expect-error a path without data. does not compile
      Stream.runDrain(VerificationSessions.reread(["x"], { concurrency: 0, expand: ["y"] })),
      /^[^;]*ids\[0\]: expected .*; concurrency: expected .*; expand\[0\]: expected /
    ],
    [
      "several problems of changes at once",
      // @ts-expect-error a path without data. does not compile
      Stream.runDrain(VerificationSessions.changes({ settle: -1, expand: ["y"] })),
      /^[^;]*expand\[0\]: expected .*; settle: expected /
    ],
    [
      "several problems of mirror at once",
      // @ts-expect-error a path without data. does not compile
      Stream.runDrain(VerificationSessions.mirror({ audit: 0, expand: ["y"] })),
      /^[^;]*expand\[0\]: expected .*; audit: expected /
    ],
    [
      "a client secret for an id",
      VerificationSessions.retrieve("vs_1_secret_planted"),
      'id: expected the id of a session (vs_…), got "vs_1_secret_<redacted>"'
    ],
    ["milliseconds", VerificationSessions.list({ created: 1767225600000 }), "looks like milliseconds"],
    [
      "an expansion without data.",
      // @ts-expect-error a list expands data.*
      VerificationSessions.list({ expand: ["verified_outputs"] }),
      "expand[0]"
    ]
  ]

  for (const [name, effect, message] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(effect)
        assert.strictEqual(error.reason._tag, "InvalidArgumentError")
        if (typeof message === "string") assert.include(error.message, message)
        else assert.match(error.message, message)
        assert.isFalse(error.isRetryable)
        assert.strictEqual(yield* countRequests, 0)
      }).pipe(Effect.provide(world({ sandbox: { sessions: 3 } })))
    )
  }
})

describe("failures inside a stream", () => {
  const faults = [
    ["429 with Retry-After", Fault.RateLimited({ retryAfter: 3 }), "3 seconds"],
    ["500 as HTML", Fault.ServerError({ status: 500, format: "html" }), "500 millis"],
    ["409", Fault.Conflict(), "500 millis"],
    ["reset before the headers", Fault.ResetBeforeHeaders(), "500 millis"],
    ["reset in the body", Fault.ResetMidBody(), "500 millis"],
    ["truncated JSON", Fault.TruncatedJson(), "500 millis"],
    ["HTML with 200", Fault.HtmlPage(), "500 millis"],
    ["an object lock", Fault.LockTimeout(), "500 millis"]
  ] as const

  for (const [name, fault, wait] of faults) {
    it.effect(`${name} on page 2 is retried after ${wait}: no row repeated, none lost`, () =>
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.inject(fault, { skip: 1 })
        const fiber = yield* Effect.forkChild(ids(VerificationSessions.stream()))
        const waitMillis = Duration.toMillis(wait)
        yield* settled
        yield* TestClock.adjust(waitMillis - 1)
        assert.strictEqual(yield* countRequests, 2)
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* Fiber.join(fiber), yield* listIds)
        assert.strictEqual(yield* countRequests, 4)
      }).pipe(Effect.provide([world({ sandbox: { sessions: 250 } }), withoutJitter]))
    )
  }

  it.effect("a request that takes longer than the time limit is given up and sent again", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.Hang(), { skip: 1 })
      const fiber = yield* Effect.forkChild(ids(VerificationSessions.stream()))
      yield* TestClock.adjust("10499 millis")
      assert.strictEqual(yield* countRequests, 2)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(fiber), yield* listIds)
      const sent = yield* requests
      assert.deepStrictEqual(
        sent.map((request) => request.outcome),
        ["answered", "aborted", "answered", "answered"]
      )
    }).pipe(Effect.provide([world({ sandbox: { sessions: 250 }, client: { timeout: "10 seconds" } }), withoutJitter]))
  )

  it.effect("what keeps failing comes out typed, after the rows before it, with page, cursor and attempts", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.ServerError({ status: 503, format: "html" }), { skip: 1, times: 100 })
      const seen: Array<string> = []
      const fiber = yield* VerificationSessions.stream().pipe(
        Stream.tap((session) => Effect.sync(() => seen.push(session.id))),
        Stream.runDrain,
        Effect.flip,
        Effect.forkChild
      )
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      const list = yield* listIds
      assert.deepStrictEqual(seen, list.slice(0, 100))
      assert.strictEqual(error.operation, "VerificationSessions.stream")
      assert.strictEqual(error.reason._tag, "ApiError")
      assert.strictEqual(error.page, 2)
      assert.strictEqual(error.cursor, list[99])
      assert.strictEqual(error.attempts, 6)
      assert.deepStrictEqual(
        (yield* requests).map((request) => request.receivedAt),
        [0, 0, 500, 1500, 3500, 7500, 15500]
      )
    }).pipe(Effect.provide([world({ sandbox: { sessions: 250 } }), withoutJitter]))
  )

  it.effect("401 is not retried and says what to do", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Stream.runDrain(VerificationSessions.stream()))
      assert.strictEqual(error.reason._tag, "AuthenticationError")
      assert.include(error.message, "STRIPE_API_KEY")
      assert.strictEqual(yield* countRequests, 1)
    }).pipe(Effect.provide(world({ client: { apiKey: Sandbox.expiredApiKey } })))
  )

  it.effect("RetryPolicy.Current replaces the policy of one stream", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.Conflict())
      const failed = yield* VerificationSessions.stream().pipe(
        Stream.provideService(RetryPolicy.Current, RetryPolicy.none),
        Stream.runDrain,
        reason
      )
      assert.strictEqual(failed._tag, "ConflictError")
      assert.strictEqual(yield* countRequests, 1)
    }).pipe(Effect.provide(world()))
  )

  it.effect("reasons can be caught on the stream, and others pass", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(
        Fault.Reply({ status: 403, body: { error: { message: "no", type: "invalid_request_error" } } })
      )
      const rows = yield* VerificationSessions.stream().pipe(
        Stream.catchReason("StripeError", "PermissionError", () => Stream.empty),
        Stream.runCollect
      )
      assert.deepStrictEqual(rows, [])
    }).pipe(Effect.provide(world()))
  )
})

describe("composition", () => {
  const small = world({ sandbox: { sessions: 120 } })

  it.effect("groups by key", () =>
    Effect.gen(function* () {
      const counts = yield* VerificationSessions.stream().pipe(
        Stream.groupByKey((session) => session.status),
        Stream.flatMap(
          ([status, group]) => Stream.fromEffect(Effect.map(Stream.runCount(group), (n) => [status, n] as const)),
          {
            concurrency: "unbounded"
          }
        ),
        Stream.runCollect
      )
      assert.strictEqual(
        counts.reduce((sum, [, n]) => sum + n, 0),
        120
      )
      assert.isAbove(counts.length, 2)
    }).pipe(Effect.provide(small))
  )

  it.effect("maps with effects side by side and keeps the order", () =>
    Effect.gen(function* () {
      const mapped = yield* VerificationSessions.stream().pipe(
        Stream.mapEffect((session) => Effect.succeed({ id: session.id }), { concurrency: 8 }),
        ids
      )
      assert.deepStrictEqual(mapped, yield* listIds)
    }).pipe(Effect.provide(small))
  )

  it.effect("broadcasts one read to two consumers", () =>
    Effect.gen(function* () {
      const shared = yield* Stream.broadcast(VerificationSessions.stream(), { capacity: 16, replay: 200 })
      const [first, second] = yield* Effect.all([ids(shared), ids(shared)], { concurrency: 2 })
      assert.deepStrictEqual(first, second)
      assert.strictEqual(yield* countRequests, 2)
    }).pipe(Effect.scoped, Effect.provide(small))
  )

  it.effect("runs into a sink", () =>
    Effect.gen(function* () {
      const livemode = yield* VerificationSessions.stream().pipe(
        Stream.run(
          Sink.fold(
            () => 0,
            () => true,
            (count: number, session: VerificationSession.VerificationSession) =>
              Effect.succeed(count + (session.livemode ? 1 : 0))
          )
        )
      )
      assert.strictEqual(livemode, 0)
    }).pipe(Effect.provide(small))
  )

  it.effect("ends with a timeout around it, which aborts the request", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Fault.Hang())
      const fiber = yield* Stream.runDrain(VerificationSessions.stream()).pipe(
        Effect.timeoutOption("2 seconds"),
        Effect.forkChild
      )
      yield* TestClock.adjust("2 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.join(fiber)))
      assert.deepStrictEqual(
        (yield* requests).map((request) => request.outcome),
        ["aborted"]
      )
    }).pipe(Effect.provide(small))
  )

  it.effect("the client underneath can be shared, and calls what this library does not know", () =>
    Effect.gen(function* () {
      const client = yield* StripeClient.StripeClient
      yield* VerificationSessions.list()
      yield* client.client.get("/v1/identity/verification_sessions")
      assert.deepStrictEqual(
        (yield* requests).map((request) => request.headers["stripe-version"]),
        [StripeClient.defaultApiVersion, StripeClient.defaultApiVersion]
      )
    }).pipe(
      Effect.provide(
        VerificationSessions.layerFromClient.pipe(
          Layer.provideMerge(StripeClient.layer({ apiKey: Sandbox.apiKey })),
          Layer.provideMerge(Sandbox.layer())
        )
      )
    )
  )

  it.effect("each client has services of its own, however their layers are put together", () =>
    Effect.gen(function* () {
      const of = (account: string) =>
        Layer.merge(VerificationSessions.layerFromClient, VerificationReports.layerFromClient).pipe(
          Layer.provide(StripeClient.layer({ apiKey: Sandbox.apiKey, account, rateLimit: false }))
        )
      const use = Effect.andThen(VerificationSessions.list({ limit: 1 }), VerificationReports.list({ limit: 1 }))
      const inside = (account: string) => Layer.provide(Layer.effectDiscard(use), of(account))
      yield* Layer.build(Layer.merge(inside("acct_1"), inside("acct_2")))
      yield* Effect.andThen(use, Effect.provide(use, of("acct_4"))).pipe(Effect.provide(of("acct_3")))
      const accounts = (yield* requests).map(({ headers }) => headers["stripe-account"])
      assert.deepStrictEqual(
        accounts.sort(),
        ["acct_1", "acct_2", "acct_3", "acct_4"].flatMap((account) => [account, account])
      )
    }).pipe(Effect.provide(Sandbox.layer()))
  )
})

describe("layerTest", () => {
  const session = VerificationSession.makeUnsafe({ id: "vs_1", status: "verified", created: DateTime.makeUnsafe(0) })

  it.effect("answers with the handlers", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ids(VerificationSessions.stream({ status: "verified" })), ["vs_1"])
    }).pipe(Effect.provide(VerificationSessions.layerTest({ stream: () => Stream.succeed(session) })))
  )

  it.effect("what is not stubbed dies, past every error handler", () =>
    Effect.gen(function* () {
      const exit = yield* VerificationSessions.list().pipe(
        Effect.catchTag("StripeError", () => Effect.succeed("hidden")),
        Effect.exit
      )
      assert.strictEqual(exit._tag, "Failure")
      const streamed = yield* Effect.exit(Stream.runDrain(VerificationSessions.pages()))
      assert.strictEqual(streamed._tag, "Failure")
    }).pipe(Effect.provide(VerificationSessions.layerTest({ stream: () => Stream.succeed(session) })))
  )
})
