import type { DateTime, Redacted } from "effect"
import { Schema, Stream } from "effect"
import { type VerificationReport, VerificationSession, type VerificationSessions } from "effect-stripe-identity"
import { describe, expect, it } from "tstyche"

type Session = VerificationSession.VerificationSession
type Report = Redacted.Redacted<VerificationReport.VerificationReport> | null | undefined
type Outputs = Redacted.Redacted<VerificationSession.VerifiedOutputs> | null | undefined

declare const session: Session
declare const both: VerificationSession.Expanded<["verified_outputs", "last_verification_report"]>

describe("VerificationSession", () => {
  it("is what its codec decodes to", () => {
    expect<typeof VerificationSession.VerificationSession.Type>().type.toBe<Session>()
    expect<typeof VerificationSession.VerificationSession.Encoded>().type.toBe<VerificationSession.Encoded>()
    expect<typeof VerificationSession.VerificationSession.DecodingServices>().type.toBe<never>()
    expect<typeof VerificationSession.VerificationSession.EncodingServices>().type.toBe<never>()
  })

  it("requires what Stripe always sends, and nothing else", () => {
    type Required = {
      readonly [Key in keyof Session as undefined extends Session[Key] ? never : Key]: Session[Key]
    }
    expect<Required>().type.toBe<{
      readonly id: string
      readonly object: "identity.verification_session"
      readonly created: DateTime.Utc
      readonly livemode: boolean
      readonly status: VerificationSession.Status
      readonly type: VerificationSession.Type
      readonly metadata: { readonly [key: string]: string }
    }>()
    expect(session.client_secret).type.toBe<Redacted.Redacted<string> | null | undefined>()
    expect(session.url).type.toBe<Redacted.Redacted<string> | null | undefined>()
    expect(session.last_verification_report).type.toBe<string | null | undefined>()
    expect<Session>().type.not.toHaveProperty("verified_outputs")
  })

  it("takes any string where Stripe may add values, and knows the ones of today", () => {
    expect<VerificationSession.Status>().type.toBeAssignableFrom<string>()
    expect<VerificationSession.Status>().type.toBeAssignableFrom<"verified">()
    expect<string>().type.toBeAssignableFrom<VerificationSession.Status>()
    // A bare `string` would not complete: the known values must survive in the type.
    expect<VerificationSession.Status>().type.not.toBe<string>()
    expect<Extract<VerificationSession.Status, "verified" | "canceled">>().type.toBe<"verified" | "canceled">()
  })
})

describe("Expanded", () => {
  it("is the plain session for no path", () => {
    expect<VerificationSession.Expanded<readonly []>>().type.toBe<Session>()
  })

  it("has outputs for a path into the outputs, and only then", () => {
    type WithOutputs = VerificationSession.Expanded<["verified_outputs.dob"]>
    expect<WithOutputs["verified_outputs"]>().type.toBe<Outputs>()
    expect<WithOutputs["last_verification_report"]>().type.toBe<string | null | undefined>()
    expect<WithOutputs>().type.toBeAssignableTo<Session>()
  })

  it("has the report for a path into the report, and only then", () => {
    type WithReport = VerificationSession.Expanded<["last_verification_report.document.number"]>
    expect<WithReport["last_verification_report"]>().type.toBe<Report>()
    expect<WithReport>().type.not.toHaveProperty("verified_outputs")
  })

  it("has both for paths into both", () => {
    expect(both.verified_outputs).type.toBe<Outputs>()
    expect(both.last_verification_report).type.toBe<Report>()
  })

  it("is the same for a path as a list has it", () => {
    expect<VerificationSession.Expanded<["data.verified_outputs.dob"]>>().type.toBe<VerificationSession.WithOutputs>()
    expect<
      VerificationSession.Expanded<["data.last_verification_report"]>
    >().type.toBe<VerificationSession.WithReport>()
    expect<
      VerificationSession.Expanded<["data.verified_outputs", "data.last_verification_report"]>
    >().type.toBe<VerificationSession.WithOutputsAndReport>()
    expect<
      VerificationSession.Expanded<ReadonlyArray<VerificationSessions.ListExpandPath>>
    >().type.toBe<VerificationSession.AnyExpansion>()
  })

  it("is some session where the compiler does not know the paths", () => {
    expect<
      VerificationSession.Expanded<ReadonlyArray<VerificationSession.ExpandPath>>
    >().type.toBe<VerificationSession.AnyExpansion>()
  })

  it("is always an Any", () => {
    expect<VerificationSession.AnyExpansion>().type.toBeAssignableFrom<Session>()
    expect<VerificationSession.AnyExpansion>().type.toBeAssignableFrom<typeof both>()
    expect<VerificationSession.AnyExpansion>().type.toBeAssignableFrom<
      VerificationSession.Expanded<["verified_outputs"]>
    >()
  })

  it("is what expanded decodes to, for a list that is written in place", () => {
    const plain = VerificationSession.expanded([])
    const outputs = VerificationSession.expanded(["verified_outputs", "verified_outputs.dob"])
    const everything = VerificationSession.expanded(["verified_outputs", "last_verification_report"])
    expect<typeof plain.Type>().type.toBe<Session>()
    expect<typeof outputs.Type>().type.toBe<VerificationSession.WithOutputs>()
    expect<typeof everything.Type>().type.toBe<VerificationSession.WithOutputsAndReport>()
  })

  it("refuses paths that Stripe does not know, and the prefix of lists", () => {
    expect(VerificationSession.expanded).type.not.toBeCallableWith(["verified_output"])
    expect(VerificationSession.expanded).type.not.toBeCallableWith(["data.verified_outputs"])
  })
})

describe("the guards", () => {
  it("narrow the status, and keep what was expanded", () => {
    if (VerificationSession.hasStatus("verified")(both)) {
      expect(both.status).type.toBe<"verified">()
      expect(both.verified_outputs).type.toBe<Outputs>()
      expect(both.last_verification_report).type.toBe<Report>()
    }
    if (VerificationSession.hasStatus("requires_input")(session)) expect(session.status).type.toBe<"requires_input">()
    if (VerificationSession.hasStatus("processing")(session)) expect(session.status).type.toBe<"processing">()
    if (VerificationSession.hasStatus("canceled")(session)) expect(session.status).type.toBe<"canceled">()
  })

  it("narrow the redaction", () => {
    if (VerificationSession.isRedacted(session)) expect(session.redaction.status).type.toBe<"redacted">()
  })

  it("narrow the elements of a stream", () => {
    const verified = Stream.make(both).pipe(Stream.filter(VerificationSession.hasStatus("verified")))
    expect<Stream.Success<typeof verified>["status"]>().type.toBe<"verified">()
    expect<Stream.Success<typeof verified>>().type.toBeAssignableTo<typeof both>()
    const inline = Stream.make(session).pipe(
      Stream.filter((session) => VerificationSession.hasStatus("canceled")(session))
    )
    expect<Stream.Success<typeof inline>["status"]>().type.toBe<"canceled">()
  })
})

describe("make", () => {
  it("needs an id, a status and a moment", () => {
    expect(VerificationSession.makeUnsafe).type.toBeCallableWith({
      id: "vs_1",
      status: "verified",
      created: session.created
    })
    expect(VerificationSession.makeUnsafe).type.not.toBeCallableWith({ id: "vs_1", status: "verified" })
    expect(VerificationSession.makeUnsafe).type.not.toBeCallableWith({
      id: "vs_1",
      status: "verified",
      created: session.created,
      client_secret: "raw"
    })
  })
})

describe("Json", () => {
  it("encodes any session", () => {
    const encode = Schema.encodeEffect(VerificationSession.Json())
    expect(encode).type.toBeCallableWith(session)
    expect(encode).type.toBeCallableWith(both)
  })

  it("refuses to reveal a field that is misspelt, or no secret", () => {
    expect(VerificationSession.Json).type.toBeCallableWith({ reveal: ["client_secret", "last_verification_report"] })
    expect(VerificationSession.Json).type.not.toBeCallableWith({ reveal: ["clientsecret"] })
    expect(VerificationSession.Json).type.not.toBeCallableWith({ reveal: ["status"] })
  })
})
