/**
 * The types of expanded sessions. Public through `VerificationSession`.
 */
import type * as Redacted from "effect/Redacted"
import type { VerificationReport } from "../report/codec.ts"
import type { ExpandPath as ReportExpandPath } from "../report/wire.ts"
import type { AnyExpansion, VerificationSession } from "./codec.ts"
import type { expandPaths, VerifiedOutputs } from "./wire.ts"

/**
 * The paths that `retrieve` can expand. A list needs `data.` in front of them: see {@link ListExpandPath}.
 *
 * Every key that can read Identity can expand two paths:
 *
 * - `verified_outputs`: names, address, email, phone and the type of the ID number.
 * - `last_verification_report`: the checks and the ids of the images (`document.files`, `selfie.document` and
 *   `selfie.selfie`, which need no path of their own).
 *
 * The longer paths are sensitive fields. Name each one, and use a **restricted** key with read access to sensitive
 * verification results. Such a key reads verifications that were processed in the last 48 hours, or all of them if it
 * is also restricted to IP addresses. With other keys, and for older verifications, the fields are absent or Stripe
 * refuses the request: users report both.
 *
 * Source: https://docs.stripe.com/identity/access-verification-results
 *
 * @category models
 * @since 0.1.0
 */
export type ExpandPath = (typeof expandPaths)[number] | `last_verification_report.${ReportExpandPath}`

/**
 * The paths that a list can expand. `VerificationSession.ExpandPath` says which key each path needs.
 *
 * @category models
 * @since 0.1.0
 */
export type ListExpandPath =
  // Hovers show a union by its name; the template alone would be shown as all of its strings.
  "data.verified_outputs" | `data.${ExpandPath}`

/**
 * What a call that reads a list takes as `expand`.
 *
 * @category models
 * @since 0.1.0
 */
export type ListExpand = ReadonlyArray<ListExpandPath> | undefined

/**
 * A session with its verified outputs, which are absent when there are none.
 *
 * @category models
 * @since 0.1.0
 */
export interface WithOutputs extends VerificationSession {
  /** What was verified, such as the name. Personal data; after a redaction the strings are `"[redacted]"`. */
  readonly verified_outputs?: Redacted.Redacted<VerifiedOutputs> | null
}

/**
 * A session with the report on its last attempt.
 *
 * @category models
 * @since 0.1.0
 */
export interface WithReport extends Omit<VerificationSession, "last_verification_report"> {
  /** The report on the last attempt, with its checks. Personal data. */
  readonly last_verification_report?: Redacted.Redacted<VerificationReport> | null
}

/**
 * A session with its verified outputs and the report on its last attempt.
 *
 * @category models
 * @since 0.1.0
 */
export interface WithOutputsAndReport extends WithReport, Pick<WithOutputs, "verified_outputs"> {}

/**
 * The type of a session with these paths expanded, with or without `data.`. It is {@link AnyExpansion} if the compiler
 * does not know the paths.
 *
 * @category models
 * @since 0.1.0
 */
export type Expanded<Paths extends ReadonlyArray<ExpandPath | ListExpandPath> | undefined> =
  Paths extends ReadonlyArray<infer Path>
    ? number extends Paths["length"]
      ? AnyExpansion
      : [Extract<Path, `${"" | "data."}verified_outputs${string}`>] extends [never]
        ? [Extract<Path, `${"" | "data."}last_verification_report${string}`>] extends [never]
          ? VerificationSession
          : WithReport
        : [Extract<Path, `${"" | "data."}last_verification_report${string}`>] extends [never]
          ? WithOutputs
          : WithOutputsAndReport
    : VerificationSession
