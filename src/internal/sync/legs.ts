/**
 * One leg of a run: from an end of what is behind us onward, page by page, to the end of the list or to the rows that are
 * too young.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Interval } from "../../Checkpoint.ts"
import * as Pagination from "../../Pagination.ts"
import * as ParallelPagination from "../../ParallelPagination.ts"
import { CheckpointMismatchError, PaginationStalledError } from "../../StripeError.ts"
import { isLostCursor } from "../walk/lostCursor.ts"
import * as CreatedWithin from "../walk/createdWithin.ts"
import type { FetchPage, Page, Row } from "../list/model.ts"

/** What every page of a run is read with. */
export type PageOptions<E, R> = Pick<Pagination.Options<E, R>, "pageSize" | "prefetch" | "onInvalid"> & {
  readonly concurrency?: number | undefined
}

/** A list, and the same list with the rows that left it. */
export interface Lists<A, E, R> {
  readonly fetch: FetchPage<A, E, R>
  readonly whole?: { readonly fetch: FetchPage<A, E, R>; readonly includes: (row: A) => boolean } | undefined
}

/** Where a leg begins, and where it ends. */
export interface Route {
  readonly direction: "newer" | "older"
  /** The first second of which rows may still come. */
  readonly until: number
  /** What is behind us, if anything is. */
  readonly from: Interval | undefined
}

/** What one page brought. */
export interface Step<A> {
  /** The rows that are behind us now. */
  readonly rows: ReadonlyArray<Row>
  /** Those of them that are in the list. */
  readonly kept: ReadonlyArray<A>
  /** Whether the leg ends here. */
  readonly end: boolean
}

/** The failure of a list whose cursor left it, which no walk takes for a reason to find its place again by time. */
class Left<out E> {
  readonly error: E
  constructor(error: E) {
    this.error = error
  }
}

/** What is read next: the list itself, until the row at which we stand is not found in it; then the list with all rows. */
type Next = "list" | "whole" | "end"

/** The pages of a leg. */
export const walk = <A extends Row, E, R, E2, R2>(
  lists: Lists<A, E, R>,
  pages: PageOptions<E2, R2>,
  { direction, from, until }: Route
): Stream.Stream<Step<A>, E | E2 | Pagination.WalkError | CheckpointMismatchError, R | R2> =>
  Stream.suspend(() => {
    const { whole } = lists
    const begin = direction === "newer" ? from?.newest.id : from?.oldest.id
    let at = begin
    let page = 0
    let next: Next = "list"

    const { concurrency = 1, ...inTurn } = pages
    const { onInvalid, pageSize } = pages

    const inSequence = <Failure>(fetch: FetchPage<A, Failure, R>) =>
      direction === "newer" && at !== undefined
        ? Pagination.pages(fetch, { ...inTurn, direction: "oldest-first", endingBefore: at })
        : Pagination.pages(fetch, { ...inTurn, startingAfter: at })

    // By time a walk also finds rows that came into the list behind it, within a second, and would stand there. The list
    // with all rows knows what lies behind us.
    const list: FetchPage<A, E | Left<E>, R> = (request) =>
      Effect.mapError(lists.fetch(request), (error) =>
        whole !== undefined && isLostCursor(error) ? new Left(error) : error
      )

    // Without a row to stand at a list begins at its newest row, which may be too young. A cursor needs no range.
    const settledOnly = <Failure>(fetch: FetchPage<A, Failure, R>): FetchPage<A, Failure, R> =>
      at === undefined
        ? (request) => fetch({ ...request, within: CreatedWithin.intersect(request.within ?? {}, { lt: until }) })
        : fetch

    const readList = () => {
      const fetch = settledOnly(list)
      const within = at === undefined ? { lt: until } : {}
      return direction === "older" && concurrency !== 1
        ? ParallelPagination.pages(fetch, { concurrency, pageSize, onInvalid, startingAfter: at, within })
        : inSequence(fetch)
    }

    /** The rows at the ends, and what lies on the other side of where the leg begins, were handed over before. */
    const isPassed = ({ created, id }: A) =>
      from !== undefined &&
      (id === from.newest.id ||
        id === from.oldest.id ||
        (direction === "newer"
          ? DateTime.isLessThan(created, from.newest.created)
          : DateTime.isGreaterThan(created, from.oldest.created)))

    const goesOn = ({ data, requestId }: Page<A>) =>
      Effect.suspend(() => {
        page++
        const row = data.find(isPassed)
        if (row === undefined) return Effect.void
        const description = `${row.id} came again: the run goes on with what is ${direction} than ${begin}`
        return Effect.fail(new PaginationStalledError({ description, page, cursor: begin, requestId }))
      })

    /** The rows of a page that are old enough, and whether the list goes on after them. */
    const settled = ({ data, has_more }: Page<A>) => {
      const young = direction === "newer" ? data.findIndex((row) => DateTime.toEpochSeconds(row.created) >= until) : -1
      return young < 0 ? { data, end: !has_more } : { data: data.slice(0, young), end: true }
    }

    const step = (found: Step<A>, otherwise: Next) => ({ ...found, next: found.end ? "end" : otherwise })

    const inList = () =>
      readList().pipe(
        Stream.tap(goesOn),
        Stream.map((page) => {
          const { data, end } = settled(page)
          return step({ rows: data, kept: data, end }, "list")
        })
      )

    const inWhole = ({ fetch, includes }: NonNullable<typeof whole>) =>
      inSequence(settledOnly(fetch)).pipe(
        Stream.tap(goesOn),
        Stream.map((page) => {
          const { data, end } = settled(page)
          const last = data.findLastIndex(includes)
          // From a row that is in the list, the list goes on.
          return last < 0
            ? step({ rows: data, kept: [], end }, "whole")
            : step({ rows: data.slice(0, last + 1), kept: data.filter(includes), end }, "list")
        })
      )

    const lost = <E>(error: E): Effect.Effect<never, E | CheckpointMismatchError> =>
      at !== undefined && at === begin
        ? Effect.fail(
            new CheckpointMismatchError({ problem: "position", expected: "the rows of this key", actual: at })
          )
        : Effect.fail(error)

    const segment = () => {
      const inside = next === "list"
      const steps = inside || whole === undefined ? inList() : inWhole(whole)
      return steps.pipe(
        Stream.takeUntil((step) => step.next !== (inside ? "list" : "whole")),
        Stream.tap((step) =>
          Effect.sync(() => {
            at = step.rows.at(-1)?.id ?? at
            next = step.next
          })
        ),
        Stream.catch((error) => {
          if (!(error instanceof Left)) return Stream.fromEffect(isLostCursor(error) ? lost(error) : Effect.fail(error))
          next = "whole"
          return Stream.empty
        })
      )
    }

    return Stream.flatten(
      Stream.unfold(undefined, () =>
        Effect.sync(() => (next === "end" ? undefined : ([segment(), undefined] as const)))
      )
    )
  })
