/**
 * The `created` of a filter: decodes every accepted form to an instant or a range of whole seconds.
 */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import type * as SchemaIssue from "effect/SchemaIssue"
import type * as Types from "effect/Types"
import type { Query } from "../client/model.ts"
import { type Expectation, toIssue } from "../issues.ts"
import type { Window } from "../list/model.ts"
import { expectedName } from "../nearest.ts"
import * as CreatedWithin from "../pagination/createdWithin.ts"
import type { CreatedRange } from "./model.ts"
import * as TimeExpression from "./timeExpression.ts"

type Range = CreatedRange<DateTime.Utc>
export type Created = DateTime.Utc | Range
type Bound = keyof CreatedRange

export const bounds = ["gt", "gte", "lt", "lte"] as const

/** The second of a bound that selects the same sessions as the moment that was written. */
const toBound: { readonly [Name in Bound]: (moment: TimeExpression.TimeExpression) => number } = {
  gt: ({ last }) => Math.floor(last),
  gte: ({ first }) => Math.ceil(first),
  lt: ({ first }) => Math.ceil(first),
  lte: ({ last }) => Math.floor(last)
}

const isBound = (name: string): name is Bound => Object.hasOwn(toBound, name)

const forms =
  "a DateTime, a Date, whole seconds since 1970, an object of gt, gte, lt and lte, or text such as 2026-01-31, " +
  "2026-01, 7d or 2026-01..2026-03"

const textForms = `${TimeExpression.textForms}, or two of them as in 2026-01..2026-03`

// What is accepted for a whole `created` is more than what is accepted for one bound of it.
const inFull = (expected: string): string =>
  expected === TimeExpression.textForms ? textForms : expected === TimeExpression.forms ? forms : expected

const refuse = (expected: string): Result.Result<never, SchemaIssue.Issue> =>
  Result.fail(toIssue([{ path: [], expected }]))

const decode = (value: unknown, now: number | undefined): Result.Result<Created, SchemaIssue.Issue> => {
  if (Predicate.isString(value) && value.includes("..")) return decodeText(value, now)
  // A query that gives it twice, or gives an instant and a bound, arrives as a list.
  if (Array.isArray(value)) return refuse("one instant or one range")
  if (Predicate.isObject(value) && !DateTime.isDateTime(value) && !Predicate.isDate(value)) {
    return decodeRange(value, now)
  }
  const moment = TimeExpression.fromUnknown(value, now)
  if (Result.isFailure(moment)) return refuse(inFull(moment.failure))
  const { first, kind, last } = moment.success
  if (kind === "ago") return Result.succeed({ gte: DateTime.fromEpochSeconds(Math.ceil(first)) })
  if (kind === "interval")
    return Result.succeed({ gte: DateTime.fromEpochSeconds(first), lt: DateTime.fromEpochSeconds(last + 1) })
  return Number.isInteger(first)
    ? Result.succeed(DateTime.fromEpochSeconds(first))
    : refuse("a whole second, which is Stripe's resolution, or a range such as { gte, lt }")
}

/** `from..to`; either may be missing. */
const decodeText = (text: string, now: number | undefined): Result.Result<Created, SchemaIssue.Issue> => {
  const [from = "", to = "", ...rest] = text.split("..")
  const read = (part: string) => (part === "" ? Result.succeed(undefined) : TimeExpression.fromText(part, now))
  const moments = Result.all([read(from), read(to)])
  if (Result.isFailure(moments)) return refuse(inFull(moments.failure))
  const [start, end] = moments.success
  if (rest.length > 0 || (start === undefined && end === undefined)) return refuse(textForms)
  const range: Types.Mutable<Range> = {}
  if (start !== undefined) range.gte = DateTime.fromEpochSeconds(toBound.gte(start))
  if (end?.kind === "interval") range.lt = DateTime.fromEpochSeconds(end.last + 1)
  else if (end !== undefined) range.lte = DateTime.fromEpochSeconds(toBound.lte(end))
  return isEmpty(span(range)) ? refuse("a range that begins before it ends") : Result.succeed(range)
}

const decodeRange = (value: object, now: number | undefined): Result.Result<Created, SchemaIssue.Issue> => {
  const problems: Array<Expectation> = []
  const range: Types.Mutable<Range> = {}
  for (const [name, bound] of Object.entries(value)) {
    if (!isBound(name)) {
      problems.push({ path: [name], expected: expectedName(name, bounds) })
    } else {
      const moment = TimeExpression.fromUnknown(bound, now)
      if (Result.isSuccess(moment)) range[name] = DateTime.fromEpochSeconds(toBound[name](moment.success))
      else {
        const advice =
          bound === undefined ? ". An undefined bound would select any time. To do that, leave it out." : ""
        problems.push({ path: [name], expected: moment.failure + advice })
      }
    }
  }
  if (Arr.isArrayNonEmpty(problems)) return Result.fail(toIssue(problems))
  if (Object.keys(range).length === 0) return refuse("at least one of gt, gte, lt and lte")
  return isEmpty(span(range)) ? refuse("a range with at least one second in it") : Result.succeed(range)
}

const Range = Schema.Struct({
  gt: Schema.optionalKey(Schema.DateTimeUtc),
  gte: Schema.optionalKey(Schema.DateTimeUtc),
  lt: Schema.optionalKey(Schema.DateTimeUtc),
  lte: Schema.optionalKey(Schema.DateTimeUtc)
})

const boundsOf = (range: Range): ReadonlyArray<readonly [name: Bound, moment: DateTime.Utc]> =>
  bounds.flatMap((name) => {
    const moment = range[name]
    return moment === undefined ? [] : [[name, moment] as const]
  })

// A second that reads as a year or a date without dashes would be refused. With a zero before it, it reads as what it is.
const encodeMoment = (moment: DateTime.Utc): number | string => {
  const second = DateTime.toEpochSeconds(moment)
  return TimeExpression.undashed.test(String(second)) ? `0${second}` : second
}

/** In seconds. */
const encode = (created: Created): number | string | CreatedRange<number | string> =>
  DateTime.isDateTime(created)
    ? encodeMoment(created)
    : Object.fromEntries(boundsOf(created).map(([name, moment]) => [name, encodeMoment(moment)]))

/** Decodes whatever was written; encodes to seconds. */
export const CreatedFromUnknown: Schema.Codec<Created, unknown> = Schema.Unknown.pipe(
  Schema.decodeTo(Schema.Union([Schema.DateTimeUtc, Range]), {
    decode: SchemaGetter.transformEffect((value) =>
      Effect.flatMap(TimeExpression.now, (now) => Effect.fromResult(decode(value, now)))
    ),
    encode: SchemaGetter.transform(encode)
  })
)

/** As Stripe is asked for it. */
export const toQuery = (created: Created): Query =>
  DateTime.isDateTime(created)
    ? [["created", String(DateTime.toEpochSeconds(created))]]
    : boundsOf(created).map(([name, moment]) => [`created[${name}]`, String(DateTime.toEpochSeconds(moment))])

/** The seconds that it lets through. */
export const span = (created: Created): Window => CreatedWithin.windowOf(toQuery(created))

const isEmpty = (window: Window): boolean => CreatedWithin.isEmpty({ gte: 0, ...window })

/**
 * What both let through, or nothing where they have no second in common. Of two bounds on one side the tighter stays.
 */
export const intersect = (self: Created, that: Created): Option.Option<Created> => {
  const both = CreatedWithin.intersect(span(self), span(that))
  if (isEmpty(both)) return Option.none()
  const instant = [self, that].find(DateTime.isDateTime)
  if (instant !== undefined) return Option.some(instant)
  const { gte = 0, lt } = both
  const range: Types.Mutable<Range> = {}
  // A range needs a bound, even where it bounds nothing.
  if (gte > 0 || lt === undefined) range.gte = DateTime.fromEpochSeconds(gte)
  if (lt !== undefined) range.lte = DateTime.fromEpochSeconds(lt - 1)
  return Option.some(range)
}

/** In words, for a message. */
export const show = (created: Created): string =>
  DateTime.isDateTime(created)
    ? DateTime.formatIso(created)
    : boundsOf(created)
        .map(([name, moment]) => `${name} ${DateTime.formatIso(moment)}`)
        .join(", ")

/** Whether a moment is at the second, or in the range, of a filter. */
export const contains = (created: Created): ((moment: DateTime.Utc) => boolean) => {
  const { gte = 0, lt = Number.POSITIVE_INFINITY } = span(created)
  return (moment) => {
    const second = DateTime.toEpochSeconds(moment)
    return gte <= second && second < lt
  }
}
