/**
 * Adds a range of time to a query that may have one already. Stripe takes each bound once, so the two
 * ranges become the one in which they agree.
 */
import type { Window } from "../list/model.ts"
import type { Query } from "../client/model.ts"

/** What a bound means, as the first second that it lets in and the first after it that it does not. */
const windows: Record<string, (second: number) => Window> = {
  created: (second) => ({ gte: second, lt: second + 1 }),
  "created[gt]": (second) => ({ gte: second + 1 }),
  "created[gte]": (second) => ({ gte: second }),
  "created[lt]": (second) => ({ lt: second }),
  "created[lte]": (second) => ({ lt: second + 1 })
}

/** The range in which two ranges agree. */
export const intersect = (left: Window, right: Window): Window => {
  const gte = Math.max(left.gte ?? -Infinity, right.gte ?? -Infinity)
  const lt = Math.min(left.lt ?? Infinity, right.lt ?? Infinity)
  return { ...(Number.isFinite(gte) ? { gte } : {}), ...(Number.isFinite(lt) ? { lt } : {}) }
}

/** Whether no second is in a range. */
export const isEmpty = ({ gte = -Infinity, lt = Infinity }: Window): boolean => gte >= lt

/** The range of time that a query asks for. */
export const windowOf = (query: Query): Window => {
  let window: Window = {}
  for (const [name, second] of query) window = intersect(window, windows[name]?.(Number(second)) ?? {})
  return window
}

/** The query for the rows of a window alone. */
export const narrow = (query: Query, within: Window | undefined): Query => {
  if (within === undefined) return query
  const { gte, lt } = intersect(within, windowOf(query))
  const parameters: Array<Query[number]> = []
  for (const parameter of query) if (!Object.hasOwn(windows, parameter[0])) parameters.push(parameter)
  if (gte !== undefined) parameters.push(["created[gte]", String(gte)])
  if (lt !== undefined) parameters.push(["created[lt]", String(lt)])
  return parameters
}
