/**
 * Where batches go: something that keeps rows together with the checkpoint they came with, and knows the last one.
 *
 * With a destination a program can be stopped anywhere and started again: {@link stream} goes on where the destination
 * stands. If a destination stores a batch as a whole or not at all, as a database does in a transaction and
 * `FileDestination` does in a file, every row is in it exactly once. If it stores first the rows and then the checkpoint,
 * as {@link fromKeyValueStore} does, the rows of the last batch may come again after a crash: at least once.
 *
 * @module
 * @category Export, sync and mirror
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Checkpoint from "./Checkpoint.ts"
import type { CheckpointMismatchError } from "./StripeError.ts"

/**
 * Anything that comes with a checkpoint: the batches of `VerificationSessions.sync` and of `Sync.batches`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HasCheckpoint {
  readonly checkpoint: Checkpoint.Checkpoint
}

/**
 * A place for batches. Write one for your database: `save` stores the rows and the checkpoint in one transaction.
 *
 * @category models
 * @since 0.1.0
 */
export interface Destination<in Batch extends HasCheckpoint, out E = never, out R = never> {
  /** The last checkpoint that was saved. It changes nothing. */
  readonly load: Effect.Effect<Option.Option<Checkpoint.Checkpoint>, E, R>
  /** Stores the rows of a batch, and its checkpoint with them or after them. */
  readonly save: (batch: Batch) => Effect.Effect<void, E, R>
  /** What is left to do when a run has ended well. @default nothing */
  readonly finish?: Effect.Effect<void, E, R> | undefined
}

/**
 * The batches that `read` gives from where the destination stands, each after it was saved. Run it to the end with
 * `Stream.runDrain`, or look at what was saved on the way.
 *
 * **Example** (Going on where a destination stands)
 *
 * ```ts
 * import { Effect, Layer, Ref, Stream } from "effect"
 * import { KeyValueStore } from "effect/persistence"
 * import { Destination, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   const rows = yield* Ref.make(0)
 *   const destination = yield* Destination.fromKeyValueStore({
 *     key: "sessions",
 *     write: ({ sessions }: VerificationSessions.Batch<unknown>) => Ref.update(rows, (count) => count + sessions.length)
 *   })
 *   const run = Destination.stream(destination, (from) => VerificationSessions.sync({}, { from }))
 *
 *   yield* run.pipe(Stream.take(1), Stream.runDrain)
 *   const stopped = yield* Ref.get(rows)
 *   yield* Stream.runDrain(run)
 *   return [stopped, yield* Ref.get(rows)]
 * })
 *
 * const layer = Layer.mergeAll(
 *   KeyValueStore.layerMemory,
 *   Layer.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey }), Sandbox.layer({ sessions: 500 }))
 * )
 *
 * await Effect.runPromise(Effect.provide(program, layer)) // => [100, 500]
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const stream = <B extends Batch, Batch extends HasCheckpoint, E, R, E2, R2>(
  destination: Destination<Batch, E, R>,
  read: (from: Checkpoint.Checkpoint | undefined) => Stream.Stream<B, E2, R2>
): Stream.Stream<B, E | E2, R | R2> =>
  Stream.unwrap(
    Effect.map(destination.load, (from) =>
      read(Option.getOrUndefined(from)).pipe(
        Stream.tap((batch) => destination.save(batch)),
        Stream.concat(Stream.fromEffectDrain(destination.finish ?? Effect.void))
      )
    )
  )

/**
 * A destination of a function that writes rows and a `KeyValueStore` that keeps the checkpoint: memory, files, SQL or
 * Redis, as its layer says.
 *
 * The checkpoint is stored after the rows were written, so no row is lost; the rows of a batch come again if the program
 * ends between the two. Let `write` replace a row that it has already, by its id. {@link stream} shows it at work.
 *
 * The checkpoint is kept twice, under `key` and under `key` with `.copy`, because a file that is just being written when
 * the program is killed is damaged. The one that is whole counts.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromKeyValueStore = <Batch extends HasCheckpoint, E, R>(options: {
  /** The name of the checkpoint in the store: one for each list. */
  readonly key: string
  /** Writes the rows of a batch. When it is done they must be safe. */
  readonly write: (batch: Batch) => Effect.Effect<void, E, R>
}): Effect.Effect<
  Destination<Batch, E | KeyValueStore.KeyValueStoreError | CheckpointMismatchError, R>,
  never,
  KeyValueStore.KeyValueStore
> =>
  Effect.map(KeyValueStore.KeyValueStore, (store) => {
    const keys = [`${options.key}.copy`, options.key]
    const load = Effect.gen(function* () {
      const texts = yield* Effect.forEach([...keys].reverse(), (key) => store.get(key))
      const found = texts.flatMap((text) => (text === undefined ? [] : [Checkpoint.fromText(text)]))
      const [first] = found
      if (first === undefined) return Option.none()
      const whole = found.find((result) => Result.isSuccess(result) || result.failure.problem !== "damaged")
      return Option.some(yield* Effect.fromResult(whole ?? first))
    })
    const keep = (checkpoint: Checkpoint.Checkpoint) => {
      const text = Checkpoint.toText(checkpoint)
      return Effect.forEach(keys, (key) => store.set(key, text), { discard: true })
    }
    return {
      load,
      save: (batch: Batch) => Effect.andThen(options.write(batch), keep(batch.checkpoint))
    }
  })
