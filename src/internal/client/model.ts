/**
 * What a client of Stripe's is made with, and what it is asked. Public through `StripeClient`.
 */
import type * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import type * as HttpClient from "effect/http/HttpClient"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import type * as Redacted from "effect/Redacted"
import type * as Result from "effect/Result"
import type { Reason } from "../../StripeError.ts"

/**
 * How many requests all calls of one client may send. After a pause `limit` of them go out at once, so one `window` can have
 * twice as many. `{ limit: 1, window: "112 millis" }` sends at most 10 in any second. Several limits may hold at once,
 * as {@link Options.rateLimit} shows.
 *
 * @category options
 * @since 0.1.0
 */
export interface RateLimit {
  /**
   * Requests per `window`.
   *
   * @default 25, Stripe's limit for one endpoint (docs.stripe.com/rate-limits)
   */
  readonly limit?: number | undefined
  /** @default "1 second" */
  readonly window?: Duration.Input | undefined
  /**
   * How the limit is counted. With `"token-bucket"` up to `limit` requests go out at once after a pause, and then one
   * every `window / limit`. With `"fixed-window"` up to `limit` go out in each window. In Redis a token bucket goes by the
   * clocks of the machines, which have to agree, and a fixed window goes by the clock of Redis.
   *
   * @default "fixed-window" for a `limiter` of yours, "token-bucket" for the client's own
   */
  readonly algorithm?: "fixed-window" | "token-bucket" | undefined
  /**
   * The limiter that counts. Give one whose store is Redis to share the limit between processes.
   *
   * @default a limiter of this client's own, in memory
   */
  readonly limiter?: RateLimiter.RateLimiter | undefined
  /**
   * What to do when the limiter fails, or does not answer within 5 seconds; both are logged as a warning and counted in
   * `stripe.client.rate_limiter.failures`. With `"own-limit"` the client keeps to the same limit by itself, and asks the
   * limiter again after 10 seconds: reading continues, and all processes together may send `limit` requests each. With
   * `"wait"` the client sends nothing, and asks again every second.
   *
   * @default "own-limit"
   */
  readonly onLimiterError?: "own-limit" | "wait" | undefined
  /**
   * What the limiter counts under. Processes that share a store need the same key if they read one account, and different
   * keys if they read different accounts. With `per: "account"` the id of the account is appended.
   *
   * @default "effect-stripe-identity"
   */
  readonly key?: string | undefined
  /**
   * `"account"` counts each account by itself, as `CurrentAccount` or the options name it.
   *
   * @default all accounts together
   */
  readonly per?: "account" | undefined
}

/**
 * Several limits that hold at once. Each needs a `key` or a `per` of its own.
 *
 * @category options
 * @since 0.1.0
 */
export type RateLimits = readonly [RateLimit, ...ReadonlyArray<RateLimit>]

/**
 * Which account is read: the key's own, unless one of these says otherwise. Stripe takes only one of the two.
 *
 * @category options
 * @since 0.1.0
 */
export interface AccountOptions {
  /** A connected account of the key's (`acct_…`), sent as `Stripe-Account`. */
  readonly account?: string | undefined
  /**
   * With the key of an organization: an account of it (`acct_…`), or a connected account of such an account
   * (`acct_…/acct_…`), sent as `Stripe-Context`.
   */
  readonly context?: string | undefined
}

/**
 * The account that one effect or stream reads; `{}` is the key's own. An account that is `undefined` is refused, because it
 * would read the key's own account in place of one that is unknown.
 *
 * @category options
 * @since 0.1.0
 */
export type AccountChoice =
  | { readonly account: string; readonly context?: never }
  | { readonly context: string; readonly account?: never }
  | { readonly account?: never; readonly context?: never }

/**
 * Options of `StripeClient.make` and `StripeClient.layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends AccountOptions {
  /** A secret key (`sk_…`) or a restricted key (`rk_…`) that may read Identity. */
  readonly apiKey: Redacted.Redacted<string>
  /**
   * The address of Stripe or of a proxy, without `/v1`, a query, a fragment or a password.
   *
   * @default "https://api.stripe.com"
   */
  readonly apiBase?: string | undefined
  /** @default `defaultApiVersion` */
  readonly apiVersion?: string | undefined
  /**
   * The longest that one request may take, head and body together. Waits between retries do not count.
   *
   * @default "80 seconds", as in Stripe's own libraries
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * One limit, or several that a request waits for together:
   * `[{ limit: 9, window: "100 millis" }, { limit: 20, per: "account" }]`. `false` sends without a limit.
   *
   * @default 25 requests a second
   */
  readonly rateLimit?: RateLimit | RateLimits | false | undefined
  /**
   * Changes the HTTP client that requests go through, each retry too, for logging or a header of your own. A client that can
   * fail in other ways, as with a circuit breaker, has to make `HttpClientError`s of those.
   */
  readonly transformClient?: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
}

/**
 * Query parameters in the order in which they are sent.
 *
 * @category models
 * @since 0.1.0
 */
export type Query = ReadonlyArray<readonly [name: string, value: string | Redacted.Redacted<string>]>

/**
 * One request, and how to read its reply.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request<A> {
  /** The call, as errors and metrics name it: `VerificationSessions.list`. */
  readonly operation: string
  /** The path from the API's root: `/v1/identity/verification_sessions`. */
  readonly path: string
  /** The query in the order in which it is sent. A `Redacted` value is sent as it is and kept out of spans. */
  readonly query: Query
  /** The number of the page, for errors. */
  readonly page?: number | undefined
  /** The cursor that the page starts from, for errors. */
  readonly cursor?: string | undefined
  /** Reads the JSON of a 2xx reply. */
  readonly decode: (body: unknown, requestId: string | undefined) => Result.Result<A, Reason>
  /**
   * The request to send instead after so many failures that point at the size of the reply: a 500, a 504, no reply within
   * the time limit, or a body that is too large, breaks off or is not JSON.
   *
   * @default the same request
   */
  readonly shrink?: ((failures: number) => Request<A>) | undefined
}

/**
 * The account and the mode that a client reads, as far as they are known without asking Stripe.
 *
 * @category models
 * @since 0.1.0
 */
export interface Account extends AccountOptions {
  /** Whether the key is of live mode; unset where the key does not show it. */
  readonly livemode: boolean | undefined
}

/**
 * Options of `StripeClient.layerConfig`: each is read from the configuration (by default the environment).
 *
 * @category options
 * @since 0.1.0
 */
export interface ConfigOptions extends Pick<Options, "timeout" | "rateLimit" | "transformClient"> {
  /** @default STRIPE_API_KEY */
  readonly apiKey?: Config.Config<Redacted.Redacted<string>> | undefined
  /** @default STRIPE_API_BASE, else "https://api.stripe.com" */
  readonly apiBase?: Config.Config<string | undefined> | undefined
  /** @default STRIPE_API_VERSION, else `defaultApiVersion` */
  readonly apiVersion?: Config.Config<string | undefined> | undefined
  /** @default STRIPE_ACCOUNT, else the key's own account */
  readonly account?: Config.Config<string | undefined> | undefined
  /** @default STRIPE_CONTEXT, else none */
  readonly context?: Config.Config<string | undefined> | undefined
}
