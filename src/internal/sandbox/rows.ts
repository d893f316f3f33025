/**
 * What each row of the list says: a function of the seed, the row number, its second and its status, so that a row costs
 * nothing until it is read, and a row whose status changed still tells a consistent story.
 */
import { type IdCodec, letters, mix, pick } from "./prng.ts"
import type { CheckError, Session, Status } from "./session.ts"

/** What a row needs to be written out. */
export interface Facts {
  readonly seed: number
  readonly index: number
  readonly id: string
  /** What makes the id of the report, where the row has one. */
  readonly reportIds: IdCodec
  readonly created: number
  readonly status: string
}

/** The kinds of check a session may ask for. */
export type Check = "document" | "id_number" | "verification_flow"

const documentCodes = [
  "document_expired",
  "document_type_not_supported",
  "document_unverified_other",
  "selfie_document_missing_photo",
  "selfie_face_mismatch",
  "selfie_manipulated",
  "selfie_unverified_other",
  "country_not_supported",
  "device_not_supported",
  "under_supported_age",
  "consent_declined",
  "abandoned"
] as const
const idNumberCodes = [
  "id_number_insufficient_document_data",
  "id_number_mismatch",
  "id_number_unverified_other",
  "consent_declined",
  "abandoned"
] as const
const flowCodes = [
  "email_unverified_other",
  "email_verification_declined",
  "phone_unverified_other",
  "phone_verification_declined",
  "document_unverified_other",
  "abandoned"
] as const

// The person gave up or never began, so nothing was checked and no report exists.
const withoutReport = new Set([
  "abandoned",
  "consent_declined",
  "country_not_supported",
  "device_not_supported",
  "under_supported_age"
])

/** The status a row has until someone changes it: about 55 % verified, 25 % requires_input, 12 % canceled. */
export const statusOf = (seed: number, index: number): Status => {
  const percent = mix(seed, index, 21) % 100
  return percent < 55 ? "verified" : percent < 80 ? "requires_input" : percent < 92 ? "canceled" : "processing"
}

/** What a row checks: about 75 % documents. */
const checkOf = (seed: number, index: number): Check => {
  const percent = mix(seed, index, 22) % 100
  return percent < 75 ? "document" : percent < 87 ? "id_number" : "verification_flow"
}

/** The `client_reference_id` of a row: most have one, and a few users come back. */
export const referenceOf = (seed: number, index: number): string | null =>
  mix(seed, index, 23) % 10 === 0
    ? null
    : `user_${(mix(seed, index, 24) % 4 === 0 ? mix(seed, index, 25) % 100 : index + 100).toString().padStart(6, "0")}`

const relation = (seed: number, index: number): number => mix(seed, index, 26) % 20

/** The `related_customer` of a row: one in five has one, out of at most fifty customers. */
export const customerOf = (seed: number, index: number): string | null =>
  relation(seed, index) < 4 ? `cus_${letters(14, seed, mix(seed, index, 27) % 50, 28)}` : null

/** The `related_customer_account` of a row: one in twenty has one, out of at most ten accounts. */
export const customerAccountOf = (seed: number, index: number): string | null =>
  relation(seed, index) === 4 ? `acct_${letters(16, seed, mix(seed, index, 29) % 10, 30)}` : null

const errorOf = (facts: Facts, check: Check): CheckError | null => {
  const { index, seed, status } = facts
  const chance = mix(seed, index, 31) % 40
  // The official fixture shows an error object with nothing in it on a verified session.
  if (status === "verified") return chance === 0 ? { code: null, reason: null } : null
  if (status !== "requires_input" || chance >= 22) return null
  const codes = check === "document" ? documentCodes : check === "id_number" ? idNumberCodes : flowCodes
  return reasoned(codes[mix(seed, index, 32) % codes.length] ?? codes[0])
}

const reasoned = (code: string): CheckError => ({ code, reason: `Sandbox: the check ended with ${code}.` })

const optionsOf = (seed: number, index: number, check: Check): Session["options"] => {
  const chance = mix(seed, index, 33)
  if (check === "verification_flow") return chance % 2 === 0 ? null : { email: { require_verification: true } }
  if (check === "id_number") return { id_number: {} }
  switch (chance % 6) {
    case 0:
      return { document: {} }
    case 1:
      return { document: { allowed_types: ["driving_license", "passport"], require_live_capture: true } }
    case 2:
      return { document: { require_id_number: true, require_live_capture: true, require_matching_selfie: true } }
    case 3:
      return { document: { require_matching_selfie: false }, email: { require_verification: true } }
    case 4:
      return { document: {}, matching: { dob: "similar", name: "none" }, phone: { require_verification: true } }
    default:
      return { document: { require_matching_selfie: true } }
  }
}

const redactionOf = (facts: Facts): Session["redaction"] => {
  if (facts.status !== "verified" && facts.status !== "canceled") return null
  // What happened to a session since does not redact it.
  if (facts.status !== statusOf(facts.seed, facts.index)) return null
  const chance = mix(facts.seed, facts.index, 34) % 200
  return chance < 8
    ? { status: "redacted" }
    : chance < 10
      ? { status: "processing" }
      : chance === 10
        ? { status: "validated" }
        : null
}

const metadataOf = (seed: number, index: number): Session["metadata"] => {
  const plan = pick(["free", "pro", "enterprise"], seed, index, 35)
  const team = pick(["onboarding", "payments", "risk"], seed, index, 36)
  switch (mix(seed, index, 37) % 5) {
    case 0:
      return {}
    case 1:
      return { plan }
    default:
      return { plan, team }
  }
}

/** The session as an unexpanded list shows it. */
export const session = (facts: Facts): Session => {
  const { created, id, index, reportIds, seed, status } = facts
  const check = checkOf(seed, index)
  const error = errorOf(facts, check)
  const open = status === "requires_input"
  const reported = status === "verified" || (open && error !== null && !withoutReport.has(error.code ?? ""))
  const details = mix(seed, index, 38) % 6
  return {
    id,
    object: "identity.verification_session",
    client_reference_id: referenceOf(seed, index),
    client_secret: open ? `${id}_secret_test_SANDBOX${letters(24, seed, index, 39)}` : null,
    created,
    last_error: error,
    last_verification_report: reported ? reportIds.encode(index) : null,
    livemode: false,
    metadata: metadataOf(seed, index),
    options: optionsOf(seed, index, check),
    ...(details === 0
      ? { provided_details: { email: `person.${index}@example.com` } }
      : details === 1
        ? { provided_details: { email: `person.${index}@example.com`, phone: "+15555550100" } }
        : details === 2
          ? { provided_details: null }
          : undefined),
    redaction: redactionOf(facts),
    related_customer: customerOf(seed, index),
    related_customer_account: customerAccountOf(seed, index),
    ...(mix(seed, index, 58) % 50 === 0
      ? {
          related_person: {
            account: `acct_${letters(16, seed, 0, 59)}`,
            person: `person_${letters(14, seed, index, 60)}`
          }
        }
      : undefined),
    status,
    type: check,
    url: open ? `https://verify.stripe.com/start/test_SANDBOX${letters(24, seed, index, 61)}` : null,
    ...(check === "verification_flow" ? { verification_flow: `vf_${letters(24, seed, 0, 62)}` } : undefined)
  }
}
