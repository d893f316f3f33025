/**
 * How many rows to expect in time that nobody has read: **what comes next is taken to mirror what was read last.** The
 * seconds below a place are expected to hold what the same number of known seconds above it held, and unread time between
 * is skipped. So a burst is expected to last for as long again as it has lasted, then to be followed by what came before it.
 *
 * All times are whole epoch seconds.
 */

/** What one page showed: this many rows lie between these two seconds. */
export interface Interval {
  readonly newest: number
  readonly oldest: number
  readonly rows: number
}

/** The intervals that are known, newest first. */
export type Known = ReadonlyArray<Interval>

/** Pages to remember. Tried 128 to 2,000: below 256 a read with 64 readers forgets a burst before the next one begins. */
const remembered = 1024

/** Adds what a page showed. */
export const add = (known: Known, interval: Interval): Known => {
  const index = indexAbove(known, interval.oldest) + 1
  return known.toSpliced(index, 0, interval).slice(-remembered)
}

/** How many rows to expect between two seconds that are unread. */
export const rowsBetween = (known: Known, from: number, to: number): number =>
  mirrored(known, from, to).rows - rowsAbove(known, from)

/** How many rows to expect between a second and the nearest second above it that was read. */
export const rowsAbove = (known: Known, second: number): number => mirrored(known, second, second).rows

/** The second before which so many rows are expected, counted from `from` towards older rows. */
export const secondAfter = (known: Known, from: number, rows: number): number =>
  Math.floor(mirrored(known, from, -Infinity, rowsAbove(known, from) + rows).second)

/** The oldest known interval that does not reach below a second. */
const indexAbove = (known: Known, second: number): number => known.findLastIndex(({ oldest }) => oldest >= second)

/**
 * What to expect from the nearest known second above `from` downward, to the second `to` or for so many rows: what is known
 * from there upward. What is missing is taken to be like the rest.
 */
const mirrored = (known: Known, from: number, to: number, mostRows = Infinity) => {
  const above = indexAbove(known, from)
  const nearest = known[above]?.oldest ?? from
  const mostSeconds = nearest - to
  let seconds = 0
  let rows = 0
  for (let index = above; index >= 0; index--) {
    const interval = known[index]
    if (interval === undefined || seconds >= mostSeconds || rows >= mostRows) break
    const length = interval.newest - interval.oldest
    const part = Math.min(1, (mostRows - rows) / interval.rows, length === 0 ? 1 : (mostSeconds - seconds) / length)
    seconds += length * part
    rows += interval.rows * part
  }
  if (seconds === 0 || rows === 0) return { second: nearest - seconds, rows }
  const missing = Math.max(1, Math.min(mostSeconds / seconds, mostRows / rows))
  return { second: nearest - seconds * missing, rows: rows * missing }
}
