/**
 * The report on one attempt to verify somebody: what a session's `last_verification_report` expands to, and a row of
 * `VerificationReports`.
 *
 * Fields are named as Stripe names them. Only what Stripe always sends is required; the rest may be `null` or absent.
 * Every enum keeps values that this version does not know. What the checks found is personal data. A session holds the
 * whole report as `Redacted`, because nothing else of it is needed there. A row of the list of reports needs its id and
 * `created`, so it is {@link Confidential}: only the checks are `Redacted`. {@link VerificationReport} itself is plain.
 *
 * @module
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import {
  type CheckName,
  checkNames,
  type DocumentCheck,
  type EmailCheck,
  type IdNumberCheck,
  type PhoneCheck,
  type SelfieCheck,
  Wire
} from "./internal/reportWire.ts"
import { generated, toEpochSeconds } from "./internal/wireFields.ts"
import { type Unchecked, wireCodec } from "./internal/wireCodec.ts"

export {
  Address,
  CalendarDate,
  DocumentCheck,
  DocumentOptions,
  DocumentType,
  EmailCheck,
  IdNumberCheck,
  IdNumberType,
  PhoneCheck,
  ReportOptions,
  SelfieCheck,
  Sex
} from "./internal/reportWire.ts"

export type { CheckName, ExpandPath } from "./internal/reportWire.ts"

/**
 * A report as it is on the wire: `created` in epoch seconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoded extends Schema.Struct.Type<typeof Wire.fields> {}

/**
 * The report on one attempt to verify somebody.
 *
 * @category models
 * @since 0.1.0
 */
export interface VerificationReport extends Omit<Encoded, "created"> {
  /** When the report was made, to the second. */
  readonly created: DateTime.Utc
}

/** @internal */
export const fromWire = (wire: Encoded): VerificationReport => ({
  ...wire,
  created: DateTime.fromEpochSeconds(wire.created)
})

/** @internal */
export const toWire = (report: Unchecked<VerificationReport>): unknown => ({
  ...report,
  created: toEpochSeconds(report.created)
})

/**
 * The codec between a report and Stripe's JSON. Use it for reports that come from elsewhere than a session, such as
 * Stripe's own `/v1/identity/verification_reports`.
 *
 * @example
 * ```ts
 * import { DateTime, Schema } from "effect"
 * import { VerificationReport } from "effect-stripe-identity"
 *
 * const report = Schema.decodeUnknownSync(VerificationReport.VerificationReport)({
 *   id: "vr_1",
 *   object: "identity.verification_report",
 *   created: 1767225600,
 *   livemode: false,
 *   type: "document",
 *   document: { status: "unverified", error: { code: "document_expired", reason: "The document is expired." } }
 * })
 *
 * DateTime.formatIso(report.created) // => "2026-01-01T00:00:00.000Z"
 * report.document?.error?.code // => "document_expired"
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const VerificationReport: Schema.Codec<VerificationReport, Encoded> = wireCodec({
  identifier: "VerificationReport",
  wire: Wire,
  generator: Wire.mapFields(generated("vr")),
  fromWire,
  toWire
})

/**
 * A report whose checks are `Redacted`, as `VerificationReports` gives it: what says nothing about the person is plain, so
 * that reports can be counted, ordered and stored without the rest. Read a check with `Redacted.value`, or how it ended
 * with {@link outcomes}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Confidential extends Omit<VerificationReport, CheckName> {
  readonly document?: Redacted.Redacted<DocumentCheck> | null
  readonly email?: Redacted.Redacted<EmailCheck> | null
  readonly id_number?: Redacted.Redacted<IdNumberCheck> | null
  readonly phone?: Redacted.Redacted<PhoneCheck> | null
  readonly selfie?: Redacted.Redacted<SelfieCheck> | null
}

/** @internal */
export const confidentialFromWire = (wire: Encoded): Confidential => {
  const report: Record<string, unknown> = { ...fromWire(wire) }
  for (const name of checkNames) {
    const check = wire[name]
    if (check !== null && check !== undefined) report[name] = Redacted.make(check, { label: name })
  }
  // Type boundary: the loop made each check what the type says, which TypeScript cannot follow.
  return report as unknown as Confidential
}

const confidentialToWire = (report: Unchecked<Confidential>): unknown => {
  const revealed: Record<string, unknown> = { ...report }
  for (const name of checkNames) {
    const check = report[name]
    if (name in report && check !== null)
      revealed[name] = Redacted.isRedacted(check) ? Redacted.value(check) : undefined
  }
  return toWire(revealed)
}

/**
 * The codec between a report whose checks are `Redacted` and Stripe's JSON. Encoding gives back what came, the checks
 * included.
 *
 * **Example** (A report from a queue, with its checks out of sight)
 *
 * ```ts
 * import { Schema } from "effect"
 * import { VerificationReport } from "effect-stripe-identity"
 *
 * const report = Schema.decodeUnknownSync(VerificationReport.Confidential)({
 *   id: "vr_1",
 *   object: "identity.verification_report",
 *   created: 1767225600,
 *   livemode: false,
 *   type: "document",
 *   document: { status: "verified", first_name: "Jenny" }
 * })
 *
 * String(report.document) // => "<redacted:document>"
 * VerificationReport.outcomes(report) // => [{ check: "document", status: "verified", code: undefined }]
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const Confidential: Schema.Codec<Confidential, Encoded> = wireCodec({
  identifier: "ConfidentialVerificationReport",
  wire: Wire,
  generator: Wire.mapFields(generated("vr")),
  fromWire: confidentialFromWire,
  toWire: confidentialToWire
})

/**
 * How a check ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome {
  readonly check: CheckName
  /** `verified` or `unverified`. */
  readonly status: DocumentCheck["status"]
  /** Why the check failed, such as `document_expired`, where it did. */
  readonly code: string | undefined
}

/**
 * How each check of a report ended, in alphabetical order: what can be counted and logged without a word about the
 * person.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { VerificationReport } from "effect-stripe-identity"
 *
 * const report = Schema.decodeUnknownSync(VerificationReport.Confidential)({
 *   id: "vr_1",
 *   object: "identity.verification_report",
 *   created: 1767225600,
 *   livemode: false,
 *   type: "document",
 *   document: { status: "verified", first_name: "Jenny" },
 *   selfie: { status: "unverified", error: { code: "selfie_face_mismatch", reason: "Not the same face." } }
 * })
 *
 * JSON.stringify(report.document) // => '"<redacted:document>"'
 * VerificationReport.outcomes(report).map(({ check, code }) => code ?? check) // => ["document", "selfie_face_mismatch"]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const outcomes = (report: Confidential): ReadonlyArray<Outcome> =>
  checkNames.flatMap((check) => {
    const redacted = report[check]
    if (redacted === null || redacted === undefined) return []
    const { error, status } = Redacted.value<NonNullable<VerificationReport[CheckName]>>(redacted)
    return [{ check, status, code: error?.code ?? undefined }]
  })
