/**
 * The `created` of a filter: decodes every accepted form to an instant or a range of whole seconds.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import type * as Types from "effect/Types"
import type { Query } from "../client/model.ts"
import type { Window } from "../list/model.ts"
import * as CreatedWithin from "../pagination/createdWithin.ts"
import type { CreatedRange } from "./model.ts"
import * as TimeExpression from "./timeExpression.ts"

type Range = CreatedRange<DateTime.Utc>
export type Created = DateTime.Utc | Range

const forms =
  "a DateTime, a Date, whole seconds since 1970, an object of gt, gte, lt and lte, or text such as 2026-01-31, " +
  "2026-01, 7d or 2026-01..2026-03"

const textForms = `${TimeExpression.textForms}, or two of them as in 2026-01..2026-03`

// What is accepted for a whole `created` is more than what is accepted for one bound of it.
const inFull = (expected: string): string =>
  expected === TimeExpression.textForms ? textForms : expected === TimeExpression.forms ? forms : expected

// The whole seconds that select the same sessions as a moment between two of them.
const firstSecond = ({ first }: TimeExpression.TimeExpression) => DateTime.fromEpochSeconds(Math.ceil(first))

const lastSecond = ({ last }: TimeExpression.TimeExpression) => DateTime.fromEpochSeconds(Math.floor(last))

const afterLast = ({ last }: TimeExpression.TimeExpression) => DateTime.fromEpochSeconds(last + 1)

const decode = (value: unknown, now: number | undefined): Result.Result<Created, string> => {
  if (Predicate.isString(value) && value.includes("..")) return decodeText(value, now)
  // A query that gives it twice, or gives an instant and a bound, arrives as a list.
  if (Array.isArray(value)) return Result.fail("one instant or one range")
  const read = TimeExpression.fromUnknown(value, now)
  if (Result.isFailure(read)) return Result.fail(inFull(read.failure))
  const moment = read.success
  if (moment.kind === "ago") return Result.succeed({ gte: firstSecond(moment) })
  if (moment.kind === "interval") return Result.succeed({ gte: firstSecond(moment), lt: afterLast(moment) })
  return Number.isInteger(moment.first)
    ? Result.succeed(firstSecond(moment))
    : Result.fail("a whole second, which is Stripe's resolution, or a range such as { gte, lt }")
}

/** `from..to`; either may be missing. */
const decodeText = (text: string, now: number | undefined): Result.Result<Created, string> => {
  const [from = "", to = "", ...rest] = text.split("..")
  const read = (part: string) => (part === "" ? Result.succeed(undefined) : TimeExpression.fromText(part, now))
  const moments = Result.all([read(from), read(to)])
  if (Result.isFailure(moments)) return Result.fail(inFull(moments.failure))
  const [start, end] = moments.success
  if (rest.length > 0 || (start === undefined && end === undefined)) return Result.fail(textForms)
  const range: Types.Mutable<Range> = {}
  if (start !== undefined) range.gte = firstSecond(start)
  if (end?.kind === "interval") range.lt = afterLast(end)
  else if (end !== undefined) range.lte = lastSecond(end)
  return isEmpty(span(range)) ? Result.fail("a range that begins before it ends") : Result.succeed(range)
}

/** Reads a value by `Clock`. */
const read = <A>(value: unknown, decode: (value: unknown, now: number | undefined) => Result.Result<A, string>) =>
  Effect.flatMap(TimeExpression.now, (now) =>
    Effect.fromResult(Result.mapError(decode(value, now), (expected) => new SchemaIssue.InvalidValue({ expected })))
  )

// A second that reads as a year or a date without dashes would be refused. With a zero before it, it reads as what it is.
const encodeMoment = (moment: DateTime.Utc): number | string => {
  const second = DateTime.toEpochSeconds(moment)
  return TimeExpression.undashed.test(String(second)) ? `0${second}` : second
}

const bound = (toSecond: (moment: TimeExpression.TimeExpression) => DateTime.Utc) =>
  Schema.Unknown.check(Schema.makeFilter((value) => value !== undefined, { expected: undefinedBound }, true)).pipe(
    Schema.decodeTo(Schema.DateTimeUtc, {
      decode: SchemaGetter.transformEffect((value) =>
        read(value, (value, now) => Result.map(TimeExpression.fromUnknown(value, now), toSecond))
      ),
      encode: SchemaGetter.transform(encodeMoment)
    }),
    Schema.optionalKey
  )

const undefinedBound = `${TimeExpression.forms}. An undefined bound would select any time. To do that, leave it out.`

const Range = Schema.Struct({
  gt: bound(lastSecond),
  gte: bound(firstSecond),
  lt: bound(firstSecond),
  lte: bound(lastSecond)
}).check(
  Schema.isMinProperties(1, { expected: "at least one of gt, gte, lt and lte" }).abort(),
  Schema.makeFilter((range) => !isEmpty(span(range)), { expected: "a range with at least one second in it" })
)

const decodeRange = SchemaParser.decodeUnknownEffect(Range, { errors: "all", onExcessProperty: "error" })
const encodeRange = SchemaParser.encodeUnknownEffect(Range)

/** Decodes whatever was written; encodes to seconds. */
export const CreatedFromUnknown: Schema.Codec<Created, unknown> = Schema.Unknown.pipe(
  Schema.decodeTo(Schema.Union([Schema.DateTimeUtc, Schema.toType(Range)]), {
    decode: SchemaGetter.transformEffect((value): Effect.Effect<Created, SchemaIssue.Issue> =>
      Predicate.isObject(value) && !DateTime.isDateTime(value) && !Predicate.isDate(value)
        ? TimeExpression.atOnce(decodeRange(value))
        : read(value, decode)
    ),
    encode: SchemaGetter.transformEffect((created): Effect.Effect<unknown, SchemaIssue.Issue> =>
      DateTime.isDateTime(created) ? Effect.succeed(encodeMoment(created)) : encodeRange(created)
    )
  })
)

const boundsOf = (range: Range): ReadonlyArray<readonly [name: string, moment: DateTime.Utc]> => Object.entries(range)

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
export const intersect = (self: Created, that: Created): Created | undefined => {
  const both = CreatedWithin.intersect(span(self), span(that))
  if (isEmpty(both)) return undefined
  const { gte = 0, lt } = both
  const range: Types.Mutable<Range> = {}
  // A range needs a bound, even where it bounds nothing.
  if (gte > 0 || lt === undefined) range.gte = DateTime.fromEpochSeconds(gte)
  if (lt !== undefined) range.lte = DateTime.fromEpochSeconds(lt - 1)
  return range
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
  const { gte = 0, lt = Infinity } = span(created)
  return (moment) => {
    const second = DateTime.toEpochSeconds(moment)
    return gte <= second && second < lt
  }
}
