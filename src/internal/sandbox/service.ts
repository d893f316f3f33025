/**
 * The controls of a sandbox. Public through `Sandbox`.
 */
import type * as Effect from "effect/Effect"
import type { Access } from "./accounts.ts"
import type { Failure } from "./changes.ts"
import type { Delivery, DeliveryOptions } from "./deliveries.ts"
import type { EventFault, InjectEventOptions } from "./eventFaults.ts"
import type { Fault } from "./faults.ts"
import type { Incoming, InjectOptions, RecordedRequest } from "./recording.ts"
import type { ConnectionReset, Reply } from "./reply.ts"
import type { Event, Report, Session, SessionPatch } from "./session.ts"
import type { Traffic } from "./traffic.ts"

/**
 * The data of one account, and the changes that a test can make.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccountControls {
  /** All sessions as they are listed now, newest first, not expanded: what reading all pages must give. */
  readonly sessions: Effect.Effect<ReadonlyArray<Session>>
  /**
   * All reports in the same way. An initial session has at most one, created 90 seconds after the session. `pass` and
   * `fail` create one now; a report by `insert` or `update` is created 90 seconds after its session. Reports are never
   * deleted.
   */
  readonly reports: Effect.Effect<ReadonlyArray<Report>>
  /**
   * All events as they are listed now, newest first: of the last 30 days by `Clock`, after their `eventLag`. Within a
   * second they are in any order.
   */
  readonly events: Effect.Effect<ReadonlyArray<Event>>
  /**
   * Adds a session, and its "created" event. By default `created` is now by `Clock` (a `TestClock` starts in 1970). The
   * status is "requires_input", before the first attempt: no `last_error`, no report. Other missing fields are invented, but
   * no `redaction`. Dies if the id exists.
   */
  readonly insert: (patch?: SessionPatch) => Effect.Effect<Session>
  /**
   * Changes a session without an event; `submit` to `redact` change one as Stripe does. A new `status` sets the fields
   * that belong to it (secret, url, error, report), unless they are given. `id` and `created` never change. Dies if
   * there is no such session.
   */
  readonly update: (id: string, patch: SessionPatch) => Effect.Effect<void>
  /** The person submits: "requires_input" becomes "processing". Like all of these, it dies in any other status. */
  readonly submit: (id: string) => Effect.Effect<Session>
  /** The checks pass: "processing" becomes "verified", with a new report. */
  readonly pass: (id: string) => Effect.Effect<Session>
  /**
   * A check fails: "processing" becomes "requires_input", with a `last_error`, a new link, and a new report, unless
   * nothing was checked (as with the code "abandoned").
   */
  readonly fail: (id: string, failure?: Failure) => Effect.Effect<Session>
  /** "requires_input" becomes "canceled", permanently and without its `last_error`. Canceling again changes nothing. */
  readonly cancel: (id: string) => Effect.Effect<Session>
  /** Somebody changes "verified" to "requires_input" in the Dashboard, or back. */
  readonly override: (id: string, status: "verified" | "requires_input") => Effect.Effect<Session>
  /**
   * Starts the redaction of a session that is "canceled", "requires_input" (it is then canceled) or "verified". After
   * `redactionTime`, the session, its reports and its old events have placeholders instead of personal data.
   */
  readonly redact: (id: string) => Effect.Effect<Session>
  /** Sets keys of the metadata; an empty value removes its key. Stripe has no event for it. */
  readonly editMetadata: (id: string, metadata: Readonly<Record<string, string>>) => Effect.Effect<Session>
  /**
   * The signed webhooks of all changes since the sandbox started; the initial sessions have none. The options choose
   * late, unordered, repeated or tampered ones. See `Sandbox.deliver`.
   */
  readonly deliveries: (options: DeliveryOptions) => Effect.Effect<ReadonlyArray<Delivery>>
  /** Injects a fault into the events of later changes. If several apply, the first one injected is used. */
  readonly injectEvent: (fault: EventFault, options?: InjectEventOptions) => Effect.Effect<void>
}

/**
 * The controls of a connected account.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConnectedAccount extends AccountControls {
  /**
   * Changes what a key may do in the account: "revoked" is 403 `account_invalid`, as after the account disconnected
   * from the platform, and "identity-not-enabled" is 400.
   */
  readonly setAccess: (access: Access) => Effect.Effect<void>
}

/**
 * A sandbox: its data, its recorded requests, and its faults. The members of {@link AccountControls} are for the
 * account of the key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service extends AccountControls {
  /** A connected account, by any id (`acct_…`). Each id has its own history. */
  readonly account: (id: string) => ConnectedAccount
  /** The last `recordedRequests` requests (10,000 by default), in order of arrival. */
  readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
  /** The number of all requests, also of those that are no longer recorded. */
  readonly requestCount: Effect.Effect<number>
  /** Clears `requests`. Their numbering, `requestCount` and `traffic` continue. */
  readonly clearRequests: Effect.Effect<void>
  /** The number of requests, per second and per account. */
  readonly traffic: Effect.Effect<Traffic>
  /**
   * Injects a fault into later requests: by default the next one. If several apply, the first one injected is used.
   * Dies if the fault or an option is invalid.
   */
  readonly inject: (fault: Fault, options?: InjectOptions) => Effect.Effect<void>
  /** Removes all faults that were not used, also those of events. */
  readonly clearFaults: Effect.Effect<void>
  /** Answers a request. Only needed to connect the sandbox to another kind of server or client. */
  readonly respond: (incoming: Incoming) => Effect.Effect<Reply, ConnectionReset>
}
