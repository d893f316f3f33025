import type { Config, Layer, Redacted } from "effect"
import { Effect, Stream } from "effect"
import type { HttpClient } from "effect/http"
import {
  type Pagination,
  RetryPolicy,
  type SessionFilter,
  StripeClient,
  type StripeError,
  VerificationSession,
  VerificationSessions
} from "effect-stripe-identity"
import { describe, expect, test } from "tstyche"

declare const some: boolean
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

  test("an account or a policy of one read keeps the type of effects and streams", () => {
    const stream = service.stream().pipe(Stream.provideService(StripeClient.CurrentAccount, { account: "acct_1" }))
    expect(stream).type.toBe<Stream.Stream<Session, Failure>>()
    const effect = service.list().pipe(Effect.provideService(RetryPolicy.Current, RetryPolicy.none))
    expect(effect).type.toBe<Effect.Effect<Pagination.Page<Session>, Failure>>()
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

  test("is one of two where the compiler does not know which", () => {
    const expand = some ? (["data.last_verification_report"] as const) : undefined
    expect(service.stream({}, { expand })).type.toBe<
      Stream.Stream<VerificationSession.VerificationSession | VerificationSession.WithReport, Failure>
    >()
    expect(service.stream({}, { expand: some ? ["data.last_verification_report"] : [] })).type.toBe<
      Stream.Stream<VerificationSession.VerificationSession | VerificationSession.WithReport, Failure>
    >()
    const maybe: { readonly expand?: readonly ["data.last_verification_report"] } = {}
    expect(service.list(maybe)).type.toBe<Effect.Effect<Pagination.Page<VerificationSession.AnyExpansion>, Failure>>()
    const parsed = JSON.parse("{}")
    expect(service.list(parsed)).type.toBe<Effect.Effect<Pagination.Page<VerificationSession.AnyExpansion>, Failure>>()
  })

  test("endingBefore works alone, and with every option but startingAfter", () => {
    expect(service.stream).type.toBeCallableWith({}, { endingBefore: "vs_1" })
    expect(service.pages).type.toBeCallableWith({}, { endingBefore: "vs_1", concurrency: 4, maxItems: 1 })
  })

  test("both cursors, a misspelt filter, and a direction do not compile", () => {
    expect(service.stream).type.not.toBeCallableWith({}, { startingAfter: "vs_1", endingBefore: "vs_2" })
    expect(service.stream).type.not.toBeCallableWith({}, { endingBefore: undefined })
    expect(service.stream).type.not.toBeCallableWith({}, { endingBefore: "vs_1" as string | undefined })
    expect(service.stream).type.not.toBeCallableWith({}, { direction: "oldest-first" })
    expect(service.stream).type.not.toBeCallableWith({}, { direction: "oldest-first", endingBefore: "vs_1" })
    expect(service.stream).type.not.toBeCallableWith({ stauts: "verified" })
    expect(service.stream).type.not.toBeCallableWith({ status: "verfied" })
    expect(service.list).type.not.toBeCallableWith({ starting_after: "vs_1", ending_before: "vs_2" })
    expect(service.list).type.not.toBeCallableWith({ expand: ["verified_outputs"] })
  })

  test("the compiler names the wrong option, also where the options are a variable", () => {
    const size = { pageSize: "10" }
    // @ts-expect-error Types of property 'pageSize' are incompatible
    service.stream({}, size)
    const expand = { expand: ["data.verified_outputs"] }
    // @ts-expect-error Types of property 'expand' are incompatible
    service.pages({}, expand)
    const cursor = { endingBefore: "vs_1" as string | undefined }
    // @ts-expect-error Types of property 'endingBefore' are incompatible
    service.stream({}, cursor)
    const page = { starting_after: null }
    // @ts-expect-error Type 'null' is not assignable to type 'string | undefined'
    service.list(page)
  })

  test("layers need an HttpClient and nothing of a platform", () => {
    const options = { apiKey: {} as Redacted.Redacted }
    expect(VerificationSessions.layer(options)).type.toBe<
      Layer.Layer<VerificationSessions.VerificationSessions, StripeError.StripeError, HttpClient.HttpClient>
    >()
    expect(VerificationSessions.layerConfig()).type.toBe<
      Layer.Layer<
        VerificationSessions.VerificationSessions,
        Config.ConfigError | StripeError.StripeError,
        HttpClient.HttpClient
      >
    >()
    expect(StripeClient.CurrentAccount.key).type.toBe<string>()
    expect<{ readonly account: string }>().type.toBeAssignableTo<typeof StripeClient.CurrentAccount.Service>()
    expect<{ readonly context: string }>().type.toBeAssignableTo<typeof StripeClient.CurrentAccount.Service>()
    expect<{
      readonly account: string | undefined
    }>().type.not.toBeAssignableTo<typeof StripeClient.CurrentAccount.Service>()
  })

  test("a test's handler gets filter and parameters with the types that are written in code", () => {
    type Handlers = Required<VerificationSessions.TestHandlers>
    type First<Name extends keyof Handlers> = Parameters<NonNullable<Handlers[Name]>>[0]
    expect<First<"stream">>().type.toBe<SessionFilter.Input | undefined>()
    expect<First<"pages">>().type.toBe<SessionFilter.Input | undefined>()
    expect<First<"sync">>().type.toBe<SessionFilter.Input | undefined>()
    expect<First<"tail">>().type.toBe<SessionFilter.Input | undefined>()
    expect<First<"list">>().type.toBe<VerificationSessions.ListParams | undefined>()
    expect<First<"retrieve">>().type.toBe<string>()
  })

  test("guards narrow the elements of a stream", () => {
    const verified = service.stream().pipe(Stream.filter(VerificationSession.hasStatus("verified")))
    expect(verified).type.toBe<Stream.Stream<Session & { readonly status: "verified" }, Failure>>()
  })
})
