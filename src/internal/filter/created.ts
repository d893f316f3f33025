/**
 * The `created` of a filter: decodes every accepted form to an instant or a range of whole seconds.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import type * as SchemaIssue from "effect/SchemaIssue"
import { expectedName } from "../nearest.ts"
import { type Expectation, toIssue } from "../issues.ts"
import type { CreatedRange } from "./model.ts"
import * as Moments from "./timeExpression.ts"

type Range = CreatedRange<DateTime.Utc>
export type Created = DateTime.Utc | Range
type Bound = keyof CreatedRange

export const bounds = ["gt", "gte", "lt", "lte"] as const

/** The second of a bound that selects the same sessions as the moment that was written. */
const toBound: { readonly [Name in Bound]: (moment: Moments.TimeExpression) => number } = {
  gt: ({ last }) => Math.floor(last),
  gte: ({ first }) => Math.ceil(first),
  lt: ({ first }) => Math.ceil(first),
  lte: ({ last }) => Math.floor(last)
}

const isBound = (name: string): name is Bound => Object.hasOwn(toBound, name)

const forms =
  "a DateTime, a Date, whole seconds since 1970, an object of gt, gte, lt and lte, or text such as 2026-01-31, " +
  "2026-01, 7d or 2026-01..2026-03"

const textForms = `${Moments.textForms}, or two of them as in 2026-01..2026-03`

// What is accepted for a whole `created` is more than what is accepted for one bound of it.
const inFull = (expected: string): string =>
  expected === Moments.textForms ? textForms : expected === Moments.forms ? forms : expected

type Decoded = Result.Result<Created, ReadonlyArray<Expectation>>

const fail = (expected: string, ...path: ReadonlyArray<string>): Result.Result<never, ReadonlyArray<Expectation>> =>
  Result.fail([{ path, expected }])

const decode = (value: unknown, present: Moments.Present): Decoded => {
  if (Predicate.isString(value) && value.includes("..")) return decodeText(value, present)
  // A query that gives it twice, or gives an instant and a bound, arrives as a list.
  if (Array.isArray(value)) return fail("one instant or one range")
  if (Predicate.isObject(value) && !DateTime.isDateTime(value) && !Predicate.isDate(value)) {
    return decodeRange(value, present)
  }
  const moment = Moments.fromUnknown(value, present)
  if (Result.isFailure(moment)) return fail(inFull(moment.failure))
  const { first, kind, last } = moment.success
  if (kind === "ago") return Result.succeed({ gte: DateTime.fromEpochSeconds(Math.ceil(first)) })
  if (kind === "stretch")
    return Result.succeed({ gte: DateTime.fromEpochSeconds(first), lt: DateTime.fromEpochSeconds(last + 1) })
  return Number.isInteger(first)
    ? Result.succeed(DateTime.fromEpochSeconds(first))
    : fail("a whole second, which is Stripe's resolution, or a range such as { gte, lt }")
}

/** `from..to`; either may be missing. */
const decodeText = (text: string, present: Moments.Present): Decoded => {
  const [from = "", to = "", ...rest] = text.split("..")
  const read = (part: string) => (part === "" ? Result.succeed(undefined) : Moments.fromText(part, present))
  const moments = Result.all([read(from), read(to)])
  if (Result.isFailure(moments)) return fail(inFull(moments.failure))
  const [start, end] = moments.success
  if (rest.length > 0 || (start === undefined && end === undefined)) return fail(textForms)
  const range: Range = {
    ...(start === undefined ? {} : { gte: DateTime.fromEpochSeconds(toBound.gte(start)) }),
    ...(end === undefined
      ? {}
      : end.kind === "stretch"
        ? { lt: DateTime.fromEpochSeconds(end.last + 1) }
        : { lte: DateTime.fromEpochSeconds(toBound.lte(end)) })
  }
  return isEmpty(range) ? fail("a range that begins before it ends") : Result.succeed(range)
}

const decodeRange = (value: object, present: Moments.Present): Decoded => {
  const problems: Array<Expectation> = []
  const range: { -readonly [Name in Bound]?: DateTime.Utc } = {}
  for (const [name, bound] of Object.entries(value)) {
    if (!isBound(name)) {
      problems.push({ path: [name], expected: expectedName(name, bounds) })
    } else {
      const moment = Moments.fromUnknown(bound, present)
      if (Result.isSuccess(moment)) range[name] = DateTime.fromEpochSeconds(toBound[name](moment.success))
      else {
        const advice =
          bound === undefined ? ". An undefined bound would select any time. To do that, leave it out." : ""
        problems.push({ path: [name], expected: moment.failure + advice })
      }
    }
  }
  if (problems.length > 0) return Result.fail(problems)
  if (Object.keys(range).length === 0) return fail("at least one of gt, gte, lt and lte")
  return isEmpty(range) ? fail("a range with at least one second in it") : Result.succeed(range)
}

const Range = Schema.Struct({
  gt: Schema.optionalKey(Schema.DateTimeUtc),
  gte: Schema.optionalKey(Schema.DateTimeUtc),
  lt: Schema.optionalKey(Schema.DateTimeUtc),
  lte: Schema.optionalKey(Schema.DateTimeUtc)
})

/** In seconds. */
export const encode = (created: Created): number | CreatedRange<number> => {
  if (DateTime.isDateTime(created)) return DateTime.toEpochSeconds(created)
  const range: { -readonly [Name in Bound]?: number } = {}
  for (const name of bounds) {
    const bound = created[name]
    if (bound !== undefined) range[name] = DateTime.toEpochSeconds(bound)
  }
  return range
}

/** Decodes whatever was written; encodes to seconds. */
export const CreatedFromUnknown: Schema.Codec<Created, unknown> = Schema.Unknown.pipe(
  Schema.decodeTo(Schema.Union([Schema.DateTimeUtc, Range]), {
    decode: SchemaGetter.transformEffect((value): Effect.Effect<Created, SchemaIssue.Issue> =>
      Effect.flatMap(Moments.present, (present) => Effect.fromResult(Result.mapError(decode(value, present), toIssue)))
    ),
    encode: SchemaGetter.transform(encode)
  })
)

/** The first and the last second that it lets through. */
export const span = (created: Created): { readonly first: number; readonly last: number } => {
  if (DateTime.isDateTime(created)) {
    const only = DateTime.toEpochSeconds(created)
    return { first: only, last: only }
  }
  const at = (bound: DateTime.Utc | undefined, otherwise: number, shift = 0): number =>
    bound === undefined ? otherwise : DateTime.toEpochSeconds(bound) + shift
  return {
    first: Math.max(at(created.gte, 0), at(created.gt, 0, 1)),
    last: Math.min(at(created.lte, Number.POSITIVE_INFINITY), at(created.lt, Number.POSITIVE_INFINITY, -1))
  }
}

const isEmpty = (created: Created): boolean => {
  const { first, last } = span(created)
  return first > last
}

/**
 * What both let through, or nothing where they have no second in common. Of two bounds on one side the tighter stays.
 */
export const intersect = (self: Created, that: Created): Option.Option<Created> => {
  const instant = DateTime.isDateTime(self) ? self : DateTime.isDateTime(that) ? that : undefined
  const [one, other] = [span(self), span(that)]
  const first = Math.max(one.first, other.first)
  const last = Math.min(one.last, other.last)
  if (first > last) return Option.none()
  if (instant !== undefined) return Option.some(instant)
  const open = last === Number.POSITIVE_INFINITY
  return Option.some({
    // A range needs a bound, even where it bounds nothing.
    ...(first === 0 && !open ? {} : { gte: DateTime.fromEpochSeconds(first) }),
    ...(open ? {} : { lte: DateTime.fromEpochSeconds(last) })
  })
}

/** In words, for a message. */
export const show = (created: Created): string =>
  DateTime.isDateTime(created)
    ? DateTime.formatIso(created)
    : bounds
        .flatMap((name) => {
          const bound = created[name]
          return bound === undefined ? [] : [`${name} ${DateTime.formatIso(bound)}`]
        })
        .join(", ")

/** Whether a moment is at the second, or in the range, of a filter. */
export const contains = (created: Created): ((moment: DateTime.Utc) => boolean) => {
  const { first, last } = span(created)
  return (moment) => {
    const second = DateTime.toEpochSeconds(moment)
    return first <= second && second <= last
  }
}
