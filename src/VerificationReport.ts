/**
 * The report on one attempt to verify somebody: what a session's `last_verification_report` expands to.
 *
 * Fields are named as Stripe names them. Only what Stripe always sends is required; the rest may be `null` or absent.
 * Every enum keeps values that this version does not know. A report is personal data from end to end, so a session
 * holds it as `Redacted`; a report on its own is plain.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import type * as Schema from "effect/Schema"
import { Wire } from "./internal/reportWire.ts"
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
