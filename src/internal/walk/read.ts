/**
 * A list as a stream of pages, whichever way it is read. The options were checked before.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { DecodeError, PaginationStalledError } from "../../StripeError.ts"
import type { FetchPage, Page, Row } from "../list/model.ts"
import type * as Guards from "./guards.ts"
import * as Prefetch from "./prefetch.ts"
import * as Walking from "./walk.ts"

type OnInvalid<E, R> = ((error: DecodeError) => Effect.Effect<void, E, R>) | undefined

/** How a list is read. */
export interface Reading<E = never, R = never> extends Walking.Route {
  readonly concurrency: number
  readonly prefetch: number
  readonly onInvalid: OnInvalid<E, R>
}

/** The pages with the place of each row. What could not be decoded has been dealt with. */
export const steps = <A extends Row, E, R, E2, R2>(
  fetch: FetchPage<A, E, R>,
  reading: Reading<E2, R2>
): Stream.Stream<Walking.Step<A>, E | E2 | DecodeError | PaginationStalledError, R | R2> =>
  reading.maxItems === 0
    ? Stream.empty
    : inSequence(fetch, reading).pipe(withoutInvalid(reading.onInvalid), Prefetch.chunks(reading.prefetch))

/** One element a page. A list without rows is one page without rows. */
export const pages = <A extends Row, E, R, E2, R2>(
  fetch: FetchPage<A, E, R>,
  reading: Reading<E2, R2>
): Stream.Stream<Page<A>, E | E2 | DecodeError | PaginationStalledError, R | R2> =>
  Stream.map(steps(fetch, reading), ({ entries, has_more, requestId }) => ({
    data: rowsOf(entries),
    has_more,
    requestId,
    cursor: entries.findLast(({ id }) => id !== undefined)?.id
  }))

/** One element a row, one chunk a page. */
export const rows = <A extends Row, E, R, E2, R2>(
  fetch: FetchPage<A, E, R>,
  reading: Reading<E2, R2>
): Stream.Stream<A, E | E2 | DecodeError | PaginationStalledError, R | R2> =>
  steps(fetch, reading).pipe(
    Stream.filterMap(({ entries }) => {
      const rows = rowsOf(entries)
      return Arr.isReadonlyArrayNonEmpty(rows) ? Result.succeed(rows) : Result.fail(undefined)
    }),
    Stream.flattenArray
  )

export const rowsOf = <A>(entries: ReadonlyArray<Guards.Entry<A>>): ReadonlyArray<A> => {
  const rows: Array<A> = []
  for (const { row } of entries) if (row !== undefined) rows.push(row)
  return rows
}

const inSequence = <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  route: Walking.Route
): Stream.Stream<Walking.Step<A>, E | PaginationStalledError, R> =>
  // A read remembers what it has seen, so each run needs its own.
  Stream.suspend(() =>
    Stream.paginate(Walking.start(route), (state) =>
      Effect.map(Walking.next(fetch, route, state), ([step, state]) => [[step], state] as const)
    )
  )

/** Tells the caller of the rows that could not be decoded. Else the first one is a failure, after the rows before it. */
const withoutInvalid =
  <E2, R2>(onInvalid: OnInvalid<E2, R2>) =>
  <A, E, R>(self: Stream.Stream<Walking.Step<A>, E, R>): Stream.Stream<Walking.Step<A>, E | E2 | DecodeError, R | R2> =>
    Stream.transformPull(self, (pull) => {
      type Next = Pull.Pull<Arr.NonEmptyReadonlyArray<Walking.Step<A>>, E | E2 | DecodeError, void, R | R2>
      let failure: Option.Option<E2 | DecodeError> = Option.none()
      const next: Next = Effect.suspend(() =>
        Option.isSome(failure) ? Effect.fail(failure.value) : Effect.flatMap(pull, ([step]) => deal(step))
      )
      const deal = (step: Walking.Step<A>): Next =>
        step.entries.every(({ error }) => error === undefined)
          ? Effect.succeed([step])
          : Effect.flatMap(tell(step, onInvalid), ([told, failed]) => {
              failure = failed
              return told.entries.length === 0 && Option.isSome(failed) ? next : Effect.succeed([told])
            })
      return Effect.succeed(next)
    })

/** The page up to its first row that nobody takes care of. There are more rows from there on. */
const tell = Effect.fnUntraced(function* <A, E, R>(
  step: Walking.Step<A>,
  onInvalid: OnInvalid<E, R>
): Effect.fn.Return<readonly [Walking.Step<A>, Option.Option<E | DecodeError>], never, R> {
  const entries: Array<Guards.Entry<A>> = []
  for (const entry of step.entries) {
    if (entry.error === undefined) {
      entries.push(entry)
      continue
    }
    const failed: Option.Option<E | DecodeError> =
      onInvalid === undefined ? Option.some(entry.error) : yield* failureOf(onInvalid, entry.error)
    if (Option.isSome(failed)) return [{ ...step, entries, has_more: true }, failed]
  }
  return [{ ...step, entries }, Option.none()]
})

// A handler of the caller's own may throw.
const failureOf = <E, R>(onInvalid: NonNullable<OnInvalid<E, R>>, error: DecodeError) =>
  Effect.match(
    Effect.suspend(() => onInvalid(error)),
    { onFailure: (failure: E) => Option.some(failure), onSuccess: () => Option.none<E>() }
  )
