import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { VerificationReport } from "effect-stripe-identity"
import { fullReport } from "./support/identityRows.ts"
import { readStripeMaterial } from "./support/stripeMaterial.ts"
import { describeSchema } from "./support/jsonSchema.ts"

// Round trips, paths of errors and generated reports are in `support/codecLaws.ts`, with those of sessions.
describe("VerificationReport", () => {
  const fixture = readStripeMaterial<Record<string, unknown>>("fixture.json")
  it.skipIf(fixture === undefined)("decodes Stripe's fixture and encodes it back unchanged", () => {
    const row = fixture?.["identity.verification_report"]
    assert.isDefined(row)
    const report = Schema.decodeUnknownSync(VerificationReport.VerificationReport)(row)
    assert.deepStrictEqual<unknown>(Schema.encodeSync(VerificationReport.VerificationReport)(report), row)
  })

  const openapi = readStripeMaterial<{ components: { schemas: Record<string, object> } }>(
    "verification_sessions.openapi.json"
  )
  it.skipIf(openapi === undefined)("knows every field and value of Stripe's OpenAPI, and no others", () => {
    const schemas = openapi?.components.schemas ?? {}
    const ours = Schema.toJsonSchemaDocument(VerificationReport.VerificationReport)
    const theirs = describeSchema(schemas["identity.verification_report"] ?? {}, schemas)
    assert.isAbove(theirs.length, 100)
    assert.deepStrictEqual(describeSchema(ours.schema, ours.definitions), theirs)
  })

  it("is written by HttpApi, Rpc, queues and stores without its checks, if they are redacted", () => {
    const codec = Schema.toCodecJson(VerificationReport.RedactedReport)
    const report = Schema.decodeUnknownSync(codec)(fullReport)
    assert.strictEqual(String(report.document), "<redacted:document>")
    const { document: _1, email: _2, id_number: _3, phone: _4, selfie: _5, ...rest } = fullReport
    assert.deepStrictEqual<unknown>(Schema.encodeSync(codec)(report), rest)
  })
})
