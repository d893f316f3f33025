/**
 * An attempt to verify who somebody is, as Stripe Identity returns it.
 *
 * Fields are named as Stripe names them. Only what Stripe always sends is required; the rest may be `null` or absent,
 * and stays what it was when encoded again. Every enum keeps values that this version does not know. What is secret or
 * personal is `Redacted`: read it with `Redacted.value`.
 *
 * @module
 * @category Read sessions and reports
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import { dual } from "effect/Function"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import * as Codec from "./internal/session/codec.ts"
import { VerificationSession } from "./internal/session/codec.ts"
import * as SessionMismatch from "./internal/session/mismatch.ts"
import type * as Model from "./internal/session/model.ts"

export { MismatchError } from "./internal/session/mismatch.ts"

export type { Mismatch, MismatchFailure, MismatchServices, OnMismatch } from "./internal/session/mismatch.ts"

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
 * The codec of sessions for which these paths were expanded: one of four, and {@link VerificationSession} itself for no
 * path.
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
): Schema.Codec<Model.Expanded<Paths>, Codec.EncodedAny> => {
  // Type boundary: the choice that `Expanded` makes among types, made among values.
  return Codec.variant(paths).codec as Schema.Codec<Model.Expanded<Paths>, Codec.EncodedAny>
}

/**
 * Whether the person was verified. Like the other guards it narrows `status`, and keeps what an expanded session has.
 *
 * **Example** (The verified sessions of a stream)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const created = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
 * const ids = Stream.make(
 *   VerificationSession.make({ id: "vs_1", status: "verified", created }),
 *   VerificationSession.make({ id: "vs_2", status: "canceled", created })
 * ).pipe(
 *   Stream.filter(VerificationSession.isVerified),
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
export const isVerified = <Session extends Pick<VerificationSession, "status">>(
  session: Session
): session is Session & { readonly status: "verified" } => session.status === "verified"

/**
 * Whether the session waits for the person: nobody tried yet, or the last attempt failed and `last_error` says why. See
 * {@link isVerified}.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRequiresInput = <Session extends Pick<VerificationSession, "status">>(
  session: Session
): session is Session & { readonly status: "requires_input" } => session.status === "requires_input"

/**
 * Whether Stripe is checking what the person gave. See {@link isVerified}.
 *
 * @category guards
 * @since 0.1.0
 */
export const isProcessing = <Session extends Pick<VerificationSession, "status">>(
  session: Session
): session is Session & { readonly status: "processing" } => session.status === "processing"

/**
 * Whether the session was given up. See {@link isVerified}.
 *
 * @category guards
 * @since 0.1.0
 */
export const isCanceled = <Session extends Pick<VerificationSession, "status">>(
  session: Session
): session is Session & { readonly status: "canceled" } => session.status === "canceled"

/**
 * Whether the personal data of the session is gone. `false` while Stripe still removes it, which takes up to four days;
 * `redaction` tells. See {@link isVerified}.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRedacted = <Session extends Pick<VerificationSession, "redaction">>(
  session: Session
): session is Session & { readonly redaction: { readonly status: "redacted" } } =>
  session.redaction?.status === "redacted"

/**
 * What {@link make} needs: an id, a moment and a status; the rest of a session where a test cares.
 *
 * @category constructors
 * @since 0.1.0
 */
export interface MakeOptions
  extends
    Pick<VerificationSession, "id" | "created" | "status">,
    Partial<Omit<VerificationSession, "id" | "object" | "created" | "status">> {}

/**
 * A session for your own tests. `livemode` is `false`, `metadata` empty and `type` `"document"` unless you say otherwise,
 * and `created` is cut to the second. Throws a `SchemaError` when a field is wrong. Spread the result to add what expands.
 *
 * **Example** (A session, and one with what expands)
 *
 * ```ts
 * import { DateTime, Redacted } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const session = VerificationSession.make({
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
 */
export const make = ({ created, id, ...options }: MakeOptions): VerificationSession =>
  Result.getOrThrow(
    check({
      id,
      object: "identity.verification_session",
      livemode: false,
      type: "document",
      metadata: {},
      ...options,
      created: DateTime.fromEpochSeconds(DateTime.toEpochSeconds(created))
    })
  )

const check = Schema.decodeUnknownResult(Schema.toType(VerificationSession))

/**
 * How {@link Json} writes sessions.
 *
 * @category models
 * @since 0.1.0
 */
export interface JsonOptions {
  /** The secret fields to write all the same. Default: none. */
  readonly reveal?: ReadonlyArray<Codec.SecretField> | undefined
}

/**
 * A codec for files, queues and databases: a session, expanded or not, to plain JSON in Stripe's own names, `created` in
 * epoch seconds. The secret fields are left out unless `reveal` names them. Of a report that is not revealed its id
 * stays, as if it had not been expanded. `metadata` and `client_reference_id` are yours, and are written.
 *
 * Decodes such a row back, with the secret fields that it has.
 *
 * **Example** (Without secrets, and with one of them)
 *
 * ```ts
 * import { DateTime, Redacted, Schema } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const session = VerificationSession.make({
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
export const Json = (options?: JsonOptions): Schema.Codec<Codec.AnyExpansion, Codec.EncodedAny> =>
  Codec.json(options?.reveal ?? [])

/**
 * A session whose metadata was decoded.
 *
 * @category models
 * @since 0.1.0
 */
export type WithMetadata<Session, Metadata> = Omit<Session, "metadata"> & { readonly metadata: Metadata }

/**
 * The codec from a session to one whose metadata is what a Schema of your own says: for {@link decodeRows}, or for one
 * session with `Schema.decodeEffect`. The other fields stay as they are. Metadata holds text alone, so the Schema decodes
 * from text; keys that it does not name are dropped.
 *
 * `expand` are the paths that the sessions were read with. It only chooses the type: no Schema of metadata says what else a
 * session has, and sessions decode alike whatever was expanded.
 *
 * @category schemas
 * @since 0.1.0
 */
export const withMetadata = <
  A,
  I extends { readonly [key: string]: string | undefined },
  RD,
  RE,
  const Paths extends ReadonlyArray<Model.ExpandPath> = readonly []
>(
  schema: Schema.Codec<A, I, RD, RE>,
  _options?: { readonly expand?: Paths | undefined }
): Schema.Codec<WithMetadata<Model.Expanded<Paths>, A>, Model.Expanded<Paths>, RD, RE> =>
  // Type boundary: a session is `metadata` and fields that pass through, and its metadata is decoded whatever it holds.
  Schema.StructWithRest(Schema.Struct({ metadata: schema }), [
    Schema.Record(Schema.String, Schema.Unknown)
  ]) as unknown as Schema.Codec<WithMetadata<Model.Expanded<Paths>, A>, Model.Expanded<Paths>, RD, RE>

/**
 * Decodes the sessions of a stream through any Schema over a session, such as {@link withMetadata}, and sends those that
 * do not match where you say: `"fail"` ends the stream with a {@link MismatchError} after the rows before it, `"drop"`
 * leaves them out, and a function gets each with its error, to log, count, or offer to a queue as a second stream.
 *
 * The Schema may ask for less than a session has, or for more. Chunks stay chunks, without the rows that did not match.
 *
 * **Example** (Metadata by a Schema of your own, and what does not match)
 *
 * ```ts
 * import { DateTime, Effect, Schema, Stream } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const Plan = Schema.Struct({ plan: Schema.Literals(["free", "pro"]), seats: Schema.FiniteFromString })
 * const session = (id: string, metadata: Record<string, string>) =>
 *   VerificationSession.make({ id, status: "verified", created: DateTime.makeUnsafe(0), metadata })
 *
 * const mismatches: Array<string> = []
 * const seats = Stream.make(session("vs_1", { plan: "pro", seats: "3" }), session("vs_2", { plan: "gold" })).pipe(
 *   VerificationSession.decodeRows(VerificationSession.withMetadata(Plan), {
 *     onMismatch: ({ error }) => Effect.sync(() => mismatches.push(error.message))
 *   }),
 *   Stream.map((session) => session.metadata.seats),
 *   Stream.runCollect
 * )
 *
 * await Effect.runPromise(seats) // => [3]
 * mismatches // => ['vs_2 does not match: metadata.plan: expected "free" | "pro"; metadata.seats: missing']
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const decodeRows: {
  <S extends Schema.Constraint, const Choice extends SessionMismatch.OnMismatch<Codec.AnyExpansion>>(
    schema: S,
    options: { readonly onMismatch: Choice }
  ): <Session extends Codec.AnyExpansion, E, R>(
    self: Stream.Stream<Session, E, R>
  ) => Stream.Stream<
    S["Type"],
    E | SessionMismatch.MismatchFailure<Choice>,
    R | S["DecodingServices"] | SessionMismatch.MismatchServices<Choice>
  >
  <
    Session extends Codec.AnyExpansion,
    E,
    R,
    S extends Schema.Constraint,
    const Choice extends SessionMismatch.OnMismatch<Session>
  >(
    self: Stream.Stream<Session, E, R>,
    schema: S,
    options: { readonly onMismatch: Choice }
  ): Stream.Stream<
    S["Type"],
    E | SessionMismatch.MismatchFailure<Choice>,
    R | S["DecodingServices"] | SessionMismatch.MismatchServices<Choice>
  >
} = dual(
  3,
  // Type boundary: `dual` lets `unknown` pass for the failures and requirements, which the signatures above say.
  <Session extends Codec.AnyExpansion, E, R>(
    self: Stream.Stream<Session, E, R>,
    schema: Schema.Constraint,
    { onMismatch }: { readonly onMismatch: SessionMismatch.OnMismatch<Session> }
  ) => SessionMismatch.decodeRows(self, schema, onMismatch)
)
