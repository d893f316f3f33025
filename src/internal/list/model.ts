/**
 * What a list is read with: rows, pages and the requests for them. Public through `Pagination`.
 */
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type { DecodeError } from "../../StripeError.ts"

/**
 * What a row must have to be paged over.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly id: string
  readonly created: DateTime.Utc
}

/**
 * A row that could not be decoded.
 *
 * @category models
 * @since 0.1.0
 */
export interface InvalidRow {
  /** What is wrong, with the position of the row, counted from 0 in the order of the reply, and its id if it has one. */
  readonly error: DecodeError
  /** The position of the row among all rows of the reply, `data`, `invalid` and `excluded` together. */
  readonly position: number
  /** The id, if the row has one: it can be a cursor like any other. */
  readonly id?: string | undefined
  /** When the row was created, in whole epoch seconds, if it says so. */
  readonly created?: number | undefined
}

/**
 * A row that a fetch leaves out because it does not match the filter. It is never handed out, and still counts as a place
 * to read on from.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExcludedRow extends Row {
  /** The position of the row among all rows of the reply, `data`, `invalid` and `excluded` together. */
  readonly position: number
}

/**
 * One page of a list.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page<out A> {
  /** The rows, in the order of the read: newest first, or oldest first when reading towards the newest. */
  readonly data: ReadonlyArray<A>
  /** Whether there are more rows in the direction of the read. */
  readonly has_more: boolean
  /** Stripe's id of the request that brought the page. */
  readonly requestId: string | undefined
  /**
   * The id of the last row that Stripe sent, whether it is in `data` or not: the `starting_after` of the next page
   * (`ending_before` when reading oldest-first). Unset on a page without rows. A fetch may leave it out.
   */
  readonly cursor?: string | undefined
  /** The rows that the fetch leaves out because they do not match the filter. */
  readonly excluded?: ReadonlyArray<ExcludedRow> | undefined
  /** The rows that could not be decoded, where the fetch sets them apart instead of failing. A read never ignores them. */
  readonly invalid?: ReadonlyArray<InvalidRow> | undefined
  /** How many rows the fetch asked for in the end, where it asked for fewer because larger pages kept failing. */
  readonly limit?: number | undefined
}

/**
 * A range of time in whole epoch seconds: from `gte` on, and before `lt`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Window {
  readonly gte?: number | undefined
  readonly lt?: number | undefined
}

/**
 * The page that a read needs next. At most one cursor is set.
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
   * Only rows that were created in this range, besides whatever else selects the list. Set for concurrent reads, which
   * read several ranges at once.
   */
  readonly within?: Window | undefined
}

/**
 * Sends one request for one page, with its retries. The rows come as Stripe sends them: newest first, whichever way the
 * read goes.
 *
 * @category models
 * @since 0.1.0
 */
export type FetchPage<A, E, R = never> = (request: PageRequest) => Effect.Effect<Page<A>, E, R>
