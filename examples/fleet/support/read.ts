// What is read in one turn of an account: what any engine runs, and what it has to know afterwards.
import { type Duration, Effect, Metric, Predicate, Stream, Tracer } from "effect"
import type { SqlError } from "effect/sql"
import { Checkpoint, Destination, StripeClient, type StripeError, VerificationSessions } from "effect-stripe-identity"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import { createHash } from "node:crypto"
import type { Outcome } from "./accounts.ts"
import { describe } from "./log.ts"

// By outcome, and never by account: a label with thousands of values is one that no store of metrics keeps.
const turns = Metric.counter("fleet.turns", { description: "Turns of accounts, by how they ended.", incremental: true })

export interface Options {
  /** How many pages at most. What one window of events brings counts as one. */
  readonly pages: number
  /** How old new sessions and events must be. */
  readonly settle: Duration.Duration
}

const read = Effect.fnUntraced(function* (account: string, { pages, settle }: Options) {
  const table = yield* SqlDestination.make({ account })
  let steps = 0
  let rows = 0
  let reached = ""
  // The batches of one window of events count as one, because a turn that ends within a window begins it again.
  const isEnough = ({ checkpoint }: Destination.HasCheckpoint) => {
    const before = reached
    reached = Checkpoint.toText(checkpoint)
    if (reached !== before) steps++
    return steps >= pages
  }
  const mirror = (from: Checkpoint.Checkpoint | undefined) => {
    if (from !== undefined) reached = Checkpoint.toText(from)
    return VerificationSessions.mirror({ from, settle })
  }
  yield* Destination.stream(table, mirror).pipe(
    Stream.takeUntil(isEnough),
    Stream.runForEach(({ sessions }) => Effect.sync(() => (rows += sessions.length))),
    Effect.provideService(StripeClient.CurrentAccount, { account }),
    Effect.ensuring(Effect.suspend(() => Effect.annotateCurrentSpan("fleet.rows", rows)))
  )
  return steps < pages
})

/** What an error of Stripe's means for the account. A key that Stripe does not accept concerns all of them. */
const judge = (error: StripeError.StripeError): Effect.Effect<Outcome, StripeError.StripeError> => {
  if (error.reason._tag === "AuthenticationError") return Effect.fail(error)
  return Effect.succeed({ _tag: error.isAccountRefused ? "Refused" : "Failed", error: error.message })
}

const failed = (error: unknown) => Effect.succeed<Outcome>({ _tag: "Failed", error: describe(error) })

/** Whether the table refuses the rows. In Postgres, 22 is a value that it cannot hold, and P0 is what a trigger raises. */
const refusesRows = ({ reason }: SqlError.SqlError): boolean =>
  reason._tag === "ConstraintError" ||
  reason._tag === "UniqueViolation" ||
  (Predicate.hasProperty(reason.cause, "code") && /^(22|P0)/.test(String(reason.cause.code)))

/** One trace for a run of an account, whichever workers take its turns: its id follows from both. */
const traceOf = (account: string, beganAt: number) => {
  const digest = createHash("sha256").update(`${account} ${beganAt}`).digest("hex")
  return Tracer.externalSpan({ traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) })
}

/**
 * Brings the copy of an account up to date, by so many pages at most. It fails only where the engine must try this turn
 * again: the database does not answer, or another worker has stored a part of it meanwhile.
 */
export const readTurn = (account: string, beganAt: number, options: Options) =>
  read(account, options).pipe(
    Effect.map((isComplete): Outcome => ({ _tag: isComplete ? "Done" : "More" })),
    Effect.catchTag("StripeError", judge),
    // What is stored of this account does not fit, or the table refuses it. Another try finds the same.
    Effect.catchTag("CheckpointMismatchError", failed),
    Effect.catchReason("SqlDestinationError", "OtherModeError", failed),
    Effect.catchTag("SqlError", (error) => (refusesRows(error) ? failed(error) : Effect.fail(error))),
    Effect.tap(({ _tag }) => Metric.update(Metric.withAttributes(turns, { "fleet.outcome": _tag }), 1)),
    Effect.withSpan("fleet.turn", { parent: traceOf(account, beganAt), attributes: { "stripe.account": account } })
  )
