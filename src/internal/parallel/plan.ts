/**
 * The scheduling rule of parallel reading: given the replies so far, which request next. Pure, so that it can be
 * simulated: no clock, no randomness, no effects.
 *
 * The list is read by **walks**, in the order of the list: from the newest rows to the oldest, if not oldest-first (see
 * `oldestFirst.ts`). A walk starts at a whole second (`below`: rows created before it) and follows its own cursor from
 * page to page. It never has a lower bound of its own: it reads on until it meets the next walk, that is until a row is
 * older than the second at which that one starts. Rows beyond are dropped, because the next walk has them. So the walks
 * cover every second exactly once wherever they are started, no second is read by two walks, and a walk may be started
 * inside time that another is about to read without a change to any request of the other: its cursor is only ever sent
 * with the window it came from.
 *
 * The rule decides two things: which walks go on (the nearest to the head first, within the memory allowed), and where
 * new walks start (see `cut.ts`).
 */
import * as Cut from "./cut.ts"
import * as Density from "./density.ts"
import * as OldestFirst from "./oldestFirst.ts"
import * as Walks from "./walks.ts"
import type { Kept, Plan, Reply, Request, Settings, Walk } from "./walks.ts"

/**
 * The farther from the head, the less of the memory a walk may fill. What far walks hold cannot be delivered before the
 * near ones are through, so something must be left for a near part that turns out to be dense.
 */
const keptForNear = 0.1

/** What is left besides for the near parts while one of them is a burst: sharing that out is what memory is for then. */
const keptForBurst = 0.5

/**
 * Memory can be full of far pages when a burst shows. If so many readers have nothing to do, and the burst has shown so
 * many pages, it pays to read some of the far pages once more: an import that was leapt over would be read by one alone.
 */
const idleShare = 0.75
const longBurst = 24

/** Requests in vain that are always allowed, and how many more for each page that was read. See `shareInVain`. */
const vainAllowed = 4
const vainShare = 0.25

/** The pages for each reader that a list is trusted to have after the search for its oldest row. */
const searched = Walks.memoryPerReader / 2

/** How near a walk must be to an unanswered start to wait for its page, and the rows that tell how near it is. */
const pagesToWaitFor = 1.5
const rowsToNear = 10

/** How much of an unanswered start is taken to be in vain. */
const vainStart = 0.3

export const make = (settings: Settings): Plan => {
  const top = settings.oldestFirst === true ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return {
    settings,
    // The newest rows come first: the beginning of the list, or its end.
    walks: [Walks.newWalk(0, top, top, 1)],
    last: undefined,
    known: [],
    sent: 0,
    answered: 0,
    rows: 0,
    width: settings.readers,
    narrowedAt: 0,
    search: undefined
  }
}

const isReading = (walk: Walk): number => (walk.state === "reading" ? 1 : 0)

/**
 * The requests in vain, as a share of those that are allowed. Stripe counts reads: where guesses fail again and again, the
 * rule stops guessing until the pages read have paid for it, so that no history, however odd, costs many more requests
 * than reading in sequence.
 */
const shareInVain = (plan: Plan, lead: number): number => {
  const pages = plan.rows / plan.settings.pageSize
  const starts = Walks.count(plan, (walk) => (walk.answered ? 0 : 1))
  // A walk that begins before its place shows with its first page where that is, and with another what is there.
  const unanswered = vainStart * (1 + lead) * starts
  return (plan.answered - pages + unanswered) / (vainAllowed + vainShare * pages)
}

/** The next request, and the plan with that request sent. Undefined when nothing should be sent before a reply. */
export const next = (plan: Plan): readonly [Request, Plan] | undefined => {
  const reading = Walks.count(plan, isReading)
  const free = Math.floor(plan.width) - reading
  if (free <= 0) return undefined
  if (plan.search !== undefined) return OldestFirst.look(plan, plan.search)
  const request = step(plan, free, false) ?? step(plan, free, true)
  if (request !== undefined || free < idleShare * plan.settings.readers) return request
  const after = withoutFarthest(plan, burst(plan, free))
  return after === undefined ? undefined : next(after)
}

/** The first walk that is in a long burst and could go on or be shared, if there were room in memory. */
const burst = (plan: Plan, free: number): number => {
  const situation = situationOf(plan, free, false)
  return plan.walks.findIndex((walk, index) => {
    const isOpen = walk.answered && walk.state !== "done"
    const gap = isOpen ? gapBelow(plan, walk, index, nextAnswered(plan, index)) : undefined
    const outlook = gap === undefined ? undefined : Cut.lookInto(gap, situation)
    if (gap === undefined || outlook?.isBurst !== true || outlook.view.rows < longBurst * situation.pageSize)
      return false
    return walk.state === "ready" || Cut.cut(gap, outlook, situation) !== undefined
  })
}

/** Gives up the farthest walk that waits, to make room for one that is nearer. The walk before it reads its part. */
const withoutFarthest = (plan: Plan, nearer: number): Plan | undefined => {
  const { rows, walks } = plan
  const index = walks.findLastIndex(
    ({ state, waiting }, at) => state === "ready" && waiting > 0 && walks[at - 1]?.state !== "done"
  )
  const walk = walks[index]
  if (walk === undefined || nearer < 0 || index <= nearer + 1) return undefined
  return { ...plan, walks: walks.toSpliced(index, 1), rows: rows - walk.rows }
}

const situationOf = (plan: Plan, free: number, isIdle: boolean): Cut.Situation => {
  const { oldestFirst = false, pageSize, readers } = plan.settings
  const read = plan.rows / pageSize
  const lead = oldestFirst ? 1 : 0
  return {
    known: plan.known,
    pageSize,
    trusted: oldestFirst ? Math.max(read, searched * readers) : read,
    free,
    inVain: shareInVain(plan, lead),
    isIdle,
    lead
  }
}

const step = (plan: Plan, free: number, isIdle: boolean): readonly [Request, Plan] | undefined => {
  const { oldestFirst = false, readers } = plan.settings
  const situation = situationOf(plan, free, isIdle)
  // The request of the head needs no room but its own: what it brings is delivered at once.
  const taken =
    Walks.waiting(plan) + Walks.count(plan, isReading) - (plan.walks[0] === undefined ? 0 : isReading(plan.walks[0]))
  const memory = Walks.memoryPerReader * readers
  let rank = 0
  let forBurst = 0
  for (const [index, walk] of plan.walks.entries()) {
    if (walk.state === "done") continue
    const allowed = memory * (1 - keptForNear * Math.min(1, rank / readers) - forBurst)
    const hasRoom = taken < Math.min(allowed, memory - 1)
    const deliversAtOnce = index === 0 && walk.waiting === 0
    const end = nextAnswered(plan, index)
    const gap = walk.answered ? gapBelow(plan, walk, index, end) : undefined
    const outlook = gap === undefined ? undefined : Cut.lookInto(gap, situation)
    const isAwaited = oldestFirst && gap?.pending[0] !== undefined && isNear(plan, walk, gap.pending[0])
    const goesOn =
      walk.state === "ready" ? !isAwaited && (deliversAtOnce || hasRoom) : walk.state === "lost" && deliversAtOnce
    if (goesOn) return Walks.send(plan, index, walk)
    rank++
    if (gap === undefined || outlook === undefined) continue
    const found = hasRoom ? Cut.cut(gap, outlook, situation) : undefined
    if (found !== undefined) return Walks.send(plan, end, Walks.newWalk(plan.sent, found.top, found.below, found.pages))
    if (outlook.isBurst) forBurst = keptForBurst
  }
  return undefined
}

/** Whether the first page of the next walk, which lies before its start, is likely to bring what a walk would read now. */
const isNear = ({ known, settings }: Plan, walk: Walk, next: Cut.Cut): boolean => {
  const { rows, seconds } = Density.lookBack(known, walk.reached, rowsToNear, Number.POSITIVE_INFINITY)
  return seconds > 0 && (rows / seconds) * (walk.reached - next.below) <= pagesToWaitFor * settings.pageSize
}

/** The index of the first walk after the given one that has shown a page, or the number of walks. */
const nextAnswered = (plan: Plan, index: number): number => {
  const found = plan.walks.findIndex((walk, other) => other > index && walk.answered)
  return found === -1 ? plan.walks.length : found
}

const gapBelow = (plan: Plan, walk: Walk, index: number, end: number): Cut.Gap | undefined => {
  const next = plan.walks[end]
  const to = next?.top ?? plan.settings.floor ?? Number.NEGATIVE_INFINITY
  if (walk.reached <= to) return undefined
  const pending = plan.walks.slice(index + 1, end)
  return {
    from: walk.reached,
    to,
    isLast: next === undefined || next.below === Number.NEGATIVE_INFINITY,
    behind: walk.rows / plan.settings.pageSize,
    pending
  }
}

/**
 * Takes note of a reply, and says which of its rows are kept: the others belong to the walks before and after. A walk
 * that no longer exists (it lay beyond a failure) keeps none.
 */
export const replied = (plan: Plan, id: number, reply: Reply): readonly [Kept, Plan] => {
  const index = plan.walks.findIndex((walk) => walk.id === id)
  const walk = plan.walks[index]
  if (walk === undefined) return [[0, 0], plan]
  if (plan.settings.oldestFirst === true && !walk.answered) return OldestFirst.begun(plan, index, walk, reply)
  const { created, hasMore, met = Number.POSITIVE_INFINITY } = reply
  const next = plan.walks[index + 1]
  const bound = next === undefined ? Number.NEGATIVE_INFINITY : next.answered ? next.top : next.below
  const kept = Math.min(met, created.findLastIndex((place) => place >= bound) + 1)
  const isMet = kept < created.length || met <= created.length
  const answered: Walk = {
    ...walk,
    reached: isMet && Number.isFinite(bound) ? bound : (created.at(-1) ?? walk.reached),
    state: isMet || !hasMore ? "done" : "ready",
    answered: true,
    rows: walk.rows + kept,
    waiting: walk.waiting + (kept > 0 ? 1 : 0)
  }
  return [
    [0, kept],
    Walks.withoutDelivered({
      ...Walks.counted(plan, kept),
      walks: plan.walks.with(index, answered),
      known: learned(plan, walk, answered, created.slice(0, kept))
    })
  ]
}

/** What a page shows of how the rows lie: those of them that are kept. */
const learned = ({ known, settings }: Plan, before: Walk, after: Walk, kept: ReadonlyArray<number>): Density.Known => {
  const newest = Number.isFinite(before.reached) ? before.reached : kept[0]
  const oldest = kept.at(-1)
  if (newest !== undefined && oldest !== undefined) return Density.add(known, { newest, oldest, rows: kept.length })
  // Oldest-first a walk often starts in time without rows, and has to learn that there are none.
  return settings.oldestFirst === true && before.reached > after.reached
    ? Density.add(known, { newest: before.reached, oldest: after.reached, rows: 1 })
    : known
}

/** Takes note that the cursor of a walk is lost. One that has read nothing yet is left to the walk before it. */
export const lost = (plan: Plan, id: number): Plan => {
  const before = plan.walks[plan.walks.findIndex((walk) => walk.id === id) - 1]
  return {
    ...plan,
    walks: plan.walks.flatMap((walk): ReadonlyArray<Walk> => {
      if (walk.id !== id) return [walk]
      return walk.rows === 0 && before !== undefined && before.state !== "done" ? [] : [{ ...walk, state: "lost" }]
    })
  }
}

/** Takes note of a failure: nothing beyond it is of use. What lies before it is still read and delivered. */
export const failed = (plan: Plan, id: number): Plan => {
  const index = plan.walks.findIndex((walk) => walk.id === id)
  const walk = plan.walks[index]
  if (walk === undefined) return plan
  // Before it is known where the list begins, nothing is before a failure.
  if (plan.search !== undefined) return { ...plan, walks: [], search: undefined }
  const top = walk.answered ? walk.top : walk.below
  const walks = [...plan.walks.slice(0, index), { ...walk, top, state: "done" as const, answered: true }]
  return Walks.withoutDelivered({ ...plan, walks })
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
  if (plan.search !== undefined || head === undefined || head.waiting === 0) return undefined
  const walks = plan.walks.with(0, { ...head, waiting: head.waiting - 1 })
  return [head.id, Walks.withoutDelivered({ ...plan, walks })]
}

/** Whether every row was read and delivered. */
export const isFinished = (plan: Plan): boolean => plan.walks.length === 0
