/** Runs that follow each other, each from where the one before ended: their options as Schemas, and the loop. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import * as Checkpoint from "../../Checkpoint.ts"
import * as RetryPolicy from "../../RetryPolicy.ts"
import * as Arguments from "../arguments.ts"
import * as ReadOptions from "../pagination/options.ts"

export const isCheckpoint = Schema.is(Checkpoint.Checkpoint)

/** Where to resume. */
export const from = Schema.optional(
  Arguments.accepts("a checkpoint, from a batch or from Checkpoint.fromText", isCheckpoint)
)

/** How old something must be to be read. */
export const settle = Schema.optional(
  Arguments.duration("a duration of zero or more", "1 minute", (seconds) => seconds >= 0 && Number.isFinite(seconds))
)

/** When to begin the next run. */
export const schedule = Schema.optional(Arguments.accepts("a Schedule", Schedule.isSchedule))

/** The options of one run over a list. */
export const fields = Struct.assign(ReadOptions.shared, { from, settle })

/**
 * Reads again and again, each time from the last checkpoint before. No outage ends it, unless the program has a policy of its
 * own: the standard one would give up after some 16 seconds without Stripe.
 */
export const poll = <B extends { readonly checkpoint: Checkpoint.Checkpoint }, E, R, E2, R2>(
  read: (from: Checkpoint.Checkpoint | undefined) => Stream.Stream<B, E, R>,
  from: Checkpoint.Checkpoint | undefined,
  schedule: Schedule.Schedule<unknown, void, E2, R2> = Schedule.spaced("5 minutes")
): Stream.Stream<B, E | E2, R | R2> =>
  Stream.suspend(() => {
    let latest = from
    return Stream.suspend(() => read(latest)).pipe(
      Stream.tap(({ checkpoint }) => Effect.sync(() => (latest = checkpoint))),
      Stream.repeat(schedule)
    )
  }).pipe(
    Stream.updateContext((context: Context.Context<R | R2>) =>
      Context.getOrUndefined(context, RetryPolicy.Current) === undefined
        ? Context.add(context, RetryPolicy.Current, RetryPolicy.forever)
        : context
    )
  )
