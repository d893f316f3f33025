/**
 * What filters are made of: fields that say everything that is wrong with a value, and the object that holds them.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaGetter from "effect/SchemaGetter"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import type { InvalidArgumentError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import type { Query } from "../client/model.ts"
import { type Checked, type Expectation, expectations, mostListed, refuse, toIssue } from "../issues.ts"
import { alternatives, expectedName, suggest } from "../nearest.ts"
import * as Created from "./created.ts"
import type { OneOrMore } from "./model.ts"

/** A schema whose decoding is a function that reports every problem. What it makes encodes to itself. */
export const checked = <A>(type: Schema.Codec<A>, decode: (value: unknown) => Checked<A>): Schema.Codec<A, unknown> =>
  Schema.Unknown.pipe(
    Schema.decodeTo(type, {
      decode: SchemaGetter.transformEffect((value): Effect.Effect<A, SchemaIssue.Issue> =>
        Effect.fromResult(Result.mapError(decode(value), toIssue))
      ),
      encode: SchemaGetter.transform((value: A): unknown => value)
    })
  )

/** One of the words, or a list of some. The order and repetitions of a list mean nothing, so they are not kept. */
export const words = <const Word extends string>(
  known: ReadonlyArray<Word>
): Schema.Codec<OneOrMore<Word>, unknown> => {
  const accepted = alternatives(known)
  const all: ReadonlyArray<unknown> = known
  const isWord = (value: unknown): value is Word => all.includes(value)
  return checked<OneOrMore<Word>>(
    Schema.Union([Schema.Literals(known), Schema.Array(Schema.Literals(known))]),
    (value): Checked<OneOrMore<Word>> => {
      if (isWord(value)) return Result.succeed(value)
      if (!Array.isArray(value)) return refuse(suggest(accepted, value, known, "values"))
      if (value.length === 0) return refuse(`at least one of ${accepted}`)
      const wrong = value.flatMap((one: unknown, index) => (isWord(one) ? [] : [[index, one] as const]))
      if (wrong.length > 0) {
        return Result.fail(
          wrong.slice(0, mostListed).map(([index, one]) => ({
            path: [index],
            expected: suggest(accepted, one, known, "values")
          }))
        )
      }
      const chosen = known.filter((word) => value.includes(word))
      const [first, ...others] = chosen
      return Result.succeed(first !== undefined && others.length === 0 ? first : chosen)
    }
  )
}

/** Half a surrogate pair is no character, and nothing that goes over the wire can hold it. */
export const isText = (value: unknown, longest: number): value is string =>
  Predicate.isString(value) && value.length > 0 && value.length <= longest && !/\p{Surrogate}/u.test(value)

/** One of the words. */
export const word = <const Word extends string>(known: ReadonlyArray<Word>): Schema.Codec<Word, unknown> =>
  checked<Word>(Schema.Literals(known), (value) => {
    const found = known.find((word) => word === value)
    return found === undefined ? refuse(suggest(alternatives(known), value, known, "values")) : Result.succeed(found)
  })

/** A string that Stripe takes as a value, in this form. */
export const text = (expected: string, form = /^/): Schema.Codec<string, unknown> => {
  const isRight = (value: unknown): value is string => isText(value, 5000) && form.test(value)
  return checked(Schema.String.check(Schema.makeFilter(isRight, { expected })), (value) =>
    isRight(value) ? Result.succeed(value) : refuse(expected)
  )
}

// As what a caller took from where there was nothing: `{ client_reference_id: user?.reference }`.
const leaveOut = "An undefined field would select everything. To do that, leave the field out."

// Stripe's other parameters of a list, which come along when a whole query is pasted.
const ofTheCall = ["limit", "starting_after", "ending_before", "expand"]

// The options of `stream`, `pages`, `sync` and `tail`, where the filter was left out before them.
const ofTheOptions = [
  "pageSize",
  "maxItems",
  "concurrency",
  "prefetch",
  "startingAfter",
  "endingBefore",
  "onDecodeError",
  "from",
  "settle",
  "schedule"
]

/**
 * An object with these fields and no others, of two fields that exclude each other at most one. Strangers and wrong fields
 * are reported together.
 */
export const exact = <Fields extends Schema.Struct.Fields>(
  fields: Fields,
  exclusive?: readonly [first: string & keyof Fields, second: string & keyof Fields]
) => {
  const struct = Schema.Struct(fields)
  const names = Object.keys(fields)
  const missing = Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) => (SchemaAST.isOptional(field.ast) ? [] : [[name, undefined]]))
  )
  const decodeStruct = SchemaParser.decodeUnknownEffect(struct)
  const encodeStruct = SchemaParser.encodeUnknownEffect(struct)
  const strangers = (given: object): ReadonlyArray<Expectation> =>
    Object.keys(given)
      .filter((name) => !names.includes(name))
      .slice(0, mostListed)
      .map((name) => ({
        path: [name],
        expected: ofTheCall.includes(name)
          ? `only filter fields here. ${name} is a parameter of the call.`
          : ofTheOptions.includes(name)
            ? `only filter fields here. ${name} is an option: pass it in the second argument.`
            : expectedName(name, names)
      }))
  const withAdvice =
    (given: Record<string, unknown>) =>
    (problem: Expectation): Expectation => {
      const [name, ...inside] = problem.path
      return Predicate.isString(name) && inside.length === 0 && !(name in missing) && given[name] === undefined
        ? { ...problem, expected: `${problem.expected}. ${leaveOut}` }
        : problem
    }
  return Schema.Unknown.pipe(
    Schema.decodeTo(Schema.toType(struct), {
      decode: SchemaGetter.transformEffect(
        Effect.fnUntraced(function* (value: unknown) {
          if (!Arguments.isPlain(value)) {
            return yield* Effect.fail(toIssue([{ path: [], expected: `an object with ${alternatives(names)}` }]))
          }
          // What is required and missing is `undefined`, so that its own schema says what would be accepted.
          const given: Record<string, unknown> = { ...missing, ...value }
          const decoded = yield* Effect.result(decodeStruct(given, { errors: "all" }))
          const problems: Array<Expectation> = []
          for (const name of Object.keys(given)) {
            if (names.includes(name)) continue
            problems.push(...strangers(given))
            break
          }
          if (Result.isFailure(decoded)) problems.push(...expectations(decoded.failure).map(withAdvice(given)))
          const [one, other] = exclusive ?? []
          if (one !== undefined && other !== undefined && given[one] !== undefined && given[other] !== undefined) {
            problems.push({ path: [other], expected: `only one of ${one} and ${other}` })
          }
          if (Result.isFailure(decoded) || problems.length > 0) return yield* Effect.fail(toIssue(problems))
          return decoded.success
        })
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
