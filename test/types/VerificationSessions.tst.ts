import type { Config, Effect, Layer, Option, Redacted, Stream } from "effect"
import { Exit, Stream as S } from "effect"
import type { HttpClient } from "effect/http"
import {
  type Pagination,
  RetryPolicy,
  StripeClient,
  type StripeError,
  VerificationSession,
  VerificationSessions
} from "effect-stripe-identity"
import { describe, expect, test } from "tstyche"

declare const service: VerificationSessions.Service
type Failure = StripeError.StripeError
type Session = VerificationSession.VerificationSession

describe("types of the service", () => {
  test("a stream is exactly a stream of sessions that fails with StripeError", () => {
    expect(service.stream()).type.toBe<Stream.Stream<Session, Failure>>()
    expect(service.stream({ created: "2026-01" }, { pageSize: 10 })).type.toBe<Stream.Stream<Session, Failure>>()
    expect(service.pages()).type.toBe<Stream.Stream<Pagination.Page<Session>, Failure>>()
    expect(service.list()).type.toBe<Effect.Effect<Pagination.Page<Session>, Failure>>()
    expect(service.retrieve("vs_1")).type.toBe<Effect.Effect<Session, Failure>>()
  })

  test("accessors need the service and nothing else", () => {
    expect(VerificationSessions.stream()).type.toBe<
      Stream.Stream<Session, Failure, VerificationSessions.VerificationSessions>
    >()
    expect(VerificationSessions.list()).type.toBe<
      Effect.Effect<Pagination.Page<Session>, Failure, VerificationSessions.VerificationSessions>
    >()
  })

  test("combinators keep the type of effects and streams", () => {
    const stream = service.stream().pipe(Stream.provideService(StripeClient.CurrentAccount, { account: "acct_1" }))
    expect(stream).type.toBe<Stream.Stream<Session, Failure>>()
    const effect = service.list().pipe(Effect.provideService(RetryPolicy.Current, RetryPolicy.none))
    expect(effect).type.toBe<Effect.Effect<Pagination.Page<Session>, Failure>>()
  })

  test("what a combinator gives is an effect or a stream, whatever else it was given", () => {
    expect(Stream.provideService(StripeClient.CurrentAccount, { account: "acct_1" })(Exit.succeed(1))).type.toBe<
      Effect.Effect<number>
    >()
    expect(Stream.provideService(StripeClient.CurrentAccount, { account: "acct_1" })).type.not.toBeCallableWith(1)
  })

  test("expand changes the element type exactly where it was asked for", () => {
    expect(service.stream({}, { expand: ["data.verified_outputs"] })).type.toBe<
      Stream.Stream<VerificationSession.WithOutputs, Failure>
    >()
    expect(service.pages({}, { expand: ["data.verified_outputs"] })).type.toBe<
      Stream.Stream<Pagination.Page<VerificationSession.WithOutputs>, Failure>
    >()
    expect(service.list({ expand: ["data.last_verification_report"] })).type.toBe<
      Effect.Effect<Pagination.Page<VerificationSession.WithReport>, Failure>
    >()
    expect(service.retrieve("vs_1", { expand: ["verified_outputs.dob", "last_verification_report"] })).type.toBe<
      Effect.Effect<VerificationSession.WithOutputsAndReport, Failure>
    >()
    expect<Session>().type.not.toHaveProperty("verified_outputs")
  })

  test("both cursors, a misspelt filter, and oldest-first without a start do not compile", () => {
    expect(service.stream).type.not.toBeCallableWith({}, { startingAfter: "vs_1", endingBefore: "vs_2" })
    expect(service.stream).type.not.toBeCallableWith({}, { direction: "oldest-first" })
    expect(service.stream).type.not.toBeCallableWith({}, { endingBefore: "vs_1" })
    expect(service.stream).type.not.toBeCallableWith({ stauts: "verified" })
    expect(service.stream).type.not.toBeCallableWith({ status: "verfied" })
    expect(service.list).type.not.toBeCallableWith({ starting_after: "vs_1", ending_before: "vs_2" })
    expect(service.list).type.not.toBeCallableWith({ expand: ["verified_outputs"] })
  })

  test("layers need an HttpClient and nothing of a platform", () => {
    const options = { apiKey: {} as Redacted.Redacted }
    expect(VerificationSessions.layer(options)).type.toBe<
      Layer.Layer<VerificationSessions.VerificationSessions, never, HttpClient.HttpClient>
    >()
    expect(VerificationSessions.layerConfig()).type.toBe<
      Layer.Layer<VerificationSessions.VerificationSessions, Config.ConfigError, HttpClient.HttpClient>
    >()
    expect(StripeClient.CurrentAccount.key).type.toBe<string>()
    expect<Option.Option<string>>().type.toBeAssignableTo<typeof StripeClient.CurrentAccount.Service>()
  })

  test("guards narrow the elements of a stream", () => {
    const verified = service.stream().pipe(S.filter(VerificationSession.isVerified))
    expect(verified).type.toBe<Stream.Stream<Session & { readonly status: "verified" }, Failure>>()
  })
})
