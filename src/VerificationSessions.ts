/**
 * Stripe Identity's verification sessions: one page, one session, or all of them as a lazy `Stream`.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as ListReply from "./internal/listReply.ts"
import * as Requests from "./internal/sessionRequests.ts"
import * as Pagination from "./Pagination.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import type * as SessionFilter from "./SessionFilter.ts"
import * as StripeClient from "./StripeClient.ts"
import * as StripeError from "./StripeError.ts"
import type * as VerificationSession from "./VerificationSession.ts"

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
 * The parameters of one page, named as Stripe names them.
 *
 * @category options
 * @since 0.1.0
 */
export type ListParams<Paths extends ReadonlyArray<ListExpandPath> = readonly []> = SessionFilter.Input & {
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
export type ReadOptions<Paths extends ReadonlyArray<ListExpandPath> = readonly []> = Pagination.Options & {
  /**
   * What Stripe is to send in full. It changes the type of the sessions.
   *
   * @default nothing
   */
  readonly expand?: Paths | undefined
}

/**
 * What {@link VerificationSessions} offers. Every call fails with `StripeError` alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Exactly one page, with exactly one request (and its retries). Rows come newest first, as Stripe sends them. */
  readonly list: <const Paths extends ReadonlyArray<ListExpandPath> = readonly []>(
    params?: ListParams<Paths>
  ) => Effect.Effect<Pagination.Page<Expanded<Paths>>, StripeError.StripeError>

  /** One session by its id. Fails with `NotFoundError` where there is none. */
  readonly retrieve: <const Paths extends ReadonlyArray<VerificationSession.ExpandPath> = readonly []>(
    id: string,
    options?: { readonly expand?: Paths | undefined }
  ) => Effect.Effect<VerificationSession.ExpandedBy<Paths>, StripeError.StripeError>

  /** All pages of the list: one element a page. */
  readonly pages: <const Paths extends ReadonlyArray<ListExpandPath> = readonly []>(
    filter?: SessionFilter.Input,
    options?: ReadOptions<Paths>
  ) => Stream.Stream<Pagination.Page<Expanded<Paths>>, StripeError.StripeError>

  /**
   * All sessions of the list: one element a session, one chunk a page. Requests are sent as their first row is asked
   * for. Retries happen inside, so no row comes twice; `Stream.retry` around it would start again from the first page.
   */
  readonly stream: <const Paths extends ReadonlyArray<ListExpandPath> = readonly []>(
    filter?: SessionFilter.Input,
    options?: ReadOptions<Paths>
  ) => Stream.Stream<Expanded<Paths>, StripeError.StripeError>
}

/**
 * The service. Provide it with {@link layer}, {@link layerConfig} or, in tests, {@link layerTest}.
 *
 * @category services
 * @since 0.1.0
 */
export class VerificationSessions extends Context.Service<VerificationSessions, Service>()(
  "effect-stripe-identity/VerificationSessions"
) {}

const refused = (operation: string, reason: StripeError.Reason): StripeError.StripeError =>
  new StripeError.StripeError({ operation, reason })

const check = <A>(
  operation: string,
  checked: Result.Result<A, StripeError.InvalidArgumentError>
): Effect.Effect<A, StripeError.StripeError> =>
  Effect.fromResult(Result.mapError(checked, (reason) => refused(operation, reason)))

/**
 * Makes the service on a `StripeClient`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Service, never, StripeClient.StripeClient> = Effect.map(
  StripeClient.StripeClient,
  (client): Service => {
    const list = Effect.fn("VerificationSessions.list")(function* (
      params: ListParams<ReadonlyArray<ListExpandPath>> = {}
    ) {
      const operation = "VerificationSessions.list"
      const { ending_before, expand, limit, starting_after, ...filter } = params
      const query = yield* check(operation, Requests.page(filter, { limit, starting_after, ending_before }, expand))
      const decode = ListReply.readPage(Requests.decodeListed(expand))
      return yield* client.get({ operation, path: Requests.path, query, decode })
    })

    const retrieve = Effect.fn("VerificationSessions.retrieve")(function* (
      id: string,
      options?: { readonly expand?: ReadonlyArray<VerificationSession.ExpandPath> | undefined }
    ) {
      const operation = "VerificationSessions.retrieve"
      const expand = options?.expand
      const query = yield* check(operation, Requests.retrieve(id, expand))
      const decode = ListReply.readRow(Requests.decodeRetrieved(expand))
      return yield* client.get({ operation, path: `${Requests.path}/${id}`, query, decode })
    })

    /** What `pages` and `stream` share: the arguments checked, and how one page is fetched. */
    const read =
      <A>(
        operation: string,
        paginate: (
          fetch: Pagination.FetchPage<VerificationSession.Any, StripeError.StripeError>,
          options: Pagination.Options
        ) => Stream.Stream<A, StripeError.StripeError | Pagination.WalkError>
      ) =>
      (filter: SessionFilter.Input = {}, options: ReadOptions<ReadonlyArray<ListExpandPath>> = {}) => {
        const { expand, ...walk } = options
        const { endingBefore, startingAfter } = walk
        const start = Effect.map(
          check(operation, Requests.walk(filter, { startingAfter, endingBefore }, expand)),
          (toQuery) => {
            const decode = ListReply.readPage(Requests.decodeListed(expand))
            return paginate((request) => {
              const { limit, page } = request
              const cursor = request.starting_after ?? request.ending_before
              return Effect.withSpan(
                client.get({ operation, path: Requests.path, query: toQuery(request), page, cursor, decode }),
                "VerificationSessions.page",
                { attributes: { page, limit, cursor } }
              )
            }, walk)
          }
        )
        return Stream.unwrap(start).pipe(
          Stream.mapError((error) => (StripeError.isStripeError(error) ? error : refused(operation, error))),
          Stream.withSpan(operation)
        )
      }

    return VerificationSessions.of({
      // Type boundary: `expand` chose how rows are decoded, and by that their type; see `sessionCodec.ts`.
      list: list as Service["list"],
      retrieve: retrieve as Service["retrieve"],
      pages: read("VerificationSessions.pages", Pagination.pages) as Service["pages"],
      stream: read("VerificationSessions.stream", Pagination.rows) as Service["stream"]
    })
  }
)

/**
 * The service on a `StripeClient` that is provided elsewhere, for several services that share one rate limit.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClient: Layer.Layer<VerificationSessions, never, StripeClient.StripeClient> = Layer.effect(
  VerificationSessions,
  make
)

/**
 * The service from options. It needs an `HttpClient`, such as `FetchHttpClient.layer`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: StripeClient.Options): Layer.Layer<VerificationSessions, never, HttpClient.HttpClient> =>
  Layer.provide(layerClient, StripeClient.layer(options))

/**
 * The service from the configuration: `STRIPE_API_KEY`, and `STRIPE_ACCOUNT`, `STRIPE_API_BASE`, `STRIPE_API_VERSION`
 * where they are set. See `StripeClient.layerConfig`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options?: StripeClient.ConfigOptions
): Layer.Layer<VerificationSessions, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.provide(layerClient, StripeClient.layerConfig(options))

/**
 * What {@link layerTest} answers with.
 *
 * @category testing
 * @since 0.1.0
 */
export interface TestHandlers {
  readonly list?:
    | ((
        params?: ListParams<ReadonlyArray<ListExpandPath>>
      ) => Effect.Effect<Pagination.Page<VerificationSession.Any>, StripeError.StripeError>)
    | undefined
  readonly retrieve?:
    | ((
        id: string,
        options?: { readonly expand?: ReadonlyArray<VerificationSession.ExpandPath> | undefined }
      ) => Effect.Effect<VerificationSession.Any, StripeError.StripeError>)
    | undefined
  readonly pages?:
    | ((
        filter?: SessionFilter.Input,
        options?: ReadOptions<ReadonlyArray<ListExpandPath>>
      ) => Stream.Stream<Pagination.Page<VerificationSession.Any>, StripeError.StripeError>)
    | undefined
  readonly stream?:
    | ((
        filter?: SessionFilter.Input,
        options?: ReadOptions<ReadonlyArray<ListExpandPath>>
      ) => Stream.Stream<VerificationSession.Any, StripeError.StripeError>)
    | undefined
}

/**
 * The service for tests of your own code: each call is answered by your handler, and a call without one dies, so that no
 * error handler of yours can hide it. To test against Stripe's behaviour instead of fixed answers, use `Sandbox`.
 *
 * @category testing
 * @since 0.1.0
 */
export const layerTest = (handlers: TestHandlers): Layer.Layer<VerificationSessions> =>
  Layer.mock(
    VerificationSessions,
    // Type boundary: a test answers for the expansions that it asks for.
    handlers as Partial<Service>
  )

/**
 * {@link Service.list} of the service in the context.
 *
 * @category accessors
 * @since 0.1.0
 */
export const list = <const Paths extends ReadonlyArray<ListExpandPath> = readonly []>(
  params?: ListParams<Paths>
): Effect.Effect<Pagination.Page<Expanded<Paths>>, StripeError.StripeError, VerificationSessions> =>
  VerificationSessions.use((service) => service.list(params))

/**
 * {@link Service.retrieve} of the service in the context.
 *
 * @category accessors
 * @since 0.1.0
 */
export const retrieve = <const Paths extends ReadonlyArray<VerificationSession.ExpandPath> = readonly []>(
  id: string,
  options?: { readonly expand?: Paths | undefined }
): Effect.Effect<VerificationSession.ExpandedBy<Paths>, StripeError.StripeError, VerificationSessions> =>
  VerificationSessions.use((service) => service.retrieve(id, options))

/**
 * {@link Service.pages} of the service in the context.
 *
 * @category accessors
 * @since 0.1.0
 */
export const pages = <const Paths extends ReadonlyArray<ListExpandPath> = readonly []>(
  filter?: SessionFilter.Input,
  options?: ReadOptions<Paths>
): Stream.Stream<Pagination.Page<Expanded<Paths>>, StripeError.StripeError, VerificationSessions> =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.pages(filter, options)))

/**
 * {@link Service.stream} of the service in the context.
 *
 * @category accessors
 * @since 0.1.0
 */
export const stream = <const Paths extends ReadonlyArray<ListExpandPath> = readonly []>(
  filter?: SessionFilter.Input,
  options?: ReadOptions<Paths>
): Stream.Stream<Expanded<Paths>, StripeError.StripeError, VerificationSessions> =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.stream(filter, options)))

type EffectOrStream = Effect.Effect<unknown, unknown, unknown> | Stream.Stream<unknown, unknown, unknown>

const withReference =
  <A>(reference: Context.Reference<A>, value: A) =>
  <Self extends EffectOrStream>(self: Self): Self =>
    // Type boundary: providing a reference changes neither results nor requirements, so the type stays what it is.
    (Stream.isStream(self)
      ? Stream.provideService(self, reference, value)
      : Effect.provideService(self, reference, value)) as Self

/**
 * Reads a connected account (`acct_…`, the `Stripe-Account` header) in one effect or stream.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withAccount = (account: string): (<Self extends EffectOrStream>(self: Self) => Self) =>
  withReference(StripeClient.CurrentAccount, Option.some(account))

/**
 * Retries by another policy in one effect or stream.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withRetryPolicy = (policy: RetryPolicy.RetryPolicy): (<Self extends EffectOrStream>(self: Self) => Self) =>
  withReference(RetryPolicy.Current, policy)
