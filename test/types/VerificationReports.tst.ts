import type { Config, Effect, Layer, Redacted, Stream } from "effect"
import type { HttpClient } from "effect/http"
import {
  type Pagination,
  type StripeClient,
  type StripeError,
  VerificationReport,
  VerificationReports
} from "effect-stripe-identity"
import { describe, expect, test } from "tstyche"

declare const service: VerificationReports.Service
type Failure = StripeError.StripeError
type Report = VerificationReport.RedactedReport

describe("types of the service of reports", () => {
  test("a stream is exactly a stream of reports that fails with StripeError", () => {
    expect(service.stream()).type.toBe<Stream.Stream<Report, Failure>>()
    expect(service.stream({ created: "2026-01", type: "document" }, { pageSize: 10 })).type.toBe<
      Stream.Stream<Report, Failure>
    >()
    expect(service.pages()).type.toBe<Stream.Stream<Pagination.Page<Report>, Failure>>()
    expect(service.list()).type.toBe<Effect.Effect<Pagination.Page<Report>, Failure>>()
    expect(service.retrieve("vr_1", { expand: ["document.number"] })).type.toBe<Effect.Effect<Report, Failure>>()
  })

  test("accessors need the service and nothing else", () => {
    expect(VerificationReports.stream()).type.toBe<
      Stream.Stream<Report, Failure, VerificationReports.VerificationReports>
    >()
    expect(VerificationReports.pages({}, { concurrency: 4 })).type.toBe<
      Stream.Stream<Pagination.Page<Report>, Failure, VerificationReports.VerificationReports>
    >()
    expect(VerificationReports.list()).type.toBe<
      Effect.Effect<Pagination.Page<Report>, Failure, VerificationReports.VerificationReports>
    >()
    expect(VerificationReports.retrieve("vr_1")).type.toBe<
      Effect.Effect<Report, Failure, VerificationReports.VerificationReports>
    >()
  })

  test("an error and a requirement of onDecodeError join the stream's", () => {
    const onDecodeError = (_: StripeError.DecodeError) => ({}) as Effect.Effect<void, "told", StripeClient.StripeClient>
    expect(service.stream({}, { onDecodeError })).type.toBe<
      Stream.Stream<Report, Failure | "told", StripeClient.StripeClient>
    >()
  })

  test("what a check found is Redacted, and what a page needs is not", () => {
    expect<Report["document"]>().type.toBe<Redacted.Redacted<VerificationReport.DocumentCheck> | null | undefined>()
    expect<Report["selfie"]>().type.toBe<Redacted.Redacted<VerificationReport.SelfieCheck> | null | undefined>()
    expect<Report>().type.toBeAssignableTo<Pagination.Row>()
    expect<VerificationReport.CheckName>().type.toBe<"document" | "email" | "id_number" | "phone" | "selfie">()
  })

  test("outcomes takes a row of the list, and the plain report that a session expands to", () => {
    expect(VerificationReport.checkOutcomes).type.toBeCallableWith({} as Report)
    expect(VerificationReport.checkOutcomes).type.toBeCallableWith({} as VerificationReport.VerificationReport)
    expect(VerificationReport.checkOutcomes).type.not.toBeCallableWith({} as VerificationReport.Encoded)
  })

  test("both cursors, a misspelt filter, a path of sessions, and a direction do not compile", () => {
    expect(service.stream).type.not.toBeCallableWith({}, { startingAfter: "vr_1", endingBefore: "vr_2" })
    expect(service.stream).type.not.toBeCallableWith({}, { direction: "oldest-first" })
    expect(service.stream).type.not.toBeCallableWith({ status: "verified" })
    expect(service.stream).type.not.toBeCallableWith({ type: "verification_flow" })
    expect(service.stream).type.not.toBeCallableWith({ verification_session: undefined })
    expect(service.stream).type.not.toBeCallableWith({}, { expand: ["document.number"] })
    expect(service.list).type.not.toBeCallableWith({ starting_after: "vr_1", ending_before: "vr_2" })
    expect(service.list).type.not.toBeCallableWith({ expand: ["data.verified_outputs"] })
    expect(service.retrieve).type.not.toBeCallableWith("vr_1", { expand: ["data.document.number"] })
  })

  test("layers need an HttpClient and nothing of a platform", () => {
    const options = { apiKey: {} as Redacted.Redacted }
    expect(VerificationReports.layer(options)).type.toBe<
      Layer.Layer<VerificationReports.VerificationReports, StripeError.StripeError, HttpClient.HttpClient>
    >()
    expect(VerificationReports.layerConfig()).type.toBe<
      Layer.Layer<
        VerificationReports.VerificationReports,
        Config.ConfigError | StripeError.StripeError,
        HttpClient.HttpClient
      >
    >()
    expect(VerificationReports.layerFromClient).type.toBe<
      Layer.Layer<VerificationReports.VerificationReports, never, StripeClient.StripeClient>
    >()
  })
})
