/**
 * The parts of a verification session, and its form on the wire. Public through `VerificationSession`.
 */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Address, CalendarDate, DocumentOptions, IdNumberType, Sex, Wire as ReportWire } from "../report/wire.ts"
import { emptyObject, EpochSeconds, id, openEnum, optionalNullOr } from "../wire/fields.ts"

/** The statuses that Stripe documents. */
export const statuses = ["canceled", "processing", "requires_input", "verified"] as const

/**
 * The status of a session: `requires_input` → `processing` → `verified`, or back to `requires_input` with a
 * `last_error`; `canceled` from `requires_input`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Status = openEnum(statuses)

/**
 * The status of a session.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = typeof Status.Type

/** The types that Stripe documents. */
export const types = ["document", "id_number", "verification_flow"] as const

/**
 * What a session verifies.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Type = openEnum(types)

/**
 * What a session verifies.
 *
 * @category models
 * @since 0.1.0
 */
export type Type = typeof Type.Type

/** The codes that Stripe documents. */
export const lastErrorCodes = [
  "abandoned",
  "consent_declined",
  "country_not_supported",
  "device_not_supported",
  "document_expired",
  "document_type_not_supported",
  "document_unverified_other",
  "email_unverified_other",
  "email_verification_declined",
  "id_number_insufficient_document_data",
  "id_number_mismatch",
  "id_number_unverified_other",
  "phone_unverified_other",
  "phone_verification_declined",
  "selfie_document_missing_photo",
  "selfie_face_mismatch",
  "selfie_manipulated",
  "selfie_unverified_other",
  "under_supported_age"
] as const

/**
 * Why the last attempt failed: `code` for programs, `reason` for people.
 *
 * @category schemas
 * @since 0.1.0
 */
export const LastError = Schema.Struct({
  code: optionalNullOr(openEnum(lastErrorCodes)),
  reason: optionalNullOr(Schema.String)
})

/**
 * Why the last attempt failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface LastError extends Schema.Struct.Type<typeof LastError.fields> {}

const ContactOptions = Schema.Struct({ require_verification: optionalNullOr(Schema.Boolean) })

const matching = openEnum(["none", "similar"])

/**
 * The settings of a session's checks.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SessionOptions = Schema.Struct({
  document: optionalNullOr(DocumentOptions),
  email: optionalNullOr(ContactOptions),
  id_number: optionalNullOr(emptyObject),
  matching: optionalNullOr(Schema.Struct({ dob: optionalNullOr(matching), name: optionalNullOr(matching) })),
  phone: optionalNullOr(ContactOptions)
})

/**
 * The settings of a session's checks.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionOptions extends Schema.Struct.Type<typeof SessionOptions.fields> {}

/** The states that Stripe documents. */
export const redactionStatuses = ["processing", "redacted", "validated"] as const

/**
 * The state of the removal of a session's personal data. The removal takes up to four days.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Redaction = Schema.Struct({ status: openEnum(redactionStatuses) })

/**
 * The state of the removal of a session's personal data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Redaction extends Schema.Struct.Type<typeof Redaction.fields> {}

/**
 * The person of a connected account that a session verifies.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RelatedPerson = Schema.Struct({ account: Schema.String, person: Schema.String })

/**
 * The person of a connected account that a session verifies.
 *
 * @category models
 * @since 0.1.0
 */
export interface RelatedPerson extends Schema.Struct.Type<typeof RelatedPerson.fields> {}

/**
 * The person's contact details as given when the session was created. Personal data. After a redaction the strings are
 * `"[redacted]"`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ProvidedDetails = Schema.Struct({
  email: optionalNullOr(Schema.String),
  phone: optionalNullOr(Schema.String)
})

/**
 * The person's contact details as given when the session was created. Personal data. After a redaction the strings are
 * `"[redacted]"`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProvidedDetails extends Schema.Struct.Type<typeof ProvidedDetails.fields> {}

/**
 * What Stripe verified about the person. Personal data; present only when expanded. After a redaction the strings are
 * `"[redacted]"`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const VerifiedOutputs = Schema.Struct({
  address: optionalNullOr(Address),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  dob: optionalNullOr(CalendarDate),
  email: optionalNullOr(Schema.String),
  first_name: optionalNullOr(Schema.String),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  id_number: optionalNullOr(Schema.String),
  id_number_type: optionalNullOr(IdNumberType),
  last_name: optionalNullOr(Schema.String),
  phone: optionalNullOr(Schema.String),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  sex: optionalNullOr(Sex),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  unparsed_place_of_birth: optionalNullOr(Schema.String),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  unparsed_sex: optionalNullOr(Schema.String)
})

/**
 * What Stripe verified about the person. Personal data.
 *
 * @category models
 * @since 0.1.0
 */
export interface VerifiedOutputs extends Schema.Struct.Type<typeof VerifiedOutputs.fields> {}

/** What a session can expand, but for the paths into its report. */
export const expandPaths = [
  "verified_outputs",
  "verified_outputs.dob",
  "verified_outputs.id_number",
  "verified_outputs.sex",
  "verified_outputs.unparsed_place_of_birth",
  "verified_outputs.unparsed_sex",
  "last_verification_report"
] as const

/** A session on the wire, without expanded fields. */
export const Wire = Schema.Struct({
  id,
  object: Schema.Literal("identity.verification_session"),
  created: EpochSeconds,
  livemode: Schema.Boolean,
  status: Status,
  type: Type,
  metadata: Schema.Record(Schema.String, Schema.String),
  client_reference_id: optionalNullOr(Schema.String),
  client_secret: optionalNullOr(Schema.String),
  last_error: optionalNullOr(LastError),
  last_verification_report: optionalNullOr(Schema.String),
  options: optionalNullOr(SessionOptions),
  provided_details: optionalNullOr(ProvidedDetails),
  redaction: optionalNullOr(Redaction),
  related_customer: optionalNullOr(Schema.String),
  related_customer_account: optionalNullOr(Schema.String),
  related_person: optionalNullOr(RelatedPerson),
  url: optionalNullOr(Schema.String),
  verification_flow: optionalNullOr(Schema.String)
})

const outputs = { verified_outputs: optionalNullOr(VerifiedOutputs) }
const report = { last_verification_report: optionalNullOr(ReportWire) }

export const WireWithOutputs = Wire.mapFields(Struct.assign(outputs))

export const WireWithReport = Wire.mapFields(Struct.assign(report))

export const WireWithBoth = WireWithOutputs.mapFields(Struct.assign(report))

/** With any fields expanded. */
export const AnyWire = WireWithOutputs.mapFields(
  Struct.assign({ last_verification_report: optionalNullOr(Schema.Union([Schema.String, ReportWire])) })
)
