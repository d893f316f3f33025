/**
 * Filters for verification sessions, from code, JSON, a URL or a command line.
 *
 * A caller writes an {@link Input}, which decodes to a {@link SessionFilter}. `VerificationSessions` decodes its input
 * by itself, so a filter that is written in code needs nothing from this module. Use the module to:
 *
 * - decode a filter from JSON ({@link decode}), from a URL ({@link decodeUrlQuery}), or from a command line
 *   (`effect-stripe-identity/SessionFlags`);
 * - test sessions that did not come from a list ({@link matches});
 * - combine two filters ({@link and}).
 *
 * @module
 * @category Filter
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { Filter, type SessionFilter, type WithStatus } from "./internal/filter/fields.ts"
import type * as Model from "./internal/filter/model.ts"
import * as TimeExpression from "./internal/filter/timeExpression.ts"
import * as Parts from "./internal/filter/parts.ts"
import * as Predicates from "./internal/filter/predicate.ts"
import * as UrlCodec from "./internal/filter/urlParams.ts"
import * as Arguments from "./internal/arguments.ts"
import type { Query } from "./internal/client/model.ts"
import type { InvalidArgumentError } from "./StripeError.ts"

export type { UrlRecord } from "./internal/filter/urlParams.ts"
export type { Query } from "./internal/client/model.ts"
export type * from "./internal/filter/model.ts"

export { SessionFilter } from "./internal/filter/fields.ts"
export type { WithStatus } from "./internal/filter/fields.ts"

/**
 * Decodes a filter from JSON and encodes it to JSON, with Stripe's field names and times in seconds since 1970. It
 * accepts every {@link Input} that JSON can hold, including relative ranges such as `7d`. Its JSON Schema accepts anything:
 * where somebody reads one, such as in the parameters of an AI tool, use {@link UrlParams}, whose JSON Schema has the fields.
 *
 * **Example** (A filter as a JSON string)
 *
 * ```ts
 * import { Schema } from "effect"
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const text = Schema.fromJsonString(SessionFilter.Json)
 * const filter = Schema.decodeSync(text)(`{ "status": ["verified"], "created": "2026-01" }`)
 *
 * filter.status // => "verified"
 * Schema.encodeSync(text)(filter) // => '{"created":{"gte":1767225600,"lt":1769904000},"status":"verified"}'
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const Json: Schema.Codec<SessionFilter, Model.JsonInput> =
  // Type boundary: decoding accepts anything, and a filter encodes to JSON.
  Filter as Schema.Codec<SessionFilter, Model.JsonInput>

/**
 * Decodes a filter from the parsed parameters of a URL: for `HttpServerRequest.schemaSearchParams` and for the `query`
 * of an `HttpApiEndpoint`, whose OpenAPI document lists all but `metadata[…]`. See {@link UrlQuery} for the accepted forms.
 *
 * @category schemas
 * @since 0.1.0
 */
export const UrlParams: Schema.Codec<SessionFilter, UrlCodec.UrlRecord> = UrlCodec.UrlParams

/**
 * Decodes a filter from the query string of a URL, in Stripe's bracket form. A query with one value for each field
 * selects the same sessions here as with curl.
 *
 * - Brackets may be literal or percent-encoded, and the query may begin with `?`.
 * - Several values are repeated parameters: `status=verified&status=canceled`, which encoding writes, or
 *   `status[]=…&status[]=…`.
 * - Times are seconds since 1970, or any text that `created` accepts.
 * - Encoding percent-encodes values, so a value is never read as another parameter.
 * - An empty value is refused, as by Stripe.
 *
 * **Example** (Decode and encode a query)
 *
 * ```ts
 * import { Schema } from "effect"
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const filter = Schema.decodeSync(SessionFilter.UrlQuery)("?status=verified&created[gte]=1767225600&metadata[plan]=pro")
 *
 * filter.metadata // => { plan: "pro" }
 * Schema.encodeSync(SessionFilter.UrlQuery)({ client_reference_id: "a&status=verified" }) // => "client_reference_id=a%26status%3Dverified"
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const UrlQuery: Schema.Codec<SessionFilter, string> = UrlCodec.UrlQuery

/**
 * Decodes an {@link Input} of unknown origin, such as parsed JSON, to a filter. It fails with every problem: the path,
 * what was expected, what was found, and a suggestion for a misspelt word.
 *
 * A field whose value is `undefined` is refused, because without it the filter would select everything.
 *
 * `Clock` decides what relative text such as `7d` means. Days are in UTC.
 *
 * **Example** (All problems at once)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const job: unknown = JSON.parse(`{ "stauts": "verified", "type": "documnet" }`)
 * const problems = SessionFilter.decode(job).pipe(
 *   Effect.flip,
 *   Effect.map((error) => error.issues.map(({ advice, path }) => `${path}: ${advice}`))
 * )
 *
 * await Effect.runPromise(problems) // => ['stauts: Did you mean "status"?', 'type: Did you mean "document"?']
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode: (input: unknown) => Effect.Effect<SessionFilter, InvalidArgumentError> = Parts.decoder(Filter)

/**
 * Decodes a filter from the query of a URL. It fails as {@link decode} does; {@link UrlQuery} has the accepted forms.
 *
 * **Example** (A filter from a URL)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const url = new URL("https://tools.example.com/sessions?status=verified&created=2026-01")
 * const filter = await Effect.runPromise(SessionFilter.decodeUrlQuery(url.searchParams))
 *
 * filter.status // => "verified"
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeUrlQuery = (
  query: string | URLSearchParams | UrlCodec.UrlRecord
): Effect.Effect<SessionFilter, InvalidArgumentError> => decode(UrlCodec.fromInput(query))

/**
 * Makes a filter from an {@link Input} of unknown origin with fixed dates, so that it is the same filter every day: relative
 * text such as `7d` is refused. {@link decode} accepts it.
 *
 * **Example** (A misspelt word)
 *
 * ```ts
 * import { Result } from "effect"
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const status: string = "verfied"
 *
 * const problem = Result.match(SessionFilter.make({ status }), {
 *   onFailure: (error) => error.message,
 *   onSuccess: () => "none"
 * })
 *
 * problem // => 'status: expected canceled, processing, requires_input or verified, got "verfied". Did you mean "verified"?'
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (input: unknown): Result.Result<SessionFilter, InvalidArgumentError> =>
  // Decoding needs only a clock, so it can run here, as Schema's own synchronous decoders do.
  Effect.runSync(Effect.result(Effect.provideService(decode(input), TimeExpression.AllowRelative, false)))

/**
 * Makes a filter from an {@link Input} in code, with fixed dates. The status stays in its type, so that {@link matches}
 * can narrow by it. Throws an `InvalidArgumentError` if {@link make} refuses the input.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeUnsafe: {
  /** Makes a filter from an {@link Input} in code, with fixed dates. Throws an `InvalidArgumentError` if it is invalid. */
  <const Choice extends Model.OneOrMore<Model.Status>>(
    input: Model.Input & { readonly status: Choice }
  ): WithStatus<Model.StatusOf<Choice>>
  /** Makes a filter from an {@link Input} in code, with fixed dates. Throws an `InvalidArgumentError` if it is invalid. */
  (input: Model.Input): SessionFilter
} = <One extends Model.Status>(input: Model.Input): WithStatus<One> =>
  // Type boundary: the status is one of those given, and only the compiler needs to know which.
  Result.getOrThrow(make(input)) as WithStatus<One>

/**
 * Tests whether a filter selects a session: for sessions from a webhook or a database. It agrees with
 * `VerificationSessions.stream`, which applies it to every row that Stripe sends.
 *
 * If the filter's type has a status, as after {@link makeUnsafe}, it narrows the session to that status. Do not rely on the
 * type of a session that does not match: the compiler then excludes the status, but the session may have it and fail
 * another field. Throws an `InvalidArgumentError` if {@link make} refuses the filter.
 *
 * **Example** (Test a session from elsewhere)
 *
 * ```ts
 * import { DateTime } from "effect"
 * import { SessionFilter, VerificationSession } from "effect-stripe-identity"
 *
 * const wanted = SessionFilter.matches(SessionFilter.makeUnsafe({ status: "verified", created: "2026-01" }))
 * const session = VerificationSession.makeUnsafe({
 *   id: "vs_1",
 *   status: "verified",
 *   created: DateTime.makeUnsafe("2026-01-31T23:59:59Z")
 * })
 *
 * wanted(session) // => true
 * wanted({ ...session, created: DateTime.makeUnsafe("2026-02-01T00:00:00Z") }) // => false
 * ```
 *
 * @category predicates
 * @since 0.1.0
 */
export const matches: {
  /** Tests whether a filter selects a session, and narrows the session to the filter's status. */
  <One extends Model.Status>(
    filter: WithStatus<One>
  ): <Session extends Model.Filterable>(session: Session) => session is Session & Model.HasStatus<One>
  /** Tests whether a filter selects a session. */
  (filter: SessionFilter): (session: Model.Filterable) => boolean
} = <One extends Model.Status>(filter: SessionFilter) =>
  // Made again, here and below: without `exactOptionalPropertyTypes` the compiler lets an `undefined` field through.
  // Type boundary: the predicate includes a test of the status.
  Predicates.matches(makeUnsafe(filter)) as <Session extends Model.Filterable>(
    session: Session
  ) => session is Session & Model.HasStatus<One>

/**
 * Combines two filters to one that selects the sessions of both: for example what a user asks for within what the user
 * may see.
 *
 * It fails if {@link make} refuses a filter, and if no session can match both, with the fields that exclude each
 * other. `related_customer` and `related_customer_account` exclude each other, because Stripe refuses both at once.
 *
 * **Example** (Restrict a filter)
 *
 * ```ts
 * import { Result } from "effect"
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const allowed = SessionFilter.makeUnsafe({ status: ["verified", "canceled"], created: { gte: "2026-01-01" } })
 * const asked = SessionFilter.makeUnsafe({ status: ["canceled", "processing"] })
 * const excluded = SessionFilter.makeUnsafe({ status: "processing" })
 *
 * const both = Result.getOrThrow(SessionFilter.and(asked, allowed))
 *
 * both.status // => "canceled"
 * Result.isFailure(SessionFilter.and(excluded, allowed)) // => true
 * ```
 *
 * @category combining
 * @since 0.1.0
 */
export const and: {
  /** Combines two filters to one that selects the sessions of both. Fails if no session can match both. */
  (that: SessionFilter): (self: SessionFilter) => Result.Result<SessionFilter, InvalidArgumentError>
  /** Combines two filters to one that selects the sessions of both. Fails if no session can match both. */
  (self: SessionFilter, that: SessionFilter): Result.Result<SessionFilter, InvalidArgumentError>
} = dual(2, (self: SessionFilter, that: SessionFilter): Result.Result<SessionFilter, InvalidArgumentError> =>
  Result.flatMap(Result.all([make(self), make(that)]), ([one, other]) => {
    const [fields, overlap] = Predicates.and(one, other)
    return Result.map(Arguments.all([overlap, make(fields)]), ([, filter]) => filter)
  })
)

/**
 * Splits a filter into the part that Stripe applies and the part that this library applies to the rows: to see how much
 * is read for what is kept. Throws an `InvalidArgumentError` if {@link make} refuses the filter.
 *
 * **Example** (Server and client fields)
 *
 * ```ts
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const { server, client } = SessionFilter.partition(
 *   SessionFilter.makeUnsafe({ status: "verified", type: "document", metadata: { plan: "pro" } })
 * )
 *
 * server // => { status: "verified" }
 * client // => { type: "document", metadata: { plan: "pro" } }
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const partition = (filter: SessionFilter): { readonly server: SessionFilter; readonly client: SessionFilter } =>
  Predicates.partition(makeUnsafe(filter))

/**
 * The query parameters that Stripe is sent for a filter: its `server` part by {@link partition}, in the order of
 * Stripe's documentation.
 *
 * **Example** (The query of a filter)
 *
 * ```ts
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * SessionFilter.toQuery(SessionFilter.makeUnsafe({ status: "verified", type: "document" })) // => [["status", "verified"]]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toQuery = (filter: SessionFilter): Query =>
  Parts.toQuery(Predicates.partition(makeUnsafe(filter)).server, Predicates.personal)
