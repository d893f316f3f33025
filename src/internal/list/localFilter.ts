/**
 * The part of a filter that Stripe does not know, on the rows that came. Pages are walked whole, because cursors and guards
 * need every row; what is counted and handed on are the rows that are kept.
 */
import { identity } from "effect/Function"
import * as Stream from "effect/Stream"
import type { Page } from "./model.ts"

/** Which rows to keep, and how many of those at most. */
export interface LocalFilter<in A> {
  readonly keep: (row: A) => boolean
  readonly maxItems: number | undefined
}

type Select<A> = <E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>

/** Of a stream of rows. It ends with the last row that is wanted, without asking for another page. */
export const rows =
  <A>({ keep, maxItems }: LocalFilter<A>): Select<A> =>
  (self) =>
    self.pipe(Stream.filter(keep), maxItems === undefined ? identity : Stream.take(maxItems))

/** Of a stream of pages, which stay as many as they were: a page of which nothing is kept is a page without rows. */
export const pages =
  <A>({ keep, maxItems }: LocalFilter<A>): Select<Page<A>> =>
  (self) =>
    self.pipe(
      Stream.map((page) => ({ ...page, data: page.data.filter(keep) })),
      maxItems === undefined ? identity : takeRows(maxItems)
    )

const takeRows =
  (maxItems: number) =>
  <A, E, R>(self: Stream.Stream<Page<A>, E, R>): Stream.Stream<Page<A>, E, R> =>
    self.pipe(
      Stream.mapAccum(
        () => maxItems,
        (wanted, page) => {
          const data = page.data.slice(0, wanted)
          const left = wanted - data.length
          // The list goes on where the page was cut, too.
          const has_more = page.has_more || data.length < page.data.length
          return [left, [{ page: { ...page, data, has_more }, left }]] as const
        }
      ),
      Stream.takeUntil(({ left }) => left === 0),
      Stream.map(({ page }) => page)
    )
