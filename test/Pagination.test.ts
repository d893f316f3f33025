import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Ref, Schema, Stream } from "effect"
import { Pagination, StripeError } from "effect-stripe-identity"

type Page = Pagination.Page<Pagination.Row>

/** Rows written as `name@second`. */
const rows = (...texts: ReadonlyArray<string>): ReadonlyArray<Pagination.Row> =>
  texts.map((text) => {
    const [id = "", second = "0"] = text.split("@")
    return { id, created: DateTime.makeUnsafe(Number(second) * 1000) }
  })

const page = (has_more: boolean, ...texts: ReadonlyArray<string>): Page => ({
  data: rows(...texts),
  has_more,
  requestId: "req_1"
})

/** Answers requests with these pages in turn, the last one again and again, and records what was asked. */
const scripted = (...pages: ReadonlyArray<Page>) =>
  Effect.map(Ref.make<ReadonlyArray<Pagination.PageRequest>>([]), (asked) => ({
    asked: Ref.get(asked),
    fetch: (request: Pagination.PageRequest) =>
      Effect.flatMap(
        Ref.getAndUpdate(asked, (asked) => [...asked, request]),
        (before) => {
          const next = pages[Math.min(before.length, pages.length - 1)]
          return next === undefined ? Effect.die("no page") : Effect.succeed(next)
        }
      )
  }))

const read = (pages: ReadonlyArray<Page>, options?: Pagination.Options) =>
  Effect.gen(function* () {
    const script = yield* scripted(...pages)
    const seen: Array<string> = []
    const error = yield* Pagination.rows(script.fetch, options).pipe(
      Stream.runForEach((row) => Effect.sync(() => seen.push(row.id))),
      Effect.match({
        onFailure: (error): Pagination.PaginationError | undefined => error,
        onSuccess: () => undefined
      })
    )
    return { seen, error, asked: yield* script.asked }
  })

describe("a read", () => {
  it.effect("continues from the last row, whose id is the cursor", () =>
    Effect.gen(function* () {
      const { asked, seen } = yield* read([page(true, "d@4", "c@4"), page(true, "b@3", "a@3"), page(false, "z@1")], {
        pageSize: 2
      })
      assert.deepStrictEqual(seen, ["d", "c", "b", "a", "z"])
      assert.deepStrictEqual(asked, [
        { page: 1, limit: 2 },
        { page: 2, limit: 2, starting_after: "c" },
        { page: 3, limit: 2, starting_after: "a" }
      ])
    })
  )

  it.effect.each([1, 4])(
    "endingBefore turns each page round and continues from its newest row, with concurrency %i",
    (concurrency) =>
      Effect.gen(function* () {
        const { asked, seen } = yield* read([page(true, "c@2", "b@1"), page(false, "e@4", "d@3")], {
          endingBefore: "a",
          pageSize: 2,
          concurrency
        })
        assert.deepStrictEqual(seen, ["b", "c", "d", "e"])
        assert.deepStrictEqual(asked, [
          { page: 1, limit: 2, ending_before: "a" },
          { page: 2, limit: 2, ending_before: "c" }
        ])
      })
  )

  it.effect("refuses both ids, and an option direction, before it asks for anything", () =>
    Effect.gen(function* () {
      // @ts-expect-error both ids at once do not compile
      const both = yield* read([page(false)], { startingAfter: "a", endingBefore: "b" })
      // @ts-expect-error there is no such option
      const direction = yield* read([page(false)], { direction: "oldest-first", endingBefore: "b" })
      assert.deepStrictEqual(
        [both, direction].map(({ asked, error }) => [asked, error?.message]),
        [
          [[], 'endingBefore: expected only one of startingAfter and endingBefore, got "b"'],
          [[], 'direction: expected nothing, got "oldest-first". endingBefore alone reads oldest first.']
        ]
      )
    })
  )

  it.effect("maxItems ends the read although the list has more", () =>
    Effect.gen(function* () {
      const { asked, seen } = yield* read([page(true, "c@3", "b@2"), page(true, "a@1")], { pageSize: 2, maxItems: 3 })
      assert.deepStrictEqual(seen, ["c", "b", "a"])
      assert.deepStrictEqual(
        asked.map((request) => request.limit),
        [2, 1]
      )
    })
  )

  it.effect("asks for the same page again when it is pulled again after a failure", () =>
    Effect.gen(function* () {
      const asked: Array<string | undefined> = []
      const pull = yield* Stream.toPull(
        Pagination.rows((request) => {
          asked.push(request.starting_after)
          return asked.length === 2
            ? Effect.fail("down")
            : Effect.succeed(page(asked.length === 1, `r${asked.length}@0`))
        })
      )
      yield* pull
      assert.strictEqual(yield* Effect.flip(pull), "down")
      assert.deepStrictEqual(
        (yield* pull).map((row) => row.id),
        ["r3"]
      )
      assert.deepStrictEqual(asked, [undefined, "r1", "r1"])
    }).pipe(Effect.scoped)
  )

  it.effect("holds one page of memory: ten thousand pages of guards do not grow", () =>
    Effect.gen(function* () {
      const size = 10_000
      const count = yield* Pagination.rows(
        (request) => Effect.succeed(page(request.page < size, `r${request.page}@${size - request.page}`)),
        { pageSize: 1 }
      ).pipe(Stream.runCount)
      assert.strictEqual(count, size)
    })
  )
})

describe("the query of a request", () => {
  it("has all of it, within the range of the filter", () => {
    const filter = [
      ["email", "jenny@example.com"],
      ["created[gte]", "5"],
      ["created[lt]", "20"]
    ] as const
    assert.deepStrictEqual(
      Pagination.toQuery({ page: 1, limit: 7, ending_before: "a", within: { gte: 1, lt: 9 } }, filter),
      [
        ["email", "jenny@example.com"],
        ["created[gte]", "5"],
        ["created[lt]", "9"],
        ["limit", "7"],
        ["ending_before", "a"]
      ]
    )
    assert.deepStrictEqual(Pagination.toQuery({ page: 1, limit: 7, starting_after: "a" }), [
      ["limit", "7"],
      ["starting_after", "a"]
    ])
  })
})

describe("a fetch that sets rows apart", () => {
  const error = new StripeError.DecodeError({ part: "row", description: "expected a row" })
  const withEntries: Pagination.FetchPage<Pagination.Row, never> = ({ starting_after }) => {
    if (starting_after !== undefined) return Effect.succeed(page(false, "a@1"))
    const [row] = rows("d@4")
    const entries: ReadonlyArray<Pagination.Entry<Pagination.Row>> = [
      ...(row === undefined ? [] : [{ id: row.id, created: 4000, row }]),
      { id: "c", error },
      { id: "b", created: 2000 }
    ]
    return Effect.succeed({ ...page(true, "d@4"), entries })
  }

  it.effect("gives each its place in entries, where an excluded row can be the cursor", () =>
    Effect.gen(function* () {
      const told: Array<StripeError.DecodeError> = []
      const cursors: Array<string | undefined> = []
      const read = yield* Pagination.rows(
        (request) => {
          cursors.push(request.starting_after)
          return withEntries(request)
        },
        { onDecodeError: (error) => Effect.sync(() => void told.push(error)) }
      ).pipe(Stream.runCollect)
      assert.deepStrictEqual(
        read.map(({ id }) => id),
        ["d", "a"]
      )
      assert.deepStrictEqual(told, [error])
      assert.deepStrictEqual(cursors, [undefined, "b"])
    })
  )

  it.effect("fails the read for a row that could not be decoded, after the rows before it", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const failed = yield* Pagination.rows(withEntries).pipe(
        Stream.runForEach(({ id }) => Effect.sync(() => seen.push(id))),
        Effect.flip
      )
      assert.strictEqual(failed, error)
      assert.deepStrictEqual(seen, ["d"])
    })
  )

  it.effect("may not leave a row of its page out", () =>
    Effect.gen(function* () {
      const failed = yield* Pagination.rows(() =>
        Effect.succeed({ ...page(false, "b@2", "a@1"), entries: [{ id: "b", created: 2000 }] })
      ).pipe(Stream.runDrain, Effect.flip)
      assert.include(failed.message, "expected entries with the 2 rows of data, got 0")
    })
  )

  it.effect("gets no cursor from an empty id", () =>
    Effect.gen(function* () {
      const cursors: Array<string | undefined> = []
      yield* Pagination.rows(({ starting_after }) => {
        cursors.push(starting_after)
        const entries = [{ id: "x", created: 9000 }, { id: "" }]
        return Effect.succeed(starting_after === undefined ? { ...page(true), entries } : page(false))
      }).pipe(Stream.runDrain)
      assert.deepStrictEqual(cursors, [undefined, "x"])
    })
  )

  it.effect("is held to the limit by all of them", () =>
    Effect.gen(function* () {
      const failed = yield* Pagination.rows(withEntries, { pageSize: 2 }).pipe(Stream.runDrain, Effect.flip)
      assert.include(failed.message, "expected at most 2 rows, got 3")
    })
  )
})

describe("rows up to ten minutes out of order are delivered, once", () => {
  for (const [name, pages, expected] of [
    ["on a page", [page(false, "b@2", "c@602", "a@1")], ["b", "c", "a"]],
    ["across pages", [page(true, "b@2"), page(false, "c@3", "a@1")], ["b", "c", "a"]]
  ] as const) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const { error, seen } = yield* read(pages)
        assert.isUndefined(error)
        assert.deepStrictEqual(seen, [...expected])
      })
    )
  }

  it.effect("and a row that comes again among them is refused, however many pages later", () =>
    Effect.gen(function* () {
      const pages = [
        page(true, "e@50"),
        page(true, "d@49"),
        page(true, "c@48"),
        page(true, "b@20"),
        page(false, "e@50")
      ]
      const { error, seen } = yield* read(pages, { pageSize: 1 })
      assert.deepStrictEqual(seen, ["e", "d", "c", "b"])
      assert.include(error?.message, "e was returned again")
    })
  )
})

describe("stalled pagination is PaginationStalledError, never an end and never a loop", () => {
  const cases: ReadonlyArray<
    readonly [name: string, pages: ReadonlyArray<Page>, seen: number, says: string, options?: Pagination.Options]
  > = [
    ["a page that repeats", [page(true, "b@2", "a@1")], 2, "b was returned again"],
    ["a page that repeats, of over ten minutes", [page(true, "b@2000", "a@1")], 2, "b was returned again"],
    ["a row that comes again", [page(true, "c@3", "b@2"), page(true, "b@2", "a@1")], 2, "b was returned again"],
    [
      "a cursor that does not advance, although its row looks older each time",
      [page(true, "b@9", "a@8"), page(true, "c@7", "a@6")],
      2,
      "a was returned again"
    ],
    [
      "the row that the read was to start after",
      [page(true, "x@9", "a@8")],
      0,
      "x was returned again",
      { startingAfter: "x" }
    ],
    [
      "the row that the read was to end before",
      [page(true, "b@9", "x@8")],
      0,
      "x was returned again",
      { endingBefore: "x" }
    ],
    ["a row twice on a page", [page(false, "b@2", "b@2")], 0, "b was returned again"],
    [
      "more rows announced and none sent",
      [page(true, "b@2"), page(true)],
      1,
      "has_more is true, but the page is empty"
    ],
    ["more rows announced on an empty first page", [page(true)], 0, "has_more is true, but the page is empty"],
    ["a row over ten minutes out of order on a page", [page(false, "b@2", "c@603")], 0, "c is 601 seconds newer"],
    [
      "a row over ten minutes out of order across pages",
      [page(true, "b@2"), page(false, "c@603")],
      1,
      "c is 601 seconds newer"
    ],
    [
      "a page larger than asked for",
      [page(false, "c@3", "b@2", "a@1")],
      0,
      "expected at most 2 rows, got 3",
      { pageSize: 2 }
    ],
    [
      "a row over ten minutes out of order when reading oldest-first",
      [page(true, "b@700"), page(false, "a@99")],
      1,
      "a is 601 seconds older",
      { endingBefore: "x" }
    ]
  ]
  for (const [name, pages, rowsBefore, says, options] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const { asked, error, seen } = yield* read(pages, options)
        assert.strictEqual(error?._tag, "PaginationStalledError")
        assert.include(error?.message, says)
        assert.strictEqual(seen.length, rowsBefore)
        assert.strictEqual(asked.length, (error as StripeError.PaginationStalledError).page)
      })
    )
  }

  it.effect("names the page, the cursor and the request", () =>
    Effect.gen(function* () {
      const { error } = yield* read([page(true, "b@2", "a@1")])
      assert.deepInclude(error, { page: 2, cursor: "a", requestId: "req_1" })
    })
  )

  it.effect("many rows of one second in any order of ids are no stall", () =>
    Effect.gen(function* () {
      const { error, seen } = yield* read([page(true, "q@5", "z@5"), page(true, "b@5", "y@5"), page(false, "a@5")])
      assert.isUndefined(error)
      assert.deepStrictEqual(seen, ["q", "z", "b", "y", "a"])
    })
  )
})

describe("prefetch", () => {
  it.effect.prop(
    "changes neither rows nor their order nor the requests of a whole read",
    {
      size: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
      pageSize: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 })),
      prefetch: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))
    },
    ({ pageSize, prefetch, size }) =>
      Effect.gen(function* () {
        const list = Array.from({ length: size }, (_, index) => `r${index}@${size - index}`)
        let sent = 0
        const fetch = (request: Pagination.PageRequest) => {
          sent++
          const from = list.findIndex((row) => row.startsWith(`${request.starting_after}@`)) + 1
          return Effect.succeed(page(from + request.limit < size, ...list.slice(from, from + request.limit)))
        }
        const ids = yield* Pagination.rows(fetch, { pageSize, prefetch }).pipe(
          Stream.map((row) => row.id),
          Stream.runCollect
        )
        assert.deepStrictEqual(
          ids,
          rows(...list).map((row) => row.id)
        )
        assert.strictEqual(sent, Math.max(1, Math.ceil(size / pageSize)))
      })
  )

  it.effect("a pull after the scope has closed ends, instead of waiting forever", () =>
    Effect.gen(function* () {
      const fetch = (request: Pagination.PageRequest) => Effect.succeed(page(true, `r${request.page}@0`))
      const pull = yield* Effect.scoped(Stream.toPull(Pagination.rows(fetch, { prefetch: 2 })))
      assert.strictEqual((yield* Effect.exit(pull))._tag, "Failure")
    })
  )

  it.effect("a failure comes after the rows before it", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const error = yield* Pagination.rows(
        (request) => (request.page === 3 ? Effect.fail("down") : Effect.succeed(page(true, `r${request.page}@0`))),
        { prefetch: 2 }
      ).pipe(
        Stream.runForEach((row) => Effect.sync(() => seen.push(row.id))),
        Effect.flip
      )
      assert.strictEqual(error, "down")
      assert.deepStrictEqual(seen, ["r1", "r2"])
    })
  )
})
