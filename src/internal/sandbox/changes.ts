/**
 * What can happen to a session: each change checks that the status allows it, changes session and reports, and writes the
 * events that Stripe would.
 */
import * as Result from "effect/Result"
import * as Errors from "./errors.ts"
import type { Mode } from "./resources.ts"
import { letters } from "./prng.ts"
import type { Event, EventType, Session, SessionPatch } from "./session.ts"
import type { Entry } from "./timeline.ts"

/** How a check failed. */
export interface Failure {
  /** One of the codes of `last_error`. */
  readonly code?: string | undefined
  readonly reason?: string | undefined
}

/** When, and by which request. */
export interface Occasion {
  /** Epoch milliseconds. */
  readonly at: number
  readonly request?: Event["request"] | undefined
}

type Changed = Result.Result<Session, Errors.Refusal>

interface Pending {
  readonly entry: Entry
  readonly due: number
}

// Nothing was checked, so there is no report.
const withoutReport = [
  "abandoned",
  "consent_declined",
  "country_not_supported",
  "device_not_supported",
  "under_supported_age"
]

const usualCodes: Readonly<Record<string, string>> = {
  document: "document_unverified_other",
  id_number: "id_number_unverified_other",
  verification_flow: "email_unverified_other"
}

/** The changes of one list. `redactionTime` in milliseconds. */
export const make = ({ listing, log, seed }: Mode, redactionTime: number) => {
  let pending: ReadonlyArray<Pending> = []
  let attempts = 0

  const tell = (entry: Entry, name: string, session: Session, { at, request }: Occasion): void => {
    // Type boundary: every name below is one of the six.
    log.append(entry, { type: `identity.verification_session.${name}` as EventType, session, at, request })
  }

  /** The session, if it may be changed so now. */
  const allowed = (
    id: string,
    what: string,
    from: ReadonlyArray<string>
  ): Result.Result<{ readonly entry: Entry; readonly before: Session }, Errors.Refusal> => {
    const entry = listing.find(id)
    if (entry === undefined) return Result.fail(Errors.noSuchObject("VerificationSession", id, "session"))
    const before = listing.session(entry)
    if (before.redaction !== null) return Result.fail(Errors.cannotChangeRedacted(what))
    return from.includes(before.status)
      ? Result.succeed({ entry, before })
      : Result.fail(Errors.cannotChange(what, before.status, from))
  }

  const closed: SessionPatch = { client_secret: null, url: null }
  // Canceling takes the error away.
  const canceled: SessionPatch = { ...closed, status: "canceled", last_error: null }
  /** The secret and the link for another attempt. */
  const opened = (id: string): SessionPatch => {
    const attempt = ++attempts
    return {
      client_secret: `${id}_secret_test_SANDBOX${letters(24, seed, attempt, 86)}`,
      url: `https://verify.stripe.com/start/test_SANDBOX${letters(24, seed, attempt, 87)}`
    }
  }

  const change = (
    what: string,
    from: ReadonlyArray<string>,
    id: string,
    occasion: Occasion,
    patch: (before: Session) => SessionPatch,
    event?: string
  ): Changed =>
    Result.map(allowed(id, what, from), ({ before, entry }) => {
      const session = listing.set(
        entry,
        { last_verification_report: before.last_verification_report, ...patch(before) },
        Math.floor(occasion.at / 1000)
      )
      if (event !== undefined) tell(entry, event, session, occasion)
      return session
    })

  return {
    created: (session: Session, occasion: Occasion): void => {
      const entry = listing.find(session.id)
      if (entry !== undefined) tell(entry, "created", session, occasion)
    },
    submit: (id: string, occasion: Occasion): Changed =>
      change(
        "submit",
        ["requires_input"],
        id,
        occasion,
        () => ({ ...closed, status: "processing", last_error: null }),
        "processing"
      ),
    pass: (id: string, occasion: Occasion): Changed =>
      change(
        "verify",
        ["processing"],
        id,
        occasion,
        () => ({
          ...closed,
          status: "verified",
          last_error: null,
          last_verification_report: listing.newReportId()
        }),
        "verified"
      ),
    fail: (id: string, failure: Failure, occasion: Occasion): Changed =>
      change(
        "fail",
        ["processing"],
        id,
        occasion,
        (before) => {
          const code = failure.code ?? usualCodes[before.type] ?? "document_unverified_other"
          return {
            ...opened(id),
            status: "requires_input",
            last_error: { code, reason: failure.reason ?? `Sandbox: the check ended with ${code}.` },
            ...(withoutReport.includes(code) ? undefined : { last_verification_report: listing.newReportId() })
          }
        },
        "requires_input"
      ),
    cancel: (id: string, occasion: Occasion): Changed => {
      const entry = listing.find(id)
      const before = entry && listing.session(entry)
      // Stripe answers a second cancel as it did the first.
      if (before?.status === "canceled" && before.redaction === null) return Result.succeed(before)
      return change("cancel", ["requires_input"], id, occasion, () => canceled, "canceled")
    },
    override: (id: string, status: "verified" | "requires_input", occasion: Occasion): Changed =>
      change(
        "override",
        status === "verified" ? ["requires_input"] : ["verified"],
        id,
        occasion,
        () => ({ ...(status === "verified" ? closed : opened(id)), status, last_error: null }),
        status
      ),
    redact: (id: string, occasion: Occasion): Changed =>
      Result.map(
        change(
          "redact",
          ["canceled", "requires_input", "verified"],
          id,
          occasion,
          (before) => ({ ...(before.status === "verified" ? closed : canceled), redaction: { status: "processing" } }),
          "canceled"
        ),
        (session) => {
          const entry = listing.find(id)
          if (entry !== undefined) pending = [...pending, { entry, due: occasion.at + redactionTime }]
          return session
        }
      ),
    /** Sets keys, and takes away those whose value is empty. There is no event of it. */
    editMetadata: (id: string, metadata: Readonly<Record<string, string>>, occasion: Occasion): Changed =>
      change("update", ["canceled", "processing", "requires_input", "verified"], id, occasion, (before) => ({
        metadata: Object.fromEntries(
          Object.entries({ ...before.metadata, ...metadata }).filter(([, value]) => value !== "")
        )
      })),
    /** Finishes the redactions that are due. */
    settle: (now: number): void => {
      if (pending.every(({ due }) => due > now)) return
      const ended = pending.filter(({ due }) => due <= now).sort((left, right) => left.due - right.due)
      pending = pending.filter(({ due }) => due > now)
      for (const { due, entry } of ended) {
        const session = listing.set(entry, { redaction: { status: "redacted" } })
        tell(entry, "redacted", session, { at: due })
      }
    }
  }
}

/** The changes of one list. */
export type Changes = ReturnType<typeof make>
