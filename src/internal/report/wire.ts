/**
 * The parts of a verification report, and its form on the wire. Public through `VerificationReport`.
 */
import * as Schema from "effect/Schema"
import { emptyObject, EpochSeconds, id, openEnum, optionalNullOr } from "../wire/fields.ts"

/**
 * A postal address as it appears in a document. `country` is ISO 3166-1 alpha-2.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Address = Schema.Struct({
  city: optionalNullOr(Schema.String),
  country: optionalNullOr(Schema.String),
  line1: optionalNullOr(Schema.String),
  line2: optionalNullOr(Schema.String),
  postal_code: optionalNullOr(Schema.String),
  state: optionalNullOr(Schema.String)
})

/**
 * A postal address as it appears in a document.
 *
 * @category models
 * @since 0.1.0
 */
export interface Address extends Schema.Struct.Type<typeof Address.fields> {}

/**
 * A calendar day without a time zone. Stripe may know only some parts. `month` counts from 1.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CalendarDate = Schema.Struct({
  day: optionalNullOr(Schema.Int),
  month: optionalNullOr(Schema.Int),
  year: optionalNullOr(Schema.Int)
})

/**
 * A calendar day without a time zone. Stripe may know only some parts.
 *
 * @category models
 * @since 0.1.0
 */
export interface CalendarDate extends Schema.Struct.Type<typeof CalendarDate.fields> {}

/**
 * The sex that a document states; `"[redacted]"` once the session was redacted.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Sex = openEnum(["[redacted]", "female", "male", "unknown"])

/**
 * The country and kind of an ID number.
 *
 * @category schemas
 * @since 0.1.0
 */
export const IdNumberType = openEnum(["br_cpf", "sg_nric", "us_ssn"])

/**
 * The kind of a document.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DocumentType = openEnum(["driving_license", "id_card", "passport"])

/**
 * What was asked of the check of a document.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DocumentOptions = Schema.Struct({
  allowed_types: optionalNullOr(Schema.Array(DocumentType)),
  require_id_number: optionalNullOr(Schema.Boolean),
  require_live_capture: optionalNullOr(Schema.Boolean),
  require_matching_selfie: optionalNullOr(Schema.Boolean)
})

/**
 * What was asked of the check of a document.
 *
 * @category models
 * @since 0.1.0
 */
export interface DocumentOptions extends Schema.Struct.Type<typeof DocumentOptions.fields> {}

export const expandPaths = [
  "document.dob",
  "document.expiration_date",
  "document.number",
  "document.sex",
  "document.unparsed_place_of_birth",
  "document.unparsed_sex",
  "id_number.dob",
  "id_number.id_number"
] as const

/**
 * What of a report can be expanded: its sensitive fields. See `VerificationSession.ExpandPath` for the key that they need,
 * and for how long it reads them.
 *
 * @category models
 * @since 0.1.0
 */
export type ExpandPath = (typeof expandPaths)[number]

const checkStatus = openEnum(["unverified", "verified"])

const checkError = <const Code extends ReadonlyArray<string>>(codes: Code) =>
  optionalNullOr(Schema.Struct({ code: optionalNullOr(openEnum(codes)), reason: optionalNullOr(Schema.String) }))

/**
 * The check of an identity document.
 *
 * `number`, `dob`, `expiration_date`, `sex` and the `unparsed_*` fields are only there when they are expanded with a
 * restricted key; see `VerificationSession.ExpandPath`. `files` are ids; to download the images needs such a key too.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DocumentCheck = Schema.Struct({
  status: checkStatus,
  error: checkError(["document_expired", "document_type_not_supported", "document_unverified_other"]),
  type: optionalNullOr(DocumentType),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  number: optionalNullOr(Schema.String),
  issuing_country: optionalNullOr(Schema.String),
  issued_date: optionalNullOr(CalendarDate),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  expiration_date: optionalNullOr(CalendarDate),
  first_name: optionalNullOr(Schema.String),
  last_name: optionalNullOr(Schema.String),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  dob: optionalNullOr(CalendarDate),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  sex: optionalNullOr(Sex),
  address: optionalNullOr(Address),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  unparsed_place_of_birth: optionalNullOr(Schema.String),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  unparsed_sex: optionalNullOr(Schema.String),
  files: optionalNullOr(Schema.Array(Schema.String))
})

/**
 * The check of an identity document.
 *
 * @category models
 * @since 0.1.0
 */
export interface DocumentCheck extends Schema.Struct.Type<typeof DocumentCheck.fields> {}

/**
 * The check of an ID number. `dob` and `id_number` are only there for a restricted key.
 *
 * @category schemas
 * @since 0.1.0
 */
export const IdNumberCheck = Schema.Struct({
  status: checkStatus,
  error: checkError(["id_number_insufficient_document_data", "id_number_mismatch", "id_number_unverified_other"]),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  id_number: optionalNullOr(Schema.String),
  id_number_type: optionalNullOr(IdNumberType),
  first_name: optionalNullOr(Schema.String),
  last_name: optionalNullOr(Schema.String),
  /** Sensitive: `undefined` unless it was expanded, with a restricted key. */
  dob: optionalNullOr(CalendarDate)
})

/**
 * The check of an ID number.
 *
 * @category models
 * @since 0.1.0
 */
export interface IdNumberCheck extends Schema.Struct.Type<typeof IdNumberCheck.fields> {}

/**
 * The check of a selfie against the photo in the document. `document` and `selfie` are ids of files.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SelfieCheck = Schema.Struct({
  status: checkStatus,
  error: checkError([
    "selfie_document_missing_photo",
    "selfie_face_mismatch",
    "selfie_manipulated",
    "selfie_unverified_other"
  ]),
  document: optionalNullOr(Schema.String),
  selfie: optionalNullOr(Schema.String)
})

/**
 * The check of a selfie against the photo in the document.
 *
 * @category models
 * @since 0.1.0
 */
export interface SelfieCheck extends Schema.Struct.Type<typeof SelfieCheck.fields> {}

/**
 * The check of an email address.
 *
 * @category schemas
 * @since 0.1.0
 */
export const EmailCheck = Schema.Struct({
  status: checkStatus,
  error: checkError(["email_unverified_other", "email_verification_declined"]),
  email: optionalNullOr(Schema.String)
})

/**
 * The check of an email address.
 *
 * @category models
 * @since 0.1.0
 */
export interface EmailCheck extends Schema.Struct.Type<typeof EmailCheck.fields> {}

/**
 * The check of a phone number.
 *
 * @category schemas
 * @since 0.1.0
 */
export const PhoneCheck = Schema.Struct({
  status: checkStatus,
  error: checkError(["phone_unverified_other", "phone_verification_declined"]),
  phone: optionalNullOr(Schema.String)
})

/**
 * The check of a phone number.
 *
 * @category models
 * @since 0.1.0
 */
export interface PhoneCheck extends Schema.Struct.Type<typeof PhoneCheck.fields> {}

/**
 * What was asked of the report's checks.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ReportOptions = Schema.Struct({
  document: optionalNullOr(DocumentOptions),
  id_number: optionalNullOr(emptyObject)
})

/**
 * What was asked of the report's checks.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReportOptions extends Schema.Struct.Type<typeof ReportOptions.fields> {}

export const checkNames = ["document", "email", "id_number", "phone", "selfie"] as const

/**
 * The fields of a report that hold a check, and with it personal data.
 *
 * @category models
 * @since 0.1.0
 */
export type CheckName = (typeof checkNames)[number]

/** A report on the wire. */
export const Wire = Schema.Struct({
  id,
  object: Schema.Literal("identity.verification_report"),
  created: EpochSeconds,
  livemode: Schema.Boolean,
  type: openEnum(["document", "id_number", "verification_flow"]),
  client_reference_id: optionalNullOr(Schema.String),
  document: optionalNullOr(DocumentCheck),
  email: optionalNullOr(EmailCheck),
  id_number: optionalNullOr(IdNumberCheck),
  options: optionalNullOr(ReportOptions),
  phone: optionalNullOr(PhoneCheck),
  selfie: optionalNullOr(SelfieCheck),
  verification_flow: optionalNullOr(Schema.String),
  verification_session: optionalNullOr(Schema.String)
}).annotate({ identifier: "VerificationReportEncoded" })
