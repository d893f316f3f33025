/**
 * A filter as the query that Stripe gets.
 */
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"

/**
 * Query parameters in the order in which they are sent.
 *
 * @category models
 * @since 0.1.0
 */
export type Query = ReadonlyArray<readonly [name: string, value: string | Redacted.Redacted<string>]>

/** The parameters of an object that is flat or one object deep, as everything is that a filter encodes to. */
export const toParameters = (
  object: object,
  toText: (value: unknown) => string
): ReadonlyArray<readonly [name: string, value: string | ReadonlyArray<string>]> =>
  Object.entries(object).flatMap(([outer, value]: [string, unknown]) => {
    if (Array.isArray(value)) return [[`${outer}[]`, value.map(toText)] as const]
    if (!Predicate.isObject(value)) return [[outer, toText(value)] as const]
    return toParameters(value, toText).map(([inner, text]) => {
      const list = inner.endsWith("[]") && Array.isArray(text)
      return [list ? `${outer}[${inner.slice(0, -2)}][]` : `${outer}[${inner}]`, text] as const
    })
  })

/**
 * The query of a filter that has nothing but what Stripe knows. `personal` is what may identify a person: Effect's HTTP
 * client sends what is `Redacted` and keeps it out of spans.
 */
export const make = <A>(filter: Schema.Codec<A, unknown>, personal: ReadonlyArray<string>) => {
  const encode = SchemaParser.encodeSync(filter)
  return (value: A): Query => {
    const encoded = encode(value)
    return toParameters(Predicate.isObject(encoded) ? encoded : {}, String).flatMap(([name, text]) =>
      typeof text === "string" ? [[name, personal.includes(name) ? Redacted.make(text) : text] as const] : []
    )
  }
}
