/**
 * The scheduling rule of parallel reading: given the replies so far, which request next. Pure, so that it can be
 * simulated: no clock, no randomness, no effects.
 *
 * The list is read by **walks**, ordered from the newest rows to the oldest. A walk starts at a whole second (`below`:
 * rows created before it) and follows its own cursor from page to page. It never has a lower bound of its own: it reads
 * on until it meets the next walk, that is until a row is older than the second at which that one starts. Rows beyond
 * are dropped, because the next walk has them. So the walks cover every second exactly once wherever they are started,
 * no second is read by two walks, and a walk may be started inside time that another is about to read without a change
 * to any request of the other: its cursor is only ever sent with the window it came from.
 *
 * The rule decides two things: which walks go on (the nearest to the head first, within the memory allowed), and where
 * new walks start (see `cut.ts`).
 */
import * as Cut from "./cut.ts"
import * as Density from "./density.ts"

/** One part of the list, from a second down to where the next walk begins. */
export interface Walk {
  readonly id: number
  /** It reads rows created before this second. The first walk starts at the head: undefined. */
  readonly below: number | undefined
  /** The second of the last row that it read. */
  readonly reached: number
  /** The pages it is expected to have. */
  readonly pages: number
  readonly state: "reading" | "ready" | "done"
  readonly answered: boolean
  /** Rows that it has kept. */
  readonly rows: number
  /** Pages that came and wait for their turn. */
  readonly waiting: number
}

export interface Plan {
  readonly settings: Settings
  /** From the newest to the oldest. Those that were read and delivered are gone. */
  readonly walks: ReadonlyArray<Walk>
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
}

export interface Settings {
  /** The most requests in flight. */
  readonly readers: number
  readonly pageSize: number
  /** No row is older than this second: the lower bound of the whole read. */
  readonly floor?: number | undefined
}

/** The request that the rule wants next. */
export interface Request {
  readonly walk: number
  /** The number of the request, counted from 1. */
  readonly number: number
  readonly below: number | undefined
}

/** What the rule needs of a page. */
export interface Reply {
  /** The seconds of the rows, newest first. */
  readonly created: ReadonlyArray<number>
  /** Whether the walk goes on after them. */
  readonly hasMore: boolean
}

/** Pages that may wait for their turn, for each reader. */
export const memoryPerReader = 8

/**
 * The farther from the head, the less of the memory a walk may fill. What far walks hold cannot be delivered before the
 * near ones are through, so something must be left for a near part that turns out to be dense.
 */
const keptForNear = 0.1

/** What is left besides for the near parts while one of them is a burst: sharing that out is what memory is for then. */
const keptForBurst = 0.5

/** Requests in vain that are always allowed, and how many more for each page that was read. See `isThrifty`. */
const vainAllowed = 4
const vainShare = 0.25

/** How much of an unanswered start is taken to be in vain. */
const vainStart = 0.3

export const make = (settings: Settings): Plan => ({
  settings,
  walks: [newWalk(0, undefined, 1)],
  known: [],
  sent: 0,
  answered: 0,
  rows: 0,
  width: settings.readers,
  narrowedAt: 0
})

const newWalk = (id: number, below: number | undefined, pages: number): Walk => ({
  id,
  below,
  reached: below ?? Number.POSITIVE_INFINITY,
  pages,
  state: "ready",
  answered: false,
  rows: 0,
  waiting: 0
})

const count = (plan: Plan, of: (walk: Walk) => number): number => plan.walks.reduce((sum, walk) => sum + of(walk), 0)

const isReading = (walk: Walk): number => (walk.state === "reading" ? 1 : 0)

/** How many pages wait for their turn. */
export const waiting = (plan: Plan): number => count(plan, (walk) => walk.waiting)

/**
 * Stripe counts reads. Where guesses fail again and again, the rule stops guessing until the pages read have paid for it:
 * so no history, however odd, costs many more requests than reading in sequence.
 */
const isThrifty = (plan: Plan): boolean => {
  const pages = plan.rows / plan.settings.pageSize
  const starts = count(plan, (walk) => (walk.answered ? 0 : 1))
  return plan.answered - pages + vainStart * starts > vainAllowed + vainShare * pages
}

/** The next request, and the plan with that request sent. Undefined when nothing should be sent before a reply. */
export const next = (plan: Plan): readonly [Request, Plan] | undefined => {
  const reading = count(plan, isReading)
  const free = Math.floor(plan.width) - reading
  if (free <= 0) return undefined
  return step(plan, free, false) ?? step(plan, free, true)
}

const step = (plan: Plan, free: number, isIdle: boolean): readonly [Request, Plan] | undefined => {
  const { pageSize, readers } = plan.settings
  const situation = {
    known: plan.known,
    pageSize,
    read: plan.rows / pageSize,
    free,
    isThrifty: isThrifty(plan),
    isIdle
  }
  // The request of the head needs no room: what it brings is delivered at once.
  const taken = waiting(plan) + count(plan, isReading) - (plan.walks[0] === undefined ? 0 : isReading(plan.walks[0]))
  let rank = 0
  let forBurst = 0
  for (const [index, walk] of plan.walks.entries()) {
    if (walk.state === "done") continue
    const allowed = memoryPerReader * readers * (1 - keptForNear * Math.min(1, rank / readers) - forBurst)
    const hasRoom = taken < allowed
    const isHead = index === 0 && walk.waiting === 0
    if (walk.state === "ready" && (isHead || hasRoom)) return send(plan, index, walk)
    rank++
    const end = nextAnswered(plan, index)
    const gap = walk.answered ? gapBelow(plan, walk, index, end) : undefined
    const outlook = gap === undefined ? undefined : Cut.lookInto(gap, situation)
    if (gap === undefined || outlook === undefined) continue
    const found = hasRoom ? Cut.cut(gap, outlook, situation) : undefined
    if (found !== undefined) return send(plan, end, newWalk(plan.sent, found.below, found.pages))
    if (outlook.isBurst) forBurst = keptForBurst
  }
  return undefined
}

/** The index of the first walk after the given one that has shown a page, or the number of walks. */
const nextAnswered = (plan: Plan, index: number): number => {
  const found = plan.walks.findIndex((walk, other) => other > index && walk.answered)
  return found === -1 ? plan.walks.length : found
}

const gapBelow = (plan: Plan, walk: Walk, index: number, end: number): Cut.Gap | undefined => {
  const next = plan.walks[end]
  const to = next?.below ?? plan.settings.floor ?? Number.NEGATIVE_INFINITY
  if (walk.reached <= to) return undefined
  const pending = plan.walks.slice(index + 1, end).map(({ below = walk.reached, pages }) => ({ below, pages }))
  return { from: walk.reached, to, isLast: next === undefined, behind: walk.rows / plan.settings.pageSize, pending }
}

/** Sends the request of the walk, which stands at the index or is put there. */
const send = (plan: Plan, index: number, walk: Walk): readonly [Request, Plan] => {
  const number = plan.sent + 1
  const isNew = plan.walks[index]?.id !== walk.id
  const walks = plan.walks.toSpliced(index, isNew ? 0 : 1, { ...walk, state: "reading" })
  return [
    { walk: walk.id, number, below: walk.below },
    { ...plan, walks, sent: number }
  ]
}

/**
 * Takes note of a reply. The number is how many of its rows are kept: the others belong to the next walk. A walk that no
 * longer exists (it lay beyond a failure) keeps none.
 */
export const replied = (plan: Plan, id: number, reply: Reply): readonly [number, Plan] => {
  const index = plan.walks.findIndex((walk) => walk.id === id)
  const walk = plan.walks[index]
  if (walk === undefined) return [0, plan]
  const { created, hasMore } = reply
  const bound = plan.walks[index + 1]?.below ?? Number.NEGATIVE_INFINITY
  const kept = created.findLastIndex((second) => second >= bound) + 1
  const newest = walk.below === undefined && !walk.answered ? created[0] : walk.reached
  const oldest = created[kept - 1]
  const answered: Walk = {
    ...walk,
    reached: created.at(-1) ?? walk.reached,
    state: kept < created.length || !hasMore ? "done" : "ready",
    answered: true,
    rows: walk.rows + kept,
    waiting: walk.waiting + (kept > 0 ? 1 : 0)
  }
  return [
    kept,
    {
      ...plan,
      walks: withoutDelivered(plan.walks.with(index, answered)),
      known:
        newest === undefined || oldest === undefined
          ? plan.known
          : Density.add(plan.known, { newest, oldest, rows: kept }),
      answered: plan.answered + 1,
      rows: plan.rows + kept,
      width: Math.min(plan.settings.readers, plan.width + 1 / plan.width)
    }
  ]
}

/** Takes note of a failure: nothing beyond it is of use. What lies before it is still read and delivered. */
export const failed = (plan: Plan, id: number): Plan => {
  const index = plan.walks.findIndex((walk) => walk.id === id)
  const walk = plan.walks[index]
  if (walk === undefined) return plan
  const walks = [...plan.walks.slice(0, index), { ...walk, state: "done" as const, answered: true }]
  return { ...plan, walks: withoutDelivered(walks) }
}

/**
 * Takes note that Stripe refused a request for being one too many: half as many at once from now on, and one more after
 * each round of replies. Requests that were sent before the last such note tell nothing new.
 */
export const refused = (plan: Plan, number: number): Plan =>
  number <= plan.narrowedAt ? plan : { ...plan, width: Math.max(1, Math.floor(plan.width / 2)), narrowedAt: plan.sent }

/** The walk whose next page is to be delivered now, and the plan without that page. */
export const deliver = (plan: Plan): readonly [number, Plan] | undefined => {
  const head = plan.walks[0]
  if (head === undefined || head.waiting === 0) return undefined
  const walks = plan.walks.with(0, { ...head, waiting: head.waiting - 1 })
  return [head.id, { ...plan, walks: withoutDelivered(walks) }]
}

const withoutDelivered = (walks: ReadonlyArray<Walk>): ReadonlyArray<Walk> => {
  const head = walks.findIndex((walk) => walk.state !== "done" || walk.waiting > 0)
  return head === -1 ? [] : walks.slice(head)
}

/** Whether every row was read and delivered. */
export const isFinished = (plan: Plan): boolean => plan.walks.length === 0
