/**
 * A simulated Stripe for tests and for trying the library without an account: any number of verification sessions,
 * their reports and events, webhooks, and faults on demand.
 *
 * It answers list and retrieve calls as Stripe does: order, cursors, filters, expansion, errors, keys, versions and
 * headers. Sessions change as at Stripe, with events and webhooks. Of the other calls it knows cancel, redact and update
 * (metadata only), with idempotency keys. It does not know create: use `insert`.
 *
 * **Details**
 *
 * {@link layer} is an `HttpClient` in this process, without a port. All its waits use `Clock`, so it works under
 * `TestClock`. {@link layerServer} serves the same simulation over HTTP, for any Stripe client. The same options always
 * give the same rows, ids, people and faults, and a million sessions need no memory.
 *
 * Under `TestClock`, do two things:
 *
 * - Set the clock after {@link Options.to} with `TestClock.setTime`. It starts in 1970, and the sandbox's sessions are
 *   of 2025, so `sync` and `tail` emit none of them before.
 * - Pass `rateLimit: false` to the library's layer. Otherwise more than 25 requests wait for a clock that stands still.
 *
 * The sandbox shares no code with the rest of the library, so it can test it. Its names, documents and numbers are
 * invented, its keys are fakes that open nothing else, and every client secret and link contains "SANDBOX".
 *
 * @module
 * @category Test
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServer from "effect/http/HttpServer"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as SandboxClient from "./internal/sandbox/httpClient.ts"
import type { Delivery } from "./internal/sandbox/deliveries.ts"
import * as Endpoint from "./internal/sandbox/endpoint.ts"
import type { EndpointOptions } from "./internal/sandbox/endpoint.ts"
import * as Engine from "./internal/sandbox/engine.ts"
import type { Service } from "./internal/sandbox/service.ts"
import type { Shape } from "./internal/sandbox/history.ts"
import * as SandboxOptions from "./internal/sandbox/options.ts"
import type { Options } from "./internal/sandbox/options.ts"
import type { Incoming, InjectOptions, RecordedRequest } from "./internal/sandbox/recording.ts"
import type { ConnectionReset, Reply } from "./internal/sandbox/reply.ts"
import * as SandboxEffect from "./internal/sandbox/httpEffect.ts"
import { EventFault } from "./internal/sandbox/eventFaults.ts"
import type { Access as AccountAccess } from "./internal/sandbox/accounts.ts"
import type { Event, EventType, Report, Session, SessionPatch } from "./internal/sandbox/session.ts"
import type { Traffic, TrafficSecond } from "./internal/sandbox/traffic.ts"
import { Fault } from "./internal/sandbox/faults.ts"

export {
  /**
   * Faults of replies, for `inject`. Each constructor says what the sandbox does.
   *
   * @category faults
   * @since 0.1.0
   */
  Fault
}

export {
  /**
   * Faults of events, for `injectEvent`. Each constructor says what the sandbox does.
   *
   * @category faults
   * @since 0.1.0
   */
  EventFault
}

export {
  apiKey,
  eventlessApiKey,
  expiredApiKey,
  liveApiKey,
  recentSensitiveApiKey,
  restrictedApiKey,
  sensitiveApiKey,
  unreachableAccount
} from "./internal/sandbox/keys.ts"
export type { DeliveryOptions } from "./internal/sandbox/deliveries.ts"
export type { EndpointOptions } from "./internal/sandbox/endpoint.ts"
export type { InjectEventOptions } from "./internal/sandbox/eventFaults.ts"
export type { AccountControls, ConnectedAccount, Service } from "./internal/sandbox/service.ts"
export type { AccountOptions, Options, RateLimit } from "./internal/sandbox/options.ts"
export type { RateLimitReason } from "./internal/sandbox/faults.ts"

/**
 * How the sessions are spread over time:
 *
 * - `uniform`: evenly
 * - `growing`: twenty times as many per day at the end as at the start
 * - `daily`: by day and night
 * - `bursty`: in twenty bursts
 * - `import`: half of them within ten minutes
 * - `one-second`: all in one second
 *
 * @category options
 * @since 0.1.0
 */
export type History = Shape

/**
 * What a key may do in a connected account: everything, nothing (403 `account_invalid`), or nothing of Identity (400).
 *
 * @category options
 * @since 0.1.0
 */
export type Access = AccountAccess

/**
 * The number of requests, in total and per second.
 *
 * @category models
 * @since 0.1.0
 */
export type { Traffic, TrafficSecond }

/**
 * A session as Stripe sends it, with `created` in seconds since 1970. `SessionPatch` is any part of one.
 *
 * @category models
 * @since 0.1.0
 */
export type { Session, SessionPatch }

/**
 * A report as Stripe sends it.
 *
 * @category models
 * @since 0.1.0
 */
export type { Report }

/**
 * An event as Stripe sends it, and the six types of events about sessions.
 *
 * @category models
 * @since 0.1.0
 */
export type { Event, EventType }

/**
 * A webhook to pass to your handler.
 *
 * @category models
 * @since 0.1.0
 */
export type { Delivery }

/**
 * A request that reached the sandbox, and how it ended.
 *
 * @category models
 * @since 0.1.0
 */
export type { RecordedRequest }

/**
 * Which requests a fault applies to.
 *
 * @category options
 * @since 0.1.0
 */
export type { InjectOptions }

/**
 * A request to the sandbox and its reply. Only needed to connect the sandbox to another kind of server or client.
 *
 * @category models
 * @since 0.1.0
 */
export type { ConnectionReset, Incoming, Reply }

/**
 * The sandbox as a service: its data, its recorded requests, and its faults.
 *
 * **Example** (The requests of a program)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { HttpClient, HttpClientRequest } from "effect/http"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const statuses = await Effect.gen(function*() {
 *   const request = HttpClientRequest.get("https://api.stripe.com/v1/identity/verification_sessions").pipe(
 *     HttpClientRequest.bearerToken(Sandbox.apiKey)
 *   )
 *   yield* HttpClient.execute(request)
 *   const sandbox = yield* Sandbox.Sandbox
 *   const requests = yield* sandbox.requests
 *   return requests.map((request) => request.status)
 * }).pipe(Effect.provide(Sandbox.layer({ sessions: 3 })), Effect.runPromise)
 *
 * statuses // => [200]
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Sandbox extends Context.Service<Sandbox, Service>()("effect-stripe-identity/Sandbox") {}

/**
 * Makes a sandbox without layers, for use with {@link client}. It takes no time, whatever the number of sessions. Dies
 * if an option is invalid.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<Service> =>
  Effect.sync(() => Engine.make(SandboxOptions.toSettings(options)))

/**
 * Makes an `HttpClient` that sends every request, to any host, to the given sandbox in this process.
 *
 * **Example** (A sandbox without layers)
 *
 * ```ts
 * import { Effect } from "effect"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const sandbox = await Effect.runPromise(Sandbox.make({ sessions: 3 }))
 * const refused = Sandbox.client(sandbox).get("https://api.stripe.com/v1/identity/verification_sessions")
 *
 * await Effect.runPromise(Effect.map(refused, (response) => response.status)) // => 401
 * ```
 *
 * @category clients
 * @since 0.1.0
 */
export const client = (sandbox: Service): HttpClient.HttpClient => SandboxClient.make(sandbox)

/**
 * A sandbox in this process and the `HttpClient` that reaches it: for tests and examples. {@link Sandbox} has an
 * example.
 *
 * **Details**
 *
 * A connection that is reset is an `HttpClientError` with a `TransportError`. If it is reset within a body, reading the
 * body fails. A request whose client was interrupted is recorded as "aborted".
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Sandbox | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(make(options), (sandbox) =>
      Context.make(Sandbox, sandbox).pipe(Context.add(HttpClient.HttpClient, client(sandbox)))
    )
  )

/**
 * A sandbox without a client, to serve with {@link layerServer}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSandbox = (options?: Options): Layer.Layer<Sandbox> => Layer.effect(Sandbox, make(options))

/**
 * The sandbox as an HTTP handler, for your own server. {@link layerServer} serves it by itself.
 *
 * @category servers
 * @since 0.1.0
 */
export const httpEffect: Effect.Effect<HttpServerResponse, never, HttpServerRequest | Sandbox> = Effect.flatMap(
  Sandbox,
  SandboxEffect.handle
)

/**
 * Serves the sandbox on an `HttpServer`, for any Stripe client.
 *
 * **Example** (A sandbox on a free port of this machine)
 *
 * ```ts
 * import { NodeHttpServer } from "@effect/platform-node"
 * import { Effect, Layer } from "effect"
 * import { HttpServer } from "effect/http"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 * import { createServer } from "node:http"
 *
 * const server = Sandbox.layerServer.pipe(
 *   Layer.provideMerge(Sandbox.layerSandbox({ sessions: 2500 })),
 *   Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
 * )
 *
 * const status = await Effect.gen(function*() {
 *   const address = yield* HttpServer.addressFormattedWith(Effect.succeed)
 *   const response = yield* Effect.promise(() => fetch(`${address}/v1/identity/verification_sessions`))
 *   return response.status
 * }).pipe(Effect.provide(server), Effect.runPromise)
 *
 * status // => 401
 * ```
 *
 * @category servers
 * @since 0.1.0
 */
export const layerServer: Layer.Layer<never, never, HttpServer.HttpServer | Sandbox> =
  // Fresh, because one layer is built once: the second server in a program would never answer.
  Layer.fresh(HttpServer.serve(httpEffect))

/**
 * Posts a signed webhook to a URL for every event of the sandbox, until it is interrupted. A webhook that is not
 * answered with 2xx is sent up to seven times within 13 seconds, each time with a new signature. Never fails.
 *
 * **Example** (A webhook and its signature)
 *
 * ```ts
 * import { Deferred, Effect, Redacted } from "effect"
 * import { HttpClient, HttpClientResponse } from "effect/http"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const url = "https://example.com/webhooks"
 * const secrets = [Redacted.make("whsec_SANDBOX")]
 *
 * const program = Effect.gen(function*() {
 *   const received = yield* Deferred.make<string>()
 *   const receiver = HttpClient.make((request) =>
 *     Effect.as(
 *       Deferred.succeed(received, request.headers["stripe-signature"] ?? ""),
 *       HttpClientResponse.fromWeb(request, new Response("thank you"))
 *     )
 *   )
 *   yield* Sandbox.deliver({ url, secrets }).pipe(
 *     Effect.provideService(HttpClient.HttpClient, receiver),
 *     Effect.forkChild
 *   )
 *   yield* Sandbox.Sandbox.use((sandbox) => sandbox.insert())
 *   return (yield* Deferred.await(received)).replace(/[0-9a-f]{10,}/g, "…")
 * }).pipe(Effect.provide(Sandbox.layerSandbox()))
 *
 * await Effect.runPromise(program) // => "t=…,v1=…,v0=…"
 * ```
 *
 * @category servers
 * @since 0.1.0
 */
export const deliver = (options: EndpointOptions): Effect.Effect<never, never, HttpClient.HttpClient | Sandbox> =>
  Effect.flatMap(Effect.all([Sandbox, HttpClient.HttpClient]), ([sandbox, client]) =>
    Endpoint.deliver(sandbox, client, options)
  )
