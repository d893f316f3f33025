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
 * A row that could not be decoded.
 *
 * @category models
 * @since 0.1.0
 */
export interface InvalidRow {
  /** What is invalid, with the position of the row and its id if it has one. */
  readonly error: DecodeError
  /** The position of the row in the reply, counted from 0 over `data`, `invalid` and `excluded` together. */
  readonly position: number
  /** The id, if the row has one. It can be a cursor. */
  readonly id?: string | undefined
  /** When the row was created, in seconds since 1970, if it has that field. */
  readonly created?: number | undefined
}

/**
 * A row that a fetch excludes because it does not match the filter. It is never emitted, but it can be a cursor.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExcludedRow extends Row {
  /** The position of the row in the reply, counted from 0 over `data`, `invalid` and `excluded` together. */
  readonly position: number
}

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
 * A page as a fetch returns it: the rows in Stripe's order, newest first, and those that it sets apart. It need not set
 * `cursor`.
 *
 * @category models
 * @since 0.1.0
 */
export interface FetchedPage<out A> extends Page<A> {
  /** The rows that the fetch excludes because they do not match the filter. */
  readonly excluded?: ReadonlyArray<ExcludedRow> | undefined
  /**
   * The rows that could not be decoded, if the fetch does not fail for them. A read fails, or passes them to
   * `onDecodeError`.
   */
  readonly invalid?: ReadonlyArray<InvalidRow> | undefined
  /** How many rows the fetch asked for, if it asked for fewer because larger pages failed. */
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
 * The request for one page. At most one cursor is set.
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
   * Only rows that were created in this range, in addition to other filters. Set by concurrent reads, which read
   * several ranges in parallel.
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
