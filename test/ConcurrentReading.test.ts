import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, DateTime, Effect, Exit, Fiber, Schema, type Scope, Stream } from "effect"
import { Pagination, StripeError } from "effect-stripe-identity"
import * as Concurrently from "./support/concurrently.ts"
import { TestClock } from "effect/testing"
import { OnRateLimited } from "../src/internal/client/onRateLimited.ts"
import { between } from "./support/filters.ts"
import { type FakeRow, fakeList, unruly } from "./support/concurrentList.ts"
import { random, secondsOf, shapes, simulate } from "./support/concurrentSimulator.ts"

const idsOf = <E, R>(stream: Stream.Stream<FakeRow, E, R>) => Stream.runCollect(Stream.map(stream, (row) => row.id))

/** Gaps between rows, most of them short or nothing and some very long. */
const Gaps = Schema.Array(between(0, 40)).check(Schema.isMaxLength(300))

const toSeconds = (gaps: ReadonlyArray<number>) => {
  let second = 1_700_000_000
  return gaps.map((gap) => (second -= gap < 20 ? 0 : gap < 38 ? gap - 20 : (gap - 37) * 10_000))
}

const Any = {
  gaps: Gaps,
  pageSize: between(1, 30),
  concurrency: between(1, 64),
  seed: between(1, 1_000_000)
}

const thousands = { arbitrary: { runs: 2000 } } as const

describe("reading in parallel", () => {
  it.effect.prop(
    "gives what reading in sequence gives, whichever reply comes first",
    Any,
    ({ concurrency, gaps, pageSize, seed }) =>
      Effect.gen(function* () {
        const seconds = toSeconds(gaps)
        const sequential = yield* idsOf(Pagination.rows(fakeList(seconds).fetch, { pageSize }))
        const list = fakeList(seconds, unruly(seed))
        const pages = yield* Stream.runCollect(Concurrently.pages(list.fetch, { pageSize, concurrency }))
        assert.deepStrictEqual(
          pages.flatMap((page) => page.data.map((row) => row.id)),
          sequential
        )
        assert.deepStrictEqual(
          pages.map((page) => page.has_more),
          pages.map((_, index) => index < pages.length - 1)
        )
        assert.isAtMost(list.mostInFlight(), concurrency)
        assert.strictEqual(list.inFlight(), 0)
      }),
    thousands
  )

  it.effect.prop(
    "gives the histories of the sandbox as they are, while rows are inserted at the head",
    {
      shape: Schema.Literals(["uniform", "growing", "daily", "bursty", "import", "one-second"]),
      size: between(0, 2000),
      pageSize: between(5, 100),
      concurrency: between(1, 64),
      seed: between(1, 1_000_000)
    },
    ({ concurrency, pageSize, seed, shape, size }) =>
      Effect.gen(function* () {
        const late = unruly(seed)
        const list = fakeList(secondsOf(shape, size, seed), (number) =>
          Effect.sync(() => {
            if (number > 1) list.insert(number % 3)
          }).pipe(Effect.andThen(late()))
        )
        const before = [...list.ids()]
        assert.deepStrictEqual(yield* idsOf(Concurrently.rows(list.fetch, { pageSize, concurrency })), before)
      }),
    { arbitrary: { runs: 500 } }
  )

  it.effect.prop(
    "counts its pages as they are requested, over all parts of the list",
    Any,
    ({ gaps, seed, ...options }) =>
      Effect.gen(function* () {
        const list = fakeList(toSeconds(gaps), unruly(seed))
        const pages: Array<number> = []
        const fetch: typeof list.fetch = (request) => {
          pages.push(request.page)
          return list.fetch(request)
        }
        yield* Stream.runDrain(Concurrently.rows(fetch, options))
        assert.deepStrictEqual(
          pages,
          pages.map((_, index) => index + 1)
        )
      })
  )

  it.effect.prop(
    "stops at maxItems, starts after an id, and stays in the range of the fetch",
    { ...Any, maxItems: between(0, 400), start: between(0, 299), gte: between(0, 299) },
    ({ concurrency, gaps, gte, maxItems, pageSize, seed, start }) =>
      Effect.gen(function* () {
        const seconds = toSeconds(gaps)
        const list = fakeList(seconds, unruly(seed))
        const startingAfter = list.ids()[start]
        const within = { gte: seconds[gte] }
        // A caller's own cursor comes with the caller's own range.
        yield* list.fetch({ page: 1, limit: 1000, within })
        const fetch = (request: Pagination.PageRequest) =>
          list.fetch({ ...request, within: { ...within, ...request.within } })
        const expected = list.ids().filter((_, index) => (seconds[index] ?? 0) >= (within.gte ?? 0))
        const cursor = startingAfter !== undefined && expected.includes(startingAfter) ? startingAfter : undefined
        const options = { pageSize, concurrency, maxItems, startingAfter: cursor, within }
        assert.deepStrictEqual(
          yield* idsOf(Concurrently.rows(fetch, options)),
          expected.slice(cursor === undefined ? 0 : expected.indexOf(cursor) + 1).slice(0, maxItems)
        )
        for (const { within: { gte = -1, lt = Infinity } = {} } of list.requests) assert.isAbove(lt, gte)
      }),
    { arbitrary: { runs: 1000 } }
  )

  it.effect("is one page without rows where there are none", () =>
    Effect.gen(function* () {
      const none = yield* Stream.runCollect(Concurrently.pages(fakeList([]).fetch))
      assert.deepStrictEqual(none, [{ data: [], has_more: false, requestId: "req_1", cursor: undefined }])
    })
  )

  it.effect("takes the time and the requests that the rule takes in the simulation", () =>
    Effect.gen(function* () {
      for (const shape of shapes) {
        const seconds = secondsOf(shape, 20_000, 1)
        const list = fakeList(seconds, () => Effect.sleep(150))
        const start = yield* Clock.currentTimeMillis
        const reading = yield* Concurrently.rows(list.fetch).pipe(
          Stream.runCount,
          Effect.zip(Clock.currentTimeMillis),
          Effect.forkChild
        )
        yield* TestClock.adjust("1 hour")
        const [count, end] = yield* Fiber.join(reading)
        assert.strictEqual(count, 20_000)
        const simulated = simulate(seconds, 16, { roundTrip: 150, variation: 0, seed: 1 })
        assert.isAtMost(list.requests.length, simulated.requests * 1.1)
        assert.isAtLeast((200 * 150) / (end - start), simulated.speed * 0.9)
      }
    })
  )
})

describe("under a limit of 25 requests a second", () => {
  it.effect("uses at least 95 % of it from the third second on", () =>
    Effect.gen(function* () {
      let slot = 0
      const started: Array<number> = []
      const list = fakeList(secondsOf("uniform", 100_000, 1), () =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          slot = Math.max(slot + 40, now)
          yield* Effect.sleep(slot - now)
          started.push(slot)
          yield* Effect.sleep(150)
        })
      )
      const reading = yield* Concurrently.rows(list.fetch).pipe(Stream.runDrain, Effect.forkChild)
      yield* TestClock.adjust("5 minutes")
      yield* Fiber.join(reading)
      const last = Math.floor(Math.max(...started) / 1000)
      for (let second = 2; second < last; second++) {
        const count = started.filter((time) => Math.floor(time / 1000) === second).length
        assert.isAtLeast(count, 0.95 * 25)
      }
    })
  )
})

describe("laziness", () => {
  it.effect("sends nothing before the first pull, and one request for one page", () =>
    Effect.gen(function* () {
      const list = fakeList(secondsOf("uniform", 5000, 1))
      const stream = Concurrently.rows(list.fetch, { concurrency: 8 })
      assert.strictEqual(list.requests.length, 0)
      assert.strictEqual((yield* Stream.runCollect(Stream.take(stream, 100))).length, 100)
      assert.strictEqual(list.requests.length, 1)
    })
  )

  it.effect("reads no further ahead than memory allows, however slow the consumer", () =>
    Effect.gen(function* () {
      const list = fakeList(secondsOf("uniform", 50_000, 1))
      let pages = 0
      yield* Concurrently.pages(list.fetch, { concurrency: 4 }).pipe(
        Stream.take(40),
        Stream.runForEach(() =>
          Effect.gen(function* () {
            for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
            pages++
            assert.isAtMost(list.requests.length, (pages + 8 * 4) * 1.3 + 8)
          })
        )
      )
      assert.strictEqual(pages, 40)
    })
  )

  it.effect("reads on while a slow consumer takes what was read ahead", () =>
    Effect.gen(function* () {
      const list = fakeList(secondsOf("uniform", 50_000, 1))
      const ahead: Array<number> = []
      yield* Concurrently.pages(list.fetch, { concurrency: 4 }).pipe(
        Stream.take(100),
        Stream.runForEach(() =>
          Effect.gen(function* () {
            for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
            ahead.push(list.requests.length - ahead.length - 1)
          })
        )
      )
      // Memory has 32 pages.
      for (const pages of ahead.slice(20)) assert.isAtLeast(pages, 16)
    })
  )

  it.effect("stops with the consumer: nothing is in flight or sent any more", () =>
    Effect.gen(function* () {
      const list = fakeList(secondsOf("uniform", 50_000, 1), () => Effect.sleep(150))
      const reading = yield* Concurrently.rows(list.fetch).pipe(Stream.take(1000), Stream.runDrain, Effect.forkChild)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(reading)
      const sent = list.requests.length
      assert.isBelow(sent, 10 + 8 * 16)
      assert.strictEqual(list.inFlight(), 0)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(list.requests.length, sent)
    })
  )

  it.effect("an interruption ends every request in flight", () =>
    Effect.gen(function* () {
      const list = fakeList(secondsOf("uniform", 50_000, 1), () => Effect.sleep(150))
      const reading = yield* Concurrently.rows(list.fetch).pipe(Stream.runDrain, Effect.forkChild)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(list.inFlight(), 16)
      yield* Fiber.interrupt(reading)
      assert.strictEqual(list.inFlight(), 0)
    })
  )

  it.effect("the same stream can be run again", () =>
    Effect.gen(function* () {
      const list = fakeList(secondsOf("daily", 3000, 1))
      const stream = Concurrently.rows(list.fetch)
      assert.deepStrictEqual(yield* idsOf(stream), list.ids())
      assert.deepStrictEqual(yield* idsOf(stream), list.ids())
    })
  )
})

describe("a failure", () => {
  it.effect.prop(
    "comes out at its place: the rows before it are all there, and none beyond it",
    { ...Any, bad: between(0, 299) },
    ({ bad, concurrency, gaps, pageSize, seed }) =>
      Effect.gen(function* () {
        const seconds = toSeconds(gaps)
        const list = fakeList(seconds, unruly(seed))
        const poisoned = list.ids()[bad]
        const fetch = (request: Pagination.PageRequest) =>
          Effect.flatMap(list.fetch(request), (page) =>
            page.data.some((row) => row.id === poisoned) ? Effect.fail("poisoned" as const) : Effect.succeed(page)
          )
        const seen: Array<string> = []
        const exit = yield* Concurrently.rows(fetch, { pageSize, concurrency }).pipe(
          Stream.runForEach((row) => Effect.sync(() => seen.push(row.id))),
          Effect.exit
        )
        assert.deepStrictEqual(seen, list.ids().slice(0, seen.length))
        assert.strictEqual(list.inFlight(), 0)
        if (poisoned === undefined) return assert.isTrue(Exit.isSuccess(exit))
        assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) === "poisoned")
        assert.isAtMost(seen.length, bad)
        // Only the rest of the page that could not be read is missing.
        assert.isAbove(seen.length, bad - pageSize)
      }),
    { arbitrary: { runs: 1000 } }
  )

  it.effect("stops what lies beyond it, and continues with what lies before", () =>
    Effect.gen(function* () {
      const seconds = secondsOf("uniform", 20_000, 1)
      let broken: number | undefined
      let late = 0
      let given = 0
      const list = fakeList(seconds, () => Effect.sleep(150))
      const fetch = (request: Pagination.PageRequest) =>
        Effect.suspend(() => {
          const below = request.within?.lt
          // After sixty requests a part breaks that has three others beyond it. Those never answer, those before it late.
          const beyond = new Set(
            list.requests.map(({ within }) => within?.lt).filter((lt) => (lt ?? Infinity) < (below ?? 0))
          )
          if (broken === undefined && list.requests.length >= 60 && beyond.size === 3) {
            broken = below
            return Effect.andThen(Effect.sleep(300), Effect.fail("broken" as const))
          }
          if (broken === undefined) return list.fetch(request)
          if (below === undefined || below >= broken) return Effect.andThen(Effect.sleep(5000), list.fetch(request))
          late++
          given++
          return Effect.ensuring(
            Effect.never,
            Effect.sync(() => late--)
          )
        })
      let rows = 0
      const reading = yield* Concurrently.rows(fetch).pipe(
        Stream.runForEach(() => Effect.sync(() => rows++)),
        Effect.flip,
        Effect.forkChild
      )
      yield* TestClock.adjust("4 seconds")
      assert.isAbove(given, 0)
      assert.strictEqual(late, 0)
      assert.isUndefined(reading.pollUnsafe())
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* Fiber.join(reading), "broken")
      assert.isAtLeast(rows, 2000)
    })
  )

  const stalled = (fetch: Pagination.FetchPage<FakeRow, never>) =>
    Concurrently.rows(fetch, { pageSize: 10, concurrency: 8 }).pipe(
      Stream.runDrain,
      Effect.flip,
      Effect.map((error) => {
        assert.instanceOf(error, StripeError.PaginationStalledError)
        return error.description
      })
    )

  it.effect("a server that ignores the range of time is found out, and no row comes twice", () =>
    Effect.gen(function* () {
      const list = fakeList(secondsOf("uniform", 500, 1))
      const description = yield* stalled(({ within: _, ...request }) => list.fetch(request))
      assert.match(description, /outside the requested range of created/)
    })
  )

  it.effect("a page that comes again, and more rows without a row, are found out in every part", () =>
    Effect.gen(function* () {
      const again = fakeList(secondsOf("uniform", 500, 1))
      assert.match(yield* stalled(({ starting_after: _, ...request }) => again.fetch(request)), /was returned again/)
      const empty = fakeList(secondsOf("uniform", 500, 1))
      const description = yield* stalled((request) =>
        request.starting_after === undefined
          ? empty.fetch(request)
          : Effect.succeed({ data: [], has_more: true, requestId: undefined })
      )
      assert.match(description, /has_more is true, but the page is empty/)
    })
  )

  it.effect("what a fetch opens in the caller's scope stays open after the read, as in sequence", () =>
    Effect.gen(function* () {
      for (const concurrency of [1, 8]) {
        let closed = 0
        const { fetch } = fakeList(toSeconds(Array.from({ length: 200 }, () => 30)))
        const scoped: Pagination.FetchPage<FakeRow, never, Scope.Scope> = (request) =>
          Effect.andThen(
            Effect.addFinalizer(() => Effect.sync(() => closed++)),
            fetch(request)
          )
        const read = Stream.runDrain(Concurrently.rows(scoped, { concurrency, pageSize: 10 }))
        const after = yield* Effect.scoped(Effect.map(read, () => closed))
        assert.strictEqual(after, 0)
        assert.isAtLeast(closed, 20)
      }
    })
  )

  it.effect("options that make no sense are refused before any request", () =>
    Effect.gen(function* () {
      const list = fakeList([1])
      for (const options of [{ concurrency: 0 }, { concurrency: 1.5 }, { pageSize: 101 }, { maxItems: -1 }]) {
        const error = yield* Concurrently.rows(list.fetch, options).pipe(Stream.runDrain, Effect.flip)
        assert.instanceOf(error, StripeError.InvalidArgumentError)
      }
      assert.strictEqual(list.requests.length, 0)
    })
  )
})

describe("rows that cannot be decoded", () => {
  const decodeError = new StripeError.DecodeError({
    part: "row",
    status: 200,
    path: "data[0]",
    description: "expected a row"
  })

  const withBadRows = (size: number, isBad: (index: number) => boolean) => {
    const list = fakeList(secondsOf("uniform", size, 1), unruly(1))
    const good = list.ids().filter((_, index) => !isBad(index))
    const bad = list.ids().filter((_, index) => isBad(index))
    const fetch = (request: Pagination.PageRequest) =>
      Effect.map(list.fetch(request), (page): Pagination.FetchedPage<FakeRow> => ({
        ...page,
        data: page.data.filter((row) => !bad.includes(row.id)),
        entries: page.data.map((row) => {
          const place = { id: row.id, created: DateTime.toEpochMillis(row.created) }
          return bad.includes(row.id) ? { ...place, error: decodeError } : { ...place, row }
        })
      }))
    return { fetch, good, bad, list }
  }

  /** The wrong rows do not even say when they were created. */
  const silent = (fetch: Pagination.FetchPage<FakeRow, never>) => (request: Pagination.PageRequest) =>
    Effect.map(fetch(request), (page) => ({
      ...page,
      entries: page.entries?.map((entry) => (entry.error === undefined ? entry : { ...entry, created: undefined }))
    }))

  it.effect("fail the stream after the rows before", () =>
    Effect.gen(function* () {
      const { fetch, list } = withBadRows(300, (index) => index === 137)
      const seen: Array<string> = []
      const error = yield* Concurrently.rows(fetch, { pageSize: 10, concurrency: 8 }).pipe(
        Stream.runForEach((row) => Effect.sync(() => seen.push(row.id))),
        Effect.flip
      )
      assert.strictEqual(error, decodeError)
      assert.deepStrictEqual(seen, list.ids().slice(0, 137))
    })
  )

  it.effect("that do not say when they were created never make a read look complete without them", () =>
    Effect.gen(function* () {
      for (let seed = 1; seed <= 300; seed++) {
        const chance = random(seed)
        const size = 20 + Math.floor(chance() * 40)
        const { bad, fetch } = withBadRows(size, (index) => index === 10 || chance() < 0.15)
        const options = { pageSize: 1 + (seed % 3), concurrency: 2 + (seed % 7) }
        const error = yield* Effect.flip(idsOf(Concurrently.rows(silent(fetch), options)))
        assert.strictEqual(error, decodeError, `seed ${seed}, ${bad.length} rows`)
      }
    })
  )

  it.effect("are left to onDecodeError, each once", () =>
    Effect.gen(function* () {
      const { bad, fetch, good } = withBadRows(300, (index) => index % 7 === 0)
      let told = 0
      const onDecodeError = () => Effect.sync(() => void told++)
      assert.deepStrictEqual(
        yield* idsOf(Concurrently.rows(fetch, { pageSize: 10, concurrency: 8, onDecodeError })),
        good
      )
      assert.strictEqual(told, bad.length)
    })
  )

  it.effect("that do not say when they were created are told once, in the order of the list", () =>
    Effect.gen(function* () {
      for (let seed = 1; seed <= 300; seed++) {
        const chance = random(seed)
        const isBad = Array.from({ length: 20 + Math.floor(chance() * 40) }, () => chance() < 0.15)
        const { bad, fetch, good } = withBadRows(isBad.length, (index) => isBad[index] === true)
        let told = 0
        const onDecodeError = () => Effect.sync(() => void told++)
        const options = { pageSize: 1 + (seed % 3), concurrency: 2 + (seed % 7), onDecodeError }
        assert.deepStrictEqual(yield* idsOf(Concurrently.rows(silent(fetch), options)), good, `seed ${seed}`)
        assert.strictEqual(told, bad.length, `seed ${seed}`)
      }
    })
  )
})

describe("a refusal for too many requests", () => {
  it.effect("makes the read narrower at once, and wider again later", () =>
    Effect.gen(function* () {
      const chance = random(1)
      const list = fakeList(secondsOf("uniform", 40_000, 1), (number) =>
        Effect.gen(function* () {
          if (number >= 40 && number < 56) yield* yield* OnRateLimited
          yield* Effect.sleep(100 + 50 * chance())
        })
      )
      const reading = yield* Concurrently.rows(list.fetch).pipe(Stream.runCount, Effect.forkChild)
      let narrow = 16
      let wide = 0
      for (let step = 0; step < 200; step++) {
        yield* TestClock.adjust(50)
        if (list.requests.length > 56 && list.requests.length < 80) narrow = Math.min(narrow, list.inFlight())
        if (list.requests.length > 250) wide = Math.max(wide, list.inFlight())
      }
      assert.isAtMost(narrow, 8)
      assert.strictEqual(wide, 16)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Fiber.join(reading), 40_000)
    })
  )
})

describe("a defect", () => {
  const list = () => fakeList(secondsOf("uniform", 5000, 1))
  const isDefect = (exit: Exit.Exit<unknown, unknown>) =>
    assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause) && Cause.squash(exit.cause) === "broken")

  for (const [name, breaks] of [
    [
      "a fetch that throws",
      () => {
        throw "broken"
      }
    ],
    ["a fetch whose effect dies", () => Effect.die("broken")]
  ] as const) {
    for (const at of [1, 2, 20]) {
      it.effect(`of ${name} at request ${at} ends the read, and every request with it`, () =>
        Effect.gen(function* () {
          const { fetch, inFlight } = list()
          let sent = 0
          const broken: Pagination.FetchPage<FakeRow, never> = (request) => (++sent === at ? breaks() : fetch(request))
          isDefect(yield* Effect.exit(Stream.runDrain(Concurrently.rows(broken, { concurrency: 8 }))))
          assert.strictEqual(inFlight(), 0)
        })
      )
    }
  }

  it.effect("is not an interruption of the fetch by itself, which ends the read too", () =>
    Effect.gen(function* () {
      const { fetch, inFlight } = list()
      let sent = 0
      const exit = yield* Effect.exit(
        Stream.runDrain(Concurrently.rows((request) => (++sent === 20 ? Effect.interrupt : fetch(request))))
      )
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
      assert.strictEqual(inFlight(), 0)
    })
  )

  it.effect("of onDecodeError ends the read", () =>
    Effect.gen(function* () {
      const { fetch } = list()
      const error = new StripeError.DecodeError({
        part: "row",
        status: 200,
        path: "data[0]",
        description: "expected a row"
      })
      const withInvalid: Pagination.FetchPage<FakeRow, never> = (request) =>
        Effect.map(fetch(request), (page) => ({
          ...page,
          data: page.data.slice(1),
          entries: page.data.map((row, index) =>
            index === 0 ? { id: row.id, error } : { id: row.id, created: DateTime.toEpochMillis(row.created), row }
          )
        }))
      let told = 0
      const onDecodeError = (): Effect.Effect<void> => {
        if (++told === 20) throw "broken"
        return Effect.void
      }
      isDefect(yield* Effect.exit(Stream.runDrain(Concurrently.rows(withInvalid, { concurrency: 8, onDecodeError }))))
    })
  )

  it.effect("of a value that is not a page ends the read", () =>
    Effect.gen(function* () {
      const { fetch } = list()
      let sent = 0
      // Type boundary: what a caller without types may give.
      const broken: Pagination.FetchPage<FakeRow, never> = (request) =>
        ++sent === 9 ? Effect.succeed({} as Pagination.Page<FakeRow>) : fetch(request)
      const exit = yield* Effect.exit(Stream.runDrain(Concurrently.rows(broken, { concurrency: 8 })))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    })
  )
})

describe("rows out of place", () => {
  it.effect.prop(
    "by a few minutes come once, at any concurrency",
    {
      ...Any,
      out: Schema.Array(Schema.Struct({ index: between(0, 299), by: between(-290, 290) })).check(Schema.isMaxLength(5))
    },
    ({ concurrency, gaps, out, pageSize, seed }) =>
      Effect.gen(function* () {
        const inPlace = toSeconds(gaps)
        // Each from its own place: a row that moved twice could be out by more than the ten minutes that are allowed.
        const moved = new Map(out.map(({ by, index }) => [index, by]))
        const seconds = inPlace.map((second, index) => second + (moved.get(index) ?? 0))
        const list = fakeList(seconds, unruly(seed))
        const read = yield* idsOf(Concurrently.rows(list.fetch, { pageSize, concurrency }))
        assert.strictEqual(new Set(read).size, read.length)
        assert.deepStrictEqual(read.toSorted(), list.ids().toSorted())
        const sequential = yield* idsOf(Concurrently.rows(list.fetch, { pageSize, concurrency: 1 }))
        assert.deepStrictEqual(sequential, list.ids())
      }),
    { arbitrary: { runs: 2000 } }
  )
})
