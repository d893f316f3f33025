/** Reading ahead without changing what is read. */
import type * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"

/**
 * Pulls up to `ahead` chunks before they are asked for and keeps each chunk whole. `Stream.bufferArray` would pull one
 * more, because it fetches before it waits for room.
 */
export const chunks =
  (ahead: number) =>
  <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
    ahead === 0
      ? self
      : Stream.transformPull(self, (pull, scope) =>
          Effect.gen(function* () {
            const room = yield* Semaphore.make(ahead)
            const queue = yield* Queue.unbounded<Arr.NonEmptyReadonlyArray<A>, E | Cause.Done<void>>()
            // Whoever pulls after the end must not wait for a reader that is gone.
            yield* Scope.addFinalizer(scope, Queue.shutdown(queue))
            yield* Semaphore.take(room, 1).pipe(
              Effect.andThen(pull),
              Effect.flatMap((chunk) => Queue.offer(queue, chunk)),
              Effect.forever,
              Effect.onExit((exit) => (exit._tag === "Failure" ? Queue.failCause(queue, exit.cause) : Effect.void)),
              Effect.forkIn(scope)
            )
            return Effect.tap(Queue.take(queue), () => Semaphore.release(room, 1))
          })
        )
