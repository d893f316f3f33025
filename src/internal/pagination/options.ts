/** The options of reading a list, one by one: what is accepted, and what is refused with words. */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Arguments from "../arguments.ts"

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
