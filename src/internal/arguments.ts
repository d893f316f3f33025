/**
 * Arguments checked before anything is sent. A Schema says what is accepted; every problem is reported at once, with
 * its path, what was given and what is accepted.
 */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import { format } from "effect/Formatter"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { type ArgumentIssue, InvalidArgumentError } from "../StripeError.ts"
import * as Issues from "./issues.ts"
import { suggest } from "./nearest.ts"
import { withoutSecrets } from "./withoutSecrets.ts"

const longest = 60

/** A value as a message shows it: shortened, and without what looks like a key or a client secret. */
export const show = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (Predicate.isString(value) && value.length > longest) return `a text of ${value.length} characters`
  // In one line, as a message is.
  const text = withoutSecrets(format(value)).replaceAll(/\s*\n\s*/g, " ")
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

const valueAt = (input: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce((value: unknown, key) => (Predicate.hasProperty(value, key) ? value[key] : undefined), input)

/** What is wrong with an input. `name` is the path of a problem with the whole of it. */
export const explain = (
  input: unknown,
  expectations: ReadonlyArray<Issues.Expectation>,
  name: string
): InvalidArgumentError => {
  const issues = expectations.map(({ expected, path }): ArgumentIssue => ({
    path: path.length === 0 ? name : Issues.showPath(path),
    actual: show(valueAt(input, path)),
    accepted: expected
  }))
  return new InvalidArgumentError({
    // An issue always formats to something; the type cannot say so.
    issues: Arr.isArrayNonEmpty(issues) ? issues : [{ path: name, actual: show(input), accepted: "a valid value" }]
  })
}

/**
 * An argument that has named fields. From plain JavaScript it may be anything, and to take a `null` apart before this was
 * asked is a defect.
 */
export const object = <A>(input: A, name: string, actual?: string): Result.Result<A, InvalidArgumentError> =>
  Predicate.isObject(input) ? Result.succeed(input) : refuse(name, actual ?? show(input), "an object")

/**
 * A decoder for one kind of argument, whose fields are known by name. `instead` says what to do about a name that belongs
 * elsewhere.
 */
export const decoder = <
  S extends Schema.Constraint & { readonly fields: Schema.Struct.Fields; readonly DecodingServices: never }
>(
  schema: S,
  name: string,
  instead: (name: string) => string | undefined = () => undefined
): ((input: unknown) => Result.Result<S["Type"], InvalidArgumentError>) => {
  const decode = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })
  const names = Object.keys(schema.fields)
  const listed = names.length === 1 ? `the name ${names[0]}` : `one of the names ${names.join(", ")}`
  const inWords = ({ expected, path }: Issues.Expectation): Issues.Expectation => ({
    path,
    expected:
      expected === "no excess property" && path.length === 1
        ? (instead(String(path[0])) ?? suggest(listed, path[0], names))
        : expected
  })
  return (input) =>
    Result.flatMap(object(input, name), () =>
      Result.mapError(decode(input), ({ issue }) => explain(input, Issues.expectations(issue).map(inWords), name))
    )
}

/** Several checks of one call: all results, or the problems of all. */
export const all = <const Checks extends ReadonlyArray<Result.Result<unknown, InvalidArgumentError>>>(
  checks: Checks
): ReturnType<typeof Result.all<Checks>> => {
  const issues = checks.flatMap((check) => (Result.isFailure(check) ? check.failure.issues : []))
  // Type boundary: where no check failed, this is what `Result.all` gives, and where one did, a failure of its type.
  return (
    Arr.isArrayNonEmpty(issues) ? Result.fail(new InvalidArgumentError({ issues })) : Result.all(checks)
  ) as ReturnType<typeof Result.all<Checks>>
}

/** Whatever a function accepts, in words that a person understands. */
export const accepts = (expected: string, isAccepted: (value: unknown) => boolean) =>
  Schema.Unknown.check(Schema.makeFilter(isAccepted, { expected }))

/** A list of values, of which a function says what would be accepted in place of one that is wrong. */
export const list = (name: string, expectedInstead: (value: unknown) => string | undefined) =>
  Schema.Array(
    Schema.Unknown.check(
      Schema.makeFilter((value) => {
        const expected = expectedInstead(value)
        return expected === undefined ? undefined : { path: [], issue: new SchemaIssue.InvalidValue({ expected }) }
      })
    )
  ).annotate({ identifier: `a list of ${name}` })

/** A length of time that a function accepts, in words that a person understands. */
export const duration = (example: string, isAccepted: (time: Duration.Duration) => boolean) =>
  accepts(
    `a length of time, such as "${example}"`,
    (value) =>
      // Effect takes NaN for no time at all, and it is what a calculation gives that went wrong.
      !Number.isNaN(value) &&
      // Type boundary: the function itself says whether this is a length of time.
      Option.exists(Duration.fromInput(value as Duration.Input), isAccepted)
  )

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
