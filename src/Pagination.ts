/**
 * Reads any list of Stripe's v1 API, page by page, as a lazy `Stream`.
 *
 * A stream ends only at the end of the list. Everything else is an error with the page and the cursor, so a truncated
 * read never looks complete, and no read loops forever. If the row at the cursor was deleted, as can happen in lists of
 * plans and products, the read ends with the fetch's `CursorNotFoundError`.
 *
 * @module
 * @category Read other lists
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Arguments from "./internal/arguments.ts"
import type { Query } from "./internal/client/model.ts"
import type { Entry, FetchedPage, FetchPage, Page, PageRequest, Row, Window } from "./internal/list/model.ts"
import * as Cursor from "./internal/pagination/cursor.ts"
import * as ReadFields from "./internal/pagination/options.ts"
import type { Options } from "./internal/pagination/options.ts"
import * as Read from "./internal/pagination/read.ts"
import type { DecodeError, InvalidArgumentError, PaginationStalledError } from "./StripeError.ts"

export type { Entry, FetchedPage, FetchPage, Page, PageRequest, Row, Window }
export type { Options, ReadOptions, Start } from "./internal/pagination/options.ts"

/**
 * The errors of a read, in addition to those of its fetch.
 *
 * @category errors
 * @since 0.1.0
 */
export type PaginationError = InvalidArgumentError | PaginationStalledError | DecodeError

const checkOptions = Arguments.decoder(
  ReadFields.struct(Schema.NonEmptyString.annotate({ expected: "the id of a row" }), {
    within: Schema.optional(
      Schema.Struct({ gte: Schema.optional(Arguments.wholeNumber(0)), lt: Schema.optional(Arguments.wholeNumber(0)) })
    )
  }),
  "options",
  ReadFields.instead
)

/**
 * The query of a request for a page: your filter, as Stripe's parameters, with the cursor, the limit and the range of the
 * request. A fetch that leaves one of them out reads other rows than the engine asks for, and some may be lost.
 *
 * **Example** (A fetch of another list)
 *
 * ```ts
 * import { Pagination } from "effect-stripe-identity"
 *
 * Pagination.toQuery({ page: 2, limit: 100, starting_after: "cus_1", within: { gte: 1767225600 } }, [
 *   ["email", "jenny@example.com"]
 * ]) // => [["email", "jenny@example.com"], ["created[gte]", "1767225600"], ["limit", "100"], ["starting_after", "cus_1"]]
 * ```
 *
 * @category combining
 * @since 0.1.0
 */
export const toQuery = (request: PageRequest, filter: Query = []): Query => Cursor.toQuery(request, filter)

/**
 * Streams the pages of a list. An empty list is one page without rows. {@link rows} has examples of a fetch.
 *
 * @category streams
 * @since 0.1.0
 */
export const pages = <A extends Row, E, R, E2 = never, R2 = never>(
  fetch: FetchPage<A, E, R>,
  options: Options<E2, R2> = {}
): Stream.Stream<Page<A>, E | E2 | PaginationError, R | R2> => read(fetch, options, Read.pageOf)

/**
 * Streams the rows of a list, one chunk per page.
 *
 * A request is sent only when its first row is pulled, so `Stream.take` stops further requests. Retry in the fetch,
 * because `Stream.retry` starts again at the first page.
 *
 * **Details**
 *
 * Rows may be up to ten minutes out of order; each is emitted once. A fetch that asks for fewer rows after
 * failures (`Request.shrink`) says so in `Page.limit`; later pages double in size up to `pageSize`.
 *
 * **Example** (Read any list)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { Pagination } from "effect-stripe-identity"
 *
 * const created = DateTime.makeUnsafe(0)
 * const fetch: Pagination.FetchPage<Pagination.Row, never> = (request) =>
 *   Effect.succeed(
 *     request.starting_after === undefined
 *       ? { data: [{ id: "b", created }], has_more: true, requestId: undefined }
 *       : { data: [{ id: "a", created }], has_more: false, requestId: undefined }
 *   )
 *
 * const ids = Pagination.rows(fetch, { pageSize: 1 }).pipe(
 *   Stream.map((row) => row.id),
 *   Stream.runCollect
 * )
 *
 * await Effect.runPromise(ids) // => ["b", "a"]
 * ```
 *
 * **Example** (Four requests in flight, with a fetch that supports `within`)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { Pagination } from "effect-stripe-identity"
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
 * await Effect.runPromise(Stream.runCount(Pagination.rows(fetch, { concurrency: 4 }))) // => 1000
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const rows = <A extends Row, E, R, E2 = never, R2 = never>(
  fetch: FetchPage<A, E, R>,
  options: Options<E2, R2> = {}
): Stream.Stream<A, E | E2 | PaginationError, R | R2> => read(fetch, options, Read.rowsOf)

const read = <A extends Row, E, R, E2, R2, Element>(
  fetch: FetchPage<A, E, R>,
  options: Options<E2, R2>,
  emit: Read.Emit<A, Element>
): Stream.Stream<Element, E | E2 | PaginationError, R | R2> =>
  Stream.unwrap(Effect.map(Effect.fromResult(checkOptions(options)), () => Read.read(fetch, options, emit)))
