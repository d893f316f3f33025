/**
 * Reading a whole list of Stripe's with several requests at once: the same rows in the same order as `Pagination`, only
 * sooner.
 *
 * Stripe's lists are chains, because each page is asked for by the last id of the page before. They can also be narrowed
 * by `created`, so the chain is started in many places, and what is read ahead waits until it is its turn. Where to start
 * is guessed from the pages that came; a wrong guess costs a request and never a row.
 *
 * @module
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import * as Arguments from "./internal/arguments.ts"
import type { FetchPage, Page, Row, Window } from "./internal/list/model.ts"
import * as Reader from "./internal/concurrent/reader.ts"
import type * as Walking from "./internal/walk/walk.ts"
import { rowsOf } from "./internal/walk/rowsOf.ts"
import { validPage } from "./internal/walk/validPage.ts"
import * as WalkOptions from "./internal/walk/options.ts"
import type { WalkError } from "./Pagination.ts"
import type { DecodeError } from "./StripeError.ts"

/**
 * How a list is read with several requests at once.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<E = never, R = never> {
  /**
   * The most requests in flight, 1 to 100. Up to eight pages for each of them wait in memory. Stripe answers 25 requests
   * a second, so 16 are enough for replies that take half a second.
   *
   * @default 16
   */
  readonly concurrency?: number | undefined
  /**
   * Rows per request, 1 to 100.
   *
   * @default 100
   */
  readonly pageSize?: number | undefined
  /**
   * The most rows to read in all.
   *
   * @default no limit
   */
  readonly maxItems?: number | undefined
  /** Read the rows older than the one with this id, without it. */
  readonly startingAfter?: string | undefined
  /**
   * The range of `created` that the fetch selects anyway, if it selects one. It saves requests for time before it.
   *
   * @default unknown
   */
  readonly within?: Window | undefined
  /**
   * What to do about a row that cannot be decoded, instead of failing. It is told of each such row when its page has its
   * turn, in the order of the list.
   *
   * @default the stream fails with `DecodeError`, after the rows before
   */
  readonly onInvalid?: ((error: DecodeError) => Effect.Effect<void, E, R>) | undefined
}

const ValidOptions = WalkOptions.Shared.mapFields(Struct.omit(["direction"])).mapFields(
  Struct.assign({
    concurrency: WalkOptions.concurrency,
    startingAfter: WalkOptions.cursor,
    within: Schema.optional(
      Schema.Struct({ gte: Schema.optional(Arguments.wholeNumber(0)), lt: Schema.optional(Arguments.wholeNumber(0)) })
    )
  })
)

const decodeOptions = Arguments.decoder(ValidOptions, "options")

/**
 * The list as a stream of pages: one element a page. A list without rows is one page without rows. A page may have fewer
 * rows than `pageSize` in the middle of the list.
 *
 * Nothing is asked for before the first page is wanted, and nothing is read ahead before the second is. A failure comes
 * out at its place in the list, after all rows before it. See {@link rows} for a fetch.
 *
 * @category streams
 * @since 0.1.0
 */
export const pages = <A extends Row, E, R, E2 = never, R2 = never>(
  fetch: FetchPage<A, E, R>,
  options: Options<E2, R2> = {}
): Stream.Stream<Page<A>, E | E2 | WalkError, R | R2> =>
  Stream.unwrap(
    Effect.map(Effect.fromResult(decodeOptions(options)), (valid) => {
      const { concurrency = 16, maxItems = Number.POSITIVE_INFINITY, pageSize = 100 } = valid
      if (maxItems === 0) return Stream.empty
      const reading = { fetch, concurrency, pageSize, maxItems, start: valid.startingAfter, within: valid.within ?? {} }
      return Stream.scoped(
        Stream.fromPull(Effect.map(Reader.make(reading), (steps) => pagesOf(steps, options.onInvalid)))
      )
    })
  )

type PagesPull<A, E, R> = Pull.Pull<Arr.NonEmptyReadonlyArray<Page<A>>, E, void, R>

/** The pages of the steps, with the rows that are wrong taken care of. */
const pagesOf = <A extends Row, E, R, E2, R2>(
  steps: Pull.Pull<Walking.Step<A>, E, void, R>,
  onInvalid: Options<E2, R2>["onInvalid"]
): PagesPull<A, E | E2 | DecodeError, R | R2> => {
  let failure: Option.Option<E2 | DecodeError> = Option.none()
  const pull: PagesPull<A, E | E2 | DecodeError, R | R2> = Effect.gen(function* () {
    if (Option.isSome(failure)) return yield* Effect.fail(failure.value)
    const valid = yield* validPage(yield* steps, onInvalid)
    failure = valid.failure
    if (valid.page.data.length === 0 && Option.isSome(failure)) return yield* pull
    return Arr.of(valid.page)
  })
  return pull
}

/**
 * The list as a stream of rows: one chunk a page.
 *
 * Use it for long lists. It gives exactly the rows of `Pagination.rows`, in the same order, with the same
 * checks. The fetch must honour `within`, the range of `created` that a request is narrowed to.
 *
 * **Example** (Reading any list with four requests at once)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { type Pagination, ParallelPagination } from "effect-stripe-identity"
 *
 * const list = Array.from({ length: 1000 }, (_, index) => ({
 *   id: `row_${index}`,
 *   created: DateTime.makeUnsafe((100_000 - index * 60) * 1000)
 * }))
 *
 * const fetch: Pagination.FetchPage<Pagination.Row, never> = ({ limit, starting_after, within }) => {
 *   const inside = list.filter(({ created }) => {
 *     const second = DateTime.toEpochSeconds(created)
 *     return second >= (within?.gte ?? 0) && second < (within?.lt ?? Infinity)
 *   })
 *   const start = inside.findIndex((row) => row.id === starting_after) + 1
 *   const data = inside.slice(start, start + limit)
 *   return Effect.succeed({ data, has_more: start + limit < inside.length, requestId: undefined })
 * }
 *
 * const count = ParallelPagination.rows(fetch, { concurrency: 4 }).pipe(Stream.runCount)
 *
 * await Effect.runPromise(count) // => 1000
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const rows = <A extends Row, E, R, E2 = never, R2 = never>(
  fetch: FetchPage<A, E, R>,
  options?: Options<E2, R2>
): Stream.Stream<A, E | E2 | WalkError, R | R2> => rowsOf(pages(fetch, options))
