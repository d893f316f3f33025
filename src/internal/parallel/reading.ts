/**
 * The effects around the rule of parallel reading: sends what the plan wants, and hands the pages out in order.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import { PaginationStalledError } from "../../StripeError.ts"
import * as CreatedWithin from "../createdWithin.ts"
import type { FetchPage, Row, Window } from "../listModel.ts"
import * as Walking from "../walk.ts"
import * as Guards from "../walkGuards.ts"
import * as Plan from "./plan.ts"
import { SlowDown } from "./slowDown.ts"

/** What is read. */
export interface Reading<A, E, R> {
  readonly fetch: FetchPage<A, E, R>
  readonly readers: number
  readonly pageSize: number
  readonly maxItems: number
  /** The id to start after. */
  readonly start: string | undefined
  /** What the list is narrowed to already. */
  readonly within: Window
}

/** A walk of the plan and the pages that it brought. */
interface Lane<A> {
  readonly route: Walking.Route
  readonly steps: Array<Walking.Step<A>>
  state: Walking.State
  fiber: Fiber.Fiber<void> | undefined
}

/** The steps of the list in the order of the list, one at a time. Requests go on in the scope between pulls. */
export const make = <A extends Row, E, R>(
  reading: Reading<A, E, R>
): Effect.Effect<Pull.Pull<Walking.Step<A>, E | PaginationStalledError, void, R>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const arrived = yield* Latch.make()
    const { fetch, pageSize, readers } = reading
    const lanes = new Map<number, Lane<A>>()
    let plan = Plan.make({ readers, pageSize, floor: reading.within.gte })
    let failure: Cause.Cause<E | PaginationStalledError> | undefined
    let pulls = 0
    let empty: Walking.Step<A> | undefined

    const laneOf = (request: Plan.Request): Lane<A> => {
      const existing = lanes.get(request.walk)
      if (existing !== undefined) return existing
      const start = request.below === undefined ? reading.start : undefined
      const route: Walking.Route = { oldestFirst: false, start, pageSize, maxItems: reading.maxItems }
      const lane: Lane<A> = { route, steps: [], state: Walking.start(route), fiber: undefined }
      lanes.set(request.walk, lane)
      return lane
    }

    /** Sends everything that the plan wants now. */
    const sendAll: Effect.Effect<void, never, R> = Effect.suspend(() => {
      const next = Plan.next(plan)
      if (next === undefined) return Effect.void
      const [request, after] = next
      plan = after
      const lane = laneOf(request)
      return send(request, lane).pipe(
        Effect.forkIn(scope),
        Effect.flatMap((fiber) => {
          lane.fiber = fiber
          return sendAll
        })
      )
    })

    const send = (request: Plan.Request, lane: Lane<A>): Effect.Effect<void, never, R> =>
      Walking.next(inWindow(fetch, { lt: request.below }), lane.route, { ...lane.state, page: request.number }).pipe(
        Effect.provideService(
          SlowDown,
          Effect.sync(() => {
            plan = Plan.refused(plan, request.number)
          })
        ),
        Effect.matchCauseEffect({
          onFailure: (cause) => fail(request.walk, cause),
          onSuccess: ([step, state]) => {
            const entries = Option.isSome(step) ? step.value.entries : []
            const [kept, after] = Plan.replied(plan, request.walk, {
              created: secondsOf(entries),
              hasMore: Option.isSome(state)
            })
            plan = after
            if (Option.isSome(step) && kept > 0) {
              const has_more = step.value.has_more || kept < entries.length
              lane.steps.push({ ...step.value, entries: entries.slice(0, kept), has_more })
            }
            if (Option.isSome(state)) lane.state = state.value
            // A list without rows is one page without rows.
            if (Option.isSome(step) && request.number === 1 && entries.length === 0) empty = step.value
            return Effect.void
          }
        }),
        // Until the first page was taken and another is wanted, nothing is read ahead.
        Effect.andThen(Effect.suspend(() => (pulls > 1 ? sendAll : Effect.void))),
        Effect.andThen(arrived.open)
      )

    /** Ends the list at a walk. Those beyond it are given up. */
    const fail = (walk: number, cause: Cause.Cause<E | PaginationStalledError>): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (!plan.walks.some(({ id }) => id === walk)) return Effect.void
        const before = plan.walks
        plan = Plan.failed(plan, walk)
        failure = cause
        const place = before.findIndex(({ id }) => id === walk)
        return Effect.forEach(
          before.slice(place + 1),
          ({ id }) => {
            const fiber = lanes.get(id)?.fiber
            lanes.delete(id)
            return fiber === undefined ? Effect.void : Fiber.interrupt(fiber)
          },
          { discard: true }
        )
      })

    const pull: Pull.Pull<Walking.Step<A>, E | PaginationStalledError, void, R> = Effect.suspend(() => {
      const delivered = Plan.deliver(plan)
      const step = delivered === undefined ? undefined : lanes.get(delivered[0])?.steps.shift()
      if (delivered !== undefined && step !== undefined) {
        plan = delivered[1]
        forget()
        return Effect.succeed(step)
      }
      if (empty !== undefined) {
        const step = empty
        empty = undefined
        return Effect.succeed(step)
      }
      if (Plan.isFinished(plan)) return failure === undefined ? Cause.done() : Effect.failCause(failure)
      arrived.closeUnsafe()
      return sendAll.pipe(Effect.andThen(arrived.await), Effect.andThen(pull))
    })

    /** Pages that were delivered are not kept. */
    const forget = (): void => {
      const alive = new Set(plan.walks.map(({ id }) => id))
      for (const id of lanes.keys()) if (!alive.has(id)) lanes.delete(id)
    }

    return Effect.suspend(() => {
      pulls++
      // With the second pull it is known that one page was not enough.
      return pulls === 2 ? Effect.andThen(sendAll, pull) : pull
    })
  })

/** The fetch for the rows of a window. What comes from outside of it would come twice, so it is an error. */
export const inWindow =
  <A extends Row, E, R>(fetch: FetchPage<A, E, R>, window: Window): FetchPage<A, E | PaginationStalledError, R> =>
  (request) => {
    const { gte = Number.NEGATIVE_INFINITY, lt = Number.POSITIVE_INFINITY } = window
    const within = CreatedWithin.intersect(window, request.within ?? {})
    const isWhole = within.gte === undefined && within.lt === undefined
    return fetch(isWhole ? request : { ...request, within }).pipe(
      Effect.flatMap((page) => {
        const outside = Guards.entriesOf(page).find(
          ({ created }) => created !== undefined && (Guards.secondOf(created) < gte || Guards.secondOf(created) >= lt)
        )
        if (outside === undefined) return Effect.succeed(page)
        return Effect.fail(
          new PaginationStalledError({
            description: `${outside.id ?? "a row"} is not of the range of time that was asked for`,
            page: request.page,
            cursor: request.starting_after ?? request.ending_before,
            requestId: page.requestId
          })
        )
      })
    )
  }

/** The seconds of the places on a page. A place that does not say is taken to be as old as the one before it. */
export const secondsOf = <A>(entries: ReadonlyArray<Guards.Entry<A>>): ReadonlyArray<number> => {
  let before = entries.find(({ created }) => created !== undefined)?.created ?? 0
  return entries.map(({ created = before }) => {
    before = created
    return Guards.secondOf(created)
  })
}
