import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { VerificationReport } from "effect-stripe-identity"
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
})
