/** The options of reading a list: what is accepted, and what is refused with words. */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { InvalidArgumentError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import type { Window } from "../list/model.ts"
import type { Reading } from "./read.ts"

export const pageSize = Schema.optional(Arguments.wholeNumber(1, 100))
export const prefetch = Schema.optional(Arguments.wholeNumber(0, 100))
export const concurrency = Schema.optional(Arguments.wholeNumber(1, 100))
export const onDecodeError = Schema.optional(
  Schema.Unknown.pipe(Schema.refine(Predicate.isFunction, { expected: "a function that returns an Effect" }))
)

/** The fields of the options, for a list whose ids look like this. */
export const fields = (id: Schema.Codec<unknown>) => ({
  direction: Schema.optional(
    Schema.Literals(["newest-first", "oldest-first"]).annotate({ expected: `"newest-first" or "oldest-first"` })
  ),
  startingAfter: Schema.optional(id),
  endingBefore: Schema.optional(id),
  pageSize,
  maxItems: Schema.optional(Arguments.wholeNumber(0)),
  prefetch,
  concurrency,
  onDecodeError
})

/** Options whose fields were checked one by one. */
export interface Checked<E, R> {
  readonly direction?: "newest-first" | "oldest-first" | undefined
  readonly startingAfter?: string | undefined
  readonly endingBefore?: string | undefined
  readonly pageSize?: number | undefined
  readonly prefetch?: number | undefined
  readonly maxItems?: number | undefined
  readonly concurrency?: number | undefined
  readonly within?: Window | undefined
  readonly onDecodeError?: Reading<E, R>["onDecodeError"]
}

/** What is wrong with a direction and the ids to start from, which only make sense together. */
export const checkStart = ({
  direction,
  endingBefore,
  startingAfter
}: Checked<unknown, unknown>): Result.Result<void, InvalidArgumentError> =>
  startingAfter !== undefined && endingBefore !== undefined
    ? Arguments.refuse("startingAfter, endingBefore", "both", "only one of the two")
    : direction === "oldest-first" && endingBefore === undefined
      ? Arguments.refuse(
          "endingBefore",
          "nothing",
          'the id to start from, which "oldest-first" needs because Stripe\'s lists start at the newest row'
        )
      : direction !== "oldest-first" && endingBefore !== undefined
        ? Arguments.refuse("direction", direction ?? "nothing", '"oldest-first", which endingBefore needs')
        : Result.void

/** Options as a read takes them, with the defaults. */
export const toReading = <E, R>(options: Checked<E, R>, fitsLastPage = true): Reading<E, R> => {
  const { concurrency = 1, endingBefore, maxItems = Number.POSITIVE_INFINITY, onDecodeError, pageSize = 100 } = options
  const oldestFirst = options.direction === "oldest-first"
  return {
    oldestFirst,
    start: oldestFirst ? endingBefore : options.startingAfter,
    within: options.within,
    pageSize,
    maxItems,
    fitsLastPage,
    concurrency: oldestFirst ? 1 : concurrency,
    prefetch: options.prefetch ?? 0,
    onDecodeError
  }
}
