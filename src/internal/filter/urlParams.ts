/**
 * A filter as the parameters of a URL, in Stripe's bracket form, and as the query of one.
 */
import * as Arr from "effect/Array"
import * as HttpParams from "effect/http/UrlParams"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { Filter, type SessionFilter } from "./fields.ts"
import { isPlain } from "../arguments.ts"
import type { JsonInput } from "./model.ts"

/**
 * The parameters of a URL by their names, as Effect's HTTP modules have them. A name that came more than once has a list.
 *
 * @category models
 * @since 0.1.0
 */
export type UrlRecord = { readonly [name: string]: string | ReadonlyArray<string> }

/** `created[gte]` is `gte` in `created`. */
interface Parameter {
  readonly outer: string
  readonly inner: string | undefined
  /** Text, unless a caller of plain JavaScript gave something else, which is for the filter's schema to refuse. */
  readonly values: ReadonlyArray<unknown>
}

const bracketed = /^([^[\]]+)\[([^[\]]*)\](?:\[\d*\])?$/

const toParameter = ([name, given]: readonly [name: string, given: unknown]): Parameter => {
  const [, outer = name, inner] = bracketed.exec(name) ?? []
  // `status[]` and `status[0]` are items of a list, as everywhere in Stripe; but a key of metadata may be a number.
  const isItem = inner !== undefined && outer !== "metadata" && /^\d*$/.test(inner)
  return { outer, inner: isItem ? undefined : inner, values: Arr.ensure(given) }
}

const toValue = (parameters: ReadonlyArray<Parameter>): unknown => {
  const values = parameters.flatMap(({ values }) => values)
  return values.length === 1 ? values[0] : values
}

/** What the names say, as an object. It never fails: what makes no sense is left for the filter's schema to refuse. */
export const toObject = (parameters: Readonly<Record<string, unknown>>): unknown => {
  const groups = Arr.groupBy(Object.entries(parameters).map(toParameter), ({ outer }) => outer)
  const object = Record.map(groups, (group): unknown => {
    const plain = group.filter(({ inner }) => inner === undefined)
    if (plain.length === group.length) return toValue(plain)
    const nested = group.filter(({ inner }) => inner !== undefined)
    const byInner = Arr.groupBy(nested, ({ inner = "" }) => inner)
    const inside = Record.map(byInner, toValue)
    return plain.length === 0 ? inside : [...plain.flatMap(({ values }) => values), inside]
  })
  const { livemode } = object
  return livemode === "true" || livemode === "false" ? { ...object, livemode: livemode === "true" } : object
}

const Value = Schema.Union([Schema.String, Schema.Array(Schema.String)])

// What an OpenAPI document lists. Other forms, such as `metadata[plan]` and `status[]`, are taken too.
const names =
  "client_reference_id created created[gt] created[gte] created[lt] created[lte] last_error[code] livemode " +
  "redaction[status] related_customer related_customer_account status type"

const Parameters: Schema.Codec<UrlRecord> = Schema.StructWithRest(
  Schema.Struct(Object.fromEntries(names.split(" ").map((name) => [name, Schema.optionalKey(Value)]))),
  [Schema.Record(Schema.String, Value)]
)

/** From the parameters of a URL. */
export const UrlParams: Schema.Codec<SessionFilter, UrlRecord> = Parameters.pipe(
  Schema.decodeTo(Filter, {
    decode: SchemaGetter.transform(toObject),
    // Type boundary: what a filter encodes to is JSON.
    encode: SchemaGetter.transform((encoded) => HttpParams.toRecord(HttpParams.fromInput(encoded as JsonInput)))
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
