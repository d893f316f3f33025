/**
 * What users see of a report, plain or with its checks `Redacted`, and the way between that and the wire. Public through
 * `VerificationReport`.
 */
import * as DateTime from "effect/DateTime"
import { identity } from "effect/Function"
import type * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type * as Types from "effect/Types"
import { generated, redacted, revealed, toEpochSeconds, type Unchecked, wireCodec } from "../wire/codec.ts"
import * as Wire from "./wire.ts"

/**
 * A report as it is on the wire: `created` in epoch seconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoded extends Schema.Struct.Type<typeof Wire.Wire.fields> {}

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

export const fromWire = ({ created, ...report }: Encoded): VerificationReport => ({
  ...report,
  created: DateTime.fromEpochSeconds(created)
})

export const toWire = (report: Unchecked<VerificationReport>): unknown => ({
  ...report,
  created: toEpochSeconds(report.created)
})

/**
 * The codec between a report and Stripe's JSON. Use it for reports that come from elsewhere than a session, such as
 * Stripe's own `/v1/identity/verification_reports`.
 *
 * **Example** (A report from elsewhere)
 *
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
  wire: Wire.Wire,
  generator: Wire.Wire.mapFields(generated("vr")),
  fromWire,
  toWire,
  toJson: identity
})

/**
 * A report whose checks are `Redacted`, as `VerificationReports` gives it: what says nothing about the person is plain, so
 * that reports can be counted, ordered and stored without the rest. Read a check with `Redacted.value`, or how it ended
 * with `VerificationReport.checkOutcomes`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RedactedReport extends Omit<VerificationReport, Wire.CheckName> {
  readonly document?: Redacted.Redacted<Wire.DocumentCheck> | null
  readonly email?: Redacted.Redacted<Wire.EmailCheck> | null
  readonly id_number?: Redacted.Redacted<Wire.IdNumberCheck> | null
  readonly phone?: Redacted.Redacted<Wire.PhoneCheck> | null
  readonly selfie?: Redacted.Redacted<Wire.SelfieCheck> | null
}

/** Takes the fields that the schema names, and leaves keys that Stripe added since behind. */
export const redactedFromWire = (wire: Encoded): RedactedReport => {
  const report: Types.Mutable<RedactedReport> = {
    id: wire.id,
    object: wire.object,
    created: DateTime.fromEpochSeconds(wire.created),
    livemode: wire.livemode,
    type: wire.type
  }
  if (wire.client_reference_id !== undefined) report.client_reference_id = wire.client_reference_id
  if (wire.document !== undefined) report.document = redacted(wire.document, { label: "document" })
  if (wire.email !== undefined) report.email = redacted(wire.email, { label: "email" })
  if (wire.id_number !== undefined) report.id_number = redacted(wire.id_number, { label: "id_number" })
  if (wire.options !== undefined) report.options = wire.options
  if (wire.phone !== undefined) report.phone = redacted(wire.phone, { label: "phone" })
  if (wire.selfie !== undefined) report.selfie = redacted(wire.selfie, { label: "selfie" })
  if (wire.verification_flow !== undefined) report.verification_flow = wire.verification_flow
  if (wire.verification_session !== undefined) report.verification_session = wire.verification_session
  return report
}

const redactedToWire = (report: Unchecked<RedactedReport>): unknown => {
  const plain: Record<string, unknown> = { ...report }
  for (const name of Wire.checkNames) if (name in plain) plain[name] = revealed(plain[name])
  return toWire(plain)
}

/**
 * The codec between a report whose checks are `Redacted` and Stripe's JSON. Encoding gives back what came, the checks
 * included; so do `Ndjson.encodeSchema`, `JsonArray.encodeSchema` and `Schema.fromJsonString`. JSON that Effect derives from
 * the codec (`Schema.toCodecJson`; so `HttpApi`, `Rpc`, queues and stores) has no checks: to write a file without personal
 * data, pass them `Schema.toCodecJson(RedactedReport)`. To send the checks, use {@link VerificationReport}.
 *
 * **Example** (A report from a queue, with its checks out of sight)
 *
 * ```ts
 * import { Schema } from "effect"
 * import { VerificationReport } from "effect-stripe-identity"
 *
 * const report = Schema.decodeUnknownSync(VerificationReport.RedactedReport)({
 *   id: "vr_1",
 *   object: "identity.verification_report",
 *   created: 1767225600,
 *   livemode: false,
 *   type: "document",
 *   document: { status: "verified", first_name: "Jenny" }
 * })
 *
 * String(report.document) // => "<redacted:document>"
 * VerificationReport.checkOutcomes(report) // => [{ check: "document", status: "verified", code: undefined }]
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const RedactedReport: Schema.Codec<RedactedReport, Encoded> = wireCodec({
  identifier: "RedactedVerificationReport",
  wire: Wire.Wire,
  generator: Wire.Wire.mapFields(generated("vr")),
  fromWire: redactedFromWire,
  toWire: redactedToWire,
  toJson: Struct.omit(Wire.checkNames)
})
