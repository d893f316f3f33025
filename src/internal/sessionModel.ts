/**
 * What users see of a session, and how expanding changes it. Public through `VerificationSession`.
 */
import type * as DateTime from "effect/DateTime"
import type * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type { VerificationReport } from "../VerificationReport.ts"
import type { ExpandPath as ReportExpandPath } from "./reportWire.ts"
import type {
  AnyWire,
  LastError,
  ProvidedDetails,
  Redaction,
  RelatedPerson,
  SessionOptions,
  Status,
  Type,
  VerifiedOutputs,
  Wire
} from "./sessionWire.ts"

/**
 * A verification session, with nothing expanded.
 *
 * @category models
 * @since 0.1.0
 */
export interface VerificationSession {
  /** `vs_…`; also the cursor of a list. */
  readonly id: string
  readonly object: "identity.verification_session"
  /** When the session was made, to the second. Many sessions can share one. */
  readonly created: DateTime.Utc
  /** `false` for sessions of test mode and sandboxes. */
  readonly livemode: boolean
  readonly status: Status
  readonly type: Type
  /** Your own key-value pairs. Not `Redacted`: keep personal data out of it. */
  readonly metadata: { readonly [key: string]: string }
  /** Your own id for the person or the attempt. */
  readonly client_reference_id?: string | null
  /** Lets Stripe.js show the verification in your page, once, within 24 hours. Secret. */
  readonly client_secret?: Redacted.Redacted<string> | null
  /** Why the last attempt failed. */
  readonly last_error?: LastError | null
  /** The id of the report on the last attempt, `vr_…`. It expands to the report itself. */
  readonly last_verification_report?: string | null
  readonly options?: SessionOptions | null
  /** What you told Stripe about the person. Personal data. */
  readonly provided_details?: Redacted.Redacted<ProvidedDetails> | null
  /** `null` unless the removal of the personal data was asked for. */
  readonly redaction?: Redaction | null
  /** The id of a customer, `cus_…`. */
  readonly related_customer?: string | null
  /** The id of an account that represents a customer, `acct_…`. */
  readonly related_customer_account?: string | null
  readonly related_person?: RelatedPerson | null
  /** Where to send the person, once, within 48 hours; `null` once the session is done. Secret. */
  readonly url?: Redacted.Redacted<string> | null
  /** The id of the verification flow that the session follows. */
  readonly verification_flow?: string | null
}

/**
 * A session as it is on the wire: `created` in epoch seconds, nothing redacted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoded extends Schema.Struct.Type<typeof Wire.fields> {}

/**
 * A session on the wire, whatever was expanded.
 *
 * @category models
 * @since 0.1.0
 */
export interface EncodedAny extends Schema.Struct.Type<typeof AnyWire.fields> {}

/**
 * A session, whatever was expanded. Every {@link Expanded} type is one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any extends Omit<VerificationSession, "last_verification_report"> {
  readonly last_verification_report?: string | Redacted.Redacted<VerificationReport> | null
  readonly verified_outputs?: Redacted.Redacted<VerifiedOutputs> | null
}

/**
 * A field that holds a secret or personal data, and is `Redacted` for that reason.
 *
 * @category models
 * @since 0.1.0
 */
export type SecretField = "client_secret" | "url" | "provided_details" | "verified_outputs" | "last_verification_report"

/**
 * What a list or a retrieve can expand, without the `data.` that a list puts in front.
 *
 * `verified_outputs` gives names, address, email, phone and the type of the ID number, `last_verification_report` the
 * checks, and any secret key may read them. The deeper paths are sensitive: each must be named, and they need a
 * **restricted** key with read access to sensitive verification results, for the results of the last 48 hours, or of
 * any time when the key is also bound to IP addresses. With any other key the fields are missing.
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

type OutputsPath = Extract<ExpandPath, `verified_outputs${string}`>

type ReportPath = Extract<ExpandPath, `last_verification_report${string}`>

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
 * The type of a session for which these paths, a union, were expanded.
 *
 * @category models
 * @since 0.1.0
 */
export type Expanded<Paths extends ExpandPath> = [Extract<Paths, OutputsPath>] extends [never]
  ? [Extract<Paths, ReportPath>] extends [never]
    ? VerificationSession
    : WithReport
  : [Extract<Paths, ReportPath>] extends [never]
    ? WithOutputs
    : WithOutputsAndReport

/**
 * The type of a session for which this list of paths was expanded. Where the compiler does not know the list, it is
 * {@link Any}.
 *
 * @category models
 * @since 0.1.0
 */
export type ExpandedBy<Paths extends ReadonlyArray<ExpandPath>> = number extends Paths["length"]
  ? Any
  : Expanded<Paths[number]>
