/**
 * What the calls of the service take and give. Public through `VerificationSessions`.
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as Pagination from "../Pagination.ts"
import type * as SessionFilter from "../SessionFilter.ts"
import type { StripeError } from "../StripeError.ts"
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
export type ListParams<Paths extends ReadonlyArray<ListExpandPath> = readonly []> = SessionFilter.StripeInput & {
  /**
   * Rows on the page, 1 to 100.
   *
   * @default 10, Stripe's own default
   */
  readonly limit?: number | undefined
  /** @default nothing */
  readonly expand?: Paths | undefined
} & (
    | {
        /** The page of the sessions older than this one. */
        readonly starting_after?: string | undefined
        readonly ending_before?: undefined
      }
    | {
        readonly starting_after?: undefined
        /** The page of the sessions newer than this one, those next to it. */
        readonly ending_before?: string | undefined
      }
  )

/**
 * How `stream` and `pages` read the list.
 *
 * @category options
 * @since 0.1.0
 */
export type ReadOptions<Paths extends ReadonlyArray<ListExpandPath> = readonly [], E = never, R = never> = (
  | Pagination.Options<E, R>
  // Several requests at once find the oldest session by time, so they need no id to start from.
  | (Omit<Pagination.Options<E, R>, "direction" | "startingAfter" | "endingBefore"> & {
      readonly direction: "oldest-first"
      readonly concurrency: number
      readonly startingAfter?: undefined
      readonly endingBefore?: undefined
    })
) & {
  /**
   * The most requests in flight, 1 to 100. The same sessions come in the same order, only sooner: the list is read in
   * many places at once, and up to eight pages a request wait for their turn. See `ParallelPagination`. From
   * `endingBefore` on the list is read one page after the other, and `prefetch` means nothing here.
   *
   * @default 1
   */
  readonly concurrency?: number | undefined
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

/** `pages`. */
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
