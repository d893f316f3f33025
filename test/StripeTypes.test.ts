import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { StripeClient, VerificationReport, VerificationSession } from "effect-stripe-identity"
import { Stripe } from "stripe"
import * as Resources from "../src/internal/sandbox/resources.ts"
import { expandPaths as reportPaths } from "../src/internal/report/wire.ts"
import { describeSchema } from "./support/jsonSchema.ts"
import { describeStripeType, stripeEvents } from "./support/stripeTypes.ts"

// A newer `stripe` package fails here with what its version of the API adds and takes away.

const sessionType = () => describeStripeType("Identity/VerificationSessions.d.ts", ["VerificationSession"])
const reportType = () => describeStripeType("Identity/VerificationReports.d.ts", ["VerificationReport"])

const compare = (ours: ReadonlyArray<string>, theirs: ReadonlyArray<string>): void => {
  const stripe = theirs.filter((line) => !line.endsWith(" is optional"))
  assert.deepStrictEqual(
    { added: stripe.filter((line) => !ours.includes(line)), gone: ours.filter((line) => !stripe.includes(line)) },
    { added: [], gone: [] }
  )
}

/** What a Schema of ours says, as far as a type of TypeScript can say it. */
const describeOurs = (schema: Schema.Codec<unknown, unknown>): ReadonlyArray<string> => {
  const document = Schema.toJsonSchemaDocument(schema)
  return describeSchema(document.schema, document.definitions)
    .filter((line) => !line.endsWith(" is required"))
    .map((line) => line.replace(/: integer$/, ": number"))
}

describe("the version of the API that is pinned", { timeout: 60_000 }, () => {
  it("is that of stripe-node", () => {
    assert.strictEqual<string>(StripeClient.defaultApiVersion, Stripe.API_VERSION)
  })

  it("has the fields and words of our sessions, and no others", () => {
    const stripe = sessionType()
    assert.isAbove(stripe.length, 200)
    compare(describeOurs(VerificationSession.Json()), stripe)
  })

  it("has the fields and words of our reports, and no others", () => {
    const stripe = reportType()
    assert.isAbove(stripe.length, 100)
    compare(describeOurs(VerificationReport.VerificationReport), stripe)
  })

  it("leaves out of outputs and checks exactly the fields that have a path in expand", () => {
    const optional = (lines: ReadonlyArray<string>, at: RegExp) =>
      lines.flatMap((line) => (line.endsWith(" is optional") && at.test(line) ? [line.slice(1, -12)] : []))
    const outputs: Record<Extract<VerificationSession.ExpandPath, `verified_outputs.${string}`>, true> = {
      "verified_outputs.dob": true,
      "verified_outputs.id_number": true,
      "verified_outputs.sex": true,
      "verified_outputs.unparsed_place_of_birth": true,
      "verified_outputs.unparsed_sex": true
    }
    assert.deepStrictEqual(optional(sessionType(), /^\.verified_outputs\./), Object.keys(outputs))
    assert.deepStrictEqual<ReadonlyArray<string>>(
      optional(reportType(), /^\.(document|email|id_number|phone|selfie)\./),
      reportPaths
    )
  })

  for (const [name, file, resource] of [
    ["VerificationSessionListParams", "Identity/VerificationSessions.d.ts", Resources.sessions],
    ["VerificationReportListParams", "Identity/VerificationReports.d.ts", Resources.reports]
  ] as const) {
    it(`has the parameters and words of the sandbox's list (${name}), and no others`, () => {
      const { choices, texts } = resource.rules
      compare(
        [
          ": object",
          ...[...texts, "ending_before", "starting_after"].map((text) => `.${text}: string`),
          ...Object.entries(choices).flatMap(([text, words]) => words.map((word) => `.${text} = ${word}`)),
          ".created: number",
          ".created: object",
          ".limit: number",
          ".expand: array",
          ".expand[]: string",
          ...["gt", "gte", "lt", "lte"].map((bound) => `.created.${bound}: number`)
        ],
        describeStripeType(file, ["Identity", name])
      )
    })
  }

  it("has six types of events of a session", () => {
    assert.deepStrictEqual(
      stripeEvents("identity."),
      ["canceled", "created", "processing", "redacted", "requires_input", "verified"].map(
        (change) => `identity.verification_session.${change}`
      )
    )
  })
})
