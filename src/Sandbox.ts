/**
 * A simulated Stripe in the box, with as many verification sessions as you like, their reports, their events, and faults on
 * demand. It answers the list and the retrieve call of each as Stripe does: order, cursors, filters, expansion, refusals,
 * keys, versions and headers. Sessions change as Stripe's do, and webhooks tell of it. Use it to test code that reads them, to try the library without an account, or as a server for
 * any other Stripe client.
 *
 * **Details**
 *
 * There is one simulation with two fronts. {@link layer} is an `HttpClient` in process: no port, and all waiting is by
 * `Clock`, so it works under `TestClock`. {@link layerServer} puts the same on a real server. Everything is a function of
 * the options: the same seed gives the same rows, ids, people and faults, and a million sessions take no memory.
 *
 * Under `TestClock` it is 1970 until `TestClock.setTime`, and the sessions of the start, which are of 2025, lie in the
 * future: `sync` and `tail` give none of them before the clock is set after {@link Options.to}. And the library's own limit
 * of 25 requests a second waits by that clock: what takes more requests needs `rateLimit: false` in the options of its
 * layer, or never ends.
 *
 * It shares no code with the rest of the library, which is what makes it a fair judge of it. All names, documents and
 * numbers in it are invented, all keys are fakes that open nothing else, and every client secret and link says "SANDBOX".
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
import * as ClientFront from "./internal/sandbox/httpClient.ts"
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
import * as ServerFront from "./internal/sandbox/httpApp.ts"
import { EventFault } from "./internal/sandbox/eventFaults.ts"
import type { Access as AccountAccess } from "./internal/sandbox/accounts.ts"
import type { Event, EventType, Report, Session, SessionPatch } from "./internal/sandbox/session.ts"
import type { Traffic, TrafficSecond } from "./internal/sandbox/traffic.ts"
import { Fault } from "./internal/sandbox/faults.ts"

export {
  /**
   * What the sandbox can do wrong on demand; the constructors say what each fault does.
   *
   * @category faults
   * @since 0.1.0
   */
  Fault
}

export {
  /**
   * What can go wrong with an event; the constructors say what each fault does.
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
 * How the moments of creation are spread over the range: evenly (`uniform`), twenty times as densely at the end as at the
 * beginning (`growing`), by day and night (`daily`), in twenty bursts (`bursty`), half of all rows within ten minutes
 * (`import`), or all in one second (`one-second`).
 *
 * @category options
 * @since 0.1.0
 */
export type History = Shape

/**
 * What a connected account lets a key do: everything, nothing (403 `account_invalid`), or nothing of Identity (400).
 *
 * @category options
 * @since 0.1.0
 */
export type Access = AccountAccess

/**
 * What was asked of a sandbox, in all and in each second.
 *
 * @category models
 * @since 0.1.0
 */
export type { Traffic, TrafficSecond }

/**
 * A session as the wire shows it: Stripe's names, `created` in epoch seconds. `SessionPatch` is any part of one.
 *
 * @category models
 * @since 0.1.0
 */
export type { Session, SessionPatch }

/**
 * A report as the wire shows it.
 *
 * @category models
 * @since 0.1.0
 */
export type { Report }

/**
 * An event as the wire shows it, and the six types that sessions have.
 *
 * @category models
 * @since 0.1.0
 */
export type { Event, EventType }

/**
 * A webhook, to be handed to whoever receives it.
 *
 * @category models
 * @since 0.1.0
 */
export type { Delivery }

/**
 * A request that reached the sandbox, and what became of it.
 *
 * @category models
 * @since 0.1.0
 */
export type { RecordedRequest }

/**
 * Which requests a fault befalls.
 *
 * @category options
 * @since 0.1.0
 */
export type { InjectOptions }

/**
 * What a front hands in and gets back. Only needed to write another front.
 *
 * @category models
 * @since 0.1.0
 */
export type { ConnectionReset, Incoming, Reply }

/**
 * The controls of a sandbox, as a service.
 *
 * **Example** (Counting the requests of a page walk)
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
 * Starts a sandbox. Takes no time to speak of, whatever the number of sessions. Dies if an option makes no sense. See
 * {@link client}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<Service> =>
  Effect.sync(() => Engine.make(SandboxOptions.toSettings(options)))

/**
 * A client that asks the given sandbox in process. It does not care which host a request names.
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
export const client = (sandbox: Service): HttpClient.HttpClient => ClientFront.make(sandbox)

/**
 * A sandbox and an `HttpClient` that asks it, in process: for tests and examples. See {@link Sandbox}.
 *
 * **Details**
 *
 * A connection that is reset is an `HttpClientError` with a `TransportError`; one that is reset in the middle of a body
 * makes reading the body fail. A client that is interrupted is recorded as "aborted".
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
 * A sandbox without a client, for use with {@link layerServer}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSandbox = (options?: Options): Layer.Layer<Sandbox> => Layer.effect(Sandbox, make(options))

/**
 * The sandbox as a handler, to be mounted in a server of your own. {@link layerServer} is one that is ready.
 *
 * @category servers
 * @since 0.1.0
 */
export const httpApp: Effect.Effect<HttpServerResponse, never, HttpServerRequest | Sandbox> = Effect.flatMap(
  Sandbox,
  ServerFront.handle
)

/**
 * Serves the sandbox on the given `HttpServer`, against which any Stripe client can be run.
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
export const layerServer: Layer.Layer<never, never, HttpServer.HttpServer | Sandbox> = HttpServer.serve(httpApp)

/**
 * Posts a webhook for everything that happens in the sandbox, side by side and for as long as it runs. What is not answered
 * with a 2xx is posted again, signed anew, up to seven times within 13 seconds. Never fails.
 *
 * **Example** (A webhook and what it says)
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
