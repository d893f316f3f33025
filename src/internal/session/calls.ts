/**
 * What the calls of the service take and give. Public through `VerificationSessions`.
 */
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Stream from "effect/Stream"
import type * as Checkpoint from "../../Checkpoint.ts"
import type * as Pagination from "../../Pagination.ts"
import type * as SessionFilter from "../../SessionFilter.ts"
import type { StripeError } from "../../StripeError.ts"
import type * as SyncEngine from "../../Sync.ts"
import type * as VerificationSession from "../../VerificationSession.ts"
import type { WalkOptions } from "../list/calls.ts"
import type { PageParameters } from "../list/requests.ts"
import type { ListExpandPath } from "./model.ts"

/**
 * The parameters of one page, named as Stripe names them. Of a filter it takes what Stripe can answer: a page of which
 * rows were taken away could not be followed by its last row.
 *
 * @category options
 * @since 0.1.0
 */
export type ListParams<Paths extends ReadonlyArray<ListExpandPath> = readonly []> = SessionFilter.StripeInput &
  PageParameters & {
    /** @default nothing */
    readonly expand?: Paths | undefined
  }

/**
 * How `stream` and `pages` read the list.
 *
 * @category options
 * @since 0.1.0
 */
export type ReadOptions<Paths extends ReadonlyArray<ListExpandPath> = readonly [], E = never, R = never> = WalkOptions<
  E,
  R
> & {
  /**
   * What Stripe is to send in full. It changes the type of the sessions.
   *
   * @default nothing
   */
  readonly expand?: Paths | undefined
}

/**
 * The type of `list`. `Needs` is what a call requires: nothing on the service, the service itself as an accessor. The
 * status of the parameters is that of the sessions.
 *
 * @category models
 * @since 0.1.0
 */
export type List<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  params?: ListParams<Paths> | (ListParams<Paths> & { readonly status: Choice })
) => Effect.Effect<
  Pagination.Page<SessionFilter.Narrowed<VerificationSession.Expanded<Paths>, Choice>>,
  StripeError,
  Needs
>

/**
 * The type of `retrieve`. See {@link List} for `Needs`.
 *
 * @category models
 * @since 0.1.0
 */
export type Retrieve<Needs = never> = <const Paths extends ReadonlyArray<VerificationSession.ExpandPath> = readonly []>(
  id: string,
  options?: { readonly expand?: Paths | undefined }
) => Effect.Effect<VerificationSession.Expanded<Paths>, StripeError, Needs>

/**
 * The type of `pages`. See {@link List} for `Needs`. The status of the filter, or each of several, is that of the sessions.
 *
 * @category models
 * @since 0.1.0
 */
export type Pages<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never,
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  filter?: SessionFilter.Narrowing<Choice>,
  options?: ReadOptions<Paths, E, R>
) => Stream.Stream<
  Pagination.Page<SessionFilter.Narrowed<VerificationSession.Expanded<Paths>, Choice>>,
  StripeError | E,
  Needs | R
>

/**
 * The type of `stream`, as {@link Pages} is that of `pages`.
 *
 * @category models
 * @since 0.1.0
 */
export type Sessions<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never,
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  filter?: SessionFilter.Narrowing<Choice>,
  options?: ReadOptions<Paths, E, R>
) => Stream.Stream<SessionFilter.Narrowed<VerificationSession.Expanded<Paths>, Choice>, StripeError | E, Needs | R>

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
   * When to look for new sessions again, after each look. A look that finds nothing is one request: every 30 seconds that
   * is 86,400 a month, and Stripe allots 500 reads for each transaction, but at least 10,000 a month
   * (docs.stripe.com/rate-limits). With few transactions, look every five minutes.
   *
   * @default 30 seconds later
   */
  readonly schedule?: Schedule.Schedule<unknown, void, E, R> | undefined
}

/**
 * The type of `sync`. See {@link Pages} for what the compiler learns from the filter.
 *
 * @category models
 * @since 0.1.0
 */
export type Sync<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never,
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  filter?: SessionFilter.Narrowing<Choice>,
  options?: SyncOptions<Paths, E, R>
) => Stream.Stream<
  Batch<SessionFilter.Narrowed<VerificationSession.Expanded<Paths>, Choice>>,
  StripeError | E,
  Needs | R
>

/**
 * The type of `tail`, as {@link Sync} is that of `sync`.
 *
 * @category models
 * @since 0.1.0
 */
export type Tail<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never,
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  filter?: SessionFilter.Narrowing<Choice>,
  options?: TailOptions<Paths, E, R>
) => Stream.Stream<
  Batch<SessionFilter.Narrowed<VerificationSession.Expanded<Paths>, Choice>>,
  StripeError | E,
  Needs | R
>

/**
 * What `VerificationSessions` offers. Every call fails with `StripeError` alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Exactly one page, with exactly one request (and its retries). Rows come newest first, as Stripe sends them. */
  readonly list: List

  /** One session by its id. Fails with `NotFoundError` where there is none. */
  readonly retrieve: Retrieve

  /**
   * All pages of the list: one element a page. Where the filter has a part that Stripe does not know, pages hold the rows
   * that pass it, which may be none.
   */
  readonly pages: Pages

  /**
   * All sessions of the list: one element a session, one chunk a page. Requests are sent as their first row is asked
   * for. Retries happen inside, so no row comes twice; `Stream.retry` around it would start again from the first page.
   */
  readonly stream: Sessions

  /**
   * The list in batches that can be gone on from, one a page, each with the checkpoint that holds after it: first what is
   * newer than `from`, then what is older. Over all runs, whatever stops them, the batches are the list, each session
   * once. It shows new sessions; that an old one changed, no list can show. So with a `status` in the filter a session never
   * comes that reaches it after a newer one was handed over.
   */
  readonly sync: Sync

  /**
   * `sync` for ever: when everything was read it looks for new sessions, again and again. It ends when a request has failed
   * as often as the retry policy says; with `RetryPolicy.makeUnsafe({ times: Infinity })` an outage never ends it.
   */
  readonly tail: Tail
}
