/**
 * Stores batches with their checkpoints, so that a program can be stopped at any time and resume.
 *
 * {@link stream} resumes from the last checkpoint that the destination stored. How often a row is stored depends on the
 * destination:
 *
 * - Exactly once, if it stores a batch as a whole or not at all: a database with a transaction, or `FileDestination`.
 * - At least once, if it stores the rows and then the checkpoint, as {@link fromKeyValueStore} does: after a crash, the
 *   rows of the last batch may be stored again.
 *
 * @module
 * @category Export, sync and mirror
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Checkpoint from "./Checkpoint.ts"
import type { CheckpointMismatchError } from "./StripeError.ts"

/**
 * A batch with its checkpoint, as from `VerificationSessions.sync` and `Sync.batches`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HasCheckpoint {
  readonly checkpoint: Checkpoint.Checkpoint
}

/**
 * A run that stores batches. Two runs at the same time are two writers, even in one program.
 *
 * @category models
 * @since 0.1.0
 */
export interface Run<in Batch extends HasCheckpoint, out E = never, out R = never> {
  /** The last checkpoint that was stored: where the run resumes. */
  readonly from: Checkpoint.Checkpoint | undefined
  /** Stores the rows of a batch, and its checkpoint with them or after them. Save one batch after the other. */
  readonly save: (batch: Batch) => Effect.Effect<void, E, R>
  /** Runs after the last batch of a successful run. @default nothing */
  readonly finish?: Effect.Effect<void, E, R> | undefined
}

/**
 * A store for batches. Write your own for your database: `open` reads the checkpoint, and `save` stores the rows and the
 * checkpoint in one transaction.
 *
 * **Example** (A destination of your own, here in memory)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { type Checkpoint, Destination, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const rows = new Map<string, unknown>()
 * let stored: Checkpoint.Checkpoint | undefined
 *
 * const destination = {
 *   open: Effect.sync(() => {
 *     let known = stored // what this run read or stored last
 *     const save = ({ checkpoint, sessions }: VerificationSessions.Batch<{ readonly id: string }>) =>
 *       Effect.suspend(() => {
 *         // In a database, these lines are one transaction. Without the first, two runs would overwrite each other.
 *         if (stored !== known) return Effect.fail("Another run stored a batch. Run one at a time.")
 *         for (const session of sessions) rows.set(session.id, session)
 *         stored = known = checkpoint
 *         return Effect.void
 *       })
 *     return { from: known, save }
 *   })
 * }
 *
 * await Destination.stream(destination, (from) => VerificationSessions.sync({}, { from })).pipe(
 *   Stream.runDrain,
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * rows.size // => 250
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface Destination<in Batch extends HasCheckpoint, out E = never, out R = never> {
  /** Begins a run. What it opens in its `Scope`, such as a connection, {@link stream} closes when it ends. */
  readonly open: Effect.Effect<Run<Batch, E, R>, E, R>
}

/**
 * Reads batches from the destination's last checkpoint, saves each, and then emits it. Run it with `Stream.runDrain`,
 * or tap it to show progress.
 *
 * **Example** (Stop and resume)
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
export const stream = <B extends Batch, Batch extends HasCheckpoint, E, R, E2, R2, E3, R3>(
  // A `Destination`, with types of its own for the errors of `open`: TypeScript would not infer their union with `save`'s.
  destination: { readonly open: Effect.Effect<Run<Batch, E, R>, E3, R3> },
  read: (from: Checkpoint.Checkpoint | undefined) => Stream.Stream<B, E2, R2>
): Stream.Stream<B, E | E2 | E3, R | R2 | Exclude<R3, Scope.Scope>> =>
  Stream.unwrap(
    Effect.map(destination.open, (run) =>
      read(run.from).pipe(
        Stream.tap((batch) => run.save(batch)),
        Stream.concat(Stream.fromEffectDrain(run.finish ?? Effect.void))
      )
    )
  )

/**
 * Makes a destination from your own function that writes rows, with the checkpoint in a `KeyValueStore`: in memory,
 * files, SQL or Redis, depending on its layer. {@link stream} has an example.
 *
 * The checkpoint is stored after the rows, so no row is lost. If the program ends between the two, the rows of that
 * batch are written again, so upsert them by id.
 *
 * Run one program at a time for each key, because no checkpoint is compared. With two, the older read of a session may be
 * written last, unless `write` compares `readAt`.
 *
 * The checkpoint is stored twice, under `key` and under `key` with `.copy`, because a file is damaged if the program is
 * killed while writing it. If both can be read, the first counts. To start over, remove the first and the rows.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromKeyValueStore = <Batch extends HasCheckpoint, E, R>(options: {
  /** The name of the checkpoint in the store: one for each list. */
  readonly key: string
  /** Writes the rows of a batch. They must be durable when it ends. */
  readonly write: (batch: Batch) => Effect.Effect<void, E, R>
}): Effect.Effect<
  Destination<Batch, E | KeyValueStore.KeyValueStoreError | CheckpointMismatchError, R>,
  never,
  KeyValueStore.KeyValueStore
> =>
  Effect.map(KeyValueStore.KeyValueStore, (store) => {
    const copy = `${options.key}.copy`
    const stored = Effect.gen(function* () {
      const text = yield* store.get(options.key)
      // The copy is written first: alone, it is of a first save that did not end.
      if (text === undefined) return undefined
      const found = Checkpoint.fromText(text)
      if (Result.isSuccess(found) || found.failure.problem !== "damaged") return yield* Effect.fromResult(found)
      const checkpoint = yield* Effect.fromResult(Checkpoint.fromText((yield* store.get(copy)) ?? text))
      // Before the copy is written again, which may damage it too.
      yield* store.set(options.key, Checkpoint.toText(checkpoint))
      return checkpoint
    })
    const keep = (checkpoint: Checkpoint.Checkpoint) => {
      const text = Checkpoint.toText(checkpoint)
      return Effect.andThen(store.set(copy, text), store.set(options.key, text))
    }
    const save = (batch: Batch) => Effect.andThen(options.write(batch), keep(batch.checkpoint))
    return { open: Effect.map(stored, (from) => ({ from, save })) }
  })
