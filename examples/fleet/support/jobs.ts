// The queue of turns, in the database.
import { Array as Arr, Context, Duration, Effect, Layer, Order, Schema } from "effect"
import { PersistedQueue } from "effect/persistence"
import { SqlClient } from "effect/sql"
import * as Accounts from "./accounts.ts"

const Job = Schema.Struct({ account: Schema.String, turn: Schema.Int })

/** The queue of a fleet. */
export class Jobs extends Context.Service<Jobs, PersistedQueue.PersistedQueue<typeof Job.Type>>()("fleet/Jobs") {}

/** Puts a turn into the queue. Its id lets it in once, however often it is offered. */
export const offer = Effect.fn("fleet.offer")(function* (turn: Accounts.Turn, delay?: Duration.Duration) {
  const jobs = yield* Jobs
  yield* jobs.offer(turn, { id: `${turn.account}/${turn.turn}`, delay })
})

/**
 * Takes accounts into the fleet, where they are not in it; gives how many there are of these. With `again` the others get a
 * turn at once too, whatever became of theirs.
 */
export const enroll = Effect.fn("fleet.enroll")(function* (accounts: ReadonlyArray<string>, again = false) {
  const sql = yield* SqlClient.SqlClient
  let enrolled = 0
  // In one order, because two programs that lock the same accounts in different orders wait for each other.
  for (const some of Arr.chunksOf(Arr.sort(accounts, Order.String), 100)) {
    // Together, so that an account always has a next turn.
    yield* sql.withTransaction(
      Effect.gen(function* () {
        for (const turn of yield* Accounts.add(some, again)) {
          yield* offer(turn)
          enrolled++
        }
      })
    )
  }
  return enrolled
})

/** Puts the turn of each account into the queue, where it is not in it: cluster.ts has no queue, and jobs may be lost. */
export const offerAll = Effect.flatMap(
  Accounts.turns,
  Effect.forEach(({ pause, turn }) => offer(turn, pause), { discard: true })
)

export const layer = (name: string, lock: Duration.Duration) =>
  Layer.merge(
    Layer.effect(
      Jobs,
      PersistedQueue.make({
        name,
        schema: Job,
        // Workers that are killed use up attempts, and an account whose attempts are used up is never read again.
        maxAttempts: 2 ** 31 - 1
      })
    ).pipe(Layer.provide(PersistedQueue.layer)),
    // Turns that were taken are of use to nobody. Kept for 30 days, as is the default, they are what fills the disk.
    PersistedQueue.layerCleanup({ interval: "10 minutes", timeToLive: "1 hour" })
  ).pipe(
    Layer.provide(
      PersistedQueue.layerStoreSql({
        pollInterval: "500 millis",
        lockExpiration: lock,
        lockRefreshInterval: Duration.times(lock, 1 / 3)
      })
    )
  )
