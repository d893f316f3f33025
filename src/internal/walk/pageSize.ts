/**
 * How many rows to ask for when pages fail for their size: Stripe sometimes cannot put a page of 100 expanded rows
 * together, and answers 500 or breaks off.
 */
import type { Reason } from "../../StripeError.ts"

/** What a walk asks for next. `calm` counts the pages since the size changed. */
export interface PageSize {
  readonly limit: number
  readonly calm: number
}

export const start = (limit: number): PageSize => ({ limit, calm: 0 })

/** Whether a reply may have failed because it would have been too large. */
export const mayBeTooLarge = (reason: Reason): boolean =>
  reason._tag === "ApiError"
    ? reason.status >= 500
    : reason._tag === "TimeoutError" || (reason._tag === "DecodeError" && reason.part === "body")

/**
 * What to ask for after this many such failures of one page: the same once more, then half, and half of that. Where one row
 * failed too, it was hardly the size, and it begins again from the whole.
 */
export const afterFailures = (limit: number, failures: number): number => {
  const halved = (failures % (Math.floor(Math.log2(limit)) + 2)) - 1
  return halved < 1 ? limit : Math.floor(limit / 2 ** halved)
}

// Each try of a larger page costs a wait where nothing has changed.
const pagesBeforeGrowth = 4

/** What to ask for after a page for which `asked` rows were wanted and `served` asked for in the end. */
export const after = (size: PageSize, asked: number, served: number | undefined, pageSize: number): PageSize => {
  if (served !== undefined && served < asked) return start(served)
  if (size.limit >= pageSize) return size
  const calm = size.calm + 1
  return calm < pagesBeforeGrowth ? { ...size, calm } : start(Math.min(size.limit * 2, pageSize))
}
