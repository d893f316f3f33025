/**
 * What the rule of parallel reading knows, and what it says and is told: the walks, in the order of the list, and where
 * each of them stands.
 */
import type * as Density from "./density.ts"
import type * as Search from "./search.ts"

/**
 * One part of the list, from a place down to where the next walk begins. A **place** is what falls along the list: the
 * second in which a row was created, or with oldest-first its negative.
 */
export interface Walk {
  readonly id: number
  /** The place that it was started at: it goes on with the rows below. Infinite where it was started without one. */
  readonly below: number
  /** The place of its first row. Not below `below`; an estimate until a page came. */
  readonly top: number
  /** The place of the last row that it read. */
  readonly reached: number
  /** The pages it is expected to have. */
  readonly pages: number
  /** `lost`: its cursor left the list, and only once all before it is delivered can its place be found again. */
  readonly state: "reading" | "ready" | "lost" | "done"
  readonly answered: boolean
  /** Rows that it has kept. */
  readonly rows: number
  /** Pages that came and wait for their turn. */
  readonly waiting: number
}

export interface Plan {
  readonly settings: Settings
  /** In the order of the list. Those that were read and delivered are gone. */
  readonly walks: ReadonlyArray<Walk>
  /** The last one that is gone. */
  readonly last: Walk | undefined
  readonly known: Density.Known
  /** Requests that were sent, and those of them that were answered. */
  readonly sent: number
  readonly answered: number
  /** Rows that were read and kept. */
  readonly rows: number
  /** How many requests may be in flight now. Less than the readers for a while after Stripe refused one. */
  readonly width: number
  /** The request count when the width was last reduced. */
  readonly narrowedAt: number
  /** With oldest-first: set while it is not known where the list begins. */
  readonly search: Search.Search | undefined
}

export interface Settings {
  /** The most requests in flight. */
  readonly readers: number
  readonly pageSize: number
  /** No row is older than this second: the lower bound of the whole read. */
  readonly floor?: number | undefined
  /** @default false */
  readonly oldestFirst?: boolean | undefined
}

/** The request that the rule wants next. */
export interface Request {
  readonly walk: number
  /** The number of the request, counted from 1. */
  readonly number: number
  readonly below: number
  /** Whether all before it is delivered. */
  readonly isHead: boolean
  /** With oldest-first: the walk before whose first page the first page of this one lies, in the same second. */
  readonly beside?: number | undefined
}

/** What the rule needs of a page. */
export interface Reply {
  /** The places of the rows, in the order of the walk. */
  readonly created: ReadonlyArray<number>
  /** Whether there are more in the direction of the request. */
  readonly hasMore: boolean
  /** How many of the rows, at the beginning, are known by their ids to have been read by the walk before. */
  readonly passed?: number | undefined
  /** How many of the rows, at the beginning, are before those that the next walk has, known by their ids. */
  readonly met?: number | undefined
}

/** Rows of a reply, from the first to before the second. */
export type Kept = readonly [from: number, to: number]

/** Pages that may wait for their turn or be asked for, for each reader. */
export const memoryPerReader = 8

export const newWalk = (id: number, top: number, below: number, pages: number): Walk => ({
  id,
  below,
  top,
  reached: below,
  pages,
  state: "ready",
  answered: false,
  rows: 0,
  waiting: 0
})

export const count = (plan: Plan, of: (walk: Walk) => number): number =>
  plan.walks.reduce((sum, walk) => sum + of(walk), 0)

/** How many pages wait for their turn. */
export const waiting = (plan: Plan): number => count(plan, (walk) => walk.waiting)

/** Sends the request of the walk, which stands at the index or is put there. */
export const send = (plan: Plan, index: number, walk: Walk): readonly [Request, Plan] => {
  const number = plan.sent + 1
  const isNew = plan.walks[index]?.id !== walk.id
  const walks = plan.walks.toSpliced(index, isNew ? 0 : 1, { ...walk, state: "reading" })
  return [
    { walk: walk.id, number, below: walk.below, isHead: index === 0 },
    { ...plan, walks, sent: number }
  ]
}

/** Takes note of an answer with so many rows that are kept. */
export const counted = (plan: Plan, kept: number): Plan => ({
  ...plan,
  answered: plan.answered + 1,
  rows: plan.rows + kept,
  width: Math.min(plan.settings.readers, plan.width + 1 / plan.width)
})

/** The plan without the walks at its beginning that are done with. */
export const withoutDelivered = (plan: Plan): Plan => {
  const { walks } = plan
  // Before it is known where the list begins there is nothing to deliver.
  if (plan.search !== undefined) return plan
  const found = walks.findIndex((walk) => walk.state !== "done" || walk.waiting > 0)
  const head = found < 0 ? walks.length : found
  return head === 0 ? plan : { ...plan, walks: walks.slice(head), last: walks[head - 1] }
}

/** The walks before and after a walk: between them its rows lie. */
export const neighbours = (
  plan: Plan,
  id: number
): readonly [before: number | undefined, after: number | undefined] => {
  const index = plan.walks.findIndex((walk) => walk.id === id)
  return index < 0 ? [undefined, undefined] : [(plan.walks[index - 1] ?? plan.last)?.id, plan.walks[index + 1]?.id]
}
