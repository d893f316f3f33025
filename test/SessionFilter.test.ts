import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Effect, Result, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { SessionFilter, VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { countRequests, ids, query, reason, requests, world } from "./support/world.ts"

const { pages, stream } = VerificationSessions

const instant = (text: string) => DateTime.makeUnsafe(text)

/** The range as a person would write it down, which is shorter than `DateTime`s. */
const written = (created: SessionFilter.SessionFilter["created"]) =>
  created === undefined
    ? ""
    : DateTime.isDateTime(created)
      ? DateTime.formatIso(created)
      : Object.entries(created)
          .map(([bound, at]) => `${bound} ${DateTime.formatIso(at).replace(".000Z", "Z")}`)
          .join(", ")

const decodeCreated = (created: unknown) =>
  Effect.map(SessionFilter.decode({ created }), (filter) => written(filter.created))

const atNoon = TestClock.setTime(DateTime.toEpochMillis(instant("2026-03-31T12:34:56.700Z")))

describe("what a message shows of a value", () => {
  it.effect("has no character that a terminal obeys or that turns the text around", () =>
    Effect.gen(function* () {
      const status = "\u001b[31m\u009b2J\u202etxet\u2066\u2028\u200b\u{e0041}"
      const { message } = yield* Effect.flip(SessionFilter.decode({ status }))
      assert.notMatch(message, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      assert.include(message, "\\u009b2J\\u202etxet")
    })
  )
})

describe("created", () => {
  const forms: ReadonlyArray<readonly [created: unknown, means: string]> = [
    [1767225600, "2026-01-01T00:00:00.000Z"],
    ["1767225600", "2026-01-01T00:00:00.000Z"],
    [instant("2026-01-01T00:00:00Z"), "2026-01-01T00:00:00.000Z"],
    [DateTime.makeZonedUnsafe("2026-01-01T00:00:00Z", { timeZone: "Asia/Tokyo" }), "2026-01-01T00:00:00.000Z"],
    [new Date("2026-01-01T00:00:00Z"), "2026-01-01T00:00:00.000Z"],
    ["2026-01-01T02:00+02:00", "2026-01-01T00:00:00.000Z"],
    ["2026", "gte 2026-01-01T00:00:00Z, lt 2027-01-01T00:00:00Z"],
    ["2026-Q1", "gte 2026-01-01T00:00:00Z, lt 2026-04-01T00:00:00Z"],
    ["2026-q4", "gte 2026-10-01T00:00:00Z, lt 2027-01-01T00:00:00Z"],
    ["2024-02", "gte 2024-02-01T00:00:00Z, lt 2024-03-01T00:00:00Z"],
    ["2026-01-31", "gte 2026-01-31T00:00:00Z, lt 2026-02-01T00:00:00Z"],
    ["today", "gte 2026-03-31T00:00:00Z, lt 2026-04-01T00:00:00Z"],
    ["yesterday", "gte 2026-03-30T00:00:00Z, lt 2026-03-31T00:00:00Z"],
    ["12h", "gte 2026-03-31T00:34:57Z"],
    ["7d", "gte 2026-03-24T12:34:57Z"],
    ["2w", "gte 2026-03-17T12:34:57Z"],
    ["2026-01..2026-03", "gte 2026-01-01T00:00:00Z, lt 2026-04-01T00:00:00Z"],
    ["2026-01-31..", "gte 2026-01-31T00:00:00Z"],
    ["..yesterday", "lt 2026-03-31T00:00:00Z"],
    ["14d..7d", "gte 2026-03-17T12:34:57Z, lte 2026-03-24T12:34:56Z"],
    ["2026-01-01T00:00:00Z..2026-01-01T00:00:10Z", "gte 2026-01-01T00:00:00Z, lte 2026-01-01T00:00:10Z"],
    [{ gte: "2026-01", lt: "2026-02" }, "gte 2026-01-01T00:00:00Z, lt 2026-02-01T00:00:00Z"],
    [{ gt: "2026-01", lte: "2026-02-15" }, "gt 2026-01-31T23:59:59Z, lte 2026-02-15T23:59:59Z"],
    [{ gte: "7d" }, "gte 2026-03-24T12:34:57Z"],
    [
      { gt: 5, gte: 5, lt: 9, lte: 7 },
      "gt 1970-01-01T00:00:05Z, gte 1970-01-01T00:00:05Z, lt 1970-01-01T00:00:09Z, lte 1970-01-01T00:00:07Z"
    ],
    // A bound between two seconds moves to the one that selects the same.
    [{ gte: new Date(1500), lt: new Date(3500) }, "gte 1970-01-01T00:00:02Z, lt 1970-01-01T00:00:04Z"],
    [{ gt: new Date(1500), lte: new Date(3500) }, "gt 1970-01-01T00:00:01Z, lte 1970-01-01T00:00:03Z"],
    [{ gte: "2026-01-01T12:00:00.000500Z" }, "gte 2026-01-01T12:00:01Z"],
    [{ lt: "2026-01-01T12:00:00.000000001Z" }, "lt 2026-01-01T12:00:01Z"],
    [{ gte: DateTime.makeUnsafe(1500) }, "gte 1970-01-01T00:00:02Z"],
    ["2026-01-01T00:00:00.0001Z..2026-01-01T00:00:10.0001Z", "gte 2026-01-01T00:00:01Z, lte 2026-01-01T00:00:10Z"],
    ["2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000Z"]
  ]

  for (const [created, means] of forms) {
    const name = typeof created === "string" ? created : JSON.stringify(created)
    it.effect(`${name} is ${means}`, () =>
      Effect.gen(function* () {
        yield* atNoon
        assert.strictEqual(yield* decodeCreated(created), means)
      })
    )
  }

  it.effect("days are days of UTC, whatever time zone a program has", () =>
    Effect.gen(function* () {
      yield* atNoon
      assert.strictEqual(yield* decodeCreated("2026-03-29"), "gte 2026-03-29T00:00:00Z, lt 2026-03-30T00:00:00Z")
      assert.strictEqual(yield* decodeCreated("yesterday"), "gte 2026-03-30T00:00:00Z, lt 2026-03-31T00:00:00Z")
    }).pipe(DateTime.withCurrentZoneNamed("Europe/Berlin"))
  )

  it.effect("both ends of a range are read at one time, though midnight passes", () =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      let reads = 0
      const aDayARead = () => DateTime.toEpochMillis(instant("2026-03-31T23:59:59Z")) + reads++ * 86_400_000
      const moving = { ...clock, currentTimeMillisUnsafe: aDayARead, currentTimeMillis: Effect.sync(aDayARead) }
      const day = yield* Effect.provideService(decodeCreated({ gte: "yesterday", lt: "today" }), Clock.Clock, moving)
      assert.strictEqual(day, "gte 2026-03-30T00:00:00Z, lt 2026-03-31T00:00:00Z")
    })
  )

  it.effect("days, months, quarters and years have no gap between them, and do not overlap", () =>
    Effect.gen(function* () {
      const two = (number: number) => String(number).padStart(2, "0")
      const iso = (...[year, month, day]: [number, number, number]) =>
        new Date(Date.UTC(year, month, day)).toISOString().slice(0, 19) + "Z"
      const means = (created: string, from: string, to: string) =>
        Effect.map(decodeCreated(created), (range) => assert.strictEqual(range, `gte ${from}, lt ${to}`, created))
      for (const year of [1970, 2000, 2023, 2024, 2100]) {
        yield* means(String(year), iso(year, 0, 1), iso(year + 1, 0, 1))
        for (const quarter of [0, 1, 2, 3]) {
          yield* means(`${year}-Q${quarter + 1}`, iso(year, quarter * 3, 1), iso(year, quarter * 3 + 3, 1))
        }
        for (let month = 0; month < 12; month++) {
          yield* means(`${year}-${two(month + 1)}`, iso(year, month, 1), iso(year, month + 1, 1))
          const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
          for (let day = 1; day <= days; day++) {
            yield* means(`${year}-${two(month + 1)}-${two(day)}`, iso(year, month, day), iso(year, month, day + 1))
          }
          const error = yield* Effect.flip(decodeCreated(`${year}-${two(month + 1)}-${two(days + 1)}`))
          assert.include(error.message, "a date that exists, from 1970 to 5138")
        }
      }
    })
  )

  it.effect("a relative range is taken anew by every read, by Clock", () =>
    Effect.gen(function* () {
      const lastWeek = stream({ created: "7d" }, { maxItems: 1 })
      for (const day of ["2025-06-08", "2025-07-08"]) {
        yield* TestClock.setTime(DateTime.toEpochMillis(instant(`${day}T00:00:00Z`)))
        yield* Stream.runDrain(lastWeek)
      }
      assert.deepStrictEqual(
        (yield* requests).map((request) => query(request)["created[gte]"]),
        ["2025-06-01", "2025-07-01"].map((day) => String(DateTime.toEpochSeconds(instant(`${day}T00:00:00Z`))))
      )
    }).pipe(Effect.provide(world()))
  )

  it("make gives the same answer every day: it refuses what needs a clock", () => {
    const refused = Result.flip(SessionFilter.make({ created: "7d" }))
    assert.strictEqual(
      Result.getOrThrow(refused).message,
      'created: expected a fixed date or range, such as 2026-01-31, got "7d". Relative text is another time every day.'
    )
    assert.deepStrictEqual(
      SessionFilter.make({ created: "2026-01" }),
      Result.succeed({ created: { gte: instant("2026-01-01T00:00:00Z"), lt: instant("2026-02-01T00:00:00Z") } })
    )
  })
})

describe("refusals before any request", () => {
  const names =
    "one of the names client_reference_id, created, related_customer, related_customer_account, status, type, livemode, " +
    "last_error, metadata, redaction"
  const fields = names.replace("one of the names ", "").replace(", redaction", " or redaction")
  const known = "one of the 10 known names"
  const texts =
    "a time such as 2026-01-31T12:00:00Z, a range such as 2026, 2026-Q1, 2026-01, 2026-01-31, today, yesterday or 7d, or " +
    "seconds since 1970"
  const zoned = "a time with T and a zone, such as 2026-01-31T12:00:00Z or 2026-01-31T12:00:00+01:00"
  const statuses = "canceled, processing, requires_input or verified"

  const early = "a range that begins in 1970 or later"
  const clock = "The Clock says it is 1970-01-01T00:00:00.000Z. In a test, set it with TestClock.setTime."

  const cases: Record<string, readonly [filter: unknown, message: string]> = {
    "an unknown key": [{ stauts: "verified" }, `stauts: expected ${known}, got "stauts". Did you mean "status"?`],
    "a key in another style": [
      { clientReferenceId: "user_1" },
      `clientReferenceId: expected ${known}, got "clientReferenceId". Did you mean "client_reference_id"?`
    ],
    "a key like no other": [{ colour: "blue" }, `colour: expected ${names}, got "colour"`],
    "a parameter of the call": [
      { limit: 10 },
      "limit: expected only filter fields here, got 10. limit is a parameter of the call."
    ],
    "an option of the call": [
      { maxItems: 10 },
      "maxItems: expected only filter fields here, got 10. maxItems is an option: pass it in the second argument."
    ],
    "a misspelt status": [
      { status: "verfied" },
      `status: expected ${statuses}, got "verfied". Did you mean "verified"?`
    ],
    "a misspelt status among others": [
      { status: ["verified", "cancelled"] },
      `status[1]: expected ${statuses}, got "cancelled". Did you mean "canceled"?`
    ],
    "no status of a list": [{ status: [] }, `status: expected at least one of ${statuses}, got []`],
    milliseconds: [
      { created: { gte: 1767225600000 } },
      "created.gte: expected seconds since 1970, got 1767225600000. That looks like milliseconds: pass a Date, or divide by 1000."
    ],
    "milliseconds as text": [
      { created: "1767225600000" },
      'created: expected seconds since 1970, got "1767225600000". That looks like milliseconds: pass a Date, or divide by 1000.'
    ],
    "an empty range": [
      { created: { gte: 1767225600, lt: 1767225600 } },
      'created: expected a range with at least one second in it, got {"gte":1767225600,"lt":1767225600}'
    ],
    "a range that ends before it begins": [
      { created: "2026-03..2026-01" },
      'created: expected a range that begins before it ends, got "2026-03..2026-01"'
    ],
    "a year before there were seconds to count": [
      { created: "1969" },
      'created: expected a date that exists, from 1970 to 5138, got "1969"'
    ],
    "a range of three times": [
      { created: "2026-01..2026-02..2026-03" },
      `created: expected ${texts}, or two of them as in 2026-01..2026-03, got "2026-01..2026-02..2026-03"`
    ],
    "a range between nothing and nothing": [
      { created: ".." },
      `created: expected ${texts}, or two of them as in 2026-01..2026-03, got ".."`
    ],
    "a range without bounds": [{ created: {} }, "created: expected at least one of gt, gte, lt and lte, got {}"],
    "a misspelt bound": [
      { created: { from: 5, gte_: 7 } },
      'created.from: expected one of the names gt, gte, lt, lte, got "from"; created.gte_: expected one of the names gt, gte, lt, lte, got "gte_". Did you mean "gte"?'
    ],
    NaN: [{ created: Number.NaN }, "created: expected whole seconds since 1970, got NaN"],
    "a part of a second": [
      { created: new Date(1500) },
      "created: expected a whole second, which is Stripe's resolution, or a range such as { gte, lt }, got 1970-01-01T00:00:01.500Z"
    ],
    "a part of a second that is less than a millisecond": [
      { created: "2026-01-31T12:00:00.000500Z" },
      `created: expected a whole second, which is Stripe's resolution, or a range such as { gte, lt }, got "2026-01-31T12:00:00.000500Z"`
    ],
    "an invalid Date": [
      { created: { gte: new Date(Number.NaN) } },
      "created.gte: expected a DateTime, a Date, whole seconds since 1970, or text such as 2026-01-31, 7d or 2026-01-31T12:00:00Z, got Invalid Date"
    ],
    "several statuses in one text": [
      { status: "verified,canceled" },
      'status: expected canceled, processing, requires_input or verified, got "verified,canceled". For several, repeat the name or pass a list.'
    ],
    "a day that is not in the calendar": [
      { created: "2026-02-30" },
      'created: expected a date that exists, from 1970 to 5138, got "2026-02-30"'
    ],
    "a week before the beginning of time, where the clock of a test stands": [
      { created: "7d" },
      `created: expected ${early}, got "7d". ${clock}`
    ],
    "a bound and a day before it": [
      { created: { gte: "1h", lt: "yesterday" } },
      `created.gte: expected ${early}, got "1h". ${clock} created.lt: expected ${early}, got "yesterday". ${clock}`
    ],
    "a range from before it": [{ created: "2w..today" }, `created: expected ${early}, got "2w..today". ${clock}`],
    "a time without a zone": [
      { created: { lt: "2026-01-31T12:00" } },
      `created.lt: expected ${zoned}, got "2026-01-31T12:00"`
    ],
    "a time as databases write it": [
      { created: { gte: "2026-01-31 12:00:00+01:00" } },
      `created.gte: expected ${zoned}, got "2026-01-31 12:00:00+01:00"`
    ],
    "a time that no day has, a leap second among them": [
      { created: { gte: "2016-12-31T23:59:60Z", lt: "2026-01-01T25:00:00Z" } },
      'created.gte: expected a time up to 23:59:59 in a zone up to 23:59, got "2016-12-31T23:59:60Z"; ' +
        'created.lt: expected a time up to 23:59:59 in a zone up to 23:59, got "2026-01-01T25:00:00Z"'
    ],
    "a time in a zone that nobody has": [
      { created: { gte: "2026-01-01T00:00:00+24:00" } },
      'created.gte: expected a time up to 23:59:59 in a zone up to 23:59, got "2026-01-01T00:00:00+24:00"'
    ],
    "a time of a day that is not in the calendar": [
      { created: { gte: "2026-02-30T12:00:00Z" } },
      'created.gte: expected a date that exists, from 1970 to 5138, got "2026-02-30T12:00:00Z"'
    ],
    "a date without its dashes": [
      { created: { gte: "20260131" } },
      'created.gte: expected a date with dashes, such as 2026-01-31, got "20260131". As seconds since 1970, that is a day in 1970.'
    ],
    "a date without its dashes, as a number": [
      { created: { gte: 20260131 } },
      'created.gte: expected a date as text, such as "2026-01-31" or "2026", got 20260131. As seconds since 1970, that is a day in 1970.'
    ],
    "a year as a number": [
      { created: { gte: 2026 } },
      'created.gte: expected a date as text, such as "2026-01-31" or "2026", got 2026. As seconds since 1970, that is a day in 1970.'
    ],
    "a reference of 5,001 characters": [
      { client_reference_id: "x".repeat(5001) },
      "client_reference_id: expected a string of 1 to 5000 characters, got a string of 5001 characters"
    ],
    "an empty reference": [
      { client_reference_id: "" },
      'client_reference_id: expected a string of 1 to 5000 characters, got ""'
    ],
    "both related_*": [
      { related_customer: "cus_1", related_customer_account: "acct_1" },
      'related_customer_account: expected only one of related_customer and related_customer_account, got "acct_1"'
    ],
    "two customers next to a field that is wrong by itself": [
      { related_customer: "cus_1", related_customer_account: "acct_1", livemode: 1 },
      "livemode: expected true or false, got 1; " +
        'related_customer_account: expected only one of related_customer and related_customer_account, got "acct_1"'
    ],
    "metadata that Stripe could not hold": [
      { metadata: { "a[b]": "x", plan: 3 } },
      'metadata.a[b]: expected a key of 1 to 40 characters without square brackets, got "x"; metadata.plan: expected a string of 1 to 500 characters, got 3'
    ],
    "a code that is not where Stripe has it": [
      { last_error: "abandoned", redaction: {} },
      'last_error: expected an object with code, got "abandoned"; redaction.status: expected none, processing, redacted or validated, got nothing'
    ],
    "everything at once": [
      { stauts: "verified", type: "documnet", livemode: "yes", created: { gte: "soon", lt: -1 } },
      `stauts: expected ${known}, got "stauts". Did you mean "status"? ` +
        `created.gte: expected ${texts}, got "soon"; created.lt: expected whole seconds since 1970, got -1; ` +
        'type: expected document, id_number or verification_flow, got "documnet". Did you mean "document"? ' +
        'livemode: expected true or false, got "yes"'
    ],
    "no object": [["verified"], `filter: expected an object with ${fields}, got ["verified"]`]
  }

  for (const [name, [filter, message]] of Object.entries(cases)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        // Type boundary: filters that do not compile, as plain JavaScript would pass them.
        const input = filter as SessionFilter.Input
        for (const [operation, read] of Object.entries({
          stream: Stream.runDrain(stream(input)),
          pages: Stream.runDrain(pages(input))
        })) {
          const error = yield* Effect.flip(read)
          assert.strictEqual(error.message, `VerificationSessions.${operation}: InvalidArgumentError: ${message}`)
        }
        assert.strictEqual(yield* countRequests, 0)
      }).pipe(Effect.provide(world({ sandbox: { sessions: 3 } })))
    )
  }

  const queries: Record<string, readonly [query: string, message: string]> = {
    "an instant and a range": [
      "created=1767225600&created[lt]=1767225700",
      'created: expected one instant or one range, got ["1767225600",{"lt":"1767225700"}]'
    ],
    "an empty value": ["status=", `status: expected ${statuses}, got ""`],
    "a cursor and a limit": [
      "limit=3&starting_after=vs_1",
      'limit: expected only filter fields here, got "3". limit is a parameter of the call. ' +
        'starting_after: expected only filter fields here, got "vs_1". starting_after is a parameter of the call.'
    ],
    "a plus that became a space": [
      "created[gte]=2026-01-31T12:00:00+01:00",
      'created.gte: expected a time such as 2026-01-31T12:00:00+01:00, got "2026-01-31T12:00:00 01:00". In a URL, write its + as %2B: a plain + means a space.'
    ],
    "brackets that lead nowhere": ["created[gte][lt]=5", `created[gte][lt]: expected ${names}, got "created[gte][lt]"`],
    "a prototype": ["__proto__[status]=verified", `__proto__: expected ${names}, got "__proto__"`]
  }

  for (const [name, [query, message]] of Object.entries(queries)) {
    it.effect(`in a query: ${name}`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* Effect.flip(SessionFilter.decodeUrlQuery(query))).message, message)
        assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(SessionFilter.UrlQuery)(query)))
      })
    )
  }

  it.effect("the Schema alone refuses the same, and says it all too", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Schema.decodeUnknownEffect(SessionFilter.SessionFilter)({ stauts: "verified", status: "verfied" })
      )
      assert.include(error.message, `Did you mean "status"?`)
      assert.include(error.message, `Did you mean "verified"?`)
    })
  )

  it.effect("of an input that is wrong in many ways, the first twenty problems are reported", () =>
    Effect.gen(function* () {
      const many = Array.from({ length: 1000 }, (_, index) => `x${index}`)
      const first = many.slice(0, 20)
      const names = Object.fromEntries(many.map((name) => [name, name]))
      const brackets = Object.fromEntries(many.map((name) => [`[${name}`, name]))
      const paths = (input: unknown) =>
        Effect.map(Effect.flip(SessionFilter.decode(input)), ({ issues }) => issues.map(({ path }) => path))
      assert.deepStrictEqual(yield* paths(names), first)
      assert.deepStrictEqual(
        yield* paths({ status: many }),
        first.map((_, index) => `status[${index}]`)
      )
      assert.deepStrictEqual(
        yield* paths({ created: names }),
        first.map((name) => `created.${name}`)
      )
      assert.deepStrictEqual(
        yield* paths({ metadata: brackets }),
        first.map((name) => `metadata.[${name}`)
      )
      // Type boundary: names that do not compile, as plain JavaScript would pass them.
      const error = yield* reason(VerificationSessions.list(names as never))
      assert.deepStrictEqual(error._tag === "InvalidArgumentError" && error.issues.map(({ path }) => path), first)
    }).pipe(Effect.provide(world()))
  )

  it.effect("the filter and the options of a call are reported together", () =>
    Effect.gen(function* () {
      const error = yield* reason(
        // @ts-expect-error a misspelt status does not compile
        Stream.runDrain(stream({ status: "verfied" }, { startingAfter: "cus_1", maxItems: -1 }))
      )
      assert.deepStrictEqual(error._tag === "InvalidArgumentError" && error.issues.map(({ path }) => path), [
        "status",
        "startingAfter",
        "maxItems"
      ])
    }).pipe(Effect.provide(world()))
  )

  it.effect("an injected &status= is a part of the value, in the query that is sent too", () =>
    Effect.gen(function* () {
      const reference = "user_1&status=verified"
      assert.deepStrictEqual(yield* ids(stream({ client_reference_id: reference })), [])
      assert.deepStrictEqual(
        (yield* requests).map((request) => query(request)),
        [{ client_reference_id: reference, limit: "100" }]
      )
      const decoded = yield* SessionFilter.decodeUrlQuery(`client_reference_id=${encodeURIComponent(reference)}`)
      assert.deepStrictEqual(decoded, { client_reference_id: reference })
    }).pipe(Effect.provide(world({ sandbox: { sessions: 3 } })))
  )

  it.effect("an expansion that is too deep, misspelt or without data.", () =>
    Effect.gen(function* () {
      const paths = [
        "data.last_verification_report.document.number.x",
        "data.verified_output",
        "verified_outputs",
        "data.last_verification_report.document.number"
      ] as const
      // @ts-expect-error only known paths compile
      const error = yield* Effect.flip(Stream.runDrain(stream({}, { expand: paths })))
      const some = "a path such as data.verified_outputs or data.last_verification_report"
      assert.strictEqual(
        error.message,
        "VerificationSessions.stream: InvalidArgumentError: " +
          `expand[0]: expected a path of at most four names, which is Stripe's limit, got "data.last_verification_report.document.number.x"; ` +
          `expand[1]: expected ${some}, got "data.verified_output". Did you mean "data.verified_outputs"? ` +
          `expand[2]: expected ${some}, got "verified_outputs". Did you mean "data.verified_outputs"?`
      )
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )
})

describe("what Stripe does not filter by", () => {
  const thousand = world({ sandbox: { sessions: 1000 } })
  const local = { type: "id_number", metadata: { plan: "pro" } } as const

  it("can be asked of the filter", () => {
    const filter = SessionFilter.makeUnsafe({ ...local, status: "verified", created: "2026-01", livemode: false })
    const { client, server } = SessionFilter.partition(filter)
    assert.deepStrictEqual(client, { ...local, livemode: false })
    assert.deepStrictEqual(server, { status: "verified", ...(filter.created && { created: filter.created }) })
    const several = SessionFilter.partition(SessionFilter.makeUnsafe({ status: ["verified", "canceled"] }))
    assert.deepStrictEqual(several, { client: { status: ["canceled", "verified"] }, server: {} })
    const one = SessionFilter.partition(SessionFilter.makeUnsafe({ status: ["verified"] }))
    assert.deepStrictEqual(one, { client: {}, server: { status: "verified" } })
  })

  it.effect("never reaches the query", () =>
    Effect.gen(function* () {
      const all = yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)
      const wanted = all.filter(
        (row) => row.status === "verified" && row.type === "id_number" && row.metadata["plan"] === "pro"
      )
      assert.isAbove(wanted.length, 5)
      assert.deepStrictEqual(
        yield* ids(stream({ ...local, status: ["verified"] })),
        wanted.map(({ id }) => id)
      )
      for (const request of yield* requests) {
        const { limit, starting_after: _, ...rest } = query(request)
        assert.deepStrictEqual([limit, rest], ["100", { status: "verified" }])
      }
    }).pipe(Effect.provide(thousand))
  )

  it.effect("leaves maxItems to count the rows that come out, and reads no further than the last of them", () =>
    Effect.gen(function* () {
      const all = yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)
      const wanted = all.filter((row) => row.type === "id_number")
      const position = all.findIndex((row) => row === wanted[29]) + 1
      for (const read of [
        ids(stream({ type: "id_number" }, { maxItems: 30 })),
        Effect.map(Stream.runCollect(pages({ type: "id_number" }, { maxItems: 30 })), (pages) =>
          pages.flatMap((page) => page.data.map(({ id }) => id))
        )
      ]) {
        yield* Sandbox.Sandbox.use((sandbox) => sandbox.clearRequests)
        assert.deepStrictEqual(
          yield* read,
          wanted.slice(0, 30).map(({ id }) => id)
        )
        assert.strictEqual(yield* countRequests, Math.ceil(position / 100))
      }
      yield* Sandbox.Sandbox.use((sandbox) => sandbox.clearRequests)
      assert.deepStrictEqual(yield* ids(stream({ type: "id_number" }, { maxItems: 0 })), [])
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(thousand))
  )

  it.effect("leaves pages as they are, even those without a match", () =>
    Effect.gen(function* () {
      const selected = yield* Stream.runCollect(pages({ livemode: true }, { pageSize: 25 }))
      assert.lengthOf(selected, 2)
      assert.deepStrictEqual(
        selected.map(({ data, has_more }) => ({ data, has_more })),
        [
          { data: [], has_more: true },
          { data: [], has_more: false }
        ]
      )
    }).pipe(Effect.provide(world({ sandbox: { sessions: 50 } })))
  )

  it.effect("is refused by list, whose page could not be followed", () =>
    Effect.gen(function* () {
      // Type boundary: what does not compile, as plain JavaScript would pass it.
      const filter = { status: ["verified", "canceled"], type: "document" } as unknown as { status: "verified" }
      const error = yield* Effect.flip(VerificationSessions.list(filter))
      assert.strictEqual(
        error.message,
        "VerificationSessions.list: InvalidArgumentError: status: expected one status, as Stripe does, got several. To select several, use stream or pages. " +
          "type: expected a field that Stripe filters by, got another. To filter by this one, use stream or pages."
      )
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )
})

describe("matches", () => {
  const session = VerificationSession.makeUnsafe({
    id: "vs_1",
    status: "requires_input",
    created: instant("2026-01-31T23:59:59Z")
  })
  const matches = (input: SessionFilter.Input, subject: SessionFilter.Filterable = session) =>
    SessionFilter.matches(SessionFilter.makeUnsafe(input))(subject)

  it("takes a session from anywhere, with fields absent or null", () => {
    const webhook = Schema.decodeUnknownSync(VerificationSession.VerificationSession)({
      id: "vs_1",
      object: "identity.verification_session",
      created: 1767225600,
      livemode: true,
      status: "requires_input",
      type: "document",
      metadata: { plan: "pro", team: "risk" },
      last_error: { code: "abandoned", reason: "" },
      redaction: null
    })
    assert.isTrue(matches({ livemode: true, last_error: { code: "abandoned" }, metadata: { plan: "pro" } }, webhook))
    assert.isTrue(matches({ redaction: { status: "none" }, created: "2026-01-01" }, webhook))
    assert.isFalse(matches({ metadata: { plan: "pro", team: "payments" } }, webhook))
    assert.isFalse(matches({ client_reference_id: "user_1" }, webhook))
    assert.isFalse(matches({ last_error: { code: "none" } }, webhook))
  })

  it("keeps to the second at both ends of a range", () => {
    assert.isTrue(matches({ created: "2026-01" }))
    assert.isFalse(matches({ created: "2026-02" }))
    assert.isTrue(matches({ created: { lte: "2026-01-31" } }))
    assert.isFalse(matches({ created: { gt: "2026-01-31" } }))
    assert.isFalse(matches({ created: { lt: instant("2026-01-31T23:59:59Z") } }))
  })

  it("never takes a value of tomorrow for one of today", () => {
    const tomorrow = { ...session, status: "paused", redaction: { status: "archived" }, last_error: { code: null } }
    assert.isFalse(matches({ status: ["canceled", "processing", "requires_input", "verified"] }, tomorrow))
    assert.isFalse(matches({ redaction: { status: "none" } }, tomorrow))
    assert.isTrue(matches({ last_error: { code: "none" } }, tomorrow))
  })

  it("finds no entry of metadata that every object has", () => {
    assert.isFalse(matches({ metadata: { constructor: "Object" } }))
    const filter = SessionFilter.makeUnsafe({ metadata: Object.fromEntries([["__proto__", "1"]]) })
    assert.isFalse(SessionFilter.matches(filter)(session))
    assert.isTrue(SessionFilter.matches(filter)({ ...session, metadata: Object.fromEntries([["__proto__", "1"]]) }))
  })
})

describe("and", () => {
  it("keeps a bound even where it bounds nothing, because a range needs one", () => {
    const since1970 = SessionFilter.makeUnsafe({ created: { gte: 0 } })
    assert.deepStrictEqual(SessionFilter.and(since1970, since1970), Result.succeed(since1970))
  })

  it("says which fields exclude each other", () => {
    const one = SessionFilter.makeUnsafe({
      status: "verified",
      created: "2026-01",
      metadata: { plan: "pro" },
      livemode: true
    })
    const two = SessionFilter.makeUnsafe({
      status: ["canceled", "processing"],
      created: "2026-02",
      metadata: { plan: "free", team: "risk" },
      livemode: false
    })
    assert.deepStrictEqual(Result.getOrThrow(Result.flip(SessionFilter.and(one, two))).message.split("; "), [
      "created: expected two filters that overlap, got gte 2026-01-01T00:00:00.000Z, lt 2026-02-01T00:00:00.000Z and gte 2026-02-01T00:00:00.000Z, lt 2026-03-01T00:00:00.000Z",
      'status: expected two filters that overlap, got "verified" and ["canceled","processing"]',
      "livemode: expected two filters that overlap, got true and false",
      'metadata.plan: expected two filters that overlap, got "pro" and "free"'
    ])
  })

  it("says with them that a session has one customer", () => {
    const one = SessionFilter.makeUnsafe({ related_customer: "cus_1", type: "document" })
    const two = SessionFilter.makeUnsafe({ related_customer_account: "acct_1", type: "id_number" })
    assert.deepStrictEqual(Result.getOrThrow(Result.flip(SessionFilter.and(one, two))).message.split("; "), [
      'type: expected two filters that overlap, got "document" and "id_number"',
      'related_customer_account: expected only one of related_customer and related_customer_account, got "acct_1"'
    ])
  })

  it("keeps entries of metadata with any name", () => {
    const named = (value: string) => SessionFilter.makeUnsafe({ metadata: Object.fromEntries([["__proto__", value]]) })
    assert.deepStrictEqual(SessionFilter.and(named("1"), named("1")), Result.succeed(named("1")))
    assert.isTrue(Result.isFailure(SessionFilter.and(named("1"), named("2"))))
  })
})

describe("make", () => {
  it("makeUnsafe throws what make refuses", () => {
    assert.throws(() => SessionFilter.makeUnsafe({ client_reference_id: "" }), "a string of 1 to 5000 characters")
  })
})
