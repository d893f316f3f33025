/**
 * Arguments checked before anything is sent. A Schema says what is accepted; every problem is reported at once, with
 * its path, what was expected and what was given.
 */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import { format } from "effect/Formatter"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { isRedactable } from "effect/Redactable"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { type ArgumentIssue, InvalidArgumentError } from "../StripeError.ts"
import * as Issues from "./issues.ts"
import { isExpectedName } from "./nearest.ts"
import { beginning, withoutSecrets } from "./withoutSecrets.ts"

const longest = 60

/** The outside of a value: of what holds much, or reaches deep, a message shows the beginning. */
const outline = (value: unknown, depth = 0): unknown => {
  if (Predicate.isString(value)) return value.length > longest ? beginning(value, longest) || "…" : value
  if (Array.isArray(value)) return depth === 4 ? ["…"] : value.slice(0, 8).map((one) => outline(one, depth + 1))
  if (!isPlain(value) || isRedactable(value)) return value
  if (depth === 4) return {}
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 8)
      .map(([key, one]) => [Issues.shownKey(key), outline(one, depth + 1)])
  )
}

/** A value as a message shows it: shortened, and without what looks like a key or a client secret. */
export const show = (value: unknown): string =>
  ifItCanBeShown(() => {
    if (Predicate.isString(value) && value.length > longest) return `a string of ${value.length} characters`
    const text = format(outline(value))
    // In one line, as a message is. A terminal obeys more control characters than JSON escapes.
    const shown = withoutSecrets(beginning(text, 500))
      .replaceAll(/\n\s*/g, " ")
      .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
    return shown.length > longest ? `${shown.slice(0, longest)}…` : shown || `a value of ${text.length} characters`
  })

// A getter of the value may throw.
const ifItCanBeShown = (said: () => string): string =>
  Result.getOrElse(Result.try(said), () => "a value that cannot be shown")

/** Characters as JSON escapes them. */
export const escaped = (text: string): string =>
  Array.from(text.split(""), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")

/** What stands at a path, which has names as messages show them; or `nothing`. */
const showAt = (input: unknown, path: ReadonlyArray<PropertyKey>): string =>
  ifItCanBeShown(() => {
    let value = input
    for (const key of path) {
      const own = Predicate.hasProperty(value, key) ? key : ownKey(value, key)
      if (!Predicate.hasProperty(value, own)) return "nothing"
      value = value[own]
    }
    return show(value)
  })

// Where a name is wrong, nobody asks for its value.
const found = (input: unknown, path: ReadonlyArray<PropertyKey>, expected: string): string => {
  const name = path.at(-1)
  return Predicate.isString(name) && isExpectedName(expected) ? show(name) : showAt(input, path)
}

const ownKey = (value: unknown, shown: PropertyKey): PropertyKey =>
  Predicate.isObject(value) ? (Object.keys(value).find((key) => Issues.shownKey(key) === shown) ?? shown) : shown

/** The first sentence of what was expected, and what it says to do. */
const toProblem = (path: string, actual: string, text: string): ArgumentIssue => {
  const [expected = "", ...advice] = text.split(". ")
  return { path, expected, actual, ...(advice.length === 0 ? undefined : { advice: advice.join(". ") }) }
}

/** One error for all problems. It lists the first of many. */
export const invalid = ([first, ...others]: Arr.NonEmptyReadonlyArray<ArgumentIssue>): InvalidArgumentError =>
  new InvalidArgumentError({ issues: [first, ...others.slice(0, Issues.mostListed - 1)] })

/** What is wrong with an input. `name` is the path of a problem with the whole of it. */
export const explain = (input: unknown, expectations: Issues.Expectations, name: string): InvalidArgumentError =>
  invalid(
    Arr.map(expectations, ({ actual, expected, path }) =>
      toProblem(path.length === 0 ? name : Issues.showPath(path), actual ?? found(input, path, expected), expected)
    )
  )

/**
 * A decoder for one kind of argument, whose fields are known by name. `instead` says what to do about a name that belongs
 * elsewhere, and `shown` what was given in place of an object.
 */
export const decoder = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
  name: string,
  instead?: Issues.Instead,
  shown: (input: unknown) => string = show
): ((input: unknown) => Result.Result<S["Type"], InvalidArgumentError>) => {
  const decode = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })
  return (input) =>
    isPlain(input)
      ? Result.mapError(decode(input), ({ issue }) =>
          explain(input, Issues.expectations(Issues.withChecks(issue, schema, input), instead), name)
        )
      : refuse(name, shown(input), "a plain object")
}

/** A decoder for options with these fields. */
export const options = <Fields extends { readonly [name: string]: Schema.ConstraintDecoder<unknown> }>(
  fields: Fields,
  shown?: (input: unknown) => string
) => decoder(Schema.Struct(fields), "options", undefined, shown)

/** Several checks of one call: all results, or the problems of all. */
export const all = <const Checks extends ReadonlyArray<Result.Result<unknown, InvalidArgumentError>>>(
  checks: Checks
): ReturnType<typeof Result.all<Checks>> => {
  const issues: Array<ArgumentIssue> = []
  for (const check of checks) if (Result.isFailure(check)) issues.push(...check.failure.issues)
  // Type boundary: where no check failed, this is what `Result.all` gives, and where one did, a failure of its type.
  return (Arr.isArrayNonEmpty(issues) ? Result.fail(invalid(issues)) : Result.all(checks)) as ReturnType<
    typeof Result.all<Checks>
  >
}

/** An object of fields, and none of a class. */
export const isPlain = (value: unknown): value is object => {
  if (!Predicate.isObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Whatever a function accepts, in words that a person understands. */
export const accepts = (expected: string, isAccepted: (value: unknown) => boolean) =>
  Schema.Unknown.check(Schema.makeFilter(isAccepted, { expected }))

/** Whether the value of a `Redacted` is gone: to ask for it then throws. */
export const isWiped = (redacted: Redacted.Redacted<unknown>): boolean =>
  Result.isFailure(Result.try(() => Redacted.value(redacted)))

/** A value that no message may show. A function says in words what was given instead of what is expected. */
export const unseen = (expected: string, insteadOf: (value: unknown) => string | undefined) =>
  Schema.Unknown.check(
    Schema.makeFilter((value) => {
      const actual = insteadOf(value)
      return actual === undefined ? undefined : new SchemaIssue.InvalidValue({ expected, actual })
    })
  ).annotateKey({ messageMissingKey: expected })

/** Of two fields that exclude each other at most one. */
export const onlyOne = (first: string, second: string, advice = "") =>
  Schema.makeFilter((given: { readonly [name: string]: unknown }) =>
    given[first] === undefined || given[second] === undefined
      ? undefined
      : { path: [second], issue: `only one of ${first} and ${second}${advice}` }
  )

/** A list of values. A function says what is accepted instead of a wrong one. */
export const list = (name: string, expectedInstead: (value: unknown) => string | undefined) =>
  Schema.Array(Schema.Unknown.check(Schema.makeFilter(expectedInstead))).annotate({ identifier: `a list of ${name}` })

/** A length of time whose seconds a function accepts. `form` says in words which those are. */
export const duration = (form: string, example: string, isAccepted: (seconds: number) => boolean) =>
  accepts(
    `${form}, such as "${example}"`,
    (value) =>
      // Effect takes NaN for no time at all, and it is what a calculation gives that went wrong.
      !Number.isNaN(value) &&
      // Type boundary: the function itself says whether this is a length of time.
      Option.exists(Duration.fromInput(value as Duration.Input), (time) => isAccepted(Duration.toSeconds(time)))
  )

/** A whole number of a range, in words that a person understands. */
export const wholeNumber = (minimum: number, maximum = Number.MAX_SAFE_INTEGER) => {
  const range = maximum === Number.MAX_SAFE_INTEGER ? `, ${minimum} or more` : ` from ${minimum} to ${maximum}`
  return accepts(
    `a whole number${range}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum
  )
}

/** A refusal of one thing. */
export const refuse = (path: string, actual: string, expected: string): Result.Result<never, InvalidArgumentError> =>
  Result.fail(invalid([toProblem(path, actual, expected)]))
