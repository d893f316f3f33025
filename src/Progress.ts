/**
 * Shows the progress of a read: rows, requests, rate and the range of time. If the filter has a start, also the fraction
 * done and the time remaining.
 *
 * Show it as a {@link bar} on a terminal, or as a {@link line} in a log.
 *
 * @module
 * @category Export, sync and mirror
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import type * as Checkpoint from "./Checkpoint.ts"
import * as Created from "./internal/filter/created.ts"
import type { Row } from "./internal/list/model.ts"
import * as SessionFilter from "./SessionFilter.ts"
import type { InvalidArgumentError } from "./StripeError.ts"

/**
 * The progress of a read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Progress {
  /** Rows so far. */
  readonly rows: number
  /** Pages or batches so far. */
  readonly pages: number
  /** Requests so far, retries included. Zero unless {@link Tracker.countRequests} counts them. */
  readonly requests: number
  /** The time since the tracker was made. */
  readonly elapsed: Duration.Duration
  /** The mean rate over `elapsed`. */
  readonly rowsPerSecond: number
  /** The range of `created` that was read: of the checkpoint if there is one, else of the rows so far. */
  readonly range: Option.Option<{ readonly newest: DateTime.Utc; readonly oldest: DateTime.Utc }>
  /**
   * The fraction of the time range that was read, 0 to 1. It is known if the filter has a start, and once this run has
   * reached the end of the list. In later runs, which read only new rows, it is unknown. Rows may be spread unevenly over
   * the time.
   */
  readonly fraction: Option.Option<number>
  /** The estimated time remaining, at the mean speed of this run. */
  readonly remaining: Option.Option<Duration.Duration>
}

/**
 * A page or a batch that arrived.
 *
 * @category models
 * @since 0.1.0
 */
export type Arrival =
  | { readonly data: ReadonlyArray<Row>; readonly has_more?: boolean | undefined }
  | { readonly sessions: ReadonlyArray<Row>; readonly checkpoint: Checkpoint.Checkpoint }

/**
 * Tracks the progress of a read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Tracker {
  /** Adds a page or batch and returns the progress. For `Stream.tap`. */
  readonly add: (arrival: Arrival) => Effect.Effect<Progress>
  /** The progress now. */
  readonly now: Effect.Effect<Progress>
  /** Counts the requests of a client. Pass it to the layer as `transformClient`. */
  readonly countRequests: (client: HttpClient.HttpClient) => HttpClient.HttpClient
}

/**
 * Makes a tracker for a read with this filter. Fails if the filter is invalid.
 *
 * **Example** (A line for every page)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { Progress, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const filter = { created: { gte: "2025-01-01", lt: "2026-01-01" } }
 * const program = Effect.gen(function*() {
 *   const progress = yield* Progress.make(filter)
 *   const fractions = VerificationSessions.pages(filter).pipe(
 *     Stream.mapEffect(progress.add),
 *     Stream.map(({ fraction }) => fraction._tag === "Some" && fraction.value > 0.3 && fraction.value < 0.5)
 *   )
 *   return yield* Stream.runHead(fractions)
 * }).pipe(
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer({ sessions: 250 }))
 * )
 *
 * const first = await Effect.runPromise(program)
 *
 * first._tag === "Some" && first.value // => true
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  filter: SessionFilter.Input = {}
): Effect.fn.Return<Tracker, InvalidArgumentError> {
  const { created } = yield* SessionFilter.decode(filter)
  const wallTime = yield* Clock.currentTimeMillis
  // The wall clock may be set back while a read runs.
  const began = yield* Clock.monotonicTimeNanos
  const { gte = 0, lt = Infinity } = created === undefined ? {} : Created.span(created)
  const from = gte * 1000
  const to = Math.min(lt * 1000, wallTime)
  const counts = { rows: 0, pages: 0, requests: 0 }
  const state = { newest: -Infinity, oldest: Infinity, complete: false }
  // Whether the last checkpoint had reached the end of the list.
  let reachedEnd: boolean | undefined
  // The fraction that was done before this run, for the estimate.
  let before: number | undefined
  // When the first row was created: a read extends from there, to older rows or to newer ones.
  let first: number | undefined

  const fractionDone = (): number | undefined => {
    if (state.complete) return 1
    // Without a start, the size of the range is unknown; and so is what is new since an earlier run reached the end.
    if (from === 0 || to <= from || state.oldest === Infinity || reachedEnd) return undefined
    const end = Math.max(to, state.newest)
    const isOldestFirst = first !== undefined && state.newest - first > first - state.oldest
    const done = isOldestFirst ? state.newest - from : end - state.oldest
    return Math.min(Math.max(done / (end - from), 0), 1)
  }

  const now = Effect.map(Clock.monotonicTimeNanos, (time): Progress => {
    const elapsed = Math.round(Number(time - began) / 1e6)
    const fraction = fractionDone()
    const gained = fraction === undefined ? 0 : fraction - (before ?? 0)
    return {
      ...counts,
      elapsed: Duration.millis(elapsed),
      rowsPerSecond: elapsed === 0 ? 0 : (counts.rows * 1000) / elapsed,
      range:
        state.oldest === Infinity
          ? Option.none()
          : Option.some({ newest: DateTime.makeUnsafe(state.newest), oldest: DateTime.makeUnsafe(state.oldest) }),
      fraction: Option.fromUndefinedOr(fraction),
      remaining:
        fraction === undefined || gained <= 0
          ? Option.none()
          : Option.some(Duration.millis(Math.round(((1 - fraction) / gained) * elapsed)))
    }
  })

  const cover = (newest: DateTime.Utc, oldest: DateTime.Utc): void => {
    state.newest = Math.max(state.newest, DateTime.toEpochMillis(newest))
    state.oldest = Math.min(state.oldest, DateTime.toEpochMillis(oldest))
  }

  const add = (arrival: Arrival): Effect.Effect<Progress> =>
    Effect.suspend(() => {
      const rows = "data" in arrival ? arrival.data : arrival.sessions
      counts.rows += rows.length
      counts.pages++
      if ("data" in arrival) state.complete ||= arrival.has_more === false
      const covered = "data" in arrival ? undefined : arrival.checkpoint.range
      if (covered !== undefined) {
        const { newest, oldest } = covered
        cover(newest.created, oldest.created)
        // Not if an earlier run reached the end: the first batch then lacks the oldest row.
        const isLast = reachedEnd === undefined ? rows.some(({ id }) => id === oldest.id) : !reachedEnd
        state.complete ||= covered.reachedEnd && isLast
        reachedEnd = covered.reachedEnd
        // The range before this run, and its first batch, say nothing about the speed of this run.
        before ??= fractionDone()
      } else {
        for (const { created } of rows) {
          first ??= DateTime.toEpochMillis(created)
          cover(created, created)
        }
      }
      return now
    })

  return { now, add, countRequests: HttpClient.tapRequest(() => Effect.sync(() => counts.requests++)) }
})

const counted = (count: number, one: string, many: string): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`

const inBrief = (duration: Duration.Duration): string => {
  const seconds = Math.round(Duration.toSeconds(duration))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}

/**
 * Formats progress as one line of plain text, for a log.
 *
 * **Example** (Progress on a terminal and in a log)
 *
 * ```ts
 * import { Duration, Option } from "effect"
 * import { Progress } from "effect-stripe-identity"
 *
 * const half: Progress.Progress = {
 *   rows: 5000,
 *   pages: 50,
 *   requests: 51,
 *   elapsed: Duration.seconds(4),
 *   rowsPerSecond: 1250,
 *   range: Option.none(),
 *   fraction: Option.some(0.5),
 *   remaining: Option.some(Duration.seconds(4))
 * }
 *
 * Progress.line(half) // => "5,000 rows, 51 requests, 1,250/s, 50 %, 4s, 4s left"
 * Progress.bar(half, { width: 4 }) // => "[##--] 5,000 rows, 51 requests, 1,250/s, 50 %, 4s, 4s left"
 * ```
 *
 * @category formatting
 * @since 0.1.0
 */
export const line = (progress: Progress): string =>
  [
    counted(progress.rows, "row", "rows"),
    ...(progress.requests === 0 ? [] : [counted(progress.requests, "request", "requests")]),
    `${Math.round(progress.rowsPerSecond).toLocaleString("en-US")}/s`,
    ...Option.toArray(
      Option.map(
        progress.range,
        ({ newest, oldest }) => `${DateTime.formatIsoDateUtc(oldest)} to ${DateTime.formatIsoDateUtc(newest)}`
      )
    ),
    ...Option.toArray(Option.map(progress.fraction, (part) => `${Math.floor(part * 100)} %`)),
    inBrief(progress.elapsed),
    ...Option.toArray(Option.map(progress.remaining, (left) => `${inBrief(left)} left`))
  ].join(", ")

/**
 * Formats progress as a bar and a line, for a terminal: `[#####---------------] …`. Without a known fraction it is the
 * line alone. The bar has 0 to 1000 characters, 20 by default. {@link line} has an example.
 *
 * @category formatting
 * @since 0.1.0
 */
export const bar = (progress: Progress, options?: { readonly width?: number | undefined }): string => {
  if (Option.isNone(progress.fraction)) return line(progress)
  const width = Math.min(Math.max(options?.width ?? 20, 0), 1000)
  const done = Math.floor(progress.fraction.value * width)
  return `[${"#".repeat(done)}${"-".repeat(width - done)}] ${line(progress)}`
}
