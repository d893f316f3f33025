/**
 * The public form of a session, and its conversion from and to the wire. The conversion is the same whatever was
 * expanded; the wire schemas say which fields are allowed. Public through `VerificationSession`.
 */
import * as DateTime from "effect/DateTime"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Struct from "effect/Struct"
import type * as Types from "effect/Types"
import * as ReportCodec from "../report/codec.ts"
import { type DecodeRow, rowDecoder } from "../wire/fastPath.ts"
import { generated, redacted, revealed, toEpochSeconds, type Unchecked, wireCodec } from "../wire/codec.ts"
import * as Wire from "./wire.ts"

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
  /** When the session was created, to the second. Many sessions can share a second. */
  readonly created: DateTime.Utc
  /** `false` for sessions of test mode and sandboxes. */
  readonly livemode: boolean
  /** `requires_input` → `processing` → `verified`, or back to `requires_input`; or `canceled`. Stripe can add statuses. */
  readonly status: Wire.Status
  /** What the session verifies. */
  readonly type: Wire.Type
  /** Your own key-value pairs. Not `Redacted`, so keep personal data out of them. */
  readonly metadata: { readonly [key: string]: string }
  /** Your own id for the person or the attempt. */
  readonly client_reference_id?: string | null
  /** With it Stripe.js shows the verification in your page, once, within 24 hours. Secret. */
  readonly client_secret?: Redacted.Redacted<string> | null
  /** Why the last attempt failed. */
  readonly last_error?: Wire.LastError | null
  /** The id of the report on the last attempt, `vr_…`. It expands to the report itself. */
  readonly last_verification_report?: string | null
  /** The settings of the checks. */
  readonly options?: Wire.SessionOptions | null
  /** What you told Stripe about the person. Personal data; after a redaction the strings are `"[redacted]"`. */
  readonly provided_details?: Redacted.Redacted<Wire.ProvidedDetails> | null
  /** `null` unless somebody requested the removal of the personal data. */
  readonly redaction?: Wire.Redaction | null
  /** The id of a customer, `cus_…`. */
  readonly related_customer?: string | null
  /** The id of an account that represents a customer, `acct_…`. */
  readonly related_customer_account?: string | null
  /** The person of a connected account that the session verifies. */
  readonly related_person?: Wire.RelatedPerson | null
  /** The page to send the person to, once, within 48 hours; `null` when the session is done. Secret. */
  readonly url?: Redacted.Redacted<string> | null
  /** The id of the verification flow that the session follows. */
  readonly verification_flow?: string | null
}

/**
 * A session as Stripe sends it: `created` in seconds since 1970, and no field `Redacted`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoded extends Schema.Struct.Type<typeof Wire.Wire.fields> {}

/**
 * A session as Stripe sends it, with any fields expanded.
 *
 * @category models
 * @since 0.1.0
 */
export interface EncodedAny extends Schema.Struct.Type<typeof Wire.AnyWire.fields> {}

/**
 * A session with any fields expanded. Every `Expanded` type is assignable to it.
 *
 * @category models
 * @since 0.1.0
 */
export interface AnyExpansion extends Omit<VerificationSession, "last_verification_report"> {
  /** The id of the report on the last attempt, or the report itself where it was expanded. Its content is personal data. */
  readonly last_verification_report?: string | Redacted.Redacted<ReportCodec.VerificationReport> | null
  /**
   * What was verified, such as the name; absent unless it was expanded. Personal data; after a redaction the strings are
   * `"[redacted]"`.
   */
  readonly verified_outputs?: Redacted.Redacted<Wire.VerifiedOutputs> | null
}

/**
 * The fields that are `Redacted`, because they hold secrets or personal data.
 *
 * @category models
 * @since 0.1.0
 */
export type SecretField = "client_secret" | "url" | "provided_details" | "verified_outputs" | "last_verification_report"

// `Redacted` prints its label in place of the value.
const labels = {
  client_secret: { label: "client_secret" },
  url: { label: "url" },
  provided_details: { label: "provided_details" },
  verified_outputs: { label: "verified_outputs" },
  last_verification_report: { label: "last_verification_report" }
} as const satisfies { readonly [Field in SecretField]: { readonly label: Field } }

export const secretFields: ReadonlyArray<SecretField> = Struct.keys(labels)

// The secret fields whose value needs no conversion of its own.
const plainSecrets = ["client_secret", "url", "provided_details", "verified_outputs"] as const

/**
 * The public form of a row without `verified_outputs`. Field by field, so that keys that Stripe added since stay behind
 * and cost next to nothing (`test/bench/decode.ts`).
 */
const plainFromWire = (row: EncodedAny): Types.Mutable<AnyExpansion> => {
  const session: Types.Mutable<AnyExpansion> = {
    id: row.id,
    object: row.object,
    created: DateTime.fromEpochSeconds(row.created),
    livemode: row.livemode,
    status: row.status,
    type: row.type,
    metadata: row.metadata
  }
  if (row.client_reference_id !== undefined) session.client_reference_id = row.client_reference_id
  if (row.client_secret !== undefined) session.client_secret = redacted(row.client_secret, labels.client_secret)
  if (row.last_error !== undefined) session.last_error = row.last_error
  const report = row.last_verification_report
  if (report !== undefined) {
    // A string is the id of a report, which is no secret.
    session.last_verification_report =
      report === null || typeof report === "string"
        ? report
        : Redacted.make(ReportCodec.fromWire(report), labels.last_verification_report)
  }
  if (row.options !== undefined) session.options = row.options
  if (row.provided_details !== undefined) {
    session.provided_details = redacted(row.provided_details, labels.provided_details)
  }
  if (row.redaction !== undefined) session.redaction = row.redaction
  if (row.related_customer !== undefined) session.related_customer = row.related_customer
  if (row.related_customer_account !== undefined) session.related_customer_account = row.related_customer_account
  if (row.related_person !== undefined) session.related_person = row.related_person
  if (row.url !== undefined) session.url = redacted(row.url, labels.url)
  if (row.verification_flow !== undefined) session.verification_flow = row.verification_flow
  return session
}

export const fromWire = (row: EncodedAny): AnyExpansion => {
  const session = plainFromWire(row)
  if (row.verified_outputs !== undefined) {
    session.verified_outputs = redacted(row.verified_outputs, labels.verified_outputs)
  }
  return session
}

export const toWire = (session: Unchecked<AnyExpansion>): Record<string, unknown> => {
  const wire: Record<string, unknown> = { ...session, created: toEpochSeconds(session.created) }
  for (const field of plainSecrets) if (field in wire) wire[field] = revealed(wire[field])
  const report = session.last_verification_report
  if (typeof report === "object" && report !== null) {
    const wireReport = revealed(report)
    // Type boundary: an object may have any keys, and is checked as a report next.
    wire.last_verification_report = Predicate.isObject(wireReport)
      ? ReportCodec.toWire(wireReport as Unchecked<ReportCodec.VerificationReport>)
      : undefined
  }
  return wire
}

// An expanded report goes whole: the wire of such sessions has no place for its id.
const withoutSecrets = (row: EncodedAny): EncodedAny =>
  Struct.omit(row, Predicate.isObject(row.last_verification_report) ? secretFields : plainSecrets)

const generatedSession = generated("vs")

/** A codec of sessions with these fields on the wire; `generator` is what `Arbitrary` starts from. */
const codec = (wire: Schema.Codec<EncodedAny>, generator: Schema.Codec<EncodedAny>) =>
  wireCodec({ identifier: "VerificationSession", wire, generator, fromWire, toWire, toJson: withoutSecrets })

/** For one choice of expansions: a codec for users, and a faster decoder for replies. */
export interface Variant {
  readonly codec: Schema.Codec<AnyExpansion, EncodedAny>
  readonly decodeRow: DecodeRow<AnyExpansion>
}

const plainCodec = codec(Wire.Wire, Wire.Wire.mapFields(generatedSession))

/**
 * The codec between a session and Stripe's JSON. Decoding checks every field and drops unknown keys. Encoding writes
 * secrets too, and so do `Ndjson.encodeSchema` and `Schema.fromJsonString` of it: to store sessions, use `Json`. JSON that
 * Effect derives from the codec (`Schema.toCodecJson`; so `HttpApi`, `Rpc`, queues and stores) has no secret field; secret
 * fields that it is sent are read.
 *
 * **Example** (Decode a session from elsewhere)
 *
 * ```ts
 * import { DateTime, Schema } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const session = Schema.decodeUnknownSync(VerificationSession.VerificationSession)({
 *   id: "vs_1",
 *   object: "identity.verification_session",
 *   created: 1767225600,
 *   livemode: false,
 *   status: "requires_input",
 *   type: "document",
 *   metadata: {},
 *   client_secret: "vs_1_secret"
 * })
 *
 * DateTime.formatIso(session.created) // => "2026-01-01T00:00:00.000Z"
 * String(session.client_secret) // => "<redacted:client_secret>"
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const VerificationSession: Schema.Codec<VerificationSession, Encoded> =
  // Type boundary: this wire has neither outputs nor a report, so the session has neither.
  plainCodec as Schema.Codec<VerificationSession, Encoded>

// Outputs that nobody asked for are an unknown key, which was not checked.
const plain: Variant = { codec: plainCodec, decodeRow: rowDecoder(Wire.Wire, plainFromWire) }

const variantOf = (
  wire: Schema.Codec<EncodedAny>,
  generator: Schema.Codec<EncodedAny>,
  fromRow: (row: EncodedAny) => AnyExpansion = fromWire
): Variant => ({ codec: codec(wire, generator), decodeRow: rowDecoder(wire, fromRow) })
const outputs = variantOf(Wire.WireWithOutputs, Wire.WireWithOutputs.mapFields(generatedSession))
const report = variantOf(Wire.WireWithReport, Wire.WireWithReport.mapFields(generatedSession), plainFromWire)
const outputsAndReport = variantOf(Wire.WireWithBoth, Wire.WireWithBoth.mapFields(generatedSession))

/** The variant for paths without `data.`. */
export const variant = (paths: ReadonlyArray<string>): Variant => {
  const withOutputs = paths.some((path) => path.startsWith("verified_outputs"))
  const withReport = paths.some((path) => path.startsWith("last_verification_report"))
  if (withOutputs && withReport) return outputsAndReport
  if (withOutputs) return outputs
  return withReport ? report : plain
}

const any = codec(Wire.AnyWire, Wire.AnyWire.mapFields(generatedSession))

/** The id of a session's report, whether the report is expanded or not. */
export const reportId = ({ last_verification_report: report }: EncodedAny): string | null | undefined =>
  typeof report === "object" ? report?.id : report

/** Makes plain JSON of valid sessions, with no other secret fields than the revealed ones. */
export const toJson = (reveal: ReadonlyArray<SecretField>): ((session: AnyExpansion) => EncodedAny) => {
  const hidden = new Set<string>(plainSecrets.filter((field) => !reveal.includes(field)))
  const hideReport = !reveal.includes("last_verification_report")
  return (session) => {
    // A copy of the rest, because engines slow down objects that fields were deleted from.
    const rest: Record<string, unknown> = {}
    for (const [field, value] of Object.entries(session)) if (!hidden.has(field)) rest[field] = value
    // Type boundary: `toWire` gives the wire form.
    const wire = toWire(rest) as unknown as Types.Mutable<EncodedAny>
    const report = wire.last_verification_report
    if (hideReport && typeof report === "object" && report !== null) wire.last_verification_report = report.id
    return wire
  }
}

/** The same as a codec, which checks the sessions first. */
export const json = (reveal: ReadonlyArray<SecretField>): Schema.Codec<AnyExpansion, EncodedAny> =>
  Wire.AnyWire.pipe(
    Schema.decodeTo(Schema.toType(any), SchemaTransformation.transform({ decode: fromWire, encode: toJson(reveal) }))
  )
