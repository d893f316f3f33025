/**
 * One decoded `GET` from Stripe: authentication, API version, account, time limit, rate limit and retries.
 *
 * The services of this library stand on it. Use it directly to share one rate limit between several of them, or to
 * read another of Stripe's lists with the same care.
 *
 * @module
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { flow, identity } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Body from "./internal/client/body.ts"
import type { Account, ConfigOptions, Options, RateLimit, Request } from "./internal/client/model.ts"
import * as ClientOptions from "./internal/client/options.ts"
import * as Limiter from "./internal/client/limiter.ts"
import * as PageSize from "./internal/walk/pageSize.ts"
import { SlowDown } from "./internal/client/slowDown.ts"
import * as StripeReply from "./internal/client/reply.ts"
import * as Telemetry from "./internal/telemetry.ts"
import * as Transport from "./internal/client/transport.ts"
import { version } from "./internal/client/version.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as StripeError from "./StripeError.ts"

export type { Account, ConfigOptions, Options, RateLimit, Request } from "./internal/client/model.ts"

/**
 * The API version that this library's Schemas describe, sent as `Stripe-Version` unless an option says otherwise.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultApiVersion = "2026-10-28.endive"

/**
 * What a {@link StripeClient} offers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The account and the mode that are read here, by `CurrentAccount` and the key. */
  readonly account: Effect.Effect<Account>
  /**
   * Sends one request, retries it by the policy in force, and decodes the reply. It has no span of its own: how many
   * attempts there were, and Stripe's id of the last, is noted on the current one.
   */
  readonly get: <A>(request: Request<A>) => Effect.Effect<A, StripeError.StripeError>
  /** The configured HTTP client, for calls that this library does not know: it adds the key, version and account. */
  readonly client: HttpClient.HttpClient
}

/**
 * The service. Provide it with {@link layer} or {@link layerConfig}, as for `VerificationSessions.layerClient`.
 *
 * @category services
 * @since 0.1.0
 */
export class StripeClient extends Context.Service<StripeClient, Service>()("effect-stripe-identity/StripeClient") {}

/**
 * The connected account for the effects and streams it is provided to, instead of the client's own. Set it with
 * {@link withAccount}.
 *
 * @category references
 * @since 0.1.0
 */
export const CurrentAccount: Context.Reference<Option.Option<string>> = Context.Reference<Option.Option<string>>(
  "effect-stripe-identity/StripeClient/CurrentAccount",
  { defaultValue: Option.none }
)

type EffectOrStream = Effect.Effect<unknown, unknown, unknown> | Stream.Stream<unknown, unknown, unknown>

/**
 * The effect or stream that comes of one when a reference is provided to it: with the same results, errors and
 * requirements, whatever else it was.
 *
 * @category models
 * @since 0.1.0
 */
export type Provided<Self> =
  Self extends Stream.Stream<infer A, infer E, infer R>
    ? Stream.Stream<A, E, R>
    : Self extends Effect.Effect<infer A, infer E, infer R>
      ? Effect.Effect<A, E, R>
      : never

const withReference =
  <A>(reference: Context.Reference<A>, value: A) =>
  <Self extends EffectOrStream>(self: Self): Provided<Self> =>
    // Type boundary: providing a reference changes neither results nor errors nor requirements.
    (Stream.isStream(self)
      ? Stream.provideService(self, reference, value)
      : Effect.provideService(self, reference, value)) as Provided<Self>

/**
 * Reads a connected account (`acct_…`, the `Stripe-Account` header) in one effect or stream.
 *
 * **Example** (One account of many)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { StripeClient, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const read = VerificationSessions.list().pipe(StripeClient.withAccount("acct_1Nv0FGQ9RKHgCVdK"))
 * const accounts = await Effect.andThen(read, Sandbox.Sandbox.use((sandbox) => sandbox.requests)).pipe(
 *   Effect.map((requests) => requests.map(({ headers }) => headers["stripe-account"])),
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * accounts // => ["acct_1Nv0FGQ9RKHgCVdK"]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const withAccount = (account: string): (<Self extends EffectOrStream>(self: Self) => Provided<Self>) =>
  withReference(CurrentAccount, Option.some(account))

/**
 * Retries by another policy in one effect or stream. See `RetryPolicy.make`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withRetryPolicy = (
  policy: RetryPolicy.RetryPolicy
): (<Self extends EffectOrStream>(self: Self) => Provided<Self>) => withReference(RetryPolicy.Current, policy)

const makeWait = (options: RateLimit | false | undefined): Effect.Effect<Limiter.Wait> => {
  if (options === false) return Effect.succeed(() => Effect.void)
  const own = Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
  return Effect.flatMap(options?.limiter === undefined ? own : Effect.succeed(options.limiter), (limiter) =>
    Limiter.make(limiter, {
      algorithm: "token-bucket",
      onExceeded: "delay",
      key: options?.key ?? "effect-stripe-identity",
      limit: options?.limit ?? 25,
      window: options?.window ?? "1 second"
    })
  )
}

// Stripe's API has no redirects. Fetch would follow one, with the key as long as the host is the same.
const withoutRedirects = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Effect.serviceOption(FetchHttpClient.RequestInit), (init) =>
    Effect.provideService(effect, FetchHttpClient.RequestInit, {
      redirect: "manual",
      ...Option.getOrUndefined(init)
    })
  )

const errorOf = ({ cursor, operation, page }: Request<unknown>, reason: StripeError.Reason, attempts: number) =>
  new StripeError.StripeError({ operation, reason, attempts, page, cursor })

/** With wrong options nothing is sent. Every call says what is wrong, because the layer has no error of its own. */
const refusing = (reason: StripeError.InvalidArgumentError): Service => ({
  get: (request) => Effect.fail(errorOf(request, reason, 0)),
  account: Effect.succeed({ id: undefined, livemode: undefined }),
  client: HttpClient.makeWith<HttpClientError.HttpClientError, never, HttpClientError.HttpClientError, never>(
    Effect.flatMap((request) => {
      const unsent = new HttpClientError.TransportError({ request, description: reason.message })
      return Effect.fail(new HttpClientError.HttpClientError({ reason: unsent }))
    }),
    Effect.succeed
  )
})

/**
 * Makes a client from options, for a layer of your own. `VerificationSessions.layerClient` shows one in use.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Service, never, HttpClient.HttpClient> {
  const httpClient = yield* HttpClient.HttpClient
  const problem = ClientOptions.problem(options)
  if (Option.isSome(problem)) return refusing(problem.value)
  const wait = yield* makeWait(options.rateLimit)
  const timeout = Duration.fromInputUnsafe(options.timeout ?? "80 seconds")
  const accountInForce = Effect.map(CurrentAccount, (account) => Option.getOrElse(account, () => options.account))
  const apiBase = options.apiBase ?? "https://api.stripe.com"
  const server = Telemetry.server(apiBase)

  const client = httpClient.pipe(
    HttpClient.transformResponse(withoutRedirects),
    HttpClient.mapRequest(
      flow(
        HttpClientRequest.prependUrl(apiBase),
        HttpClientRequest.bearerToken(options.apiKey),
        HttpClientRequest.acceptJson,
        HttpClientRequest.setHeaders({
          "stripe-version": options.apiVersion ?? defaultApiVersion,
          "user-agent": `effect-stripe-identity/${version}`
        })
      )
    ),
    HttpClient.mapRequestEffect((request) =>
      Effect.map(accountInForce, (account) =>
        account === undefined ? request : HttpClientRequest.setHeader(request, "stripe-account", account)
      )
    ),
    options.transformClient ?? identity
  )

  const receive = (response: HttpClientResponse.HttpClientResponse) =>
    Effect.map(Body.text(response), (text): StripeReply.Reply => ({
      status: response.status,
      headers: response.headers,
      text
    }))

  const attempt = <A>(request: Request<A>): Effect.Effect<A, StripeError.Reason> =>
    Effect.andThen(
      wait(request.operation),
      client.get(request.path, { urlParams: UrlParams.make(request.query) }).pipe(
        Effect.catch(replyOfStatusError),
        Effect.flatMap(receive),
        Effect.mapError((error) => (error._tag === "DecodeError" ? error : Transport.toReason(error))),
        Effect.timeoutOrElse({
          duration: timeout,
          orElse: () => Effect.fail(new StripeError.TimeoutError({ limit: timeout }))
        }),
        Telemetry.request(request.operation, server, (reply) => interpret(request, reply))
      )
    )

  const get = <A>(request: Request<A>): Effect.Effect<A, StripeError.StripeError> =>
    Effect.suspend(() => {
      let attempts = 0
      let failedForSize = 0
      let failed: StripeError.Reason | undefined
      const once = Effect.suspend(() => {
        attempts++
        const sent = failedForSize === 0 ? request : (request.smaller?.(failedForSize) ?? request)
        const send = Effect.andThen(Telemetry.attempt(request.operation, attempts, failed), attempt(sent))
        return Effect.mapError(send, (reason) => {
          failed = reason
          if (PageSize.mayBeTooLarge(reason)) failedForSize++
          return errorOf(request, reason, attempts)
        }).pipe(
          Effect.tapError((error) =>
            Effect.logDebug(`${request.operation}: attempt ${attempts} failed: ${error.reason._tag}`)
          ),
          Effect.tapError(({ reason }) => (reason._tag === "RateLimitError" ? Effect.flatten(SlowDown) : Effect.void))
        )
      })
      return Effect.flatMap(CurrentAccount, (account) => {
        const refused = Option.flatMap(account, ClientOptions.accountProblem)
        return Option.isSome(refused)
          ? Effect.fail(errorOf(request, refused.value, attempts))
          : Effect.flatMap(RetryPolicy.Current, (policy) => Effect.retry(once, policy))
      })
    })

  const account = Effect.map(accountInForce, (id): Account => ({ id, livemode: isLive(options.apiKey) }))

  return { account, client, get }
})

// A client that was transformed to fail on statuses still has to have them judged by our rules.
const replyOfStatusError = (
  error: HttpClientError.HttpClientError
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> =>
  error.reason._tag === "StatusCodeError" ? Effect.succeed(error.reason.response) : Effect.fail(error)

const interpret = <A>(request: Request<A>, reply: StripeReply.Reply): Effect.Effect<A, StripeError.Reason> => {
  if (reply.status < 200 || reply.status >= 300) {
    return Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.fail(StripeReply.cutShort(reply) ?? StripeReply.toReason(reply, now))
    )
  }
  const requestId = StripeReply.requestId(reply.headers)
  const body = StripeReply.parse(reply)
  return Effect.fromResult(Result.flatMap(body, (body) => request.decode(body, requestId)))
}

const isLive = (key: Redacted.Redacted<string>): boolean | undefined => {
  const [, mode] = /^[rs]k_(live|test)_/.exec(Redacted.value(key)) ?? []
  return mode === undefined ? undefined : mode === "live"
}

/**
 * A client from options. Services that stand on it share its rate limit, as `VerificationReports.layerClient` shows.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<StripeClient, never, HttpClient.HttpClient> =>
  Layer.effect(StripeClient, make(options))

const keyFromEnvironment = Config.Redacted("STRIPE_API_KEY").pipe(
  Config.orElse(() =>
    Config.fail(new ConfigProvider.SourceError({ message: "STRIPE_API_KEY is not set to a key (sk_… or rk_…)" }))
  )
)

// A variable that is set to nothing is a common way to unset it.
const optionalText = (name: string): Config.Config<string | undefined> =>
  Config.String(name).pipe(
    Config.option,
    Config.map((text) => Option.getOrUndefined(Option.filter(text, (text) => text !== "")))
  )

/**
 * A client from the configuration, as `VerificationSessions.layerClient` shows it: `STRIPE_API_KEY`, `STRIPE_ACCOUNT`,
 * `STRIPE_API_BASE` and `STRIPE_API_VERSION`. Fails with a `ConfigError` that names what is missing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options?: ConfigOptions
): Layer.Layer<StripeClient, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(
    StripeClient,
    Effect.flatMap(
      Config.all({
        apiKey: options?.apiKey ?? keyFromEnvironment,
        apiBase: options?.apiBase ?? optionalText("STRIPE_API_BASE"),
        apiVersion: options?.apiVersion ?? optionalText("STRIPE_API_VERSION"),
        account: options?.account ?? optionalText("STRIPE_ACCOUNT")
      }),
      (config) => make({ ...options, ...config })
    )
  )
