/**
 * The report on one attempt to verify somebody: what a session's `last_verification_report` expands to, and a row of
 * `VerificationReports`.
 *
 * Fields are named as Stripe names them. Only what Stripe always sends is required; the rest may be `null` or absent.
 * Every enum keeps values that this version does not know; fields that it does not know are dropped, because they may be
 * personal. What the checks found is personal data. In a session the whole report is `Redacted`. A row of the list is a
 * {@link RedactedReport}: only its checks are `Redacted`. {@link VerificationReport} itself is plain.
 *
 * @module
 * @category Read sessions and reports
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import type { RedactedReport, VerificationReport } from "./internal/report/codec.ts"
import { type CheckName, checkNames, type DocumentCheck } from "./internal/report/wire.ts"

export { RedactedReport, type Encoded, VerificationReport } from "./internal/report/codec.ts"

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
} from "./internal/report/wire.ts"

export type { CheckName, ExpandPath } from "./internal/report/wire.ts"

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
  /** Why the check failed, such as `document_expired`; unset if it did not. */
  readonly code: string | undefined
}

type Check = NonNullable<VerificationReport[CheckName]>

/**
 * How each check of a report ended, in alphabetical order, without personal data: for counting and logging. It takes a row
 * of `VerificationReports`, or the plain report that a session expands to.
 *
 * **Example** (How the checks of a report ended)
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
 *   document: { status: "verified", first_name: "Jenny" },
 *   selfie: { status: "unverified", error: { code: "selfie_face_mismatch", reason: "Not the same face." } }
 * })
 *
 * JSON.stringify(report.document) // => '"<redacted:document>"'
 * VerificationReport.checkOutcomes(report).map(({ check, code }) => code ?? check) // => ["document", "selfie_face_mismatch"]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const checkOutcomes = (report: RedactedReport | VerificationReport): ReadonlyArray<Outcome> =>
  checkNames.flatMap((check) => {
    const found: Check | Redacted.Redacted<Check> | null | undefined = report[check]
    if (found === null || found === undefined) return []
    const { error, status } = Redacted.isRedacted(found) ? Redacted.value(found) : found
    return [{ check, status, code: error?.code ?? undefined }]
  })
