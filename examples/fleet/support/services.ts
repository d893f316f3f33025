// What a worker stands on, by the environment: with DATABASE_URL and REDIS_URL several of them share the work, and without
// either one of them does it alone.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { PgClient } from "@effect/sql-pg"
import { Config, Console, Duration, Effect, Layer, Redacted, Schedule, Scope } from "effect"
import { RateLimiter } from "effect/persistence"
import { StripeClient, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import * as Database from "../../support/database.ts"
import * as Accounts from "./accounts.ts"
import * as Log from "./log.ts"

export interface Options {
  /** The name of what the workers share. */
  readonly fleet: string
  /** Connections to Postgres. */
  readonly connections: number
  /** How long a worker that does not answer keeps what it has. */
  readonly lock: Duration.Duration
  /** Requests a second, of all workers and accounts together and of one account. */
  readonly rate: number
  readonly accountRate: number
}

/** Builds a layer again until its service answers, and says what it waits for. */
const insist =
  (what: string) =>
  <A, E, R>(self: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
    Layer.effectContext(
      Effect.gen(function* () {
        const own = yield* Scope.fork(yield* Effect.scope)
        return yield* Effect.onExit(Layer.buildWithScope(self, own), (exit) =>
          exit._tag === "Failure" ? Scope.close(own, exit) : Effect.void
        )
      }).pipe(
        Effect.tapError((error) => Effect.logWarning(`Waiting for ${what}: ${Log.describe(error)}`)),
        Effect.retry(Schedule.spaced("2 seconds"))
      )
    )

const postgres = (url: Redacted.Redacted<string>, { connections, lock }: Pick<Options, "connections" | "lock">) =>
  PgClient.layer({
    url,
    maxConnections: connections,
    connectTimeout: "5 seconds",
    // Without probes nobody learns that an idle connection has died in silence.
    keepAlive: "10 seconds",
    applicationName: "fleet",
    startupParameters: {
      // A worker that is frozen in a transaction keeps its locks for so long, and whoever meets them waits for so long.
      idle_in_transaction_session_timeout: String(Duration.toMillis(lock)),
      lock_timeout: String(2 * Duration.toMillis(lock)),
      // Effect's queue and cluster store local times, which must not jump with summer time.
      timezone: "UTC"
    }
  })

const databaseUrl = Config.Redacted("DATABASE_URL").pipe(
  Config.withDefault(Redacted.make("sqlite:out/fleet.db")),
  Effect.map(Redacted.value),
  // Without what was found, which may have a password.
  Effect.filterOrFail(
    (address) => Database.isPostgres(address) || address.startsWith("sqlite:"),
    () => new Error("DATABASE_URL: expected postgres://USER:PASSWORD@HOST/NAME or sqlite:FILE, found something else.")
  )
)

/** Where the database is, for a person to read. */
export const databaseName = Effect.map(databaseUrl, Database.shown)

/** A client of a database that has its tables, for who only reads: a role without the right to write is enough. */
export const databaseToRead = (options: Pick<Options, "connections" | "lock">) =>
  Layer.unwrap(
    Effect.map(databaseUrl, (address) =>
      Database.isPostgres(address) ? postgres(Redacted.make(address), options) : Database.layer(address)
    )
  ).pipe(Layer.provide(NodeServices.layer))

/** A client of the database, once it answers, with the tables of sessions and accounts. */
export const database = (options: Pick<Options, "connections" | "lock">) =>
  Layer.unwrap(
    Effect.map(databaseName, (name) =>
      insist(`the database ${name}`)(
        Layer.mergeAll(SqlDestination.layer(), Accounts.layer).pipe(Layer.provideMerge(databaseToRead(options)))
      )
    )
  )

/**
 * A limit of so many requests a second, in small windows of whole milliseconds: no second has more than three requests over
 * it, wherever it begins. Redis counts in whole milliseconds, so a request takes as many as there are, rounded up.
 */
const paced = (perSecond: number) => {
  const each = Math.ceil(1000 / perSecond)
  return { limit: 3, window: Duration.millis(3 * each), algorithm: "fixed-window", onLimiterError: "wait" } as const
}

const redisUrl = Config.String("REDIS_URL").pipe(
  Config.withDefault(""),
  Effect.filterOrFail(
    (url) => url === "" || (/^rediss?:\/\//.test(url) && URL.canParse(url)),
    () => new Error("REDIS_URL: expected redis://HOST:PORT or rediss://USER:PASSWORD@HOST:PORT, found something else.")
  )
)

const limiter = Layer.unwrap(
  Effect.map(redisUrl, (url) =>
    url === ""
      ? RateLimiter.layerStoreMemory
      : RateLimiter.layerStoreRedis().pipe(
          Layer.provide(NodeRedis.layer({ url, socket: { connectTimeout: 5000 } })),
          insist(`Redis at ${new URL(url).host}`)
        )
  )
).pipe((store) => Layer.provide(RateLimiter.layer, store))

/** Whoever sets the key, even to nothing, means Stripe. */
const hasKey = Effect.sync(() => process.env["STRIPE_API_KEY"] !== undefined)

/** The variable that names what other workers may share, if there is one. */
const shared = Effect.map(Effect.all([databaseUrl, redisUrl]), ([address, redis]) =>
  Database.isPostgres(address) ? "DATABASE_URL" : redis === "" ? undefined : "REDIS_URL"
)

/** Whether this process reads the sandbox in itself, and shares nothing. */
export const isAlone = Effect.map(Effect.all([hasKey, shared]), ([hasKey, shared]) => !hasKey && shared === undefined)

/** The accounts of that sandbox. */
export const sandboxAccounts = Array.from({ length: 20 }, (_, index) => `acct_${index + 1}`)

/**
 * The database of one fleet and of no other: the tables of accounts and sessions do not carry its name. Whoever reads the
 * sandbox gets one that is not a fleet's.
 */
export const databaseOf = (
  { fleet, ...options }: Pick<Options, "connections" | "fleet" | "lock">,
  readsSandbox: Effect.Effect<boolean, Config.ConfigError | Error> = isAlone
) =>
  Effect.gen(function* () {
    const alone = yield* readsSandbox
    // Made-up sessions must not be among those of real accounts. No flag can give this name.
    const name = alone ? "the sandbox" : fleet
    const owner = yield* Accounts.own(name)
    if (owner === name) return
    const found = `${yield* databaseName}: expected the database of "${name}", found that of "${owner}".`
    const advice = `${alone ? "Set STRIPE_API_KEY, or set" : "Set"} DATABASE_URL to another database.`
    return yield* Effect.fail(new Error(`${found} ${advice}`))
  }).pipe(Layer.effectDiscard, Layer.provideMerge(database(options)))

/** The calls to Stripe, within the limits that all workers share. */
const stripe = ({ accountRate, fleet, rate }: Options) =>
  Layer.unwrap(
    Effect.map(Effect.all([RateLimiter.RateLimiter, isAlone]), ([limiter, isAlone]) => {
      const rateLimit = [
        { ...paced(rate), limiter, key: fleet },
        { ...paced(accountRate), limiter, key: fleet, per: "account" }
      ] as const
      return isAlone
        ? StripeClient.layer({ apiKey: Sandbox.apiKey, rateLimit }).pipe(
            Layer.provide(Sandbox.layer({ sessions: 300, latency: "20 millis" }))
          )
        : StripeClient.layerConfig({ rateLimit }).pipe(Layer.provide(NodeHttpClient.layerUndici))
    })
  ).pipe(Layer.provide(limiter), (client) => Layer.provide(VerificationSessions.layerFromClient, client))

/** All of it. What others may share gets nothing of the sandbox. */
export const layer = (options: Options) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const name = yield* shared
      if (yield* isAlone) {
        yield* Console.error("Reading the sandbox, a simulated Stripe. Set STRIPE_API_KEY to read your own sessions.")
      } else if (!(yield* hasKey)) {
        return yield* Effect.fail(
          new Error(
            `STRIPE_API_KEY: expected a key, because ${name} is set, found none. Set it, or unset ${name} to read the sandbox.`
          )
        )
      }
      return Layer.merge(stripe(options), databaseOf(options))
    })
  )

/** Says that a worker is at work, and to which limit it keeps. */
export const ready = Effect.fnUntraced(function* (concurrency: number, rate: number) {
  const limit = `at most ${rate} requests a second`
  const isTogether = (yield* redisUrl) !== ""
  yield* Effect.logInfo(
    `Ready: ${concurrency} accounts at a time, ${limit}${isTogether ? ", all workers together" : ""}`
  )
  if (isTogether || (yield* shared) === undefined) return
  yield* Effect.logWarning(`Each worker sends ${limit}, because they share no Redis. Set REDIS_URL, or start only one.`)
})
