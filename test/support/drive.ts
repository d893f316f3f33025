import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/**
 * Runs an effect under the `TestClock` to its end, however long it waits: between turns of the event loop the clock moves
 * on, in steps that are shorter than any time limit that the effect is not meant to meet. What takes several turns, as a
 * body does that breaks off, is done at its exact time only with as many turns a step.
 */
export const drive = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  { step = 10_000, turns = 1 }: { readonly step?: number; readonly turns?: number } = {}
): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const state = { done: false }
    const fiber = yield* effect.pipe(Effect.ensuring(Effect.sync(() => (state.done = true))), Effect.forkChild)
    while (!state.done) {
      for (let left = turns; left > 0 && !state.done; left--) yield* turn
      if (!state.done) yield* TestClock.adjust(step)
    }
    return yield* Fiber.join(fiber)
  })
