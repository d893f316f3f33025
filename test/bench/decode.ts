/**
 * What decoding a row costs, for six ways to do it, and why the client does it the way it does; and what it costs when
 * Stripe adds a field: less than 1.2 times as much, for one more key in a row.
 *
 *     node test/bench/decode.ts
 *
 * It runs itself twice, with Effect's schema interpreter and with its compiler. The times are of this machine and this
 * moment; the ratios come from interleaved rounds in one process.
 */
import { DateTime, Result, Schema, SchemaTransformation } from "effect"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { type AnyExpansion, type EncodedAny, fromWire, toWire, variant } from "../../src/internal/session/codec.ts"
import { ProvidedDetails, Wire } from "../../src/internal/session/wire.ts"
import { EpochSeconds, optionalNullOr } from "../../src/internal/wire/fields.ts"

const rounds = 31
const rows = 4_000

const verified = {
  id: "vs_1Pgc76B7WZ01zgkWBdQi8PTU",
  object: "identity.verification_session",
  created: 1767225600,
  livemode: true,
  status: "verified",
  type: "document",
  metadata: { user_id: "42", plan: "business" },
  client_reference_id: "user-42",
  client_secret: null,
  last_error: null,
  last_verification_report: "vr_1Pgc76B7WZ01zgkWq9Rp33Dj",
  options: { document: { allowed_types: ["passport"], require_matching_selfie: true } },
  redaction: null,
  related_customer: null,
  related_customer_account: null,
  url: null
}
const waiting = {
  ...verified,
  status: "requires_input",
  client_secret: "vs_1Pgc76B7WZ01zgkWBdQi8PTU_secret_live_example",
  last_error: { code: "document_expired", reason: "The document is expired." },
  provided_details: { email: "jenny@example.com", phone: "+15555550100" },
  url: "https://verify.stripe.com/start/live_example"
}
const address = { city: "San Francisco", country: "US", line1: "1234 Main St.", line2: null, postal_code: "94111" }
const date = { day: 1, month: 12, year: 1990 }
const person = { first_name: "Jenny", last_name: "Rosen", dob: date, address }
const expanded = {
  ...verified,
  verified_outputs: { ...person, id_number_type: null },
  last_verification_report: {
    id: "vr_1Pgc76B7WZ01zgkWq9Rp33Dj",
    object: "identity.verification_report",
    created: 1767225600,
    livemode: true,
    type: "document",
    document: { ...person, status: "verified", error: null, type: "passport", files: ["file_1", "file_2"] }
  }
}

// A field that Stripe may add, in the middle of a row, in one of its objects, and in every one.
const added = { from_the_future: "x" }
const withField = (row: object): object => {
  const fields = Object.entries(row)
  return Object.fromEntries([...fields.slice(0, 9), ...Object.entries(added), ...fields.slice(9)])
}
const withNestedField = (row: typeof verified | typeof waiting): object => ({
  ...row,
  options: { ...row.options, ...added }
})
const withFields = (value: unknown): object =>
  JSON.parse(JSON.stringify(value).replaceAll(/(?<!"metadata":)\{"/g, '{"from_the_future":"x","'))

// The obvious way: each field that users see differently has a transformation of its own.
const aFieldEach = Schema.Struct({
  ...Wire.fields,
  created: EpochSeconds.pipe(
    Schema.decodeTo(
      Schema.DateTimeUtc,
      SchemaTransformation.transform({ decode: DateTime.fromEpochSeconds, encode: DateTime.toEpochSeconds })
    )
  ),
  client_secret: optionalNullOr(Schema.RedactedFromValue(Schema.String, { label: "client_secret" })),
  url: optionalNullOr(Schema.RedactedFromValue(Schema.String, { label: "url" })),
  provided_details: optionalNullOr(Schema.RedactedFromValue(ProvidedDetails, { label: "provided_details" }))
})

// One transformation a row, and a schema on each side of it that checks every field.
const wire: Schema.Codec<EncodedAny> = Wire
const transformation = SchemaTransformation.transform<AnyExpansion, EncodedAny>({
  decode: fromWire,
  // Type boundary: only decoding is measured.
  encode: (session) => toWire(session) as unknown as EncodedAny
})
// Type boundary: AnyExpansion is wider than what this row decodes to, and only time is read.
const twoStructs = wire.pipe(Schema.decodeTo(Schema.toType(aFieldEach) as Schema.Codec<AnyExpansion>, transformation))

const decodeWire = Schema.decodeUnknownResult(wire)

interface Candidate {
  readonly name: string
  readonly decode: (row: unknown) => Result.Result<unknown, unknown>
  readonly row: object
}

// What else runs on the machine only adds to a time, so the fastest rounds say most.
const fastest = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)[values.length >> 3] ?? Number.NaN

const measure = (title: string, candidates: ReadonlyArray<Candidate>) => {
  const runs = candidates.map(({ decode, name, row }) => {
    const text = JSON.stringify(Array.from({ length: rows }, (_, index) => ({ ...row, id: `vs_${index}` })))
    const once = () => {
      // The client's decoder changes and keeps what it is given, so each round has rows of its own.
      const inputs: ReadonlyArray<unknown> = JSON.parse(text)
      const start = performance.now()
      for (const input of inputs) {
        if (Result.isFailure(decode(input))) throw new Error(`${name} refused a row`)
      }
      return ((performance.now() - start) * 1000) / rows
    }
    return { name, once, times: new Array<number>() }
  })
  for (let round = -3; round < rounds; round++) {
    for (const { once, times } of runs) {
      const time = once()
      // The first rounds only warm up.
      if (round >= 0) times.push(time)
    }
  }
  const library = fastest(runs[0]?.times ?? [])
  console.log(`\n${title}`)
  for (const { name, times } of runs) {
    const time = fastest(times)
    console.log(`  ${name.padEnd(37)} ${time.toFixed(2).padStart(6)} µs/row  ${(time / library).toFixed(2)}x`)
  }
}

const [mode] = process.argv.slice(2)

if (mode === undefined) {
  const file = fileURLToPath(import.meta.url)
  const flags = { interpreter: [], compiler: ["--import", "effect/schema/SchemaJITCompiler/enable"] }
  for (const [name, flag] of Object.entries(flags)) {
    execFileSync(process.execPath, [...flag, file, name], { stdio: "inherit" })
  }
} else {
  for (const [kind, row] of Object.entries({ verified, waiting })) {
    measure(`${mode}: ${kind}, ${kind === "verified" ? "nothing" : "three fields"} redacted, ${rounds} rounds`, [
      { name: "the client's decoder", decode: variant([]).decodeRow, row },
      { name: "the same without the fast path", decode: (row) => Result.map(decodeWire(row), fromWire), row },
      { name: "the public codec: both sides checked", decode: Schema.decodeUnknownResult(variant([]).codec), row },
      { name: "a transformation a field", decode: Schema.decodeUnknownResult(aFieldEach), row },
      { name: "two structs, one transformation", decode: Schema.decodeUnknownResult(twoStructs), row },
      { name: "wire only (the floor)", decode: Schema.decodeUnknownResult(Wire), row }
    ])
    const { decodeRow } = variant([])
    measure(`${mode}: ${kind}, when Stripe adds a field`, [
      { name: "none", decode: decodeRow, row },
      { name: "one field", decode: decodeRow, row: withField(row) },
      { name: "one field of an object in the row", decode: decodeRow, row: withNestedField(row) },
      { name: "one field of each object", decode: decodeRow, row: withFields(row) },
      {
        name: "one field, without the fast path",
        decode: (row) => Result.map(decodeWire(row), fromWire),
        row: withField(row)
      }
    ])
  }
  const { decodeRow } = variant(["verified_outputs", "last_verification_report"])
  measure(`${mode}: expanded, when Stripe adds a field`, [
    { name: "none", decode: decodeRow, row: expanded },
    { name: "one field", decode: decodeRow, row: withField(expanded) },
    { name: "one field of each object", decode: decodeRow, row: withFields(expanded) }
  ])
}
