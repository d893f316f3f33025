/**
 * Reads Stripe Identity's verification sessions: one page, one session, or all of them as a lazy `Stream`. {@link mirror}
 * keeps a copy in a database up to date, and {@link sync} exports the list.
 *
 * @module
 * @category Read sessions and reports
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { VerificationSessions } from "./internal/session/accessors.ts"
import * as Read from "./internal/pagination/read.ts"
import * as Follow from "./internal/session/follow.ts"
import { call, resource } from "./internal/session/resource.ts"
import type { Service, TestHandlers } from "./internal/session/service.ts"
import * as StripeClient from "./StripeClient.ts"
import type { StripeError } from "./StripeError.ts"

export type { PageParameters } from "./internal/list/resource.ts"
export { changes, mirror, reread, sync, tail, VerificationSessions } from "./internal/session/accessors.ts"
export type * from "./internal/session/mirrorModel.ts"
export type { ListExpand, ListExpandPath } from "./internal/session/model.ts"
export type * from "./internal/session/service.ts"

/**
 * Makes the service from a `StripeClient`, for a layer of your own. {@link layerFromClient} is `Layer.effect` of it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Service, never, StripeClient.StripeClient> = Effect.map(
  StripeClient.StripeClient,
  (client): Service =>
    VerificationSessions.of({
      list: (params) => resource.list(call(client), params),
      retrieve: (id, options) => resource.retrieve(call(client), id, options),
      pages: (filter, options) => resource.read(call(client, filter, options), "pages", Read.pageOf, options),
      stream: (filter, options) => resource.read(call(client, filter, options), "stream", Read.rowsOf, options),
      ...Follow.make(client)
    })
)

/**
 * The service on a `StripeClient` that you provide, so that several services share one rate limit.
 *
 * **Example** (A client with a key from the configuration)
 *
 * ```ts
 * import { ConfigProvider, Effect, Layer, Redacted } from "effect"
 * import { StripeClient, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const environment = ConfigProvider.fromUnknown({ STRIPE_API_KEY: Redacted.value(Sandbox.apiKey) })
 * const page = await VerificationSessions.list({ limit: 3 }).pipe(
 *   Effect.provide(Layer.provide(VerificationSessions.layerFromClient, StripeClient.layerConfig())),
 *   Effect.provide([Sandbox.layer(), ConfigProvider.layer(environment)]),
 *   Effect.runPromise
 * )
 *
 * page.data.length // => 3
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFromClient: Layer.Layer<VerificationSessions, never, StripeClient.StripeClient> =
  // Fresh, because one layer is built once: two clients in a program would share the service of the first.
  Layer.fresh(Layer.effect(VerificationSessions, make))

/**
 * The service from options in code, such as `apiKey`. Provide an `HttpClient`: `FetchHttpClient.layer` for Stripe,
 * `Sandbox.layer` for tests. The layer fails with a `StripeError` if an option is invalid, such as a publishable key.
 *
 * **Example** (Half of Stripe's rate limit, because another program uses the other half)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const sessions = VerificationSessions.layer({ apiKey: Sandbox.apiKey, rateLimit: { limit: 12 } })
 * const list = VerificationSessions.list({ limit: 3 }).pipe(Effect.provide(sessions), Effect.provide(Sandbox.layer()))
 *
 * ;(await Effect.runPromise(list)).data.length // => 3
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: StripeClient.Options
): Layer.Layer<VerificationSessions, StripeError, HttpClient.HttpClient> =>
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
): Layer.Layer<VerificationSessions, Config.ConfigError | StripeError, HttpClient.HttpClient> =>
  Layer.provide(layerFromClient, StripeClient.layerConfig(options))

/**
 * Fixed answers for tests of your own code: your handler answers each call. A call without a handler dies, so that no error
 * handler can hide it. To test against Stripe's behaviour instead, use `Sandbox`.
 * {@link TestHandlers} shows one fixed answer.
 *
 * @category testing
 * @since 0.1.0
 */
export const layerTest = (handlers: TestHandlers): Layer.Layer<VerificationSessions> =>
  // Type boundary: a test answers for the expansions that it asks for.
  Layer.mock(VerificationSessions, handlers as Partial<Service>)

/**
 * One page of the list, with Stripe's parameter names: one request and its retries, newest session first. `cursor` is where
 * the next page starts: pass it as `starting_after`. To read more than one page, use {@link stream}.
 *
 * **Example** (The second page)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const sizes = await Effect.gen(function*() {
 *   const first = yield* VerificationSessions.list({ status: "verified", limit: 100 })
 *   const second = yield* VerificationSessions.list({
 *     status: "verified",
 *     limit: 100,
 *     starting_after: first.cursor
 *   })
 *   return [first.data.length, first.has_more, second.data.length, second.has_more]
 * }).pipe(
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * sizes // => [100, true, 36, false]
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const list: Service<VerificationSessions>["list"] = (params) =>
  VerificationSessions.use((service) => service.list(params))

/**
 * One session by its id. Fails with `NotFoundError` if this account and mode have no session with the id.
 *
 * **Example** (A session that may not be there)
 *
 * ```ts
 * import { Effect, Option } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const found = await VerificationSessions.retrieve("vs_unknown").pipe(
 *   Effect.asSome,
 *   Effect.catchReason("StripeError", "NotFoundError", () => Effect.succeedNone),
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
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
export const retrieve: Service<VerificationSessions>["retrieve"] = (id, options) =>
  VerificationSessions.use((service) => service.retrieve(id, options))

/**
 * Every page of the list, newest first, one request at a time and only when needed. For programs that store a page at a time
 * or log its `requestId`; otherwise use {@link stream}. A part of the filter that Stripe does not know is applied here, so a
 * page can hold fewer rows than `pageSize`, or no rows.
 *
 * **Example** (The size of every page)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const sizes = await VerificationSessions.pages({}, { maxItems: 150 }).pipe(
 *   Stream.map((page) => page.data.length),
 *   Stream.runCollect,
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
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
export const pages: Service<VerificationSessions>["pages"] = (filter, options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.pages(filter, options)))

/**
 * Every session that matches the filter, newest first, one request at a time and only when needed. With `concurrency`
 * several requests run at once; the order stays.
 *
 * Each request is retried inside (see `RetryPolicy`), so no session comes twice. `Stream.retry` around the stream would
 * start again at the first page.
 *
 * **Example** (All verified sessions)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const verified = await VerificationSessions.stream({ status: "verified" }).pipe(
 *   Stream.runCount,
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * verified // => 136
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const stream: Service<VerificationSessions>["stream"] = (filter, options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.stream(filter, options)))
