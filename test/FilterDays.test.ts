import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { TestClock } from "effect/testing"
import { SessionFilter } from "effect-stripe-identity"

// Days, months, quarters and years in every time zone. What is right is said by Temporal, which the library does not use.

// Every day of these years, as in ZONE_YEARS=2020-2029 (minutes); without it the days about which clocks changed.
const given = process.env["ZONE_YEARS"]
const [from = 0, to = from] = given?.split("-").map(Number) ?? []
const years = given === undefined ? [2011, 2023, 2026] : Array.from({ length: to - from + 1 }, (_, at) => from + at)

/** Of Temporal, which the compiler is not told of because the library must not use it, what is needed here. */
interface PlainDate {
  readonly add: (length: { readonly days?: number; readonly months?: number }) => PlainDate
  readonly toZonedDateTime: (zone: string) => { readonly epochMilliseconds: number }
}

const { Temporal } =
  // Type boundary: Node 26, which the tests run on, has it.
  globalThis as unknown as {
    readonly Temporal: { readonly PlainDate: { readonly from: (date: string) => PlainDate } }
  }

const second = (day: PlainDate, zone: string): number => day.toZonedDateTime(zone).epochMilliseconds / 1000

const inZone = (zone: string) => DateTime.withCurrentZone(DateTime.zoneMakeNamedUnsafe(zone))

/** From the first second to the one after the last. */
const range = (created: string, zone: string) =>
  Effect.map(SessionFilter.decode({ created }).pipe(inZone(zone)), ({ created }) => {
    if (
      created === undefined ||
      DateTime.isDateTime(created) ||
      created.gte === undefined ||
      created.lt === undefined
    ) {
      return assert.fail("a stretch is a range")
    }
    return [created.gte, created.lt].map(DateTime.toEpochSeconds)
  })

const written = (created: string, zone: string) =>
  Effect.map(range(created, zone), (seconds) =>
    seconds.map((second) => new Date(second * 1000).toISOString().replace(":00.000Z", "Z"))
  )

const dates = (year: number): ReadonlyArray<string> =>
  Array.from({ length: 366 }, (_, day) => new Date(Date.UTC(year, 0, 1 + day)).toISOString().slice(0, 10)).filter(
    (date) => date.startsWith(String(year))
  )

/** The dates about which the clocks of a zone change. */
const changes = (year: number, zone: string): ReadonlyArray<string> => {
  const offsets = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" })
  const offset = (date: string) => offsets.formatToParts(Date.parse(date)).find(({ type }) => type === "timeZoneName")
  const all = dates(year)
  const changed = all.filter((date, at) => offset(date)?.value !== offset(all[at - 1] ?? date)?.value)
  return changed.flatMap((date) => all.slice(Math.max(0, all.indexOf(date) - 2), all.indexOf(date) + 2))
}

const plain = (date: string) => Temporal.PlainDate.from(date)

describe("a day whose midnight the clocks skip", () => {
  const cases: ReadonlyArray<readonly [created: string, zone: string, first: string, end: string]> = [
    ["2026-09-06", "America/Santiago", "2026-09-06T04:00Z", "2026-09-07T03:00Z"],
    ["2026-04-24", "Africa/Cairo", "2026-04-23T22:00Z", "2026-04-24T21:00Z"],
    ["2026-03-29", "Asia/Beirut", "2026-03-28T22:00Z", "2026-03-29T21:00Z"],
    ["2026-03-08", "America/Havana", "2026-03-08T05:00Z", "2026-03-09T04:00Z"],
    ["2026-03-29", "Atlantic/Azores", "2026-03-29T01:00Z", "2026-03-30T00:00Z"],
    ["2023-10", "America/Asuncion", "2023-10-01T04:00Z", "2023-11-01T03:00Z"],
    ["2023-Q4", "America/Asuncion", "2023-10-01T04:00Z", "2024-01-01T03:00Z"],
    // Here they are put back one minute after midnight: the first midnight counts, and the day has 25 hours.
    ["2010-11-07", "America/St_Johns", "2010-11-07T02:30Z", "2010-11-08T03:30Z"]
  ]
  it.effect.each(cases)("%s in %s is from %s to %s", ([created, zone, first, end]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* written(created, zone), [first, end])
    })
  )

  it.effect("is as long where it is called today, and yesterday", () =>
    Effect.gen(function* () {
      for (const [word, now] of [
        ["today", "2026-09-06T12:00Z"],
        ["today", "2026-09-06T04:00Z"],
        ["today", "2026-09-07T02:59:59Z"],
        ["yesterday", "2026-09-07T03:00Z"]
      ] as const) {
        yield* TestClock.setTime(Date.parse(now))
        const whole = ["2026-09-06T04:00Z", "2026-09-07T03:00Z"]
        assert.deepStrictEqual(yield* written(word, "America/Santiago"), whole, `${word} at ${now}`)
      }
    })
  )

  it.effect("and a date that they skip as a whole is refused, and its neighbours meet", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        (yield* Effect.flip(range("2011-12-30", "Pacific/Apia"))).message,
        'created: expected a date that exists in Pacific/Apia, whose clocks skipped this one, got "2011-12-30"'
      )
      assert.deepStrictEqual(yield* written("2011-12-29", "Pacific/Apia"), ["2011-12-29T10:00Z", "2011-12-30T10:00Z"])
      assert.deepStrictEqual(yield* written("2011-12-31", "Pacific/Apia"), ["2011-12-30T10:00Z", "2011-12-31T10:00Z"])
    })
  )
})

describe("in every time zone time is tiled, as Temporal tiles it", () => {
  const zones = Intl.supportedValuesOf("timeZone")

  it.effect("by days", () =>
    Effect.gen(function* () {
      let looked = 0
      for (const zone of zones) {
        for (const year of years) {
          for (const date of given === undefined ? changes(year, zone) : dates(year)) {
            const expected = [second(plain(date), zone), second(plain(date).add({ days: 1 }), zone)]
            if (expected[0] === expected[1]) continue
            assert.deepStrictEqual(yield* range(date, zone), expected, `${date} in ${zone}`)
            looked++
          }
        }
      }
      assert.isAbove(looked, 1000)
    })
  )

  it.effect("by months, quarters and years", () =>
    Effect.gen(function* () {
      for (const zone of zones) {
        for (const year of years) {
          // Where the clocks stay as they are, a year is enough to see it.
          const isEasy = given === undefined && changes(year, zone).length === 0
          const month = (at: number) => plain(`${year}-01-01`).add({ months: at })
          const parts = [
            [String(year), 0, 12],
            ...Array.from({ length: 4 }, (_, at) => [`${year}-Q${at + 1}`, at * 3, 3] as const),
            ...Array.from({ length: 12 }, (_, at) => [`${year}-${String(at + 1).padStart(2, "0")}`, at, 1] as const)
          ] as const
          for (const [created, first, length] of isEasy ? parts.slice(0, 1) : parts) {
            const expected = [second(month(first), zone), second(month(first + length), zone)]
            assert.deepStrictEqual(yield* range(created, zone), expected, `${created} in ${zone}`)
          }
        }
      }
    })
  )
})
