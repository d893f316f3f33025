/**
 * Looking for the oldest row of a list, which Stripe does not tell: it only shows the newest rows before a second.
 *
 * Several seconds are asked for at once, all in the range where the oldest row may be: first ever further back, until
 * there is nothing before one of them, and then evenly spread. Pure, as the rest of the rule. The pages that are found on
 * the way are not in vain: those near the oldest row are where walks begin.
 */

/** Where the oldest row may be. */
export interface Search {
  /** No row is older than this second. */
  readonly low: number
  /** The second of the oldest row that was seen. There are rows before it, if only in the same second. */
  readonly high: number
  /** The oldest second of the page that the search began with. */
  readonly origin: number
  /** How many seconds that page covers. */
  readonly seconds: number
  /** How far before that to look next. Unset once nothing was found before a second. */
  readonly reach: number | undefined
  /** The seconds before which to ask for rows next. */
  readonly queue: ReadonlyArray<number>
}

/** How many times further back than the one before each look goes, and how many are sent before one is answered. */
const stride = 16
const looksBack = 4

/** A search from a page on, with the second of its oldest row, and how many seconds it covers. */
export const make = (low: number, oldest: number, seconds: number): Search =>
  lookBack({ low, high: oldest, origin: oldest, seconds, reach: seconds * stride, queue: [oldest] })

const lookBack = (search: Search): Search => {
  let { reach = 0 } = search
  const queue = [...search.queue]
  while (queue.length < looksBack && search.origin - reach > search.low) {
    queue.push(search.origin - reach)
    reach *= stride
  }
  return narrow({ ...search, reach: queue.length === 0 ? undefined : reach, queue })
}

const spread = (search: Search, width: number): Search => {
  const { high, low, origin, seconds } = search
  // No more requests than pages that the list is likely to have, so that a short list costs little.
  const parts = Math.min(width, Math.max(looksBack, Math.ceil((origin - high) / seconds)), high - low)
  // One alone halves the range; several part it, and the last of them goes on where the rows that were seen end.
  if (parts === 1) return { ...search, queue: [high - Math.floor((high - low) / 2)] }
  const part = (high - low) / parts
  return { ...search, queue: Array.from({ length: parts }, (_, index) => high - Math.floor(part * index)) }
}

/** Takes note that there is no row before a second. */
export const empty = (search: Search, second: number): Search =>
  narrow({ ...search, low: Math.max(search.low, second), reach: undefined })

/** Takes note of the oldest row of a page after which there are more. */
export const seen = (search: Search, oldest: number): Search =>
  narrow({ ...search, high: Math.min(search.high, oldest) })

const narrow = (search: Search): Search => ({
  ...search,
  queue: search.queue.filter((second) => isOpen(search, second))
})

const isOpen = ({ high, low }: Search, second: number): boolean => second > low && second <= high

/** Whether it is known in which second the oldest row is. */
export const isNarrow = ({ high, low }: Search): boolean => high <= low

/**
 * The second before which to ask for rows next, and the search with that done. Undefined while one of those that were
 * asked for is not answered and can narrow the range.
 */
export const next = (
  search: Search,
  asked: ReadonlyArray<number>,
  width: number
): readonly [second: number, search: Search] | undefined => {
  const [second, ...queue] = search.queue
  if (second !== undefined) return [second, { ...search, queue }]
  if (isNarrow(search) || asked.some((second) => isOpen(search, second))) return undefined
  const further = search.reach === undefined ? search : lookBack(search)
  return next(further.queue.length === 0 ? spread(further, width) : further, [], width)
}
