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
import type { Query } from "./query.ts"

/**
 * How many requests are sent in a span of time, over all calls of one client. A token bucket: after a pause, up to
 * `limit` requests go out at once.
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
   * The limiter that counts. Give one whose store is Redis to share the limit between processes.
   *
   * @default a limiter of this client's own, in memory
   */
  readonly limiter?: RateLimiter.RateLimiter | undefined
  /**
   * What the limiter counts under. Processes that share a store and read one account need the same, and those of
   * different accounts different ones.
   *
   * @default "effect-stripe-identity"
   */
  readonly key?: string | undefined
}

/**
 * Options of `StripeClient.make` and `StripeClient.layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** A secret key (`sk_…`) or a restricted key (`rk_…`) that may read Identity. */
  readonly apiKey: Redacted.Redacted<string>
  /** @default "https://api.stripe.com" */
  readonly apiBase?: string | undefined
  /** @default `defaultApiVersion` */
  readonly apiVersion?: string | undefined
  /**
   * The connected account to read (`acct_…`), sent as `Stripe-Account`.
   *
   * @default the key's own account
   */
  readonly account?: string | undefined
  /**
   * The longest that one request may take, head and body together. Waits between retries do not count.
   *
   * @default "80 seconds", as in Stripe's own libraries
   */
  readonly timeout?: Duration.Input | undefined
  /** `false` sends without limit. */
  readonly rateLimit?: RateLimit | false | undefined
  /** Changes the HTTP client that requests go through: a proxy, logging, a circuit breaker. */
  readonly transformClient?: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
}

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
   * The request to send instead after so many replies that may have failed for their size: a 5xx, a body that is no
   * JSON, or none within the time limit.
   *
   * @default the same request
   */
  readonly smaller?: ((failures: number) => Request<A>) | undefined
}

/**
 * The account and the mode that a client reads, as far as they are known without asking.
 *
 * @category models
 * @since 0.1.0
 */
export interface Account {
  /** The connected account, `acct_…`; unset for the key's own. */
  readonly id: string | undefined
  /** Whether the key is of live mode; unset where it does not say so. */
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
}
