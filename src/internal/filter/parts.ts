/**
 * What filters are made of: fields that say everything that is wrong with a value, and the object that holds them.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaParser from "effect/SchemaParser"
import type { InvalidArgumentError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import type { Query } from "../client/model.ts"
import { type Expectation, expectations, mostListed, toIssue, withChecks } from "../issues.ts"
import { alternatives, insteadOf, suggest } from "../nearest.ts"
import { shared } from "../pagination/options.ts"
import * as Created from "./created.ts"
import type { OneOrMore } from "./model.ts"

/** One of the words. */
export const word = <const Word extends string>(known: ReadonlyArray<Word>) =>
  Schema.Unknown.check(Schema.makeFilter((value) => insteadOf(known, value))).pipe(
    Schema.decodeTo(Schema.Literals(known))
  )

/** One of the words, or a list of some. The order and repetitions of a list mean nothing, so they are not kept. */
export const words = <const Word extends string>(
  known: ReadonlyArray<Word>
): Schema.Codec<OneOrMore<Word>, unknown> => {
  const accepted = alternatives(known)
  const all: ReadonlyArray<unknown> = known
  const areKnown = Schema.makeFilter((value: unknown) => {
    if (all.includes(value)) return undefined
    if (typeof value === "string" && value.includes(",")) {
      return `${accepted}. For several, repeat the name or pass a list.`
    }
    if (!Array.isArray(value)) return suggest(accepted, value, known, "values")
    if (value.length === 0) return `at least one of ${accepted}`
    const wrong = Array.from(value.keys()).filter((index) => !all.includes(value[index]))
    return wrong
      .slice(0, mostListed)
      .map((index) => ({ path: [index], issue: suggest(accepted, value[index], known, "values") }))
  })
  return Schema.Unknown.check(areKnown).pipe(
    Schema.decodeTo(Schema.Union([Schema.Literals(known), Schema.Array(Schema.Literals(known))]), {
      decode: SchemaGetter.transform((value) => {
        const chosen = Arr.intersection(known, Arr.ensure(value))
        return Arr.isArrayNonEmpty(chosen) && chosen.length === 1 ? chosen[0] : chosen
      }),
      encode: SchemaGetter.passthrough({ strict: false })
    }),
    Schema.annotateKey({ messageMissingKey: accepted })
  )
}

/** Half a surrogate pair is no character, and nothing that goes over the wire can hold it. */
export const isText = (value: string, longest: number): boolean =>
  value.length > 0 && value.length <= longest && !/\p{Surrogate}/u.test(value)

/** A string that Stripe takes as a value, in this form. */
export const text = (expected: string, form = /^/, longest = 5000) =>
  Schema.String.check(
    Schema.makeFilter((value) => isText(value, longest) && form.test(value), { expected, identifier: expected })
  )

// As what a caller took from where there was nothing: `{ client_reference_id: user?.reference }`.
const leaveOut = "An undefined field would select everything. To do that, leave the field out."

// Stripe's other parameters of a list, which come along when a whole query is pasted.
const ofTheCall = ["limit", "starting_after", "ending_before", "expand"]

// The options of `stream`, `pages`, `sync` and `tail`, where the filter was left out before them.
const ofTheOptions = ["maxItems", "startingAfter", "endingBefore", "from", "settle", "schedule"]

const instead = (name: string): string | undefined =>
  ofTheCall.includes(name)
    ? `only filter fields here. ${name} is a parameter of the call.`
    : Object.hasOwn(shared, name) || ofTheOptions.includes(name)
      ? `only filter fields here. ${name} is an option: pass it in the second argument.`
      : undefined

/**
 * A filter as a Schema: an object with these fields, all of them optional, and no others. All its problems are reported
 * together, whatever the parse options.
 */
export const exact = <Fields extends Schema.Struct.Fields>(struct: Schema.Struct<Fields>) => {
  const decodeStruct = SchemaParser.decodeUnknownEffect(struct, { errors: "all", onExcessProperty: "error" })
  const encodeStruct = SchemaParser.encodeUnknownEffect(struct)
  const isUndefined = (filter: object, [name]: Expectation["path"]): boolean =>
    name !== undefined && name in struct.fields && Reflect.get(filter, name) === undefined
  const names = alternatives(Object.keys(struct.fields))
  return Schema.Unknown.pipe(
    Schema.refine(Arguments.isPlain, { expected: `an object with ${names}` }),
    Schema.decodeTo(Schema.toType(struct), {
      decode: SchemaGetter.transformEffect((filter) =>
        Effect.mapError(decodeStruct(filter), (issue) =>
          toIssue(expectations(withChecks(issue, struct, filter), instead), ({ expected, path }) =>
            isUndefined(filter, path) ? `${expected}. ${leaveOut}` : expected
          )
        )
      ),
      encode: SchemaGetter.transformEffect((value) => encodeStruct(value))
    })
  )
}

/** The decoder of a filter, from anything that a caller may hand over. */
export const decoder = <A>(filter: Schema.Codec<A, unknown>) => {
  const decode = SchemaParser.decodeUnknownEffect(filter)
  return (input: unknown): Effect.Effect<A, InvalidArgumentError> =>
    Effect.mapError(decode(input), (issue) => Arguments.explain(input, expectations(issue), "filter"))
}

/** The fields of a filter that Stripe filters by: texts, and `created`. */
export interface ServerFields {
  readonly [name: string]: string | Created.Created | undefined
}

/**
 * The query of these fields. `personal` is what may identify a person: Effect's HTTP client sends what is `Redacted` and keeps
 * it out of spans.
 */
export const toQuery = (fields: ServerFields, personal: ReadonlyArray<string>): Query => {
  const query: Array<Query[number]> = []
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") query.push([name, personal.includes(name) ? Redacted.make(value) : value])
    else if (value !== undefined) query.push(...Created.toQuery(value))
  }
  return query
}
