/**
 * Options and results of the session calls. Public through `VerificationSessions`.
 */
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Stream from "effect/Stream"
import type * as Checkpoint from "../../Checkpoint.ts"
import type * as Pagination from "../../Pagination.ts"
import type * as SessionFilter from "../../SessionFilter.ts"
import type { StripeError } from "../../StripeError.ts"
import type * as Sync from "../../Sync.ts"
import type * as VerificationSession from "../../VerificationSession.ts"
import type { PageParameters } from "../list/resource.ts"
import type * as Model from "./mirrorModel.ts"
import type { ListExpand, ListExpandPath } from "./model.ts"

/**
 * Parameters of `list`, with Stripe's names: a page, and the filter fields that Stripe applies.
 *
 * @category options
 * @since 0.1.0
 */
export type ListParams = SessionFilter.StripeInput &
  PageParameters & {
    /**
     * Fields that Stripe sends only on request, such as `"data.verified_outputs"`. The type of the sessions then has them.
     *
     * @default nothing
     */
    readonly expand?: ListExpand
  }

/**
 * Options of `stream` and `pages`.
 *
 * @category options
 * @since 0.1.0
 */
export type ReadOptions<Paths extends ListExpand = undefined, E = never, R = never> = Pagination.ReadOptions<E, R> & {
  /**
   * Fields that Stripe sends only on request, such as `"data.verified_outputs"`. The type of the sessions then has them,
   * so do not pass an `expand` that may be missing.
   *
   * @default nothing
   */
  readonly expand?: Paths
}

/**
 * One batch of `sync`: the sessions of a page, and the checkpoint to store with them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch<out Session> {
  /**
   * Oldest first while catching up with new sessions, newest first while reading back through older ones. Empty if no row of
   * the page matches the filter; store the checkpoint then too.
   */
  readonly sessions: ReadonlyArray<Session>
  /** A time just before they were requested: the sessions include every change up to then. */
  readonly readAt: DateTime.Utc
  /** Where the next run resumes. Store it with the sessions or after them, never before. */
  readonly checkpoint: Checkpoint.Checkpoint
}

/**
 * Options of `sync`.
 *
 * @category options
 * @since 0.1.0
 */
export interface SyncOptions<Paths extends ListExpand = undefined, E = never, R = never> extends Sync.Options<E, R> {
  /**
   * Fields that Stripe sends only on request, such as `"data.verified_outputs"`. The type of the sessions then has them,
   * so do not pass an `expand` that may be missing.
   *
   * @default nothing
   */
  readonly expand?: Paths
}

/**
 * Options of `tail`.
 *
 * @category options
 * @since 0.1.0
 */
export interface TailOptions<
  Paths extends ListExpand = undefined,
  E = never,
  R = never,
  E2 = never,
  R2 = never
> extends SyncOptions<Paths, E, R> {
  /**
   * When to poll again, after each poll. A poll that finds nothing is one request: 8,640 requests a month at every 5
   * minutes. Stripe allots 500 reads per transaction, and at least 10,000 a month (docs.stripe.com/rate-limits).
   *
   * @default every 5 minutes
   */
  readonly schedule?: Schedule.Schedule<unknown, void, E2, R2> | undefined
}

/**
 * The paths that the parameters of `list` expand: any paths if `expand` may be missing.
 *
 * @category models
 * @since 0.1.0
 */
export type ExpandOf<Params> = Params extends { readonly expand: infer Paths extends ReadonlyArray<ListExpandPath> }
  ? Paths
  : // In brackets, so that `any` may have paths.
    [NonNullable<Params[keyof Params & "expand"]>] extends [never]
    ? undefined
    : ReadonlyArray<ListExpandPath>

/**
 * The sessions of a call, by what it expands and by its filter: with the expanded fields, and with the status that the filter
 * selects.
 *
 * @category models
 * @since 0.1.0
 */
export type SessionOf<Paths extends ListExpand, Filter> = SessionFilter.WithStatusOf<
  VerificationSession.Expanded<Paths>,
  Filter
>

/**
 * The calls of `VerificationSessions`. Every call fails with `StripeError` only. `Requires` is what a call needs to be
 * provided: nothing, or the service itself for the functions of the module.
 *
 * The type of a call's sessions says which fields it expands and which status its filter selects.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service<out Requires = never> {
  /**
   * One page of the list: one request and its retries, newest session first. `cursor` is where the next page starts: pass it
   * as `starting_after`, or as `ending_before` to read towards the newest.
   */
  readonly list: <
    // An editor offers the fields of the default while the braces are empty.
    const Params extends SessionFilter.OnlyFields<Params, ListParams> = ListParams & { readonly expand?: undefined }
  >(
    params?: Params
  ) => Effect.Effect<Pagination.Page<SessionOf<ExpandOf<Params>, Params>>, StripeError, Requires>

  /** One session by its id. Fails with `NotFoundError` if there is no such session. */
  readonly retrieve: <const Paths extends ReadonlyArray<VerificationSession.ExpandPath> | undefined = undefined>(
    id: string,
    options?: {
      /** Fields that Stripe sends only on request, such as `"verified_outputs"`. The type of the session then has them. */
      readonly expand?: Paths
    }
  ) => Effect.Effect<VerificationSession.Expanded<Paths>, StripeError, Requires>

  /**
   * Every page of the list, newest first, one request at a time and only when needed. A part of the filter that Stripe does
   * not know is applied here, so a page can hold fewer rows than `pageSize`, or no rows.
   */
  readonly pages: <
    const Paths extends ListExpand = undefined,
    E = never,
    R = never,
    const Filter extends SessionFilter.OnlyFields<Filter, SessionFilter.Input> = SessionFilter.Input
  >(
    filter?: Filter,
    options?: ReadOptions<Paths, E, R>
  ) => Stream.Stream<Pagination.Page<SessionOf<Paths, Filter>>, StripeError | E, R | Requires>

  /**
   * Every session that matches the filter, newest first, one request at a time and only when needed; one chunk a page. Each
   * request is retried inside, so no session comes twice. `Stream.retry` around it would start again at the first page.
   */
  readonly stream: <
    const Paths extends ListExpand = undefined,
    E = never,
    R = never,
    const Filter extends SessionFilter.OnlyFields<Filter, SessionFilter.Input> = SessionFilter.Input
  >(
    filter?: Filter,
    options?: ReadOptions<Paths, E, R>
  ) => Stream.Stream<SessionOf<Paths, Filter>, StripeError | E, R | Requires>

  /**
   * Exports the list in resumable batches: one a page, each with the checkpoint to store with its sessions. It reads first
   * the sessions newer than `from`, then the older ones. Over all runs, whatever stops them, each session comes once. A list
   * does not show that an old session changed, so with a `status` in the filter, sessions that reach it later are missed.
   */
  readonly sync: <
    const Paths extends ListExpand = undefined,
    E = never,
    R = never,
    const Filter extends SessionFilter.OnlyFields<Filter, SessionFilter.Input> = SessionFilter.Input
  >(
    filter?: Filter,
    options?: SyncOptions<Paths, E, R>
  ) => Stream.Stream<Batch<SessionOf<Paths, Filter>>, StripeError | E, R | Requires>

  /**
   * Runs `sync`, then keeps polling for new sessions. Outages do not end it: `RetryPolicy.forever` retries each request, with
   * a warning in the log. An error that no retry can fix, such as a wrong key, fails it at once.
   */
  readonly tail: <
    const Paths extends ListExpand = undefined,
    E = never,
    R = never,
    E2 = never,
    R2 = never,
    const Filter extends SessionFilter.OnlyFields<Filter, SessionFilter.Input> = SessionFilter.Input
  >(
    filter?: Filter,
    options?: TailOptions<Paths, E, R, E2, R2>
  ) => Stream.Stream<Batch<SessionOf<Paths, Filter>>, StripeError | E | E2, R | R2 | Requires>

  /**
   * Reads sessions by their ids, as they are now, each id once. An id that Stripe does not know is in `missing`; the
   * call does not fail.
   *
   * It sends at most one request per id. If `created` is given, as when sessions are passed, one page of the list answers for
   * many that are close together in it. A wrong `created` costs one more request.
   */
  readonly reread: <const Paths extends ListExpand = undefined, E = never, R = never>(
    ids: ReadonlyArray<Model.SessionReference> | ReadonlySet<Model.SessionReference>,
    options?: Model.RereadOptions<Paths, E, R>
  ) => Stream.Stream<Model.RereadBatch<VerificationSession.Expanded<Paths>>, StripeError | E, R | Requires>

  /**
   * Every session that changed since `from`, according to Stripe's events: one run, oldest changes first. Each is read as it
   * is now, at least once after its last change, so order, duplicates and age of the events do not matter; a status that was
   * there only for a while is not seen. Without `from` there is one batch without sessions, whose checkpoint is the start.
   * For a copy, take this start first, and then read the list.
   *
   * Stripe keeps events for 30 days. Fails with `EventsExpiredError`, before the first session, if `from` is older than 29
   * days or in the future, and with `PermissionError` if a restricted key lacks the permission "Events: read".
   */
  readonly changes: <const Paths extends ListExpand = undefined, E = never, R = never>(
    options?: Model.ChangesOptions<Paths, E, R>
  ) => Stream.Stream<Model.ChangesBatch<VerificationSession.Expanded<Paths>>, StripeError | E, R | Requires>

  /**
   * Keeps a copy of all sessions up to date: the whole list first, then in each run the new sessions, the changed ones
   * (according to Stripe's events), and every 7 days the whole list again. Store the sessions of a batch by id, a newer
   * `readAt` over an older one, and then its checkpoint: the next run's `from`. It also resumes a checkpoint of `sync`
   * without a filter. A session may come more than once.
   *
   * If events were lost, because nobody read them for 29 days, or the position is in the future, because a clock was
   * ahead, it reads the whole list again at once.
   */
  readonly mirror: <const Paths extends ListExpand = undefined, E = never, R = never, E2 = never, R2 = never>(
    options?: Model.MirrorOptions<Paths, E, R, E2, R2>
  ) => Stream.Stream<Model.MirrorBatch<VerificationSession.Expanded<Paths>>, StripeError | E | E2, R | R2 | Requires>
}

/** What a handler receives. The type of a filter belongs to one call, so here it is the widest. */
type HandlerParameters<Name, Parameters extends ReadonlyArray<unknown>> = Name extends "list"
  ? [params?: ListParams]
  : Name extends "pages" | "stream" | "sync" | "tail"
    ? [filter?: SessionFilter.Input, options?: Parameters[1]]
    : Parameters

/** The same call as a test's handler: with the widest row type, and only the service's own errors. */
type Handler<Name, Call> = Call extends (...parameters: infer Parameters) => infer Returned
  ? (
      ...parameters: HandlerParameters<Name, Parameters>
    ) => Returned extends Stream.Stream<infer A, unknown, unknown>
      ? Stream.Stream<A, StripeError>
      : Returned extends Effect.Effect<infer A, unknown, unknown>
        ? Effect.Effect<A, StripeError>
        : never
  : never

/**
 * The answers of `layerTest`: a handler for each call of {@link Service} that a test expects.
 *
 * **Example** (Your own code, with one fixed answer)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { VerificationSession, VerificationSessions } from "effect-stripe-identity"
 *
 * const created = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
 * const answers = VerificationSessions.layerTest({
 *   stream: () => Stream.make(VerificationSession.makeUnsafe({ id: "vs_1", status: "verified", created }))
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
export type TestHandlers = { readonly [Name in keyof Service]?: Handler<Name, Service[Name]> | undefined }
