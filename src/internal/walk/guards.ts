/**
 * What a page is held against before its rows are let through: the page before it, and the rows of the last second. That
 * is all that a walk remembers, however long the list is.
 */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import type { DecodeError } from "../../StripeError.ts"
import type { Page, Row, Window } from "../list/model.ts"

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
  /** The ids of the page before. */
  readonly ids: ReadonlySet<string>
  /** The ids in the last second, on however many pages. */
  readonly second: Set<string>
  /** The moment of the last row, in epoch milliseconds; unset before the first. */
  readonly created: number | undefined
}

export const nowhere = (): Trail => ({ ids: new Set(), second: new Set(), created: undefined })

/** Checks that places, in the order of the walk, can follow the trail. Fails with what was seen. */
export const follow = <A>(
  trail: Trail,
  entries: ReadonlyArray<Entry<A>>,
  oldestFirst: boolean
): Result.Result<Trail, string> => {
  const ids = new Set<string>()
  let { created } = trail
  let named = 0
  // Where the last second begins; -1 if it began on a page before.
  let since = -1
  let index = -1
  for (const { created: next = created, id } of entries) {
    index++
    if (id !== undefined) {
      if (trail.ids.has(id) || trail.second.has(id)) return Result.fail(`${id} came again, after the page before`)
      ids.add(id)
      named++
      if (ids.size < named) return Result.fail(`${id} came twice on one page`)
    }
    if (next === created) continue
    if (next !== undefined && created !== undefined) {
      if (oldestFirst ? next < created - 600_000 : next > created + 600_000) {
        const which = id ?? "a row without an id"
        return Result.fail(`${which} is ${oldestFirst ? "older" : "newer"} than the row before it`)
      }
      if (secondOf(next) !== secondOf(created)) since = index
    }
    created = next
  }
  // The set of a second grows in place: a second can hold more rows than are worth copying for each page.
  const second = since < 0 ? trail.second : new Set<string>()
  for (const { id } of since < 0 ? entries : entries.slice(since)) if (id !== undefined) second.add(id)
  return Result.succeed({ ids, second, created })
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
