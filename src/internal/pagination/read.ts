/**
 * A list as a stream of pages, whichever way it is read. The options were checked before.
 */
import * as Arr from "effect/Array"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { DecodeError, PaginationStalledError } from "../../StripeError.ts"
import * as Reader from "../concurrent/reader.ts"
import type { Entry, FetchPage, Page, Row } from "../list/model.ts"
import type { OnDecodeError } from "./options.ts"
import * as Cursor from "./cursor.ts"

/** What comes out of a page. */
export type Emit<A, Element> = (step: Cursor.Step<A>) => ReadonlyArray<Element>

type Failure<E, E2> = E | E2 | DecodeError | PaginationStalledError

/**
 * Reads a list. `emit` says what comes out of a page: its rows, say, or the page itself. A stream remembers what it has seen,
 * so each run needs its own.
 */
export const read = <A extends Row, E, R, E2, R2, Element>(
  fetch: FetchPage<A, E, R>,
  reading: Cursor.Reading<E2, R2>,
  emit: Emit<A, Element>
): Stream.Stream<Element, Failure<E, E2>, R | R2> => {
  const { concurrency = 1, endingBefore, maxItems = Infinity, prefetch = 0, startingAfter } = reading
  if (maxItems === 0) return Stream.empty
  if (concurrency > 1 && endingBefore === undefined) return concurrently(Reader.make(fetch, reading), reading, emit)
  type State = Result.Result<Cursor.State, E2 | DecodeError>
  const onPage = Effect.fnUntraced(function* (state: State) {
    const [step, next] = yield* Cursor.next(fetch, reading, yield* Effect.fromResult(state))
    const [elements, failure] = step.hasInvalid ? yield* tell(step, reading, emit) : [emit(step), Option.none()]
    const after: Option.Option<State> = Option.isSome(failure)
      ? Option.some(Result.fail(failure.value))
      : Option.map(next, Result.succeed)
    return [elements, after] as const
  })
  const inSequence = Stream.paginate<State, Element, Failure<E, E2>, R | R2>(
    Result.succeed(Cursor.start(endingBefore ?? startingAfter, maxItems)),
    onPage
  )
  // A page that waits for room in the buffer was requested too.
  return prefetch === 0 ? inSequence : Stream.bufferArray(inSequence, { capacity: prefetch - 1 })
}

const concurrently = <A extends Row, E, R, E2, R2, Element>(
  reader: ReturnType<typeof Reader.make<A, E, R>>,
  reading: Cursor.Reading<E2, R2>,
  emit: Emit<A, Element>
): Stream.Stream<Element, Failure<E, E2>, R | R2> => {
  const elements = Effect.map(reader, (steps) => {
    let failure: Option.Option<E2 | DecodeError> = Option.none()
    return Effect.gen(function* () {
      // A loop, because a recursive call would keep every page without elements until one with elements follows.
      while (true) {
        if (Option.isSome(failure)) return yield* Effect.fail(failure.value)
        const step = yield* steps
        const [elements, failed] = step.hasInvalid ? yield* tell(step, reading, emit) : [emit(step), Option.none()]
        failure = failed
        if (Arr.isReadonlyArrayNonEmpty(elements)) return elements
      }
    })
  })
  // `Stream.scoped` would put its own scope in the place of the caller's, for a fetch or a handler that needs one.
  return Stream.fromChannel(Channel.fromTransformBracket((_upstream, _outer, scope) => Scope.provide(elements, scope)))
}

/** One element a page, one chunk a page. A list without rows is one page without rows. */
export const pageOf = <A>({ entries, has_more, requestId }: Cursor.Step<A>): readonly [Page<A>] => [
  { data: rowsOf({ entries }), has_more, requestId, cursor: entries.findLast(({ id }) => id !== undefined)?.id }
]

/** One element a row. */
export const rowsOf = <A>({ entries }: Pick<Cursor.Step<A>, "entries">): ReadonlyArray<A> => {
  const rows: Array<A> = []
  for (const { row } of entries) if (row !== undefined) rows.push(row)
  return rows
}

/** Passes a row that could not be decoded to the caller's handler. Without one it is a failure. */
export const report = <E, R>(
  error: DecodeError,
  onDecodeError: OnDecodeError<E, R> | undefined
): Effect.Effect<void, E | DecodeError, R> => (onDecodeError === undefined ? Effect.fail(error) : onDecodeError(error))

/**
 * What comes out of a page with rows that could not be decoded: the rows up to the first that nobody takes care of, and then
 * its failure. There are more rows from there on.
 */
const tell = Effect.fnUntraced(function* <A, E, R, Element>(
  step: Cursor.Step<A>,
  { onDecodeError }: Cursor.Reading<E, R>,
  emit: Emit<A, Element>
): Effect.fn.Return<readonly [ReadonlyArray<Element>, Option.Option<E | DecodeError>], never, R> {
  const entries: Array<Entry<A>> = []
  for (const entry of step.entries) {
    if (entry.error === undefined) {
      entries.push(entry)
      continue
    }
    const told = yield* Effect.result(report(entry.error, onDecodeError))
    if (Result.isSuccess(told)) continue
    return [entries.length === 0 ? [] : emit({ ...step, entries, has_more: true }), Option.some(told.failure)]
  }
  return [emit({ ...step, entries }), Option.none()]
})
