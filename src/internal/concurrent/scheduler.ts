/**
 * Which request comes next when a list is read with several requests at once. Pure: replies in, requests out; no clock,
 * no randomness, no effects, so that a test can simulate it.
 *
 * The rule:
 *
 * 1. The list is a row of **segments**, newest first. Each is a half-open window of `created`, `[gte, lt)`, read by its own
 *    cursor until the server says that it ended. Windows do not overlap, so every row belongs to exactly one segment.
 * 2. At the beginning there is one segment, the whole list.
 * 3. The segment nearest to the head that waits for a request is sent first.
 * 4. Before a segment is sent it is cut, if that is worth a request: it keeps its newest part, and the rest becomes a
 *    segment of its own. A segment keeps what it has read: a cut is never above its oldest row.
 * 5. How many rows the rest holds is estimated from the rows read just above it (`density.ts`). The last segment,
 *    which may end anywhere, is expected to hold `trust` times what was read, and no more than memory has room for.
 * 6. A part is an equal share of the rest for each free reader: at least `smallestPart` pages, at most what the free memory
 *    has for each reader.
 * 7. What turns out dense is cut again at its next request, and what turns out empty is done.
 * 8. At most `pagesPerReader` pages for each reader are held. The request at the head needs no room, because its page is
 *    delivered at once. A segment leaves `reserve` of the pages expected before it free for them.
 * 9. A cut is a guess, and costs at most one request that brings less than a page. `guesses` of the readers may ask for
 *    parts next to each other without an answer, and once `guesses` of the pages read were lost, nothing is cut until
 *    more came.
 * 10. When the server refuses a request for being one too many, half as many are sent at once, and one more after each
 *    round of replies. One that is refused to its last retry is sent again with fewer in flight, one at
 *    first. It fails only when it was refused alone, as in sequence.
 */
import type { Window } from "../list/model.ts"
import * as Density from "./density.ts"

// Each number was chosen by the table of test/ConcurrentScheduler.test.ts: speed-up / requests over the fewest possible,
// 16 readers, 100,000 rows, ten seeds. "Short" is bursty with 20,000 rows.

/** The memory of the read in pages for each reader. Given by the promise: 128 pages for 16 readers. */
export const pagesPerReader = 8

/** 1: import 6.5, daily 12.8. 2: 8.4, 13.4. 3: short falls from 8.3 to 7.4, uniform from 14.4 to 14.1. */
const smallestPart = 2

/** 1: growing 13.0, daily 13.0. 3: 13.4, 13.4. 5: 13.6, 13.5. Without limit: bursty falls from 11.0 to 9.9. */
const trust = 5

/** 0: import 1.7, because it shows when memory is full of older pages. 0.1: 7.4. 0.2: 8.4. 0.5: daily falls to 12.6. */
const reserve = 0.2

/**
 * As the share of the readers that may ask for parts next to each other without an answer: 1: bursty 8.5 / 1.25, import
 * 8.4 / 1.14. 0.5: 10.6 / 1.19. 0.25: 11.0 / 1.13, 8.4 / 1.12. 0.125: daily 12.7 / 1.13. As the share of the pages read
 * that may be lost: 0.1: daily 7.2, import 4.3. 0.2: short 7.1 / 1.21. 0.25: 8.3 / 1.23. 0.5: 8.9 / 1.23, and half of the
 * requests may be lost where rows lie as badly as they can.
 */
const guesses = 0.25

/** A window of the list and how far it is read. */
export interface Segment {
  readonly id: number
  /** -Infinity where the list is read to its end. */
  readonly gte: number
  /** Infinity where the list is read from its beginning. */
  readonly lt: number
  /** `new`: no request was sent. `ready`: the next request may be sent. */
  readonly state: "new" | "ready" | "reading" | "done"
  /** The oldest second read; undefined before a row said when it was created. */
  readonly oldest: number | undefined
  /** Whether the row at the cursor is inside however far the window is cut. Unknown where it does not say its second. */
  readonly canCut: boolean
  /** Pages that were read and wait for their turn. */
  readonly waiting: number
}

export interface Schedule {
  readonly readers: number
  readonly pageSize: number
  /** In the order of the list, without those that are read and delivered. None is left at the end of the read. */
  readonly segments: ReadonlyArray<Segment>
  readonly known: Density.Known
  /** The second above which nothing is cut. */
  readonly cutBelow: number
  /** Whether the list is not read beyond the last segment because of a failure there. */
  readonly failed: boolean
  readonly created: number
  readonly sent: number
  readonly answered: number
  /** Rows read. */
  readonly rows: number
  /** How many requests may be in flight now. */
  readonly width: number
  /** The number of the last request sent when the width was last reduced. */
  readonly narrowedAt: number
}

/** The next request of a segment. */
export interface Request {
  readonly segment: number
  /** The number of the request, counted from 1. */
  readonly number: number
  readonly within: Window
  /** Whether no other was in flight when it was sent. */
  readonly isAlone: boolean
}

/** What a page says about the list. */
export interface Reply {
  readonly rows: number
  /** The newest and oldest second among its rows; undefined if no row says when it was created. */
  readonly newest: number | undefined
  readonly oldest: number | undefined
  /** Whether the segment has another page. */
  readonly hasMore: boolean
  /** Whether it is known when the row at the cursor was created. */
  readonly canCut: boolean
}

export const make = (readers: number, pageSize: number, within: Window, cutBelow = Infinity): Schedule => ({
  readers,
  pageSize,
  segments: [
    {
      id: 0,
      gte: within.gte ?? -Infinity,
      lt: within.lt ?? Infinity,
      state: "new",
      oldest: undefined,
      canCut: false,
      waiting: 0
    }
  ],
  known: [],
  cutBelow,
  failed: false,
  created: 1,
  sent: 0,
  answered: 0,
  rows: 0,
  width: readers,
  narrowedAt: 0
})

/** Pages that wait for their turn. */
export const waiting = (segments: ReadonlyArray<Segment>): number => {
  let pages = 0
  for (const segment of segments) pages += segment.waiting
  return pages
}

const inFlight = (segments: ReadonlyArray<Segment>): number => {
  let requests = 0
  for (const { state } of segments) if (state === "reading") requests++
  return requests
}

/** The next request, and the schedule with that request sent. Undefined if nothing should be sent before a reply. */
export const next = (schedule: Schedule): readonly [Request, Schedule] | undefined => {
  const { pageSize, readers, segments } = schedule
  const free = Math.floor(schedule.width) - inFlight(segments)
  if (free <= 0) return undefined
  const head = segments.findIndex(({ state }) => state !== "done")
  const memory = pagesPerReader * readers
  const taken = waiting(segments) + inFlight(segments.slice(head + 1))
  let before = 0
  for (const [index, segment] of segments.entries()) {
    if (segment.state === "new" || segment.state === "ready") {
      const isAtHead = index === head && waiting(segments.slice(0, index + 1)) <= 1
      if (isAtHead || taken + reserve * before < memory - 1) return send(cut(schedule, index, free), index)
    }
    before += segment.waiting + (segment.state === "done" ? 0 : rowsLeft(schedule, segment) / pageSize)
  }
  return undefined
}

const send = (schedule: Schedule, index: number): readonly [Request, Schedule] | undefined => {
  const segment = schedule.segments[index]
  if (segment === undefined) return undefined
  const { gte, id, lt } = segment
  const number = schedule.sent + 1
  const within = { ...(Number.isFinite(gte) ? { gte } : {}), ...(Number.isFinite(lt) ? { lt } : {}) }
  const segments = schedule.segments.with(index, { ...segment, state: "reading" })
  return [
    { segment: id, number, within, isAlone: inFlight(schedule.segments) === 0 },
    { ...schedule, sent: number, segments }
  ]
}

/** The rows that a segment is expected to have left. */
const rowsLeft = ({ known, pageSize, readers, rows }: Schedule, { gte, lt, oldest = lt }: Segment): number =>
  Number.isFinite(gte)
    ? Density.rowsBetween(known, oldest, gte)
    : Math.max(0, Math.min(trust * rows, pagesPerReader * readers * pageSize) - Density.rowsAbove(known, oldest))

/** Cuts what a segment has left, if that is worth a request. */
const cut = (schedule: Schedule, index: number, free: number): Schedule => {
  const { known, pageSize, readers, segments } = schedule
  const segment = segments[index]
  if (segment === undefined || !mayCut(schedule, segment, index)) return schedule
  const { gte, lt, oldest = lt } = segment
  const pages = rowsLeft(schedule, segment) / pageSize
  // One page of each reader is in flight.
  const room = pagesPerReader - 1 - waiting(segments.slice(index + 1)) / readers
  const part = Math.max(smallestPart, Math.ceil(Math.min(room, pages / free)))
  const second = Math.min(Density.secondAfter(known, oldest, part * pageSize), schedule.cutBelow)
  if (Math.round(pages / part) < 2 || !(second > gte && second < oldest)) return schedule
  const rest: Segment = { ...segment, id: schedule.created, lt: second, state: "new", oldest: undefined, waiting: 0 }
  return {
    ...schedule,
    created: schedule.created + 1,
    segments: segments.toSpliced(index, 1, { ...segment, gte: second }, rest)
  }
}

/** Whether another guess may be made. One that is not answered counts as lost. */
const mayCut = (schedule: Schedule, segment: Segment, index: number): boolean => {
  const { answered, pageSize, readers, segments } = schedule
  if (segment.state === "ready" && !segment.canCut) return false
  const above = segments.slice(0, index)
  const unanswered = index - 1 - above.findLastIndex(({ oldest }) => oldest !== undefined)
  if (segment.state === "new" && unanswered >= guesses * readers) return false
  const pages = schedule.rows / pageSize
  let open = 0
  for (const { oldest, state } of segments) if (state === "reading" && oldest === undefined) open++
  return answered - pages + open + 1 <= guesses * (pages + readers)
}

/** Takes note of a reply. */
export const replied = (schedule: Schedule, id: number, reply: Reply): Schedule => {
  const index = schedule.segments.findIndex((segment) => segment.id === id)
  const segment = schedule.segments[index]
  if (segment === undefined) return schedule
  const { canCut, hasMore, newest, oldest, rows } = reply
  const isKnown = newest !== undefined && oldest !== undefined
  return withoutRead({
    ...schedule,
    known: isKnown
      ? Density.add(schedule.known, { newest: Math.max(newest, segment.oldest ?? newest), oldest, rows })
      : schedule.known,
    answered: schedule.answered + 1,
    rows: schedule.rows + rows,
    width: Math.min(schedule.readers, schedule.width + 1 / schedule.width),
    segments: schedule.segments.with(index, {
      ...segment,
      state: hasMore ? "ready" : "done",
      oldest: isKnown ? Math.min(oldest, segment.oldest ?? oldest) : segment.oldest,
      canCut: canCut && isKnown,
      waiting: segment.waiting + (rows > 0 ? 1 : 0)
    })
  })
}

const withoutRead = (schedule: Schedule): Schedule => ({
  ...schedule,
  segments: schedule.segments.filter(({ state, waiting }) => state !== "done" || waiting > 0)
})

/** Takes note of a failure: what lies beyond it is not read. What lies before it is still read and delivered. */
export const failed = (schedule: Schedule, id: number): Schedule => {
  const index = schedule.segments.findIndex((segment) => segment.id === id)
  const segment = schedule.segments[index]
  if (segment === undefined) return schedule
  const segments = [...schedule.segments.slice(0, index), { ...segment, state: "done" as const }]
  return withoutRead({ ...schedule, segments, failed: true })
}

/** Takes note that a request was refused for being one too many. Those sent before the last such note tell nothing new. */
export const refused = (schedule: Schedule, number: number): Schedule =>
  number <= schedule.narrowedAt
    ? schedule
    : { ...schedule, width: Math.max(1, Math.floor(schedule.width / 2)), narrowedAt: schedule.sent }

/** Takes note that a request was refused to its last retry: it is sent again with fewer others. Undefined if it was alone. */
export const postponed = (schedule: Schedule, { isAlone, number, segment }: Request): Schedule | undefined => {
  if (isAlone && number === schedule.sent) return undefined
  const ready = (one: Segment): Segment => (one.id === segment ? { ...one, state: "ready" } : one)
  return { ...schedule, width: 1, segments: schedule.segments.map(ready) }
}

/**
 * The segment whose next page is to be delivered, and whether the list has rows after that page. The last page of a
 * segment waits until that is known.
 */
export const deliver = (
  schedule: Schedule
): readonly [segment: number, hasMore: boolean, schedule: Schedule] | undefined => {
  const [head, ...others] = schedule.segments
  if (head === undefined || head.waiting === 0) return undefined
  const isLast = head.state === "done" && head.waiting === 1
  const hasMore = !isLast || schedule.failed || waiting(others) > 0
  if (!hasMore && others.length > 0) return undefined
  const segments = [{ ...head, waiting: head.waiting - 1 }, ...others]
  return [head.id, hasMore, withoutRead({ ...schedule, segments })]
}
