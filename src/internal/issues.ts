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
  /** Set on the last of many: how many more problems it stands for. */
  readonly omitted?: number
}

/** A value that is right, or everything that is wrong with it. */
export type Checked<A> = Result.Result<A, ReadonlyArray<Expectation>>

/** What is wrong with a value. */
export const refuse = (expected: string): Result.Result<never, ReadonlyArray<Expectation>> =>
  Result.fail([{ path: [], expected }])

// An input can be wrong in as many ways as it is long.
export const mostListed = 20
const mostNames = 10

/** The expectations that are worth listing, and how many more there are. */
export const few = (
  all: ReadonlyArray<Expectation>
): { readonly listed: ReadonlyArray<Expectation>; readonly omitted: number } => {
  const own = all.filter(({ omitted }) => omitted === undefined)
  const listed = own.slice(0, mostListed)
  const omitted = all.reduce((sum, { omitted = 0 }) => sum + omitted, own.length - listed.length)
  return { listed, omitted }
}

/** What was expected of each, made for as many as are worth listing. */
export const each = <A>(
  wrong: ReadonlyArray<A>,
  toExpectation: (one: A) => Expectation
): ReadonlyArray<Expectation> => {
  const listed = wrong.slice(0, mostListed).map(toExpectation)
  const omitted = wrong.length - listed.length
  return omitted === 0 ? listed : [...listed, { path: [], expected: "nothing else", omitted }]
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** What was expected where. Values appear only in what is parsed with `reportInput`, and nothing here is. */
export const expectations = (issue: SchemaIssue.Issue): ReadonlyArray<Expectation> =>
  format(issue).issues.map(({ message, path }) => {
    const [, omitted] = /^and (\d+) more$/.exec(message) ?? []
    return {
      path: (path ?? []).map((segment): PropertyKey => (typeof segment === "object" ? segment.key : segment)),
      expected: sentence(message.replace(/^Expected /, "").replace(/ \| undefined$/, "")),
      ...(omitted === undefined ? {} : { omitted: Number(omitted) })
    }
  })

/** What was expected, as a message says it. */
export const say = ({ expected }: Expectation): string =>
  expected === "Missing key" ? "missing" : `expected ${expected}`

/** The other way: one issue of Schema that says all of it. */
export const toIssue = (all: ReadonlyArray<Expectation>): SchemaIssue.Issue => {
  const { listed, omitted } = few(all)
  const issues = listed.map(({ expected, path }): SchemaIssue.Issue => {
    const issue = new SchemaIssue.InvalidValue({ expected })
    return path.length === 0 ? issue : new SchemaIssue.Pointer(path.map(shownKey), issue)
  })
  if (omitted > 0) issues.push(new SchemaIssue.InvalidValue({ message: `and ${omitted} more` }))
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
