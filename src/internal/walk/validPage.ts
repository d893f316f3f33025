/** What comes out of a page of which some rows could not be decoded. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { DecodeError } from "../../StripeError.ts"
import type { Page } from "../list/model.ts"
import type { Step } from "./walk.ts"

/** The page up to its first wrong row that nobody takes care of. The list goes on with that row, so such a page has more. */
export const validPage = Effect.fnUntraced(function* <A, E, R>(
  { entries, has_more, requestId }: Step<A>,
  onInvalid: ((error: DecodeError) => Effect.Effect<void, E, R>) | undefined
): Effect.fn.Return<{ readonly page: Page<A>; readonly failure: Option.Option<E | DecodeError> }, never, R> {
  const data: Array<A> = []
  for (const entry of entries) {
    if (entry.error === undefined) {
      data.push(entry.row)
      continue
    }
    const handled: Result.Result<void, E | DecodeError> =
      onInvalid === undefined ? Result.fail(entry.error) : yield* Effect.result(onInvalid(entry.error))
    if (Result.isFailure(handled)) {
      return { page: { data, has_more: true, requestId }, failure: Option.some(handled.failure) }
    }
  }
  return { page: { data, has_more, requestId }, failure: Option.none() }
})
