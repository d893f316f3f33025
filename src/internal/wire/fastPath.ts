/**
 * A fast check of parsed JSON against a schema, in place of decoding it.
 *
 * Almost every row of a list is as its schema describes it, or has a field that Stripe added since. Effect's interpreter
 * copies such a row field by field. This only checks it, in a fraction of the time (`test/bench/decode.ts`). It is made
 * from the schema itself. Where it does not match, for whatever reason, the schema decides.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"

const mismatch = -1
const match = 0
/** A match but for keys of its own that the schema does not name. Whoever holds the value replaces it by a copy. */
const hasUnknownKeys = 1

type Matcher = (value: unknown) => typeof mismatch | typeof match | typeof hasUnknownKeys

/**
 * Whether a value that came out of `JSON.parse` is right for a schema. Unknown keys are removed from the objects inside of
 * it, in place. Its own stay.
 */
export const fastPath = <A>(schema: Schema.Codec<A, A>): ((value: unknown) => value is A) => {
  const matches = matcher(schema.ast)
  return (value): value is A => matches(value) !== mismatch
}

/** A decoder of one row of a reply. */
export type DecodeRow<A> = (row: unknown) => Result.Result<A, Schema.SchemaError>

/**
 * Decodes rows against the plain fields of the wire, and by one conversion a row to what users see. A row may have keys of
 * its own that the schema does not name: the conversion takes the fields that it knows.
 */
export const rowDecoder = <Wire, A>(wire: Schema.Codec<Wire>, convert: (row: Wire) => A): DecodeRow<A> => {
  const decodeWire = Schema.decodeUnknownResult(wire)
  const matches = fastPath(wire)
  return (row) => (matches(row) ? Result.succeed(convert(row)) : Result.map(decodeWire(row), convert))
}

const matcher = (ast: SchemaAST.AST): Matcher => {
  const { checks, encoding } = ast
  if (encoding !== undefined) return cannotTell
  const matches = unchecked(ast)
  if (checks === undefined) return matches
  const filters = checks.flatMap(filtersOf)
  return (value) => {
    // A check is made for a value without unknown keys.
    if (matches(value) !== match) return mismatch
    for (const filter of filters) if (filter.run(value, ast, noOptions) !== undefined) return mismatch
    return match
  }
}

const cannotTell: Matcher = () => mismatch

// Written out, because most fields are strings, and a call of a predicate in each would cost a fifth of a row.
const isString: Matcher = (value) => (typeof value === "string" ? match : mismatch)

const isOfType =
  (type: "number" | "boolean"): Matcher =>
  (value) =>
    typeof value === type ? match : mismatch

const is =
  (expected: unknown): Matcher =>
  (value) =>
    value === expected ? match : mismatch

const unchecked = (ast: SchemaAST.AST): Matcher => {
  switch (ast._tag) {
    case "String":
      return isString
    case "Number":
      return isOfType("number")
    case "Boolean":
      return isOfType("boolean")
    case "Null":
      return is(null)
    case "Unknown":
      return () => match
    case "Literal":
      return is(ast.literal)
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

const noOptions = {}

const filtersOf = (check: SchemaAST.Check<unknown>): ReadonlyArray<SchemaAST.Filter<unknown>> =>
  check._tag === "Filter" ? [check] : check.checks.flatMap(filtersOf)

/** Two kinds of objects could both take a value, and leave different keys of it. */
const union = ({ options, types }: SchemaAST.Union): Matcher => {
  if (options?.mode === "oneOf" || types.filter(hasKeys).length > 1) return cannotTell
  const members = types.some(isAnyString) ? types.filter((type) => !isStringLiteral(type)) : types
  const [first = cannotTell, ...others] = members.map(matcher)
  return others.reduce(either, first)
}

const either =
  (first: Matcher, second: Matcher): Matcher =>
  (value) => {
    const verdict = first(value)
    return verdict === mismatch ? second(value) : verdict
  }

const isAnyString = (ast: SchemaAST.AST): boolean =>
  ast._tag === "String" && ast.checks === undefined && ast.encoding === undefined

// What the known words of an open list take, any string takes, whatever is checked of them.
const isStringLiteral = (ast: SchemaAST.AST): boolean =>
  (ast._tag === "Literal" && typeof ast.literal === "string") ||
  (ast._tag === "Union" && ast.types.every(isStringLiteral))

const hasKeys = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Objects" || ast._tag === "Arrays" || (ast._tag === "Union" && ast.types.some(hasKeys))

const list = ({ elements, rest: [item, ...others] }: SchemaAST.Arrays): Matcher => {
  if (elements.length > 0 || item === undefined || others.length > 0) return cannotTell
  const matches = matcher(item)
  const names = namesIn(item)
  return (value) => {
    if (!Array.isArray(value)) return mismatch
    for (let index = 0; index < value.length; index++) {
      const verdict = matches(value[index])
      if (verdict === mismatch) return mismatch
      if (verdict === hasUnknownKeys) value[index] = pick(value[index], names)
    }
    return match
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

interface Field {
  readonly name: PropertyKey
  readonly matches: Matcher
  /** The keys of an object in this field. */
  readonly names: ReadonlySet<PropertyKey>
  readonly required: 0 | 1
  /** The field that came after this one in the last object: it nearly always does again, and needs no look-up. */
  next: Field | undefined
}

const field = (name: PropertyKey, type: SchemaAST.AST): Field => ({
  name,
  matches: matcher(type),
  names: namesIn(type),
  required: type.context?.isOptional === true ? 0 : 1,
  next: undefined
})

const struct = ({ propertySignatures }: SchemaAST.Objects): Matcher => {
  const fields = new Map(propertySignatures.map(({ name, type }) => [name, field(name, type)]))
  let required = 0
  for (const field of fields.values()) required += field.required
  const start: Pick<Field, "next"> = { next: undefined }
  return (value) => {
    if (!isObject(value)) return mismatch
    let found = 0
    let result: typeof match | typeof hasUnknownKeys = match
    let last = start
    for (const key in value) {
      let field = last.next
      if (field === undefined || field.name !== key) {
        field = fields.get(key)
        if (field === undefined) {
          result = hasUnknownKeys
          continue
        }
        last.next = field
      }
      const verdict = field.matches(value[key])
      if (verdict === mismatch) return mismatch
      if (verdict === hasUnknownKeys) value[key] = pick(value[key], field.names)
      found += field.required
      last = field
    }
    return found === required ? result : mismatch
  }
}

const record = ({ indexSignatures: [signature, ...others], propertySignatures }: SchemaAST.Objects): Matcher => {
  if (signature === undefined || others.length > 0 || propertySignatures.length > 0) return cannotTell
  if (!isAnyString(signature.parameter)) return cannotTell
  const matches = matcher(signature.type)
  const names = namesIn(signature.type)
  return (value) => {
    if (!isObject(value)) return mismatch
    for (const key in value) {
      const verdict = matches(value[key])
      if (verdict === mismatch) return mismatch
      if (verdict === hasUnknownKeys) value[key] = pick(value[key], names)
    }
    return match
  }
}

/** The keys that an object of this type has. Of a union that can match, no more than one member is an object. */
const namesIn = (ast: SchemaAST.AST): ReadonlySet<PropertyKey> =>
  new Set(
    ast._tag === "Objects"
      ? ast.propertySignatures.map(({ name }) => name)
      : ast._tag === "Union"
        ? ast.types.flatMap((type) => Array.from(namesIn(type)))
        : []
  )

const pick = (value: unknown, names: ReadonlySet<PropertyKey>): unknown => {
  if (!isObject(value)) return value
  const copy: Record<string, unknown> = {}
  for (const key in value) if (names.has(key)) copy[key] = value[key]
  return copy
}
