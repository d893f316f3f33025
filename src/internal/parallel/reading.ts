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
import type { PaginationStalledError } from "../../StripeError.ts"
import type { Row } from "../list/model.ts"
import { isLostCursor } from "../walk/lostCursor.ts"
import { SlowDown } from "../client/slowDown.ts"
import type * as Walking from "../walk/walk.ts"
import * as Lanes from "./lane.ts"
import * as Plan from "./plan.ts"
import * as Walks from "./walks.ts"

/** The steps of the list in the order of the list, one at a time. Requests go on in the scope between pulls. */
export const make = <A extends Row, E, R>(
  reading: Lanes.Reading<A, E, R>
): Effect.Effect<Pull.Pull<Walking.Step<A>, E | PaginationStalledError, void, R>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const arrived = yield* Latch.make()
    const { oldestFirst, pageSize, readers, within } = reading
    const lanes = new Map<number, Lanes.Lane<A>>()
    let plan = Plan.make({ readers, pageSize, oldestFirst, floor: within.gte })
    let failure: Cause.Cause<E | PaginationStalledError> | undefined
    let pulls = 0
    let empty: Walking.Step<A> | undefined
    const delivered: Lanes.Delivered = { second: Number.NEGATIVE_INFINITY, ids: new Set() }

    const laneOf = (id: number | undefined): Lanes.Lane<A> | undefined => (id === undefined ? undefined : lanes.get(id))

    /** Sends everything that the plan wants now. */
    const sendAll: Effect.Effect<void, never, R> = Effect.gen(function* () {
      for (let next = Plan.next(plan); next !== undefined; next = Plan.next(plan)) {
        const [request, after] = next
        plan = after
        // What the plan gave up makes room for what it sends now.
        yield* giveUp
        const beside = laneOf(request.beside)
        const lane = laneOf(request.walk) ?? Lanes.make(reading, request, beside)
        lanes.set(request.walk, lane)
        lane.fiber = yield* Effect.forkIn(send(request, lane, beside), scope)
      }
    })

    const send = (
      request: Walks.Request,
      lane: Lanes.Lane<A>,
      beside: Lanes.Lane<A> | undefined
    ): Effect.Effect<void, never, R> =>
      Lanes.ask(reading, lane, request, beside, delivered).pipe(
        Effect.provideService(
          SlowDown,
          Effect.sync(() => {
            plan = Plan.refused(plan, request.number)
          })
        ),
        Effect.matchCauseEffect({
          onFailure: (cause) => {
            lane.fiber = undefined
            if (!plan.walks.some(({ id }) => id === request.walk)) return Effect.void
            if (lane.older !== undefined && !request.isHead && isLostCursor(Cause.squash(cause))) {
              plan = Plan.lost(plan, request.walk)
              return giveUp
            }
            plan = Plan.failed(plan, request.walk)
            failure = cause
            return giveUp
          },
          onSuccess: (answer) => {
            lane.fiber = undefined
            const [before, after] = Walks.neighbours(plan, request.walk)
            const reply = Lanes.replyOf(reading, lane, answer, laneOf(before), laneOf(after))
            const [kept, replied] = Plan.replied(plan, request.walk, reply)
            plan = replied
            Lanes.take(reading, lane, answer, kept)
            // A list without rows is one page without rows.
            if (Option.isSome(answer.step) && request.number === 1 && answer.entries.length === 0) {
              empty = answer.step.value
            }
            return giveUp
          }
        }),
        // Until the first page was taken and another is wanted, nothing is read ahead.
        Effect.andThen(Effect.suspend(() => (pulls > 1 ? sendAll : Effect.void))),
        Effect.andThen(arrived.open)
      )

    /** Lets go of the walks that are no longer of use, with what they hold and what they have sent. */
    const giveUp: Effect.Effect<void> = Effect.suspend(() => {
      const alive = new Set<number>()
      for (const { id, waiting } of plan.walks) {
        alive.add(id)
        const lane = lanes.get(id)
        if (lane !== undefined && lane.steps.length > waiting) Lanes.forget(lane)
      }
      if (plan.last !== undefined) alive.add(plan.last.id)
      const fibers: Array<Fiber.Fiber<void>> = []
      for (const [id, { fiber }] of lanes) {
        if (alive.has(id)) continue
        lanes.delete(id)
        if (fiber !== undefined) fibers.push(fiber)
      }
      return fibers.length === 0 ? Effect.void : Fiber.interruptAll(fibers)
    })

    const pull: Pull.Pull<Walking.Step<A>, E | PaginationStalledError, void, R> = Effect.suspend(() => {
      const next = Plan.deliver(plan)
      const step = next === undefined ? undefined : lanes.get(next[0])?.steps.shift()
      if (next !== undefined && step !== undefined) {
        plan = next[1]
        if (oldestFirst) Lanes.deliver(delivered, step.entries)
        return Effect.as(giveUp, step)
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

    return Effect.suspend(() => {
      pulls++
      // With the second pull it is known that one page was not enough.
      return pulls === 2 ? Effect.andThen(sendAll, pull) : pull
    })
  })
