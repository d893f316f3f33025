/** Schema's issues as paths and expectations, without the values: those may be secrets, and the issues of replies are. */
import * as Predicate from "effect/Predicate"
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

/** `["data", 3, "status"]` as `data[3].status`. */
export const showPath = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>(
    (text, key) => (Predicate.isNumber(key) ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    ""
  )
