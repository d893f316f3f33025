import * as History from "../../src/internal/sandbox/history.ts"
import * as Scheduler from "../../src/internal/concurrent/scheduler.ts"

/** The seconds of a list's rows, newest first. */
export type Seconds = ReadonlyArray<number>

export type Shape = History.Shape

export const shapes: ReadonlyArray<Shape> = History.shapes

/** The sandbox's own histories, over the year that it has by default. */
export const secondsOf = (shape: Shape, size: number, seed: number): Seconds => {
  const history = History.make({ shape, size, seed, from: 1735689600, to: 1767225600 })
  return Array.from({ length: size }, (_, index) => history.created(size - 1 - index))
}

/** A small generator of numbers in [0, 1) (mulberry32). */
export const random = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The index of the first row below a place. */
const firstBefore = (seconds: Seconds, second: number): number => {
  let low = 0
  let high = seconds.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((seconds[middle] ?? 0) >= second) low = middle + 1
    else high = middle
  }
  return low
}

export interface Network {
  /** The round trip in milliseconds, and by what share of it it varies up and down. */
  readonly roundTrip: number
  readonly variation: number
  readonly seed: number
  /** Which requests, counted from 1, the server refuses as one too many. They are sent again after a second. */
  readonly refuses?: ((number: number) => boolean) | undefined
  /** The most requests that start in a second; the others wait for their turn. */
  readonly perSecond?: number | undefined
}

export interface Outcome {
  /** The time of a sequential read of the same list, in terms of this one's. */
  readonly speed: number
  readonly requests: number
  /** The requests in terms of the fewest that could do. */
  readonly cost: number
  /** The most pages that waited for their turn or were asked for at once. */
  readonly held: number
  /** The indices of the rows, as they were delivered. */
  readonly delivered: ReadonlyArray<number>
  /** For each delivered page, whether the list was said to have more. */
  readonly hasMore: ReadonlyArray<boolean>
  /** The most requests that were unanswered at once. */
  readonly mostInFlight: number
  /** When each request was sent, in milliseconds. */
  readonly started: ReadonlyArray<number>
}

interface Flight {
  readonly at: number
  readonly request: Scheduler.Request
  readonly from: number
  readonly to: number
  readonly end: number
}

/** Carries out the rule without effects: a list, a network, and a consumer that takes each page as soon as it may. */
export const simulate = (
  seconds: Seconds,
  readers: number,
  network: Network,
  { pageSize = 100 }: { readonly pageSize?: number } = {}
): Outcome => {
  const chance = random(network.seed)
  const size = seconds.length
  // Where each segment continues, and its pages that wait.
  const positions = new Map<number, number>()
  const pages = new Map<number, Array<readonly [from: number, to: number]>>()
  const delivered: Array<number> = []
  const hasMore: Array<boolean> = []
  const started: Array<number> = []
  let schedule = Scheduler.make(readers, pageSize, {})
  let flights: Array<Flight> = []
  let time = 0
  let slot = 0
  let held = 0
  let mostInFlight = 0

  const send = (): void => {
    for (let next = Scheduler.next(schedule); next !== undefined; next = Scheduler.next(schedule)) {
      const [request, after] = next
      schedule = after
      const { gte = Number.NEGATIVE_INFINITY, lt = Number.POSITIVE_INFINITY } = request.within
      const from = positions.get(request.segment) ?? firstBefore(seconds, lt)
      const end = firstBefore(seconds, gte)
      slot = network.perSecond === undefined ? time : Math.max(slot + 1000 / network.perSecond, time)
      started.push(slot)
      const roundTrip = network.roundTrip * (1 + network.variation * (2 * chance() - 1))
      const refused = network.refuses?.(request.number) === true
      if (refused) schedule = Scheduler.refused(schedule, request.number)
      const at = slot + roundTrip + (refused ? 1000 : 0)
      flights.push({ at, request, from, to: Math.max(from, Math.min(from + pageSize, end)), end })
    }
    mostInFlight = Math.max(mostInFlight, flights.length)
    held = Math.max(held, Scheduler.waiting(schedule.segments) + flights.length)
  }

  const arrive = ({ at, end, from, request: { segment }, to }: Flight): void => {
    time = at
    schedule = Scheduler.replied(schedule, segment, {
      rows: to - from,
      newest: seconds[from],
      oldest: seconds[to - 1],
      hasMore: to < end,
      canCut: true
    })
    positions.set(segment, to)
    if (to > from) pages.set(segment, [...(pages.get(segment) ?? []), [from, to]])
    for (let next = Scheduler.deliver(schedule); next !== undefined; next = Scheduler.deliver(schedule)) {
      schedule = next[2]
      hasMore.push(next[1])
      const [first = 0, end = 0] = pages.get(next[0])?.shift() ?? []
      for (let index = first; index < end; index++) delivered.push(index)
    }
  }

  send()
  while (flights.length > 0) {
    const first = flights.reduce((first, flight) => (flight.at < first.at ? flight : first))
    flights = flights.filter((flight) => flight !== first)
    arrive(first)
    send()
  }
  const fewest = Math.max(1, Math.ceil(size / pageSize))
  return {
    speed: (fewest * network.roundTrip) / time,
    requests: schedule.sent,
    cost: schedule.sent / fewest,
    held,
    delivered,
    hasMore,
    mostInFlight,
    started
  }
}

/** What several runs have in common. */
export const summary = (outcomes: ReadonlyArray<Outcome>) => {
  const mean = (of: (outcome: Outcome) => number) =>
    outcomes.reduce((sum, outcome) => sum + of(outcome), 0) / outcomes.length
  return {
    speed: mean(({ speed }) => speed),
    slowest: Math.min(...outcomes.map(({ speed }) => speed)),
    cost: mean(({ cost }) => cost),
    dearest: Math.max(...outcomes.map(({ cost }) => cost)),
    held: Math.max(...outcomes.map(({ held }) => held))
  }
}
