// What happens in one turn of an account, whichever engine hands it out.
import { Clock, Console, type Duration, Effect, Option, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import * as Accounts from "./accounts.ts"
import { type Options, readTurn } from "./read.ts"

export interface Work extends Options {
  readonly pauses: Accounts.Pauses
}

/**
 * Takes a turn of an account and gives the next one, and how long until it is due; nothing where the turn was over already.
 * `handOn` may store the next turn in the same transaction. Fails where the turn has to be taken again.
 */
export const takeTurn = Effect.fnUntraced(function* <E = never, R = never>(
  turn: Accounts.Turn,
  work: Work,
  handOn: (next: Accounts.Turn, pause: Duration.Duration) => Effect.Effect<void, E, R> = () => Effect.void
) {
  const sql = yield* SqlClient.SqlClient
  const beganAt = yield* Accounts.open(turn)
  if (Option.isNone(beganAt)) return Option.none()
  const outcome = yield* readTurn(turn.account, beganAt.value, work)
  if ("error" in outcome) yield* Effect.logWarning(`${turn.account}: ${outcome.error}`)
  return yield* sql.withTransaction(
    Effect.tap(Accounts.close(turn, outcome, work.pauses), (closed) =>
      Option.isSome(closed) ? handOn(closed.value.next, closed.value.pause) : Effect.void
    )
  )
})

/**
 * Ends when every account that is due now has ended its run, and says how many were read. Fails if an account is failing: a
 * run that failed has ended too.
 */
export const everyRead = Effect.gen(function* () {
  const now = yield* Clock.currentTimeMillis
  const { accounts, complete, failing, refused } = yield* Accounts.counts(now).pipe(
    Effect.catch(() => Effect.succeed({ accounts: 1, unread: 1, complete: 0, failing: 0, refused: 0 })),
    Effect.repeat({ schedule: Schedule.spaced("500 millis"), until: ({ unread }) => unread === 0 })
  )
  if (accounts === 0) {
    return yield* Console.log("The fleet has no accounts. Add some: node examples/fleet/enqueue.ts --connected")
  }
  if (complete === accounts) return yield* Console.log("Every account was read to its end.")
  const resting = accounts - complete - failing - refused
  const found = [
    `${complete} of ${accounts} accounts were read to the end`,
    ...(failing > 0 ? [`${failing} ${failing === 1 ? "is" : "are"} failing`] : []),
    ...(refused > 0 ? [`${refused} ${refused === 1 ? "is" : "are"} refused`] : []),
    ...(resting > 0 ? [`${resting} ${resting === 1 ? "was" : "were"} not due`] : [])
  ].join(", ")
  if (failing === 0) return yield* Console.log(`${found}.`)
  const advice = "See why: node examples/fleet/status.ts"
  return yield* Effect.fail(new Error(`Expected to read every account that is due, but ${found}. ${advice}`))
})
