/**
 * Stripe Identity's verification sessions. A session verifies who one person is, in one or more attempts.
 *
 * - Fields have Stripe's names. Fields that Stripe does not always send are optional and may be `null`.
 * - Enums are open: values that this version does not know are kept. Fields that it does not know are dropped, because
 *   they may be personal.
 * - Secret and personal fields are `Redacted`. Read them with `Redacted.value`.
 *
 * @module
 * @category Read sessions and reports
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Codec from "./internal/session/codec.ts"
import { VerificationSession } from "./internal/session/codec.ts"
import type * as Model from "./internal/session/model.ts"

export { decodeRows, type Mismatch, MismatchError } from "./internal/session/mismatch.ts"

export {
  LastError,
  ProvidedDetails,
  Redaction,
  RelatedPerson,
  SessionOptions,
  Status,
  Type,
  VerifiedOutputs
} from "./internal/session/wire.ts"

export { VerificationSession } from "./internal/session/codec.ts"

export type { AnyExpansion, Encoded, EncodedAny, SecretField } from "./internal/session/codec.ts"

export type { Expanded, ExpandPath, WithOutputs, WithOutputsAndReport, WithReport } from "./internal/session/model.ts"

/**
 * The codec of sessions with these paths expanded. Without a path it is {@link VerificationSession}. As there, encoding writes
 * secrets too, and what Effect derives from the codec does not.
 *
 * **Example** (A session with its verified outputs)
 *
 * ```ts
 * import { Redacted, Schema } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const decode = Schema.decodeUnknownSync(VerificationSession.expanded(["verified_outputs"]))
 * const session = decode({
 *   id: "vs_1",
 *   object: "identity.verification_session",
 *   created: 1767225600,
 *   livemode: false,
 *   status: "verified",
 *   type: "document",
 *   metadata: {},
 *   verified_outputs: { first_name: "Jenny", last_name: "Rosen" }
 * })
 *
 * String(session.verified_outputs) // => "<redacted:verified_outputs>"
 * session.verified_outputs && Redacted.value(session.verified_outputs).first_name // => "Jenny"
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const expanded = <const Paths extends ReadonlyArray<Model.ExpandPath>>(
  paths: Paths
): Schema.Codec<Model.Expanded<Paths>, Codec.EncodedAny> =>
  // Type boundary: chooses among values as `Expanded` chooses among types.
  Codec.variant(paths).codec as Schema.Codec<Model.Expanded<Paths>, Codec.EncodedAny>

/**
 * Tests whether sessions have a status. It narrows `status`, and keeps expanded fields.
 *
 * - `"requires_input"`: nobody tried yet, or the last attempt failed and `last_error` says why.
 * - `"processing"`: Stripe is checking what the person submitted.
 * - `"verified"`: the person was verified. A review in the Dashboard can change it later.
 * - `"canceled"`: nobody can use it anymore.
 *
 * **Example** (The verified sessions of a stream)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const created = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
 * const ids = Stream.make(
 *   VerificationSession.makeUnsafe({ id: "vs_1", status: "verified", created }),
 *   VerificationSession.makeUnsafe({ id: "vs_2", status: "canceled", created })
 * ).pipe(
 *   Stream.filter(VerificationSession.hasStatus("verified")),
 *   Stream.map((session) => session.id),
 *   Stream.runCollect
 * )
 *
 * Effect.runSync(ids) // => ["vs_1"]
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const hasStatus =
  <const One extends VerificationSession["status"]>(status: One) =>
  <Session extends Pick<VerificationSession, "status">>(
    session: Session
  ): session is Session & { readonly status: One } =>
    session.status === status

/**
 * Tests whether Stripe has removed the session's personal data. It is `false` while Stripe is removing it, which takes
 * up to four days; `redaction.status` is then `"processing"`. See {@link hasStatus} for an example.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRedacted = <Session extends Pick<VerificationSession, "redaction">>(
  session: Session
): session is Session & { readonly redaction: { readonly status: "redacted" } } =>
  session.redaction?.status === "redacted"

/**
 * The fields of a session that {@link makeUnsafe} takes: `id`, `created` and `status`, and any others.
 *
 * @category constructors
 * @since 0.1.0
 */
export interface MakeOptions
  extends
    Pick<VerificationSession, "id" | "created" | "status">,
    Partial<Omit<VerificationSession, "id" | "object" | "created" | "status">> {}

/**
 * Makes a session for your own tests. Defaults: `livemode` is `false`, `metadata` is empty, `type` is `"document"`.
 * `created` is truncated to the second. Throws a `SchemaError` if a field is invalid. To add expanded fields, spread the
 * result.
 *
 * **Example** (A session, and one with expanded fields)
 *
 * ```ts
 * import { DateTime, Redacted } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const session = VerificationSession.makeUnsafe({
 *   id: "vs_1",
 *   status: "verified",
 *   created: DateTime.makeUnsafe("2026-01-01T00:00:00Z")
 * })
 * const withOutputs: VerificationSession.Expanded<["verified_outputs"]> = {
 *   ...session,
 *   verified_outputs: Redacted.make({ first_name: "Jenny" })
 * }
 *
 * session.livemode // => false
 * withOutputs.id // => "vs_1"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 * @function
 */
export const makeUnsafe: (options: MakeOptions) => VerificationSession = ({ created, id, ...options }) =>
  check({
    id,
    object: "identity.verification_session",
    livemode: false,
    type: "document",
    metadata: {},
    ...options,
    created: DateTime.fromEpochSeconds(DateTime.toEpochSeconds(created))
  })

const check = Schema.decodeUnknownSync(Schema.toType(VerificationSession))

/**
 * Options of {@link Json}.
 *
 * @category models
 * @since 0.1.0
 */
export interface JsonOptions {
  /**
   * The secret fields to write. For `verified_outputs` and `last_verification_report`, read with `expand`.
   *
   * @default []
   */
  readonly reveal?: ReadonlyArray<Codec.SecretField> | undefined
}

/**
 * Encodes sessions to plain JSON for files, queues and databases, without their secret fields. Fields have Stripe's
 * names, and `created` is in seconds since 1970. It also decodes such JSON.
 *
 * `reveal` names secret fields to write. A report that is not revealed becomes its id, as if it had not been expanded.
 * `metadata` and `client_reference_id` are your own data, and are always written. Throws if `reveal` has a misspelt field.
 *
 * **Example** (JSON without secrets, and with one of them)
 *
 * ```ts
 * import { DateTime, Redacted, Schema } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const session = VerificationSession.makeUnsafe({
 *   id: "vs_1",
 *   status: "requires_input",
 *   created: DateTime.makeUnsafe("2026-01-01T00:00:00Z"),
 *   client_secret: Redacted.make("vs_1_secret"),
 *   url: Redacted.make("https://verify.stripe.com/start/1")
 * })
 * const safe = Schema.encodeSync(VerificationSession.Json())
 * const withUrl = Schema.encodeSync(VerificationSession.Json({ reveal: ["url"] }))
 *
 * safe(session).created // => 1767225600
 * "url" in safe(session) // => false
 * withUrl(session).url // => "https://verify.stripe.com/start/1"
 * "client_secret" in withUrl(session) // => false
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const Json = (options: JsonOptions = {}): Schema.Codec<Codec.AnyExpansion, Codec.EncodedAny> => {
  const fields = Schema.optional(Schema.Array(Schema.Literals(Codec.secretFields)))
  Schema.decodeUnknownSync(Schema.Struct({ reveal: fields }), { onExcessProperty: "error" })(options)
  return Codec.json(options.reveal ?? [])
}

/**
 * A session whose metadata was decoded by {@link withMetadata}.
 *
 * @category models
 * @since 0.1.0
 */
export type WithMetadata<Session, Metadata> = Omit<Session, "metadata"> & { readonly metadata: Metadata }

/**
 * Decodes the metadata of sessions with your own Schema: with {@link decodeRows} for a stream, or with
 * `Schema.decodeEffect` for one session. The other fields stay as they are.
 *
 * Metadata values are strings, so the Schema decodes from strings. Keys that it does not name are dropped. The result has
 * the type of a session with anything expanded. For a narrower type, pass the codec of your sessions as the second argument:
 * {@link VerificationSession} or {@link expanded}. A value that is not such a session fails.
 *
 * `HttpApi` and `Rpc` write the result with that codec, without secret fields. To write some, pass {@link Json} with their names.
 *
 * **Example** (The plan of a session, and its verified outputs)
 *
 * ```ts
 * import { DateTime, Schema } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const Plan = Schema.Struct({ plan: Schema.Literal("pro") })
 * const withPlan = VerificationSession.withMetadata(Plan, VerificationSession.expanded(["verified_outputs"]))
 * const session = Schema.decodeSync(withPlan)(
 *   VerificationSession.makeUnsafe({
 *     id: "vs_1",
 *     status: "verified",
 *     created: DateTime.makeUnsafe("2026-01-01T00:00:00Z"),
 *     metadata: { plan: "pro", seats: "3" }
 *   })
 * )
 *
 * session.metadata // => { plan: "pro" }
 * session.verified_outputs // => undefined
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const withMetadata = <
  A,
  I extends { readonly [key: string]: string | undefined },
  RD,
  RE,
  Session extends Codec.AnyExpansion = Codec.AnyExpansion
>(
  schema: Schema.Codec<A, I, RD, RE>,
  // Type boundary: the parameter's default is that of its type.
  session: Schema.Codec<Session, unknown> = Codec.json([]) as unknown as Schema.Codec<Session>
): Schema.Codec<WithMetadata<Session, A>, Session, RD, RE> =>
  Schema.toType(session).pipe(
    Schema.annotate({ toCodec: () => Schema.link<Session>()(session, SchemaTransformation.passthrough()) }),
    Schema.decodeTo(
      // Type boundary: a session is `metadata`, which is decoded, and other fields, which pass through.
      Schema.StructWithRest(Schema.Struct({ metadata: schema }), [
        Schema.Record(Schema.String, Schema.Unknown)
      ]) as unknown as Schema.Codec<WithMetadata<Session, A>, Session, RD, RE>
    )
  )
