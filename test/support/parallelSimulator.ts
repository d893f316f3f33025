import * as History from "../../src/internal/sandbox/history.ts"
import * as Plan from "../../src/internal/parallel/plan.ts"
import * as Walks from "../../src/internal/parallel/walks.ts"

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
  readonly refuses?: ((number: number, time: number) => boolean) | undefined
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
  /** The most requests that were unanswered at once. */
  readonly mostInFlight: number
}

interface Flight {
  readonly at: number
  readonly request: Walks.Request
  readonly from: number
  readonly to: number
}

/** The rows of a walk: its first, the first that it has not read, and with oldest-first the first of its first page. */
interface Lane {
  readonly begin: number
  readonly older: number
  readonly position: number
  /** Whether the first page waits, and was not given up. */
  readonly isHeld: boolean
  readonly pages: Array<readonly [from: number, to: number]>
}

/** Carries out the rule without effects: a list, a network, and a consumer that takes each page as soon as it may. */
export const simulate = (
  seconds: Seconds,
  readers: number,
  network: Network,
  { oldestFirst = false, pageSize = 100 }: { readonly oldestFirst?: boolean; readonly pageSize?: number } = {}
): Outcome => {
  const chance = random(network.seed)
  const size = seconds.length
  // Rows are numbered in the order of the walks.
  const places = oldestFirst ? seconds.toReversed().map((second) => -second) : seconds
  const lanes = new Map<number, Lane>()
  const delivered: Array<number> = []
  let plan = Plan.make({ readers, pageSize, oldestFirst })
  let flights: Array<Flight> = []
  let time = 0
  let held = 0
  let mostInFlight = 0

  const isBeginning = (walk: number): boolean => oldestFirst && !lanes.has(walk)

  /** The rows that a request is for. */
  const rowsFor = (request: Walks.Request): readonly [from: number, to: number] => {
    const lane = lanes.get(request.walk)
    const from = lane?.position ?? firstBefore(places, request.below)
    if (!isBeginning(request.walk)) return [from, Math.min(from + pageSize, size)]
    const end = request.beside === undefined ? from : (lanes.get(request.beside)?.older ?? 0)
    return [Math.max(0, end - pageSize), end]
  }

  const send = (): void => {
    for (let next = Plan.next(plan); next !== undefined; next = Plan.next(plan)) {
      const [request, after] = next
      plan = after
      const [from, to] = rowsFor(request)
      const roundTrip = network.roundTrip * (1 + network.variation * (2 * chance() - 1))
      const refused = network.refuses?.(request.number, time) === true
      if (refused) plan = Plan.refused(plan, request.number)
      flights.push({ at: time + roundTrip + (refused ? 1000 : 0), request, from, to })
    }
    mostInFlight = Math.max(mostInFlight, flights.length)
    held = Math.max(held, Walks.waiting(plan) + flights.length)
  }

  const arrive = ({ at, from, request: { walk }, to }: Flight): void => {
    time = at
    const begins = isBeginning(walk)
    const [before, after] = Walks.neighbours(plan, walk).map((id) => (id === undefined ? undefined : lanes.get(id)))
    const [[first, last], replied] = Plan.replied(plan, walk, {
      created: places.slice(from, to),
      hasMore: begins ? from > 0 : to < size,
      passed: Math.max(0, (before?.position ?? 0) - from),
      met: oldestFirst && after !== undefined ? metBy(after, from, to) : undefined
    })
    plan = replied
    const lane = lanes.get(walk) ?? { begin: from + first, older: from, position: to, isHeld: true, pages: [] }
    if (last > first) lane.pages.push([from + first, from + last])
    lanes.set(walk, { ...lane, position: to })
    // What was given up is read again by the walk before.
    for (const { id, rows } of plan.walks) {
      const lane = lanes.get(id)
      if (lane !== undefined && rows === 0) lanes.set(id, { ...lane, begin: lane.position, isHeld: false, pages: [] })
    }
    for (let next = Plan.deliver(plan); next !== undefined; next = Plan.deliver(plan)) {
      plan = next[1]
      const [first = 0, end = 0] = lanes.get(next[0])?.pages.shift() ?? []
      for (let index = first; index < end; index++) delivered.push(oldestFirst ? size - 1 - index : index)
    }
    // What was sent for walks that were given up is not waited for.
    flights = flights.filter((flight) => plan.walks.some(({ id }) => id === flight.request.walk))
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
    requests: plan.sent,
    cost: plan.sent / fewest,
    held,
    delivered,
    mostInFlight
  }
}

/** How many rows come before those of the next walk, if one of the rows that tell is among them. */
const metBy = ({ begin, isHeld }: Lane, from: number, to: number): number | undefined =>
  (isHeld ? begin < to : begin <= to) ? Math.max(0, begin - from) : undefined

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
