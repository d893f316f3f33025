/**
 * Where to start reading inside time that nobody has read: the guess at the heart of parallel reading.
 *
 * Nothing is asked of Stripe to find out; the guess rests on the pages that came anyway. A wrong guess costs at most a
 * request and never a row, because every walk reads on until it meets the next one.
 */
import * as Density from "./density.ts"

/** Unread time between the place that a walk has reached and the next place below it that has shown a page. */
export interface Gap {
  /** The second that the walk has reached. */
  readonly from: number
  /** The second below which the next walk reads, or before which there is nothing to read. -Infinity if unknown. */
  readonly to: number
  /** No walk further down has shown a page, so that nobody knows how far the rows go on. */
  readonly isLast: boolean
  /** The pages of its own part that the walk has read. */
  readonly behind: number
  /** The walks that were started inside the gap and have not shown a page, newest first. */
  readonly pending: ReadonlyArray<Cut>
}

/** A start: at which place, where the first row is expected, and how many pages the walk is expected to have. */
export interface Cut {
  readonly below: number
  readonly top: number
  readonly pages: number
}

/** What is to be expected in a gap. */
export interface Outlook {
  /** How the rows lie next to the gap. */
  readonly view: Density.View
  /** Pages a second, next to the gap. */
  readonly rate: number
  /** Pages in the whole gap, if it goes on like that. */
  readonly expected: number
  /** Pages that the walks started inside it are expected to have, the one above it included. */
  readonly planned: number
  /** The gap begins in a burst, and nobody knows how far it goes. */
  readonly isBurst: boolean
}

/** What is the same for all gaps. */
export interface Situation {
  readonly known: Density.Known
  readonly pageSize: number
  /** How many pages more a list is trusted to have: as many as have been read. */
  readonly trusted: number
  /** Readers without a request. */
  readonly free: number
  /** The requests in vain, as a share of those that are allowed. */
  readonly inVain: number
  /** Whether nothing better is left to do, so that even a small gap is worth sharing. */
  readonly isIdle: boolean
  /** How many pages a walk begins before the place that it is started at. */
  readonly lead: number
}

/** A last page that is nearly full costs little; one row more than full pages costs a request. So aim just below. */
const justBelow = 0.1

const whole = (pages: number): number => Math.max(1, Math.round(pages)) - justBelow

/**
 * The pages of a walk. More of them mean fewer walks, and so fewer last pages that overlap the next walk (half a page
 * each, on average); fewer of them mean that less waits in memory. With eight pages of memory a reader, this balances.
 */
const fullWalk = 8 - justBelow
const smallestWalk = 2

/** The pages of a gap that is worth sharing when there is enough other work, and when there is none. */
const worthSharing = 1.25 * fullWalk
const worthSharingWhenIdle = 3

/** The pages to look back over before reading beyond the last walk. */
const horizon = 2 * fullWalk

/** How many starts into a burst of unknown length may be unanswered. */
const mostStakes = 4

/** The requests in vain, as a share of those that are allowed, that stop even a lone start beyond the last walk. */
const mostInVain = 2

const sizeFor = (pages: number, free: number): number =>
  whole(Math.min(fullWalk, Math.max(smallestWalk, pages / (free + 1))))

/** What to expect in a gap: more of what lies next to it. Undefined where time tells no rows apart. */
export const lookInto = (gap: Gap, { known, pageSize }: Situation): Outlook | undefined => {
  const { isLast } = gap
  const span = isLast ? Number.POSITIVE_INFINITY : gap.from - gap.to
  const view = Density.lookBack(known, gap.from, isLast ? horizon * pageSize : Number.POSITIVE_INFINITY, span)
  if (view.seconds <= 0) return undefined
  const rate = view.rows / view.seconds / pageSize
  const expected = rate * span
  const first = gap.pending[0]
  const planned =
    first === undefined ? 0 : gap.pending.reduce((sum, { pages }) => sum + pages, rate * (gap.from - first.top))
  return { view, rate, expected, planned, isBurst: !isLast && view.change === "denser" && expected > worthSharing }
}

/** The best place to start a new walk in a gap, if there is one that is worth a request. */
export const cut = (gap: Gap, outlook: Outlook, situation: Situation): Cut | undefined => {
  const { expected, isBurst, planned, rate, view } = outlook
  if (situation.inVain > (gap.isLast && gap.pending.length === 0 ? mostInVain : 1)) return undefined
  const start = gap.isLast
    ? beyondTheLast(gap, outlook, situation)
    : isBurst
      ? insideBurst(gap, outlook, situation)
      : expected - planned > worthSharing && view.change !== "denser"
        ? { after: Math.max(planned, fullWalk), pages: fullWalk }
        : situation.isIdle && expected - planned > worthSharingWhenIdle
          ? { after: (planned + expected) / 2, pages: (expected - planned) / 2 }
          : undefined
  if (start === undefined) return undefined
  const top = Math.floor(gap.from - start.after / rate)
  const below = Math.floor(gap.from - (start.after + situation.lead) / rate)
  const above = gap.pending.at(-1)?.below ?? gap.from
  return below < above && below > gap.to ? { top, below, pages: start.pages } : undefined
}

/** How many pages after the beginning of the gap to start, and how many pages the start is good for. */
interface Start {
  readonly after: number
  readonly pages: number
}

/**
 * Below the last walk, where the list goes on nobody knows how far. Never further ahead than what has been read, so that
 * a short list costs little; and while the rows lie unevenly, one start at a time.
 */
const beyondTheLast = (gap: Gap, outlook: Outlook, situation: Situation): Start | undefined => {
  const { free, pageSize } = situation
  const { planned, view } = outlook
  const trusted = view.change === "denser" ? view.rows / pageSize : situation.trusted
  const pages = Math.min(sizeFor(trusted - planned, free), situation.trusted)
  if (gap.pending.length === 0) return { after: Math.max(1, pages - gap.behind), pages }
  return planned + pages > trusted || view.change !== "none" ? undefined : { after: planned, pages }
}

/**
 * In a burst. If there was one before, this one is taken to be like it. Otherwise it is taken to go on for as long as it
 * has lasted, for nothing more is known of it, and each further start doubles the stake.
 */
const insideBurst = (gap: Gap, outlook: Outlook, situation: Situation): Start | undefined => {
  const { free, known, pageSize } = situation
  const { expected, planned, rate, view } = outlook
  const lasted = view.rows / pageSize
  const last = gap.pending.at(-1)
  const like = Density.earlierBurst(known, gap.from, rate * pageSize) / pageSize
  // A little more than the one before, to meet its end as well.
  const left = 1.1 * like - lasted - planned
  if (like > 2 * lasted && left > worthSharingWhenIdle) {
    const pages = sizeFor(left, free)
    const after = last === undefined ? pages : planned
    return after < 0.9 * expected ? { after, pages } : undefined
  }
  if (gap.pending.length >= mostStakes) return undefined
  const after = last === undefined ? Math.max(1, lasted) : planned
  const pages = last === undefined ? after : Math.min(2 * last.pages, 4 * fullWalk)
  return after < 0.8 * expected ? { after, pages } : undefined
}
