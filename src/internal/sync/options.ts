/** The options of runs that follow each other, as Schemas. */
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Checkpoint from "../../Checkpoint.ts"
import * as Arguments from "../arguments.ts"

/** Where to resume. */
export const from = Schema.optional(
  Arguments.accepts("a checkpoint, from a batch or from Checkpoint.fromText", Schema.is(Checkpoint.Checkpoint))
)

/** When to begin the next run. */
export const schedule = Schema.optional(Arguments.accepts("a Schedule", Schedule.isSchedule))

/** Checks where to resume, and when. */
export const decode = Arguments.decoder(Schema.Struct({ from, schedule }), "options")
