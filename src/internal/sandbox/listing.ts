/**
 * One list of sessions, newest first: rows that are functions of their number, and over them what was inserted and
 * changed. And the list of their reports.
 */
import * as Attempts from "./attempts.ts"
import type { ReportEntry } from "./attempts.ts"
import type { History } from "./history.ts"
import * as Redaction from "./redaction.ts"
import * as Rows from "./rows.ts"
import { fraction, type IdCodec, mix } from "./prng.ts"
import type { Report, Session, SessionPatch } from "./session.ts"
import * as Timeline from "./timeline.ts"
import type { Cursor, Entry, Page, Selection } from "./timeline.ts"

/** What a session must say of itself, as far as a request asks. */
export interface Fields {
  readonly status?: string | undefined
  readonly client_reference_id?: string | undefined
  readonly related_customer?: string | undefined
  readonly related_customer_account?: string | undefined
}

/** The list and the means to change it. */
export interface Listing {
  readonly history: History
  readonly find: (id: string) => Entry | undefined
  readonly at: (index: number) => Entry | undefined
  readonly session: (entry: Entry) => Session
  /** A session of the start before anybody changed it, or as it was with this status. */
  readonly initial: (entry: Entry, status?: string) => Session
  readonly matches: (entry: Entry, fields: Fields) => boolean
  readonly page: (selection: Selection, cursor: Cursor, limit: number, now: number) => Page
  readonly insert: (patch: SessionPatch, created: number) => Session
  /** Returns whether there is such a session. */
  readonly update: (id: string, patch: SessionPatch) => boolean
  /** Sets fields and nothing else. A report that the session did not have is made at the given second. */
  readonly set: (entry: Entry, patch: SessionPatch, reported?: number) => Session
  readonly newReportId: () => string
  readonly findReport: (id: string) => ReportEntry | undefined
  readonly lastReport: (entry: Entry) => Report | null
  readonly report: (entry: ReportEntry) => Report | null
  readonly reportFields: ReturnType<typeof Attempts.make>["fields"]
  readonly reportPage: (
    selection: Selection<ReportEntry>,
    cursor: Cursor,
    limit: number,
    now: number
  ) => Page<ReportEntry>
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
  // Inserted rows, and everything that was changed, by row number.
  const inserted = Timeline.added<Inserted>()
  const insertedById = new Map<string, Inserted>()
  const insertedIds = new Map<number, string>()
  const patches = new Map<number, SessionPatch>()
  let attempts = 0

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

  const statusOf = (index: number): string =>
    patches.get(index)?.status ?? (index < history.size ? Rows.statusOf(seed, index) : "requires_input")

  const session = (entry: Entry): Session => {
    const { created, index } = entry
    const id = insertedIds.get(index) ?? ids.encode(index)
    const row = Rows.session({ seed, index, id, reportIds, created, status: statusOf(index) })
    const patch = patches.get(index)
    const now = patch === undefined ? row : patched(row, patch)
    return now.redaction?.status === "redacted" ? Redaction.session(now) : now
  }

  const unchanged = ({ created, index }: Entry, status: string = Rows.statusOf(seed, index)): Session =>
    Rows.session({ seed, index, id: ids.encode(index), reportIds, created, status })

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

  const initialSource: Timeline.Source = {
    at: (position) => (position >= 0 && position < history.size ? initial(position) : undefined),
    before: (second, rank) => {
      const first = history.countBefore(second)
      const end = history.countBefore(second + 1)
      return Math.min(Math.max(Math.ceil(rank), first), end)
    }
  }

  const reports = Attempts.make({ history, at, session, reportIds, seed })

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
    inserted.add(entry)
    insertedById.set(id, entry)
    insertedIds.set(index, id)
    // Some rows of the start are redacted. Whoever inserts one redacts it.
    patches.set(index, { ...patch, redaction: patch.redaction ?? null })
    reports.keep(entry)
    return session(entry)
  }

  const set = (entry: Entry, patch: SessionPatch, reported?: number): Session => {
    reports.keep(entry)
    patches.set(entry.index, { ...patches.get(entry.index), ...patch })
    reports.keep(entry, reported)
    return session(entry)
  }

  const update = (id: string, patch: SessionPatch): boolean => {
    const entry = find(id)
    if (entry === undefined) return false
    reports.keep(entry)
    const reported = session(entry).last_verification_report
    const before = patches.get(entry.index) ?? {}
    // A new status brings its own error, report, secret and url, unless they are given with it.
    const renewed = patch.status !== undefined && patch.status !== before.status
    const kept = renewed ? withoutOutcome(before) : before
    // What is `undefined` is not said, and takes back nothing that was said before.
    const said = Object.entries(patch).filter(([, value]) => value !== undefined)
    patches.set(entry.index, { ...kept, ...Object.fromEntries(said) })
    // A status without a report of its own leaves the session the one it had.
    if (patch.last_verification_report === undefined && session(entry).last_verification_report === null) {
      patches.set(entry.index, { ...patches.get(entry.index), last_verification_report: reported })
    }
    reports.keep(entry, undefined, renewed)
    return true
  }

  return {
    history,
    find,
    at,
    session,
    initial: unchanged,
    matches,
    page: (selection, cursor, limit, now) =>
      Timeline.page([initialSource, inserted], selection, cursor, limit, now, disorder),
    insert,
    update,
    set,
    // Far from the numbers of rows, whose reports are numbered as they are.
    newReportId: () => reportIds.encode(0x8000000000 + attempts++),
    findReport: reports.find,
    lastReport: reports.last,
    report: reports.report,
    reportFields: reports.fields,
    reportPage: (selection, cursor, limit, now) => reports.page(selection, cursor, limit, now, disorder)
  }
}

// All the bits a number has, so that no two rows of a second share a place.
const place = (seed: number, index: number): number =>
  fraction(seed, index, 71) + fraction(seed, index, 72) / 0x100000000

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
