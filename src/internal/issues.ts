/** Schema's issues as paths and expectations, without the values: those may be secrets, and the issues of replies are. */
import * as Arr from "effect/Array"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

export interface Expectation {
  readonly path: ReadonlyArray<PropertyKey>
  readonly expected: string
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** What was expected where. Values appear only in what is parsed with `reportInput`, and nothing here is. */
export const expectations = (issue: SchemaIssue.Issue): ReadonlyArray<Expectation> =>
  format(issue).issues.map(({ message, path }) => ({
    path: (path ?? []).map((segment): PropertyKey => (typeof segment === "object" ? segment.key : segment)),
    expected: message.replace(/^Expected /, "").replace(/ \| undefined$/, "")
  }))

/** The other way: one issue of Schema that says all of it. */
export const toIssue = (expectations: ReadonlyArray<Expectation>): SchemaIssue.Issue => {
  const issues = expectations.map(({ expected, path }): SchemaIssue.Issue => {
    const issue = new SchemaIssue.InvalidValue({ expected })
    return path.length === 0 ? issue : new SchemaIssue.Pointer(path, issue)
  })
  return Arr.isArrayNonEmpty(issues)
    ? new SchemaIssue.Composite(Schema.Unknown.ast, issues)
    : new SchemaIssue.InvalidValue()
}

/** `["data", 3, "status"]` as `data[3].status`. */
export const showPath = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>(
    (text, key) => (Predicate.isNumber(key) ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    ""
  )
