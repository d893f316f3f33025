/**
 * Reading a list in batches that can be gone on from: each comes with the checkpoint that holds after it.
 *
 * A run first reads what is newer than the checkpoint, oldest first, and then what is older, newest first, so that what
 * is behind us is one interval without a gap at every moment. A first run is the interval growing from nothing, a later
 * run is a catch-up, a run after a crash is both. Over all runs the batches make the list, each row once.
 *
 * Knows nothing of Identity: every list of Stripe's v1 API can be read with it. For sessions use
 * `VerificationSessions.sync` and `VerificationSessions.tail`.
 *
 * @module
 * @category Read other lists
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Checkpoint from "./Checkpoint.ts"
import * as Arguments from "./internal/arguments.ts"
import * as FollowOptions from "./internal/sync/options.ts"
import type { FetchPage, Row, Window } from "./internal/list/model.ts"
import * as Pass from "./internal/sync/pass.ts"
import * as Polling from "./internal/sync/poll.ts"
import * as ReadOptions from "./internal/pagination/options.ts"
import type { Options as PaginationOptions, PaginationError } from "./Pagination.ts"
import type { CheckpointMismatchError, InvalidArgumentError } from "./StripeError.ts"

/**
 * The rows of one page, and the checkpoint that is true as soon as they are stored.
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch<out A> {
  /**
   * The rows: oldest first while catching up, newest first after that. There may be none, where rows were read that the
   * filter does not let through: the checkpoint is worth storing all the same.
   */
  readonly rows: ReadonlyArray<A>
  /** A moment before the rows were asked for: every change up to then is in them. */
  readonly readAt: DateTime.Utc
  /** What is behind us with these rows. Store it with them, or after them, and never before. */
  readonly checkpoint: Checkpoint.Checkpoint
}

/**
 * A list to read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source<A, E, R = never> {
  readonly fetch: FetchPage<A, E, R>
  /**
   * The range of `created` that the list has. It saves concurrent reads the requests for time outside of it.
   *
   * @default unknown
   */
  readonly range?: Window | undefined
  /** Which list it is, for the checkpoint. */
  readonly subject: Checkpoint.ListKey
}

/**
 * How a list is read in batches.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<E = never, R = never> extends Pick<
  PaginationOptions<E, R>,
  "pageSize" | "prefetch" | "onDecodeError"
> {
  /**
   * Where to go on: the last checkpoint that was stored.
   *
   * @default from nothing
   */
  readonly from?: Checkpoint.Checkpoint | undefined
  /**
   * How old a row must be to be read. Stripe lists a row some seconds after its `created`; a younger row waits for the
   * next run, so that none appears where we were already. It must be more than that delay and the difference between this
   * clock and Stripe's.
   *
   * @default "1 minute"
   */
  readonly settle?: Duration.Input | undefined
  /**
   * How many requests may be in flight while reading what is older, 1 to 100; see `Pagination.Options`. The rows and
   * their order stay the same. What is newer is read one page at a time. More than one takes the place of `prefetch`.
   *
   * @default 1
   */
  readonly concurrency?: number | undefined
}

const decodeOptions = Arguments.decoder(
  Schema.Struct({
    from: FollowOptions.from,
    settle: Schema.optional(
      Arguments.duration(
        "a duration of zero or more",
        "1 minute",
        (settle) => Duration.isFinite(settle) && !Duration.isNegative(settle)
      )
    ),
    pageSize: ReadOptions.pageSize,
    prefetch: ReadOptions.prefetch,
    concurrency: ReadOptions.concurrency,
    onDecodeError: ReadOptions.onDecodeError
  }),
  "options"
)

/** The options as they were given, if all of them are accepted. */
const validate = <E, R>(options: Options<E, R>): Result.Result<Options<E, R>, InvalidArgumentError> =>
  Result.map(decodeOptions(options), () => options)

/**
 * One run: the batches from a checkpoint to the newest settled row and to the oldest row there is. Without anything to
 * hand over there is no batch.
 *
 * **Example** (Any list of Stripe's, in batches)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { type Pagination, Sync } from "effect-stripe-identity"
 *
 * const row = { id: "row_1", created: DateTime.makeUnsafe("2026-01-01T00:00:00Z") }
 * const fetch: Pagination.FetchPage<Pagination.Row, never> = () =>
 *   Effect.succeed({ data: [row], has_more: false, requestId: undefined })
 *
 * const batches = Sync.batches({ fetch, subject: { filter: "all" } })
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
      const { from, settle = "1 minute", ...pages } = yield* Effect.fromResult(validate(options))
      const settled = Duration.fromInputUnsafe(settle)
      const begin = from ?? Checkpoint.start(source.subject)
      yield* Effect.fromResult(Checkpoint.check(begin, source.subject))
      const now = yield* Clock.currentTimeMillis
      // A second counts when it is over: until then rows can be added to it. A test's clock may stand at the first one.
      const until = Math.max(0, Math.floor((now - Duration.toMillis(settled)) / 1000))
      return run(source, pages, begin, until)
    })
  )

const run = <A extends Row, E, R, E2, R2>(
  source: Source<A, E, R>,
  pages: Pass.PageOptions<E2, R2>,
  begin: Checkpoint.Checkpoint,
  until: number
): Stream.Stream<Batch<A>, E | E2 | PaginationError | CheckpointMismatchError, R | R2> => {
  const { range } = begin
  const pass = (direction: "newer" | "older") =>
    Stream.map(Pass.steps(source, pages, { direction, until, from: range }), (step) => ({ ...step, direction }))
  // To catch up does not move the older end, so where the older pass begins is known before.
  const catchUp = range === undefined ? Stream.empty : pass("newer")
  const backfill = range?.reachedEnd === true ? Stream.empty : pass("older")
  return Stream.concat(catchUp, backfill).pipe(
    Stream.mapAccum(
      () => begin,
      (before, { direction, end, reached, readAt, rows }) => {
        const checkpoint = Checkpoint.advance(before, { direction, end, rows: reached })
        return [checkpoint, checkpoint === before ? [] : [{ rows, readAt, checkpoint }]] as const
      }
    )
  )
}

/**
 * Runs that follow each other for ever, each from where the one before ended: `read` gives one run from a checkpoint, and
 * the schedule says when the next one begins.
 *
 * **Example** (Two runs, a millisecond apart)
 *
 * ```ts
 * import { Effect, Schedule, Stream } from "effect"
 * import { Checkpoint, Sync } from "effect-stripe-identity"
 *
 * const seen: Array<boolean> = []
 * const checkpoint = Checkpoint.start({ filter: "all" })
 * const runs = Sync.poll((from) => {
 *   seen.push(from === undefined)
 *   return Stream.make({ checkpoint })
 * }, { schedule: Schedule.spaced("1 millis") })
 * await Effect.runPromise(runs.pipe(Stream.take(2), Stream.runDrain))
 *
 * seen // => [true, false]
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const poll = <B extends { readonly checkpoint: Checkpoint.Checkpoint }, E, R, E2 = never, R2 = never>(
  read: (from: Checkpoint.Checkpoint | undefined) => Stream.Stream<B, E, R>,
  options: {
    /** Where to go on. @default from nothing */
    readonly from?: Checkpoint.Checkpoint | undefined
    /** @default a run begins 5 minutes after the end of the one before */
    readonly schedule?: Schedule.Schedule<unknown, void, E2, R2> | undefined
  } = {}
): Stream.Stream<B, E | E2 | InvalidArgumentError, R | R2> =>
  Stream.unwrap(
    Effect.map(Effect.fromResult(FollowOptions.decode(options)), () =>
      Polling.poll(read, options.from, options.schedule)
    )
  )
