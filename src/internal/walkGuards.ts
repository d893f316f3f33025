/**
 * What a page is held against before its rows are let through: the page before it, and the rows of the last second. That
 * is all that a walk remembers, however long the list is.
 */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import type { DecodeError } from "../StripeError.ts"
import type { Page, Row, Window } from "./listModel.ts"

/** One place on a page: a row, or what is wrong with the row that stands there. `created` is in epoch milliseconds. */
export type Entry<A> =
  | { readonly id: string | undefined; readonly created: number; readonly row: A; readonly error?: undefined }
  | { readonly id: string | undefined; readonly created: number | undefined; readonly error: DecodeError }

/** The places of a page in the order of the reply. */
export const entriesOf = <A extends Row>(page: Page<A>): ReadonlyArray<Entry<A>> => {
  const entries: Array<Entry<A>> = page.data.map((row) => ({
    // An empty id cannot be sent as a cursor.
    id: row.id === "" ? undefined : row.id,
    created: DateTime.toEpochMillis(row.created),
    row
  }))
  // Positions rise, so each one counts the places before it.
  for (const { created, error, id, position } of page.invalid ?? []) {
    entries.splice(position, 0, { id, created: created === undefined ? undefined : created * 1000, error })
  }
  return entries
}

export const secondOf = (millis: number): number => Math.floor(millis / 1000)

const hasMoment = ({ created }: Entry<unknown>): boolean => created !== undefined

/** The seconds of the first and the last place, as far as places say when they were created. */
export const spanOf = (entries: ReadonlyArray<Entry<unknown>>): { first: number; last: number } | undefined => {
  const first = entries.find(hasMoment)?.created
  const last = entries.findLast(hasMoment)?.created
  return first === undefined || last === undefined ? undefined : { first: secondOf(first), last: secondOf(last) }
}

/** Where a walk has been since it started, or since it had to find its place again. */
export interface Trail {
  /** The ids of the page before. Not its rows, which are for the consumer to keep or not. */
  readonly ids: ReadonlyArray<string | undefined>
  /** The ids in the last second, on however many pages. */
  readonly second: Set<string>
  /** The moment of the last row, in epoch milliseconds; unset before the first. */
  readonly created: number | undefined
}

export const nowhere = (): Trail => ({ ids: [], second: new Set(), created: undefined })

/**
 * Checks that places, in the order of the walk, can follow the trail. Fails with what was seen.
 *
 * A row that comes again is as old as it was, so it is out of order, or in the second of a row just before it: only the
 * ids of one second need be remembered. A place that does not say when it was created is looked for on the whole page.
 */
export const follow = <A>(
  trail: Trail,
  entries: ReadonlyArray<Entry<A>>,
  oldestFirst: boolean
): Result.Result<Trail, string> => {
  let { created } = trail
  // The ids of the second that is being read, and where on this page it begins. Most seconds have one row and no set.
  let second: Set<string> | undefined = trail.second
  let since = 0
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]
    if (entry === undefined) break
    const { id } = entry
    const next = entry.created ?? created
    if (next !== undefined && created !== undefined && (oldestFirst ? next < created : next > created)) {
      return Result.fail(
        cameAgain(trail, entries, index) ??
          `${id ?? "a row without an id"} is ${oldestFirst ? "older" : "newer"} than the row before it`
      )
    }
    if (entry.created === undefined) {
      const again = cameAgain(trail, entries, index)
      if (again !== undefined) return Result.fail(again)
    }
    if (next !== undefined && (created === undefined || secondOf(next) !== secondOf(created))) {
      created = next
      second = undefined
      since = index
      continue
    }
    created = next
    second ??= idsOf(entries.slice(since, index))
    if (id === undefined) continue
    if (second.has(id)) return Result.fail(cameAgain(trail, entries, index) ?? `${id} came again`)
    second.add(id)
  }
  // The set of a second grows in place: a second can hold more rows than are worth copying for each page.
  return Result.succeed({ ids: entries.map(({ id }) => id), second: second ?? idsOf(entries.slice(since)), created })
}

const idsOf = (entries: ReadonlyArray<Entry<unknown>>): Set<string> =>
  new Set(entries.flatMap(({ id }) => (id === undefined ? [] : [id])))

/** What is wrong if a place was there before. */
const cameAgain = (trail: Trail, entries: ReadonlyArray<Entry<unknown>>, index: number): string | undefined => {
  const id = entries[index]?.id
  if (id === undefined) return undefined
  if (entries.slice(0, index).some((entry) => entry.id === id)) return `${id} came twice on one page`
  return trail.ids.includes(id) || trail.second.has(id) ? `${id} came again, after the page before` : undefined
}

/** What a walk that finds its place again by time has passed already: all before a second, and these rows of it. */
export interface Behind {
  readonly second: number
  readonly ids: ReadonlySet<string>
}

/** Whether a place was passed already. */
export const isBehind = <A>(behind: Behind | undefined, { created, id }: Entry<A>, oldestFirst: boolean): boolean => {
  if (behind === undefined) return false
  if (id !== undefined && behind.ids.has(id)) return true
  if (created === undefined) return false
  const second = secondOf(created)
  return oldestFirst ? second < behind.second : second > behind.second
}

/** What is behind a walk that stands at the end of its trail. */
export const behindOf = (trail: Trail, before: Behind | undefined): Behind | undefined => {
  if (trail.created === undefined) return before
  const second = secondOf(trail.created)
  const ids = before?.second === second ? new Set([...before.ids, ...trail.second]) : trail.second
  return { second, ids }
}

/** What is wrong with places that were asked for by time, if one of them is of another time. */
export const outside = (
  entries: ReadonlyArray<Entry<unknown>>,
  { gte = Number.NEGATIVE_INFINITY, lt = Number.POSITIVE_INFINITY }: Window
): string | undefined => {
  const found = entries.find(
    ({ created }) => created !== undefined && (secondOf(created) < gte || secondOf(created) >= lt)
  )
  return found && `${found.id ?? "a row"} is not of the range of time that was asked for`
}

/** Checks a page as a whole, and its places, in the order of the walk, against the cursor it was asked for by and the trail. */
export const checkPage = <A extends Row>(
  trail: Trail,
  page: Page<A>,
  entries: ReadonlyArray<Entry<A>>,
  limit: number,
  oldestFirst: boolean,
  cursor?: string | undefined
): Result.Result<Trail, string> => {
  if (entries.length === 0 && page.has_more) {
    return Result.fail("Stripe announced more rows and sent a page without any")
  }
  const asked = page.limit ?? limit
  if (entries.length > asked) return Result.fail(`${asked} rows were asked for and ${entries.length} came`)
  const followed = follow(trail, entries, oldestFirst)
  // A cursor is never a part of what follows it, whatever time its row has now: it would be asked for again and again.
  return Result.isSuccess(followed) && cursor !== undefined && entries.some(({ id }) => id === cursor)
    ? Result.fail(`${cursor} came again, in the reply to what follows it`)
    : followed
}
