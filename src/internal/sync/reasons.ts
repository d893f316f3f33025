/**
 * Why a checkpoint cannot be gone on with. Public through `StripeError`.
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { reasonId } from "../client/reasons.ts"

/**
 * A checkpoint that is not about the list that is read, or that cannot be read itself. Nothing was requested, stored or
 * overwritten, except for a `position`, which only Stripe can tell.
 *
 * @category errors
 * @since 0.1.0
 */
export class CheckpointMismatchError extends Schema.TaggedError<CheckpointMismatchError>(
  reasonId("CheckpointMismatchError")
)("CheckpointMismatchError", {
  /**
   * What does not fit. `damaged`: it is no checkpoint. `version`: a newer version of this library wrote it. `filter`,
   * `account`, `mode`: it is about another list. `position`: Stripe does not find the row at its end.
   */
  problem: Schema.Literals(["damaged", "version", "filter", "account", "mode", "position"]),
  /** What would fit. */
  expected: Schema.String,
  /** What the checkpoint has. */
  actual: Schema.String
}) {
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return explanations[this.problem](this.expected, this.actual)
  }
}

const another = "or keep this list's rows and checkpoint in a place of their own."

const explanations: Record<CheckpointMismatchError["problem"], (expected: string, actual: string) => string> = {
  damaged: (expected, actual) =>
    `Expected ${expected}, found ${actual}. Restore it from a backup, or begin anew: remove it together with the rows that were stored with it.`,
  version: (expected, actual) =>
    `The checkpoint is of ${actual}, and this version of the library reads ${expected}. Update effect-stripe-identity.`,
  filter: (expected, actual) =>
    `The checkpoint belongs to another filter (its fingerprint is ${actual}, this one's ${expected}). Read with the filter it was made with, ${another} A relative date such as 7d is another filter every time: write it as a date.`,
  account: (expected, actual) =>
    `The checkpoint belongs to ${actual}, and this reads ${expected}. Read the same account, ${another}`,
  mode: (expected, actual) =>
    `The checkpoint belongs to ${actual}, and the key is of ${expected}. Use a key of ${actual}, ${another}`,
  position: (expected, actual) =>
    `The checkpoint ends at ${actual}, which is not among ${expected}. It belongs to another account or mode: use the key it was made with, ${another}`
}

/**
 * A checkpoint whose position in Stripe's events is older than Stripe keeps them, so that changes after it may be unknown.
 * No session was handed over. `VerificationSessions.mirror` answers it by reading the whole list again.
 *
 * @category errors
 * @since 0.1.0
 */
export class EventsExpiredError extends Schema.TaggedError<EventsExpiredError>(reasonId("EventsExpiredError"))(
  "EventsExpiredError",
  {
    /** The moment up to which events were read. */
    position: Schema.DateTimeUtcFromMillis
  }
) {
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `Expected a position of the last 29 days, because Stripe keeps events for 30, got ${DateTime.formatIso(this.position)}. Changes since then may be lost: read the whole list again, as VerificationSessions.mirror does by itself when it resumes this checkpoint.`
  }
}
