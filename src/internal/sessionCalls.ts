/**
 * What the calls of the service take and give. Public through `VerificationSessions`.
 *
 * @module
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as Pagination from "../Pagination.ts"
import type * as SessionFilter from "../SessionFilter.ts"
import type { StripeError } from "../StripeError.ts"
import type { WalkOptions } from "./listCalls.ts"
import type { PageParameters } from "./listRequests.ts"
import type { ListExpandPath } from "./sessionModel.ts"
import type * as VerificationSession from "../VerificationSession.ts"

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
