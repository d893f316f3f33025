/**
 * Stripe Identity's verification sessions: one page, one session, or all of them as a lazy `Stream`.
 *
 * @module
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as ListCalls from "./internal/list/calls.ts"
import type * as Calls from "./internal/session/calls.ts"
import type { Service } from "./internal/session/calls.ts"
import { requests } from "./internal/session/list.ts"
import type { Any, ExpandPath } from "./internal/session/model.ts"
import * as SessionSync from "./internal/session/sync.ts"
import type { TestHandlers } from "./internal/session/testHandlers.ts"
import type * as SessionFilter from "./SessionFilter.ts"
import * as StripeClient from "./StripeClient.ts"

export type {
  Batch,
  List,
  ListParams,
  Pages,
  ReadOptions,
  Retrieve,
  Service,
  Sessions,
  Sync,
  SyncOptions,
  Tail,
  TailOptions
} from "./internal/session/calls.ts"
export type { WalkOptions } from "./internal/list/calls.ts"
export type { PageParameters } from "./internal/list/requests.ts"
export type { ListExpandPath } from "./internal/session/model.ts"
export type { TestHandlers } from "./internal/session/testHandlers.ts"

/**
 * The service. Provide it with {@link layer} or {@link layerConfig}; with {@link layerClient} where several services share
 * one client; and in tests with {@link layerTest}, or on the sandbox.
 *
 * @category services
 * @since 0.1.0
 */
export class VerificationSessions extends Context.Service<VerificationSessions, Service>()(
  "effect-stripe-identity/VerificationSessions"
) {}

/**
 * Makes the service on a `StripeClient`, for a layer of your own: {@link layerClient} is `Layer.effect` of it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Service, never, StripeClient.StripeClient> = Effect.map(
  StripeClient.StripeClient,
  (client): Service => {
    const { list, pages, retrieve, stream } = ListCalls.make<Any, SessionFilter.Input, ExpandPath>(client, requests)

    const { sync, tail } = SessionSync.make(client)
    return VerificationSessions.of({
      // Type boundary: `expand` chose how rows are decoded, and by that their type; see `session/codec.ts`.
      list: list as Service["list"],
      retrieve: retrieve as Service["retrieve"],
      pages: pages as Service["pages"],
      stream: stream as Service["stream"],
      sync: sync as Service["sync"],
      tail: tail as Service["tail"]
    })
  }
)

/**
 * The service on a `StripeClient` that is provided elsewhere, for several services that share one rate limit.
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
 *   Effect.provide(Layer.provide(VerificationSessions.layerClient, StripeClient.layerConfig())),
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
export const layerClient: Layer.Layer<VerificationSessions, never, StripeClient.StripeClient> = Layer.effect(
  VerificationSessions,
  make
)

/**
 * The service from options. It needs an `HttpClient`: `FetchHttpClient.layer` asks Stripe, `Sandbox.layer` a simulated one.
 *
 * **Example** (Half of Stripe's rate limit, for the other half is another program's)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const options = { apiKey: Sandbox.apiKey, timeout: "30 seconds", rateLimit: { limit: 12 } } as const
 * const page = await VerificationSessions.list({ limit: 3 }).pipe(
 *   Effect.provide(VerificationSessions.layer(options)),
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
export const layer = (options: StripeClient.Options): Layer.Layer<VerificationSessions, never, HttpClient.HttpClient> =>
  // Not `layerClient`, which is one layer: two clients in a program would share the service of the first.
  Layer.provide(Layer.effect(VerificationSessions, make), StripeClient.layer(options))

/**
 * The service from the configuration: `STRIPE_API_KEY`, and `STRIPE_ACCOUNT`, `STRIPE_API_BASE`, `STRIPE_API_VERSION`
 * where they are set; or from what `options` name instead. The example of {@link layerClient} gives the configuration in
 * code, as a test does.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options?: StripeClient.ConfigOptions
): Layer.Layer<VerificationSessions, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.provide(Layer.effect(VerificationSessions, make), StripeClient.layerConfig(options))

/**
 * The service for tests of your own code: each call is answered by your handler, and a call without one dies, so that no
 * error handler of yours can hide it. To test against Stripe's behaviour instead of fixed answers, use `Sandbox`.
 * {@link TestHandlers} shows one fixed answer.
 *
 * @category testing
 * @since 0.1.0
 */
export const layerTest = (handlers: TestHandlers): Layer.Layer<VerificationSessions> =>
  Layer.mock(
    VerificationSessions,
    // Type boundary: a test answers for the expansions that it asks for.
    handlers as Partial<Service>
  )

/**
 * {@link Service.list} of the service in the context: exactly one page.
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
 *     starting_after: first.data.at(-1)?.id
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
 */
export const list: Calls.List<VerificationSessions> = ((params?: Calls.ListParams) =>
  // Type boundary: of one generic signature in another the compiler loses the status, which passes through unchanged.
  VerificationSessions.use((service) => service.list(params))) as Calls.List<VerificationSessions>

/**
 * {@link Service.retrieve} of the service in the context: one session by its id.
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
 */
export const retrieve: Calls.Retrieve<VerificationSessions> = (id, options) =>
  VerificationSessions.use((service) => service.retrieve(id, options))

/**
 * {@link Service.pages} of the service in the context: one element a page.
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
 */
export const pages: Calls.Pages<VerificationSessions> = (filter, options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.pages(filter, options)))

/**
 * {@link Service.stream} of the service in the context: one element a session.
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
 */
export const stream: Calls.Sessions<VerificationSessions> = (filter, options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.stream(filter, options)))

/**
 * {@link Service.sync} of the service in the context: in batches to go on from.
 *
 * **Example** (A second run that reads only what is new)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   const first = yield* Stream.runCollect(VerificationSessions.sync())
 *   const from = first.at(-1)?.checkpoint
 *
 *   const sandbox = yield* Sandbox.Sandbox
 *   const created = DateTime.toEpochSeconds(DateTime.makeUnsafe("2026-02-01T00:00:00Z"))
 *   yield* sandbox.insert({ id: "vs_new", status: "verified", created })
 *   const second = yield* Stream.runCollect(VerificationSessions.sync({}, { from }))
 *
 *   return second.flatMap(({ sessions }) => sessions.map(({ id }) => id))
 * }).pipe(
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer({ sessions: 250 }))
 * )
 *
 * await Effect.runPromise(program) // => ["vs_new"]
 * ```
 *
 * @category accessors
 * @since 0.1.0
 */
export const sync: Calls.Sync<VerificationSessions> = (filter, options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.sync(filter, options)))

/**
 * {@link Service.tail} of the service in the context: `sync` for ever.
 *
 * A request that fails is tried again for some 16 seconds, and then the stream ends with the error. What is to outlast a
 * night without Stripe gets a policy that never gives up, as in the second example: between two requests it waits some
 * 8 seconds, or as long as Stripe asks for, up to a minute. What is not retryable, such as a wrong key, ends it at
 * once all the same.
 *
 * **Example** (The first look of many)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const seen = await VerificationSessions.tail({ status: "verified" }).pipe(
 *   Stream.flatMap((batch) => Stream.fromIterable(batch.sessions)),
 *   Stream.take(136),
 *   Stream.runCount,
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * seen // => 136
 * ```
 *
 * **Example** (An outage of an hour)
 *
 * ```ts
 * import { Effect, Fiber, Stream } from "effect"
 * import { TestClock } from "effect/testing"
 * import { RetryPolicy, StripeClient, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   yield* TestClock.setTime(Date.UTC(2026, 0, 2))
 *   const sandbox = yield* Sandbox.Sandbox
 *   yield* sandbox.inject(Sandbox.Fault.ServerError({ status: 503 }), { skip: 1, times: Infinity })
 *   let seen = 0
 *   const following = yield* VerificationSessions.tail().pipe(
 *     StripeClient.withRetryPolicy(RetryPolicy.make({ times: Infinity })),
 *     Stream.runForEach(({ sessions }) => Effect.sync(() => (seen += sessions.length))),
 *     Effect.forkChild
 *   )
 *   yield* TestClock.adjust("1 hour")
 *   const before = seen
 *   yield* sandbox.clearFaults
 *   yield* TestClock.adjust("1 minute")
 *   yield* Fiber.interrupt(following)
 *   return [before, seen]
 * }).pipe(
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey, rateLimit: false })),
 *   Effect.provide(Sandbox.layer({ sessions: 250 })),
 *   Effect.provide(TestClock.layer())
 * )
 *
 * await Effect.runPromise(program) // => [100, 250]
 * ```
 *
 * @category accessors
 * @since 0.1.0
 */
export const tail: Calls.Tail<VerificationSessions> = (filter, options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.tail(filter, options)))
