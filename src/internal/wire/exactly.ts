/**
 * A quick look at a value that says whether decoding would give back the very same value.
 *
 * Almost every row of a list is as its schema describes it, to the last key. Effect's interpreter copies such a row field
 * by field; this only looks, in a fraction of the time and without memory (`test/bench/decode.ts`). It is made from the
 * schema itself, and where it says no, for whatever reason, the schema decides.
 */
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"

type Look = (value: unknown) => boolean

/** Looks at values that came out of `JSON.parse`, whose keys are all their own. */
export const exactly = <A>(schema: Schema.Codec<A, A>): ((value: unknown) => value is A) => {
  const look = lookFor(schema.ast)
  return (value): value is A => look(value)
}

const lookFor = (ast: SchemaAST.AST): Look => {
  const { checks, encoding } = ast
  if (encoding !== undefined) return cannotTell
  const look = unchecked(ast)
  if (checks === undefined) return look
  return (value) => look(value) && checks.every((check) => passes(check, value, ast))
}

const cannotTell: Look = () => false

const unchecked = (ast: SchemaAST.AST): Look => {
  switch (ast._tag) {
    case "String":
      return Predicate.isString
    case "Number":
      return Predicate.isNumber
    case "Boolean":
      return Predicate.isBoolean
    case "Null":
      return Predicate.isNull
    case "Unknown":
      return () => true
    case "Literal":
      return (value) => value === ast.literal
    case "Union":
      return union(ast)
    case "Arrays":
      return list(ast)
    case "Objects":
      return ast.indexSignatures.length === 0 ? struct(ast) : record(ast)
    default:
      return cannotTell
  }
}

const passes = (check: SchemaAST.Check<unknown>, value: unknown, ast: SchemaAST.AST): boolean =>
  check._tag === "Filter"
    ? check.run(value, ast, {}) === undefined
    : check.checks.every((check) => passes(check, value, ast))

/** Two kinds of objects could both take a value, and leave different keys of it. */
const union = ({ options, types }: SchemaAST.Union): Look => {
  if (options?.mode === "oneOf" || types.filter(hasKeys).length > 1) return cannotTell
  const members = types.map(lookFor)
  const [first = cannotTell, second = cannotTell] = members
  return members.length <= 2 ? (value) => first(value) || second(value) : (value) => members.some((look) => look(value))
}

const hasKeys = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Objects" || ast._tag === "Arrays" || (ast._tag === "Union" && ast.types.some(hasKeys))

const list = ({ elements, rest: [item, ...others] }: SchemaAST.Arrays): Look => {
  if (elements.length > 0 || item === undefined || others.length > 0) return cannotTell
  const look = lookFor(item)
  return (value) => Array.isArray(value) && value.every(look)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const struct = ({ propertySignatures }: SchemaAST.Objects): Look => {
  const fields = new Map<PropertyKey, { readonly look: Look; readonly counts: 0 | 1 }>()
  let required = 0
  for (const { name, type } of propertySignatures) {
    const counts = type.context?.isOptional === true ? 0 : 1
    fields.set(name, { look: lookFor(type), counts })
    required += counts
  }
  return (value) => {
    if (!isObject(value)) return false
    let found = 0
    for (const key in value) {
      const field = fields.get(key)
      if (field === undefined || !field.look(value[key])) return false
      found += field.counts
    }
    return found === required
  }
}

const record = ({ indexSignatures: [signature, ...others], propertySignatures }: SchemaAST.Objects): Look => {
  if (signature === undefined || others.length > 0 || propertySignatures.length > 0) return cannotTell
  const { parameter, type } = signature
  if (parameter._tag !== "String" || parameter.checks !== undefined || parameter.encoding !== undefined) {
    return cannotTell
  }
  const look = lookFor(type)
  return (value) => {
    if (!isObject(value)) return false
    for (const key in value) if (!look(value[key])) return false
    return true
  }
}
