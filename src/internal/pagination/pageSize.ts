/**
 * How many rows to ask for when pages fail for their size: Stripe sometimes cannot put a page of 100 expanded rows
 * together, and answers 500 or breaks off.
 */
import type { Reason } from "../../StripeError.ts"

/**
 * What a read asks for since a page failed for its size. `pagesSinceChange` counts the pages since the size changed, and
 * `patience` says after how many of them a larger page is tried.
 */
export interface PageSize {
  readonly limit: number
  readonly pagesSinceChange: number
  readonly patience: number
}

/**
 * Whether a failure points at the size of the page: a 500, with which Stripe answers pages that it cannot put together; no
 * reply in time, from Stripe or from a gateway that waited for it (504); a body that is too large or broke off. A 502 or
 * 503, or no connection, says nothing about the page, and a smaller one would only be more requests.
 */
export const mayBeTooLarge = (reason: Reason): boolean =>
  reason._tag === "TimeoutError" ||
  (reason._tag === "ApiError" && (reason.status === 500 || reason.status === 504)) ||
  (reason._tag === "TransportError" && reason.status !== undefined) ||
  (reason._tag === "DecodeError" && reason.part === "body")

// A page of ten rows with all that expands has some kilobytes. Where it fails too, it is hardly for its size.
const smallest = 10

/**
 * What to ask for after this many such failures of one page: the same once more, because one failure may be chance, then
 * half, and half of that, down to ten rows. Where ten rows failed too, it was hardly the size, and it begins again from the
 * whole.
 */
export const afterFailures = (limit: number, failures: number): number => {
  const halvings = limit <= smallest ? 0 : Math.ceil(Math.log2(limit / smallest))
  const halved = (failures % (halvings + 2)) - 1
  return halved < 1 ? limit : Math.max(smallest, Math.floor(limit / 2 ** halved))
}

// The most pages between two tries of a larger one. A try costs waits if nothing has changed.
const mostPatience = 32

/**
 * What to ask for after a page for which `asked` rows were wanted and `served` asked for in the end; unset where that is a
 * whole page again. After a first failure the size doubles from page to page. Each further failure doubles the number of
 * pages before a larger one is tried.
 */
export const after = (
  size: PageSize | undefined,
  asked: number,
  served: number | undefined,
  pageSize: number
): PageSize | undefined => {
  const before = size ?? { limit: pageSize, pagesSinceChange: 0, patience: 0 }
  const shrunk = served !== undefined && served < asked
  if (!shrunk && before.limit >= pageSize) return undefined
  const limit = shrunk ? served : before.limit
  const patience = shrunk ? Math.min(Math.max(before.patience * 2, 1), mostPatience) : before.patience
  const pagesSinceChange = shrunk ? 1 : before.pagesSinceChange + 1
  return pagesSinceChange < patience
    ? { limit, pagesSinceChange, patience }
    : { limit: Math.min(limit * 2, pageSize), pagesSinceChange: 0, patience }
}
