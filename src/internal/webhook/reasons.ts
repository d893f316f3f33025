/**
 * Why a webhook is refused. Public through `Webhook`. No reason holds the secret, the signature or a part of the body.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { reasonOf } from "../reasons.ts"

const Reason = reasonOf("WebhookError")

/**
 * The request has no `Stripe-Signature` header: it is not from Stripe, or a proxy removed the header.
 *
 * @category errors
 * @since 0.1.0
 */
export class MissingHeaderError extends Reason<MissingHeaderError>()("MissingHeaderError", {}) {
  override get message(): string {
    return "Expected the Stripe-Signature header, got nothing. Pass it as header, and check that no proxy removes it."
  }
}

/**
 * The `Stripe-Signature` header is not what Stripe sends.
 *
 * @category errors
 * @since 0.1.0
 */
export class MalformedHeaderError extends Reason<MalformedHeaderError>()("MalformedHeaderError", {
  /** What was found, without the header's values. */
  description: Schema.String
}) {
  override get message(): string {
    return `Expected a Stripe-Signature header such as t=1767225600,v1=5257…, got one with ${this.description}. Pass the header unchanged.`
  }
}

/**
 * No `v1` signature of the header matches this body and one of the secrets: the body was modified, the secret is of
 * another endpoint, or somebody else sent it.
 *
 * @category errors
 * @since 0.1.0
 */
export class SignatureMismatchError extends Reason<SignatureMismatchError>()("SignatureMismatchError", {
  /** How many secrets were tried. */
  secrets: Schema.Int
}) {
  override get message(): string {
    const tried = this.secrets === 1 ? "the secret" : `one of the ${this.secrets} secrets`
    return `Expected a v1 signature of this body by ${tried}, got others. Pass the raw body, byte for byte, and the signing secret of this endpoint (whsec_…): each endpoint has its own, and so does the Stripe CLI.`
  }
}

const inTime = {
  /** How far the signature's time is from the time of receipt. */
  distance: Schema.DurationFromMillis,
  /** How far it may be. */
  tolerance: Schema.DurationFromMillis
}

/**
 * The signature is valid but too old: the webhook was replayed, or waited in a queue.
 *
 * @category errors
 * @since 0.1.0
 */
export class TooOldError extends Reason<TooOldError>()("TooOldError", inTime) {
  override get message(): string {
    return `Expected a signature made at most ${Duration.format(this.tolerance)} before the event was received, got ${Duration.format(this.distance)}. Check the clock of this machine. If the event waited in a queue, pass its arrival time as receivedAt.`
  }
}

/**
 * The signature is valid but from the future, so a clock is wrong.
 *
 * @category errors
 * @since 0.1.0
 */
export class TooNewError extends Reason<TooNewError>()("TooNewError", inTime) {
  override get message(): string {
    return `Expected a signature made at most ${Duration.format(this.tolerance)} after the event was received, got ${Duration.format(this.distance)}. Check the clock of this machine, and receivedAt.`
  }
}

/**
 * The signature is valid, but the body is not an event as Stripe documents it.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotAnEventError extends Reason<NotAnEventError>()("NotAnEventError", {
  /** What was expected and where, without the value that was found. */
  description: Schema.String,
  /** The id of the event, if it has one. */
  eventId: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const which = this.eventId === undefined ? "" : ` ${this.eventId}`
    return `Unexpected event${which}: ${this.description}. Its signature is valid, so Stripe sent it: please report this.`
  }
}

/**
 * A valid event that is not about a verification session. Answer with status 200, or Stripe sends it again, and remove
 * its type from the endpoint.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnrelatedEventError extends Reason<UnrelatedEventError>()("UnrelatedEventError", {
  eventId: Schema.String,
  type: Schema.String
}) {
  override get message(): string {
    return `Expected an event of type identity.verification_session.*, got ${this.eventId} of type ${this.type}. Answer with status 200, and send the endpoint only the types that it needs.`
  }
}

/**
 * A valid event of the other mode: of test mode instead of live mode, or the reverse. A live endpoint of a Connect platform
 * receives both. Answer with status 200, or Stripe sends it again.
 *
 * @category errors
 * @since 0.1.0
 */
export class WrongModeError extends Reason<WrongModeError>()("WrongModeError", {
  eventId: Schema.String,
  /** The mode of the event. */
  livemode: Schema.Boolean
}) {
  override get message(): string {
    const [expected, found] = this.livemode ? ["test", "live"] : ["live", "test"]
    return `Expected an event of ${expected} mode, got ${this.eventId} of ${found} mode. A live endpoint of a Connect platform receives both. Answer with status 200, or Stripe sends it again.`
  }
}
