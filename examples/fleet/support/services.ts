// What a worker stands on, by the environment: with DATABASE_URL and REDIS_URL several of them share the work, and without
// either one of them does it alone.
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { PgClient } from "@effect/sql-pg"
import { Config, Duration, Effect, Layer, Redacted, Schedule, Scope } from "effect"
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
    applicationName: "fleet",
    startupParameters: {
      // A worker that is frozen in a transaction keeps its locks for so long, and whoever meets them waits for so long.
      idle_in_transaction_session_timeout: String(Duration.toMillis(lock)),
      lock_timeout: String(2 * Duration.toMillis(lock))
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

/** A client of the database, with the tables of sessions and accounts. */
export const database = (options: Pick<Options, "connections" | "lock">) =>
  Layer.unwrap(
    Effect.map(databaseUrl, (address) => {
      const isPostgres = Database.isPostgres(address)
      const client = isPostgres ? postgres(Redacted.make(address), options) : Database.layer(address)
      return insist(`the database ${Database.shown(address)}`)(
        Layer.mergeAll(SqlDestination.layer(), Accounts.layer).pipe(Layer.provideMerge(client))
      )
    })
  ).pipe(Layer.provide(NodeServices.layer))

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

/** Whether there is nothing but the sandbox in this process to read. Whoever sets the key, even to nothing, means Stripe. */
export const isAlone = Effect.sync(() => process.env["STRIPE_API_KEY"] === undefined)

/** The accounts of that sandbox. */
export const sandboxAccounts = Array.from({ length: 20 }, (_, index) => `acct_${index + 1}`)

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

/** All of it. */
export const layer = (options: Options) => Layer.merge(stripe(options), database(options))
