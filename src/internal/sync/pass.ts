/**
 * One pass of a run: from one end of what was processed onward, page by page, to the end of the list or to the rows that
 * are too young.
 */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Advance, Interval } from "../../Checkpoint.ts"
import type { Options as PaginationOptions, PaginationError } from "../../Pagination.ts"
import { CheckpointMismatchError, isStripeError, PaginationStalledError } from "../../StripeError.ts"
import type { Entry, FetchPage, Row, Window } from "../list/model.ts"
import * as CreatedWithin from "../pagination/createdWithin.ts"
import * as Cursor from "../pagination/cursor.ts"
import * as Read from "../pagination/read.ts"

/** How far rows may be out of order, in seconds. */
const tolerance = Cursor.disorder / 1000

/** What every page of a run is read with. */
export type PageOptions<E, R> = Pick<PaginationOptions<E, R>, "pageSize" | "prefetch" | "onDecodeError" | "concurrency">

/** Where a pass begins, and where it ends. */
export interface Pass {
  readonly direction: "newer" | "older"
  /** The first second in which rows may still appear. */
  readonly until: number
  /** What was processed before, if anything was. */
  readonly from: Interval | undefined
}

/** What one page brought. */
export interface Step<A> {
  /** The rows to hand out. */
  readonly rows: ReadonlyArray<A>
  /** A moment before the rows were asked for. */
  readonly readAt: DateTime.Utc
  /** How far the pass has come: by the rows that were read, whether they are handed out or not. */
  readonly advance: Advance
}

/** The pages of a pass. */
export const steps = <A extends Row, E, R, E2, R2>(
  { fetch, range = {} }: { readonly fetch: FetchPage<A, E, R>; readonly range?: Window | undefined },
  options: PageOptions<E2, R2>,
  { direction, from, until }: Pass
): Stream.Stream<Step<A>, E | E2 | PaginationError | CheckpointMismatchError, R | R2> =>
  Stream.suspend(() => {
    const begin = direction === "newer" ? from?.newest : from?.oldest
    const below = from?.oldest.within
    let page = 0

    const within = (part: Window) => ({ ...options, within: CreatedWithin.intersect(range, part) })
    /** The reads of this pass, in this order. */
    const readings: ReadonlyArray<Cursor.Reading<E2, R2>> =
      begin === undefined
        ? // The list begins at its newest row, which may be too young. The rows that are not may stand among those.
          [{ ...within({ lt: until + tolerance }), cutBelow: until - tolerance }].filter(
            // Before the range begins there is nothing to ask for. Nor is there a batch, so the next run begins anew.
            (reading) => !CreatedWithin.isEmpty(reading.within)
          )
        : direction === "newer"
          ? [{ ...within({}), endingBefore: begin.id }]
          : below === undefined
            ? [{ ...within({}), startingAfter: begin.id }]
            : [
                { ...within(below), startingAfter: begin.id, concurrency: 1 },
                ...(below.gte === undefined ? [] : [within({ lt: below.gte })])
              ]

    /** The rows at both ends, and those beyond the end where the pass begins, were processed before. */
    const isProcessed = ({ created, id }: Entry<unknown>): boolean => {
      if (from === undefined || begin === undefined) return false
      if (id === from.newest.id || id === from.oldest.id) return true
      if (created === undefined) return false
      const past = DateTime.toEpochMillis(begin.created) - created
      return (direction === "newer" ? past : -past) > Cursor.disorder
    }

    const isYoung = ({ created = 0 }: Entry<unknown>): boolean => created >= until * 1000
    let isSettled = begin !== undefined

    /** The places of a page that are old enough: rows may be added next to the others. */
    const settledOf = <B>(entries: ReadonlyArray<Entry<B>>): ReadonlyArray<Entry<B>> => {
      const young = direction === "newer" ? entries.findIndex(isYoung) : -1
      if (young >= 0) return entries.slice(0, young)
      if (isSettled) return entries
      // From the first row that is old enough on, every row is behind it, however young it is.
      const first = entries.findIndex((entry) => entry.created !== undefined && !isYoung(entry))
      isSettled = first >= 0
      return isSettled ? entries.slice(first) : []
    }

    const toStep = Effect.fnUntraced(function* (reading: Cursor.Reading<E2, R2>, step: Cursor.Step<A>) {
      const { entries, has_more, readAt, requestId, within } = step
      page++
      const again = entries.find(isProcessed)
      if (again !== undefined) {
        const description = `${again.id ?? "a row"} was processed before, and was returned again among the rows ${direction} than ${begin?.id}`
        return yield* new PaginationStalledError({ description, page, cursor: begin?.id, requestId })
      }
      const settled = settledOf(entries)
      // A checkpoint names no row outside of the range: a server that ignored the range once would not find it again.
      const places = settled.filter((entry) => Cursor.isInside(entry, within)).flatMap(rowOf)
      const advance: Advance = {
        direction,
        rows: places,
        within: partOf(begin === undefined ? reading.within : range, within),
        end: (direction === "newer" && settled.length < entries.length) || (!has_more && reading === readings.at(-1))
      }
      return { rows: Read.rowsOf({ entries: settled }), readAt, advance }
    })

    return Stream.fromIterable(readings).pipe(
      Stream.flatMap((reading) => Stream.mapEffect(Read.read(fetch, reading, Arr.of), (step) => toStep(reading, step))),
      Stream.takeUntil(({ advance }) => advance.end),
      Stream.mapError((error) =>
        page === 0 && begin !== undefined && isCursorLost(error)
          ? new CheckpointMismatchError({ problem: "position", expected: "the rows of this key", actual: begin.id })
          : error
      )
    )
  })

/** What a range of `created` leaves out of the whole, if it is a part of it. */
const partOf = (whole: Window = {}, { gte, lt }: Window = {}): Window | undefined => {
  const part = { ...(gte === whole.gte ? {} : { gte }), ...(lt === whole.lt ? {} : { lt }) }
  return Object.keys(part).length === 0 ? undefined : part
}

/** A place that a checkpoint can name. */
const rowOf = ({ created, id }: Entry<unknown>): ReadonlyArray<Row> =>
  id === undefined || created === undefined ? [] : [{ id, created: DateTime.makeUnsafe(created) }]

const isCursorLost = (error: unknown): boolean => isStripeError(error) && error.reason._tag === "CursorNotFoundError"
