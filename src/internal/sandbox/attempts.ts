/**
 * The reports on all attempts. Reports are never deleted: what happens to a session later changes neither its earlier
 * reports nor their places, until a redaction takes out what they say.
 */
import type { History } from "./history.ts"
import * as Redaction from "./redaction.ts"
import * as Reports from "./reports.ts"
import type { IdCodec } from "./prng.ts"
import type { Report, Session } from "./session.ts"
import * as Timeline from "./timeline.ts"

/** A place in the list of reports. */
export interface ReportEntry extends Timeline.Entry {
  /** The id, where the report was kept; without one it follows from its session, which nobody has changed. */
  readonly reportId: string | undefined
}

/** What the reports need to know of their sessions. */
interface Sessions {
  readonly history: History
  readonly at: (index: number) => Timeline.Entry | undefined
  readonly session: (entry: Timeline.Entry) => Session
  readonly reportIds: IdCodec
  readonly seed: number
}

/** Makes the reports of one list of sessions. */
export const make = ({ at, history, reportIds, seed, session }: Sessions) => {
  const kept = new Map<string, ReportEntry & { readonly report: Report }>()
  const withReport = new Set<number>()
  const keptList = Timeline.added<ReportEntry>()
  const changed = new Set<number>()

  const derived = (entry: Timeline.Entry): ReportEntry => ({
    ...entry,
    created: entry.created + Reports.delay,
    second: entry.second + Reports.delay,
    reportId: undefined
  })
  const ofHistory: Timeline.Source<ReportEntry> = {
    at: (position) => {
      const entry = position >= 0 && position < history.size ? at(position) : undefined
      return entry === undefined ? undefined : derived(entry)
    },
    before: (second, rank) => {
      const first = history.countBefore(second - Reports.delay)
      const end = history.countBefore(second - Reports.delay + 1)
      return Math.min(Math.max(Math.ceil(rank), first), end)
    }
  }

  /**
   * Keeps the report of a session as the session is now, made at the given second or 90 seconds after the session. A kept
   * one is replaced only by one that was given whole, or when `rewritten`.
   */
  const keep = (entry: Timeline.Entry, created?: number, rewritten = false): void => {
    changed.add(entry.index)
    const row = session(entry)
    const report = Reports.report(row, seed, entry.index, created)
    if (report === null) return
    const before = kept.get(report.id)
    if (before !== undefined) {
      if (!rewritten && typeof row.last_verification_report === "string") return
      kept.set(report.id, { ...before, report: { ...report, created: before.created } })
      return
    }
    const first = derived(entry)
    const place: ReportEntry = {
      ...first,
      created: report.created,
      second: report.created + first.second - first.created,
      // The first report of a session has the place of its session. More of them in one second come above.
      rank: withReport.has(entry.index) ? history.size + kept.size + 0.5 : first.rank,
      reportId: report.id
    }
    withReport.add(entry.index)
    kept.set(report.id, { ...place, report })
    keptList.add(place)
  }

  const find = (id: string): ReportEntry | undefined => {
    const given = kept.get(id)
    if (given !== undefined) return given
    const index = reportIds.decode(id)
    const entry = index === undefined || changed.has(index) ? undefined : ofHistory.at(index)
    return entry !== undefined && session(entry).last_verification_report === id ? entry : undefined
  }

  /** The report behind a session's `last_verification_report`. */
  const last = (entry: Timeline.Entry): Report | null => {
    const row = session(entry)
    const id = row.last_verification_report
    const given = typeof id === "string" ? kept.get(id)?.report : undefined
    const report = given ?? Reports.report(row, seed, entry.index)
    return report !== null && row.redaction?.status === "redacted" ? Redaction.report(report) : report
  }

  const report = (entry: ReportEntry): Report | null => {
    const owner = at(entry.index)
    if (owner === undefined) return null
    const given = entry.reportId === undefined ? undefined : kept.get(entry.reportId)?.report
    if (given === undefined) return last(owner)
    return session(owner).redaction?.status === "redacted" ? Redaction.report(given) : given
  }

  /** What a filter asks of a report, without making one; undefined where the session has none. */
  const fields = (
    entry: ReportEntry
  ): Pick<Report, "client_reference_id" | "type" | "verification_session"> | undefined => {
    if (entry.reportId !== undefined) return kept.get(entry.reportId)?.report
    const row = changed.has(entry.index) ? undefined : session(entry)
    return row === undefined || row.last_verification_report === null
      ? undefined
      : { client_reference_id: row.client_reference_id, type: row.type, verification_session: row.id }
  }

  const page = (
    selection: Timeline.Selection<ReportEntry>,
    cursor: Timeline.Cursor,
    limit: number,
    now: number,
    disorder: number
  ): Timeline.Page<ReportEntry> => Timeline.page([ofHistory, keptList], selection, cursor, limit, now, disorder)

  return { keep, find, last, report, fields, page }
}
