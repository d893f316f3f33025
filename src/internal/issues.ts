/** Schema's issues as paths and expectations, without the values: those may be secrets, and the issues of replies are. */
import * as Arr from "effect/Array"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { name, sentence } from "./withoutSecrets.ts"

export interface Expectation {
  readonly path: ReadonlyArray<PropertyKey>
  /** What was expected. What comes after a first `. ` is what to do about it. */
  readonly expected: string
}

/** A value that is right, or everything that is wrong with it. */
export type Checked<A> = Result.Result<A, ReadonlyArray<Expectation>>

/** What is wrong with a value. */
export const refuse = (expected: string): Result.Result<never, ReadonlyArray<Expectation>> =>
  Result.fail([{ path: [], expected }])

/** How many problems an error lists. An input can be wrong in as many ways as it is long. */
export const mostListed = 20

// A path is as deep as the value, where a Schema of the user's is recursive.
const mostNames = 10

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * What was expected where, of the first problems. Values appear only in what is parsed with `reportInput`, and nothing
 * here is.
 */
export const expectations = (issue: SchemaIssue.Issue): ReadonlyArray<Expectation> =>
  format(issue)
    .issues.slice(0, mostListed)
    .map(({ message, path }) => ({
      path: (path ?? []).map((segment): PropertyKey => (typeof segment === "object" ? segment.key : segment)),
      expected: sentence(message.replace(/^Expected /, "").replace(/ \| undefined$/, ""))
    }))

/** What was expected, as a message says it. */
export const say = ({ expected }: Expectation): string =>
  expected === "Missing key" ? "missing" : `expected ${expected}`

/** The other way: one issue of Schema for the first of them. */
export const toIssue = (all: ReadonlyArray<Expectation>): SchemaIssue.Issue => {
  const issues = all.slice(0, mostListed).map(({ expected, path }): SchemaIssue.Issue => {
    const issue = new SchemaIssue.InvalidValue({ expected })
    return path.length === 0 ? issue : new SchemaIssue.Pointer(path.map(shownKey), issue)
  })
  return Arr.isArrayNonEmpty(issues)
    ? new SchemaIssue.Composite(Schema.Unknown.ast, issues)
    : new SchemaIssue.InvalidValue()
}

/** A name as a message shows it: whoever writes an object may put a key or a whole text in the place of a name. */
export const shownKey = (key: PropertyKey): PropertyKey => (Predicate.isString(key) ? name(key, 60) : key)

/** `["data", 3, "status"]` as `data[3].status`. */
export const showPath = (path: ReadonlyArray<PropertyKey>): string =>
  path
    .slice(0, mostNames)
    .map(shownKey)
    .reduce<string>(
      (text, key) =>
        Predicate.isNumber(key) ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
      ""
    )
