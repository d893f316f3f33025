/**
 * The way through a list, page after page: which request comes next, and whether the reply can follow the one before.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { PaginationStalledError } from "../../StripeError.ts"
import type { Query } from "../client/model.ts"
import type { Entry, FetchPage, PageRequest, Row, Window } from "../list/model.ts"
import * as CreatedWithin from "./createdWithin.ts"
import * as Guards from "./guards.ts"
import * as PageSize from "./pageSize.ts"

/** What a request for a page says in addition to the filter. */
export type PageParameters = Pick<PageRequest, "starting_after" | "ending_before" | "within"> & {
  readonly limit?: number | undefined
}

/** The query of a request for a page: the filter within the range of the request, its limit and its cursor. */
export const toQuery = (request: PageParameters, filter: Query): Query => {
  const { ending_before, limit, starting_after, within } = request
  const parameters: Array<Query[number]> = [...(within === undefined ? filter : CreatedWithin.narrow(filter, within))]
  if (limit !== undefined) parameters.push(["limit", String(limit)])
  if (starting_after !== undefined) parameters.push(["starting_after", starting_after])
  if (ending_before !== undefined) parameters.push(["ending_before", ending_before])
  return parameters
}

/** Where a read starts, which way it goes and where it ends. */
export interface Route {
  readonly oldestFirst: boolean
  /** The id that the caller gave to start from. */
  readonly start: string | undefined
  /** The range of `created` to read. */
  readonly within: Window | undefined
  /**
   * The second above which the list is read by its cursor alone, however many requests are in flight. Where the read starts
   * at a row, the reader finds it out.
   */
  readonly cutBelow: number | undefined
  readonly pageSize: number
  readonly maxItems: number
  /** Whether the last page asks only for the rows that are still wanted. Not where the fetch leaves out rows. */
  readonly fitsLastPage: boolean
}

/** The places of one page, in the order of the read. */
export interface Step<A> {
  readonly entries: ReadonlyArray<Entry<A>>
  readonly has_more: boolean
  readonly requestId: string | undefined
  /** The moment before it was asked for. */
  readonly readAt: DateTime.Utc
  /** The range of `created` that it was asked for with. */
  readonly within: Window | undefined
  /** Whether there may be a row on it that could not be decoded. */
  readonly hasInvalid: boolean
}

/** Where a read is. */
export interface State {
  readonly page: number
  readonly cursor: string | undefined
  readonly remaining: number
  /** Set since a page failed for its size. */
  readonly size: PageSize.PageSize | undefined
  readonly seen: Guards.Seen
}

export const start = (route: Route): State => ({
  page: 1,
  cursor: route.start,
  remaining: route.maxItems,
  size: undefined,
  // The row that the read starts from counts as handed out.
  seen: {
    ids: new Set(route.start === undefined ? [] : [route.start]),
    older: new Set(),
    since: Number.POSITIVE_INFINITY,
    reached: undefined
  }
})

/** The next page, and where the read is after it. */
export const next = Effect.fnUntraced(function* <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  route: Route,
  state: State,
  within: Window | undefined = route.within
): Effect.fn.Return<readonly [step: Step<A>, state: Option.Option<State>], E | PaginationStalledError, R> {
  const { cursor, page, remaining, size } = state
  const { fitsLastPage, oldestFirst, pageSize } = route
  const limit = Math.min(size?.limit ?? pageSize, fitsLastPage ? remaining : pageSize)
  const readAt = yield* DateTime.now
  const reply = yield* fetch({
    page,
    limit,
    ...(cursor === undefined ? {} : oldestFirst ? { ending_before: cursor } : { starting_after: cursor }),
    ...(within?.gte === undefined && within?.lt === undefined ? {} : { within })
  })
  const { has_more, requestId } = reply
  const stalled = (description: string) => new PaginationStalledError({ description, page, cursor, requestId })

  const inReply = Guards.entriesOf(reply)
  const entries = oldestFirst ? inReply.toReversed() : inReply
  // A row without an id, or with an empty one, cannot be a cursor, nor can one outside of the range: a server that ignored the range once would not
  // find it the next time. Such rows at the end of a page come again on the next one.
  const inside = entries.findLastIndex((entry) => (entry.id ?? "") !== "" && Guards.isInside(entry, within))
  const last = inside >= 0 ? inside : entries.findLastIndex(({ id = "" }) => id !== "")
  const whole = has_more && last >= 0 && last < entries.length - 1 ? entries.slice(0, last + 1) : entries
  const checked = Guards.checkPage(state.seen, reply, whole, { limit, oldestFirst, within })
  if (Result.isFailure(checked)) return yield* stalled(checked.failure)
  const wanted = whole.length > remaining ? upTo(whole, remaining) : whole
  const left = Number.isFinite(remaining) ? remaining - Guards.countRows(wanted) : remaining
  let hasInvalid = false
  for (const { error } of wanted) hasInvalid ||= error !== undefined
  const step: Step<A> = {
    entries: wanted,
    has_more: has_more || wanted.length < entries.length,
    requestId,
    readAt,
    within,
    hasInvalid
  }
  if (!has_more || left === 0) return [step, Option.none()]
  if (last < 0) return yield* stalled("has_more is true, but no row on the page has an id to use as the cursor")
  const isWhole = size === undefined && (reply.limit ?? limit) === limit
  const moved: State = {
    page: page + 1,
    cursor: entries[last]?.id,
    remaining: left,
    size: isWhole ? undefined : PageSize.after(size, limit, reply.limit, pageSize),
    seen: checked.success
  }
  return [step, Option.some(moved)]
})

/** The places up to so many rows. */
export const upTo = <A>(entries: ReadonlyArray<Entry<A>>, rows: number): ReadonlyArray<Entry<A>> => {
  let left = rows
  const end = entries.findIndex(({ error, row }) => (row !== undefined || error !== undefined) && --left < 0)
  return end < 0 ? entries : entries.slice(0, end)
}
