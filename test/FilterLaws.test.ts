import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Record, Result, Schema, Stream, Struct } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { SessionFilter, VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SessionFlags from "effect-stripe-identity/SessionFlags"
import { filterFields } from "../src/internal/filter/fields.ts"
import { between, Draft, History, Kept, sandboxOf, selects, toInput } from "./support/filters.ts"
import { ids, query, requests, world } from "./support/world.ts"

const Case = { history: History, draft: Draft, kept: Kept }
const Two = { ...Case, other: Draft, otherKept: Kept }

const rows = Effect.flatMap(Sandbox.Sandbox, (sandbox) => sandbox.sessions)

/** What is selected, and the queries of the requests that it took, without their cursors. */
const read = <E>(stream: Stream.Stream<{ readonly id: string }, E, VerificationSessions.VerificationSessions>) =>
  Effect.gen(function* () {
    const sandbox = yield* Sandbox.Sandbox
    yield* sandbox.clearRequests
    const selected = yield* ids(stream)
    const queries = (yield* requests).map((request) => {
      const { limit: _limit, starting_after: _cursor, ...filter } = query(request)
      return filter
    })
    return { selected, queries }
  })

const stripeQuery = (filter: SessionFilter.SessionFilter) =>
  Object.fromEntries(
    new URLSearchParams(Schema.encodeSync(SessionFilter.UrlQuery)(SessionFilter.partition(filter).server))
  )

const lawful = { arbitrary: { runs: 60 } } as const

describe("a filter and a stream", () => {
  it.effect.prop(
    "stream(filter) is stream() filtered by matches(filter), and what the documentation says of the rows",
    { ...Case, pageSize: between(1, 100) },
    ({ draft, history, kept, pageSize }) =>
      Effect.gen(function* () {
        const list = yield* rows
        const input = toInput(draft, kept, history.seconds, list)
        const decoded = yield* Effect.result(SessionFilter.decode(input))
        // Of the filters that are made here only an empty range is refused.
        if (Result.isFailure(decoded)) {
          assert.isFalse(list.some((row) => selects(input, row)))
          return assert.deepStrictEqual(
            decoded.failure.issues.map(({ path }) => path),
            ["created"]
          )
        }
        const filter = decoded.success
        const { client, server } = SessionFilter.partition(filter)
        const all = yield* read(VerificationSessions.stream({}, { pageSize }))
        const expected = list.filter((row) => selects(input, row)).map(({ id }) => id)
        const filtered = yield* read(VerificationSessions.stream(input, { pageSize }))
        assert.deepStrictEqual(filtered.selected, expected)
        const locally = VerificationSessions.stream({}, { pageSize }).pipe(Stream.filter(SessionFilter.matches(filter)))
        assert.deepStrictEqual((yield* read(locally)).selected, expected)
        // Pushing down changes the requests, and the client part changes nothing about them.
        const pushed = VerificationSessions.stream(server, { pageSize })
        const half = yield* read(pushed.pipe(Stream.filter(SessionFilter.matches(client))))
        assert.deepStrictEqual(half, filtered)
        assert.isAtMost(filtered.queries.length, all.queries.length)
        for (const query of filtered.queries) assert.deepStrictEqual(query, stripeQuery(filter))
      }).pipe(Effect.provide(world({ sandbox: sandboxOf(history) }))),
    lawful
  )

  it.effect.prop(
    "pages(filter) are the pages that Stripe selects, without the rows that do not match",
    { ...Case, pageSize: between(1, 40), maxItems: between(0, 50) },
    ({ draft, history, kept, maxItems, pageSize }) =>
      Effect.gen(function* () {
        const input = toInput(draft, kept, history.seconds, yield* rows)
        const decoded = yield* Effect.result(SessionFilter.decode(input))
        if (Result.isFailure(decoded)) return
        const { server } = SessionFilter.partition(decoded.success)
        const matches = SessionFilter.matches(decoded.success)
        const selected = yield* Stream.runCollect(VerificationSessions.pages(input, { pageSize }))
        const pushed = yield* Stream.runCollect(VerificationSessions.pages(server, { pageSize }))
        assert.deepStrictEqual(
          selected.map(({ data, has_more }) => [data, has_more]),
          pushed.map(({ data, has_more }) => [data.filter(matches), has_more])
        )
        const limited = yield* Stream.runCollect(VerificationSessions.pages(input, { pageSize, maxItems }))
        const wanted = selected.flatMap(({ data }) => data).slice(0, maxItems)
        assert.deepStrictEqual(
          limited.flatMap(({ data }) => data),
          wanted
        )
        assert.deepStrictEqual(
          yield* ids(VerificationSessions.stream(input, { pageSize, maxItems })),
          wanted.map(({ id }) => id)
        )
      }).pipe(Effect.provide(world({ sandbox: sandboxOf(history) }))),
    lawful
  )
})

describe("a part of a second", () => {
  const digits = Schema.String.check(Schema.isPattern(/^[0-9]{1,9}$/))
  const Time = {
    second: between(5, 9),
    digits: Schema.Union([digits, Schema.Literals(["0005", "000000001", "999999999", "000"])])
  }
  const nanos = (second: number, digits: string) => BigInt(second) * 1_000_000_000n + BigInt(digits.padEnd(9, "0"))
  const passes = {
    gt: (at: bigint, bound: bigint) => at > bound,
    gte: (at: bigint, bound: bigint) => at >= bound,
    lt: (at: bigint, bound: bigint) => at < bound,
    lte: (at: bigint, bound: bigint) => at <= bound
  }

  it.effect.prop("counts in a bound, to the nanosecond, in every form that has so many digits", Time, (time) =>
    Effect.sync(() => {
      const text = `2026-01-01T12:00:0${time.second}.${time.digits}Z`
      // A Date and a DateTime have whole milliseconds.
      const inMillis = time.digits.slice(0, 3)
      const forms: ReadonlyArray<readonly [form: SessionFilter.Instant, digits: string]> = [
        [text, time.digits],
        [new Date(text), inMillis],
        [DateTime.makeUnsafe(text), inMillis]
      ]
      for (const [form, digits] of forms) {
        for (const [name, passesBound] of Object.entries(passes)) {
          const matches = SessionFilter.matches(SessionFilter.makeUnsafe({ created: { [name]: form } }))
          for (let second = time.second - 2; second <= time.second + 2; second++) {
            const created = DateTime.makeUnsafe(Date.UTC(2026, 0, 1, 12, 0, second))
            assert.strictEqual(
              matches(VerificationSession.makeUnsafe({ id: "vs_1", status: "verified", created })),
              passesBound(nanos(second, "0"), nanos(time.second, digits)),
              `${second} is ${name} ${text}`
            )
          }
        }
        const alone = SessionFilter.make({ created: form })
        assert.strictEqual(Result.isSuccess(alone), /^0*$/.test(digits), `${text} alone`)
      }
    })
  )
})

describe("and", () => {
  it.effect.prop(
    "is intersection, and fails where there is none",
    Two,
    ({ draft, history, kept, other, otherKept }) =>
      Effect.gen(function* () {
        const list = yield* rows
        const one = SessionFilter.make(toInput(draft, kept, history.seconds, list))
        const two = SessionFilter.make(toInput(other, otherKept, history.seconds, list))
        if (Result.isFailure(one) || Result.isFailure(two)) return
        const sessions = yield* Stream.runCollect(VerificationSessions.stream())
        const [isOne, isTwo] = [SessionFilter.matches(one.success), SessionFilter.matches(two.success)]
        const both = SessionFilter.and(one.success, two.success)
        const swapped = SessionFilter.and(one.success)(two.success)
        assert.strictEqual(Result.isSuccess(both), Result.isSuccess(swapped))
        const intersection = sessions.filter((session) => isOne(session) && isTwo(session))
        if (Result.isFailure(both) || Result.isFailure(swapped)) return assert.deepStrictEqual(intersection, [])
        assert.deepStrictEqual(sessions.filter(SessionFilter.matches(both.success)), intersection)
        assert.deepStrictEqual(sessions.filter(SessionFilter.matches(swapped.success)), intersection)
        // What comes out is a filter like any other.
        assert.deepStrictEqual(yield* SessionFilter.decode(both.success), both.success)
        assert.deepStrictEqual(
          yield* ids(VerificationSessions.stream(both.success)),
          intersection.map(({ id }) => id)
        )
      }).pipe(Effect.provide(world({ sandbox: sandboxOf(history) }))),
    lawful
  )

  const second = between(0, 12)
  const bounds = Schema.Struct({
    gt: Schema.optionalKey(second),
    gte: Schema.optionalKey(second),
    lt: Schema.optionalKey(second),
    lte: Schema.optionalKey(second)
  })
  const created = Schema.Union([second, bounds])

  it.effect.prop("of two times is intersection, to the second", [created, created], ([one, two]) =>
    Effect.sync(() => {
      const filters = [one, two].flatMap((created) => {
        const filter = SessionFilter.make({ created })
        return Result.isSuccess(filter) ? [filter.success] : []
      })
      const [self, that] = filters
      if (self === undefined || that === undefined) return
      const both = SessionFilter.and(self, that)
      // What comes out is a filter, and decodes to itself.
      if (Result.isSuccess(both)) assert.deepStrictEqual(SessionFilter.make(both.success), both)
      for (let at = 0; at < 15; at++) {
        const session = VerificationSession.makeUnsafe({
          id: "vs_1",
          status: "verified",
          created: DateTime.makeUnsafe(at * 1000)
        })
        assert.strictEqual(
          Result.isSuccess(both) && SessionFilter.matches(both.success)(session),
          SessionFilter.matches(self)(session) && SessionFilter.matches(that)(session)
        )
      }
    })
  )

  it.effect.prop("has the filter without fields as its neutral, and every filter with itself is itself", Case, (one) =>
    Effect.gen(function* () {
      const list = yield* rows
      const filter = SessionFilter.make(toInput(one.draft, one.kept, one.history.seconds, list))
      if (Result.isFailure(filter)) return
      assert.deepStrictEqual(SessionFilter.and(filter.success, {}), filter)
      assert.deepStrictEqual(SessionFilter.and({}, filter.success), filter)
      const twice = Result.getOrThrow(SessionFilter.and(filter.success, filter.success))
      const sessions = yield* Stream.runCollect(VerificationSessions.stream())
      assert.deepStrictEqual(
        sessions.filter(SessionFilter.matches(twice)),
        sessions.filter(SessionFilter.matches(filter.success))
      )
    }).pipe(Effect.provide(world({ sandbox: sandboxOf(one.history) })))
  )
})

describe("the codecs", () => {
  const text = Schema.NonEmptyString.check(Schema.isMaxLength(30))
  const second = Schema.Union([
    between(0, 10_000),
    between(1_700_000_000, 1_800_000_000),
    between(0, 99_999_999_998),
    // These read as years and dates.
    Schema.Literals([1970, 2026, 9999, 19_700_101, 20_260_131, 20_991_231])
  ])
  // A number that reads as a date is refused, and the same second as a Date is not.
  const toDates = (created: number | { readonly [bound: string]: number }) =>
    typeof created === "number" ? new Date(created * 1000) : Record.map(created, (second) => new Date(second * 1000))
  const one = <const Words extends ReadonlyArray<string>>(words: Words) =>
    Schema.Union([Schema.Literals(words), Schema.NonEmptyArray(Schema.Literals(words)).check(Schema.isMaxLength(3))])
  const range = Schema.Struct({
    gt: Schema.optionalKey(second),
    gte: Schema.optionalKey(second),
    lt: Schema.optionalKey(second),
    lte: Schema.optionalKey(second)
  })

  const Anything = Schema.Struct({
    client_reference_id: Schema.optionalKey(text),
    created: Schema.optionalKey(Schema.Union([second, range])),
    related_customer: Schema.optionalKey(text),
    status: Schema.optionalKey(one(["canceled", "processing", "requires_input", "verified"])),
    type: Schema.optionalKey(one(["document", "id_number", "verification_flow"])),
    livemode: Schema.optionalKey(Schema.Boolean),
    last_error: Schema.optionalKey(Schema.Struct({ code: one(["none", "abandoned", "id_number_mismatch"]) })),
    metadata: Schema.optionalKey(
      Schema.Record(
        Schema.Union([text, Schema.Literals(["__proto__", "constructor", "0", "a=b", "a&status", "%5B"])]),
        text
      )
    ),
    redaction: Schema.optionalKey(Schema.Struct({ status: one(["none", "processing", "redacted", "validated"]) }))
  })

  const codecs = {
    SessionFilter: SessionFilter.SessionFilter,
    Json: Schema.fromJsonString(SessionFilter.Json),
    UrlParams: SessionFilter.UrlParams,
    UrlQuery: SessionFilter.UrlQuery,
    Flags: SessionFlags.Flags
  }

  for (const [name, codec] of Object.entries(codecs)) {
    it.effect.prop(`${name}: decode after encode is the identity`, [Anything], ([input]) =>
      Effect.gen(function* () {
        const { created } = input
        const filter = SessionFilter.make(created === undefined ? input : { ...input, created: toDates(created) })
        if (Result.isFailure(filter)) return
        // Type boundary: what differs is only the type of what each encodes to, which nothing here looks at.
        const schema = codec as Schema.Codec<SessionFilter.SessionFilter, unknown>
        const encoded = yield* Schema.encodeEffect(schema)(filter.success)
        assert.deepStrictEqual(yield* Schema.decodeEffect(schema)(encoded), filter.success)
      })
    )
  }

  it("UrlParams names its parameters in an OpenAPI document", () => {
    const list = HttpApiEndpoint.get("list", "/sessions", { query: SessionFilter.UrlParams })
    const { paths } = OpenApi.fromApi(HttpApi.make("api").add(HttpApiGroup.make("sessions").add(list)))
    const parameters = paths["/sessions"]?.get?.parameters.map(({ name }) => name) ?? []
    // A map of any keys has no parameter of one name.
    for (const field of Struct.keys(filterFields).filter((field) => field !== "metadata")) {
      assert.isTrue(
        parameters.some((name) => name === field || name.startsWith(`${field}[`)),
        field
      )
    }
    // None is a name that a filter refuses.
    for (const name of parameters) {
      const decoded = Effect.runSync(Effect.result(SessionFilter.decodeUrlQuery({ [name]: "x" })))
      assert.notInclude(Result.isFailure(decoded) ? decoded.failure.message : "", "one of the names")
    }
  })

  it.effect.prop("what is in a value never becomes a parameter", [Schema.String, text], ([prefix, value]) =>
    Effect.gen(function* () {
      const reference = `${prefix.slice(0, 50)}&status=verified#?created[gte]=1;=${value}`
      if (/\p{Surrogate}/u.test(reference)) return
      const encoded = Schema.encodeSync(SessionFilter.UrlQuery)({ client_reference_id: reference })
      assert.deepStrictEqual(yield* SessionFilter.decodeUrlQuery(encoded), { client_reference_id: reference })
      assert.lengthOf(encoded.split("&"), 1)
    })
  )
})
