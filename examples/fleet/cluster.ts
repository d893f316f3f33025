// The fleet of worker.ts on Effect Cluster, if you run a cluster already: each account is an entity, which lives on one of
// the runners and takes one turn at a time. Each minute (`--cron`), one runner sends a turn to every account that is due.
//
//   node examples/fleet/cluster.ts --once                                          alone: SQLite, and a limit in memory
//   DATABASE_URL=… REDIS_URL=… node examples/fleet/cluster.ts --host 10.0.0.5      with others, each under its own address
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import {
  Cause,
  Clock,
  Cron,
  Deferred,
  Duration,
  Effect,
  Layer,
  Option,
  Result,
  Schedule,
  Schema,
  Semaphore
} from "effect"
import { Command, Flag } from "effect/cli"
import {
  ClusterCron,
  ClusterSchema,
  Entity,
  MachineId,
  RunnerAddress,
  ShardingConfig,
  Snowflake,
  SqlMessageStorage,
  SqlRunnerStorage
} from "effect/cluster"
import { Rpc } from "effect/rpc"
import { SqlClient } from "effect/sql"
import { StripeError } from "effect-stripe-identity"
import * as Accounts from "./support/accounts.ts"
import * as Flags from "./support/flags.ts"
import { runUntilStopped } from "./support/main.ts"
import * as Services from "./support/services.ts"
import { everyRead, takeTurn, type Work } from "./support/turn.ts"

const Account = Entity.make("Account", [
  Rpc.make("take", { payload: { turn: Schema.Int }, primaryKey: ({ turn }) => String(turn) })
    // Kept in the database until it is done, and once for each turn, however often it is sent.
    .annotate(ClusterSchema.Persisted, true)
    // Where this runner ends, another one takes the turn, so there is nothing to wait for.
    .annotate(ClusterSchema.InterruptOnTermination, true)
])

const send = Effect.fnUntraced(function* ({ account, turn }: Accounts.Turn) {
  const clientOf = yield* Account.client
  yield* clientOf(account).take({ turn }, { discard: true })
})

/**
 * The entity: it takes one turn after the other, and with others on this runner so many at a time. `refused` fails with the
 * error of a wrong key.
 */
const accounts = (work: Work, concurrency: number, refused: Deferred.Deferred<never, StripeError.StripeError>) => {
  const permits = Semaphore.makeUnsafe(concurrency)
  return Account.toLayer(
    Effect.map(Entity.CurrentAddress, ({ entityId }) => ({
      take: ({ payload: { turn } }: { readonly payload: { readonly turn: number } }) =>
        Semaphore.withPermit(permits, takeTurn({ account: entityId, turn }, work)).pipe(
          // The key is wrong for every account, so no runner that has it can do anything.
          Effect.tapError((error) => (StripeError.isStripeError(error) ? Deferred.fail(refused, error) : Effect.void)),
          // Where it has more to read now, and else the clock sends it the next turn.
          Effect.tap((closed) =>
            Option.isSome(closed) && Duration.isZero(closed.value.pause) ? send(closed.value.next) : Effect.void
          ),
          // The cluster would try a defect again without a pause, and a failure never.
          Effect.catchCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.fail(cause))),
          Effect.tapError((cause) => Effect.logWarning(cause)),
          Effect.retry(Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("1 minute")])),
          Effect.orDie,
          Effect.asVoid
        )
    }))
  )
}

/** Sends every account that is due its turn, on one runner at a time. What is sent again is stored once. */
const clock = (cron: Cron.Cron) =>
  ClusterCron.make({
    name: "turns",
    cron,
    skipIfOlderThan: "1 minute",
    execute: Effect.flatMap(Accounts.due, Effect.forEach(send, { concurrency: 20, discard: true }))
  })

/** Messages that are done stay in the database for good, unless somebody deletes them. */
const cleanup = (prefix: string) =>
  ClusterCron.make({
    name: "cleanup",
    cron: Cron.parseUnsafe("*/10 * * * *"),
    execute: Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const timestamp = (yield* Clock.currentTimeMillis) - Duration.toMillis("1 hour")
      const before = String(Snowflake.make({ machineId: MachineId.make(0), sequence: 0, timestamp }))
      const [messages, replies] = [sql(`${prefix}_messages`), sql(`${prefix}_replies`)]
      const old = sql`SELECT request_id FROM ${messages} WHERE processed = TRUE AND id < ${sql.literal(before)}`
      yield* sql`DELETE FROM ${replies} WHERE request_id IN (${old})`
      yield* sql`DELETE FROM ${messages} WHERE processed = TRUE AND id < ${sql.literal(before)}`
    })
  })

interface Runner {
  readonly fleet: string
  readonly host: string
  readonly port: number
  readonly lock: Duration.Duration
}

/** This process as a runner of the cluster. */
const runner = ({ fleet, host, lock, port }: Runner) => {
  const config = {
    // Two runners under one address are taken for one: then one of them does everything, and the other nothing.
    runnerAddress: Option.some(RunnerAddress.make(host, port)),
    shardLockExpiration: lock,
    shardLockRefreshInterval: Duration.times(lock, 1 / 3),
    entityMessagePollInterval: "1 second"
  } as const
  const storages = Layer.mergeAll(
    SqlMessageStorage.layerWith({ prefix: fleet }).pipe(Layer.provide(NodeCrypto.layerDigest)),
    Layer.orDie(SqlRunnerStorage.layerWith({ prefix: fleet }))
  ).pipe(Layer.provide(ShardingConfig.layer(config)))
  return NodeClusterSocket.layer({ storage: "byo", shardingConfig: config }).pipe(Layer.provide(storages))
}

const command = Command.make(
  "cluster",
  {
    concurrency: Flags.concurrency,
    once: Flags.once,
    host: Flag.String("host").pipe(
      Flag.withDescription("The address at which the other runners reach this machine (default 127.0.0.1)"),
      Flag.withDefault("127.0.0.1")
    ),
    port: Flag.Int("port").pipe(
      Flag.withDescription("A port that no other program on this machine uses (default 34431)"),
      Flag.filter(
        (port) => port >= 1 && port <= 65_535,
        () => "a port between 1 and 65535"
      ),
      Flag.withDefault(34431)
    ),
    cron: Flag.String("cron").pipe(
      Flag.withDescription("When to look for accounts that are due (default * * * * *, each minute)"),
      Flag.filter(
        (text) => Result.isSuccess(Cron.parse(text)),
        () => 'an expression such as "* * * * *"'
      ),
      Flag.withDefault("* * * * *"),
      Flag.map((text) => Cron.parseUnsafe(text))
    ),
    ...Flags.work,
    ...Flags.shared
  },
  Effect.fn(function* ({ concurrency, cron, host, once, pages, port, settle, ...options }) {
    const services = Services.layer({ ...options, connections: concurrency + 4 })
    const refused = yield* Deferred.make<never, StripeError.StripeError>()
    const entities = Layer.mergeAll(
      accounts({ pages, settle, pauses: options }, concurrency, refused),
      clock(cron),
      cleanup(options.fleet)
    ).pipe(Layer.provide(runner({ ...options, host, port })))
    yield* Effect.gen(function* () {
      if (yield* Services.isAlone) yield* Accounts.add(Services.sandboxAccounts)
      yield* Services.ready(concurrency, options.rate)
      yield* Effect.raceAllFirst([Layer.launch(entities), Deferred.await(refused), once ? everyRead : Effect.never])
    }).pipe(Effect.provide(services))
  })
).pipe(Command.withDescription("Keeps copies of the sessions of many accounts, as a runner of a cluster"))

runUntilStopped(command)
