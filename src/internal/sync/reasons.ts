/**
 * Why a checkpoint cannot be resumed. Public through `StripeError`.
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { reasonOf } from "../reasons.ts"

const Reason = reasonOf("StripeError")

/**
 * A checkpoint is of another list, or cannot be decoded. Nothing was stored or overwritten, and no request was sent,
 * except for a `position`, which only Stripe can check.
 *
 * @category errors
 * @since 0.1.0
 */
export class CheckpointMismatchError extends Reason<CheckpointMismatchError>()("CheckpointMismatchError", {
  /**
   * What does not match. `damaged`: it is not a checkpoint. `version`: a newer release of this library wrote it.
   * `filter`, `account`, `mode`: it is of another list. `position`: Stripe does not find the row at its end.
   */
  problem: Schema.Literals(["damaged", "version", "filter", "account", "mode", "position"]),
  /** What was expected. */
  expected: Schema.String,
  /** What was found. */
  actual: Schema.String
}) {
  override get message(): string {
    return explanations[this.problem](this.expected, this.actual)
  }
}

const another = "or store this list's rows and checkpoint elsewhere."

const explanations: Record<CheckpointMismatchError["problem"], (expected: string, actual: string) => string> = {
  damaged: (expected, actual) =>
    `Invalid checkpoint: expected ${expected}, got ${actual}. Restore it from a backup, or start over: remove it and the rows that were stored with it.`,
  version: (expected, actual) =>
    `Expected a checkpoint of ${expected}, got ${actual}, which a newer release wrote. Update effect-stripe-identity.`,
  filter: (expected, actual) =>
    `Expected a checkpoint of this filter (${expected}), got one of another (${actual}). Use its filter (write 7d as fixed dates: it changes each time), ${another}`,
  account: (expected, actual) =>
    `Expected a checkpoint of ${expected}, got one of ${actual}. Read the same account, ${another}`,
  mode: (expected, actual) =>
    `Expected a checkpoint of ${expected}, as the key is, got one of ${actual}. Use a key of ${actual}, ${another}`,
  position: (expected, actual) =>
    `Expected a checkpoint that ends at one of ${expected}, got ${actual}, which Stripe does not find. Use the key it was made with (same account and mode). If test data was deleted, store rows and checkpoint elsewhere.`
}

/**
 * A checkpoint's position in Stripe's events is older than 29 days, or in the future, because a clock was ahead. Stripe keeps
 * events for 30 days, so changes since then may be lost. To start over, run `changes` without `from`, then read the whole
 * list, and then store the checkpoint of `changes`: what changes while the list is read comes after it. In another order
 * it may be lost. `VerificationSessions.mirror` does this instead of failing.
 *
 * @category errors
 * @since 0.1.0
 */
export class EventsExpiredError extends Reason<EventsExpiredError>()("EventsExpiredError", {
  /** The time up to which events were read. */
  position: Schema.DateTimeUtcFromMillis
}) {
  override get message(): string {
    return `Expected a position in the last 29 days, because Stripe keeps events for 30, got ${DateTime.formatIso(this.position)}. If that is in the future, check the clock. Run changes without from, then read the list, or use mirror.`
  }
}
