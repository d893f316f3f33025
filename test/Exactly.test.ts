import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { HttpClient } from "effect/http"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { exactly } from "../src/internal/wire/exactly.ts"
import { Wire as ReportWire } from "../src/internal/report/wire.ts"
import { AnyWire, Wire, WireWithBoth } from "../src/internal/session/wire.ts"
import { expandedSession, fullReport, fullSession, leastSession } from "./support/identityRows.ts"

// Kinds of schema that Stripe's rows do not have today: a look must be right about them, or say that it cannot tell.
const others = {
  "either of two objects": Schema.Union([
    Schema.Struct({ a: Schema.optionalKey(Schema.String) }),
    Schema.Struct({ a: Schema.optionalKey(Schema.String), b: Schema.optionalKey(Schema.Number) })
  ]),
  "one of two, and not both": Schema.Union([Schema.String, Schema.NonEmptyString], { mode: "oneOf" }),
  "a tuple": Schema.Tuple([Schema.String, Schema.Number]),
  "a record of some keys": Schema.Record(Schema.Literals(["a", "b"]), Schema.String),
  "a struct with a rest": Schema.StructWithRest(Schema.Struct({ a: Schema.String }), [
    Schema.Record(Schema.String, Schema.String)
  ]),
  "a number as text": Schema.NumberFromString,
  "an optional key that may be undefined": Schema.Struct({ a: Schema.optional(Schema.Finite) }),
  "a list of lists": Schema.Array(Schema.Array(Schema.Int)),
  anything: Schema.Unknown
}

const schemas: Record<string, Schema.Codec<unknown, unknown>> = {
  "a session": Wire,
  "an expanded session": WireWithBoth,
  "a session of any kind": AnyWire,
  "a report": ReportWire,
  ...others
}

const fromJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? "null")

/** The value with something else somewhere in it. */
const spoil = (value: unknown, where: ReadonlyArray<number>, what: unknown): unknown => {
  const [at = 0, ...deeper] = where
  if (typeof value !== "object" || value === null || where.length === 0) return what
  const keys = Object.keys(value)
  const key = keys[at % (keys.length + 1)] ?? "added"
  // Type boundary: the key is one of the value's own, or a new one.
  const inner = (value as Record<string, unknown>)[key]
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? spoil(item, deeper, what) : item))
  const changed = { ...value, [key]: spoil(inner, deeper, what) }
  return what === undefined ? fromJson(changed) : changed
}

describe("a quick look", () => {
  for (const [name, schema] of Object.entries(schemas)) {
    const look = exactly(schema)
    const decode = Schema.decodeUnknownExit(schema)

    it.effect.prop(
      `at ${name} says yes only where decoding gives back the very same value`,
      {
        valid: Schema.toEncoded(schema),
        where: Arbitrary.schema(Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })))),
        what: Schema.Union([Schema.Json, Schema.Undefined])
      },
      ({ valid, what, where }) =>
        Effect.sync(() => {
          for (const value of [
            fromJson(valid),
            fromJson(spoil(fromJson(valid), where.slice(0, 3), what)),
            fromJson(what)
          ]) {
            if (!look(value)) continue
            const decoded = decode(value)
            assert.deepStrictEqual(Exit.isSuccess(decoded) && decoded.value, value)
          }
        }),
      { arbitrary: { runs: 200 } }
    )
  }

  it("says yes to rows as Stripe documents them, so that it is of use", () => {
    assert.isTrue(exactly(Wire)(leastSession))
    assert.isTrue(exactly(Wire)(fullSession))
    assert.isTrue(exactly(WireWithBoth)(expandedSession))
    assert.isTrue(exactly(ReportWire)(fullReport))
  })

  it("says no to a key that is not documented: it may hold what must not be shown", () => {
    assert.isFalse(exactly(Wire)({ ...fullSession, selfie_url: "https://example.com" }))
    assert.isFalse(exactly(Wire)({ ...fullSession, last_error: { code: null, reason: null, person: "Jenny" } }))
    assert.isFalse(exactly(Wire)(JSON.parse(JSON.stringify(fullSession).replace("{", '{"__proto__":{},'))))
  })

  it.effect("is enough for every row of the sandbox", () =>
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const response = yield* client.get("https://api.stripe.com/v1/identity/verification_sessions?limit=100", {
        headers: { authorization: `Bearer ${Redacted.value(Sandbox.apiKey)}` }
      })
      // Type boundary: the sandbox answers with a list.
      const { data } = (yield* response.json) as { readonly data: ReadonlyArray<unknown> }
      assert.strictEqual(data.length, 100)
      assert.isTrue(data.every(exactly(Wire)))
    }).pipe(Effect.provide(Sandbox.layer({ sessions: 100 })))
  )
})
