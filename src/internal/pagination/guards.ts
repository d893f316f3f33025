/**
 * What each page is checked against before its rows are handed out, so that no row comes twice and no read goes round in
 * circles. A read remembers the ids of the last page and of the rows within ten minutes of where it is, however long the list.
 */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import type { DecodeError } from "../../StripeError.ts"
import type { Page, Row, Window } from "../list/model.ts"

/**
 * One place on a page: a row, what is wrong with the row that stands there, or a row that the filter leaves out. `created`
 * is in epoch milliseconds.
 */
export type Entry<A> = { readonly id: string | undefined } & (
  | { readonly created: number; readonly row: A; readonly error?: undefined }
  | { readonly created: number | undefined; readonly row?: undefined; readonly error: DecodeError | undefined }
)

/** The places of a page in the order of the reply. */
export const entriesOf = <A extends Row>(page: Page<A>): ReadonlyArray<Entry<A>> => {
  const entries: Array<Entry<A>> = page.data.map((row) => ({
    // An empty id cannot be sent as a cursor.
    id: row.id === "" ? undefined : row.id,
    created: DateTime.toEpochMillis(row.created),
    row
  }))
  const apart: Array<Entry<A> & { readonly position: number }> = []
  for (const { created, error, id, position } of page.invalid ?? []) {
    apart.push({ id, created: created === undefined ? undefined : created * 1000, error, position })
  }
  for (const { created, id, position } of page.excluded ?? []) {
    apart.push({ id, created: DateTime.toEpochMillis(created), error: undefined, position })
  }
  // In rising order, each position counts the places before it.
  for (const { position, ...entry } of apart.sort((one, other) => one.position - other.position)) {
    entries.splice(position, 0, entry)
  }
  return entries
}

/**
 * How far a row may be out of place, in milliseconds. Stripe documents "newest first" and stamps rows on many machines, so
 * a row a few seconds out of order is expected. Ten minutes is how long other readers of Stripe look back for rows that
 * were listed late (tap-stripe, PR #45).
 */
export const disorder = 600_000

/** What a read remembers of the rows that it handed out. */
export interface Seen {
  /** The recent ids, in the order in which they came, and when each row was created. */
  readonly ids: Map<string, number>
  /** The farthest moment that was reached, in milliseconds; unset before the first row. */
  readonly reached: number | undefined
  /** How far the read had come before the last page: older ids are forgotten only from there on. */
  readonly before: number | undefined
}

export const nothing = (): Seen => ({ ids: new Map(), reached: undefined, before: undefined })

/** Checks that places, in the order of the read, can follow what was seen. Fails with what is wrong. */
export const checkOrder = <A>(
  seen: Seen,
  entries: ReadonlyArray<Entry<A>>,
  oldestFirst: boolean
): Result.Result<Seen, string> => {
  const { before, ids } = seen
  // Oldest-first is the same with the sign of time turned round.
  const sign = oldestFirst ? -1 : 1
  if (before !== undefined) {
    for (const [id, time] of ids) {
      if (time <= before + disorder) break
      ids.delete(id)
    }
  }
  let reached = seen.reached
  for (const { created, id } of entries) {
    const time = created === undefined ? reached : created * sign
    if (time !== undefined && reached !== undefined && time > reached + disorder) {
      const apart = Math.round((time - reached) / 1000)
      return Result.fail(
        `${id ?? "a row without an id"} is ${apart} seconds ${oldestFirst ? "older" : "newer"} than a row before it`
      )
    }
    if (id !== undefined) {
      if (ids.has(id)) return Result.fail(`${id} came again`)
      ids.set(id, time ?? Number.POSITIVE_INFINITY)
    }
    if (time !== undefined && (reached === undefined || time < reached)) reached = time
  }
  return Result.succeed({ ids, reached, before: seen.reached })
}

export const secondOf = (millis: number): number => Math.floor(millis / 1000)

/** The first row that lies outside of the range of time that was asked for, in words. */
const outside = (
  entries: ReadonlyArray<Entry<unknown>>,
  { gte = Number.NEGATIVE_INFINITY, lt = Number.POSITIVE_INFINITY }: Window
): string | undefined => {
  const found = entries.find(
    ({ created, row }) => row !== undefined && created !== undefined && (created < gte * 1000 || created >= lt * 1000)
  )
  return found && `${found.id ?? "a row"} is outside of the range of created that was asked for`
}

/** Checks a page as a whole, and its places, in the order of the read. Fails with what is wrong. */
export const checkPage = <A extends Row>(
  seen: Seen,
  page: Page<A>,
  entries: ReadonlyArray<Entry<A>>,
  asked: {
    readonly limit: number
    readonly oldestFirst: boolean
    readonly cursor: string | undefined
    readonly within: Window | undefined
  }
): Result.Result<Seen, string> => {
  if (entries.length === 0 && page.has_more) return Result.fail("has_more is true on a page without rows")
  const limit = page.limit ?? asked.limit
  if (entries.length > limit) return Result.fail(`expected at most ${limit} rows, got ${entries.length}`)
  // A cursor is never among the rows that follow it: it would be asked for again and again.
  if (asked.cursor !== undefined && entries.some(({ id }) => id === asked.cursor)) {
    return Result.fail(`the cursor ${asked.cursor} came again, among the rows after it`)
  }
  const stray = asked.within === undefined ? undefined : outside(entries, asked.within)
  return stray === undefined ? checkOrder(seen, entries, asked.oldestFirst) : Result.fail(stray)
}
