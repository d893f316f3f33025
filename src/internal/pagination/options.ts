/** The options of reading a list: their types, public through `Pagination`, and what is accepted of each. */
import type * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { DecodeError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import type { Window } from "../list/model.ts"

/** Takes care of a row that could not be decoded. */
export type OnDecodeError<E, R> = (error: DecodeError) => Effect.Effect<void, E, R>

/**
 * Where a read starts, which also decides its direction. With `endingBefore` it reads oldest first. Else it reads newest
 * first, as Stripe lists, from the newest row or after `startingAfter`.
 *
 * @category options
 * @since 0.1.0
 */
export type Start =
  | {
      readonly startingAfter?: undefined
      /**
       * Read the rows newer than the one with this id, oldest first, up to the newest. `undefined` is refused, because it
       * would read the whole list from its other end.
       */
      readonly endingBefore: string
    }
  // Last, because the compiler explains a wrong option of any name by the last member of a union.
  | {
      /** Read only rows older than the one with this id, newest first. */
      readonly startingAfter?: string | undefined
      readonly endingBefore?: never
    }

/**
 * Options of every read.
 *
 * @category options
 * @since 0.1.0
 */
export type ReadOptions<E = never, R = never> = Start & {
  /**
   * Rows per request, 1 to 100. It changes the number of requests, never the rows.
   *
   * @default 100
   */
  readonly pageSize?: number | undefined
  /**
   * The most rows to read in all. The last request asks only for the remaining rows, unless several are in flight or this
   * library applies a part of the filter.
   *
   * @default no limit
   */
  readonly maxItems?: number | undefined
  /**
   * The most requests in flight, 1 to 100. The rows and their order stay the same: several ranges of `created` are read
   * in parallel, and up to eight pages per request are buffered. Stripe allows 25 requests a second, so 16 are enough
   * for replies that take half a second. With `endingBefore`, pages are always read one at a time.
   *
   * @default 1
   */
  readonly concurrency?: number | undefined
  /**
   * How many pages to request ahead when reading one page at a time, 0 to 100. If the stream ends early, up to that
   * many requests were sent for nothing.
   *
   * @default 0
   */
  readonly prefetch?: number | undefined
  /**
   * Handles a row that cannot be decoded, instead of failing. It is called for each such row when its page arrives, in
   * the order of the read, and the read continues without the row. If it fails, the stream fails, after the rows
   * before. Such rows count for `maxItems`.
   *
   * @default the stream fails with `DecodeError`, after the rows before
   */
  readonly onDecodeError?: ((error: DecodeError) => Effect.Effect<void, E, R>) | undefined
}

/**
 * Options of {@link pages} and {@link rows}.
 *
 * @category options
 * @since 0.1.0
 */
export type Options<E = never, R = never> = ReadOptions<E, R> & {
  /**
   * Only rows that were created in this range. Each request passes it to the fetch.
   *
   * @default all rows
   */
  readonly within?: Window | undefined
}

/** What several calls take that read pages. */
export const shared = {
  pageSize: Schema.optional(Arguments.wholeNumber(1, 100)),
  prefetch: Schema.optional(Arguments.wholeNumber(0, 100)),
  concurrency: Schema.optional(Arguments.wholeNumber(1, 100)),
  onDecodeError: Schema.optional(Arguments.accepts("a function that returns an Effect", Predicate.isFunction))
}

/** What to do instead of an option that callers look for and that does not exist. */
export const instead = (name: string): string | undefined =>
  name === "direction" ? "nothing. endingBefore alone reads oldest first." : undefined

// Without it the list would be read from its other end.
const isGiven = Schema.makeFilter((id: unknown) =>
  id === undefined ? "an id. To read newest first from the newest row, leave it out." : undefined
)

/** The options of a read, for a list whose ids look like this, and more. A read starts from one id at most. */
export const struct = <More extends Schema.Struct.Fields>(id: Schema.Codec<unknown>, more: More) =>
  Schema.Struct({
    startingAfter: Schema.optional(id),
    endingBefore: Schema.optionalKey(Schema.Unknown.check(isGiven).pipe(Schema.decodeTo(id))),
    maxItems: Schema.optional(Arguments.wholeNumber(0)),
    ...shared,
    ...more
  }).check(Arguments.onlyOne("startingAfter", "endingBefore"))
