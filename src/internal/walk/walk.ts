/**
 * The way through a list, page after page: which request comes next, and whether the reply can follow the one before.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { PaginationStalledError } from "../../StripeError.ts"
import type { FetchPage, PageRequest, Row, Window } from "../list/model.ts"
import * as Guards from "./guards.ts"
import * as PageSize from "./pageSize.ts"

/** Where a read starts, which way it goes and where it ends. */
export interface Route {
  readonly oldestFirst: boolean
  /** The id that the caller gave to start from. */
  readonly start: string | undefined
  /** The range of `created` to read. */
  readonly within: Window | undefined
  /**
   * The second above which the list is read by its cursor alone, however many requests are in flight. Where the read starts
   * at a row, it is found out.
   */
  readonly cutBelow?: number | undefined
  readonly pageSize: number
  readonly maxItems: number
  /** Whether the last page asks only for the rows that are still wanted. Not where the fetch leaves out rows. */
  readonly fitsLastPage: boolean
}

/** The places of one page, in the order of the read. */
export interface Step<A> {
  readonly entries: ReadonlyArray<Guards.Entry<A>>
  readonly has_more: boolean
  readonly requestId: string | undefined
  /** The range of `created` that it was asked for with. */
  readonly within: Window | undefined
}

/** Where a read is. */
export interface State {
  readonly page: number
  readonly cursor: string | undefined
  readonly remaining: number
  readonly size: PageSize.PageSize
  readonly seen: Guards.Seen
}

export const start = (route: Route): State => ({
  page: 1,
  cursor: route.start,
  remaining: route.maxItems,
  size: PageSize.start(route.pageSize),
  seen: Guards.nothing()
})

type Next<A, E, R> = Effect.Effect<readonly [step: Step<A>, state: Option.Option<State>], E, R>

/** The next page, and where the read is after it. */
export const next = <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  route: Route,
  state: State,
  within: Window | undefined = route.within
): Next<A, E | PaginationStalledError, R> => {
  const { cursor, page, remaining } = state
  const { oldestFirst } = route
  const limit = route.fitsLastPage ? Math.min(state.size.limit, remaining) : state.size.limit
  const request: PageRequest = {
    page,
    limit,
    ...(cursor === undefined ? {} : oldestFirst ? { ending_before: cursor } : { starting_after: cursor }),
    ...(within?.gte === undefined && within?.lt === undefined ? {} : { within })
  }
  // A fetch of the caller's own may throw.
  return Effect.flatMap(
    Effect.suspend(() => fetch(request)),
    (reply): Next<A, PaginationStalledError, never> => {
      const { has_more, requestId } = reply
      const stalled = (description: string) =>
        Effect.fail(new PaginationStalledError({ description, page, cursor, requestId }))

      const inReply = Guards.entriesOf(reply)
      const entries = oldestFirst ? inReply.toReversed() : inReply
      const checked = Guards.checkPage(state.seen, reply, entries, { limit, oldestFirst, cursor, within })
      if (Result.isFailure(checked)) return stalled(checked.failure)

      // Rows without an id at the end of a page come again on the next one, which starts after the last row that has one.
      const last = entries.findLastIndex(({ id }) => id !== undefined)
      const wanted = upTo(has_more ? entries.slice(0, last + 1) : entries, remaining)
      const left = remaining - countRows(wanted)
      const step: Step<A> = { entries: wanted, has_more: has_more || wanted.length < entries.length, requestId, within }
      if (!has_more || left === 0) return Effect.succeed([step, Option.none()])
      if (last < 0) return stalled("has_more is true and no row on the page has an id to use as the cursor")
      const moved: State = {
        page: page + 1,
        cursor: entries[last]?.id,
        remaining: left,
        size: PageSize.after(state.size, limit, reply.limit, route.pageSize),
        seen: checked.success
      }
      return Effect.succeed([step, Option.some(moved)])
    }
  )
}

/** Rows that could not be decoded count for `maxItems`, and rows that the filter leaves out do not. */
const counts = ({ error, row }: Guards.Entry<unknown>): boolean => row !== undefined || error !== undefined

/** How many places count for `maxItems`. */
export const countRows = (entries: ReadonlyArray<Guards.Entry<unknown>>): number => {
  let count = 0
  for (const entry of entries) if (counts(entry)) count++
  return count
}

/** The places up to so many rows. */
export const upTo = <A>(entries: ReadonlyArray<Guards.Entry<A>>, rows: number): ReadonlyArray<Guards.Entry<A>> => {
  if (entries.length <= rows) return entries
  let left = rows
  const end = entries.findIndex((entry) => counts(entry) && --left < 0)
  return end < 0 ? entries : entries.slice(0, end)
}
