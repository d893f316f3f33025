import * as Arr from "effect/Array"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Page } from "../list/model.ts"

/** The rows of pages, one chunk a page. A list without rows has a page without rows, and so has a page of bad rows. */
export const rowsOf = <A, E, R>(pages: Stream.Stream<Page<A>, E, R>): Stream.Stream<A, E, R> =>
  pages.pipe(
    Stream.filterMap(({ data }) => (Arr.isReadonlyArrayNonEmpty(data) ? Result.succeed(data) : Result.fail(undefined))),
    Stream.flattenArray
  )
