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
import type { PageParameters, WalkOptions } from "./listCalls.ts"
import type * as VerificationSession from "../VerificationSession.ts"

/**
 * What a list can expand, as Stripe writes it. See `VerificationSession.ExpandPath` for what each path needs.
 *
 * @category models
 * @since 0.1.0
 */
export type ListExpandPath = `data.${VerificationSession.ExpandPath}`

/**
 * A session as a list with these expansions has it.
 *
 * @category models
 * @since 0.1.0
 */
export type Expanded<Paths extends ReadonlyArray<ListExpandPath>> = VerificationSession.ExpandedBy<{
  readonly [Index in keyof Paths]: Paths[Index] extends `data.${infer Path extends VerificationSession.ExpandPath}`
    ? Path
    : never
}>

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

/** The parameters of one page, from which the compiler learns the status. */
export type ListParamsOf<Paths extends ReadonlyArray<ListExpandPath>, Choice extends SessionFilter.StatusChoice> =
  ListParams<Paths> | (ListParams<Paths> & { readonly status: Choice })

/** A session as it comes with these expansions and this status. */
type Session<
  Paths extends ReadonlyArray<ListExpandPath>,
  Choice extends SessionFilter.StatusChoice
> = SessionFilter.Narrowed<Expanded<Paths>, Choice>

// `Needs` is what a call requires besides: nothing on the service, the service as an accessor.

/** `list`. */
export type List<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  params?: ListParamsOf<Paths, Choice>
) => Effect.Effect<Pagination.Page<Session<Paths, Choice>>, StripeError, Needs>

/** `retrieve`. */
export type Retrieve<Needs = never> = <const Paths extends ReadonlyArray<VerificationSession.ExpandPath> = readonly []>(
  id: string,
  options?: { readonly expand?: Paths | undefined }
) => Effect.Effect<VerificationSession.ExpandedBy<Paths>, StripeError, Needs>

/**
 * `pages`: the whole list, one element a page.
 *
 * **Example** (The size of every page)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const sizes = await VerificationSessions.pages({}, { maxItems: 150 }).pipe(
 *   Stream.map((page) => page.data.length),
 *   Stream.runCollect,
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * sizes // => [100, 50]
 * ```
 */
export type Pages<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never,
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  filter?: SessionFilter.Narrowing<Choice>,
  options?: ReadOptions<Paths, E, R>
) => Stream.Stream<Pagination.Page<Session<Paths, Choice>>, StripeError | E, Needs | R>

/** `stream`. */
export type Sessions<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never,
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  filter?: SessionFilter.Narrowing<Choice>,
  options?: ReadOptions<Paths, E, R>
) => Stream.Stream<Session<Paths, Choice>, StripeError | E, Needs | R>
