/**
 * What each page is checked against before its rows are handed out, so that no row comes twice and no read goes round in
 * circles. A read remembers the ids of the last page and of the rows within ten to twenty minutes of where it is, however
 * long the list.
 */
import * as DateTime from "effect/DateTime"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Entry, FetchedPage, Row, Window } from "../list/model.ts"

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

/** What a read remembers of the rows that it handed out. */
export interface Seen {
  /** The ids since the half before it was closed. */
  readonly ids: Set<string>
  /** The ids of the half before. */
  readonly older: ReadonlySet<string>
  /** How far the read had come when `ids` was begun. */
  readonly since: number
  /** The farthest moment that was reached, in milliseconds; unset before the first row. */
  readonly reached: number | undefined
}

/** Whether a place lies in the range of time that was asked for, as far as it says when it was created. */
export const isInside = (
  { created }: Entry<unknown>,
  { gte = Number.NEGATIVE_INFINITY, lt = Number.POSITIVE_INFINITY }: Window = {}
): boolean => created === undefined || (created >= gte * 1000 && created < lt * 1000)

/** Checks a page, whose places are in the order of the read, against what was seen before. Fails with what is wrong. */
export const checkPage = <A extends Row>(
  seen: Seen,
  page: FetchedPage<A>,
  entries: ReadonlyArray<Entry<A>>,
  asked: { readonly limit: number; readonly oldestFirst: boolean; readonly within: Window | undefined }
): Result.Result<Seen, string> => {
  // The fetch may be one of plain JavaScript. Without has_more a list would end too early.
  if (!Predicate.isBoolean(page.has_more)) return Result.fail("expected has_more to be true or false")
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
