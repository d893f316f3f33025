/**
 * The resources that can be listed and retrieved: where each is, what a request for it may say, which rows it has, and how
 * they look.
 */
import type { ReportEntry } from "./attempts.ts"
import type { Permission } from "./authentication.ts"
import * as Connected from "./connected.ts"
import type { ConnectedEntry } from "./connected.ts"
import * as EventLog from "./eventLog.ts"
import type { EventEntry } from "./eventLog.ts"
import * as Expansion from "./expansion.ts"
import type { Listing } from "./listing.ts"
import type { Given, Rules } from "./parameters.ts"
import * as Redaction from "./redaction.ts"
import * as Reports from "./reports.ts"
import type { Row as AnyRow } from "./reply.ts"
import type { ConnectedAccount, Event, Report, Session } from "./session.ts"
import { type Cursor, type Entry, type Page, type Selection, selects } from "./timeline.ts"

/** What is stored for one account and mode. */
export interface Mode {
  readonly listing: Listing
  readonly log: EventLog.EventLog
  readonly connected: Connected.Connected
  readonly seed: number
}

/** How much whoever asks may see. */
export interface View {
  readonly expansion: Expansion.Expansion
  /** Whether the sensitive results of a verification processed in this epoch second may be shown. */
  readonly sensitive: (processed: number) => boolean
}

/** Which rows a request wants: those of an inclusive range of seconds that its parameters select. */
export interface Wanted {
  readonly from: number
  readonly to: number
  readonly given: Given
}

/** A row that was found. */
export interface Found<out Row> {
  readonly entry: Entry
  readonly isWanted: (wanted: Wanted) => boolean
  readonly render: (view: View) => Row
  /** Whether it is too old for a cursor or a retrieve. */
  readonly isExpired: boolean
}

/** What tells one resource from another. */
export interface Resource<out Row = AnyRow> {
  /** The path of the list; a row is one segment below it. */
  readonly path: string
  /** What Stripe calls it in a refusal. */
  readonly noun: string
  /** What Stripe calls the id in the path of a retrieve. */
  readonly param: string
  readonly permission: Permission
  readonly rules: Rules
  readonly find: (mode: Mode, id: string, now: number) => Found<Row> | undefined
  readonly page: (
    mode: Mode,
    wanted: Wanted,
    cursor: Cursor,
    limit: number,
    now: number
  ) => { readonly rows: ReadonlyArray<Found<Row>>; readonly hasMore: boolean }
}

const define = <Row, Place extends Entry>(definition: {
  readonly path: string
  readonly noun: string
  readonly param: string
  /** What a restricted key needs. @default Identity: read */
  readonly permission?: Permission
  readonly rules: Rules
  readonly find: (mode: Mode, id: string, now: number) => Place | undefined
  /** Whether the parameters select a row; `created` is looked at elsewhere. */
  readonly includes: (mode: Mode, entry: Place, given: Given) => boolean
  readonly page: (mode: Mode, selection: Selection<Place>, cursor: Cursor, limit: number, now: number) => Page<Place>
  readonly render: (mode: Mode, entry: Place, view: View) => Row
  readonly isExpired?: (entry: Place, now: number) => boolean
}): Resource<Row> => {
  const { includes, isExpired, noun, param, path, permission = "identity_product_read", render, rules } = definition
  const selection = (mode: Mode, { from, given, to }: Wanted): Selection<Place> => ({
    from,
    to,
    includes: (entry) => includes(mode, entry, given)
  })
  const found = (mode: Mode, entry: Place, now: number): Found<Row> => ({
    entry,
    isWanted: (wanted) => selects(selection(mode, wanted), entry),
    render: (view) => render(mode, entry, view),
    isExpired: isExpired?.(entry, now) ?? false
  })
  return {
    path,
    noun,
    param,
    permission,
    rules,
    find: (mode, id, now) => {
      const entry = definition.find(mode, id, now)
      return entry === undefined ? undefined : found(mode, entry, now)
    },
    page: (mode, wanted, cursor, limit, now) => {
      const { entries, hasMore } = definition.page(mode, selection(mode, wanted), cursor, limit, now)
      return { rows: entries.map((entry) => found(mode, entry, now)), hasMore }
    }
  }
}

export const sessions: Resource<Session> = define({
  path: "/v1/identity/verification_sessions",
  noun: "VerificationSession",
  param: "session",
  rules: {
    texts: ["client_reference_id", "related_customer", "related_customer_account", "status"],
    choices: { status: ["canceled", "processing", "requires_input", "verified"] },
    onlyOne: ["related_customer", "related_customer_account"],
    expandable: Expansion.ofSession
  },
  find: ({ listing }, id) => listing.find(id),
  includes: ({ listing }, entry, { texts }) => listing.matches(entry, texts),
  page: ({ listing }, selection, cursor, limit, now) => listing.page(selection, cursor, limit, now),
  render: ({ listing, seed }, entry, { expansion, sensitive }) => {
    const session = listing.session(entry)
    const gone = session.redaction?.status === "redacted"
    const outputs = () => session.verified_outputs ?? Reports.verifiedOutputs(session, seed, entry.index)
    const findings: Expansion.Findings = {
      verifiedOutputs: () => {
        const found = outputs()
        return found !== null && gone ? Redaction.outputs(found) : found
      },
      report: () => listing.lastReport(entry)
    }
    const processed = expansion.size === 0 ? undefined : listing.lastReport(entry)?.created
    return Expansion.render(session, findings, expansion, sensitive(processed ?? session.created + Reports.delay))
  }
})

/** The reports on all attempts. */
export const reports: Resource<Report> = define({
  path: "/v1/identity/verification_reports",
  noun: "VerificationReport",
  param: "report",
  rules: {
    texts: ["client_reference_id", "type", "verification_session"],
    choices: { type: ["document", "id_number"] },
    onlyOne: [],
    expandable: Expansion.ofReport
  },
  find: ({ listing }, id) => listing.findReport(id),
  includes: ({ listing }, entry: ReportEntry, { texts }) => {
    const { client_reference_id, type, verification_session } = texts
    if (verification_session !== undefined && listing.find(verification_session)?.index !== entry.index) return false
    const report = listing.reportFields(entry)
    return (
      report !== undefined &&
      (client_reference_id === undefined || report.client_reference_id === client_reference_id) &&
      (type === undefined || report.type === type)
    )
  },
  page: ({ listing }, selection, cursor, limit, now) => listing.reportPage(selection, cursor, limit, now),
  render: ({ listing }, entry, { expansion, sensitive }) => {
    const report = listing.report(entry)
    // Only entries with a report are ever found or selected.
    if (report === null) throw new Error(`Sandbox: row ${entry.index} has no report`)
    return Expansion.renderReport(report, "", expansion, sensitive(report.created))
  }
})

/** What happened to the sessions in the last 30 days. */
export const events: Resource<Event> = define({
  path: "/v1/events",
  noun: "event",
  param: "id",
  permission: "event_read",
  rules: {
    texts: ["delivery_success", "type"],
    lists: { types: 20 },
    choices: { delivery_success: ["true", "false"] },
    onlyOne: ["type", "types"],
    expandable: {}
  },
  find: ({ log }, id, now) => log.find(id, now),
  includes: ({ log }, entry: EventEntry, { lists, texts }) => {
    const type = log.typeOf(entry)
    const { types } = lists
    // Nothing waits for an endpoint: there are none.
    if (type === undefined || texts["delivery_success"] === "false") return false
    return types === undefined ? texts["type"] === undefined || isLike(type, texts["type"]) : types.includes(type)
  },
  page: ({ log }, selection, cursor, limit, now) => log.page(selection, cursor, limit, now),
  render: ({ log }, entry) => log.render(entry),
  isExpired: (entry, now) => entry.created < now / 1000 - EventLog.retention
})

/** The connected accounts of the platform. */
export const connected: Resource<ConnectedAccount> = define({
  path: "/v1/accounts",
  noun: "account",
  param: "account",
  permission: "accounts_kyc_basic_read",
  rules: { texts: [], choices: {}, onlyOne: [], expandable: {} },
  find: ({ connected }, id) => connected.find(id),
  includes: ({ connected }, entry: ConnectedEntry) => connected.isListed(entry),
  page: ({ connected }, selection, cursor, limit, now) => connected.page(selection, cursor, limit, now),
  render: (_, entry) => Connected.render(entry)
})

const isLike = (type: string, pattern: string): boolean =>
  pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern

/** The resource that a path leads to, and the segment below its list. */
export const at = (path: string): { readonly resource: Resource; readonly segment: string | undefined } | undefined => {
  for (const resource of [sessions, reports, events, connected]) {
    if (path === resource.path) return { resource, segment: undefined }
    const segment = path.startsWith(`${resource.path}/`) ? path.slice(resource.path.length + 1) : ""
    if (segment !== "" && !segment.includes("/")) return { resource, segment }
  }
  return undefined
}

const ordinary: View = { expansion: new Set(), sensitive: () => false }

/** All rows of a resource, newest first, as an ordinary key sees them. */
export const all = <Row>(resource: Resource<Row>, mode: Mode, now: number): ReadonlyArray<Row> => {
  const wanted: Wanted = { from: -Infinity, to: Infinity, given: { texts: {}, lists: {} } }
  return resource.page(mode, wanted, { _tag: "Newest" }, Infinity, now).rows.map((row) => row.render(ordinary))
}
