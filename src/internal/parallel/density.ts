/**
 * How the rows of a list are spread over time, as far as pages have shown it. All times are epoch seconds.
 */

/** What one page showed: this many rows lie between these two seconds, and no others. */
export interface Stretch {
  readonly newest: number
  readonly oldest: number
  readonly rows: number
}

/** The stretches that are known, newest first. They do not overlap; what lies between them is unread. */
export type Known = ReadonlyArray<Stretch>

/** What a look back from a place towards newer rows found. */
export interface View {
  readonly seconds: number
  readonly rows: number
  /** How the view ends at a change: the rows here lie far closer together than those before, or far wider apart. */
  readonly change: "none" | "denser" | "sparser"
}

/** Old stretches say little about the rows ahead. This many pages are remembered. */
const remembered = 512

/** Two densities that differ by more than this factor are not the same weather: a burst, and the calm around it. */
const contrast = 8

/** `created` has whole seconds, so that the seconds of a stretch are only known to about this much. */
const blur = 2

/** Adds what a page showed. */
export const add = (known: Known, stretch: Stretch): Known => {
  const isOlder = (other: Stretch | undefined): boolean =>
    other !== undefined &&
    (other.newest < stretch.newest || (other.newest === stretch.newest && other.oldest < stretch.oldest))
  let index = known.length
  while (isOlder(known[index - 1])) index--
  return [...known.slice(Math.max(0, known.length + 1 - remembered), index), stretch, ...known.slice(index)]
}

const isDense = (stretch: Stretch, rate: number): boolean =>
  stretch.rows / (stretch.newest - stretch.oldest + 1) >= rate / contrast

/** The place of the oldest stretch that is not older than `second`. */
const placeOf = (known: Known, second: number): number => {
  let index = known.length - 1
  while (index >= 0 && (known[index]?.oldest ?? 0) < second) index--
  return index
}

/**
 * Looks from `second` towards newer rows, over at most so many rows and known seconds. Unread time is skipped. The view
 * ends where the rows before lie far wider apart than those here, or far closer together, because a burst says nothing
 * about the calm around it.
 */
export const lookBack = (known: Known, second: number, mostRows: number, mostSeconds: number): View => {
  let seconds = 0
  let rows = 0
  let nearest: Stretch | undefined
  let nearRate = 0
  for (let index = placeOf(known, second); index >= 0; index--) {
    const stretch = known[index]
    if (stretch === undefined) break
    const length = stretch.newest - stretch.oldest
    if (nearest === undefined || seconds < 1) {
      nearest = stretch
      nearRate = (rows + stretch.rows) / (seconds + length + blur)
    } else {
      const rate = (rows + stretch.rows) / (seconds + length)
      if (rate < nearRate / contrast) return { seconds, rows, change: "denser" }
      if (rate > nearRate * contrast) return { seconds, rows, change: "sparser" }
    }
    const part = Math.min(1, (mostRows - rows) / stretch.rows, length === 0 ? 1 : (mostSeconds - seconds) / length)
    seconds += length * part
    rows += stretch.rows * part
    if (part < 1) break
  }
  return { seconds, rows, change: nearRate * contrast < rows / (seconds + blur) ? "sparser" : "none" }
}

/** How many rows the burst before this one had, where `rate` (rows a second) is this one's. 0 if none is known. */
export const earlierBurst = (known: Known, second: number, rate: number): number => {
  let index = placeOf(known, second)
  const skip = (dense: boolean): void => {
    for (
      let stretch = known[index];
      stretch !== undefined && isDense(stretch, rate) === dense;
      stretch = known[index]
    ) {
      index--
    }
  }
  skip(true)
  skip(false)
  const last = known[index]
  if (last === undefined) return 0
  skip(true)
  const first = known[index + 1] ?? last
  return (first.newest - last.oldest) * rate
}
