/**
 * Reads any list of Stripe's v1 API in resumable batches, each with its checkpoint. For sessions, use
 * `VerificationSessions.sync` and `VerificationSessions.tail`.
 *
 * A run reads first the rows newer than the checkpoint, oldest first, and then the older rows, newest first. So the
 * processed rows are one contiguous range at all times: a first run backfills, a later run catches up, and a run after
 * a crash does both. Over all runs, each row is emitted once.
 *
 * Not for lists whose rows can be deleted, such as plans and products: a run fails if Stripe no longer finds the row at the
 * end of the checkpoint.
 *
 * @module
 * @category Read other lists
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Checkpoint from "./Checkpoint.ts"
import * as Arguments from "./internal/arguments.ts"
import type { FetchPage, Row, Window } from "./internal/list/model.ts"
import * as Pass from "./internal/sync/pass.ts"
import * as Runs from "./internal/sync/runs.ts"
import * as Windows from "./internal/sync/windows.ts"
import type { Options as PaginationOptions, PaginationError } from "./Pagination.ts"
import type { CheckpointMismatchError } from "./StripeError.ts"

/**
 * The rows of one page, and the checkpoint to store with them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch<out A> {
  /**
   * Oldest first while catching up, newest first while reading older rows. Empty if no row of the page matches the
   * filter; store the checkpoint then too.
   */
  readonly rows: ReadonlyArray<A>
  /** A time just before they were requested: the rows include every change up to then. */
  readonly readAt: DateTime.Utc
  /** Where the next run resumes. Store it with the rows or after them, never before. */
  readonly checkpoint: Checkpoint.Checkpoint
}

/**
 * A list to read: its fetch, and its key for checkpoints.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source<A, E, R = never> {
  readonly fetch: FetchPage<A, E, R>
  /**
   * The range of `created` of the list. Concurrent reads then send no requests outside it.
   *
   * @default unknown
   */
  readonly range?: Window | undefined
  /** Identifies the list in checkpoints. */
  readonly key: Checkpoint.ListKey
}

/**
 * Options of {@link batches}.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<E = never, R = never> extends Pick<
  PaginationOptions<E, R>,
  "pageSize" | "prefetch" | "onDecodeError"
> {
  /**
   * Where to resume: the last checkpoint that was stored.
   *
   * @default the whole list
   */
  readonly from?: Checkpoint.Checkpoint | undefined
  /**
   * How old a row must be to be read. Stripe lists a row some seconds after its `created`, so younger rows wait for the
   * next run: otherwise a row could appear behind the checkpoint. It must be longer than that delay plus the
   * difference between this clock and Stripe's.
   *
   * @default "1 minute"
   */
  readonly settle?: Duration.Input | undefined
  /**
   * The most requests in flight while reading older rows, 1 to 100; see `Pagination.Options`. The rows and their order
   * stay the same. Newer rows are read one page at a time. With more than one, `prefetch` has no effect.
   *
   * @default 1
   */
  readonly concurrency?: number | undefined
}

const decodeOptions = Arguments.options(Runs.fields)

const refuseKey = (key: Checkpoint.ListKey) =>
  Arguments.refuse("key", Arguments.show(key), "a filter of 1 to 64 characters. For a longer one, take a hash of it.")

/**
 * Reads a list once in resumable batches: first the rows newer than the checkpoint, if they are old enough (`settle`),
 * then the rows older than it. Without rows to read there is no batch.
 *
 * **Example** (Read any list in batches)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { type Pagination, Sync } from "effect-stripe-identity"
 *
 * const row = { id: "row_1", created: DateTime.makeUnsafe("2026-01-01T00:00:00Z") }
 * const fetch: Pagination.FetchPage<Pagination.Row, never> = () =>
 *   Effect.succeed({ data: [row], has_more: false, requestId: undefined })
 *
 * const batches = Sync.batches({ fetch, key: { filter: "all" } })
 * const [last] = await Effect.runPromise(Stream.runCollect(batches))
 *
 * last?.rows.length // => 1
 * last?.checkpoint.range?.reachedEnd // => true
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const batches = <A extends Row, E, R, E2 = never, R2 = never>(
  source: Source<A, E, R>,
  options: Options<E2, R2> = {}
): Stream.Stream<Batch<A>, E | E2 | PaginationError | CheckpointMismatchError, R | R2> =>
  Stream.unwrap(
    Effect.gen(function* () {
      yield* Effect.fromResult(decodeOptions(options))
      const { from, settle = "1 minute", ...pages } = options
      const begin = from ?? Checkpoint.start(source.key)
      if (!Runs.isCheckpoint(begin)) return yield* Effect.fromResult(refuseKey(source.key))
      yield* Effect.fromResult(Checkpoint.check(begin, source.key))
      const { range } = begin
      const until = Windows.settledBefore(yield* DateTime.now, Duration.toSeconds(settle))
      const pass = (direction: "newer" | "older") => Pass.steps(source, pages, { direction, until, from: range })
      // Catching up does not move the older end, so the start of the older pass is known before.
      const catchUp = range === undefined ? Stream.empty : pass("newer")
      const backfill = range?.reachedEnd === true ? Stream.empty : pass("older")
      return Stream.mapAccum(
        Stream.concat(catchUp, backfill),
        () => begin,
        (before, { advance, readAt, rows }) => {
          const checkpoint = Checkpoint.advance(before, advance)
          return [checkpoint, checkpoint === before ? [] : [{ rows, readAt, checkpoint }]] as const
        }
      )
    })
  )
