/**
 * Reads Stripe Identity's verification reports: one page, one report, or all of them as a lazy `Stream`. There is a report
 * for every attempt to verify somebody; `VerificationSessions` shows only the last attempt of each session.
 *
 * Options, retries and errors are those of `VerificationSessions`.
 *
 * @module
 * @category Read sessions and reports
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Created from "./internal/filter/created.ts"
import * as Parts from "./internal/filter/parts.ts"
import * as Resource from "./internal/list/resource.ts"
import * as Read from "./internal/pagination/read.ts"
import type { Filter, ReadOptions, Service } from "./internal/report/service.ts"
import { redactedFromWire } from "./internal/report/codec.ts"
import { expandPaths, Wire } from "./internal/report/wire.ts"
import { rowDecoder } from "./internal/wire/fastPath.ts"
import * as StripeClient from "./StripeClient.ts"
import type { StripeError } from "./StripeError.ts"
import type * as VerificationReport from "./VerificationReport.ts"

export type { PageParameters } from "./internal/list/resource.ts"
export type * from "./internal/report/service.ts"

const FilterFromUnknown = Parts.exact(
  Schema.Struct({
    client_reference_id: Schema.optionalKey(Parts.text("a string of 1 to 5000 characters")),
    created: Schema.optionalKey(Created.CreatedFromUnknown),
    type: Schema.optionalKey(Parts.word(["document", "id_number"])),
    // Stripe also accepts `vi_…`, the ids of sessions from when they were called intents.
    verification_session: Schema.optionalKey(Parts.text("the id of a session (vs_…)", /^v[si]_[A-Za-z0-9]+$/))
  })
)

const decodeRow = rowDecoder(Wire, redactedFromWire)

type ReportFilter = typeof FilterFromUnknown.Type

const resource = Resource.make<ReportFilter, VerificationReport.ExpandPath>({
  service: "VerificationReports",
  path: "/v1/identity/verification_reports",
  id: { pattern: /^vr_[A-Za-z0-9]+$/, expected: "the id of a report (vr_…)" },
  expand: { paths: expandPaths, examples: ["document.number", "id_number.id_number"] },
  filter: {
    names: ["client_reference_id", "created", "type", "verification_session"],
    decode: Parts.decoder(FilterFromUnknown),
    partition: (filter) => ({ server: filter, client: {} }),
    personal: ["client_reference_id"]
  }
})

const matches = (filter: ReportFilter) => {
  const { client_reference_id, created, type, verification_session } = filter
  const isWithin = created === undefined ? () => true : Created.contains(created)
  // A report has its session's `vs_…` id even if the filter names it by `vi_…`, so only `vs_…` can be compared.
  const session = verification_session?.startsWith("vs_") === true ? verification_session : undefined
  return (report: VerificationReport.RedactedReport): report is VerificationReport.RedactedReport =>
    (client_reference_id === undefined || report.client_reference_id === client_reference_id) &&
    (type === undefined || report.type === type) &&
    (session === undefined || report.verification_session === session) &&
    isWithin(report.created)
}

// Expanded fields are optional in every report, so one decoder fits all.
const call = (
  client: StripeClient.Service,
  input?: Filter,
  options?: ReadOptions<unknown, unknown>
): Resource.Call<VerificationReport.RedactedReport, VerificationReport.RedactedReport, ReportFilter> => ({
  client,
  input,
  options,
  variant: () => ({ decodeRow }),
  matches
})

/**
 * The service. Provide it with {@link layer} or {@link layerConfig}; with {@link layerFromClient} where several services share
 * one client; and in tests with {@link layerTest}, or on the sandbox.
 *
 * @category services
 * @since 0.1.0
 */
export class VerificationReports extends Context.Service<VerificationReports, Service>()(
  "effect-stripe-identity/VerificationReports"
) {}

/**
 * Makes the service from a `StripeClient`, for a layer of your own. {@link layerFromClient} is `Layer.effect` of it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Service, never, StripeClient.StripeClient> = Effect.map(
  StripeClient.StripeClient,
  (client): Service => ({
    list: (params) => resource.list(call(client), params),
    retrieve: (id, options) => resource.retrieve(call(client), id, options),
    pages: (filter, options) => resource.read(call(client, filter, options), "pages", Read.pageOf, options),
    stream: (filter, options) => resource.read(call(client, filter, options), "stream", Read.rowsOf, options)
  })
)

/**
 * The service on a `StripeClient` that you provide, so that several services share one rate limit.
 *
 * **Example** (Sessions and reports on one client, under one rate limit)
 *
 * ```ts
 * import { ConfigProvider, Effect, Layer, Redacted } from "effect"
 * import { StripeClient, VerificationReports, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const environment = ConfigProvider.fromUnknown({ STRIPE_API_KEY: Redacted.value(Sandbox.apiKey) })
 * const both = Layer.merge(VerificationSessions.layerFromClient, VerificationReports.layerFromClient)
 *
 * const found = await Effect.gen(function*() {
 *   const sessions = yield* VerificationSessions.list({ status: "verified", limit: 1 })
 *   const reports = yield* VerificationReports.list({ verification_session: sessions.data[0]?.id ?? "" })
 *   return reports.data.length > 0
 * }).pipe(
 *   Effect.provide(Layer.provide(both, StripeClient.layerConfig())),
 *   Effect.provide([Sandbox.layer(), ConfigProvider.layer(environment)]),
 *   Effect.runPromise
 * )
 *
 * found // => true
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFromClient: Layer.Layer<VerificationReports, never, StripeClient.StripeClient> =
  // Fresh, because one layer is built once: two clients in a program would share the service of the first.
  Layer.fresh(Layer.effect(VerificationReports, make))

/**
 * The service from options in code, such as `apiKey`. Provide an `HttpClient`: `FetchHttpClient.layer` for Stripe,
 * `Sandbox.layer` for tests. The layer fails with a `StripeError` if an option is invalid, such as a publishable key.
 *
 * **Example** (Half of Stripe's rate limit, because another program uses the other half)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { VerificationReports } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const options = { apiKey: Sandbox.apiKey, timeout: "30 seconds", rateLimit: { limit: 12 } } as const
 * const page = await VerificationReports.list({ limit: 3 }).pipe(
 *   Effect.provide(VerificationReports.layer(options)),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * page.data.length // => 3
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: StripeClient.Options
): Layer.Layer<VerificationReports, StripeError, HttpClient.HttpClient> =>
  Layer.provide(layerFromClient, StripeClient.layer(options))

/**
 * The service from environment variables, or any `ConfigProvider`: `STRIPE_API_KEY`, and optionally `STRIPE_ACCOUNT` or
 * `STRIPE_CONTEXT`, `STRIPE_API_BASE` and `STRIPE_API_VERSION`. `options` replace single settings. The example of
 * {@link layerFromClient} sets the configuration in code, as a test does.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options?: StripeClient.ConfigOptions
): Layer.Layer<VerificationReports, Config.ConfigError | StripeError, HttpClient.HttpClient> =>
  Layer.provide(layerFromClient, StripeClient.layerConfig(options))

/**
 * Fixed answers for tests of your own code: your handler answers each call. A call without a handler dies, so that no error
 * handler can hide it. To test against Stripe's behaviour instead, use `Sandbox`.
 *
 * **Example** (Your own code, with one fixed answer)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { VerificationReports } from "effect-stripe-identity"
 *
 * const answers = VerificationReports.layerTest({
 *   stream: () =>
 *     Stream.make({
 *       id: "vr_1",
 *       object: "identity.verification_report",
 *       created: DateTime.makeUnsafe("2026-01-01T00:00:00Z"),
 *       livemode: false,
 *       type: "document"
 *     })
 * })
 *
 * const yours = VerificationReports.stream().pipe(Stream.map(({ id }) => id), Stream.runCollect)
 *
 * await Effect.runPromise(Effect.provide(yours, answers)) // => ["vr_1"]
 * ```
 *
 * @category testing
 * @since 0.1.0
 */
export const layerTest = (handlers: Partial<Service>): Layer.Layer<VerificationReports> =>
  Layer.mock(VerificationReports, handlers)

/**
 * One page of the list, with Stripe's parameter names: one request and its retries, newest report first. `cursor` is where
 * the next page starts: pass it as `starting_after`. To read more than one page, use {@link stream}.
 *
 * **Example** (The newest reports on documents)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { VerificationReports } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const page = await VerificationReports.list({ type: "document", limit: 3 }).pipe(
 *   Effect.provide(VerificationReports.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * page.data.map(({ type }) => type) // => ["document", "document", "document"]
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const list: Service<VerificationReports>["list"] = (params) =>
  VerificationReports.use((service) => service.list(params))

/**
 * One report by its id. Fails with `NotFoundError` if this account and mode have no report with the id.
 *
 * **Example** (One report, which may not be there)
 *
 * ```ts
 * import { Effect, Option } from "effect"
 * import { VerificationReports } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const found = await VerificationReports.retrieve("vr_unknown").pipe(
 *   Effect.asSome,
 *   Effect.catchReason("StripeError", "NotFoundError", () => Effect.succeedNone),
 *   Effect.provide(VerificationReports.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * Option.isNone(found) // => true
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const retrieve: Service<VerificationReports>["retrieve"] = (id, options) =>
  VerificationReports.use((service) => service.retrieve(id, options))

/**
 * Every page of the list, newest first, one request at a time and only when needed. For programs that store a page at a time
 * or log its `requestId`; otherwise use {@link stream}.
 *
 * **Example** (The size of every page)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { VerificationReports } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const sizes = await VerificationReports.pages({}, { maxItems: 150 }).pipe(
 *   Stream.map((page) => page.data.length),
 *   Stream.runCollect,
 *   Effect.provide(VerificationReports.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * sizes // => [100, 50]
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const pages: Service<VerificationReports>["pages"] = (filter, options) =>
  Stream.unwrap(VerificationReports.useSync((service) => service.pages(filter, options)))

/**
 * Every report that matches the filter, newest first, one request at a time and only when needed. With `concurrency` several
 * requests run at once; the order stays.
 *
 * Each request is retried inside (see `RetryPolicy`), so no report comes twice. `Stream.retry` around the stream would start
 * again at the first page.
 *
 * **Example** (Why the checks of documents fail)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { VerificationReport, VerificationReports } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const expired = VerificationReports.stream({ type: "document", created: "2025" }).pipe(
 *   Stream.flatMap((report) => Stream.fromIterable(VerificationReport.checkOutcomes(report))),
 *   Stream.filter(({ code }) => code === "document_expired"),
 *   Stream.runCount,
 *   Effect.provide(VerificationReports.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer({ sessions: 1000 }))
 * )
 *
 * await Effect.runPromise(expired) // => 9
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const stream: Service<VerificationReports>["stream"] = (filter, options) =>
  Stream.unwrap(VerificationReports.useSync((service) => service.stream(filter, options)))
