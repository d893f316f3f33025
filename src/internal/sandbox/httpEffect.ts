/**
 * The sandbox as a handler for a real HTTP server, whichever implementation of `HttpServer` runs it.
 */
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type { Service } from "./service.ts"
import { ConnectionReset, type Reply } from "./reply.ts"

/** Answers the current request of the server. */
export const handle = (
  sandbox: Pick<Service, "respond">
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.flatMap(request.method === "POST" ? Effect.orDie(request.text) : Effect.succeed(""), (body) =>
      sandbox.respond({
        method: request.method,
        url: toUrl(request.url),
        headers: request.headers,
        body,
        compresses: true
      })
    ).pipe(
      // Servers run handlers uninterruptibly, but a client that hangs up must be noticed while an answer is pending.
      Effect.interruptible,
      Effect.map(response),
      Effect.catchTag("ConnectionReset", () => Effect.sync(() => reset(request)))
    )
  )

// The server knows only the path; the host is of no importance. What is no path at all leads nowhere, as with Stripe.
const toUrl = (path: string): URL => new URL(URL.canParse(path, host) ? path : "/", host)

const host = "http://sandbox.invalid"

const response = ({ body, headers, status }: Reply): HttpServerResponse.HttpServerResponse =>
  typeof body === "string"
    ? HttpServerResponse.text(body, { status, headers })
    : HttpServerResponse.stream(body, { status, headers })

// Node's request can destroy its socket. Elsewhere a body that fails at once is the nearest thing.
const reset = (request: HttpServerRequest.HttpServerRequest): HttpServerResponse.HttpServerResponse => {
  const source = request.source
  if (Predicate.hasProperty(source, "destroy") && Predicate.isFunction(source.destroy)) {
    source.destroy()
    return HttpServerResponse.empty()
  }
  return HttpServerResponse.stream(Stream.fail(new ConnectionReset()))
}
