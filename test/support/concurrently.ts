import type { Stream } from "effect"
import { Pagination } from "effect-stripe-identity"

// Reading with 16 requests at once, unless a test says otherwise.

type Options<E, R> = Extract<Pagination.Options<E, R>, { readonly endingBefore?: undefined }>

export const pages = <A extends Pagination.Row, E, R, E2 = never, R2 = never>(
  fetch: Pagination.FetchPage<A, E, R>,
  options?: Options<E2, R2>
): Stream.Stream<Pagination.Page<A>, E | E2 | Pagination.PaginationError, R | R2> =>
  Pagination.pages(fetch, { concurrency: 16, ...options })

export const rows = <A extends Pagination.Row, E, R, E2 = never, R2 = never>(
  fetch: Pagination.FetchPage<A, E, R>,
  options?: Options<E2, R2>
): Stream.Stream<A, E | E2 | Pagination.PaginationError, R | R2> =>
  Pagination.rows(fetch, { concurrency: 16, ...options })
