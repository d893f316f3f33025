/**
 * Stripe Identity's verification reports: one page, one report, or all of them as a lazy `Stream`. What was found in every
 * attempt to verify somebody, where `VerificationSessions` shows the last attempt of each session.
 *
 * It is read as `VerificationSessions` is, with the same options, retries and errors. `VerificationSessions.withAccount`
 * and `withRetryPolicy` work on these calls too.
 *
 * @module
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { CreatedFromUnknown } from "./internal/filter/created.ts"
import * as Parts from "./internal/filter/parts.ts"
import * as ListCalls from "./internal/listCalls.ts"
import * as ListRequests from "./internal/listRequests.ts"
import { expandPaths, Wire } from "./internal/reportWire.ts"
import * as RowDecoder from "./internal/rowDecoder.ts"
import * as StripeQuery from "./internal/stripeQuery.ts"
import type * as SessionFilter from "./SessionFilter.ts"
import * as StripeClient from "./StripeClient.ts"
import * as VerificationReport from "./VerificationReport.ts"

export type { Calls, ExpandOptions, PageParameters, WalkOptions } from "./internal/listCalls.ts"

/**
 * Which reports to read. Fields combine; without fields it is the whole list. Stripe decides all of it.
 *
 * Source: https://docs.stripe.com/api/identity/verification_reports/list
 *
 * @category options
 * @since 0.1.0
 */
export interface Filter {
  /** Reports of sessions that were created with exactly this reference, 1 to 5000 characters. */
  readonly client_reference_id?: string | undefined
  /** Reports made at this second, or in this range, in any form that the `created` of a session's filter has. */
  readonly created?: SessionFilter.Instant | SessionFilter.CreatedRange | undefined
  /** Reports of this type. For the third, `verification_flow`, Stripe documents no filter: use `Stream.filter`. */
  readonly type?: "document" | "id_number" | undefined
  /** Reports on the attempts of this session, `vs_…`. */
  readonly verification_session?: string | undefined
}

const FilterFromUnknown = Parts.exact({
  client_reference_id: Schema.optional(Parts.text("a text of 1 to 5000 characters")),
  created: Schema.optional(CreatedFromUnknown),
  type: Schema.optional(Parts.word(["document", "id_number"])),
  // Stripe takes the ids that sessions had when they were called intents, too.
  verification_session: Schema.optional(Parts.text("the id of a session (vs_…)", /^v[si]_[A-Za-z0-9]+$/))
})

const decodeRow = RowDecoder.make(Wire, VerificationReport.confidentialFromWire)

const requests = ListRequests.make<
  VerificationReport.Confidential,
  typeof FilterFromUnknown.Type,
  VerificationReport.ExpandPath
>({
  service: "VerificationReports",
  path: "/v1/identity/verification_reports",
  id: { pattern: /^vr_[A-Za-z0-9]+$/, expected: "the id of a report (vr_…)" },
  expand: { paths: expandPaths, such: ["document.number", "id_number.id_number"] },
  filter: {
    decode: Parts.decoder(FilterFromUnknown),
    toQuery: StripeQuery.make(FilterFromUnknown, ["client_reference_id"])
  },
  // What is expanded is optional in every report, so all are decoded in one way.
  decodeRow: () => decodeRow
})

type ReportCalls<Needs = never> = ListCalls.Calls<
  VerificationReport.Confidential,
  Filter,
  VerificationReport.ExpandPath,
  Needs
>

/**
 * What {@link VerificationReports} offers. Every call fails with `StripeError` alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service extends ReportCalls {}

/**
 * The service. Provide it with {@link layer} or {@link layerConfig}; in tests of your own code with `Layer.mock`, or on the
 * sandbox. See {@link list}.
 *
 * @category services
 * @since 0.1.0
 */
export class VerificationReports extends Context.Service<VerificationReports, Service>()(
  "effect-stripe-identity/VerificationReports"
) {}

/**
 * Makes the service on a `StripeClient`. See {@link layerClient}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Service, never, StripeClient.StripeClient> = Effect.map(
  StripeClient.StripeClient,
  (client): Service =>
    ListCalls.make<VerificationReport.Confidential, Filter, VerificationReport.ExpandPath>(client, requests)
)

/**
 * The service on a `StripeClient` that is provided elsewhere, for several services that share one rate limit.
 *
 * **Example** (Sessions and reports on one client, and so under one rate limit)
 *
 * ```ts
 * import { ConfigProvider, Effect, Layer, Redacted } from "effect"
 * import { StripeClient, VerificationReports, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const environment = ConfigProvider.fromUnknown({ STRIPE_API_KEY: Redacted.value(Sandbox.apiKey) })
 * const both = Layer.merge(VerificationSessions.layerClient, VerificationReports.layerClient)
 *
 * const found = await Effect.gen(function*() {
 *   const sessions = yield* VerificationSessions.list({ status: "verified", limit: 1 })
 *   const reports = yield* VerificationReports.list({ verification_session: sessions.data[0]?.id })
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
export const layerClient: Layer.Layer<VerificationReports, never, StripeClient.StripeClient> = Layer.effect(
  VerificationReports,
  make
)

/**
 * The service from options. It needs an `HttpClient`, such as `FetchHttpClient.layer`. See {@link list}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: StripeClient.Options): Layer.Layer<VerificationReports, never, HttpClient.HttpClient> =>
  Layer.provide(Layer.fresh(layerClient), StripeClient.layer(options))

/**
 * The service from the configuration: `STRIPE_API_KEY`, and `STRIPE_ACCOUNT`, `STRIPE_API_BASE`, `STRIPE_API_VERSION`
 * where they are set. {@link layerClient} shows one.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options?: StripeClient.ConfigOptions
): Layer.Layer<VerificationReports, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.provide(Layer.fresh(layerClient), StripeClient.layerConfig(options))

/**
 * {@link Service.list} of the service in the context: exactly one page.
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
 */
export const list: ReportCalls<VerificationReports>["list"] = (params) =>
  VerificationReports.use((service) => service.list(params))

/**
 * {@link Service.retrieve} of the service in the context: one report by its id.
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
 */
export const retrieve: ReportCalls<VerificationReports>["retrieve"] = (id, options) =>
  VerificationReports.use((service) => service.retrieve(id, options))

/**
 * {@link Service.pages} of the service in the context: one element a page.
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
 */
export const pages: ReportCalls<VerificationReports>["pages"] = (filter, options) =>
  Stream.unwrap(VerificationReports.useSync((service) => service.pages(filter, options)))

/**
 * {@link Service.stream} of the service in the context: one element a report.
 *
 * **Example** (Why the checks of documents fail)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { VerificationReport, VerificationReports } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const expired = VerificationReports.stream({ type: "document", created: "2025" }).pipe(
 *   Stream.flatMap((report) => Stream.fromIterable(VerificationReport.outcomes(report))),
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
 */
export const stream: ReportCalls<VerificationReports>["stream"] = (filter, options) =>
  Stream.unwrap(VerificationReports.useSync((service) => service.stream(filter, options)))
