import * as History from "../../src/internal/sandbox/history.ts"
import * as Plan from "../../src/internal/parallel/plan.ts"

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

/** The index of the first row that was created before a second. */
export const firstBefore = (seconds: Seconds, second: number): number => {
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
  readonly refuses?: ((number: number, time: number) => boolean) | undefined
}

export interface Outcome {
  /** The time of a sequential read of the same list, in terms of this one's. */
  readonly speed: number
  readonly requests: number
  /** The requests in terms of the fewest that could do. */
  readonly cost: number
  /** The most pages that waited for their turn at once. */
  readonly held: number
  /** The indices of the rows, as they were delivered. */
  readonly delivered: ReadonlyArray<number>
  /** The most requests that were unanswered at once. */
  readonly mostInFlight: number
}

interface Flight {
  readonly at: number
  readonly request: Plan.Request
  readonly from: number
}

/** Carries out the rule without effects: a list, a network, and a consumer that takes each page as soon as it may. */
export const simulate = (seconds: Seconds, readers: number, network: Network, pageSize = 100): Outcome => {
  const chance = random(network.seed)
  const positions = new Map<number, number>()
  const pages = new Map<number, Array<readonly [from: number, to: number]>>()
  const delivered: Array<number> = []
  let plan = Plan.make({ readers, pageSize })
  let flights: Array<Flight> = []
  let time = 0
  let held = 0
  let mostInFlight = 0

  const send = (): void => {
    for (let next = Plan.next(plan); next !== undefined; next = Plan.next(plan)) {
      const [request, after] = next
      plan = after
      const from =
        positions.get(request.walk) ?? (request.below === undefined ? 0 : firstBefore(seconds, request.below))
      const roundTrip = network.roundTrip * (1 + network.variation * (2 * chance() - 1))
      const refused = network.refuses?.(request.number, time) === true
      if (refused) plan = Plan.refused(plan, request.number)
      flights.push({ at: time + roundTrip + (refused ? 1000 : 0), request, from })
    }
    mostInFlight = Math.max(mostInFlight, flights.length)
  }

  const arrive = ({ at, from, request: { walk } }: Flight): void => {
    time = at
    const to = Math.min(from + pageSize, seconds.length)
    const hasMore = to < seconds.length
    const [kept, after] = Plan.replied(plan, walk, { created: seconds.slice(from, to), hasMore })
    plan = after
    positions.set(walk, to)
    if (kept > 0) pages.set(walk, [...(pages.get(walk) ?? []), [from, from + kept]])
    for (let next = Plan.deliver(plan); next !== undefined; next = Plan.deliver(plan)) {
      plan = next[1]
      const [first = 0, end = 0] = pages.get(next[0])?.shift() ?? []
      for (let index = first; index < end; index++) delivered.push(index)
    }
    held = Math.max(held, Plan.waiting(plan))
  }

  send()
  while (flights.length > 0) {
    const first = flights.reduce((first, flight) => (flight.at < first.at ? flight : first))
    flights = flights.filter((flight) => flight !== first)
    arrive(first)
    send()
  }
  const fewest = Math.max(1, Math.ceil(seconds.length / pageSize))
  return {
    speed: (fewest * network.roundTrip) / time,
    requests: plan.sent,
    cost: plan.sent / fewest,
    held,
    delivered,
    mostInFlight
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
