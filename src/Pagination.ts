/**
 * Reading a whole list of Stripe's, page after page, as a lazy `Stream`.
 *
 * Knows cursors and pages and nothing of Identity: any list of Stripe's v1 API can be read with it. A stream ends only
 * when the list ended. Whatever else happens is an error that names the page and the cursor, so that a short read never
 * looks complete and no read goes on for ever.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Arguments from "./internal/arguments.ts"
import * as Prefetch from "./internal/prefetch.ts"
import { type InvalidArgumentError, PaginationStalledError } from "./StripeError.ts"

/**
 * What a row must have to be paged over.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly id: string
  readonly created: DateTime.Utc
}

/**
 * One page of a list.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page<out A> {
  /** The rows, in the order of the walk: newest first, or oldest first when walking towards the newest. */
  readonly data: ReadonlyArray<A>
  /** Whether the list goes on in the direction of the walk. */
  readonly has_more: boolean
  /** Stripe's id of the request that brought the page. */
  readonly requestId: string | undefined
}

/**
 * The page that a walk needs next. At most one cursor is set.
 *
 * @category models
 * @since 0.1.0
 */
export interface PageRequest {
  /** The number of the page in this walk, counted from 1. */
  readonly page: number
  /** How many rows to ask for: 1 to 100. */
  readonly limit: number
  /** Rows older than the one with this id. */
  readonly starting_after?: string | undefined
  /** Rows newer than the one with this id. */
  readonly ending_before?: string | undefined
}

/**
 * Sends one request for one page, with its retries. The rows come as Stripe sends them: newest first, whichever way the
 * walk goes.
 *
 * @category models
 * @since 0.1.0
 */
export type FetchPage<A, E, R = never> = (request: PageRequest) => Effect.Effect<Page<A>, E, R>

/**
 * Where a walk starts and which way it goes. Stripe's lists are newest first. The other way needs an id to start from,
 * because Stripe has no oldest-first order.
 *
 * @category options
 * @since 0.1.0
 */
export type Walk =
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
export type Options = Walk & {
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
   * How many pages to request before they are asked for. Costs up to as many requests that nobody needed when the stream
   * is left early.
   *
   * @default 0
   */
  readonly prefetch?: number | undefined
}

/**
 * What a walk can fail with besides the failures of its fetch.
 *
 * @category errors
 * @since 0.1.0
 */
export type WalkError = InvalidArgumentError | PaginationStalledError

const Cursor = Schema.NonEmptyString.annotate({ expected: "the id of a row" })

const ValidOptions = Schema.Struct({
  direction: Schema.optional(
    Schema.Literals(["newest-first", "oldest-first"]).annotate({ expected: `"newest-first" or "oldest-first"` })
  ),
  startingAfter: Schema.optional(Cursor),
  endingBefore: Schema.optional(Cursor),
  pageSize: Schema.optional(Arguments.wholeNumber(1, 100)),
  maxItems: Schema.optional(Arguments.wholeNumber(0)),
  prefetch: Schema.optional(Arguments.wholeNumber(0, 100))
})

const decodeOptions = Arguments.decoder(ValidOptions, "options")

const validate = (options: Options): Result.Result<typeof ValidOptions.Type, InvalidArgumentError> =>
  Result.flatMap(decodeOptions(options), (valid) => {
    const { direction, endingBefore, startingAfter } = valid
    if (startingAfter !== undefined && endingBefore !== undefined) {
      return Arguments.refuse("startingAfter, endingBefore", "both", "one of them")
    }
    if (direction === "oldest-first" && endingBefore === undefined) {
      return Arguments.refuse(
        "endingBefore",
        "nothing",
        "the id to start from, because Stripe's lists start at the newest row"
      )
    }
    if (direction !== "oldest-first" && endingBefore !== undefined) {
      return Arguments.refuse("direction", direction ?? "nothing", `"oldest-first" together with endingBefore`)
    }
    return Result.succeed(valid)
  })

/** What the next page is held against: one page's ids and its last `created`, however long the list is. */
interface PageBefore {
  readonly ids: ReadonlySet<string>
  readonly created: number
}

interface State {
  readonly page: number
  readonly cursor: string | undefined
  readonly remaining: number
  readonly before: PageBefore | undefined
}

/** Checks that rows, in the order of the walk, can follow the page before. Fails with what was seen. */
const follow = <A extends Row>(
  before: PageBefore | undefined,
  rows: ReadonlyArray<A>,
  oldestFirst: boolean
): Result.Result<PageBefore, string> => {
  const ids = new Set<string>()
  let created = before?.created ?? (oldestFirst ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
  for (const row of rows) {
    if (ids.has(row.id)) return Result.fail(`${row.id} came twice on one page`)
    if (before?.ids.has(row.id)) return Result.fail(`${row.id} came again, after the page before`)
    const next = DateTime.toEpochMillis(row.created)
    if (oldestFirst ? next < created : next > created) {
      return Result.fail(`${row.id} is ${oldestFirst ? "older" : "newer"} than the row before it`)
    }
    ids.add(row.id)
    created = next
  }
  return Result.succeed({ ids, created })
}

/**
 * The list as a stream of pages: one element a page. A list without rows is one page without rows.
 *
 * @category streams
 * @since 0.1.0
 */
export const pages = <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  options: Options = {}
): Stream.Stream<Page<A>, E | WalkError, R> =>
  Stream.unwrap(
    Effect.map(Effect.fromResult(validate(options)), (valid) =>
      walk(fetch, valid).pipe(Prefetch.chunks(valid.prefetch ?? 0))
    )
  )

const walk = <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  options: typeof ValidOptions.Type
): Stream.Stream<Page<A>, E | PaginationStalledError, R> => {
  const oldestFirst = options.direction === "oldest-first"
  const pageSize = options.pageSize ?? 100
  const start: State = {
    page: 1,
    cursor: oldestFirst ? options.endingBefore : options.startingAfter,
    remaining: options.maxItems ?? Number.POSITIVE_INFINITY,
    before: undefined
  }
  if (start.remaining === 0) return Stream.empty
  return Stream.paginate(start, (state) => {
    const { cursor } = state
    const limit = Math.min(pageSize, state.remaining)
    const request: PageRequest = {
      page: state.page,
      limit,
      ...(cursor === undefined ? {} : oldestFirst ? { ending_before: cursor } : { starting_after: cursor })
    }
    return Effect.flatMap(fetch(request), (page) => {
      const data = oldestFirst ? page.data.toReversed() : page.data
      const last = data.at(-1)
      const followed =
        last === undefined && page.has_more
          ? Result.fail("Stripe announced more rows and sent a page without any")
          : data.length > limit
            ? Result.fail(`${limit} rows were asked for and ${data.length} came`)
            : follow(state.before, data, oldestFirst)
      if (Result.isFailure(followed)) {
        return Effect.fail(
          new PaginationStalledError({
            description: followed.failure,
            page: state.page,
            cursor,
            requestId: page.requestId
          })
        )
      }
      const remaining = state.remaining - data.length
      const next: Option.Option<State> =
        page.has_more && last !== undefined && remaining > 0
          ? Option.some({ page: state.page + 1, cursor: last.id, remaining, before: followed.success })
          : Option.none()
      return Effect.succeed([[{ ...page, data }], next] as const)
    })
  })
}

/**
 * The list as a stream of rows: one chunk a page.
 *
 * A request is sent when its first row is asked for and not before, so `Stream.take` stops further requests. Retry the
 * fetch and not the stream: `Stream.retry` starts again from the first page.
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
 * @category streams
 * @since 0.1.0
 */
export const rows = <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  options?: Options
): Stream.Stream<A, E | WalkError, R> =>
  pages(fetch, options).pipe(
    // Only a list without rows has a page without rows.
    Stream.filterMap(({ data }) => (Arr.isReadonlyArrayNonEmpty(data) ? Result.succeed(data) : Result.fail(undefined))),
    Stream.flattenArray
  )
