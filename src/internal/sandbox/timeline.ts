/**
 * Lists newest first, each merged out of sources that are in order by themselves: rows that are functions of their number,
 * and rows that were added. Walks in both directions from any place and cuts pages.
 */

/** A place in a list. Later seconds come first, and within a second the greater rank. */
export interface Entry {
  /** The number of the session that it belongs to: below `history.size` for those of the start, then counting insertions. */
  readonly index: number
  readonly created: number
  /** The second that decides its place: `created`, unless the list is out of order. */
  readonly second: number
  readonly rank: number
  /** Epoch milliseconds from which the row is listed. */
  readonly listedAt: number
}

/** Which rows to list: those of an inclusive range of seconds that pass a test. */
export interface Selection<in Row extends Entry = Entry> {
  readonly from: number
  readonly to: number
  readonly includes: (entry: Row) => boolean
}

/** Whether a row is one of those. */
export const selects = <Row extends Entry>({ from, includes, to }: Selection<Row>, entry: Row): boolean =>
  entry.created >= from && entry.created <= to && includes(entry)

/** Where a page begins. Both cursors are exclusive. */
export type Cursor =
  | { readonly _tag: "Newest" }
  | { readonly _tag: "OlderThan"; readonly entry: Entry }
  | { readonly _tag: "NewerThan"; readonly entry: Entry }

/** The rows of one page, newest first in either direction. */
export interface Page<out Row extends Entry = Entry> {
  readonly entries: ReadonlyArray<Row>
  /** Whether there are more rows in the direction of travel. */
  readonly hasMore: boolean
}

/** Rows in order, oldest first. */
export interface Source<out Row extends Entry = Entry> {
  readonly at: (position: number) => Row | undefined
  /** How many rows come before (are older than) a place in the list. */
  readonly before: (second: number, rank: number) => number
}

/** Rows that were added, wherever their place is. */
export interface Added<Row extends Entry> extends Source<Row> {
  readonly add: (row: Row) => void
}

/** Makes a source without rows. */
export const added = <Row extends Entry>(): Added<Row> => {
  const rows: Array<Row> = []
  const before = (second: number, rank: number): number => {
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const row = rows[middle]
      if (row !== undefined && (row.second < second || (row.second === second && row.rank < rank))) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    at: (position) => rows[position],
    before,
    add: (row) => {
      rows.splice(before(row.second, row.rank), 0, row)
    }
  }
}

/**
 * Cuts a page. `disorder` is how many seconds a row's place may be from its `created`. A row that is listed later than
 * `now` is not there.
 */
export const page = <Row extends Entry>(
  sources: ReadonlyArray<Source<Row>>,
  selection: Selection<Row>,
  cursor: Cursor,
  limit: number,
  now: number,
  disorder = 0
): Page<Row> => {
  const backward = cursor._tag === "NewerThan"
  const entries: Array<Row> = []
  // A row that is selected by its `created` may have its place a few seconds outside of the range.
  const from = selection.from - disorder
  const to = selection.to + disorder
  for (const entry of backward ? newer(sources, cursor.entry, from) : older(sources, cursor, to)) {
    if (backward ? entry.second > to : entry.second < from) break
    if (entry.listedAt > now || !selects(selection, entry)) continue
    // One row more than the page holds tells whether there are more.
    entries.push(entry)
    if (entries.length > limit) break
  }
  const hasMore = entries.length > limit
  if (hasMore) entries.pop()
  return { entries: backward ? entries.reverse() : entries, hasMore }
}

const older = <Row extends Entry>(sources: ReadonlyArray<Source<Row>>, cursor: Cursor, to: number): Generator<Row> =>
  merged(
    sources,
    sources.map((source) => {
      const newest = source.before(to + 1, -Infinity) - 1
      return cursor._tag === "OlderThan"
        ? Math.min(newest, source.before(cursor.entry.second, cursor.entry.rank) - 1)
        : newest
    }),
    -1
  )

const newer = <Row extends Entry>(sources: ReadonlyArray<Source<Row>>, entry: Entry, from: number): Generator<Row> =>
  merged(
    sources,
    sources.map((source) => {
      const before = source.before(entry.second, entry.rank)
      const at = source.at(before)
      const isEntry = at !== undefined && compare(at, entry) === 0
      return Math.max(source.before(from, -Infinity), before + (isEntry ? 1 : 0))
    }),
    1
  )

/** The rows of all sources in list order, from these positions on towards newer (1) or older rows (-1). */
function* merged<Row extends Entry>(
  sources: ReadonlyArray<Source<Row>>,
  positions: ReadonlyArray<number>,
  step: 1 | -1
): Generator<Row> {
  // What is used up is left out, so that a last source costs no comparison.
  let heads = sources.flatMap((source, which): ReadonlyArray<Head<Row>> => {
    const position = positions[which] ?? -1
    const row = source.at(position)
    return row === undefined ? [] : [{ source, position, row }]
  })
  while (true) {
    let [first] = heads
    if (first === undefined) return
    for (const head of heads) if (compare(head.row, first.row) * step < 0) first = head
    yield first.row
    first.position += step
    const next = first.source.at(first.position)
    if (next === undefined) heads = heads.filter((head) => head !== first)
    else first.row = next
  }
}

/** How far a source was merged. */
interface Head<Row extends Entry> {
  readonly source: Source<Row>
  position: number
  row: Row
}

const compare = (left: Entry, right: Entry): number => left.second - right.second || left.rank - right.rank
