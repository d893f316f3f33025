/**
 * What the calls of the service take and give. Public through `VerificationSessions`.
 */
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Stream from "effect/Stream"
import type * as Checkpoint from "../../Checkpoint.ts"
import type * as Pagination from "../../Pagination.ts"
import type * as SessionFilter from "../../SessionFilter.ts"
import type { StripeError } from "../../StripeError.ts"
import type * as SyncEngine from "../../Sync.ts"
import type * as VerificationSession from "../../VerificationSession.ts"
import type { PageParameters } from "../list/resource.ts"
import type {
  ChangesBatch,
  ChangesOptions,
  MirrorBatch,
  MirrorOptions,
  RereadBatch,
  RereadOptions,
  Wanted
} from "./mirrorModel.ts"
import type { ListExpandPath } from "./model.ts"

/**
 * The parameters of one page, named as Stripe names them. Of a filter it takes what Stripe can answer.
 *
 * @category options
 * @since 0.1.0
 */
export type ListParams<
  Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  Status extends SessionFilter.Status | undefined = SessionFilter.Status
> = Omit<SessionFilter.StripeInput, "status"> &
  PageParameters & {
    /** Sessions whose status is this one. It is in the type of the sessions. */
    readonly status?: Status
    /** @default nothing */
    readonly expand?: Paths | undefined
  }

/**
 * How `stream` and `pages` read the list.
 *
 * @category options
 * @since 0.1.0
 */
export type ReadOptions<
  Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never
> = Pagination.ReadOptions<E, R> & {
  /**
   * What Stripe is to send in full. It changes the type of the sessions.
   *
   * @default nothing
   */
  readonly expand?: Paths | undefined
}

/**
 * The sessions of one page, and the checkpoint that is true as soon as they are stored.
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch<out Session> {
  /**
   * Oldest first while catching up, newest first after that. There may be none, where rows were read that the filter does
   * not let through: the checkpoint is worth storing all the same.
   */
  readonly sessions: ReadonlyArray<Session>
  /** A moment before the sessions were asked for: every change up to then is in them. */
  readonly readAt: DateTime.Utc
  /** What is behind us with these sessions. Store it with them, or after them, and never before. */
  readonly checkpoint: Checkpoint.Checkpoint
}

/**
 * How `sync` reads the list.
 *
 * @category options
 * @since 0.1.0
 */
export interface SyncOptions<
  Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never
> extends SyncEngine.Options<E, R> {
  /**
   * What Stripe is to send in full. It changes the type of the sessions.
   *
   * @default nothing
   */
  readonly expand?: Paths | undefined
}

/**
 * How `tail` reads the list.
 *
 * @category options
 * @since 0.1.0
 */
export interface TailOptions<
  Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never
> extends SyncOptions<Paths, E, R> {
  /**
   * When to poll for new sessions again, after each poll. A poll that finds nothing is one request: every five minutes that
   * is 8,640 a month. Stripe allots 500 reads for each transaction, and at least 10,000 a month
   * (docs.stripe.com/rate-limits).
   *
   * @default 5 minutes later
   */
  readonly schedule?: Schedule.Schedule<unknown, void, E, R> | undefined
}

/**
 * What `VerificationSessions` offers. Every call fails with `StripeError` alone.
 *
 * What a call expands, and the status that its filter names, are in the type of its sessions.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /**
   * Exactly one page, with exactly one request and its retries. Rows come newest first, as Stripe sends them. `cursor` is
   * where the next page starts: pass it as `starting_after`, or as `ending_before` to read towards the newest.
   */
  readonly list: <
    const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
    const Status extends SessionFilter.Status | undefined = undefined
  >(
    params?: ListParams<Paths, Status>
  ) => Effect.Effect<
    Pagination.Page<SessionFilter.WithStatusOf<VerificationSession.Expanded<Paths>, Status>>,
    StripeError
  >

  /** One session by its id. Fails with `NotFoundError` where there is none. */
  readonly retrieve: <const Paths extends ReadonlyArray<VerificationSession.ExpandPath> = readonly []>(
    id: string,
    options?: { readonly expand?: Paths | undefined }
  ) => Effect.Effect<VerificationSession.Expanded<Paths>, StripeError>

  /**
   * All pages of the list: one element a page. Where the filter has a part that Stripe does not know, pages hold the rows
   * that match, which may be none.
   */
  readonly pages: <
    const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
    E = never,
    R = never,
    const Status extends SessionFilter.StatusChoice = undefined
  >(
    filter?: SessionFilter.InputWithStatus<Status>,
    options?: ReadOptions<Paths, E, R>
  ) => Stream.Stream<
    Pagination.Page<SessionFilter.WithStatusOf<VerificationSession.Expanded<Paths>, Status>>,
    StripeError | E,
    R
  >

  /**
   * All sessions of the list: one element a session, one chunk a page. Requests are sent as their first row is asked
   * for. Retries happen inside, so no row comes twice; `Stream.retry` around it would start again from the first page.
   */
  readonly stream: <
    const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
    E = never,
    R = never,
    const Status extends SessionFilter.StatusChoice = undefined
  >(
    filter?: SessionFilter.InputWithStatus<Status>,
    options?: ReadOptions<Paths, E, R>
  ) => Stream.Stream<SessionFilter.WithStatusOf<VerificationSession.Expanded<Paths>, Status>, StripeError | E, R>

  /**
   * The list in resumable batches, one a page, each with the checkpoint that is right once its sessions are stored: first
   * what is newer than `from`, then what is older. Over all runs, whatever stops them, the batches are the list, each
   * session once. A list shows new sessions and not that an old one changed. So with a `status` in the filter, sessions that
   * reach this status later are missed.
   */
  readonly sync: <
    const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
    E = never,
    R = never,
    const Status extends SessionFilter.StatusChoice = undefined
  >(
    filter?: SessionFilter.InputWithStatus<Status>,
    options?: SyncOptions<Paths, E, R>
  ) => Stream.Stream<Batch<SessionFilter.WithStatusOf<VerificationSession.Expanded<Paths>, Status>>, StripeError | E, R>

  /**
   * `sync`, then polling for new sessions. Outages never end it: a request that fails is retried until it succeeds, with a
   * warning in the log. What no retry can help, such as a wrong key, ends it at once.
   */
  readonly tail: <
    const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
    E = never,
    R = never,
    const Status extends SessionFilter.StatusChoice = undefined
  >(
    filter?: SessionFilter.InputWithStatus<Status>,
    options?: TailOptions<Paths, E, R>
  ) => Stream.Stream<Batch<SessionFilter.WithStatusOf<VerificationSession.Expanded<Paths>, Status>>, StripeError | E, R>

  /**
   * The sessions with these ids as they are now, each once. An id that Stripe does not know is `missing`, and stops nobody.
   *
   * It sends at most one request for each id. Where sessions lie together in time and their `created` is given, as it is
   * when sessions are passed, one page of the list answers for many; where that `created` is wrong, one request more.
   */
  readonly reread: <const Paths extends ReadonlyArray<ListExpandPath> = readonly [], E = never, R = never>(
    ids: Iterable<Wanted>,
    options?: RereadOptions<Paths, E, R>
  ) => Stream.Stream<RereadBatch<VerificationSession.Expanded<Paths>>, StripeError | E, R>

  /**
   * The sessions that changed since `from`, by Stripe's events: one run, oldest changes first. Each is read as it is now, so
   * order, duplicates and age of the events do not matter; a status that came and went is not seen. Every session comes at
   * least once after it changed. Without `from` there is one batch without sessions, whose checkpoint is now.
   *
   * Stripe keeps events for 30 days. Fails with `EventsExpiredError`, before any session, where `from` is older than 29 days,
   * and with `PermissionError` for a restricted key without the permission "Events: read".
   */
  readonly changes: <const Paths extends ReadonlyArray<ListExpandPath> = readonly [], E = never, R = never>(
    options?: ChangesOptions<Paths, E, R>
  ) => Stream.Stream<ChangesBatch<VerificationSession.Expanded<Paths>>, StripeError | E, R>

  /**
   * Everything that a copy of all sessions needs to stay true: first the whole list, and in later runs what is new in it,
   * what changed by Stripe's events, and from time to time the whole list again. Store the sessions of each batch by their id,
   * a newer `readAt` over an older one, and then its checkpoint, which is the next run's `from`. A checkpoint of `sync`
   * without a filter can be resumed, too. A session may come more than once.
   *
   * Where events are lost, because nobody read them for 29 days, the whole list is read again at once.
   */
  readonly mirror: <const Paths extends ReadonlyArray<ListExpandPath> = readonly [], E = never, R = never>(
    options?: MirrorOptions<Paths, E, R>
  ) => Stream.Stream<MirrorBatch<VerificationSession.Expanded<Paths>>, StripeError | E, R>
}

/** The same call for a test to answer: with the widest rows, and with no errors but the service's own. */
type Handler<Call> = Call extends (...parameters: infer Parameters) => infer Returned
  ? (
      ...parameters: Parameters
    ) => Returned extends Stream.Stream<infer A, unknown, unknown>
      ? Stream.Stream<A, StripeError>
      : Returned extends Effect.Effect<infer A, unknown, unknown>
        ? Effect.Effect<A, StripeError>
        : never
  : never

/**
 * What `layerTest` answers with: a handler for each call of {@link Service} that a test expects.
 *
 * **Example** (Your own code, with one fixed answer)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { VerificationSession, VerificationSessions } from "effect-stripe-identity"
 *
 * const created = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
 * const answers = VerificationSessions.layerTest({
 *   stream: () => Stream.make(VerificationSession.make({ id: "vs_1", status: "verified", created }))
 * })
 *
 * const yours = VerificationSessions.stream().pipe(Stream.map(({ id }) => id), Stream.runCollect)
 *
 * await Effect.runPromise(Effect.provide(yours, answers)) // => ["vs_1"]
 * ```
 *
 * @category testing
 * @since 0.1.0
 */
export type TestHandlers = { readonly [Name in keyof Service]?: Handler<Service[Name]> | undefined }
