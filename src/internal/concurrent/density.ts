/**
 * How many rows to expect in time that nobody has read: **what comes next is taken to mirror what was read last.** The
 * seconds below a place are expected to hold what the same number of known seconds above it held, and unread time between
 * is skipped. So a burst is expected to last for as long again as it has lasted, then to be followed by what came before it.
 *
 * All times are whole epoch seconds.
 */

/** What one page showed: this many rows lie between these two seconds. */
export interface Stretch {
  readonly newest: number
  readonly oldest: number
  readonly rows: number
}

/** The stretches that are known, newest first. */
export type Known = ReadonlyArray<Stretch>

/** Pages to remember. Tried 128 to 2,000: below 256 a read with 64 readers forgets a burst before the next one begins. */
const remembered = 1024

/** Adds what a page showed. */
export const add = (known: Known, stretch: Stretch): Known => {
  const index = indexAbove(known, stretch.oldest) + 1
  return known.toSpliced(index, 0, stretch).slice(-remembered)
}

/** How many rows to expect between two seconds that are unread. */
export const rowsBetween = (known: Known, from: number, to: number): number => {
  const nearest = nearestAbove(known, from)
  return mirrored(known, nearest, nearest - to).rows - mirrored(known, nearest, nearest - from).rows
}

/** How many rows to expect between a second and the nearest second above it that was read. */
export const rowsAbove = (known: Known, second: number): number => {
  const nearest = nearestAbove(known, second)
  return mirrored(known, nearest, nearest - second).rows
}

/** The second before which so many rows are expected, counted from `from` towards older rows. */
export const secondAfter = (known: Known, from: number, rows: number): number => {
  const nearest = nearestAbove(known, from)
  return Math.floor(nearest - mirrored(known, nearest, Number.POSITIVE_INFINITY, rowsAbove(known, from) + rows).seconds)
}

/** The oldest known stretch that does not reach below a second. */
const indexAbove = (known: Known, second: number): number => known.findLastIndex(({ oldest }) => oldest >= second)

const nearestAbove = (known: Known, second: number): number => known[indexAbove(known, second)]?.oldest ?? second

/** The known time from a second upward, over so many seconds or rows. What is missing is taken to be like the rest. */
const mirrored = (
  known: Known,
  from: number,
  mostSeconds: number,
  mostRows = Number.POSITIVE_INFINITY
): { readonly seconds: number; readonly rows: number } => {
  let seconds = 0
  let rows = 0
  for (let index = indexAbove(known, from); index >= 0; index--) {
    const stretch = known[index]
    if (stretch === undefined || seconds >= mostSeconds || rows >= mostRows) break
    const length = stretch.newest - stretch.oldest
    const part = Math.min(1, (mostRows - rows) / stretch.rows, length === 0 ? 1 : (mostSeconds - seconds) / length)
    seconds += length * part
    rows += stretch.rows * part
  }
  if (seconds === 0 || rows === 0) return { seconds, rows }
  const missing = Math.max(1, Math.min(mostSeconds / seconds, mostRows / rows))
  return { seconds: seconds * missing, rows: rows * missing }
}
