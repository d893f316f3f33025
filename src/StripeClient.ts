/**
 * One decoded `GET` from Stripe: authentication, API version, account, time limit, rate limit and retries.
 *
 * The services of this library use it. Use it directly to share one rate limit between several services, or to read other
 * lists of Stripe's with the same limits and retries.
 *
 * @module
 * @category Requests and errors
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Arguments from "./internal/arguments.ts"
import type { Account, AccountChoice, ConfigOptions, Options, Query, Request } from "./internal/client/model.ts"
import * as ClientOptions from "./internal/client/options.ts"
import * as Limiter from "./internal/client/limiter.ts"
import * as PageSize from "./internal/pagination/pageSize.ts"
import { OnRateLimited } from "./internal/client/onRateLimited.ts"
import * as StripeReply from "./internal/client/reply.ts"
import * as Telemetry from "./internal/telemetry.ts"
import * as Transport from "./internal/client/transport.ts"
import { version } from "./internal/client/version.ts"
import { name } from "./internal/withoutSecrets.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as StripeError from "./StripeError.ts"

export type * from "./internal/client/model.ts"

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
  /**
   * The account and the mode that are read: from {@link CurrentAccount}, else from the options, and from the key. Fails if the
   * account cannot be one.
   */
  readonly account: Effect.Effect<Account, StripeError.InvalidArgumentError>
  /**
   * Sends one request, retries it by `RetryPolicy.Current`, and decodes the reply. It has no span of its own: it writes the
   * number of attempts, and Stripe's id of the last one, to the current span.
   */
  readonly get: <A>(request: Request<A>) => Effect.Effect<A, StripeError.StripeError>
  /**
   * The configured HTTP client, for calls that this library does not know. It adds the key, version and account, but has no
   * rate limit, time limit or retries.
   */
  readonly client: HttpClient.HttpClient
}

/**
 * The service. Provide it with {@link layer} or {@link layerConfig}, as for `VerificationSessions.layerFromClient`.
 *
 * @category services
 * @since 0.1.0
 */
export class StripeClient extends Context.Service<StripeClient, Service>()("effect-stripe-identity/StripeClient") {}

/**
 * The account that effects and streams read, instead of the client's own: `{ account: "acct_…" }` for a connected account
 * (`Stripe-Account`), or `{ context: "acct_…/acct_…" }` with the key of an organization (`Stripe-Context`). `{}` is the
 * key's own account. Set it with `Effect.provideService` or `Stream.provideService`.
 *
 * **Example** (One account of many)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { StripeClient, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const connected = VerificationSessions.list().pipe(
 *   Effect.provideService(StripeClient.CurrentAccount, { account: "acct_1" })
 * )
 * const ofAnOrganization = VerificationSessions.stream().pipe(
 *   Stream.provideService(StripeClient.CurrentAccount, { context: "acct_1/acct_2" }),
 *   Stream.runDrain
 * )
 *
 * const headers = Effect.all([connected, ofAnOrganization]).pipe(
 *   Effect.andThen(Sandbox.Sandbox.use((sandbox) => sandbox.requests)),
 *   Effect.map((requests) => requests.map(({ headers }) => headers["stripe-account"] ?? headers["stripe-context"])),
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer({ sessions: 50 }))
 * )
 *
 * await Effect.runPromise(headers) // => ["acct_1", "acct_1/acct_2"]
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const CurrentAccount: Context.Reference<AccountChoice> = Context.Reference<AccountChoice>(
  "effect-stripe-identity/StripeClient/CurrentAccount",
  { defaultValue: () => ofTheOptions }
)

/** Stands for the account in the options of the client. */
const ofTheOptions: AccountChoice = {}

const errorOf = ({ cursor, operation, page }: Request<unknown>, reason: StripeError.Reason, attempts: number) =>
  new StripeError.StripeError({ operation, reason, attempts, page, cursor })

const unbuilt = (reason: StripeError.InvalidArgumentError) =>
  new StripeError.StripeError({ operation: "StripeClient.make", reason })

// A copy by spread has no type id of Effect, and still works.
const isClient = (made: unknown): made is HttpClient.HttpClient =>
  Predicate.hasProperty(made, "get") && Predicate.isFunction(made.get)

/** What the caller makes of the client. Nobody else can handle what it throws, so it is a refusal of the option. */
const transformed = (
  client: HttpClient.HttpClient,
  transform: (client: HttpClient.HttpClient) => HttpClient.HttpClient
): Effect.Effect<HttpClient.HttpClient, StripeError.StripeError> => {
  const expected = "a function that returns an HttpClient"
  const refuse = (actual: string) => unbuilt(Arguments.invalid([{ path: "transformClient", actual, expected }]))
  return Effect.try({
    try: (): unknown => transform(client),
    catch: (error) => refuse(`one that threw ${Transport.describe(error)}`)
  }).pipe(Effect.filterOrFail(isClient, (made) => refuse(`one that returned ${Arguments.show(made)}`)))
}

/**
 * Makes a client from options, for a layer of your own. `VerificationSessions.layerFromClient` shows one in use. Fails with an
 * `InvalidArgumentError` for options that cannot work, such as a publishable key or an `apiBase` with a query.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Service, StripeError.StripeError, HttpClient.HttpClient> {
  yield* Effect.mapError(Effect.fromResult(ClientOptions.check(options)), unbuilt)
  const httpClient = yield* HttpClient.HttpClient
  const warn = Telemetry.warnings()
  const warnOfClock = Telemetry.warnings()
  const timeout = Duration.fromInputUnsafe(options.timeout ?? "80 seconds")
  const apiBase = options.apiBase ?? "https://api.stripe.com"
  const server = Telemetry.server(apiBase)

  const currentAccount = Effect.flatMap(CurrentAccount, (current) =>
    current === ofTheOptions
      ? Effect.succeed<AccountChoice | Options>(options)
      : Effect.as(Effect.fromResult(ClientOptions.checkAccount(current)), current)
  )
  const accountKey = Effect.match(currentAccount, {
    // An account that is refused fails the request itself.
    onFailure: () => "",
    onSuccess: ({ account, context }) => account ?? context ?? ""
  })
  const wait = options.rateLimit === false ? undefined : Limiter.make(options.rateLimit, accountKey)

  const prepare = Effect.fnUntraced(function* (request: HttpClientRequest.HttpClientRequest) {
    const { account, context } = yield* Effect.mapError(currentAccount, ({ message }) => unsent(request, message))
    return request.pipe(
      HttpClientRequest.prependUrl(apiBase),
      HttpClientRequest.bearerToken(options.apiKey),
      HttpClientRequest.acceptJson,
      HttpClientRequest.setHeaders({
        "stripe-version": options.apiVersion ?? defaultApiVersion,
        "user-agent": `effect-stripe-identity/${version}`,
        "stripe-account": account,
        "stripe-context": context
      })
    )
  })
  const configured = HttpClient.mapRequestEffect(Transport.sender(httpClient), prepare)
  const client =
    options.transformClient === undefined ? configured : yield* transformed(configured, options.transformClient)

  const get = Effect.fnUntraced(function* <A>(request: Request<A>): Effect.fn.Return<A, StripeError.StripeError> {
    const { account, context } = yield* Effect.mapError(currentAccount, (reason) => errorOf(request, reason, 0))
    const fiber = yield* Effect.fiber
    const secrets: Query = [...request.query, ["key", options.apiKey]]
    let attempts = 0
    // When the first request was sent: its wait for the rate limit is no outage.
    let began = 0n
    let failedForSize = 0
    let failed: StripeError.Reason | undefined
    let ahead = Number.NaN
    const send = Effect.suspend(() => {
      if (attempts++ === 0) began = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
      Telemetry.attempt(fiber, request.operation, attempts, failed)
      const sent = failedForSize === 0 ? request : (request.shrink?.(failedForSize) ?? request)
      const reply = Transport.receive(client.get(sent.path, { urlParams: UrlParams.make(sent.query) }), timeout)
      const judged = Telemetry.request(server, sent.operation, reply, (reply, clock) => {
        const now = clock.currentTimeMillisUnsafe()
        ahead = now - Date.parse(reply.headers["date"] ?? "")
        if (reply.status < 200 || reply.status >= 300) {
          return Result.fail(StripeReply.cutShort(reply) ?? StripeReply.toReason(reply, now, secrets))
        }
        const body = StripeReply.parse(reply, secrets)
        return Result.isSuccess(body)
          ? sent.decode(body.success, StripeReply.requestId(reply.headers))
          : Result.fail(body.failure)
      })
      return Effect.catch(judged, (reason) => {
        failed = reason
        if (PageSize.mayBeTooLarge(reason)) failedForSize++
        return Effect.logDebug(`${request.operation}: attempt ${attempts} failed: ${reason._tag}`).pipe(
          Effect.andThen(reason._tag === "RateLimitError" ? Effect.flatten(OnRateLimited) : Effect.void),
          Effect.andThen(Effect.fail(errorOf(request, reason, attempts)))
        )
      })
    })
    const once = wait === undefined ? send : Effect.andThen(wait(request.operation), send)
    const result = yield* Effect.catch(once, (error) => retry(once, error, began, account ?? context, warn))
    if (Math.abs(ahead) > mostApart) yield* warnOfClock(`${request.operation}: ${ofClock(ahead)}`)
    return result
  })

  const [, mode] = /^[rs]k_(live|test)_/.exec(Redacted.value(options.apiKey)) ?? []
  const livemode = mode === undefined ? undefined : mode === "live"
  const account = Effect.map(currentAccount, ({ account, context }): Account => ({ account, context, livemode }))

  return { account, client, get }
})

// More than a slow reply takes.
const mostApart = 300_000

const ofClock = (ahead: number): string => {
  const apart = `this machine's clock is ${Math.round(Math.abs(ahead) / 60_000)} minutes`
  return ahead > 0
    ? `${apart} ahead of Stripe's. Set it: until then sync, changes and mirror may miss sessions.`
    : `${apart} behind Stripe's. Set it: until then sync, changes and mirror are late, and webhooks are refused.`
}

/** Sends again what failed once, as long as the policy in force says so. */
const retry = <A>(
  once: Effect.Effect<A, StripeError.StripeError>,
  first: StripeError.StripeError,
  began: bigint,
  account: string | undefined,
  warn: (message: string) => Effect.Effect<void>
): Effect.Effect<A, StripeError.StripeError> =>
  Effect.flatMap(RetryPolicy.Current, (policy) => {
    // Errors do not say which account they are about, and one line stands for all reads of a client.
    const still = account === undefined ? "Still retrying" : `Still retrying ${name(account)}`
    // A wait of seconds needs a reason in the log.
    const tellOfWait = (wait: Duration.Duration, error: StripeError.StripeError) =>
      Effect.flatMap(Clock.monotonicTimeNanos, (now) => {
        const waited = Duration.nanos(now - began)
        return Duration.isLessThan(Duration.sum(waited, wait), silence)
          ? Effect.void
          : warn(`${still} after ${inSeconds(waited)}, next attempt in ${inSeconds(wait)}. ${error.message}`)
      })
    const schedule = policy.schedule.pipe(
      Schedule.while(({ input }) => policy.while(input)),
      Schedule.tap(({ duration, input }) => tellOfWait(duration, input))
    )
    // The schedule is for failures only, and begins with one that has been.
    let tries = 0
    const next = Effect.suspend(() => (tries++ === 0 ? Effect.fail(first) : once))
    return Effect.retry(next, schedule)
  })

// The longest that a read waits without a word in the log.
const silence = Duration.seconds(5)

const inSeconds = (time: Duration.Duration): string => `${Math.round(Duration.toSeconds(time) * 10) / 10} s`

// Not a TransportError, which the caller's retries would send again.
const unsent = (request: HttpClientRequest.HttpClientRequest, description: string) =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.EncodeError({ request, description }) })

/**
 * A client from options. Services made from it share its rate limit, as `VerificationReports.layerFromClient` shows. Fails
 * as {@link make} does.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<StripeClient, StripeError.StripeError, HttpClient.HttpClient> =>
  Layer.effect(StripeClient, make(options))

const keyFromEnvironment = Config.flatMap(Config.withDefault(Config.Redacted("STRIPE_API_KEY"), undefined), (key) => {
  const message = "STRIPE_API_KEY: expected a secret key (sk_…) or restricted key (rk_…), got nothing"
  return key === undefined ? Config.fail(new ConfigProvider.SourceError({ message })) : Config.succeed(key)
})

const optionalText = (name: string) => Config.withDefault(Config.String(name), undefined)

/**
 * A client from the configuration, as `VerificationSessions.layerFromClient` shows it: `STRIPE_API_KEY`, `STRIPE_ACCOUNT`
 * or `STRIPE_CONTEXT`, `STRIPE_API_BASE` and `STRIPE_API_VERSION`. Fails with a `ConfigError` that names what is missing,
 * and as {@link make} does for what cannot work.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options?: ConfigOptions
): Layer.Layer<StripeClient, Config.ConfigError | StripeError.StripeError, HttpClient.HttpClient> =>
  Layer.effect(
    StripeClient,
    Effect.flatMap(
      Config.all({
        apiKey: options?.apiKey ?? keyFromEnvironment,
        apiBase: options?.apiBase ?? optionalText("STRIPE_API_BASE"),
        apiVersion: options?.apiVersion ?? optionalText("STRIPE_API_VERSION"),
        account: options?.account ?? optionalText("STRIPE_ACCOUNT"),
        context: options?.context ?? optionalText("STRIPE_CONTEXT")
      }),
      (config) => make({ ...options, ...config })
    )
  )
