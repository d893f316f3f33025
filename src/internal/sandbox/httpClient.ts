/**
 * The sandbox as an `HttpClient`: no socket, no port, all waiting by `Clock`.
 */
import * as Effect from "effect/Effect"
import type { HttpBody } from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import type { Service } from "./service.ts"

// Statuses without a body by the Fetch standard, not even an empty one.
const bodiless = new Set([204, 205, 304])

/** Makes a client that asks the given sandbox, whatever host a request names. */
export const make = (sandbox: Pick<Service, "respond">): HttpClient.HttpClient =>
  HttpClient.make((request, url, signal) =>
    sandbox
      .respond({ method: request.method, url, headers: request.headers, body: textOf(request.body), compresses: false })
      .pipe(
        Effect.mapError(
          (cause) =>
            new HttpClientError.HttpClientError({
              reason: new HttpClientError.TransportError({ request, cause, description: cause.message })
            })
        ),
        Effect.flatMap(({ body, headers, status }) =>
          typeof body === "string"
            ? Effect.succeed(new Response(bodiless.has(status) ? null : body, { status, headers }))
            : Effect.map(
                // Whoever gives up reading aborts the signal; the body then ends here, and the sandbox hears of it.
                Stream.toReadableStreamEffect(Stream.interruptWhen(body, aborted(signal))),
                (stream) => new Response(stream, { status, headers })
              )
        ),
        Effect.map((response) => HttpClientResponse.fromWeb(request, response))
      )
  )

const decoder = new TextDecoder()

const textOf = (body: HttpBody): string => (body._tag === "Uint8Array" ? decoder.decode(body.body) : "")

const aborted = (signal: AbortSignal): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const onAbort = () => resume(Effect.interrupt)
    if (signal.aborted) return onAbort()
    signal.addEventListener("abort", onAbort, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", onAbort))
  })
