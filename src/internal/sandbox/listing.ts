/**
 * One list of sessions, newest first: rows that are functions of their number, and over them what was inserted and
 * changed. Finds by id, walks in both directions from any row, and cuts pages.
 */
import type { History } from "./history.ts"
import * as Rows from "./rows.ts"
import { fraction, type IdCodec } from "./scramble.ts"
import type { Session, SessionPatch } from "./session.ts"

/** A place in the list. Later seconds come first, and within a second the greater rank. */
export interface Entry {
  /** The row number: below `history.size` for the rows of the start, then counting insertions. */
  readonly index: number
  readonly created: number
  readonly rank: number
  /** Epoch milliseconds from which the row is listed. */
  readonly listedAt: number
}

/** What a list request asks for, with every bound on `created` folded into one inclusive range. */
export interface Filter {
  readonly from: number
  readonly to: number
  readonly status: string | undefined
  readonly client_reference_id: string | undefined
  readonly related_customer: string | undefined
  readonly related_customer_account: string | undefined
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
  readonly session: (entry: Entry) => Session
  readonly matches: (entry: Entry, filter: Filter) => boolean
  readonly page: (filter: Filter, cursor: Cursor, limit: number, now: number) => Page
  readonly all: (now: number) => ReadonlyArray<Session>
  readonly insert: (patch: SessionPatch, created: number) => Session
  /** Returns whether there is such a session. */
  readonly update: (id: string, patch: SessionPatch) => boolean
}

interface Inserted extends Entry {
  readonly id: string
}

/** Selects every session. */
export const everything: Filter = {
  from: -Infinity,
  to: Infinity,
  status: undefined,
  client_reference_id: undefined,
  related_customer: undefined,
  related_customer_account: undefined
}

/** Makes the list of one account and mode. */
export const make = (options: {
  readonly history: History
  readonly ids: IdCodec
  readonly seed: number
  readonly visibilityLag: number
  readonly shuffled: boolean
}): Listing => {
  const { history, ids, seed } = options
  // Inserted rows in list order, oldest first, and everything that was changed, by row number.
  const inserted: Array<Inserted> = []
  const insertedById = new Map<string, Inserted>()
  const insertedIds = new Map<number, string>()
  const patches = new Map<number, SessionPatch>()

  const initial = (index: number): Entry => ({
    index,
    created: history.created(index),
    rank: index,
    listedAt: -Infinity
  })

  const find = (id: string): Entry | undefined => {
    const added = insertedById.get(id)
    if (added !== undefined) return added
    const index = ids.decode(id)
    return index !== undefined && index < history.size ? initial(index) : undefined
  }

  const statusOf = (index: number): string =>
    patches.get(index)?.status ?? (index < history.size ? Rows.statusOf(seed, index) : "requires_input")

  const session = (entry: Entry): Session => {
    const { created, index } = entry
    const id = insertedIds.get(index) ?? ids.encode(index)
    const row = Rows.session({ seed, index, id, created, status: statusOf(index) })
    const patch = patches.get(index)
    return patch === undefined ? row : patched(row, patch)
  }

  const matches = (entry: Entry, filter: Filter): boolean => {
    const { created, index } = entry
    if (created < filter.from || created > filter.to) return false
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
  const initialBefore = (created: number, rank: number): number => {
    const first = history.countBefore(created)
    const end = history.countBefore(created + 1)
    return Math.min(Math.max(Math.ceil(rank), first), end)
  }
  const insertedBefore = (created: number, rank: number): number => {
    let low = 0
    let high = inserted.length
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const entry = inserted[middle]
      if (entry !== undefined && (entry.created < created || (entry.created === created && entry.rank < rank))) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  function* older(cursor: Cursor, to: number): Generator<Entry, undefined> {
    let initialAt = history.countBefore(to + 1) - 1
    let insertedAt = insertedBefore(to, Infinity) - 1
    if (cursor._tag === "OlderThan") {
      const { created, rank } = cursor.entry
      initialAt = Math.min(initialAt, initialBefore(created, rank) - 1)
      insertedAt = Math.min(insertedAt, insertedBefore(created, rank) - 1)
    }
    let left = initialAt < 0 ? undefined : initial(initialAt)
    while (true) {
      const right = inserted[insertedAt]
      if (left !== undefined && (right === undefined || compare(left, right) > 0)) {
        yield left
        initialAt--
        left = initialAt < 0 ? undefined : initial(initialAt)
      } else if (right !== undefined) {
        yield right
        insertedAt--
      } else {
        return
      }
    }
  }

  function* newer(entry: Entry, from: number): Generator<Entry, undefined> {
    const { created, rank } = entry
    // One more than the rows before the entry, if the entry itself is of that kind.
    let initialAt = Math.max(
      history.countBefore(from),
      initialBefore(created, rank) + (entry.index < history.size ? 1 : 0)
    )
    let insertedAt = Math.max(
      insertedBefore(from, -Infinity),
      insertedBefore(created, rank) + (entry.index < history.size ? 0 : 1)
    )
    let left = initialAt < history.size ? initial(initialAt) : undefined
    while (true) {
      const right = inserted[insertedAt]
      if (left !== undefined && (right === undefined || compare(left, right) < 0)) {
        yield left
        initialAt++
        left = initialAt < history.size ? initial(initialAt) : undefined
      } else if (right !== undefined) {
        yield right
        insertedAt++
      } else {
        return
      }
    }
  }

  const page = (filter: Filter, cursor: Cursor, limit: number, now: number): Page => {
    const backward = cursor._tag === "NewerThan"
    const entries: Array<Entry> = []
    for (const entry of backward ? newer(cursor.entry, filter.from) : older(cursor, filter.to)) {
      if (backward ? entry.created > filter.to : entry.created < filter.from) break
      if (entry.listedAt > now || !matches(entry, filter)) continue
      // One row more than the page holds tells whether there are more.
      entries.push(entry)
      if (entries.length > limit) break
    }
    const hasMore = entries.length > limit
    if (hasMore) entries.pop()
    return { entries: backward ? entries.reverse() : entries, hasMore }
  }

  const insert = (patch: SessionPatch, created: number): Session => {
    const index = history.size + insertedById.size
    const first = history.countBefore(created)
    const end = history.countBefore(created + 1)
    const id = patch.id ?? ids.encode(index)
    const entry: Inserted = {
      index,
      id,
      created,
      // Shuffled: anywhere among the rows that its second had at the start. Otherwise: above all of them.
      rank: options.shuffled ? first - 1 + place(seed, index) * (end - first + 1) : index,
      listedAt: options.visibilityLag === 0 ? -Infinity : created * 1000 + options.visibilityLag
    }
    inserted.splice(insertedBefore(entry.created, entry.rank), 0, entry)
    insertedById.set(id, entry)
    insertedIds.set(index, id)
    patches.set(index, patch)
    return session(entry)
  }

  const update = (id: string, patch: SessionPatch): boolean => {
    const entry = find(id)
    if (entry === undefined) return false
    const before = patches.get(entry.index) ?? {}
    // A new status brings its own error, report, secret and url, unless they are given with it.
    const kept = patch.status === undefined || patch.status === before.status ? before : withoutOutcome(before)
    patches.set(entry.index, { ...kept, ...patch })
    return true
  }

  const all = (now: number): ReadonlyArray<Session> =>
    page(everything, { _tag: "Newest" }, Infinity, now).entries.map(session)

  return { find, session, matches, page, all, insert, update }
}

// All the bits a number has, so that no two rows of a second share a place.
const place = (seed: number, index: number): number =>
  fraction(seed, index, 71) + fraction(seed, index, 72) / 0x100000000

const compare = (left: Entry, right: Entry): number => left.created - right.created || left.rank - right.rank

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
