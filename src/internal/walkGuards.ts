/**
 * What a page is held against before its rows are let through: the page before it, and the rows of the last second. That
 * is all that a walk remembers, however long the list is.
 */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import type { DecodeError } from "../StripeError.ts"
import type { Page, Row } from "./listModel.ts"

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
  let second: Array<string> = []
  let sameSecond = true
  for (const { created: next = created, id } of entries) {
    if (id !== undefined) {
      if (ids.has(id)) return Result.fail(`${id} came twice on one page`)
      if (trail.ids.has(id) || trail.second.has(id)) return Result.fail(`${id} came again, after the page before`)
    }
    if (next !== undefined && created !== undefined) {
      if (oldestFirst ? next < created : next > created) {
        const which = id ?? "a row without an id"
        return Result.fail(`${which} is ${oldestFirst ? "older" : "newer"} than the row before it`)
      }
      if (secondOf(next) !== secondOf(created)) {
        sameSecond = false
        second = []
      }
    }
    created = next
    if (id !== undefined) {
      ids.add(id)
      second.push(id)
    }
  }
  // The set of a second grows in place: a second can hold more rows than are worth copying for each page.
  if (!sameSecond) return Result.succeed({ ids, second: new Set(second), created })
  for (const id of second) trail.second.add(id)
  return Result.succeed({ ids, second: trail.second, created })
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

/** Checks a page as a whole, and its places, in the order of the walk, against the trail. */
export const checkPage = <A extends Row>(
  trail: Trail,
  page: Page<A>,
  entries: ReadonlyArray<Entry<A>>,
  limit: number,
  oldestFirst: boolean
): Result.Result<Trail, string> => {
  if (entries.length === 0 && page.has_more) {
    return Result.fail("Stripe announced more rows and sent a page without any")
  }
  const asked = page.limit ?? limit
  if (entries.length > asked) return Result.fail(`${asked} rows were asked for and ${entries.length} came`)
  return follow(trail, entries, oldestFirst)
}
