/**
 * What people and programs write for a moment or an interval of time, read as seconds since 1970.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"

/**
 * From its first to its last instant, in seconds. An instant between two whole seconds is halfway between them here, however
 * near to one it was: only the whole ones are compared. An interval begins and ends with whole seconds. An "ago" is an
 * instant that means "since then" when it stands alone.
 */
export interface TimeExpression {
  readonly kind: "instant" | "interval" | "ago"
  readonly first: number
  readonly last: number
}

/** Whether relative text is read. Not where a function must give the same answer every day. */
export const AllowRelative = Context.Reference<boolean>("effect-stripe-identity/SessionFilter/AllowRelative", {
  defaultValue: () => true
})

const Now = Context.Reference<number | undefined>("effect-stripe-identity/SessionFilter/Now", {
  defaultValue: () => undefined
})

/** Now in seconds since 1970, by `Clock`, where relative text is read. */
export const now: Effect.Effect<number | undefined> = Effect.gen(function* () {
  return (yield* AllowRelative) ? ((yield* Now) ?? (yield* Clock.currentTimeMillis) / 1000) : undefined
})

/** Reads several relative texts at one time: between yesterday and today, midnight may pass. */
export const atOnce = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(now, (time) => Effect.provideService(self, Now, time))

/** The last second that is not more digits than seconds have: as milliseconds it lies in March 1973, before any session. */
const latestSecond = 99_999_999_999

export const textForms =
  "a time such as 2026-01-31T12:00:00Z, a range such as 2026, 2026-Q1, 2026-01, 2026-01-31, today, yesterday or 7d, or " +
  "seconds since 1970"

export const forms =
  "a DateTime, a Date, whole seconds since 1970, or text such as 2026-01-31, 7d or 2026-01-31T12:00:00Z"

const milliseconds = "seconds since 1970. That looks like milliseconds: pass a Date, or divide by 1000."

const withDashes = "a date with dashes, such as 2026-01-31. As seconds since 1970, that is a day in 1970."

const dateAsText = 'a date as text, such as "2026-01-31" or "2026". As seconds since 1970, that is a day in 1970.'

const instant = (seconds: number): Result.Result<TimeExpression, string> =>
  seconds > latestSecond
    ? Result.fail("a time before the year 5139")
    : seconds >= 0
      ? Result.succeed({ kind: "instant", first: seconds, last: seconds })
      : Result.fail(forms)

// A double has no room for the nanoseconds of a time in this century, so a part of a second is kept as a half.
const withPart = (second: number, hasPart: boolean): number => (hasPart ? second + 0.5 : second)

const fromMillis = (millis: number): number => withPart(Math.floor(millis / 1000), millis % 1000 !== 0)

/** Any value as a moment, or what would be accepted instead. */
export const fromUnknown = (value: unknown, now: number | undefined): Result.Result<TimeExpression, string> => {
  if (Predicate.isString(value)) return fromText(value, now)
  if (DateTime.isDateTime(value)) return instant(fromMillis(DateTime.toEpochMillis(value)))
  if (Predicate.isDate(value)) return instant(fromMillis(value.getTime()))
  if (!Predicate.isNumber(value)) return Result.fail(forms)
  if (value > latestSecond) return Result.fail(milliseconds)
  if (undashed.test(String(value))) return Result.fail(dateAsText)
  return Number.isInteger(value) && value >= 0 ? instant(value) : Result.fail("whole seconds since 1970")
}

const time = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/
const date = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?|-[Qq]([1-4]))?$/
// What forms and databases write, which is another moment in every zone.
const withoutZone = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/
// A year, or a date without dashes. As seconds these are days of 1970, decades before the first session.
export const undashed = /^\d{4}$|^(19[7-9]|20\d)\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/
const zoneLostItsPlus = /^[\d-]+T\S+ \d{2}:?\d{2}$/
const lostPlus = "a time such as 2026-01-31T12:00:00+01:00. In a URL, write its + as %2B: a plain + means a space."
const timeOfDay = "a time up to 23:59:59 in a zone up to 23:59"
const zoned = "a time with T and a zone, such as 2026-01-31T12:00:00Z or 2026-01-31T12:00:00+01:00"
const relative = /^(\d{1,6})([hdw])$/
const hours = { h: 1, d: 24, w: 168 }

const isUnit = (text: string): text is keyof typeof hours => text in hours

/** One interval or instant of text. */
export const fromText = (text: string, now: number | undefined): Result.Result<TimeExpression, string> => {
  const [isDate, year, month, day, quarter] = date.exec(text) ?? []
  if (isDate !== undefined) return interval(Number(year), month, day, quarter)
  if (undashed.test(text)) return Result.fail(withDashes)
  if (/^\d+$/.test(text)) return Number(text) > latestSecond ? Result.fail(milliseconds) : instant(Number(text))
  const [isTime, timeYear, timeMonth, timeDay, , part = ""] = time.exec(text) ?? []
  if (isTime !== undefined) {
    if (Option.isNone(calendarDay(Number(timeYear), Number(timeMonth), Number(timeDay)))) return Result.fail(calendar)
    // Beyond milliseconds every engine reads a part of a second in its own way.
    const seconds = Date.parse(text.replace(part, "")) / 1000
    return Number.isNaN(seconds) ? Result.fail(timeOfDay) : instant(withPart(seconds, /[1-9]/.test(part)))
  }
  const [isAgo, count, unit = ""] = relative.exec(text) ?? []
  if (isAgo === undefined && text !== "today" && text !== "yesterday") {
    if (zoneLostItsPlus.test(text)) return Result.fail(lostPlus)
    return Result.fail(withoutZone.test(text) ? zoned : textForms)
  }
  if (now === undefined) {
    return Result.fail("a fixed date or range, such as 2026-01-31. Relative text is another time every day.")
  }
  const today = Math.floor(now / secondsADay) * secondsADay
  const first = isUnit(unit) ? now - Number(count) * hours[unit] * 3600 : text === "today" ? today : today - secondsADay
  if (first < 0) return tooEarly(now)
  return isUnit(unit)
    ? Result.map(instant(first), (moment) => ({ ...moment, kind: "ago" }))
    : Result.succeed({ kind: "interval", first, last: first + secondsADay - 1 })
}

const tooEarly = (now: number): Result.Result<never, string> => {
  const hint = now < 1e9 ? " In a test, set it with TestClock.setTime." : ""
  return Result.fail(
    `a range that begins in 1970 or later. The Clock says it is ${DateTime.formatIso(DateTime.fromEpochSeconds(Math.floor(now)))}.${hint}`
  )
}

const secondsADay = 86_400

const calendar = "a date that exists, from 1970 to 5138"

/** The midnight of a day, if the calendar has that day. */
const calendarDay = (year: number, month: number, day: number): Option.Option<DateTime.Utc> =>
  DateTime.make({ year, month, day }).pipe(
    // A day that the calendar lacks rolls over into the next month.
    Option.filter((start) => year >= 1970 && DateTime.getPartUtc(start, "month") === month)
  )

const interval = (year: number, month?: string, day?: string, quarter?: string) => {
  const firstMonth = quarter === undefined ? Number(month ?? 1) : Number(quarter) * 3 - 2
  const length = day !== undefined ? { days: 1 } : { months: quarter !== undefined ? 3 : month !== undefined ? 1 : 12 }
  const start = Option.getOrUndefined(calendarDay(year, firstMonth, Number(day ?? 1)))
  if (start === undefined) return Result.fail(calendar)
  const last = DateTime.toEpochSeconds(DateTime.add(start, length)) - 1
  return last < latestSecond
    ? Result.succeed<TimeExpression>({ kind: "interval", first: DateTime.toEpochSeconds(start), last })
    : Result.fail(calendar)
}
