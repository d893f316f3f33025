/**
 * The resources that can be listed and retrieved: where each is, what a request for it may say, which rows of the one
 * history of sessions it has, and how they look.
 */
import * as Expansion from "./expansion.ts"
import type { Entry, Listing } from "./listing.ts"
import type { Given, Rules } from "./parameters.ts"
import * as Reports from "./reports.ts"
import type { Report, Session } from "./session.ts"

/** One row of one resource, for whoever asks for it. */
export interface View {
  readonly listing: Listing
  readonly seed: number
  readonly entry: Entry
  readonly expansion: Expansion.Expansion
  readonly sensitive: boolean
}

/** What tells one resource from another. */
export interface Resource<out Row extends Session | Report = Session | Report> {
  /** The path of the list; a row is one segment below it. */
  readonly path: string
  /** What Stripe calls it in a refusal. */
  readonly noun: string
  /** What Stripe calls the id in the path of a retrieve. */
  readonly param: string
  readonly rules: Rules
  /** How many seconds after its session a row is created. It is the same for all, so the order is that of sessions. */
  readonly delay: number
  readonly find: (listing: Listing, id: string) => Entry | undefined
  /** Whether a session stands for a row that the parameters select; `created` is looked at elsewhere. */
  readonly includes: (listing: Listing, entry: Entry, given: Given) => boolean
  readonly render: (view: View) => Row
}

export const sessions: Resource<Session> = {
  path: "/v1/identity/verification_sessions",
  noun: "VerificationSession",
  param: "session",
  rules: {
    texts: ["client_reference_id", "related_customer", "related_customer_account", "status"],
    choices: { status: ["canceled", "processing", "requires_input", "verified"] },
    onlyOne: ["related_customer", "related_customer_account"],
    expandable: Expansion.ofSession
  },
  delay: 0,
  find: (listing, id) => listing.find(id),
  includes: (listing, entry, given) => listing.matches(entry, given),
  render: ({ entry, expansion, listing, seed, sensitive }) => {
    const session = listing.session(entry)
    const findings: Expansion.Findings = {
      verifiedOutputs: () => session.verified_outputs ?? Reports.verifiedOutputs(session, seed, entry.index),
      report: () => Reports.report(session, seed, entry.index)
    }
    return Expansion.render(session, findings, expansion, sensitive)
  }
}

/** The reports on the last attempt of each session that has one. */
export const reports: Resource<Report> = {
  path: "/v1/identity/verification_reports",
  noun: "VerificationReport",
  param: "report",
  rules: {
    texts: ["client_reference_id", "type", "verification_session"],
    choices: { type: ["document", "id_number"] },
    onlyOne: [],
    expandable: Expansion.ofReport
  },
  delay: Reports.delay,
  find: (listing, id) => listing.findReport(id),
  includes: (listing, entry, { client_reference_id, type, verification_session }) => {
    if (verification_session !== undefined && listing.find(verification_session)?.index !== entry.index) return false
    const session = listing.session(entry)
    return (
      session.last_verification_report !== null &&
      (client_reference_id === undefined || session.client_reference_id === client_reference_id) &&
      (type === undefined || session.type === type)
    )
  },
  render: ({ entry, expansion, listing, seed, sensitive }) => {
    const report = Reports.report(listing.session(entry), seed, entry.index)
    // Only entries with a report are ever found or selected.
    if (report === null) throw new Error(`Sandbox: row ${entry.index} has no report`)
    return Expansion.renderReport(report, "", expansion, sensitive)
  }
}

/** The resource that a path leads to, and the segment below its list. */
export const at = (path: string): { readonly resource: Resource; readonly segment: string | undefined } | undefined => {
  for (const resource of [sessions, reports]) {
    if (path === resource.path) return { resource, segment: undefined }
    const segment = path.startsWith(`${resource.path}/`) ? path.slice(resource.path.length + 1) : ""
    if (segment !== "" && !segment.includes("/")) return { resource, segment }
  }
  return undefined
}

/** All rows of a resource, newest first, as an ordinary key sees them. */
export const all = <Row extends Session | Report>(
  { includes, render }: Resource<Row>,
  listing: Listing,
  seed: number,
  now: number
): ReadonlyArray<Row> => {
  const selection = { from: -Infinity, to: Infinity, includes: (entry: Entry) => includes(listing, entry, {}) }
  return listing
    .page(selection, { _tag: "Newest" }, Infinity, now)
    .entries.map((entry) => render({ listing, seed, entry, expansion: new Set(), sensitive: false }))
}
