/**
 * Reading a whole list of Stripe's, page after page, as a lazy `Stream`.
 *
 * Knows cursors and pages and nothing of Identity: every list of Stripe's v1 API can be read with it. A stream ends only
 * when the list ended. Whatever else happens is an error that names the page and the cursor, so that a short read never
 * looks complete and no read goes on for ever.
 *
 * @module
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import * as Arguments from "./internal/arguments.ts"
import type { FetchPage, InvalidRow, Page, PageRequest, Row, Window } from "./internal/list/model.ts"
import * as Prefetch from "./internal/walk/prefetch.ts"
import { rowsOf } from "./internal/walk/rowsOf.ts"
import { validPage } from "./internal/walk/validPage.ts"
import * as Walking from "./internal/walk/walk.ts"
import * as WalkOptions from "./internal/walk/options.ts"
import type { DecodeError, InvalidArgumentError, PaginationStalledError } from "./StripeError.ts"

export type { FetchPage, InvalidRow, Page, PageRequest, Row, Window }

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
export type Options<E = never, R = never> = Walk & {
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
  /**
   * What to do about a row that cannot be decoded, instead of failing. It is told of each such row when its page
   * arrives, in the order of the walk, and the walk goes on without the row. If it fails, so does the stream, after the
   * rows before. Such rows count for `maxItems`.
   *
   * @default the stream fails with `DecodeError`, after the rows before
   */
  readonly onInvalid?: ((error: DecodeError) => Effect.Effect<void, E, R>) | undefined
}

/**
 * What a walk can fail with besides the failures of its fetch.
 *
 * @category errors
 * @since 0.1.0
 */
export type WalkError = InvalidArgumentError | PaginationStalledError | DecodeError

const ValidOptions = WalkOptions.Shared.mapFields(
  Struct.assign({
    startingAfter: WalkOptions.cursor,
    endingBefore: WalkOptions.cursor,
    prefetch: WalkOptions.prefetch
  })
)

const decodeOptions = Arguments.decoder(ValidOptions, "options")

const validate = (options: Options<unknown, unknown>): Result.Result<typeof ValidOptions.Type, InvalidArgumentError> =>
  Result.flatMap(decodeOptions(options), (valid) => {
    const { direction, endingBefore, startingAfter } = valid
    if (startingAfter !== undefined && endingBefore !== undefined) {
      return Arguments.refuse("startingAfter, endingBefore", "both", "one of them")
    }
    if (direction === "oldest-first" && endingBefore === undefined) {
      return Arguments.refuse(
        "endingBefore",
        "nothing",
        "the id to start from, or instead of it a concurrency of 2 or more (ParallelPagination), because Stripe's lists " +
          "start at the newest row"
      )
    }
    if (direction !== "oldest-first" && endingBefore !== undefined) {
      return Arguments.refuse("direction", direction ?? "nothing", `"oldest-first" together with endingBefore`)
    }
    return Result.succeed(valid)
  })

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
): Stream.Stream<Page<A>, E | E2 | WalkError, R | R2> =>
  Stream.unwrap(
    Effect.map(Effect.fromResult(validate(options)), (valid) =>
      walk(fetch, valid, options.onInvalid).pipe(Prefetch.chunks(valid.prefetch ?? 0))
    )
  )

const walk = <A extends Row, E, R, E2, R2>(
  fetch: FetchPage<A, E, R>,
  options: typeof ValidOptions.Type,
  onInvalid: Options<E2, R2>["onInvalid"]
): Stream.Stream<Page<A>, E | E2 | PaginationStalledError | DecodeError, R | R2> => {
  const oldestFirst = options.direction === "oldest-first"
  const route: Walking.Route = {
    oldestFirst,
    start: oldestFirst ? options.endingBefore : options.startingAfter,
    pageSize: options.pageSize ?? 100,
    maxItems: options.maxItems ?? Number.POSITIVE_INFINITY
  }
  if (route.maxItems === 0) return Stream.empty
  type State = Result.Result<Walking.State, E2 | DecodeError>
  const step = Effect.fnUntraced(function* (state: State) {
    const [step, next] = yield* Walking.next(fetch, route, yield* Effect.fromResult(state))
    const after: Option.Option<State> = Option.map(next, Result.succeed)
    if (Option.isNone(step)) return [[], after] as const
    const { failure, page } = yield* validPage(step.value, onInvalid)
    // The good rows go first, and the next pull fails.
    if (Option.isNone(failure)) return [[page], after] as const
    return [page.data.length === 0 ? [] : [page], Option.some<State>(Result.fail(failure.value))] as const
  })
  // A walk remembers where it was, so each run needs its own.
  return Stream.suspend(() =>
    Stream.paginate<State, Page<A>, E | E2 | PaginationStalledError | DecodeError, R | R2>(
      Result.succeed(Walking.start(route)),
      step
    )
  )
}

/**
 * The list as a stream of rows: one chunk a page.
 *
 * A request is sent when its first row is asked for and not before, so `Stream.take` stops further requests. Retry the
 * fetch and not the stream: `Stream.retry` starts again from the first page.
 *
 * **Details**
 *
 * When a fetch fails with `CursorNotFoundError` because the row that was the cursor has left the list since, the walk
 * finds its place again by time (`PageRequest.within`), and neither repeats nor loses a row that was there all along. Only
 * where that cannot be done does the error come out: when the cursor is the caller's own, or when one second changes
 * faster than it can be read. Where a fetch had to ask for fewer rows (`Page.limit`), the next pages grow back.
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
export const rows = <A extends Row, E, R, E2 = never, R2 = never>(
  fetch: FetchPage<A, E, R>,
  options?: Options<E2, R2>
): Stream.Stream<A, E | E2 | WalkError, R | R2> => rowsOf(pages(fetch, options))
