/**
 * What was found out about the person behind a session: `verified_outputs` and the verification report, complete.
 * Which parts of them a key may see is decided in expansion.ts, and what a redaction leaves of them in redaction.ts.
 */
import { person, type Person } from "./people.ts"
import type { Report, Session, VerifiedOutputs } from "./session.ts"

/** How many seconds after its session a report is made. */
export const delay = 90

/** The outputs of a verified session; null for any other. */
export const verifiedOutputs = (session: Session, seed: number, index: number): VerifiedOutputs | null => {
  if (session.status !== "verified") return null
  const them = person(seed, index)
  const numbered = session.type === "id_number"
  const flow = session.type === "verification_flow"
  return {
    address: them.address,
    dob: them.dob,
    email: flow ? them.email : null,
    first_name: them.first_name,
    id_number: numbered ? them.id_number : null,
    id_number_type: numbered ? them.id_number_type : null,
    last_name: them.last_name,
    phone: flow ? them.phone : null,
    sex: them.sex,
    unparsed_place_of_birth: numbered ? null : them.place_of_birth,
    unparsed_sex: numbered ? null : them.sex.slice(0, 1).toUpperCase()
  }
}

/** The report behind `last_verification_report`, made at this second; null where the session has none. */
export const report = (
  session: Session,
  seed: number,
  index: number,
  created = session.created + delay
): Report | null => {
  const given = session.last_verification_report
  if (given === null) return null
  if (typeof given === "object") return given
  const them = person(seed, index)
  const code = session.status === "verified" ? null : (session.last_error?.code ?? null)
  // A code belongs to the check it is named after; the other checks of the report passed.
  const check = (name: string, found: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
    const failed = code !== null && code.startsWith(name)
    return {
      ...(failed ? undefined : found),
      error: failed ? { code, reason: session.last_error?.reason ?? null } : null,
      status: failed ? "unverified" : "verified"
    }
  }
  const flow = session.type === "verification_flow"
  const selfie = code?.startsWith("selfie") === true || session.options?.["document"] !== undefined
  return {
    id: given,
    object: "identity.verification_report",
    client_reference_id: session.client_reference_id,
    created,
    ...(session.type === "id_number" ? undefined : { document: sorted(check("document", document(them))) }),
    ...(flow ? { email: sorted(check("email", { email: them.email })) } : undefined),
    ...(session.type === "id_number" ? { id_number: sorted(check("id_number", idNumber(them))) } : undefined),
    livemode: session.livemode,
    options: session.type === "id_number" ? { id_number: {} } : { document: {} },
    ...(flow ? { phone: sorted(check("phone", { phone: them.phone })) } : undefined),
    ...(session.type === "document" && selfie
      ? { selfie: sorted(check("selfie", { document: "file_SANDBOXdocument", selfie: "file_SANDBOXselfie" })) }
      : undefined),
    type: session.type,
    ...(session.verification_flow === undefined ? undefined : { verification_flow: session.verification_flow }),
    verification_session: session.id
  }
}

const document = (them: Person): Readonly<Record<string, unknown>> => ({
  address: them.address,
  dob: them.dob,
  expiration_date: { day: 1, month: 12, year: 2035 },
  files: ["file_SANDBOXfront", "file_SANDBOXback"],
  first_name: them.first_name,
  issued_date: { day: 1, month: 12, year: 2020 },
  issuing_country: them.address.country,
  last_name: them.last_name,
  number: them.document_number,
  sex: them.sex,
  type: them.document_type,
  unparsed_place_of_birth: them.place_of_birth,
  unparsed_sex: them.sex.slice(0, 1).toUpperCase()
})

const idNumber = (them: Person): Readonly<Record<string, unknown>> => ({
  dob: them.dob,
  first_name: them.first_name,
  id_number: them.id_number,
  id_number_type: them.id_number_type,
  last_name: them.last_name
})

// Stripe writes the fields of a nested object in alphabetical order.
const sorted = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).sort(([left], [right]) => (left < right ? -1 : 1)))
