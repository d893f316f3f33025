/**
 * The columns of a CSV file, as paths into a session. A column shows what it names and no more: what another column has
 * to reveal is not for this one. One that names nothing is refused, because it would be empty and look like an answer.
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as Arguments from "../arguments.ts"
import { suggest } from "../nearest.ts"
import { type EncodedAny, reportId, type SecretField, secretFields } from "./codec.ts"
import { AnyWire } from "./wire.ts"

// Of a report the id is no secret, so the column of that name is the id, and only what lies in it has to be revealed.
const report = "last_verification_report"

/** The secret fields that have to be revealed for these columns. */
export const secretsIn = (columns: ReadonlyArray<string>): ReadonlyArray<SecretField> =>
  secretFields.filter((field) =>
    columns.some((column) => column.startsWith(`${field}.`) || (column === field && field !== report))
  )

/** What a session has in these columns, each as a text. */
export const make = (columns: ReadonlyArray<string>): ((session: EncodedAny) => ReadonlyArray<string>) => {
  const cells = columns.map((column) => {
    const path = pathOf(column)
    return (session: EncodedAny) => toText(column === report ? reportId(session) : valueAt(session, path))
  })
  return (session) => cells.map((cell) => cell(session))
}

type Fields = ReadonlyMap<PropertyKey, SchemaAST.AST>

/** The fields that a value of a Schema can have, or undefined where it can have any. */
const fieldsOf = (ast: SchemaAST.AST): Fields | undefined => {
  if (ast._tag === "Union") {
    const members = ast.types.map(fieldsOf)
    return members.every(Predicate.isNotUndefined) ? new Map(members.flatMap((fields) => [...fields])) : undefined
  }
  if (ast._tag === "Unknown" || (ast._tag === "Objects" && ast.indexSignatures.length > 0)) return undefined
  return new Map(ast._tag === "Objects" ? ast.propertySignatures.map(({ name, type }) => [name, type]) : [])
}

/** What would be accepted in place of a column that no session has. */
const refused = (column: unknown): string | undefined => {
  if (!Predicate.isString(column)) return "a path into a session, such as last_error.code"
  const path = pathOf(column)
  let ast: SchemaAST.AST = AnyWire.ast
  for (const [depth, name] of path.entries()) {
    const fields = fieldsOf(ast)
    const above = path.slice(0, depth).join(".")
    if (fields === undefined) return name === "" ? `${above} or ${above}.KEY` : undefined
    const next = fields.get(name)
    if (next === undefined) {
      const names = [...fields.keys()].map(String)
      if (names.length === 0) return `${above}, which has no fields`
      return suggest(`one of the fields ${names.join(", ")}${above === "" ? "" : ` in ${above}`}`, name, names)
    }
    ast = next
  }
  return undefined
}

const some = "a list of at least one column"

/** Columns that a session can have. */
export const Columns = Arguments.list("columns", refused)
  .check(Schema.isMinLength(1))
  .annotate({ identifier: some, expected: some })

// A key of metadata may have dots of its own, and has nothing below it.
const pathOf = (column: string): ReadonlyArray<string> =>
  column.startsWith("metadata.") ? ["metadata", column.slice("metadata.".length)] : column.split(".")

const valueAt = (session: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce(
    (value: unknown, key) =>
      Predicate.isObject(value) && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
    session
  )

const toText = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value)
