/**
 * Which sessions to read: one place where input from people and programs becomes a valid filter or a clear refusal.
 *
 * What callers write is an {@link Input}; what it decodes to is a {@link SessionFilter}. `VerificationSessions` takes the
 * first and decodes it, so code needs nothing of this module for a filter of its own. Use it for a filter that comes from
 * elsewhere: a URL ({@link decodeUrlQuery}), JSON ({@link decode}), a command line (`effect-stripe-identity/SessionFlags`);
 * and to apply a filter to sessions that come from elsewhere ({@link matches}).
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
import * as Moments from "./internal/filter/timeExpression.ts"
import * as Parts from "./internal/filter/parts.ts"
import * as Predicates from "./internal/filter/predicate.ts"
import * as UrlCodec from "./internal/filter/urlParams.ts"
import type { Query } from "./internal/client/model.ts"
import type { InvalidArgumentError } from "./StripeError.ts"

export type { UrlRecord } from "./internal/filter/urlParams.ts"
export type { Query } from "./internal/client/model.ts"
export type {
  StatusOf,
  CreatedRange,
  HasStatus,
  Input,
  Instant,
  JsonInput,
  LastErrorCode,
  WithStatusOf,
  InputWithStatus,
  OneOrMore,
  RedactionStatus,
  Status,
  StatusChoice,
  StripeInput,
  Filterable as Subject,
  Type
} from "./internal/filter/model.ts"

export { SessionFilter } from "./internal/filter/fields.ts"
export type { WithStatus } from "./internal/filter/fields.ts"

/**
 * The codec between a filter and JSON: the fields as Stripe names them, instants in seconds. It takes everything that
 * {@link Input} describes and JSON can hold, relative ranges too.
 *
 * **Example** (A filter as a text of JSON)
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
  // Type boundary: everything is decoded, as by `SessionFilter`, and what a filter encodes to is JSON.
  Filter as Schema.Codec<SessionFilter, Model.JsonInput>

/**
 * The codec between a filter and the parameters of a URL as Effect's servers have them: for
 * `HttpServerRequest.schemaSearchParams` and for the `query` of an `HttpApiEndpoint`. See {@link UrlQuery} for the forms.
 *
 * @category schemas
 * @since 0.1.0
 */
export const UrlParams: Schema.Codec<SessionFilter, UrlCodec.UrlRecord> = UrlCodec.UrlParams

/**
 * The codec between a filter and the query of a URL, in Stripe's bracket form: a query that selects something with curl
 * selects the same here, as far as it names only what a filter has.
 *
 * Brackets may be literal or percent-encoded, and the query may begin with `?`. Several values are repeated parameters,
 * `status=verified&status=canceled` or `status[]=…&status[]=…`; encoding writes `[]`. Times are seconds as Stripe has
 * them, or any text that `created` takes. A value is a value: what looks like another parameter in it is percent-encoded
 * by encoding and never read as one. An empty value is refused, as Stripe does.
 *
 * **Example** (There and back)
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
 * Makes a filter, or says everything that is wrong with the input: each problem with its path, what was expected, what was
 * given, and for a misspelt word the one that was probably meant. Takes whatever an {@link Input} may be, from code or
 * from parsed JSON.
 *
 * A field that is there and `undefined` is refused, because the filter would select everything as if it were not there.
 *
 * Relative text is read by `Clock`, and days are those of `DateTime.CurrentTimeZone` where it is provided, else of UTC.
 *
 * **Example** (Everything that is wrong, at once)
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
 * Like {@link decode}, for the query of a URL; see {@link UrlQuery} for its forms.
 *
 * **Example** (The query of an address)
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
 * Like {@link decode}, without effects and with the same answer every day: days are those of UTC, and relative text is
 * refused.
 *
 * **Example** (A word that was misspelt)
 *
 * ```ts
 * import { Result } from "effect"
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const status: string = "verfied"
 *
 * const problem = Result.match(SessionFilter.fromUnknown({ status }), {
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
export const fromUnknown = (input: unknown): Result.Result<SessionFilter, InvalidArgumentError> =>
  // All that decoding asks for is a clock and a zone, so it can be run here, as Schema's own synchronous decoders are.
  Effect.runSync(Effect.result(Effect.provideService(decode(input), Moments.AllowRelative, false)))

/**
 * A filter that is written in code, from an {@link Input} with fixed dates. Throws an `InvalidArgumentError` for what
 * {@link fromUnknown} refuses. The compiler keeps the status, for {@link matches} to narrow by.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: {
  <const Choice extends Model.OneOrMore<Model.Status>>(
    input: Model.Input & { readonly status: Choice }
  ): WithStatus<Model.StatusOf<Choice>>
  (input: Model.Input): SessionFilter
} = <One extends Model.Status>(input: Model.Input): WithStatus<One> =>
  // Type boundary: the status is one of what was given, and only the compiler looks at which.
  Result.getOrThrow(fromUnknown(input)) as WithStatus<One>

/** A filter again, because the compiler lets an `undefined` through unless it is told not to. */
const valid = (filter: SessionFilter): SessionFilter => Result.getOrThrow(fromUnknown(filter))

/**
 * Whether a session is one that the filter selects: for sessions that did not come from a list with that filter, such as
 * those of a webhook or a database. It agrees with `VerificationSessions.stream`, which applies it to what Stripe sends.
 * Throws an `InvalidArgumentError` for what {@link fromUnknown} refuses, as {@link make} does.
 *
 * Where the compiler knows the status, as from {@link make}, a session that passes has that status in its type.
 *
 * **Example** (A session that did not come from a list)
 *
 * ```ts
 * import { DateTime } from "effect"
 * import { SessionFilter, VerificationSession } from "effect-stripe-identity"
 *
 * const wanted = SessionFilter.matches(SessionFilter.make({ status: "verified", created: "2026-01" }))
 * const session = VerificationSession.make({
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
  <One extends Model.Status>(
    filter: WithStatus<One>
  ): <Session extends Model.Filterable>(session: Session) => session is Session & Model.HasStatus<One>
  (filter: SessionFilter): (session: Model.Filterable) => boolean
} = <One extends Model.Status>(filter: SessionFilter) =>
  // Type boundary: the test of the status is one of the tests.
  Predicates.matches(valid(filter)) as <Session extends Model.Filterable>(
    session: Session
  ) => session is Session & Model.HasStatus<One>

/**
 * The filter of the sessions that both filters select. It fails where a filter is one that {@link fromUnknown} refuses, and
 * where no session can be selected, with the fields that exclude each other; whether that is a mistake or an empty answer is for the caller to say.
 *
 * Stripe refuses `related_customer` together with `related_customer_account`, so the two exclude each other here too.
 *
 * **Example** (What a person asks for, within what is allowed)
 *
 * ```ts
 * import { Result } from "effect"
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const allowed = SessionFilter.make({ status: ["verified", "canceled"], created: { gte: "2026-01-01" } })
 * const asked = SessionFilter.make({ status: ["canceled", "processing"] })
 * const excluded = SessionFilter.make({ status: "processing" })
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
  (that: SessionFilter): (self: SessionFilter) => Result.Result<SessionFilter, InvalidArgumentError>
  (self: SessionFilter, that: SessionFilter): Result.Result<SessionFilter, InvalidArgumentError>
} = dual(2, (self: SessionFilter, that: SessionFilter): Result.Result<SessionFilter, InvalidArgumentError> =>
  Result.flatMap(Result.all([fromUnknown(self), fromUnknown(that)]), ([one, other]) => Predicates.and(one, other))
)

/**
 * The part of a filter that Stripe answers, and the part that is decided on the rows that come: for logs, and to see how
 * much is read for what is kept. Both together are the filter. Throws an `InvalidArgumentError` for what {@link fromUnknown}
 * refuses.
 *
 * **Example** (What Stripe decides, and what is decided here)
 *
 * ```ts
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const { server, client } = SessionFilter.partition(
 *   SessionFilter.make({ status: "verified", type: "document", metadata: { plan: "pro" } })
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
  Predicates.partition(valid(filter))

/**
 * What of the filter is sent, as Stripe's query parameters in the order of Stripe's documentation: the part that
 * {@link partition} calls `server`.
 *
 * **Example** (What Stripe is asked)
 *
 * ```ts
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * SessionFilter.toQuery(SessionFilter.make({ status: "verified", type: "document" })) // => [["status", "verified"]]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toQuery = (filter: SessionFilter): Query => Predicates.toQuery(valid(filter))
