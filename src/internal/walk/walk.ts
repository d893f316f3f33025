/**
 * The way through a list, page after page: which request comes next, and whether the reply can follow the one before.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { PaginationStalledError } from "../../StripeError.ts"
import { isLostCursor } from "./lostCursor.ts"
import * as CreatedWithin from "./createdWithin.ts"
import type { FetchPage, PageRequest, Row, Window } from "../list/model.ts"
import * as PageSize from "./pageSize.ts"
import * as Reanchor from "./reanchor.ts"
import * as Guards from "./guards.ts"

/** Which way to go. */
export interface Route {
  readonly oldestFirst: boolean
  /** The id that the caller gave to start from. */
  readonly start: string | undefined
  readonly pageSize: number
  readonly maxItems: number
  /** Whether to fail where the cursor is lost, instead of finding the place again. */
  readonly failsWithoutCursor?: boolean | undefined
}

/** The places of one page, in the order of the walk, without those that were passed before. */
export interface Step<A> {
  readonly entries: ReadonlyArray<Guards.Entry<A>>
  readonly has_more: boolean
  readonly requestId: string | undefined
}

/** Where a walk stands. */
export interface State {
  readonly page: number
  readonly cursor: string | undefined
  /** Set after the place was found again by time. A cursor is only sent with the range that it was found in. */
  readonly within: Window | undefined
  readonly remaining: number
  readonly size: PageSize.PageSize
  readonly trail: Guards.Trail
  readonly behind: Guards.Behind | undefined
  /** The second of the first row. */
  readonly first: number | undefined
  /** How many seconds the last page covered. */
  readonly seconds: number
  /** How often the place had to be found again since a row was let through. */
  readonly lost: number
  /** How often the place had to be found again in the second of `behind`. */
  readonly lostInSecond: number
  /** How many rows without an id stand between the cursor and the next new row. */
  readonly skip: number
}

// A list whose rows change while it is read can lose its cursor again and again. What never comes to a new row must end,
// and so must a second that gets new rows as fast as they are read.
const mostLost = 10
const mostLostInSecond = 100

export const start = (route: Route): State => ({
  page: 1,
  cursor: route.start,
  within: undefined,
  remaining: route.maxItems,
  size: PageSize.start(route.pageSize),
  trail: Guards.nowhere(),
  behind: undefined,
  first: undefined,
  seconds: 1,
  lost: 0,
  lostInSecond: 0,
  skip: 0
})

type Next<A, E, R> = Effect.Effect<readonly [step: Option.Option<Step<A>>, state: Option.Option<State>], E, R>

/** The next page, and where the walk stands after it. Of a page that was passed before there is nothing to show. */
export const next = <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  route: Route,
  state: State
): Next<A, E | PaginationStalledError, R> => {
  const { cursor, page, within } = state
  const limit = Math.min(state.size.limit, state.remaining)
  const request: PageRequest = {
    page,
    limit,
    ...(cursor === undefined ? {} : route.oldestFirst ? { ending_before: cursor } : { starting_after: cursor }),
    ...(within === undefined ? {} : { within })
  }
  return Effect.matchEffect(fetch(request), {
    onFailure: (error): Next<A, E | PaginationStalledError, R> =>
      isLostCursor(error) && cursor !== route.start && route.failsWithoutCursor !== true && mayLookAgain(state)
        ? findPlace(fetch, route, state, limit)
        : Effect.fail(error),
    onSuccess: (reply) => {
      const all = Guards.entriesOf(reply)
      const entries = route.oldestFirst ? all.toReversed() : all
      return Result.match(Guards.checkPage(state.trail, reply, entries, limit, route.oldestFirst, cursor), {
        onFailure: (description) => stalled(description, state, reply.requestId),
        onSuccess: (trail) => advance(route, state, { ...reply, entries, limit }, trail, reply.limit)
      })
    }
  })
}

/** All places of a list, read to its end. */
const collect = <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  route: Route
): Effect.Effect<ReadonlyArray<Guards.Entry<A>>, E | PaginationStalledError, R> =>
  Stream.suspend(() =>
    Stream.paginate(start(route), (state) =>
      Effect.map(next(fetch, route, state), ([step, state]) => [Option.isSome(step) ? step.value.entries : [], state])
    )
  ).pipe(Stream.runCollect)

const mayLookAgain = (state: State): boolean => state.lost < mostLost && state.lostInSecond < mostLostInSecond

const stalled = (description: string, { cursor, page }: State, requestId: string | undefined) =>
  Effect.fail(new PaginationStalledError({ description, page, cursor, requestId }))

/** What was read becomes a step, unless all of it was passed before, and the walk moves on. */
const advance = <A>(
  route: Route,
  state: State,
  reply: Step<A> & { readonly limit: number },
  trail: Guards.Trail,
  served: number | undefined
): Next<A, PaginationStalledError, never> => {
  const { entries, has_more, requestId } = reply
  const named = entries.findIndex(({ id }) => id !== undefined)
  const skipped = Math.min(named < 0 ? entries.length : named, state.skip)
  const { behind } = state
  const unskipped = skipped === 0 ? entries : entries.slice(skipped)
  const fresh = (
    behind === undefined ? unskipped : unskipped.filter((entry) => !Guards.isBehind(behind, entry, route.oldestFirst))
  ).slice(0, state.remaining)
  const last = entries.findLastIndex(({ id }) => id !== undefined)
  const remaining = state.remaining - fresh.length
  const goesOn = has_more && remaining > 0
  const cursor = entries[last]?.id
  if (goesOn && cursor === undefined) {
    return stalled("no row on the page has an id to go on from", state, requestId)
  }
  const span = Guards.spanOf(entries)
  const step: Step<A> = { entries: fresh, has_more, requestId }
  const moved: State = {
    page: state.page + 1,
    cursor,
    within: state.within,
    remaining,
    size: PageSize.after(state.size, reply.limit, served, route.pageSize),
    trail,
    behind,
    first: state.first ?? span?.first,
    seconds: span === undefined ? state.seconds : Math.abs(span.first - span.last) + 1,
    lost: fresh.length > 0 ? 0 : state.lost,
    lostInSecond: state.lostInSecond,
    skip: entries.length - 1 - last
  }
  return Effect.succeed([
    fresh.length > 0 || !has_more ? Option.some(step) : Option.none(),
    goesOn ? Option.some(moved) : Option.none()
  ])
}

/** Goes on without the cursor, which Stripe no longer finds. */
export const findPlace = <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  route: Route,
  state: State,
  limit: number
): Next<A, E | PaginationStalledError, R> => {
  const behind = Guards.behindOf(state.trail, state.behind)
  if (behind === undefined) return stalled("no row so far says when it was created", state, undefined)
  const again: State = {
    ...state,
    trail: Guards.nowhere(),
    behind,
    lost: state.lost + 1,
    lostInSecond: behind.second === state.behind?.second ? state.lostInSecond + 1 : 1,
    skip: 0
  }
  // Rows of the caller's own cursor's second may lie on its other side, and only that cursor can tell them apart.
  if (route.start !== undefined && state.first === behind.second) {
    return next(fetch, route, { ...again, cursor: route.start, within: undefined })
  }
  if (!route.oldestFirst) {
    return next(fetch, route, { ...again, cursor: undefined, within: { lt: behind.second + 1 } })
  }
  const readAll = (window: Window) =>
    collect(
      (request) =>
        fetch({ ...request, page: state.page, within: CreatedWithin.intersect(window, request.within ?? {}) }),
      {
        oldestFirst: false,
        start: undefined,
        pageSize: route.pageSize,
        maxItems: Number.POSITIVE_INFINITY
      }
    )
  return Effect.flatMap(
    Reanchor.oldestFrom({ fetch, page: state.page, limit: state.size.limit, behind, seconds: state.seconds, readAll }),
    (found) =>
      Result.match(Guards.follow(Guards.nowhere(), found.entries, true), {
        onFailure: (description) => stalled(description, state, found.requestId),
        onSuccess: (trail) =>
          Effect.map(advance(route, again, { ...found, limit }, trail, undefined), ([step, moved]) => [
            step,
            // Rows may have come into the list among these while they were read, so the next page may bring some again.
            Option.map(moved, (state) => ({
              ...state,
              trail: { ...Guards.nowhere(), created: trail.created },
              behind: Guards.behindOf(trail, behind)
            }))
          ])
      })
  )
}
