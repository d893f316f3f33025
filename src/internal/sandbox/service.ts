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
 * What can be seen of one account, and done in it.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccountControls {
  /** The whole list as it is listed now, newest first, unexpanded: exactly what a walk over the pages must give. */
  readonly sessions: Effect.Effect<ReadonlyArray<Session>>
  /**
   * The reports in the same way. Each session of the start has at most one, made 90 seconds after the session. `pass` and
   * `fail` make one now; a report that `insert` or `update` gives is made 90 seconds after the session. None is ever
   * deleted.
   */
  readonly reports: Effect.Effect<ReadonlyArray<Report>>
  /**
   * The events as they are listed now, newest first: those of the last 30 days by `Clock`, whose lag is over. Within a
   * second they come in any order.
   */
  readonly events: Effect.Effect<ReadonlyArray<Event>>
  /**
   * Adds a session, and the event of its creation. Its `created` is now by `Clock` (beware: a `TestClock` starts in 1970) and its status is
   * "requires_input", unless given; what else is not given is made up. Dies if the id is taken.
   */
  readonly insert: (patch?: SessionPatch) => Effect.Effect<Session>
  /**
   * Changes a session. A new `status` brings the fields that belong to it (secret, url, error, report), unless they are
   * given too. `id` and `created` never change. No event tells of it: `submit` to `redact` change a session as Stripe
   * does. Dies if there is no such session.
   */
  readonly update: (id: string, patch: SessionPatch) => Effect.Effect<void>
  /** The person submits: "requires_input" becomes "processing". Dies in any other status, as all of these do. */
  readonly submit: (id: string) => Effect.Effect<Session>
  /** The checks pass: "processing" becomes "verified", with a new report. */
  readonly pass: (id: string) => Effect.Effect<Session>
  /**
   * A check fails: "processing" becomes "requires_input", with a `last_error`, a new link and, unless nothing was checked
   * (as with the code "abandoned"), a new report.
   */
  readonly fail: (id: string, failure?: Failure) => Effect.Effect<Session>
  /** "requires_input" becomes "canceled", for good. */
  readonly cancel: (id: string) => Effect.Effect<Session>
  /** Somebody changes "verified" to "requires_input" in the Dashboard, or back. */
  readonly override: (id: string, status: "verified" | "requires_input") => Effect.Effect<Session>
  /**
   * Begins a redaction, of a session that is "requires_input" (which cancels it) or "verified" (which it stays). After
   * `redactionTime` it is done: session, reports and old events have placeholders for what was collected.
   */
  readonly redact: (id: string) => Effect.Effect<Session>
  /** Sets keys of the metadata; an empty value takes its key away. Stripe has no event for it. */
  readonly editMetadata: (id: string, metadata: Readonly<Record<string, string>>) => Effect.Effect<Session>
  /**
   * The webhooks of what happened since the sandbox began, signed. The sessions of the start have none. An endpoint may get
   * them late, in any order, several times or changed by somebody: the options say which. See `Sandbox.deliver`.
   */
  readonly deliveries: (options: DeliveryOptions) => Effect.Effect<ReadonlyArray<Delivery>>
  /** Arranges a fault for events of changes to come. Of several that are due, the one injected first is taken. */
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
   * What the account lets a key do from now on: "revoked" is 403 `account_invalid`, as after a person disconnected the
   * platform, and "identity-not-enabled" is 400.
   */
  readonly setAccess: (access: Access) => Effect.Effect<void>
}

/**
 * The controls of a sandbox: what was asked of it, and what is to happen next. Those of {@link AccountControls} are for the
 * account of the key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service extends AccountControls {
  /** A connected account, by any id (`acct_…`): each has a history of its own, which follows from the id. */
  readonly account: (id: string) => ConnectedAccount
  /** The requests so far, in order of arrival: the last `recordedRequests` of them, 10,000 by default. */
  readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
  /** How many requests there were, cleared ones and those that are no longer kept included. */
  readonly requestCount: Effect.Effect<number>
  /** Forgets the requests so far. Numbering, `requestCount` and `traffic` continue. */
  readonly clearRequests: Effect.Effect<void>
  /** How many requests there were, each second and of each account. */
  readonly traffic: Effect.Effect<Traffic>
  /**
   * Arranges a fault for requests to come. Of several that are due, the one injected first is taken. Dies if it is no fault,
   * or if it or the options say what nobody would read.
   */
  readonly inject: (fault: Fault, options?: InjectOptions) => Effect.Effect<void>
  /** Withdraws the faults that nobody met, those of events included. */
  readonly clearFaults: Effect.Effect<void>
  /** Answers a request. This is what both fronts call; only needed to write another front. */
  readonly respond: (incoming: Incoming) => Effect.Effect<Reply, ConnectionReset>
}
