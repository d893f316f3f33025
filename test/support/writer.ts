import { Effect } from "effect"
import type { Destination } from "effect-stripe-identity"

/** A destination as tests write to it: `load` begins a run, and `save` and `finish` are those of the last one. */
export const writer = <Batch extends Destination.HasCheckpoint, E, R>(
  destination: Destination.Destination<Batch, E, R>
) => {
  let last: Destination.Run<Batch, E, R> | undefined
  const begin = Effect.tap(destination.open, (run) => Effect.sync(() => (last = run)))
  const run = Effect.suspend(() => (last === undefined ? begin : Effect.succeed(last)))
  return {
    load: Effect.map(begin, ({ from }) => from),
    save: (batch: Batch) => Effect.flatMap(run, ({ save }) => save(batch)),
    finish: Effect.flatMap(run, ({ finish = Effect.void }) => finish)
  }
}
