/**
 * What the calls that follow changes take and give. Public through `VerificationSessions`.
 */
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Schedule from "effect/Schedule"
import type * as Checkpoint from "../../Checkpoint.ts"
import type * as Pagination from "../../Pagination.ts"
import type { ListExpand } from "./model.ts"

/**
 * A session to read again: its id, or anything that has its id, such as the session itself. Sessions whose `created` is
 * given may be read together, a page at a time.
 *
 * @category models
 * @since 0.1.0
 */
export type SessionReference = string | { readonly id: string; readonly created?: DateTime.Utc | undefined }

/**
 * Options of `reread`.
 *
 * @category options
 * @since 0.1.0
 */
export interface RereadOptions<Paths extends ListExpand = undefined, E = never, R = never> extends Pick<
  Pagination.ReadOptions<E, R>,
  "onDecodeError"
> {
  /**
   * Fields that Stripe sends only on request, such as `"data.verified_outputs"`. The type of the sessions then has them,
   * so do not pass an `expand` that may be missing.
   *
   * @default nothing
   */
  readonly expand?: Paths
  /**
   * How many requests for single sessions may be in flight, 1 to 100.
   *
   * @default 4
   */
  readonly concurrency?: number | undefined
}

/**
 * Sessions as they are now.
 *
 * @category models
 * @since 0.1.0
 */
export interface RereadBatch<out Session> {
  /** Whole sessions. Replace what you have stored of them; never merge, because a redaction removes fields. */
  readonly sessions: ReadonlyArray<Session>
  /** The ids that Stripe does not know in this account and mode. */
  readonly missing: ReadonlyArray<string>
  /**
   * The moment before the first request of the batch: every change up to then is in it. Store it as the version of each
   * session, and let no older version replace a newer one.
   */
  readonly readAt: DateTime.Utc
}

/**
 * Options of `changes`.
 *
 * @category options
 * @since 0.1.0
 */
export interface ChangesOptions<Paths extends ListExpand = undefined, E = never, R = never> extends RereadOptions<
  Paths,
  E,
  R
> {
  /**
   * Where to resume: the last checkpoint that was stored.
   *
   * @default now: only changes from now on
   */
  readonly from?: Checkpoint.Checkpoint | undefined
  /**
   * How old an event must be to be read. Stripe lists events some seconds after their `created`.
   *
   * @default "1 minute"
   */
  readonly settle?: Duration.Input | undefined
  /**
   * How far each window reaches back into the one before it, for events that were listed even later: at most 1 day. It must
   * also cover the difference between this clock and Stripe's.
   *
   * @default "10 minutes"
   */
  readonly overlap?: Duration.Input | undefined
  /**
   * How much time of events is read at once, at least 1 second. The checkpoint moves after each window, so a crash repeats at
   * most one window. Its ids are held in memory. A window takes at least one request, and a session that changed several
   * times in it is read once. If a program ends before it has read a window, it begins that window again: if it has little
   * time, choose a shorter one.
   *
   * @default "1 day"
   */
  readonly window?: Duration.Input | undefined
}

/**
 * Sessions that changed, and the checkpoint to store with them.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChangesBatch<out Session> extends RereadBatch<Session> {
  /**
   * Where the next run resumes. Store it with the sessions or after them, never before. A batch without sessions has one to
   * store too.
   */
  readonly checkpoint: Checkpoint.Checkpoint
}

/**
 * Options of `mirror`.
 *
 * @category options
 * @since 0.1.0
 */
export interface MirrorOptions<
  Paths extends ListExpand = undefined,
  E = never,
  R = never,
  E2 = never,
  R2 = never
> extends ChangesOptions<Paths, E, R> {
  /**
   * Where to resume: the last checkpoint that was stored, of `mirror` or of `sync` without a filter.
   *
   * @default the whole list
   */
  readonly from?: Checkpoint.Checkpoint | undefined
  /**
   * How old a session or an event must be to be read. Stripe lists both some seconds after their `created`.
   *
   * @default "1 minute"
   */
  readonly settle?: Duration.Input | undefined
  /**
   * The most requests in flight, 1 to 100: for changed sessions, and for the list, at first and in an audit. The sessions of
   * the list and their order stay the same, see `Pagination.ReadOptions`.
   *
   * @default 4 for changed sessions, 1 for the list
   */
  readonly concurrency?: number | undefined
  /**
   * How long after the last full read the whole list is read again, which finds what no event tells: edits of metadata, and
   * events that Stripe never listed. It costs a request for each hundred sessions. `false` reads it again only where events
   * are lost, because the checkpoint is older than Stripe keeps them.
   *
   * @default "7 days"
   */
  readonly audit?: Duration.Input | false | undefined
  /**
   * When to begin the next run, after each run: `Schedule.spaced("10 minutes")`. The stream ends when the schedule does, and
   * outages do not end it. A run that finds nothing is two requests: 8,640 a month at every 10 minutes. Stripe allots 500 reads
   * per transaction, and at least 10,000 a month (docs.stripe.com/rate-limits).
   *
   * @default one run
   */
  readonly schedule?: Schedule.Schedule<unknown, void, E2, R2> | undefined
}

/**
 * Sessions of one batch of `mirror`, and the checkpoint to store with them.
 *
 * @category models
 * @since 0.1.0
 */
export interface MirrorBatch<out Session> extends ChangesBatch<Session> {
  /** Why they were read: `new` in the list, `changed` according to an event, or read again by an `audit`. */
  readonly kind: "new" | "changed" | "audit"
}
