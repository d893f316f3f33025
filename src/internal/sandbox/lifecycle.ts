/**
 * The events of the sessions of the start. Every session takes the same steps after the same time, as far as it gets, so
 * the events of one step are in the order of the sessions, and none of them needs storage.
 */
import type { Listing } from "./listing.ts"
import type { EventType, Session } from "./session.ts"
import type { Entry } from "./timeline.ts"

const day = 86_400

/** The steps of a life, and how many seconds after the creation of the session they are taken. */
export const steps = [
  { after: 0 },
  { after: 30 },
  // When the report is made.
  { after: 90 },
  { after: 3600 },
  // A redaction is asked for, and done.
  { after: day },
  { after: 2 * day }
] as const

const typed = (name: "canceled" | "created" | "processing" | "redacted" | "requires_input" | "verified"): EventType =>
  `identity.verification_session.${name}`

/** The event of a step, and the session as it was then; undefined where the session does not take it. */
export const at = (
  listing: Listing,
  entry: Entry,
  step: number
): { readonly type: EventType; readonly session: Session } | undefined => {
  const end = listing.initial(entry)
  const { last_error: error, redaction, status } = end
  const tried = status === "verified" || (status === "requires_input" && error !== null)
  switch (step) {
    case 0:
      return { type: typed("created"), session: asCreated(listing, entry) }
    case 1:
      return tried || status === "processing"
        ? { type: typed("processing"), session: listing.initial(entry, "processing") }
        : undefined
    case 2:
      return tried
        ? { type: typed(status === "verified" ? "verified" : "requires_input"), session: beforeRedaction(end) }
        : undefined
    case 3:
      return status === "canceled"
        ? {
            type: typed("canceled"),
            session: redaction === null ? end : { ...beforeRedaction(end), redaction: { status: "processing" } }
          }
        : undefined
    case 4:
      return status === "verified" && redaction !== null
        ? { type: typed("canceled"), session: { ...end, redaction: { status: "processing" } } }
        : undefined
    default:
      return redaction?.status === "redacted" ? { type: typed("redacted"), session: end } : undefined
  }
}

const asCreated = (listing: Listing, entry: Entry): Session => ({
  ...listing.initial(entry, "requires_input"),
  last_error: null,
  last_verification_report: null
})

const beforeRedaction = (session: Session): Session => ({ ...session, redaction: null })
