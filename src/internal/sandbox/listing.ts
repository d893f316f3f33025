/**
 * One list of sessions, newest first: rows that are functions of their number, and over them what was inserted and
 * changed. Finds by id, walks in both directions from any row, and cuts pages.
 */
import type { History } from "./history.ts"
import * as Rows from "./rows.ts"
import { fraction, type IdCodec, mix } from "./scramble.ts"
import type { Session, SessionPatch } from "./session.ts"

/** A place in the list. Later seconds come first, and within a second the greater rank. */
export interface Entry {
  /** The row number: below `history.size` for the rows of the start, then counting insertions. */
  readonly index: number
  readonly created: number
  /** The second that decides its place: `created`, unless the list is out of order. */
  readonly second: number
  readonly rank: number
  /** Epoch milliseconds from which the row is listed. */
  readonly listedAt: number
}

/** Which rows to list: those of an inclusive range of seconds that pass a test. */
export interface Selection {
  readonly from: number
  readonly to: number
  readonly includes: (entry: Entry) => boolean
}

/** Whether a row is one of those. */
export const selects = ({ from, includes, to }: Selection, entry: Entry): boolean =>
  entry.created >= from && entry.created <= to && includes(entry)

/** What a session must say of itself, as far as a request asks. */
export interface Fields {
  readonly status?: string | undefined
  readonly client_reference_id?: string | undefined
  readonly related_customer?: string | undefined
  readonly related_customer_account?: string | undefined
}

/** Where a page begins. Both cursors are exclusive. */
export type Cursor =
  | { readonly _tag: "Newest" }
  | { readonly _tag: "OlderThan"; readonly entry: Entry }
  | { readonly _tag: "NewerThan"; readonly entry: Entry }

/** The rows of one page, newest first in either direction. */
export interface Page {
  readonly entries: ReadonlyArray<Entry>
  /** Whether there are more rows in the direction of travel. */
  readonly hasMore: boolean
}

/** The list and the means to change it. */
export interface Listing {
  readonly find: (id: string) => Entry | undefined
  /** The session whose report has this id. */
  readonly findReport: (id: string) => Entry | undefined
  readonly session: (entry: Entry) => Session
  readonly matches: (entry: Entry, fields: Fields) => boolean
  readonly page: (selection: Selection, cursor: Cursor, limit: number, now: number) => Page
  readonly insert: (patch: SessionPatch, created: number) => Session
  /** Returns whether there is such a session. */
  readonly update: (id: string, patch: SessionPatch) => boolean
}

interface Inserted extends Entry {
  readonly id: string
}

/** Makes the list of one account and mode. */
export const make = (options: {
  readonly history: History
  readonly ids: IdCodec
  readonly reportIds: IdCodec
  readonly seed: number
  readonly visibilityLag: number
  readonly shuffled: boolean
  readonly disorder: number
}): Listing => {
  const { disorder, history, ids, reportIds, seed } = options
  // Inserted rows in list order, oldest first, and everything that was changed, by row number.
  const inserted: Array<Inserted> = []
  const insertedById = new Map<string, Inserted>()
  const insertedIds = new Map<number, string>()
  const patches = new Map<number, SessionPatch>()
  // The reports whose ids were given, by those ids.
  const givenReports = new Map<string, number>()

  // One row in ten is out of place, by at least a second.
  const offset = (index: number): number => {
    if (disorder === 0 || mix(seed, index, 73) % 10 > 0) return 0
    const seconds = 1 + (mix(seed, index, 74) % disorder)
    return mix(seed, index, 75) % 2 === 0 ? seconds : -seconds
  }

  const initial = (index: number): Entry => {
    const second = history.created(index)
    return { index, created: second + offset(index), second, rank: index, listedAt: -Infinity }
  }

  const find = (id: string): Entry | undefined => {
    const added = insertedById.get(id)
    if (added !== undefined) return added
    const index = ids.decode(id)
    return index !== undefined && index < history.size ? initial(index) : undefined
  }

  const at = (index: number): Entry | undefined =>
    index < history.size ? initial(index) : insertedById.get(insertedIds.get(index) ?? "")

  const findReport = (id: string): Entry | undefined => {
    const index = givenReports.get(id) ?? reportIds.decode(id)
    const entry = index === undefined ? undefined : at(index)
    // A session can lose its report, or get another one.
    return entry !== undefined && reportIdOf(session(entry)) === id ? entry : undefined
  }

  const statusOf = (index: number): string =>
    patches.get(index)?.status ?? (index < history.size ? Rows.statusOf(seed, index) : "requires_input")

  const session = (entry: Entry): Session => {
    const { created, index } = entry
    const id = insertedIds.get(index) ?? ids.encode(index)
    const row = Rows.session({ seed, index, id, reportIds, created, status: statusOf(index) })
    const patch = patches.get(index)
    return patch === undefined ? row : patched(row, patch)
  }

  const matches = ({ index }: Entry, filter: Fields): boolean => {
    if (filter.status !== undefined && statusOf(index) !== filter.status) return false
    if (
      filter.client_reference_id === undefined &&
      filter.related_customer === undefined &&
      filter.related_customer_account === undefined
    ) {
      return true
    }
    const patch = patches.get(index)
    const field = <A>(given: A | undefined, made: (seed: number, index: number) => A): A =>
      given === undefined ? made(seed, index) : given
    return (
      (filter.client_reference_id === undefined ||
        field(patch?.client_reference_id, Rows.referenceOf) === filter.client_reference_id) &&
      (filter.related_customer === undefined ||
        field(patch?.related_customer, Rows.customerOf) === filter.related_customer) &&
      (filter.related_customer_account === undefined ||
        field(patch?.related_customer_account, Rows.customerAccountOf) === filter.related_customer_account)
    )
  }

  // How many rows of the start, and how many inserted ones, come before (are older than) a place in the list.
  const initialBefore = (second: number, rank: number): number => {
    const first = history.countBefore(second)
    const end = history.countBefore(second + 1)
    return Math.min(Math.max(Math.ceil(rank), first), end)
  }
  const insertedBefore = (second: number, rank: number): number => {
    let low = 0
    let high = inserted.length
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const entry = inserted[middle]
      if (entry !== undefined && (entry.second < second || (entry.second === second && entry.rank < rank))) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  const older = (cursor: Cursor, to: number): Generator<Entry, undefined> => {
    let initialAt = history.countBefore(to + 1) - 1
    let insertedAt = insertedBefore(to, Infinity) - 1
    if (cursor._tag === "OlderThan") {
      const { rank, second } = cursor.entry
      initialAt = Math.min(initialAt, initialBefore(second, rank) - 1)
      insertedAt = Math.min(insertedAt, insertedBefore(second, rank) - 1)
    }
    return merged(initialAt, insertedAt, -1)
  }

  const newer = ({ index, rank, second }: Entry, from: number): Generator<Entry, undefined> => {
    // One more than the rows before the entry, if the entry itself is of that kind.
    const isInitial = index < history.size
    return merged(
      Math.max(history.countBefore(from), initialBefore(second, rank) + (isInitial ? 1 : 0)),
      Math.max(insertedBefore(from, -Infinity), insertedBefore(second, rank) + (isInitial ? 0 : 1)),
      1
    )
  }

  /** The rows of the start and the inserted ones in list order, from these on towards newer (1) or older rows (-1). */
  function* merged(initialAt: number, insertedAt: number, step: 1 | -1): Generator<Entry, undefined> {
    const initialRow = () => (initialAt >= 0 && initialAt < history.size ? initial(initialAt) : undefined)
    let left = initialRow()
    while (true) {
      const right = inserted[insertedAt]
      if (left !== undefined && (right === undefined || compare(left, right) * step < 0)) {
        yield left
        initialAt += step
        left = initialRow()
      } else if (right !== undefined) {
        yield right
        insertedAt += step
      } else {
        return
      }
    }
  }

  const page = (selection: Selection, cursor: Cursor, limit: number, now: number): Page => {
    const backward = cursor._tag === "NewerThan"
    const entries: Array<Entry> = []
    // A row that is selected by its `created` may have its place a few seconds outside of the range.
    const from = selection.from - disorder
    const to = selection.to + disorder
    for (const entry of backward ? newer(cursor.entry, from) : older(cursor, to)) {
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

  const change = (index: number, patch: SessionPatch): void => {
    patches.set(index, patch)
    const report = reportIdOf(patch)
    if (report !== undefined) givenReports.set(report, index)
  }

  const insert = (patch: SessionPatch, created: number): Session => {
    const index = history.size + insertedById.size
    const second = created - offset(index)
    const first = history.countBefore(second)
    const end = history.countBefore(second + 1)
    const id = patch.id ?? ids.encode(index)
    const entry: Inserted = {
      index,
      id,
      created,
      second,
      // Shuffled: anywhere among the rows that its second had at the start. Otherwise: above all of them.
      rank: options.shuffled ? first - 1 + place(seed, index) * (end - first + 1) : index,
      listedAt: options.visibilityLag === 0 ? -Infinity : created * 1000 + options.visibilityLag
    }
    inserted.splice(insertedBefore(second, entry.rank), 0, entry)
    insertedById.set(id, entry)
    insertedIds.set(index, id)
    change(index, patch)
    return session(entry)
  }

  const update = (id: string, patch: SessionPatch): boolean => {
    const entry = find(id)
    if (entry === undefined) return false
    const before = patches.get(entry.index) ?? {}
    // A new status brings its own error, report, secret and url, unless they are given with it.
    const kept = patch.status === undefined || patch.status === before.status ? before : withoutOutcome(before)
    // What is `undefined` is not said, and takes back nothing that was said before.
    const said = Object.entries(patch).filter(([, value]) => value !== undefined)
    change(entry.index, { ...kept, ...Object.fromEntries(said) })
    return true
  }

  return { find, findReport, session, matches, page, insert, update }
}

// All the bits a number has, so that no two rows of a second share a place.
const place = (seed: number, index: number): number =>
  fraction(seed, index, 71) + fraction(seed, index, 72) / 0x100000000

const compare = (left: Entry, right: Entry): number => left.second - right.second || left.rank - right.rank

const reportIdOf = ({ last_verification_report: report }: SessionPatch): string | undefined =>
  typeof report === "object" ? report?.id : report

const withoutOutcome = (patch: SessionPatch): SessionPatch => {
  const { client_secret: _, last_error: __, last_verification_report: ___, url: ____, ...rest } = patch
  return rest
}

// Identity, creation and status are decided before the row is made; what is `undefined` in the patch is not said.
const patched = (row: Session, patch: SessionPatch): Session => {
  const given = Object.entries(patch).filter(
    ([key, value]) => value !== undefined && key !== "id" && key !== "created" && key !== "status"
  )
  return given.length === 0 ? row : { ...row, ...Object.fromEntries(given) }
}
