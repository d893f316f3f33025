/**
 * Reading a list oldest-first without an id to start from, which Stripe does not offer.
 *
 * Stripe sends the newest rows of a range first, so a range can only be turned round once it was read to its end. The
 * list is therefore read in ranges of whole seconds, `[gte, lt)`, from the oldest on: several at once, delivered in
 * order. A range that turns out to hold more than a few pages keeps the newest seconds that it has read, and what is
 * before them is read as a list of its own, by half as many readers: so what waits in memory stays bounded.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { PaginationStalledError } from "../../StripeError.ts"
import type { Row, Window } from "../listModel.ts"
import * as Walking from "../walk.ts"
import type * as Guards from "../walkGuards.ts"
import { inWindow, type Reading, secondsOf } from "./reading.ts"

/** Pages that a range is meant to have, and the most that it may have. */
const aim = 2.9
const mostPages = 4

/** A range of whole seconds. The last one goes on to the newest row there is. */
interface Range {
  readonly gte: number
  readonly lt: number | undefined
}

/** What was learnt of how far the rows lie apart. Of late pages more than of early ones. */
interface Pace {
  rows: number
  seconds: number
  /** The longest range that was read to its end. The next is at most twice as long. */
  longest: number
}

/** A range that was read, newest first. */
interface Part<A> {
  readonly range: Range
  readonly steps: ReadonlyArray<Walking.Step<A>>
  /** Set if there was more: the oldest second that was seen. All of it and all before it is still to be read. */
  readonly crowdedAt: number | undefined
  /** The second after the newest row. */
  readonly end: number
}

/** The steps of the list from the oldest row to the newest, with their rows in that order, one at a time. */
export const make = <A extends Row, E, R>(
  reading: Reading<A, E, R>
): Effect.Effect<Pull.Pull<Walking.Step<A>, E | PaginationStalledError, void, R>, never, Scope.Scope | R> =>
  Effect.map(Stream.toPull(Stream.rechunk(steps(reading), 1)), (pull) => Effect.map(pull, Arr.headNonEmpty))

const steps = <A extends Row, E, R>(
  reading: Reading<A, E, R>
): Stream.Stream<Walking.Step<A>, E | PaginationStalledError, R> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const permits = yield* Semaphore.make(reading.readers)
      let requests = 0
      const newestFirst: Walking.Route = {
        oldestFirst: false,
        start: undefined,
        pageSize: reading.pageSize,
        maxItems: Number.POSITIVE_INFINITY
      }
      const read = (window: Window, route: Walking.Route, state: Walking.State) =>
        Effect.suspend(() => Walking.next(inWindow(reading.fetch, window), route, { ...state, page: ++requests })).pipe(
          Semaphore.withPermit(permits)
        )

      const firstPage = (window: Window) =>
        Effect.map(read(window, newestFirst, Walking.start(newestFirst)), ([step, next]) => ({
          entries: Option.isSome(step) ? step.value.entries : [],
          step,
          hasMore: Option.isSome(next)
        }))

      const head = yield* firstPage({ gte: reading.within.gte })
      if (!head.hasMore) return Stream.fromIterable(Option.toArray(head.step)).pipe(Stream.map(turned))
      const seconds = secondsOf(head.entries)
      const newest = seconds[0] ?? 0
      const span = newest - (seconds.at(-1) ?? newest) + 1

      /**
       * The second from which on there may be rows, and how far they lie apart there: looks twice as far back each time,
       * and then halves what is left.
       */
      const findOldest = Effect.gen(function* () {
        let high = seconds.at(-1) ?? newest
        let step = span
        let low = 0
        let isFound = false
        let pace: Pace = { rows: seconds.length, seconds: span, longest: span }
        while (high - low > pace.longest) {
          const at = isFound ? Math.floor((low + high) / 2) : Math.max(low, high - step)
          const page = yield* firstPage({ lt: at })
          const last = secondsOf(page.entries).at(-1)
          if (last === undefined) {
            low = at
            isFound = true
            continue
          }
          if (!page.hasMore) return { gte: last, pace }
          pace = { rows: page.entries.length, seconds: at - last, longest: at - last }
          high = last
          step *= 2
        }
        return { gte: low, pace }
      })

      const readRange = (range: Range, pace: Pace): Effect.Effect<Part<A>, E | PaginationStalledError, R> =>
        Effect.gen(function* () {
          const steps: Array<Walking.Step<A>> = []
          let state = Walking.start(newestFirst)
          let oldest = range.gte
          let end = range.lt ?? newest + 1
          for (;;) {
            const [step, next] = yield* read(range, newestFirst, state)
            if (Option.isSome(step)) {
              const seconds = secondsOf(step.value.entries)
              steps.push(step.value)
              end = Math.max(end, (seconds[0] ?? 0) + 1)
              oldest = seconds.at(-1) ?? oldest
            }
            if (Option.isNone(next)) {
              learn(pace, steps, end - range.gte)
              pace.longest = Math.max(pace.longest, end - range.gte)
              return { range, steps, crowdedAt: undefined, end }
            }
            if (steps.length >= mostPages) {
              learn(pace, steps, end - oldest)
              return { range, steps: newerThan(steps, oldest), crowdedAt: oldest, end }
            }
            state = next.value
          }
        })

      /** A second with many rows cannot be parted: it is read to its oldest row, and from there on once more. */
      const longSecond = (second: number): Stream.Stream<Walking.Step<A>, E | PaginationStalledError, R> => {
        const window = { gte: second, lt: second + 1 }
        const sound = Effect.gen(function* () {
          let state = Walking.start(newestFirst)
          let bottom: Walking.Step<A> | undefined
          for (;;) {
            const [step, next] = yield* read(window, newestFirst, state)
            if (Option.isSome(step) && step.value.entries.length > 0) bottom = step.value
            if (Option.isNone(next)) return bottom
            state = next.value
          }
        })
        return Stream.unwrap(
          Effect.map(sound, (bottom) => {
            if (bottom === undefined) return Stream.empty
            const last = turned(bottom)
            const start = last.entries.findLast(({ id }) => id !== undefined)?.id
            const route: Walking.Route = { ...newestFirst, oldestFirst: true, start }
            return Stream.concat(
              Stream.make({ ...last, has_more: true }),
              Stream.paginate(Walking.start(route), (state) =>
                Effect.map(read(window, route, state), ([step, next]) => [Option.toArray(step), next] as const)
              ).pipe(Stream.map((step) => ({ ...step, has_more: true })))
            )
          })
        )
      }

      const ascend = (
        range: Range,
        pace: Pace,
        readers: number
      ): Stream.Stream<Walking.Step<A>, E | PaginationStalledError, R> =>
        Stream.paginate(range.gte, (from) =>
          Effect.sync((): readonly [ReadonlyArray<Range>, Option.Option<number>] => {
            const wanted =
              pace.rows < 1 ? Number.POSITIVE_INFINITY : (aim * reading.pageSize * pace.seconds) / pace.rows
            const lt = from + Math.max(1, Math.floor(Math.min(wanted, 2 * pace.longest)))
            return lt >= (range.lt ?? newest)
              ? [[{ gte: from, lt: range.lt }], Option.none()]
              : [[{ gte: from, lt }], Option.some(lt)]
          })
        ).pipe(
          Stream.mapEffect((range) => readRange(range, pace), { concurrency: readers }),
          Stream.flatMap((part) => deliver(part, Math.max(1, Math.floor(readers / 2))))
        )

      const deliver = (
        part: Part<A>,
        readers: number
      ): Stream.Stream<Walking.Step<A>, E | PaginationStalledError, R> => {
        const { crowdedAt, end, range, steps } = part
        const isLast = range.lt === undefined
        const own = steps.map(turned).reverse()
        const held =
          isLast && own.length === 0
            ? [{ entries: [], has_more: false, requestId: undefined }]
            : own.map((step, index) => ({ ...step, has_more: !isLast || index < own.length - 1 }))
        if (crowdedAt === undefined) return Stream.fromIterable(held)
        // If all that was read lies in one second, that second is long. Otherwise it is read again with those before it.
        const isLong = steps.length === 0
        const lt = isLong ? crowdedAt : crowdedAt + 1
        const pace: Pace = {
          rows: mostPages * reading.pageSize,
          seconds: Math.max(1, end - crowdedAt),
          longest: Math.max(1, Math.floor((lt - range.gte) / 2))
        }
        const before = lt > range.gte ? ascend({ gte: range.gte, lt }, pace, readers) : Stream.empty
        const long = isLong ? longSecond(crowdedAt) : Stream.empty
        return before.pipe(Stream.concat(long), Stream.concat(Stream.fromIterable(held)))
      }

      const { gte } = reading.within
      const begin =
        gte === undefined ? yield* findOldest : { gte, pace: { rows: 0, seconds: 0, longest: span } satisfies Pace }
      return ascend({ gte: begin.gte, lt: undefined }, begin.pace, reading.readers)
    })
  )

const learn = (pace: Pace, steps: ReadonlyArray<Walking.Step<unknown>>, seconds: number): void => {
  const rows = steps.reduce((sum, { entries }) => sum + entries.length, 0)
  // A burst says little about what comes after it, so that time without rows is soon believed.
  const weight = rows === 0 ? 0.3 : 0.8
  pace.rows = pace.rows * weight + rows
  pace.seconds = pace.seconds * weight + seconds
}

const turned = <A>(step: Walking.Step<A>): Walking.Step<A> => ({ ...step, entries: step.entries.toReversed() })

/** What is newer than a second, of steps that are newest first. */
const newerThan = <A>(steps: ReadonlyArray<Walking.Step<A>>, second: number): ReadonlyArray<Walking.Step<A>> =>
  steps.flatMap((step) => {
    const seconds = secondsOf(step.entries)
    const entries: ReadonlyArray<Guards.Entry<A>> = step.entries.filter((_, index) => (seconds[index] ?? 0) > second)
    return entries.length > 0 ? [{ ...step, entries }] : []
  })
