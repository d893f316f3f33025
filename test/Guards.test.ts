import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Stream } from "effect"
import { Pagination, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as CreatedWithin from "../src/internal/pagination/createdWithin.ts"
import { drive } from "./support/drive.ts"
import { ids, listIds, query, requests, withoutJitter, world } from "./support/world.ts"

const { Fault } = Sandbox

const sandbox = Sandbox.Sandbox

describe("a second", () => {
  it.effect("in which pages repeat in turn is a stall, although each page differs from the one before", () =>
    Effect.gen(function* () {
      const created = DateTime.makeUnsafe(0)
      let asked = 0
      const failed = yield* Pagination.rows(
        () =>
          Effect.succeed({
            data: asked++ % 2 === 0 ? [{ id: "a", created }] : [{ id: "b", created }],
            has_more: true,
            requestId: undefined
          }),
        { pageSize: 1 }
      ).pipe(Stream.runDrain, Effect.flip)
      assert.strictEqual(failed._tag, "PaginationStalledError")
      assert.strictEqual(asked, 3)
    })
  )
})

describe("a row that comes again", () => {
  const page = (...rows: ReadonlyArray<readonly [id: string, second: number]>) => ({
    data: rows.map(([id, second]) => ({ id, created: DateTime.makeUnsafe(second * 1000) })),
    has_more: true,
    requestId: undefined
  })

  it.effect("is a stall although it says that it is older than it was", () =>
    Effect.gen(function* () {
      const fetch: Pagination.FetchPage<Pagination.Row, never> = ({ page: number }) =>
        Effect.succeed(number === 1 ? page(["a", 10], ["b", 9]) : page(["a", 5], ["c", 4]))
      const failed = yield* Pagination.rows(fetch, { pageSize: 2 }).pipe(Stream.runDrain, Effect.flip)
      assert.strictEqual(failed._tag, "PaginationStalledError")
      assert.include(failed.message, "a was returned again")
    })
  )
})

describe("pages that fail for their size", () => {
  const sizes = Effect.map(requests, (requests) => requests.map((request) => Number(query(request)["limit"])))

  it.effect(
    "are asked for in halves after the second failure, and grow back at once, and later after each further failure",
    () =>
      Effect.gen(function* () {
        const list = yield* listIds
        let asked = 0
        // The first five requests for more than 30 rows fail; then Stripe is well again.
        const tooLarge = (request: Sandbox.RecordedRequest) => Number(query(request)["limit"]) > 30 && ++asked <= 5
        yield* sandbox.use((sandbox) => sandbox.inject(Fault.ServerError(), { times: 5, when: tooLarge }))
        assert.deepStrictEqual(yield* drive(ids(VerificationSessions.stream()), { step: 250, turns: 8 }), list)
        assert.deepStrictEqual(
          yield* sizes,
          // The first growth comes too early, and costs two requests. The second comes after two pages.
          [100, 100, 50, 25, 50, 50, 25, 25, 50, 50, 100, 100, 100, 100, 100]
        )
      }).pipe(Effect.provide([world({ sandbox: { sessions: 640 } }), withoutJitter]))
  )

  for (const [name, fault, halves] of [
    ["a body that is no JSON", Fault.TruncatedJson(), true],
    ["a time limit", Fault.Hang(), true],
    ["a rate limit", Fault.RateLimited(), false],
    ["a reset", Fault.ResetBeforeHeaders(), false]
  ] as const) {
    it.effect(`${name} ${halves ? "may" : "cannot"} have been the size`, () =>
      Effect.gen(function* () {
        yield* sandbox.use((sandbox) => sandbox.inject(fault, { times: 3 }))
        assert.deepStrictEqual(
          yield* drive(ids(VerificationSessions.stream()), { step: 250, turns: 8 }),
          yield* listIds
        )
        assert.deepStrictEqual((yield* sizes).slice(0, 4), halves ? [100, 100, 50, 25] : [100, 100, 100, 100])
      }).pipe(Effect.provide([world({ sandbox: { sessions: 40 }, client: { timeout: "10 seconds" } }), withoutJitter]))
    )
  }
})

describe("a query within a range", () => {
  const narrow = (created: ReadonlyArray<readonly [string, string]>, within: Pagination.Window | undefined) =>
    CreatedWithin.narrow([["client_reference_id", "a"], ...created], within).slice(1)

  it("takes the tighter bound of the two, and Stripe gets each bound once", () => {
    const within = { gte: 10, lt: 20 }
    const cases: ReadonlyArray<readonly [ReadonlyArray<readonly [string, string]>, gte: number, lt: number]> = [
      [[], 10, 20],
      [[["created[gte]", "12"]], 12, 20],
      [[["created[gt]", "12"]], 13, 20],
      [[["created[gte]", "5"]], 10, 20],
      [[["created[lt]", "15"]], 10, 15],
      [[["created[lte]", "15"]], 10, 16],
      [[["created", "15"]], 15, 16],
      [
        [
          ["created[gt]", "3"],
          ["created[lte]", "40"]
        ],
        10,
        20
      ]
    ]
    for (const [created, gte, lt] of cases) {
      assert.deepStrictEqual(narrow(created, within), [
        ["created[gte]", String(gte)],
        ["created[lt]", String(lt)]
      ])
    }
    assert.deepStrictEqual(narrow([["created[gt]", "3"]], undefined), [["created[gt]", "3"]])
  })
})

describe("an empty id", () => {
  it.effect("is not an id, so nothing can resume from it", () =>
    Effect.gen(function* () {
      const page = { data: [{ id: "", created: DateTime.makeUnsafe(0) }], has_more: true, requestId: undefined }
      const failed = yield* Pagination.rows(() => Effect.succeed(page)).pipe(Stream.runDrain, Effect.flip)
      assert.include(failed.message, "no row on the page has an id")
    })
  )
})

describe("a fetch of plain JavaScript", () => {
  it.effect("that forgets has_more is a stall, and not the end of the list", () =>
    Effect.gen(function* () {
      const page = { data: [{ id: "a", created: DateTime.makeUnsafe(0) }], requestId: undefined }
      // Type boundary: that it is no page is what the test is about.
      const fetch: Pagination.FetchPage<Pagination.Row, never> = () => Effect.succeed(page as never)
      const failed = yield* Effect.flip(Stream.runDrain(Pagination.rows(fetch)))
      assert.include(failed.message, "expected has_more to be true or false")
    })
  )
})
