/** Schema's issues as paths and expectations, without the values: those may be secrets, and the issues of replies are. */
import * as Arr from "effect/Array"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { expectedName } from "./nearest.ts"
import { name, sentence } from "./withoutSecrets.ts"

export interface Expectation {
  readonly path: ReadonlyArray<PropertyKey>
  /** What was expected. What comes after a first `. ` is what to do about it. */
  readonly expected: string
  /** What was found, in words, where the value must not be shown. */
  readonly actual?: string | undefined
}

export type Expectations = Arr.NonEmptyReadonlyArray<Expectation>

/** How many problems an error lists. An input can be wrong in as many ways as it is long. */
export const mostListed = 20

// A path is as deep as the value, where a Schema of the user's is recursive.
const mostNames = 10

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** What to say of a name that is unknown, instead of the names that are known. */
export type Instead = (name: string) => string | undefined

/** The parts of an issue that each say one thing, with their paths. */
const parts = (
  issue: SchemaIssue.Issue,
  path: ReadonlyArray<PropertyKey> = []
): ReadonlyArray<readonly [part: SchemaIssue.Issue, path: ReadonlyArray<PropertyKey>]> => {
  if (issue._tag === "Pointer") return parts(issue.issue, [...path, ...issue.path])
  if (issue._tag === "Encoding") return parts(issue.issue, path)
  return (issue._tag === "Composite" || issue._tag === "AnyOf") && issue.issues.length > 0
    ? issue.issues.flatMap((one) => parts(one, path))
    : [[issue, path]]
}

const knownNames = (issue: SchemaIssue.Issue): ReadonlyArray<string> =>
  issue._tag === "UnexpectedKey" && issue.ast._tag === "Objects"
    ? issue.ast.propertySignatures.map(({ name }) => String(name))
    : []

const inWords = (issue: SchemaIssue.Issue): string | undefined => {
  const actual = issue._tag === "Filter" && issue.issue._tag === "InvalidValue" && issue.issue.annotations?.actual
  return Predicate.isString(actual) ? actual : undefined
}

/**
 * What was expected where, of the first problems. Values appear only in what is parsed with `reportInput`, and nothing
 * here is. An unknown name is answered with the known ones, or with what `instead` says of it.
 */
export const expectations = (issue: SchemaIssue.Issue, instead: Instead = () => undefined): Expectations => {
  const all = parts(issue)
    .slice(0, mostListed)
    .flatMap(([part, path]): ReadonlyArray<Expectation> => {
      const names = knownNames(part)
      const name = String(path.at(-1))
      // Only the outermost names may belong to another argument.
      const elsewhere = path.length === 1 ? instead(name) : undefined
      if (names.length > 0) return [{ path, expected: elsewhere ?? expectedName(name, names) }]
      return format(part).issues.map(({ message, path: inside = [] }) => ({
        path: [...path, ...inside.map((segment) => (typeof segment === "object" ? segment.key : segment))],
        expected: sentence(message.replace(/^Expected /, "").replace(/ \| undefined$/, "")),
        actual: inWords(part)
      }))
    })
  // There always is a problem; the type cannot say so.
  const [first = { path: [], expected: "a valid value" }, ...others] = all.slice(0, mostListed)
  return [first, ...others]
}

/**
 * An issue of an object, with what the checks of the whole object find: Schema asks those only where each field is right,
 * and a caller is told everything at once.
 */
export const withChecks = (issue: SchemaIssue.Issue, { ast }: Schema.Constraint, input: unknown): SchemaIssue.Issue => {
  if (issue._tag === "Composite" && issue.issues.some(({ _tag }) => _tag === "Filter")) return issue
  const broken = (ast.checks ?? []).flatMap((check) =>
    check._tag === "Filter" ? (check.run(input, ast, {}) ?? []) : []
  )
  return new SchemaIssue.Composite(ast, [issue, ...broken])
}

/** What was expected, as a message says it. */
export const say = ({ expected }: Expectation): string =>
  expected === "Missing key" ? "missing" : `expected ${expected}`

/** The other way: one issue of Schema for all of them, each in words of its own. */
export const toIssue = (all: Expectations, words: (one: Expectation) => string): SchemaIssue.Issue => {
  const pointTo = (one: Expectation) =>
    new SchemaIssue.Pointer(one.path.map(shownKey), new SchemaIssue.InvalidValue({ expected: words(one) }))
  return new SchemaIssue.Composite(Schema.Unknown.ast, Arr.map(all, pointTo))
}

/** A name as a message shows it: whoever writes an object may put a key or a whole text in the place of a name. */
export const shownKey = (key: PropertyKey): PropertyKey => (Predicate.isString(key) ? name(key, 60) : key)

/** `["data", 3, "status"]` as `data[3].status`. */
export const showPath = (path: ReadonlyArray<PropertyKey>): string =>
  path
    .slice(0, mostNames)
    .map((key, index) => (Predicate.isNumber(key) ? `[${key}]` : (index === 0 ? "" : ".") + String(shownKey(key))))
    .join("")
