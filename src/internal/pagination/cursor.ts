/**
 * The way through a list, page after page: which request comes next, and whether the reply can follow the one before, so that
 * no row comes twice and no read goes round in circles. A read remembers the ids of the last page and of the rows within ten
 * to twenty minutes of where it is, however long the list.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { PaginationStalledError } from "../../StripeError.ts"
import type { Query } from "../client/model.ts"
import type { Entry, FetchedPage, FetchPage, PageRequest, Row, Window } from "../list/model.ts"
import * as CreatedWithin from "./createdWithin.ts"
import type { Options } from "./options.ts"
import * as PageSize from "./pageSize.ts"

/** What a request for a page says in addition to the filter. */
export type PageQuery = Pick<PageRequest, "starting_after" | "ending_before" | "within"> & {
  readonly limit?: number | undefined
}

/** The query of a request for a page: the filter within the range of the request, its limit and its cursor. */
export const toQuery = (request: PageQuery, filter: Query): Query => {
  const { ending_before, limit, starting_after, within } = request
  const parameters: Array<Query[number]> = [...(within === undefined ? filter : CreatedWithin.narrow(filter, within))]
  if (limit !== undefined) parameters.push(["limit", String(limit)])
  if (starting_after !== undefined) parameters.push(["starting_after", starting_after])
  if (ending_before !== undefined) parameters.push(["ending_before", ending_before])
  return parameters
}

/** How a list is read: options that were checked, and what a caller cannot choose. */
export type Reading<E = unknown, R = unknown> = Options<E, R> & {
  /** Whether the last page asks only for the rows that are still wanted. Not where the fetch leaves out rows. @default true */
  readonly fitsLastPage?: boolean
  /**
   * The second above which the list is read by its cursor alone, however many requests are in flight. Where the read starts
   * at a row, the reader finds it out.
   */
  readonly cutBelow?: number
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

/** What a read remembers of the rows that it handed out. */
interface Seen {
  /** The ids since the half before it was closed. */
  readonly ids: Set<string>
  /** The ids of the half before. */
  readonly older: ReadonlySet<string>
  /** How far the read had come when `ids` was begun. */
  readonly since: number
  /** The farthest moment that was reached, in milliseconds; unset before the first row. */
  readonly reached: number | undefined
}

/** Where a read is. */
export interface State {
  readonly page: number
  readonly cursor: string | undefined
  readonly remaining: number
  /** Set since a page failed for its size. */
  readonly size: PageSize.PageSize | undefined
  readonly seen: Seen
}

export const start = (cursor: string | undefined, remaining: number): State => ({
  page: 1,
  cursor,
  remaining,
  size: undefined,
  // The row that the read starts from counts as handed out.
  seen: { ids: new Set(cursor === undefined ? [] : [cursor]), older: new Set(), since: Infinity, reached: undefined }
})

/** The next page, and where the read is after it. */
export const next = Effect.fnUntraced(function* <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  reading: Reading,
  state: State,
  within: Window | undefined = reading.within
): Effect.fn.Return<readonly [step: Step<A>, state: Option.Option<State>], E | PaginationStalledError, R> {
  const { cursor, page, remaining, size } = state
  const { endingBefore, fitsLastPage = true, pageSize = 100 } = reading
  const oldestFirst = endingBefore !== undefined
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

  const inReply = entriesOf(reply)
  const entries = oldestFirst ? inReply.toReversed() : inReply
  // Not a cursor: a row without an id, or outside of the range. A server that ignored the range once would not find it the
  // next time. Such rows at the end of a page come again on the next one.
  const inside = entries.findLastIndex((entry) => (entry.id ?? "") !== "" && isInside(entry, within))
  const last = inside >= 0 ? inside : entries.findLastIndex(({ id = "" }) => id !== "")
  const whole = has_more && last >= 0 && last < entries.length - 1 ? entries.slice(0, last + 1) : entries
  const checked = checkPage(state.seen, reply, whole, { limit, oldestFirst, within })
  if (Result.isFailure(checked)) return yield* stalled(checked.failure)
  const wanted = whole.length > remaining ? upTo(whole, remaining) : whole
  const left = Number.isFinite(remaining) ? remaining - countRows(wanted) : remaining
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

/** The rows of a reply in the order of the reply. */
export const entriesOf = <A extends Row>({ data, entries }: FetchedPage<A>): ReadonlyArray<Entry<A>> =>
  entries ??
  // An empty id cannot be sent as a cursor.
  data.map((row) => ({ id: row.id || undefined, created: DateTime.toEpochMillis(row.created), row }))

/** How many places count for `maxItems`: rows that could not be decoded do, and rows that the filter leaves out do not. */
export const countRows = (entries: ReadonlyArray<Entry<unknown>>): number => {
  let count = 0
  for (const { error, row } of entries) if (row !== undefined || error !== undefined) count++
  return count
}

/**
 * How far a row may be out of place, in milliseconds. Stripe documents "newest first" and stamps rows on many machines, so
 * a row a few seconds out of order is expected. Ten minutes is how long other readers of Stripe look back for rows that
 * were listed late (tap-stripe, PR #45).
 */
export const disorder = 600_000

/** Whether a place lies in the range of time that was asked for, as far as it says when it was created. */
export const isInside = ({ created }: Entry<unknown>, { gte = -Infinity, lt = Infinity }: Window = {}): boolean =>
  created === undefined || (created >= gte * 1000 && created < lt * 1000)

/** Checks a page, whose places are in the order of the read, against what was seen before. Fails with what is wrong. */
export const checkPage = <A extends Row>(
  seen: Seen,
  page: FetchedPage<A>,
  entries: ReadonlyArray<Entry<A>>,
  asked: { readonly limit: number; readonly oldestFirst: boolean; readonly within: Window | undefined }
): Result.Result<Seen, string> => {
  // The fetch may be one of plain JavaScript. Without has_more a list would end too early.
  if (typeof page.has_more !== "boolean") return Result.fail("expected has_more to be true or false")
  if (entries.length === 0 && page.has_more) return Result.fail("has_more is true, but the page is empty")
  const limit = page.limit ?? asked.limit
  const rows = (page.entries ?? page.data).length
  if (rows > limit) return Result.fail(`expected at most ${limit} rows, got ${rows}`)
  let decoded = 0
  for (const { row } of page.entries ?? []) if (row !== undefined) decoded++
  if (page.entries !== undefined && decoded !== page.data.length) {
    return Result.fail(`expected entries with the ${page.data.length} rows of data, got ${decoded}`)
  }
  for (const entry of asked.within === undefined ? [] : entries) {
    if (entry.row === undefined || isInside(entry, asked.within)) continue
    return Result.fail(`${entry.id ?? "a row"} is outside the requested range of created`)
  }

  // Ids are forgotten by halves, which is much cheaper than one by one. A row of a half that is dropped would be refused
  // for its place: it lies more than ten minutes behind.
  const isFull = seen.reached !== undefined && seen.reached + disorder < seen.since
  const { ids, older, since } = isFull ? { ids: new Set<string>(), older: seen.ids, since: seen.reached } : seen
  // Oldest-first is the same with the sign of time turned round.
  const sign = asked.oldestFirst ? -1 : 1
  let reached = seen.reached
  for (const { created, id } of entries) {
    // The ids come first: of a page that is returned again, they say more than the times do.
    if (id !== undefined) {
      const size = ids.size
      if (older.has(id) || ids.add(id).size === size) return Result.fail(`${id} was returned again`)
    }
    const time = created === undefined ? reached : created * sign
    if (time !== undefined && reached !== undefined && time > reached + disorder) {
      const apart = Math.round((time - reached) / 1000)
      const side = asked.oldestFirst ? "older" : "newer"
      return Result.fail(`${id ?? "a row without an id"} is ${apart} seconds ${side} than a row before it`)
    }
    if (time !== undefined && (reached === undefined || time < reached)) reached = time
  }
  return Result.succeed({ ids, older, since, reached })
}
