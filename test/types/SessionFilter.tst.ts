import type { Config, DateTime } from "effect"
import { Effect, Result, Schema, Stream } from "effect"
import { Command } from "effect/cli"
import { HttpServerRequest } from "effect/http"
import {
  type Pagination,
  SessionFilter,
  type StripeError,
  VerificationSession,
  VerificationSessions
} from "effect-stripe-identity"
import * as SessionFlags from "effect-stripe-identity/SessionFlags"
import { describe, expect, test } from "tstyche"

declare const service: VerificationSessions.Service
type Failure = StripeError.StripeError
type Session = VerificationSession.VerificationSession
type Verified = Session & { readonly status: "verified" }

declare const some: boolean
declare const input: SessionFilter.Input
declare const filter: SessionFilter.SessionFilter
declare const session: Session
declare const wide: { readonly status?: "verified" }
declare const either: { readonly status: "verified" } | { readonly type: "document" }
declare const misspelt: { readonly status: "verified"; readonly creatd: string }

type Status<A> = A extends { readonly status: infer S } ? S : never
type StatusOf<S> = Status<Stream.Success<S>>

describe("a filter on the status narrows the element type", () => {
  test("for one status", () => {
    expect(service.stream({ status: "verified" })).type.toBe<Stream.Stream<Verified, Failure>>()
    expect(service.pages({ status: "verified" })).type.toBe<Stream.Stream<Pagination.Page<Verified>, Failure>>()
    expect(service.list({ status: "verified" })).type.toBe<Effect.Effect<Pagination.Page<Verified>, Failure>>()
    expect(VerificationSessions.stream({ status: "verified" })).type.toBe<
      Stream.Stream<Verified, Failure, VerificationSessions.VerificationSessions>
    >()
    expect(VerificationSessions.pages({ status: "verified" })).type.toBe<
      Stream.Stream<Pagination.Page<Verified>, Failure, VerificationSessions.VerificationSessions>
    >()
    expect(VerificationSessions.list({ status: "verified", limit: 5 })).type.toBe<
      Effect.Effect<Pagination.Page<Verified>, Failure, VerificationSessions.VerificationSessions>
    >()
  })

  test("for several", () => {
    const stream = service.stream({ status: ["verified", "canceled"], type: "document" })
    expect<StatusOf<typeof stream>>().type.toBe<"verified" | "canceled">()
  })

  test("and keeps what was expanded", () => {
    const stream = service.stream({ status: "verified" }, { expand: ["data.verified_outputs"] })
    expect(stream).type.toBe<
      Stream.Stream<VerificationSession.WithOutputs & { readonly status: "verified" }, Failure>
    >()
  })

  test("only where the compiler knows it", () => {
    expect(service.stream(input)).type.toBe<Stream.Stream<Session, Failure>>()
    expect(service.stream(filter)).type.toBe<Stream.Stream<Session, Failure>>()
    expect(service.stream({ status: ["canceled", "processing", "requires_input", "verified"] })).type.toBe<
      Stream.Stream<Session, Failure>
    >()
    expect(service.stream({ livemode: true })).type.toBe<Stream.Stream<Session, Failure>>()
  })

  test("only where every filter that it may be has one", () => {
    const maybe = service.stream(some ? { status: "verified" } : {})
    expect<StatusOf<typeof maybe>>().type.toBe<Session["status"]>()
    const optional = service.sync(wide)
    expect<Stream.Success<typeof optional>["sessions"][number]["status"]>().type.toBe<Session["status"]>()
    const other = service.pages(either)
    expect<Stream.Success<typeof other>["data"][number]["status"]>().type.toBe<Session["status"]>()
    const both = service.tail(some ? { status: "verified" } : { status: "canceled", type: "document" })
    expect<Stream.Success<typeof both>["sessions"][number]["status"]>().type.toBe<"verified" | "canceled">()
    const page = service.list(wide)
    expect<Effect.Success<typeof page>["data"][number]["status"]>().type.toBe<Session["status"]>()
  })

  test("in matches, from a filter of code", () => {
    const verified = Stream.make(session).pipe(
      Stream.filter(SessionFilter.matches(SessionFilter.makeUnsafe({ status: "verified", created: "2026" })))
    )
    expect<StatusOf<typeof verified>>().type.toBe<"verified">()
    const any = SessionFilter.matches(filter)
    expect(any).type.toBe<(session: SessionFilter.Filterable) => boolean>()
    if (any(session)) expect(session).type.toBe<Session>()
    else expect(session).type.toBe<Session>()
  })
})

describe("a function that passes a filter on", () => {
  test("keeps its status where it asks for a filter as the calls do", () => {
    const verifiedIn = (input: SessionFilter.Input) => service.stream({ ...input, status: "verified" })
    expect<StatusOf<ReturnType<typeof verifiedIn>>>().type.toBe<"verified">()
    const through = <const F extends SessionFilter.OnlyFields<F, SessionFilter.Input>>(filter: F) =>
      service.stream(filter)
    const verified = through({ status: "verified" })
    expect<StatusOf<typeof verified>>().type.toBe<"verified">()
    // @ts-expect-error Did you mean to write 'status'?
    through({ stauts: "verified" })
  })
})

describe("wrong code does not compile, and says what was meant", () => {
  test("misspelt names and words", () => {
    // @ts-expect-error Did you mean to write 'status'?
    service.stream({ stauts: "verified" })
    // @ts-expect-error Did you mean '"verified"'?
    service.stream({ status: "verfied" })
    // @ts-expect-error Did you mean '"canceled"'?
    service.stream({ status: ["verified", "cancelled"] })
    // @ts-expect-error 'gtee' does not exist
    service.stream({ created: { gtee: 1 }, status: "verified" })
    // @ts-expect-error 'ltt' does not exist
    service.stream({ created: { gte: 1, ltt: 2 }, status: "verified" })
    // @ts-expect-error 'reason' does not exist
    service.stream({ last_error: { code: "none", reason: "" } })
    // @ts-expect-error "creatd is not a field of a filter"
    service.stream(misspelt)
    // @ts-expect-error "creatd is not a field of a filter"
    service.list(misspelt)
    // @ts-expect-error Did you mean '"document"'?
    service.stream({ type: "documnet" })
    // @ts-expect-error 'clientReferenceId' does not exist
    service.stream({ clientReferenceId: "user_1" })
    // @ts-expect-error Did you mean '"abandoned"'?
    service.stream({ last_error: { code: "abandonned" } })
    // @ts-expect-error Type 'number' is not assignable to type 'string'
    service.stream({ metadata: { seats: 3 } })
  })

  test("a field that may be undefined, because it would select everything", () => {
    // @ts-expect-error Type 'undefined' is not assignable to type 'string'
    service.stream({ client_reference_id: some ? "user_1" : undefined })
    // @ts-expect-error with 'exactOptionalPropertyTypes: true'
    service.stream({ status: some ? "verified" : undefined })
    // @ts-expect-error with 'exactOptionalPropertyTypes: true'
    service.list({ status: undefined })
    // @ts-expect-error with 'exactOptionalPropertyTypes: true'
    service.stream({ created: { gte: some ? 1 : undefined } })
    expect(service.stream).type.not.toBeCallableWith({ metadata: { plan: undefined } })
    expect(service.stream).type.not.toBeCallableWith({ last_error: { code: undefined } })
    expect(service.pages).type.not.toBeCallableWith({ livemode: undefined })
    expect(service.sync).type.not.toBeCallableWith({ client_reference_id: undefined })
    expect(service.tail).type.not.toBeCallableWith({ client_reference_id: undefined })
    expect(service.list).type.not.toBeCallableWith({ client_reference_id: undefined })
    expect(SessionFilter.makeUnsafe).type.not.toBeCallableWith({ client_reference_id: undefined })
    expect(SessionFilter.matches).type.not.toBeCallableWith({ client_reference_id: undefined })
    expect(service.list).type.toBeCallableWith({ limit: undefined, starting_after: undefined, expand: undefined })
  })

  test("what one page cannot be filtered by", () => {
    // @ts-expect-error 'type' does not exist
    service.list({ type: "document" })
    expect(service.list).type.not.toBeCallableWith({ status: ["verified", "canceled"] as const })
    expect(service.list).type.toBeCallableWith({ created: "7d", related_customer: "cus_1", limit: 3 })
  })

  test("expansions that do not exist, are too deep, or lack the prefix", () => {
    // @ts-expect-error Did you mean '"data.verified_outputs"'?
    service.stream({}, { expand: ["data.verified_output"] })
    // @ts-expect-error Type '"data.last_verification_report.document.number.x"' is not assignable to type
    service.stream({}, { expand: ["data.last_verification_report.document.number.x"] })
    // @ts-expect-error Did you mean '"data.verified_outputs"'?
    service.list({ expand: ["verified_outputs"] })
    // @ts-expect-error Type '"data.verified_outputs"' is not assignable to type
    service.retrieve("vs_1", { expand: ["data.verified_outputs"] })
  })
})

describe("the codecs", () => {
  test("decode to a filter and need no services", () => {
    expect(SessionFilter.SessionFilter).type.toBe<Schema.Codec<SessionFilter.SessionFilter, SessionFilter.Input>>()
    expect(SessionFilter.Json).type.toBe<Schema.Codec<SessionFilter.SessionFilter, SessionFilter.JsonInput>>()
    expect(SessionFilter.UrlQuery).type.toBe<Schema.Codec<SessionFilter.SessionFilter, string>>()
    expect(SessionFilter.decode({})).type.toBe<
      Effect.Effect<SessionFilter.SessionFilter, StripeError.InvalidArgumentError>
    >()
    expect<SessionFilter.SessionFilter>().type.toBeAssignableTo<SessionFilter.Input>()
    expect<DateTime.Utc>().type.toBeAssignableTo<SessionFilter.SessionFilter["created"]>()
  })

  test("fit Effect's servers and command lines", () => {
    expect(HttpServerRequest.schemaSearchParams(SessionFilter.UrlParams)).type.toBe<
      Effect.Effect<SessionFilter.SessionFilter, Schema.SchemaError, HttpServerRequest.ParsedSearchParams>
    >()
    Command.make("sessions", { filter: SessionFlags.flags }, ({ filter }) => {
      expect(filter).type.toBeAssignableTo<SessionFlags.FlagValues>()
      return SessionFlags.decode(filter)
    })
    expect<Config.ConfigError>().type.not.toBeAssignableTo<StripeError.InvalidArgumentError>()
  })

  test("and combine to a filter, or to a refusal", () => {
    expect(SessionFilter.and(filter, filter)).type.toBe<
      Result.Result<SessionFilter.SessionFilter, StripeError.InvalidArgumentError>
    >()
    expect(Result.flatMap(SessionFilter.make({}), SessionFilter.and(filter))).type.toBe<
      Result.Result<SessionFilter.SessionFilter, StripeError.InvalidArgumentError>
    >()
  })
})

describe("decodeRows", () => {
  const Plan = Schema.Struct({ plan: Schema.Literals(["free", "pro"]), seats: Schema.FiniteFromString })
  const withPlan = VerificationSession.withMetadata(Plan)
  type WithPlan = VerificationSession.WithMetadata<VerificationSession.AnyExpansion, typeof Plan.Type>
  const stream = service.stream({ status: "verified" })

  test("types the metadata, and fails only where mismatches do", () => {
    expect(stream.pipe(VerificationSession.decodeRows(withPlan, { onMismatch: () => Effect.void }))).type.toBe<
      Stream.Stream<WithPlan, Failure>
    >()
    expect(
      stream.pipe(VerificationSession.decodeRows(withPlan, { onMismatch: ({ error }) => Effect.fail(error) }))
    ).type.toBe<Stream.Stream<WithPlan, Failure | VerificationSession.MismatchError>>()
  })

  test("takes the failures and requirements of a handler", () => {
    const routed = stream.pipe(
      VerificationSession.decodeRows(withPlan, {
        onMismatch: ({ session }) =>
          Effect.andThen(VerificationSessions.retrieve(session.id), Effect.fail("stop" as const))
      })
    )
    expect(routed).type.toBe<Stream.Stream<WithPlan, Failure | "stop", VerificationSessions.VerificationSessions>>()
  })

  test("keeps what was expanded, by the codec of such sessions", () => {
    const schema = VerificationSession.withMetadata(Plan, VerificationSession.expanded(["verified_outputs"]))
    const expanded = service
      .stream({}, { expand: ["data.verified_outputs"] })
      .pipe(VerificationSession.decodeRows(schema, { onMismatch: () => Effect.void }))
    expect<Stream.Success<typeof expanded>>().type.toBe<
      VerificationSession.WithMetadata<VerificationSession.WithOutputs, typeof Plan.Type>
    >()
  })

  test("gives a handler the session of the stream, or else any session", () => {
    stream.pipe(
      VerificationSession.decodeRows(withPlan, {
        onMismatch: ({ error, session }) => {
          expect(session).type.toBe<Verified>()
          return Effect.logWarning(error.message)
        }
      })
    )
    VerificationSession.decodeRows(withPlan, {
      onMismatch: ({ session }) => {
        expect(session).type.toBe<VerificationSession.AnyExpansion>()
        return Effect.void
      }
    })
  })

  test("refuses metadata that is not made of text, and rows that are no sessions", () => {
    expect(VerificationSession.withMetadata).type.not.toBeCallableWith(Schema.Struct({ seats: Schema.Number }))
    const decode = VerificationSession.decodeRows(withPlan, { onMismatch: () => Effect.void })
    expect(decode).type.not.toBeCallableWith(Stream.make(1))
  })
})
