/** The options that every way of reading a list has, as Schemas. */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Arguments from "../arguments.ts"

/** What all ways share. */
export const Shared = Schema.Struct({
  direction: Schema.optional(
    Schema.Literals(["newest-first", "oldest-first"]).annotate({ expected: `"newest-first" or "oldest-first"` })
  ),
  pageSize: Schema.optional(Arguments.wholeNumber(1, 100)),
  maxItems: Schema.optional(Arguments.wholeNumber(0)),
  onInvalid: Schema.optional(
    Schema.Unknown.pipe(Schema.refine(Predicate.isFunction, { expected: "a function that returns an Effect" }))
  )
})

/** The field of reading in sequence. */
export const prefetch = Schema.optional(Arguments.wholeNumber(0, 100))

/** The field of reading in parallel. */
export const concurrency = Schema.optional(Arguments.wholeNumber(1, 100))

/** A cursor of a list of which only this is known. */
export const cursor = Schema.optional(Schema.NonEmptyString.annotate({ expected: "the id of a row" }))
