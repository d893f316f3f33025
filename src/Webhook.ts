/**
 * Verifies the signature of a Stripe webhook, and returns the id of the session that it is about.
 *
 * An event is only a hint that a session may have changed: events arrive late, twice and out of order, with old data.
 * Read the session with `VerificationSessions.reread`, and store what you read with its `readAt`.
 *
 * It needs Web Crypto: Node, Bun, Deno, Cloudflare Workers and Lambda@Edge have it.
 *
 * @module
 * @category Export, sync and mirror
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Arguments from "./internal/arguments.ts"
import * as Event from "./internal/webhook/event.ts"
import * as Reasons from "./internal/webhook/reasons.ts"
import * as Signature from "./internal/webhook/signature.ts"
import { InvalidArgumentError } from "./StripeError.ts"

export type { Hint } from "./internal/webhook/event.ts"

export * from "./internal/webhook/reasons.ts"

/**
 * Every reason of a {@link WebhookError}.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = (typeof reasons)[number]["Type"]

const reasons = [
  InvalidArgumentError,
  Reasons.MissingHeaderError,
  Reasons.MalformedHeaderError,
  Reasons.SignatureMismatchError,
  Reasons.TooOldError,
  Reasons.TooNewError,
  Reasons.NotAnEventError,
  Reasons.UnrelatedEventError,
  Reasons.WrongModeError
] as const

/**
 * The error of {@link verify}, with its reason. Answer with status 400, but with 200 for an `UnrelatedEventError`
 * or a `WrongModeError`, or Stripe sends the event again.
 *
 * @category errors
 * @since 0.1.0
 */
export class WebhookError extends Schema.TaggedError<WebhookError>("effect-stripe-identity/WebhookError")(
  "WebhookError",
  {
    /** Why the event was refused. `_tag` says which reason it is. */
    reason: Schema.Union(reasons)
  }
) {
  override readonly cause = this.reason

  override get message(): string {
    return `Webhook.verify: ${this.reason._tag}: ${this.reason.message}`
  }
}

/**
 * Options of {@link verify}.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The raw body, byte for byte: from `request.arrayBuffer()` or `request.text()`, before any body parser. A body that
   * was parsed and printed again has another signature.
   */
  readonly body: string | Uint8Array | ArrayBuffer
  /** The `Stripe-Signature` header. */
  readonly header: string | ReadonlyArray<string> | null | undefined
  /**
   * The signing secrets of the endpoint, `whsec_…`, at least one. While a secret is rolled, Stripe signs with both:
   * pass both. A Connect endpoint and the Stripe CLI have their own secrets too.
   */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
  /**
   * How far the time of the signature may be from `receivedAt`, before or after it. `0` is the same second. A number is in
   * milliseconds, and in stripe-node in seconds, so a tolerance between 0 and one second is refused.
   *
   * @default "5 minutes"
   */
  readonly tolerance?: Duration.Input | undefined
  /**
   * When the event arrived. For events that are verified later, such as from a queue.
   *
   * @default now
   */
  readonly receivedAt?: DateTime.DateTime | Date | undefined
  /**
   * Accept only events of this mode: `true` for live mode, `false` for test mode. Stripe sends events of both to a live
   * endpoint of a Connect platform.
   *
   * @default both
   */
  readonly livemode?: boolean | undefined
}

/**
 * Verifies a webhook and returns which session may have changed: its id, its account, and the type and time of the
 * event. It accepts every event about a session, including types that this version does not know and thin events
 * (`v1.identity.verification_session.*`).
 *
 * Then read the session with `VerificationSessions.reread`. If it is `missing`, it is of another account or mode than the
 * key's: answer 404, not 200. For a connected account, provide the `account` as `StripeClient.CurrentAccount`, and with
 * the key of an organization the `context`.
 *
 * It checks in this order: options, header, signature, time, event, mode. Nothing is decoded before the signature is
 * valid.
 *
 * **Example** (Verify a webhook)
 *
 * ```ts
 * import { Effect, Redacted } from "effect"
 * import { Webhook } from "effect-stripe-identity"
 * import { Stripe } from "stripe"
 *
 * const secret = Redacted.make("whsec_example")
 *
 * const handle = Effect.fn("handle")(
 *   function*(request: Request) {
 *     const body = yield* Effect.promise(() => request.arrayBuffer())
 *     const header = request.headers.get("stripe-signature")
 *     const { sessionId } = yield* Webhook.verify({ body, header, secrets: [secret] })
 *     // Here: read the session, and store it.
 *     return `changed: ${sessionId}`
 *   },
 *   Effect.catchReasons("WebhookError", {
 *     UnrelatedEventError: () => Effect.succeed("not for us"),
 *     WrongModeError: () => Effect.succeed("not for us")
 *   }),
 *   Effect.match({
 *     onSuccess: (text) => new Response(text),
 *     // Write error.message to your log: whoever asks learns no more than this.
 *     onFailure: () => new Response("not verified", { status: 400 })
 *   })
 * )
 *
 * const payload = JSON.stringify({
 *   id: "evt_1",
 *   object: "event",
 *   type: "identity.verification_session.verified",
 *   created: 1767225600,
 *   livemode: false,
 *   data: { object: { id: "vs_1", object: "identity.verification_session" } }
 * })
 * const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: Redacted.value(secret) })
 * const post = (body: string) =>
 *   handle(new Request("http://localhost", { method: "POST", body, headers: { "stripe-signature": signature } }))
 *
 * const genuine = await Effect.runPromise(post(payload))
 * await genuine.text() // => "changed: vs_1"
 *
 * const changed = await Effect.runPromise(post(payload.replace("vs_1", "vs_2")))
 * changed.status // => 400
 * ```
 *
 * @category verification
 * @since 0.1.0
 */
export const verify = Effect.fn("Webhook.verify")(
  function* (options: Options): Effect.fn.Return<Event.Hint, Reason> {
    yield* Effect.fromResult(check(options))
    const { livemode, receivedAt } = options
    const secrets = options.secrets.map(Redacted.value)
    const header = linesOf(options.header).join(",")
    const tolerance = Duration.fromInputUnsafe(options.tolerance ?? "5 minutes")
    const received = receivedAt === undefined ? yield* DateTime.now : DateTime.makeUnsafe(receivedAt)
    if (header === "") return yield* new Reasons.MissingHeaderError()
    const { signatures, time } = yield* Effect.fromResult(
      Result.mapError(Signature.parse(header), (description) => new Reasons.MalformedHeaderError({ description }))
    )
    const bytes = Signature.signed(time, toBytes(options.body))
    if (!(yield* Signature.isGenuine(bytes, signatures, secrets))) {
      return yield* new Reasons.SignatureMismatchError({ secrets: secrets.length })
    }
    // A signature's time is in whole seconds, and so is this.
    const age = DateTime.toEpochSeconds(received) - Number(time)
    const distance = Duration.seconds(Math.abs(age))
    if (Duration.isGreaterThan(distance, tolerance)) {
      return yield* age < 0
        ? new Reasons.TooNewError({ distance, tolerance })
        : new Reasons.TooOldError({ distance, tolerance })
    }
    // Decodes the bytes that were verified.
    const hint = yield* Effect.fromResult(Event.decode(decoder.decode(bytes.subarray(time.length + 1))))
    if (livemode !== undefined && hint.livemode !== livemode) {
      return yield* new Reasons.WrongModeError({ eventId: hint.eventId, livemode: hint.livemode })
    }
    return hint
  },
  Effect.mapError((reason) => new WebhookError({ reason }))
)

/** What a secret value is, without the value. */
const typeOf = (value: unknown): string =>
  Predicate.isNullish(value) ? "nothing" : Predicate.isObject(value) ? "an object" : `a ${typeof value}`

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const insteadOfBody = (body: unknown): string | undefined => {
  // In Jest and edge runtimes a request's ArrayBuffer is of another realm, and not an instance of this one.
  if (ArrayBuffer.isView(body) || Object.prototype.toString.call(body) === "[object ArrayBuffer]") {
    // Type boundary: it is one of the two. Only an attempt says so in Node 20, which has no `detached`.
    const bytes = Result.try(() => toBytes(body as ArrayBufferView<ArrayBuffer> | ArrayBuffer))
    return Result.isFailure(bytes) ? "a buffer whose bytes were transferred" : undefined
  }
  if (!Predicate.isString(body)) return Predicate.isObject(body) ? "an object, as from a body parser" : typeOf(body)
  // Half of a surrogate pair would be encoded as another character.
  return /\p{Surrogate}/u.test(body) ? "a string that is not valid Unicode" : undefined
}

const insteadOfSecret = (secret: unknown): string | undefined => {
  if (!Redacted.isRedacted(secret)) return typeOf(secret)
  if (Arguments.isWiped(secret)) return "a Redacted that was wiped"
  const text = Redacted.value(secret)
  // An unset environment variable gives an empty secret, with which anybody could sign.
  if (!Predicate.isString(text) || text === "") return "nothing"
  if (/^[srp]k_/.test(text)) return "an API key"
  return /\s/.test(text) ? "a string with whitespace" : undefined
}

const Secret = Arguments.unseen("a Redacted string with the signing secret of an endpoint (whsec_…)", insteadOfSecret)

const secretsForm = "a list of at least one signing secret, such as [Redacted.make(secret)]"

const insteadOfList = (list: unknown): string | undefined =>
  Array.isArray(list) ? (list.length === 0 ? "an empty list" : undefined) : typeOf(list)

const isTime = (time: unknown) => DateTime.isDateTime(time) || (Predicate.isDate(time) && !Number.isNaN(time.getTime()))

const isTolerance = (seconds: number): boolean => seconds === 0 || seconds >= 1

const check = Arguments.options(
  {
    body: Arguments.unseen(
      "the raw body, as bytes or a string. Read it before a body parser does: Stripe signs the raw bytes.",
      insteadOfBody
    ),
    header: Schema.optional(
      Arguments.unseen("the value of the Stripe-Signature header, not all headers", (header) =>
        linesOf(header).every(Predicate.isString) ? undefined : typeOf(header)
      )
    ),
    secrets: Arguments.unseen(secretsForm, insteadOfList).pipe(
      Schema.decodeTo(Schema.Array(Secret)),
      Schema.annotateKey({ messageMissingKey: secretsForm })
    ),
    tolerance: Schema.optional(Arguments.duration("zero, or a duration of a second or more", "5 minutes", isTolerance)),
    receivedAt: Schema.optional(Arguments.accepts("a DateTime or a Date", isTime)),
    livemode: Schema.optional(Arguments.accepts("true or false", Predicate.isBoolean))
  },
  typeOf
)

const toBytes = (body: Options["body"] | ArrayBufferView<ArrayBuffer>): Uint8Array => {
  if (Predicate.isString(body)) return encoder.encode(body)
  return ArrayBuffer.isView(body) ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength) : new Uint8Array(body)
}

const linesOf = (header: unknown): ReadonlyArray<unknown> => (Predicate.isNullish(header) ? [] : Arr.ensure(header))
