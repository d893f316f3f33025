/** What comes out of a page of which some rows could not be decoded. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { DecodeError } from "../StripeError.ts"
import type * as Guards from "./walkGuards.ts"

/** The rows up to the first that is wrong and that nobody takes care of. */
export const validRows = Effect.fnUntraced(function* <A, E, R>(
  entries: ReadonlyArray<Guards.Entry<A>>,
  onInvalid: ((error: DecodeError) => Effect.Effect<void, E, R>) | undefined
): Effect.fn.Return<{ readonly data: ReadonlyArray<A>; readonly failure: Option.Option<E | DecodeError> }, never, R> {
  const data: Array<A> = []
  for (const entry of entries) {
    if (entry.error === undefined) {
      data.push(entry.row)
      continue
    }
    const handled: Result.Result<void, E | DecodeError> =
      onInvalid === undefined ? Result.fail(entry.error) : yield* Effect.result(onInvalid(entry.error))
    if (Result.isFailure(handled)) return { data, failure: Option.some(handled.failure) }
  }
  return { data, failure: Option.none() }
})
