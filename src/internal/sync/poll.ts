/** Runs that follow each other, each from where the one before ended. The options were checked before. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as RetryPolicy from "../../RetryPolicy.ts"

export const poll = <Checkpoint, B extends { readonly checkpoint: Checkpoint }, E, R, E2, R2>(
  read: (from: Checkpoint | undefined) => Stream.Stream<B, E, R>,
  from: Checkpoint | undefined,
  schedule: Schedule.Schedule<unknown, void, E2, R2> | undefined
): Stream.Stream<B, E | E2, R | R2> =>
  Stream.suspend(() => {
    let latest = from
    return Stream.suspend(() => read(latest)).pipe(
      Stream.tap(({ checkpoint }) => Effect.sync(() => (latest = checkpoint))),
      Stream.repeat(schedule ?? Schedule.spaced("5 minutes"))
    )
  })

/**
 * Lets no outage end a stream. Whoever chose a policy keeps it; the standard one would end the stream after some 16 seconds
 * without Stripe.
 */
export const retryForever = <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
  Stream.unwrap(
    Effect.map(RetryPolicy.Current, (policy) =>
      policy === RetryPolicy.standard ? Stream.provideService(self, RetryPolicy.Current, RetryPolicy.forever) : self
    )
  )
