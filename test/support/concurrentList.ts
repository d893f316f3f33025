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
 * The order of ids says nothing about the order of rows, as it is with Stripe. A cursor that comes with another window
 * than the one that it was found in is a defect, but for one: towards newer rows it has to come without an upper bound,
 * and then its row is in the list wherever it was found.
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
  const foundIn = new Map<string, Set<string>>()

  const answer = (request: Pagination.PageRequest): Pagination.Page<FakeRow> => {
    const { ending_before, limit, starting_after, within = {} } = request
    const cursor = starting_after ?? ending_before
    const window = JSON.stringify([within.gte, within.lt])
    const end = within.gte === undefined ? 0 : countBefore(times, within.gte)
    const begin = within.lt === undefined ? ids.length : countBefore(times, within.lt)
    let start = begin
    if (cursor !== undefined) {
      const isKnown = foundIn.get(cursor)?.has(ending_before === undefined ? window : JSON.stringify([within.gte]))
      if (isKnown !== true) throw new Error(`${cursor} was not found in ${window}`)
      if (ending_before !== undefined && within.lt !== undefined) throw new Error(`${cursor} may be outside ${window}`)
      const place = places.get(cursor) ?? 0
      start = ending_before === undefined ? place : Math.min(place + 1 + limit, begin)
    }
    const stop = Math.min(
      start,
      ending_before === undefined ? Math.max(start - limit, end) : (places.get(ending_before) ?? 0) + 1
    )
    const found = ids.slice(stop, start).reverse()
    // Whatever was found before a second is found without that bound as well.
    for (const id of found)
      foundIn.set(id, (foundIn.get(id) ?? new Set()).add(window).add(JSON.stringify([within.gte])))
    return {
      data: found.map((id, index) => ({ id, created: DateTime.makeUnsafe((times[start - 1 - index] ?? 0) * 1000) })),
      has_more: ending_before === undefined ? stop > end : start < begin,
      requestId: `req_${requests.length}`
    }
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
