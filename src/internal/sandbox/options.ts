/**
 * The options of a sandbox, and what they come to. Public through `Sandbox`.
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
 * A limit on the rate of requests: a token bucket by `Clock`.
 *
 * @category options
 * @since 0.1.0
 */
export interface RateLimit {
  /** How many requests at once; they are refilled evenly over `window`. */
  readonly limit: number
  /** In which time. */
  readonly window: Duration.Input
  /** "account" limits each account by itself, that of the key too. @default undefined (all requests together) */
  readonly per?: "account" | undefined
  /** What the header `Stripe-Rate-Limited-Reason` of the 429 says. @default "endpoint-rate" */
  readonly reason?: RateLimitReason | undefined
}

/**
 * How a connected account differs from the others.
 *
 * @category options
 * @since 0.1.0
 */
export interface AccountOptions {
  /** How many sessions it has at the start. @default the option `sessions` */
  readonly sessions?: number | undefined
  /** "revoked" is 403 `account_invalid`, "identity-not-enabled" is 400. @default as the option `account` says */
  readonly access?: Access | undefined
}

/**
 * What kind of Stripe to simulate.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * How many sessions there are at the start. To read more than 2,500 under `TestClock`, give the layer of the library
   * `rateLimit: false`.
   *
   * @default 250
   */
  readonly sessions?: number | undefined
  /** Everything that looks random follows from this. @default 1 */
  readonly seed?: number | undefined
  /** How the moments of creation are spread over the range. @default "uniform" */
  readonly history?: Shape | undefined
  /** The earliest possible `created`. @default 2025-01-01T00:00:00Z */
  readonly from?: DateTime.Utc | undefined
  /**
   * Every `created` of the start is before this. A `TestClock` has to be set after it for `sync` and `tail` to give any.
   *
   * @default 2026-01-01T00:00:00Z
   */
  readonly to?: DateTime.Utc | undefined
  /** How long after its `created` an inserted session appears in lists, by `Clock`. @default 0 */
  readonly visibilityLag?: Duration.Input | undefined
  /** How long every answer takes, by `Clock`; a `jitter` of 0.3 spreads it by ±30 %, seeded. @default 0 */
  readonly latency?: Duration.Input | { readonly base: Duration.Input; readonly jitter: number } | undefined
  /** Whether the account may use Identity; if not, every request is refused with 400. @default "identity-enabled" */
  readonly account?: "identity-enabled" | "identity-not-enabled" | undefined
  /**
   * Whether any session may be a cursor, or only one that the filter of the request selects; with "must-match-filter" any
   * other is refused with 400 `resource_missing`, as Stripe does for some resources. @default "any-session"
   */
  readonly cursorPolicy?: "any-session" | "must-match-filter" | undefined
  /**
   * Answers 429 beyond so many requests. Several limits may hold at once, such as Stripe's of a platform:
   * `[{ limit: 100, window: "1 second", reason: "global-rate" }, { limit: 25, window: "1 second", per: "account" }]`.
   *
   * @default undefined (no limit)
   */
  readonly rateLimit?: RateLimit | ReadonlyArray<RateLimit> | undefined
  /**
   * Connected accounts that are not as the others, by their ids. Every `acct_…` is let in, and has a history of its own with
   * `sessions` sessions, which follows from the seed and its id. @default {}
   */
  readonly accounts?: { readonly [account: string]: AccountOptions } | undefined
  /**
   * Where a session appears that is inserted into a second which has others: above them, or anywhere among them, for good.
   * Ids never tell the order. @default "insertion"
   */
  readonly orderWithinSecond?: "insertion" | "shuffled" | undefined
  /**
   * How far the list is out of order: one session in ten has its place up to so many seconds before or after its
   * `created`. The order is stable, and `created[…]` in a query goes by the true `created`. @default 0
   */
  readonly disorder?: Duration.Input | undefined
  /**
   * How many requests `requests` shows: the last ones. Each takes about 1 kB, so a sandbox that runs for long needs a bound;
   * `requestCount` counts them all. @default 10_000
   */
  readonly recordedRequests?: number | undefined
  /** Events are listed up to this much later than they happen, each by a lag of its own, seeded. @default 0 */
  readonly eventLag?: Duration.Input | undefined
  /** How long a redaction takes, by `Clock`. @default 1 day */
  readonly redactionTime?: Duration.Input | undefined
  /**
   * The version of the API of the account, at which events are rendered whatever version a request names.
   *
   * @default "2026-10-28.endive"
   */
  readonly apiVersion?: string | undefined
}

// A record, so that none is forgotten.
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
