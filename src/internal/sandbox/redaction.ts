/**
 * What a redaction leaves of sessions and reports: placeholders in place of personal data, not nulls
 * (docs.stripe.com/identity/verification-sessions#redact).
 */
import type { Report, Session, VerifiedOutputs } from "./session.ts"

const redacted = "[redacted]"
const noDate = { day: 1, month: 1, year: 1 }

const texts = new Set([
  "city",
  "email",
  "first_name",
  "id_number",
  "last_name",
  "line1",
  "line2",
  "number",
  "phone",
  "postal_code",
  "sex",
  "state",
  "unparsed_place_of_birth",
  "unparsed_sex"
])
const dates = new Set(["dob", "expiration_date", "issued_date"])

// What was null before tells nothing and stays null. The country is kept.
const placeholder = (name: string, value: unknown): unknown => {
  if (value === null || value === undefined) return value
  if (dates.has(name)) return noDate
  if (typeof value === "object" && name === "address") return fields(value)
  return texts.has(name) ? redacted : value
}

const fields = (value: object): object =>
  Object.fromEntries(Object.entries(value).map(([name, field]) => [name, placeholder(name, field)]))

// Type boundary: each value keeps its kind, a text a text and a date a date.
const kept = <A extends object>(value: A): A => fields(value) as A

/** The session without the data that was collected. Its status stays. */
export const session = (row: Session): Session => ({
  ...row,
  client_secret: null,
  metadata: {},
  ...(row.provided_details === undefined || row.provided_details === null
    ? undefined
    : { provided_details: kept(row.provided_details) }),
  url: null,
  ...(row.verified_outputs === undefined || row.verified_outputs === null
    ? undefined
    : { verified_outputs: outputs(row.verified_outputs) })
})

/** The outputs without what they say. */
export const outputs = (value: VerifiedOutputs): VerifiedOutputs => kept(value)

/** The report without what was found. */
export const report = (value: Report): Report => {
  const { document, email, id_number: idNumber, phone } = value
  return {
    ...value,
    ...(document === undefined ? undefined : { document: kept(document) }),
    ...(email === undefined ? undefined : { email: kept(email) }),
    ...(idNumber === undefined ? undefined : { id_number: kept(idNumber) }),
    ...(phone === undefined ? undefined : { phone: kept(phone) })
  }
}
