/**
 * How expanding changes what users see of a session. Public through `VerificationSession`.
 */
import type * as Redacted from "effect/Redacted"
import type { VerificationReport } from "../report/codec.ts"
import type { ExpandPath as ReportExpandPath } from "../report/wire.ts"
import type { AnyExpansion, VerificationSession } from "./codec.ts"
import type { VerifiedOutputs } from "./wire.ts"

export type { AnyExpansion as Any } from "./codec.ts"

/**
 * What a list or a retrieve can expand, without the `data.` that a list puts in front.
 *
 * Any key that may read Identity reads two of them. `verified_outputs` gives names, address, email, phone and the type of
 * the ID number. `last_verification_report` gives the checks, and the ids of the images: `document.files`,
 * `selfie.document` and `selfie.selfie` come with it and have no path of their own.
 *
 * The deeper paths are sensitive fields. Name each one, and use a **restricted** key with read access to sensitive
 * verification results. It reads them for verifications that were processed in the last 48 hours, or for all when the key
 * is restricted to IP addresses too. With any other key, and for older verifications, the fields are absent: that is no
 * error.
 *
 * Source: https://docs.stripe.com/identity/access-verification-results
 *
 * @category models
 * @since 0.1.0
 */
export type ExpandPath =
  | "verified_outputs"
  | "verified_outputs.dob"
  | "verified_outputs.id_number"
  | "verified_outputs.sex"
  | "verified_outputs.unparsed_place_of_birth"
  | "verified_outputs.unparsed_sex"
  | "last_verification_report"
  | `last_verification_report.${ReportExpandPath}`

/**
 * What a list can expand, as Stripe writes it. See `VerificationSession.ExpandPath` for what each path needs.
 *
 * @category models
 * @since 0.1.0
 */
export type ListExpandPath =
  // A union keeps its name where types are shown; the template alone would be shown as each of its texts.
  "data.verified_outputs" | `data.${ExpandPath}`

/**
 * A session with its verified outputs, which are absent when there are none.
 *
 * @category models
 * @since 0.1.0
 */
export interface WithOutputs extends VerificationSession {
  readonly verified_outputs?: Redacted.Redacted<VerifiedOutputs> | null
}

/**
 * A session with the report on its last attempt.
 *
 * @category models
 * @since 0.1.0
 */
export interface WithReport extends Omit<VerificationSession, "last_verification_report"> {
  readonly last_verification_report?: Redacted.Redacted<VerificationReport> | null
}

/**
 * A session with its verified outputs and the report on its last attempt.
 *
 * @category models
 * @since 0.1.0
 */
export interface WithOutputsAndReport extends WithReport {
  readonly verified_outputs?: Redacted.Redacted<VerifiedOutputs> | null
}

/**
 * The type of a session for which this list of paths was expanded, written for a retrieve or, with `data.`, for a list.
 * Where the compiler does not know the list, it is {@link AnyExpansion}.
 *
 * @category models
 * @since 0.1.0
 */
export type Expanded<Paths extends ReadonlyArray<ExpandPath | ListExpandPath>> = number extends Paths["length"]
  ? AnyExpansion
  : [Extract<Paths[number], `${"" | "data."}verified_outputs${string}`>] extends [never]
    ? [Extract<Paths[number], `${"" | "data."}last_verification_report${string}`>] extends [never]
      ? VerificationSession
      : WithReport
    : [Extract<Paths[number], `${"" | "data."}last_verification_report${string}`>] extends [never]
      ? WithOutputs
      : WithOutputsAndReport
