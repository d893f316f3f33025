import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Result, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { HttpClient } from "effect/http"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { fastPath, rowDecoder } from "../src/internal/wire/fastPath.ts"
import { redactedFromWire } from "../src/internal/report/codec.ts"
import { toWire, variant } from "../src/internal/session/codec.ts"
import { Wire as ReportWire } from "../src/internal/report/wire.ts"
import { AnyWire, Wire, WireWithBoth } from "../src/internal/session/wire.ts"
import { expandedSession, fullReport, fullSession, leastSession } from "./support/identityRows.ts"

// Kinds of schema that Stripe's rows do not have today: the fast path must be right about them, or not take them.
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
  "a list of objects": Schema.Array(Schema.Struct({ a: Schema.optionalKey(Schema.String) })),
  "a record of objects": Schema.Record(Schema.String, Schema.Struct({ a: Schema.optionalKey(Schema.String) })),
  "an object with a check": Schema.Struct({ a: Schema.String }).check(
    Schema.makeFilter((value) => Object.keys(value).length === 1)
  ),
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

/** The value with one more key in the objects that `chosen` picks, in the order of a walk through it. */
const widen = (value: unknown, chosen: (index: number) => boolean): unknown => {
  let index = 0
  const walk = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value
    if (Array.isArray(value)) return value.map(walk)
    const fields = Object.entries(value).map(([key, field]): [string, unknown] => [key, walk(field)])
    // What stands below these is not described, and is kept.
    return Object.fromEntries(chosen(index++) ? [["from_the_future", { a: 1 }], ...fields] : fields)
  }
  return walk(value)
}

/** The value without the keys of its own that the schema does not name: a conversion does not read them. */
const converted = (schema: Schema.Codec<unknown, unknown>, value: unknown): unknown => {
  const { ast } = schema
  if (ast._tag !== "Objects" || ast.indexSignatures.length > 0) return value
  const names = new Set(ast.propertySignatures.map(({ name }) => name))
  return Object.fromEntries(Object.entries(Object(value)).filter(([key]) => names.has(key)))
}

describe("the fast path", () => {
  for (const [name, schema] of Object.entries(schemas)) {
    const matches = fastPath(schema)
    const decode = Schema.decodeUnknownExit(schema)

    it.effect.prop(
      `takes ${name} only where decoding gives the same, without unknown keys`,
      {
        valid: Schema.toEncoded(schema),
        where: Arbitrary.schema(Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })))),
        what: Schema.Union([Schema.Json, Schema.Undefined]),
        widened: Arbitrary.schema(Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))))
      },
      ({ valid, what, where, widened }) =>
        Effect.sync(() => {
          for (const value of [
            fromJson(valid),
            widen(fromJson(valid), (index) => widened.includes(index)),
            fromJson(spoil(fromJson(valid), where.slice(0, 3), what)),
            fromJson(what)
          ]) {
            const decoded = decode(fromJson(value))
            const taken = fromJson(value)
            const isTaken = matches(taken)
            // Whether it was taken or not, what was removed from it was nothing that decoding would have kept.
            const again = decode(taken)
            assert.deepStrictEqual(Exit.isSuccess(again), Exit.isSuccess(decoded))
            if (Exit.isSuccess(again) && Exit.isSuccess(decoded)) assert.deepStrictEqual(again.value, decoded.value)
            if (isTaken) assert.deepStrictEqual(converted(schema, taken), Exit.isSuccess(decoded) && decoded.value)
          }
        }),
      { arbitrary: { runs: 200 } }
    )
  }

  it("takes rows as Stripe documents them, so that it is of use", () => {
    assert.isTrue(fastPath(Wire)(leastSession))
    assert.isTrue(fastPath(Wire)(fullSession))
    assert.isTrue(fastPath(WireWithBoth)(expandedSession))
    assert.isTrue(fastPath(ReportWire)(fullReport))
  })

  it("takes rows with keys that are not documented, in any of their objects", () => {
    for (let at = 0; at < 20; at++) {
      for (const [wire, row] of [
        [Wire, fullSession],
        [WireWithBoth, expandedSession],
        [ReportWire, fullReport]
      ] as const) {
        const taken = widen(row, (index) => index === at)
        // `metadata` has texts only.
        const isText = JSON.stringify(taken).includes(`"metadata":{"from_the_future"`)
        assert.strictEqual(fastPath<unknown>(wire)(taken), !isText, `object ${at}`)
      }
    }
  })

  for (const key of ["from_the_future", "__proto__"]) {
    /** The row as a reply brings it, with one more key in each object but `metadata`, whose keys are the caller's own. */
    const widened = (row: object): unknown =>
      JSON.parse(JSON.stringify(row).replaceAll(/(?<!"metadata":)\{"/g, `{"${key}":{"a":1},"`))

    it(`drops the key ${key} in any object of a row: it may hold what must not be shown`, () => {
      const paths = ["verified_outputs", "last_verification_report"] as const
      assert.deepStrictEqual(toWire(Result.getOrThrow(variant([]).decodeRow(widened(fullSession)))), fullSession)
      assert.deepStrictEqual(
        toWire(Result.getOrThrow(variant(paths).decodeRow(widened(expandedSession)))),
        expandedSession
      )
      const decodeReport = rowDecoder(ReportWire, redactedFromWire)
      const report = Result.getOrThrow(decodeReport(widened(fullReport)))
      assert.hasAllKeys(report, Object.keys(fullReport))
      for (const name of ["document", "email", "id_number", "phone", "selfie"] as const) {
        const check = report[name]
        assert.deepStrictEqual<unknown>(check && Redacted.value(check), fullReport[name])
      }
      assert.deepStrictEqual<unknown>(report.options, fullReport.options)
    })
  }

  for (const paths of [[], ["last_verification_report"]]) {
    it(`drops outputs that were not asked for, and so not checked, with ${paths.join() || "nothing"}`, () => {
      const { last_verification_report } = paths.length === 0 ? fullSession : expandedSession
      const row = { ...fullSession, last_verification_report, verified_outputs: { dob: "unchecked" } }
      assert.notProperty(Result.getOrThrow(variant(paths).decodeRow(row)), "verified_outputs")
    })
  }

  it.effect("is enough for every row of the sandbox", () =>
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const response = yield* client.get("https://api.stripe.com/v1/identity/verification_sessions?limit=100", {
        headers: { authorization: `Bearer ${Redacted.value(Sandbox.apiKey)}` }
      })
      // Type boundary: the sandbox answers with a list.
      const { data } = (yield* response.json) as { readonly data: ReadonlyArray<unknown> }
      assert.strictEqual(data.length, 100)
      assert.isTrue(data.every(fastPath(Wire)))
    }).pipe(Effect.provide(Sandbox.layer({ sessions: 100 })))
  )
})
