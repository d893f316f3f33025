/**
 * Arguments checked before anything is sent. A Schema says what is accepted; every problem is reported at once, with
 * its path, what was given and what is accepted.
 */
import * as Arr from "effect/Array"
import { format } from "effect/Formatter"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type ArgumentIssue, InvalidArgumentError } from "../StripeError.ts"
import * as Issues from "./issues.ts"

const longest = 60

const show = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (Predicate.isString(value) && value.length > longest) return `a text of ${value.length} characters`
  const text = format(value)
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

const valueAt = (input: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce((value: unknown, key) => (Predicate.hasProperty(value, key) ? value[key] : undefined), input)

/** A decoder for one kind of argument. `name` is the path of a problem with the argument as a whole. */
export const decoder = <
  S extends Schema.Constraint & { readonly fields: Schema.Struct.Fields; readonly DecodingServices: never }
>(
  schema: S,
  name: string
): ((input: unknown) => Result.Result<S["Type"], InvalidArgumentError>) => {
  const decode = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })
  const names = `one of the names ${Object.keys(schema.fields).join(", ")}`
  const toIssue = ({ expected, path }: Issues.Expectation, input: unknown): ArgumentIssue => ({
    path: path.length === 0 ? name : Issues.showPath(path),
    actual: show(valueAt(input, path)),
    accepted: expected === "no excess property" && path.length === 1 ? names : expected
  })
  return (input) =>
    Result.mapError(decode(input), ({ issue }) => {
      const issues = Issues.expectations(issue).map((expectation) => toIssue(expectation, input))
      return new InvalidArgumentError({
        // An issue always formats to something; the type cannot say so.
        issues: Arr.isArrayNonEmpty(issues) ? issues : [toIssue({ path: [], expected: "a valid value" }, input)]
      })
    })
}

/** A whole number of a range, in words that a person understands. */
export const wholeNumber = (minimum: number, maximum = Number.MAX_SAFE_INTEGER) => {
  const range = maximum === Number.MAX_SAFE_INTEGER ? `, ${minimum} or more` : ` from ${minimum} to ${maximum}`
  return Schema.Unknown.pipe(
    Schema.refine((u): u is number => Number.isSafeInteger(u) && Number(u) >= minimum && Number(u) <= maximum, {
      expected: `a whole number${range}`
    })
  )
}

/** A refusal of one thing. */
export const refuse = (path: string, actual: string, accepted: string): Result.Result<never, InvalidArgumentError> =>
  Result.fail(new InvalidArgumentError({ issues: [{ path, actual, accepted }] }))
