import { assert, describe, it } from "@effect/vitest"
import { DateTime, Exit, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { VerificationReport, VerificationSession } from "effect-stripe-identity"
import { Wire as ReportWire } from "../../src/internal/report/wire.ts"
import { AnyWire, Wire, WireWithBoth, WireWithOutputs, WireWithReport } from "../../src/internal/session/wire.ts"
import { expandedSession, fullReport, fullSession, leastSession } from "./identityRows.ts"

type Codec = Schema.Codec<{ readonly created: DateTime.Utc }, object>

interface Case {
  readonly codec: Codec
  readonly wire: Schema.Codec<object>
  readonly rows: ReadonlyArray<object>
}

const { expanded } = VerificationSession

const cases: Record<string, Case> = {
  "a session": {
    codec: VerificationSession.VerificationSession,
    wire: Wire,
    rows: [leastSession, fullSession]
  },
  "a session with outputs": {
    codec: expanded(["verified_outputs.dob"]),
    wire: WireWithOutputs,
    rows: [leastSession, fullSession, { ...fullSession, verified_outputs: expandedSession.verified_outputs }]
  },
  "a session with a report": {
    codec: expanded(["last_verification_report"]),
    wire: WireWithReport,
    rows: [leastSession, { ...fullSession, last_verification_report: fullReport }]
  },
  "a session with both": {
    codec: expanded(["verified_outputs", "last_verification_report.document.number"]),
    wire: WireWithBoth,
    rows: [leastSession, expandedSession]
  },
  "a row of JSON with everything revealed": {
    codec: VerificationSession.Json({
      reveal: ["client_secret", "url", "provided_details", "verified_outputs", "last_verification_report"]
    }),
    wire: AnyWire,
    rows: [leastSession, fullSession, expandedSession]
  },
  "a report": { codec: VerificationReport.VerificationReport, wire: ReportWire, rows: [fullReport] },
  "a report whose checks are redacted": {
    codec: VerificationReport.RedactedReport,
    wire: ReportWire,
    rows: [fullReport]
  }
}

/** Each value of a JSON document with its path, the document itself left out. */
const valuesOf = (json: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<[ReadonlyArray<string>, unknown]> =>
  typeof json !== "object" || json === null
    ? []
    : Object.entries(json).flatMap(([key, value]): ReadonlyArray<[ReadonlyArray<string>, unknown]> => [
        [[...path, key], value],
        ...valuesOf(value, [...path, key])
      ])

const replace = (json: unknown, [key, ...rest]: ReadonlyArray<string>, value: unknown): unknown => {
  if (key === undefined) return value
  if (Array.isArray(json)) return json.map((item, index) => (String(index) === key ? replace(item, rest, value) : item))
  // Type boundary: the path came from this document, so what has a key here is an object.
  return { ...(json as object), [key]: replace((json as Record<string, unknown>)[key], rest, value) }
}

const without = (json: object, key: string): object =>
  Object.fromEntries(Object.entries(json).filter(([name]) => name !== key))

const required = ["id", "object", "created", "livemode", "status", "type", "metadata"]

/** What holds for every codec, however Effect runs it. */
export const codecLaws = (): void => {
  for (const [name, { codec, rows, wire }] of Object.entries(cases)) {
    const decode = Schema.decodeUnknownExit(codec)
    const decodeOrThrow = Schema.decodeUnknownSync(codec)
    const encode = Schema.encodeSync(codec)

    describe(name, () => {
      it("encodes back to the row that was decoded", () => {
        for (const row of rows) assert.deepStrictEqual(encode(decodeOrThrow(row)), row)
      })

      it("keeps absent absent and null null, field by field", () => {
        for (const row of rows) {
          for (const key of Object.keys(row).filter((key) => !required.includes(key))) {
            const absent = without(row, key)
            assert.deepStrictEqual(encode(decodeOrThrow(absent)), absent)
            const empty = { ...row, [key]: null }
            assert.deepStrictEqual(encode(decodeOrThrow(empty)), empty)
          }
        }
      })

      it.prop("encodes back to any row that Stripe could send", [Arbitrary.schema(wire)], ([generated]) => {
        // Generated objects can lack a prototype; JSON.parse gives what a reply has.
        const row = JSON.parse(JSON.stringify(generated))
        assert.deepStrictEqual(encode(decodeOrThrow(row)), row)
      })

      it("drops keys that it does not know, at every depth", () => {
        for (const row of rows) {
          const widened = valuesOf(row)
            .filter(([path, value]) => !["metadata", "id_number"].includes(path.at(-1) ?? "") && isRecord(value))
            .reduce<unknown>(
              // Type boundary: the filter above let only objects through.
              (json, [path, value]) => replace(json, path, { ...(value as object), from_the_future: "x" }),
              { ...row, from_the_future: "x" }
            )
          assert.deepStrictEqual(encode(decodeOrThrow(widened)), row)
        }
      })

      it("keeps values of enums that it does not know", () => {
        for (const row of rows) {
          const unknown = valuesOf(row)
            .filter(([path]) => ["status", "code", "type", "sex", "id_number_type"].includes(path.at(-1) ?? ""))
            .reduce<unknown>((json, [path]) => replace(json, path, "from_the_future"), row)
          assert.deepStrictEqual<unknown>(encode(decodeOrThrow(unknown)), unknown)
        }
      })

      it("reads created as seconds, and refuses what is not a whole number of them", () => {
        for (const row of rows) {
          assert.strictEqual(DateTime.formatIso(decodeOrThrow(row).created), "2026-01-01T00:00:00.000Z")
          for (const created of [1.5, -1, Number.NaN, Infinity, 1_767_225_600_000, "1767225600", null, undefined]) {
            assert.isTrue(Exit.isFailure(decode({ ...row, created })), String(created))
          }
        }
      })

      it("names the path of any wrong value, and never says the value", () => {
        for (const row of rows) {
          for (const [path, value] of valuesOf(row)) {
            const planted = isRecord(value) || Array.isArray(value) ? 987_654_321 : { planted: "PLANTED" }
            const error = failureOf(() => decodeOrThrow(replace(row, path, planted)))
            // Where an object may also be null, Effect takes `object` for what tells the two apart.
            const named = path.length > 1 && path.at(-1) === "object" ? path.slice(0, -1) : path
            const shown = named.map((key) => `[${/^\d+$/.test(key) ? key : JSON.stringify(key)}]`).join("")
            assert.isTrue(error.endsWith(`at ${shown})`), `${error} does not name ${shown}`)
            assert.notInclude(error, "987654321")
            assert.notInclude(error, "PLANTED")
          }
        }
      })

      it("refuses what is no object, and a row without a required key", () => {
        for (const input of [undefined, null, "PLANTED", 1, true, [], [{}]])
          assert.isTrue(Exit.isFailure(decode(input)))
        for (const row of rows) {
          for (const key of required.filter((key) => key in row)) {
            assert.isTrue(Exit.isFailure(decode(without(row, key))), key)
          }
        }
      })

      it("is the only way to JSON: HttpApi and Rpc derive none from what it decoded, which may hold secrets", () => {
        const derived = Schema.encodeUnknownExit(Schema.toCodecJson(Schema.toType(codec)))
        for (const row of rows) assert.isTrue(Exit.isFailure(derived(decodeOrThrow(row))))
      })

      it("recognizes what it decoded, and checks a value that was changed since", () => {
        const is = Schema.is(codec)
        for (const row of rows) {
          const value = decodeOrThrow(row)
          assert.isTrue(is(value))
          assert.isFalse(is(row))
          assert.isFalse(is({ ...value, created: row }))
          Object.assign(value, { livemode: "PLANTED" })
          assert.isFalse(is(value))
          const error = failureOf(() => encode(value))
          assert.include(error, `at ["livemode"]`)
          assert.notInclude(error, "PLANTED")
        }
      })

      it.prop("generates values that it encodes, decodes and recognizes", [codec], ([value]) => {
        assert.isTrue(Schema.is(codec)(value))
        const year = DateTime.getPartUtc(value.created, "year")
        assert.isTrue(year >= 2020 && year < 2030)
        assert.deepStrictEqual(encode(decodeOrThrow(encode(value))), encode(value))
      })
    })
  }
}

const isRecord = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value)

const failureOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return String(error)
  }
  return assert.fail("it was accepted")
}
