/**
 * A walk of the plan carried out: which request it sends next, and what the reply says to the plan.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { PaginationStalledError } from "../../StripeError.ts"
import * as CreatedWithin from "../walk/createdWithin.ts"
import type { FetchPage, Row, Window } from "../list/model.ts"
import * as Walking from "../walk/walk.ts"
import * as Guards from "../walk/guards.ts"
import type { Reply, Request } from "./walks.ts"

/** What is read. */
export interface Reading<A, E, R> {
  readonly fetch: FetchPage<A, E, R>
  readonly readers: number
  readonly pageSize: number
  readonly maxItems: number
  readonly oldestFirst: boolean
  /** The id to start after. */
  readonly start: string | undefined
  /** What the list is narrowed to already. */
  readonly within: Window
}

/** A walk and the pages that it brought. */
export interface Lane<A> {
  /** The range of its first request. */
  readonly window: Window
  /** Whether it is the end of the list. Known from the beginning with oldest-first, which looks at the newest rows first. */
  readonly isEnd: boolean
  /** The pages that wait, in the order of the list. */
  readonly steps: Array<Walking.Step<A>>
  /** Where it goes on. */
  state: Walking.State
  /** The request in flight. */
  fiber: Fiber.Fiber<void> | undefined
  /** With oldest-first, once the first page came: where to go on from it towards older rows. */
  older: Option.Option<Walking.State> | undefined
  /** The ids of the first page. */
  ids: ReadonlySet<string>
  /** Whether that page is held. If not, the walk before has to read it as well. */
  isHeld: boolean
}

/** What a reply brought, in the order of the list. */
export interface Answer<A> {
  readonly entries: ReadonlyArray<Guards.Entry<A>>
  /** Where to go on in the direction of the request. */
  readonly state: Option.Option<Walking.State>
  readonly step: Option.Option<Walking.Step<A>>
}

const routeOf = <A, E, R>(reading: Reading<A, E, R>, start: string | undefined): Walking.Route => ({
  oldestFirst: reading.oldestFirst,
  start,
  pageSize: reading.pageSize,
  maxItems: reading.maxItems
})

/**
 * The lane of a request that starts a walk. With oldest-first it begins with the newest rows before the second that it is
 * started at, because only those can be asked for by time.
 */
export const make = <A, E, R>(reading: Reading<A, E, R>, { below }: Request, beside: Lane<A> | undefined): Lane<A> => {
  const second = reading.oldestFirst ? 1 - below : below
  const isWhole = !Number.isFinite(second)
  return {
    window: beside?.window ?? (isWhole ? {} : { lt: second }),
    isEnd: reading.oldestFirst && isWhole,
    steps: [],
    state: Walking.start(routeOf(reading, isWhole ? reading.start : undefined)),
    fiber: undefined,
    older: undefined,
    ids: new Set(),
    isHeld: true
  }
}

/**
 * Sends the next request of a walk. `beside` is the walk before whose first page an oldest-first walk begins. A walk that
 * began inside of a second knows only a part of it: if it has to find its place again by time, it needs what was delivered.
 */
export const ask = <A extends Row, E, R>(
  reading: Reading<A, E, R>,
  lane: Lane<A>,
  request: Request,
  beside: Lane<A> | undefined,
  delivered: Delivered
): Effect.Effect<Answer<A>, E | PaginationStalledError, R> => {
  const { fetch, oldestFirst } = reading
  const start = Number.isFinite(request.below) ? undefined : reading.start
  const at = (state: Walking.State): Walking.State => ({ ...state, page: request.number })
  if (!oldestFirst) {
    return Effect.map(
      Walking.next(inWindow(fetch, lane.window), routeOf(reading, start), at(lane.state)),
      ([step, state]) => ({ entries: entriesOf(step), state, step })
    )
  }
  if (lane.older === undefined) {
    const route = { ...routeOf(reading, undefined), oldestFirst: false, maxItems: Number.POSITIVE_INFINITY }
    // Pages of which every row was passed, because the place had to be found again, say nothing of where the list ends.
    const firstPage = (state: Walking.State): ReturnType<typeof ask<A, E, R>> =>
      Effect.flatMap(Walking.next(inWindow(fetch, lane.window), route, at(state)), ([step, state]) =>
        Option.isNone(step) && Option.isSome(state)
          ? firstPage(state.value)
          : lane.isEnd && Option.isSome(state) && Guards.spanOf(entriesOf(step)) === undefined
            ? Effect.fail(withoutMoment(step, request.number))
            : Effect.succeed({ entries: entriesOf(step).toReversed(), state, step })
      )
    return firstPage(Option.getOrElse(beside?.older ?? Option.none(), () => Walking.start(route)))
  }
  // To find its place again it would read the second from its beginning, with the rows that walks before it have.
  const route = { ...routeOf(reading, undefined), failsWithoutCursor: !request.isHead }
  const from = at({ ...lane.state, behind: farther(lane.state.behind, delivered) })
  const onward = ([step, state]: readonly [Option.Option<Walking.Step<A>>, Option.Option<Walking.State>]) => ({
    entries: entriesOf(step),
    state,
    step
  })
  // The cursor was found in a range, and is sent with the whole list, of which every range is a part.
  if (from.cursor !== undefined) return Effect.map(Walking.next(fetch, route, from), onward)
  if (lane.ids.size === 0 && lane.state.behind !== undefined) {
    return Effect.map(Walking.findPlace(fetch, route, from, from.size.limit), onward)
  }
  return Effect.fail(
    new PaginationStalledError({ description: "no row on the page has an id to go on from", page: request.number })
  )
}

/** The oldest row is looked for from the newest page, by time. */
const withoutMoment = <A>(step: Option.Option<Walking.Step<A>>, page: number): PaginationStalledError =>
  new PaginationStalledError({
    description:
      "no row on the newest page says when it was created, so the oldest cannot be found; newest-first reads them all",
    page,
    requestId: Option.isSome(step) ? step.value.requestId : undefined
  })

/** What is behind of both. */
const farther = (left: Guards.Behind | undefined, right: Guards.Behind): Guards.Behind => {
  if (left === undefined || left === right || left.second < right.second) return right
  return left.second > right.second ? left : { second: left.second, ids: new Set([...left.ids, ...right.ids]) }
}

const entriesOf = <A>(step: Option.Option<Walking.Step<A>>): ReadonlyArray<Guards.Entry<A>> =>
  Option.isSome(step) ? step.value.entries : []

/** What the plan needs to know of an answer, given the walks before and after. */
export const replyOf = <A>(
  { oldestFirst }: Pick<Reading<A, unknown, unknown>, "oldestFirst">,
  lane: Lane<A>,
  { entries, state }: Answer<A>,
  before: Lane<A> | undefined,
  after: Lane<A> | undefined
): Reply => {
  const hasMore = Option.isSome(state)
  const moment = momentBefore(lane)
  if (!oldestFirst) return { created: secondsOf(entries, moment), hasMore }
  if (lane.older !== undefined) {
    const created = secondsOf(entries, moment).map((second) => -second)
    return { created, hasMore, met: after === undefined ? undefined : metBy(after, entries, lane.state.trail) }
  }
  // The first page was read towards older rows. What may be of the walk before or of this one is kept by both.
  const created = secondsOf(entries.toReversed(), moment)
    .map((second) => -second)
    .reverse()
  const behind = before?.older === undefined ? undefined : Guards.behindOf(before.state.trail, before.state.behind)
  return { created, hasMore, passed: entries.findLastIndex((entry) => Guards.isBehind(behind, entry, true)) + 1 }
}

/**
 * How many rows come before those of the next walk, if that walk was met. Where its first page is held, they end at the
 * first row of it; where not, at its last, which may be on another page by now, or gone: rows leave a list while it is read.
 */
const metBy = <A>(
  { ids, isHeld, steps }: Lane<A>,
  entries: ReadonlyArray<Guards.Entry<A>>,
  trail: Guards.Trail
): number | undefined => {
  const isOfNext = ({ id }: Guards.Entry<A>) => id !== undefined && ids.has(id)
  if (isHeld) {
    const met = entries.findIndex(isOfNext)
    return met < 0 ? undefined : met
  }
  const last = entries.findLastIndex(isOfNext)
  if (last < 0) {
    if (entries.length > 0 && Array.from(ids).some((id) => trail.ids.has(id))) return 0
    // All of that page may be gone, but not what that walk read after it.
    const read = new Set(steps.flatMap(({ entries }) => entries.map(({ id }) => id)))
    const beyond = entries.findIndex(({ id }) => id !== undefined && read.has(id))
    return beyond < 0 ? undefined : beyond
  }
  const sawItsEnd = last < entries.length - 1 || entries[last]?.id === Array.from(ids).at(-1)
  return sawItsEnd ? last + 1 : undefined
}

/** Lets go of the first page. */
export const forget = <A>(lane: Lane<A>): void => {
  lane.steps.length = 0
  lane.isHeld = false
}

/** Keeps some of the rows of an answer, and moves on. */
export const take = <A, E, R>(
  reading: Reading<A, E, R>,
  lane: Lane<A>,
  answer: Answer<A>,
  [from, to]: readonly [from: number, to: number]
): void => {
  const { entries, state, step } = answer
  const kept = entries.slice(from, to)
  if (Option.isSome(step) && kept.length > 0) {
    const has_more = reading.oldestFirst ? !lane.isEnd : step.value.has_more || kept.length < entries.length
    lane.steps.push({ ...step.value, entries: kept, has_more })
  }
  if (!reading.oldestFirst || lane.older !== undefined) {
    if (Option.isSome(state)) lane.state = state.value
    return
  }
  lane.older = state
  lane.ids = new Set(kept.flatMap(({ id }) => (id === undefined ? [] : [id])))
  const last = entries.findLastIndex(({ id }) => id !== undefined)
  lane.state = {
    ...lane.state,
    cursor: entries[last]?.id,
    // Where all rows before its second have left the list, the walk begins with the first row from that second on.
    behind:
      entries.length === 0 && lane.window.lt !== undefined
        ? { second: lane.window.lt, ids: new Set<string>() }
        : undefined,
    trail: Result.getOrElse(Guards.follow(Guards.nowhere(), entries, true), Guards.nowhere),
    skip: entries.length - 1 - last
  }
}

/** What was delivered of the last second, oldest first. */
export interface Delivered {
  second: number
  ids: Set<string>
}

/** Takes note of a page that is delivered. */
export const deliver = <A>(delivered: Delivered, entries: ReadonlyArray<Guards.Entry<A>>): void => {
  const seconds = secondsOf(entries, firstMoment(entries) ?? delivered.second * 1000)
  const last = seconds.at(-1) ?? delivered.second
  if (last !== delivered.second) delivered.ids = new Set()
  delivered.second = last
  for (let index = entries.length - 1; index >= 0 && seconds[index] === last; index--) {
    const id = entries[index]?.id
    if (id !== undefined) delivered.ids.add(id)
  }
}

/** The fetch for the rows of a window. What comes from outside of it would come twice, so it is an error. */
const inWindow =
  <A extends Row, E, R>(fetch: FetchPage<A, E, R>, window: Window): FetchPage<A, E | PaginationStalledError, R> =>
  (request) => {
    const within = CreatedWithin.intersect(window, request.within ?? {})
    const isWhole = within.gte === undefined && within.lt === undefined
    return fetch(isWhole ? request : { ...request, within }).pipe(
      Effect.flatMap((page) => {
        const description = Guards.outside(Guards.entriesOf(page), window)
        if (description === undefined) return Effect.succeed(page)
        return Effect.fail(
          new PaginationStalledError({
            description,
            page: request.page,
            cursor: request.starting_after ?? request.ending_before,
            requestId: page.requestId
          })
        )
      })
    )
  }

/**
 * The moment that the first place of a page has if it does not say: that of the row before, or of the place that was found
 * again, or at the beginning of a walk the last one that its range lets through.
 */
const momentBefore = <A>({ state: { behind, trail }, window: { lt } }: Lane<A>): number | undefined =>
  trail.created ?? (behind !== undefined ? behind.second * 1000 : lt === undefined ? undefined : (lt - 1) * 1000)

const firstMoment = <A>(entries: ReadonlyArray<Guards.Entry<A>>): number | undefined =>
  entries.find(({ created }) => created !== undefined)?.created

/** The seconds of the places on a page. A place that does not say is taken to be as old as the one before it. */
const secondsOf = <A>(
  entries: ReadonlyArray<Guards.Entry<A>>,
  start: number | undefined = undefined
): ReadonlyArray<number> => {
  let before = start ?? firstMoment(entries) ?? 0
  return entries.map(({ created = before }) => {
    before = created
    return Guards.secondOf(created)
  })
}
