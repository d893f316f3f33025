/**
 * Reading a whole list of Stripe's, page after page, as a lazy `Stream`.
 *
 * Knows cursors and pages and nothing of Identity: every list of Stripe's v1 API can be read with it. A stream ends only
 * when the list ended. Whatever else happens is an error that names the page and the cursor, so that a short read never
 * looks complete and no read goes on for ever.
 *
 * @module
 * @category Read other lists
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import * as Arguments from "./internal/arguments.ts"
import type { ExcludedRow, FetchPage, InvalidRow, Page, PageRequest, Row, Window } from "./internal/list/model.ts"
import * as FieldOptions from "./internal/pagination/options.ts"
import * as Read from "./internal/pagination/read.ts"
import type { DecodeError, InvalidArgumentError, PaginationStalledError } from "./StripeError.ts"

export type { ExcludedRow, FetchPage, InvalidRow, Page, PageRequest, Row, Window }

/**
 * Where a read starts and which way it goes. Stripe's lists are newest first. The other way needs an id to start from,
 * because Stripe has no oldest-first order.
 *
 * @category options
 * @since 0.1.0
 */
export type Direction =
  | {
      /** @default "newest-first" */
      readonly direction?: "newest-first" | undefined
      /** Read the rows older than the one with this id, without it. */
      readonly startingAfter?: string | undefined
      readonly endingBefore?: undefined
    }
  | {
      readonly direction: "oldest-first"
      /** Read the rows newer than the one with this id, without it, up to the newest. */
      readonly endingBefore: string
      readonly startingAfter?: undefined
    }

/**
 * How a list is read.
 *
 * @category options
 * @since 0.1.0
 */
export type ReadOptions<E = never, R = never> = Direction & {
  /**
   * Rows per request, 1 to 100. It changes how many requests are sent, never which rows arrive.
   *
   * @default 100
   */
  readonly pageSize?: number | undefined
  /**
   * The most rows to read in all. The last page asks only for what is left.
   *
   * @default no limit
   */
  readonly maxItems?: number | undefined
  /**
   * The most requests in flight, 1 to 100. The same rows come in the same order, only sooner: several ranges of `created`
   * are read at once, and up to eight pages a request wait in memory for their turn. Stripe answers 25 requests a second,
   * so 16 are enough for replies that take half a second. Oldest-first reads one page after the other.
   *
   * @default 1
   */
  readonly concurrency?: number | undefined
  /**
   * How many pages to request before they are asked for, when reading one page after the other. Costs up to as many
   * requests that nobody needed when the stream is left early.
   *
   * @default 0
   */
  readonly prefetch?: number | undefined
  /**
   * What to do about a row that cannot be decoded, instead of failing. It is told of each such row when its page
   * arrives, in the order of the read, and the read continues without the row. If it fails, so does the stream, after the
   * rows before. Such rows count for `maxItems`.
   *
   * @default the stream fails with `DecodeError`, after the rows before
   */
  readonly onDecodeError?: ((error: DecodeError) => Effect.Effect<void, E, R>) | undefined
}

/**
 * How a list is read that is known by its fetch alone.
 *
 * @category options
 * @since 0.1.0
 */
export type Options<E = never, R = never> = ReadOptions<E, R> & {
  /**
   * Only rows that were created in this range. Each request says it to the fetch.
   *
   * @default all rows
   */
  readonly within?: Window | undefined
}

/**
 * What a read can fail with besides the failures of its fetch.
 *
 * @category errors
 * @since 0.1.0
 */
export type PaginationError = InvalidArgumentError | PaginationStalledError | DecodeError

const checkFields = Arguments.decoder(
  Schema.Struct(
    Struct.assign(FieldOptions.fields(Schema.NonEmptyString.annotate({ expected: "the id of a row" })), {
      within: Schema.optional(
        Schema.Struct({ gte: Schema.optional(Arguments.wholeNumber(0)), lt: Schema.optional(Arguments.wholeNumber(0)) })
      )
    })
  ),
  "options"
)

const validate = <E, R>(options: Options<E, R>): Result.Result<Read.Reading<E, R>, InvalidArgumentError> =>
  Result.map(Read.checkOptions(checkFields, options), () => Read.toReading(options))

/**
 * The list as a stream of pages: one element a page. A list without rows is one page without rows. See
 * {@link rows} for a fetch.
 *
 * @category streams
 * @since 0.1.0
 */
export const pages = <A extends Row, E, R, E2 = never, R2 = never>(
  fetch: FetchPage<A, E, R>,
  options: Options<E2, R2> = {}
): Stream.Stream<Page<A>, E | E2 | PaginationError, R | R2> =>
  Stream.unwrap(Effect.map(Effect.fromResult(validate(options)), (reading) => Read.read(fetch, reading, Read.pageOf)))

/**
 * The list as a stream of rows: one chunk a page.
 *
 * A request is sent when its first row is asked for and not before, so `Stream.take` stops further requests. Retry the
 * fetch and not the stream: `Stream.retry` starts again from the first page.
 *
 * **Details**
 *
 * Rows may be up to ten minutes out of order; each comes once. Where a fetch had to ask for fewer rows (`Page.limit`), the
 * next pages grow back.
 *
 * **Example** (Paging over any list)
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
 * **Example** (Four requests at once, for a fetch that honours `within`)
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
): Stream.Stream<A, E | E2 | PaginationError, R | R2> =>
  Stream.unwrap(Effect.map(Effect.fromResult(validate(options)), (reading) => Read.read(fetch, reading, Read.rowsOf)))
