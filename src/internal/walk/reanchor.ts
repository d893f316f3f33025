/**
 * Finding the place again when the row that was the cursor is no longer in the list.
 *
 * Towards older rows that is easy, because a list without a cursor starts at the newest row of a range. Towards newer
 * rows there is no such thing as an oldest-first list, so the range is narrowed until its oldest part fits on a page.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { PaginationStalledError } from "../../StripeError.ts"
import type { FetchPage, Page, Row, Window } from "../list/model.ts"
import * as Guards from "./guards.ts"

/** What was found from a second on. */
export interface Found<A> {
  /** Rows that were not passed yet, oldest first, without a gap up to the last of them. */
  readonly entries: ReadonlyArray<Guards.Entry<A>>
  /** Whether the list has newer rows than these. */
  readonly has_more: boolean
  readonly requestId: string | undefined
}

/** How to look for the place. */
export interface Search<A, E, R> {
  readonly fetch: FetchPage<A, E, R>
  readonly page: number
  readonly limit: number
  readonly behind: Guards.Behind
  /** The seconds that a page of this list may cover, for the first guess. */
  readonly seconds: number
  /** Everything in a window, newest first, on as many pages as it takes. */
  readonly readAll: (window: Window) => Effect.Effect<ReadonlyArray<Guards.Entry<A>>, E | PaginationStalledError, R>
}

/** The oldest rows from `behind.second` on that are not behind. */
export const oldestFrom = Effect.fnUntraced(function* <A extends Row, E, R>(
  search: Search<A, E, R>
): Effect.fn.Return<Found<A>, E | PaginationStalledError, R> {
  const { behind, limit, page } = search
  const isNew = (entry: Guards.Entry<A>) => !Guards.isBehind(behind, entry, true)
  const read = (within: Window) =>
    Effect.flatMap(search.fetch({ page, limit, within }), (reply) =>
      Effect.fromResult(
        Result.mapBoth(check(reply, within, limit), {
          onFailure: (description) => new PaginationStalledError({ description, page, requestId: reply.requestId }),
          onSuccess: (entries) => ({ entries, has_more: reply.has_more, requestId: reply.requestId })
        })
      )
    )
  const found = (entries: ReadonlyArray<Guards.Entry<A>>, has_more: boolean, requestId: string | undefined) => ({
    entries: entries.filter(isNew).reverse(),
    has_more,
    requestId
  })

  // Often there is little left to read.
  const rest = yield* read({ gte: behind.second })
  if (!rest.has_more) return found(rest.entries, false, rest.requestId)
  const newest = rest.entries.find((entry) => entry.created !== undefined)?.created
  if (newest === undefined) {
    const description = "no row on the newest page says when it was created, so the next row cannot be found by time"
    return yield* new PaginationStalledError({ description, page, requestId: rest.requestId })
  }

  let gte = behind.second
  let seconds = search.seconds
  while (gte <= Guards.secondOf(newest)) {
    const window = { gte, lt: gte + seconds }
    const part = yield* read(window)
    if (part.has_more && seconds > 1) {
      seconds = Math.ceil(seconds / 2)
      continue
    }
    // A single second cannot be narrowed, however many rows it has.
    const entries = part.has_more ? yield* search.readAll(window) : part.entries
    if (entries.some(isNew)) return found(entries, true, part.requestId)
    gte += seconds
    seconds *= 2
  }
  return found([], false, rest.requestId)
})

/** The places of a page that was asked for by time alone, newest first, or what is wrong with it. */
const check = <A extends Row>(
  reply: Page<A>,
  window: Window,
  limit: number
): Result.Result<ReadonlyArray<Guards.Entry<A>>, string> => {
  const entries = Guards.entriesOf(reply)
  const outside = Guards.outside(entries, window)
  if (outside !== undefined) return Result.fail(outside)
  return Result.map(Guards.checkPage(Guards.nowhere(), reply, entries, limit, false), () => entries)
}
