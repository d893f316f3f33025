/**
 * A filter as the parameters of a URL, in Stripe's bracket form, and as the query of one.
 */
import * as HttpParams from "effect/http/UrlParams"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { Filter, type SessionFilter } from "./fields.ts"
import { isPlain } from "../arguments.ts"

/**
 * The parameters of a URL by their names, as Effect's HTTP modules have them. A name that came more than once has a list.
 *
 * @category models
 * @since 0.1.0
 */
export type UrlRecord = { readonly [name: string]: string | ReadonlyArray<string> }

interface Group {
  /** Text, unless a caller of plain JavaScript gave something else, which is for the filter's schema to refuse. */
  readonly values: Array<unknown>
  isList: boolean
  readonly inner: Map<string, Group>
}

const emptyGroup = (): Group => ({ values: [], isList: false, inner: new Map() })

const groupOf = (groups: Map<string, Group>, name: string): Group => {
  const group = groups.get(name) ?? emptyGroup()
  groups.set(name, group)
  return group
}

const bracketed = /^([^[\]]+)\[([^[\]]*)\](\[\d*\])?$/

/** What the names say, as an object. It never fails: what makes no sense is left for the filter's schema to refuse. */
export const toObject = (parameters: Readonly<Record<string, unknown>>): unknown => {
  const groups = new Map<string, Group>()
  for (const [name, given] of Object.entries(parameters)) {
    const [, outer = name, inner, list] = bracketed.exec(name) ?? []
    let group = groupOf(groups, outer)
    // `status[]` and `status[0]` are items of a list, as everywhere in Stripe; but a key of metadata may be a number.
    const isItem = inner !== undefined && outer !== "metadata" && /^\d*$/.test(inner)
    if (inner !== undefined && !isItem) group = groupOf(group.inner, inner)
    if (isItem || list !== undefined) group.isList = true
    // Not spread: a query can repeat a name more often than a call may have arguments.
    if (Array.isArray(given)) for (const value of given) group.values.push(value)
    else group.values.push(given)
  }
  const toValue = (group: Group): unknown => {
    const { inner, isList, values } = group
    if (inner.size === 0) return values.length === 1 && !isList ? values[0] : values
    return values.length === 0 ? fromEntries(inner) : [...values, fromEntries(inner)]
  }
  const fromEntries = (groups: Map<string, Group>): Record<string, unknown> =>
    Object.fromEntries(Array.from(groups, ([name, group]) => [name, toValue(group)]))
  const object = fromEntries(groups)
  if (object.livemode === "true" || object.livemode === "false") object.livemode = object.livemode === "true"
  return object
}

/** The parameters of what a filter encodes to, or of a part of it with this name. */
const toParameters = (
  value: unknown,
  name = ""
): ReadonlyArray<readonly [name: string, value: string | ReadonlyArray<string>]> => {
  if (Array.isArray(value)) return [[`${name}[]`, value.map(String)]]
  if (!Predicate.isObject(value)) return [[name, String(value)]]
  return Object.entries(value).flatMap(([key, inner]) => toParameters(inner, name === "" ? key : `${name}[${key}]`))
}

const Parameters: Schema.Codec<UrlRecord> = Schema.Record(
  Schema.String,
  Schema.Union([Schema.String, Schema.Array(Schema.String)])
)

/** From the parameters of a URL. */
export const UrlParams: Schema.Codec<SessionFilter, UrlRecord> = Parameters.pipe(
  Schema.decodeTo(Filter, {
    decode: SchemaGetter.transform(toObject),
    encode: SchemaGetter.transform((encoded) => Object.fromEntries(toParameters(encoded)))
  })
)

/** The parameters of a query, which may begin with its question mark. */
const fromQuery = (query: string | URLSearchParams): UrlRecord =>
  HttpParams.toRecord(HttpParams.fromInput(new URLSearchParams(query)))

/** A query or its parameters as an object, and anything else as it is, for the filter's schema to refuse. */
export const fromInput = (input: unknown): unknown =>
  typeof input === "string" || input instanceof URLSearchParams
    ? toObject(fromQuery(input))
    : isPlain(input)
      ? toObject({ ...input })
      : input

/** From the query of a URL. */
export const UrlQuery: Schema.Codec<SessionFilter, string> = Schema.String.pipe(
  Schema.decodeTo(UrlParams, {
    decode: SchemaGetter.transform(fromQuery),
    encode: SchemaGetter.transform(HttpParams.toString)
  })
)
