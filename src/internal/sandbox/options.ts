/**
 * The options of a sandbox, checked and with their defaults. Public through `Sandbox`.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import { type Access, accesses, isAccount } from "./accounts.ts"
import type { Settings } from "./engine.ts"
import { type RateLimitReason, rateLimitReasons } from "./faults.ts"
import { type Shape, shapes } from "./history.ts"
import type { Limit } from "./rateLimit.ts"
import { assert, names, word } from "./assertions.ts"

/**
 * A rate limit: a token bucket by `Clock`.
 *
 * @category options
 * @since 0.1.0
 */
export interface RateLimit {
  /** The requests per `window`, which is also the largest burst. */
  readonly limit: number
  /** The time in which `limit` requests are refilled, evenly. */
  readonly window: Duration.Input
  /** "account" limits each account separately. @default undefined (all requests together) */
  readonly per?: "account" | undefined
  /** The `Stripe-Rate-Limited-Reason` header of the 429. @default "endpoint-rate" */
  readonly reason?: RateLimitReason | undefined
}

/**
 * Options of one connected account.
 *
 * @category options
 * @since 0.1.0
 */
export interface AccountOptions {
  /** Its number of initial sessions. @default the option `sessions` */
  readonly sessions?: number | undefined
  /** "revoked" is 403 `account_invalid`, "identity-not-enabled" is 400. @default the option `account` */
  readonly access?: Access | undefined
}

/**
 * Options of a sandbox.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The number of initial sessions. To read more than 2,500 under `TestClock`, pass `rateLimit: false` to the library's
   * layer.
   *
   * @default 250
   */
  readonly sessions?: number | undefined
  /** The seed of everything that looks random. @default 1 */
  readonly seed?: number | undefined
  /** How the sessions are spread over the time from `from` to `to`. @default "uniform" */
  readonly history?: Shape | undefined
  /** The earliest `created` of an initial session. @default 2025-01-01T00:00:00Z */
  readonly from?: DateTime.Utc | undefined
  /**
   * The `created` of the initial sessions is before this. Set a `TestClock` after it, or `sync` and `tail` emit
   * nothing.
   *
   * @default 2026-01-01T00:00:00Z
   */
  readonly to?: DateTime.Utc | undefined
  /** How long after its `created` an inserted session is listed, by `Clock`. @default 0 */
  readonly visibilityLag?: Duration.Input | undefined
  /** How long a reply takes, by `Clock`. A `jitter` of 0.3 varies it by ±30 %, by the seed. @default 0 */
  readonly latency?: Duration.Input | { readonly base: Duration.Input; readonly jitter: number } | undefined
  /** Whether the account has Identity. If not, every request fails with 400. @default "identity-enabled" */
  readonly account?: "identity-enabled" | "identity-not-enabled" | undefined
  /**
   * Whether any session may be a cursor, or only one that matches the request's filter. With "must-match-filter", any
   * other fails with 400 `resource_missing`, as for some of Stripe's resources. @default "any-session"
   */
  readonly cursorPolicy?: "any-session" | "must-match-filter" | undefined
  /**
   * Answers 429 above this rate. Several limits can apply together, such as Stripe's limits for a platform:
   * `[{ limit: 100, window: "1 second", reason: "global-rate" }, { limit: 25, window: "1 second", per: "account" }]`.
   *
   * @default undefined (no limit)
   */
  readonly rateLimit?: RateLimit | ReadonlyArray<RateLimit> | undefined
  /**
   * Options of single connected accounts, by id. `GET /v1/accounts` lists them, the last one first. Every other `acct_…` is
   * accepted too, and has its own history of `sessions` sessions, by the seed and its id. @default {}
   */
  readonly accounts?: { readonly [account: string]: AccountOptions } | undefined
  /**
   * Where a session is listed that is inserted into the second of others: above them, or at a random but stable place
   * among them. Ids say nothing about the order. @default "insertion"
   */
  readonly orderWithinSecond?: "insertion" | "shuffled" | undefined
  /**
   * How far the list is out of order: one session in ten is listed up to this long before or after its `created`. The
   * order is stable, and `created[…]` in a query uses the true `created`. @default 0
   */
  readonly disorder?: Duration.Input | undefined
  /**
   * How many of the last requests `requests` keeps, at about 1 kB each. `requestCount` counts all. @default 10_000
   */
  readonly recordedRequests?: number | undefined
  /** Events are listed up to this long after they happen, each with its own lag by the seed. @default 0 */
  readonly eventLag?: Duration.Input | undefined
  /** How long a redaction takes, by `Clock`. @default 1 day */
  readonly redactionTime?: Duration.Input | undefined
  /**
   * The account's API version. Events have the form of this version, whatever version a request names.
   *
   * @default "2026-10-28.endive"
   */
  readonly apiVersion?: string | undefined
}

// A record, so that the compiler finds a missing name.
const optionNames: { readonly [Name in keyof Options]-?: true } = {
  sessions: true,
  seed: true,
  history: true,
  from: true,
  to: true,
  visibilityLag: true,
  latency: true,
  account: true,
  cursorPolicy: true,
  rateLimit: true,
  accounts: true,
  orderWithinSecond: true,
  disorder: true,
  recordedRequests: true,
  eventLag: true,
  redactionTime: true,
  apiVersion: true
}

const isSize = (sessions: number): boolean => Number.isInteger(sessions) && sessions >= 0 && sessions <= 1e9

const toLimit = (limit: RateLimit): Limit => {
  names("rateLimit", limit, ["limit", "window", "per", "reason"])
  word("the reason of rateLimit", limit.reason, rateLimitReasons)
  word("per of rateLimit", limit.per, ["account"])
  assert(limit.limit >= 0, "the limit of rateLimit must not be negative")
  const window = Duration.toMillis(limit.window ?? 0)
  assert(window > 0, "the window of rateLimit must not be empty")
  return { limit: limit.limit, window, per: limit.per, reason: limit.reason ?? "endpoint-rate" }
}

const toLimits = (limits: Options["rateLimit"]): ReadonlyArray<Limit> =>
  limits === undefined ? [] : "length" in limits ? limits.map(toLimit) : [toLimit(limits)]

const toAccount = (id: string, account: AccountOptions): AccountOptions => {
  assert(isAccount(id), `accounts must not have ${id.slice(0, 100)}, only ids of accounts (acct_…)`)
  names(`the account ${id}`, account, ["sessions", "access"])
  word(`the access of ${id}`, account.access, accesses)
  assert(isSize(account.sessions ?? 0), `the sessions of ${id} must be a whole number up to 1e9`)
  return account
}

/** The settings that these options stand for. Throws if one makes no sense. */
export const toSettings = (options: Options): Settings => {
  names("the options", options, Object.keys(optionNames))
  word("history", options.history, shapes)
  word("account", options.account, ["identity-enabled", "identity-not-enabled"])
  word("cursorPolicy", options.cursorPolicy, ["any-session", "must-match-filter"])
  word("orderWithinSecond", options.orderWithinSecond, ["insertion", "shuffled"])
  const { accounts = {}, latency = 0, recordedRequests = 10_000, seed = 1, sessions = 250 } = options
  const from = options.from === undefined ? 1735689600 : Math.ceil(DateTime.toEpochSeconds(options.from))
  const to = options.to === undefined ? 1767225600 : Math.ceil(DateTime.toEpochSeconds(options.to))
  assert(isSize(sessions), "sessions must be a whole number up to 1e9")
  assert(Number.isInteger(seed), "seed must be a whole number")
  assert(Number.isInteger(recordedRequests) && recordedRequests >= 1, "recordedRequests must be a whole number from 1")
  assert(from < to, "from must be before to, and both a DateTime")
  const isSpread = typeof latency === "object" && ("base" in latency || "jitter" in latency)
  if (isSpread) names("latency", latency, ["base", "jitter"])
  const spread = isSpread ? latency : { base: latency, jitter: 0 }
  assert(spread.jitter >= 0 && spread.jitter <= 1, "jitter must be between 0 and 1")
  const base = Duration.toMillis(spread.base)
  assert(base >= 0, "latency must not be negative")
  const visibilityLag = Duration.toMillis(options.visibilityLag ?? 0)
  assert(visibilityLag >= 0, "visibilityLag must not be negative")
  const disorder = Math.floor(Duration.toSeconds(options.disorder ?? 0))
  assert(Number.isFinite(disorder) && disorder >= 0, "disorder must be a number of seconds from 0")
  const eventLag = Duration.toMillis(options.eventLag ?? 0)
  const redactionTime = Duration.toMillis(options.redactionTime ?? "1 day")
  assert(eventLag >= 0 && redactionTime >= 0, "eventLag and redactionTime must not be negative")
  return {
    sessions,
    seed,
    history: options.history ?? "uniform",
    from,
    to,
    visibilityLag,
    latency: { base, jitter: spread.jitter },
    identityEnabled: options.account !== "identity-not-enabled",
    cursorsMustMatch: options.cursorPolicy === "must-match-filter",
    rateLimits: toLimits(options.rateLimit),
    accounts: new Map(Object.entries(accounts).map(([id, account]) => [id, toAccount(id, account)])),
    shuffled: options.orderWithinSecond === "shuffled",
    disorder,
    recordedRequests,
    eventLag,
    redactionTime,
    apiVersion: options.apiVersion ?? "2026-10-28.endive"
  }
}
