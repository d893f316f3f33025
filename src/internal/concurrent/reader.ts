/**
 * Reads a list with several requests at once, newest first: sends what the scheduler asks for, keeps pages until it is
 * their turn, and ends with whatever ends it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import { isStripeError, type PaginationStalledError } from "../../StripeError.ts"
import { OnRateLimited } from "../client/onRateLimited.ts"
import type { FetchPage, Row } from "../list/model.ts"
import * as Cursor from "../pagination/cursor.ts"
import * as Scheduler from "./scheduler.ts"

/** A segment of the schedule: where its cursor stands, its pages that wait, and its request in flight. */
interface Segment<A> {
  state: Cursor.State
  readonly steps: Array<Cursor.Step<A>>
  fiber: Fiber.Fiber<void> | undefined
}

/** Nothing is cut yet. */
const unknownPlace = -Infinity

/**
 * The pages of the list in the order of the list, one a pull. Nothing is sent before the first pull, and nothing is read
 * ahead before the second. Requests continue in the scope between pulls, and end with it.
 */
export const make = Effect.fnUntraced(function* <A extends Row, E, R>(
  fetch: FetchPage<A, E, R>,
  reading: Cursor.Reading
): Effect.fn.Return<Pull.Pull<Cursor.Step<A>, E | PaginationStalledError, void, R>, never, Scope.Scope> {
  const { concurrency = 1, fitsLastPage = true, maxItems = Infinity, pageSize = 100, startingAfter } = reading
  const scope = yield* Effect.scope
  const arrived = yield* Latch.make()
  const segments = new Map<number, Segment<A>>()
  // More readers than pages would only ask for what nobody wants.
  const readers = fitsLastPage ? Math.min(concurrency, Math.ceil(maxItems / pageSize)) : concurrency
  // Only the id of the start row is known: the first page shows where it is.
  const cutBelow = reading.cutBelow ?? (startingAfter === undefined ? Infinity : unknownPlace)
  let schedule = Scheduler.make(readers, pageSize, reading.within ?? {}, cutBelow)
  let failure: Cause.Cause<E | PaginationStalledError> | undefined
  let pulls = 0
  let remaining = maxItems
  // A list without rows is one page without rows, and so is the end of one whose last page said that there is more.
  let withoutRows: Cursor.Step<A> | undefined

  /** Sends everything that the schedule wants now. */
  const sendAll: Effect.Effect<void, never, R> = Effect.gen(function* () {
    for (let next = Scheduler.next(schedule); next !== undefined; next = Scheduler.next(schedule)) {
      const [request, after] = next
      schedule = after
      const { segment } = request
      const own: Segment<A> = segments.get(segment) ?? {
        // The caller's own cursor stands above the first segment alone.
        state: Cursor.start(segment === 0 ? startingAfter : undefined, maxItems),
        steps: [],
        fiber: undefined
      }
      segments.set(segment, own)
      own.fiber = yield* Effect.forkIn(send(request, own), scope)
    }
  })

  const send = (request: Scheduler.Request, own: Segment<A>): Effect.Effect<void, never, R> =>
    // The pages of a read are counted over all of its segments.
    Cursor.next(fetch, reading, { ...own.state, page: request.number }, request.within).pipe(
      Effect.provideService(
        OnRateLimited,
        Effect.sync(() => void (schedule = Scheduler.refused(schedule, request.number)))
      ),
      Effect.matchCause({
        onFailure: (cause) => postpone(request, own, cause) || end(request.segment, own, cause),
        onSuccess: ([step, state]) => record(request.segment, own, step, state)
      }),
      Effect.andThen(Effect.suspend(() => (pulls > 1 && remaining > 0 ? sendAll : Effect.void))),
      // Nobody waits for a request that died: a defect of our own ends the read too.
      Effect.catchCause((cause) => Effect.sync(() => end(schedule.segments[0]?.id, own, cause))),
      Effect.andThen(arrived.open)
    )

  const record = (segment: number, own: Segment<A>, step: Cursor.Step<A>, state: Option.Option<Cursor.State>): void => {
    own.fiber = undefined
    let newest: number | undefined
    let oldest: number | undefined
    for (const { created } of step.entries) {
      if (created === undefined) continue
      const second = Math.floor(created / 1000)
      newest = Math.max(newest ?? second, second)
      oldest = Math.min(oldest ?? second, second)
    }
    if (newest !== undefined && schedule.cutBelow === unknownPlace) {
      schedule = { ...schedule, cutBelow: newest - Cursor.disorder / 1000 }
    }
    const last = step.entries.at(-1)
    schedule = Scheduler.replied(schedule, segment, {
      rows: step.entries.length,
      newest,
      oldest,
      hasMore: Option.isSome(state),
      // A cursor has to be inside of the window it is sent with, so that must be known of its row.
      canCut: Option.isSome(state) && last?.created !== undefined && last.id === state.value.cursor
    })
    own.steps.push(step)
    withoutRows = { ...step, entries: [], has_more: false }
    if (Option.isSome(state)) own.state = state.value
  }

  /** Whether a request that failed is sent again, because only the others in flight made it fail. */
  const postpone = (request: Scheduler.Request, own: Segment<A>, cause: Cause.Cause<unknown>): boolean => {
    const later = Option.exists(Cause.findErrorOption(cause), isRateLimited)
      ? Scheduler.postponed(schedule, request)
      : undefined
    if (later === undefined) return false
    own.fiber = undefined
    schedule = later
    return true
  }

  /** Ends the read at a segment: what lies before it is still read and delivered, and then this is what comes out. */
  const end = (segment: number | undefined, own: Segment<A>, cause: Cause.Cause<E | PaginationStalledError>): void => {
    own.fiber = undefined
    if (segment !== undefined && !schedule.segments.some(({ id }) => id === segment)) return
    if (segment !== undefined) schedule = Scheduler.failed(schedule, segment)
    failure = cause
    releaseAbandoned()
  }

  /** Lets go of segments that are read or given up. */
  const releaseAbandoned = (): void => {
    const alive = new Set(schedule.segments.map(({ id }) => id))
    for (const [id, { fiber }] of segments) {
      if (alive.has(id)) continue
      segments.delete(id)
      fiber?.interruptUnsafe()
    }
  }

  const deliver = (): Cursor.Step<A> | undefined => {
    const next = Scheduler.deliver(schedule)
    if (next === undefined) return undefined
    const [segment, hasMore, after] = next
    const step = segments.get(segment)?.steps.shift()
    schedule = after
    releaseAbandoned()
    if (step === undefined) return undefined
    const entries = step.entries.length > remaining ? Cursor.upTo(step.entries, remaining) : step.entries
    remaining -= Cursor.countRows(entries)
    const has_more = hasMore || step.has_more || entries.length < step.entries.length
    if (!has_more) withoutRows = undefined
    return { ...step, entries, has_more }
  }

  return Effect.gen(function* (): Effect.fn.Return<Cursor.Step<A>, E | PaginationStalledError | Cause.Done, R> {
    pulls++
    while (true) {
      if (remaining === 0) return yield* Cause.done()
      const step = deliver()
      if (step !== undefined) {
        // What is delivered makes room. With the second pull it is known that one page was not enough.
        if (pulls > 1 && remaining > 0) yield* sendAll
        return step
      }
      if (schedule.segments.length === 0) {
        if (failure !== undefined) return yield* Effect.failCause(failure)
        if (withoutRows === undefined) return yield* Cause.done()
        const empty = withoutRows
        withoutRows = undefined
        return empty
      }
      arrived.closeUnsafe()
      yield* sendAll
      yield* arrived.await
    }
  })
})

const isRateLimited = (error: unknown): boolean =>
  isStripeError(error) && error.reason._tag === "RateLimitError" && error.isRetryable
