import { DateTime, Effect } from "effect"
import type { Pagination } from "effect-stripe-identity"
import { random, type Seconds } from "./concurrentSimulator.ts"

export type FakeRow = Pagination.Row

/** A list in memory, which answers as Stripe does and dies of what Stripe is never to be asked. */
export interface FakeList {
  readonly fetch: (request: Pagination.PageRequest) => Effect.Effect<Pagination.Page<FakeRow>>
  /** The ids as they are now, newest first. */
  readonly ids: () => ReadonlyArray<string>
  readonly requests: ReadonlyArray<Pagination.PageRequest>
  /** How many requests are unanswered, and the most that were. */
  readonly inFlight: () => number
  readonly mostInFlight: () => number
  /** Adds a row at the head, as new as the newest or newer. */
  readonly insert: (later: number) => void
}

/**
 * The order of ids says nothing about the order of rows, as it is with Stripe. A cursor whose row is not inside of the
 * window it comes with is a defect. The list is in the order of `seconds`, in which a row may stand a little out of place;
 * windows go by the seconds themselves.
 */
export const fakeList = (
  seconds: Seconds,
  wait: (number: number) => Effect.Effect<void> = () => Effect.void
): FakeList => {
  // Oldest first, so that a new row costs nothing.
  const times = seconds.toReversed()
  const name = (serial: number) => `row_${((serial * 7919) % 1_000_003).toString(36)}`
  const ids = seconds.map((_, index) => name(index))
  const places = new Map(ids.map((id, place) => [id, place]))
  let serial = seconds.length
  let flying = 0
  let most = 0
  const requests: Array<Pagination.PageRequest> = []

  const answer = (request: Pagination.PageRequest): Pagination.Page<FakeRow> => {
    const { limit, starting_after, within = {} } = request
    const isInside = (place: number): boolean => {
      const second = times[place] ?? 0
      return second >= (within.gte ?? Number.NEGATIVE_INFINITY) && second < (within.lt ?? Number.POSITIVE_INFINITY)
    }
    let place = ids.length - 1
    if (starting_after === undefined) {
      // Not to look through a long list for each window: rows are a few minutes out of place at most.
      if (within.lt !== undefined) place = Math.min(place, countBefore(times, within.lt + 1200))
    } else {
      const found = places.get(starting_after)
      if (found === undefined || !isInside(found)) {
        throw new Error(`${starting_after} is outside of ${JSON.stringify(within)}`)
      }
      place = found - 1
    }
    const data: Array<FakeRow> = []
    let hasMore = false
    for (; place >= 0 && !hasMore; place--) {
      if ((times[place] ?? 0) < (within.gte ?? Number.NEGATIVE_INFINITY) - 1200) break
      if (!isInside(place)) continue
      if (data.length === limit) hasMore = true
      else data.push({ id: ids[place] ?? "", created: DateTime.makeUnsafe((times[place] ?? 0) * 1000) })
    }
    return { data, has_more: hasMore, requestId: `req_${requests.length}` }
  }

  return {
    requests,
    ids: () => ids.toReversed(),
    inFlight: () => flying,
    mostInFlight: () => most,
    insert: (later) => {
      const id = name(serial++)
      places.set(id, ids.length)
      ids.push(id)
      times.push((times.at(-1) ?? 0) + later)
    },
    // The list is looked at when the reply is on its way, so that rows may come in between.
    fetch: (request) =>
      Effect.suspend(() => {
        requests.push(request)
        flying++
        most = Math.max(most, flying)
        return wait(requests.length)
      }).pipe(Effect.andThen(Effect.sync(() => answer(request))), Effect.ensuring(Effect.sync(() => flying--)))
  }
}

/** Lets replies overtake each other, without a clock. */
export const unruly = (seed: number): (() => Effect.Effect<void>) => {
  const chance = random(seed)
  return () => {
    const turns = Math.floor(chance() * chance() * 12)
    return turns === 0 ? Effect.void : Effect.asVoid(Effect.repeat(Effect.yieldNow, { times: turns }))
  }
}

/** How many of the seconds, oldest first, are before the given one. */
const countBefore = (times: Seconds, second: number): number => {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? 0) < second) low = middle + 1
    else high = middle
  }
  return low
}
