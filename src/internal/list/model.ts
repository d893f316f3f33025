/**
 * Rows, pages and page requests. Public through `Pagination`.
 */
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type { DecodeError } from "../../StripeError.ts"

/**
 * The fields that pagination needs of a row.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly id: string
  readonly created: DateTime.Utc
}

/**
 * One row of a reply: decoded (`row`), not decodable (`error`), or excluded because it does not match the filter (neither
 * of the two).
 *
 * @category models
 * @since 0.1.0
 */
export type Entry<A> = {
  /** The id, unless it is missing or empty. The next page can start from it, even if the row is not emitted. */
  readonly id?: string | undefined
  /** When the row was created, in milliseconds since 1970. A decoded row always has it. */
  readonly created?: number | undefined
} & (
  | {
      /** The decoded row. It is in `data` too. */
      readonly row: A
      readonly created: number
      readonly error?: undefined
    }
  | {
      readonly row?: undefined
      /** Why the row could not be decoded. A read fails with it, or passes it to `onDecodeError`. */
      readonly error?: DecodeError | undefined
    }
)

/**
 * One page of a list.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page<out A> {
  /** The rows, in the direction of the read. */
  readonly data: ReadonlyArray<A>
  /** Whether there are more rows in the direction of the read. */
  readonly has_more: boolean
  /** Stripe's id of the request. */
  readonly requestId: string | undefined
  /**
   * The id of the last row that Stripe sent, in `data` or not: the `starting_after` of the next page (`ending_before`
   * when reading oldest-first). Unset on a page without rows.
   */
  readonly cursor?: string | undefined
}

/**
 * A page as a fetch returns it, in Stripe's order, newest first. It need not set `cursor`.
 *
 * @category models
 * @since 0.1.0
 */
export interface FetchedPage<out A> extends Page<A> {
  /**
   * Every row of the reply, in the same order. A read takes its rows from here. Set it if the fetch excludes rows, or does
   * not fail for rows that cannot be decoded. Without it, the reply has exactly the rows of `data`.
   */
  readonly entries?: ReadonlyArray<Entry<A>> | undefined
  /** How many rows the fetch asked for. Set it if that can be fewer than requested, because larger pages failed. */
  readonly limit?: number | undefined
}

/**
 * A range of time in whole seconds since 1970: at or after `gte`, and before `lt`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Window {
  readonly gte?: number | undefined
  readonly lt?: number | undefined
}

/**
 * The request for one page. At most one cursor is set. A fetch has to send all of it, or rows are lost: `Pagination.toQuery`
 * makes the query.
 *
 * @category models
 * @since 0.1.0
 */
export interface PageRequest {
  /** The number of the page in this read, counted from 1. */
  readonly page: number
  /** How many rows to ask for: 1 to 100. */
  readonly limit: number
  /** Rows older than the one with this id. */
  readonly starting_after?: string | undefined
  /** Rows newer than the one with this id. */
  readonly ending_before?: string | undefined
  /**
   * Only rows that were created in this range, in addition to other filters. Set by concurrent reads, which read several
   * ranges in parallel, and by the first run of a sync.
   */
  readonly within?: Window | undefined
}

/**
 * Fetches one page: one request and its retries, in both directions in Stripe's order.
 *
 * @category models
 * @since 0.1.0
 */
export type FetchPage<A, E, R = never> = (request: PageRequest) => Effect.Effect<FetchedPage<A>, E, R>
