import { Effect, Stream } from "effect"

/** Reads a stream, does something after each row, and gives the ids and the failure, if there was one. */
export const readWith = <E, R, R2 = never>(
  stream: Stream.Stream<{ readonly id: string }, E, R>,
  happen: (rows: number) => Effect.Effect<void, never, R2> = () => Effect.void
) => {
  const seen: Array<string> = []
  return Stream.runForEach(stream, ({ id }) => happen(seen.push(id))).pipe(
    Effect.match({ onFailure: (error): E | undefined => error, onSuccess: () => undefined }),
    Effect.map((error) => ({ seen, error }))
  )
}
