/**
 * One request on its way through Effect's `HttpClient`: how it is sent, how its reply is read, and what is said where no
 * whole reply came. The client's own error is not kept as a cause, because it holds the request and with it the key.
 */
import * as Bytes from "effect/Bytes"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { flow } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import { type HttpClientError, isHttpClientError } from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { DecodeError, TimeoutError, TransportError } from "../../StripeError.ts"
import * as StripeReply from "./reply.ts"
import { name, sentence } from "../withoutSecrets.ts"

/** What is sent for one reply: a client of the caller's may retry, and sends more than one request. */
interface Sending {
  /** Closing it ends the requests. */
  readonly scope: Scope.Closeable
  requests: number
}

/** Unset for what others send on the client. */
const CurrentSending = Context.Reference<Sending | undefined>("effect-stripe-identity/internal/CurrentSending", {
  defaultValue: () => undefined
})

/**
 * Counts a request and forbids redirects: Stripe's API has none, and fetch would follow one with the key as long as the host
 * is the same. The client's own layer may have options of fetch, which are known only while the request runs. So this runs as
 * a part of it and adds to them. What is provided around the request would replace them.
 */
const onSend = Effect.withFiber((fiber) => {
  const sending = fiber.getRef(CurrentSending)
  if (sending !== undefined) sending.requests++
  const own = Context.getOrUndefined(fiber.context, FetchHttpClient.RequestInit)
  fiber.setContext(Context.add(fiber.context, FetchHttpClient.RequestInit, { redirect: "manual", ...own }))
  return Effect.void
})

/** A client whose requests end with their scope, if they have one. */
export const sender = (httpClient: HttpClient.HttpClient): HttpClient.HttpClient => {
  const { postprocess, preprocess } = httpClient
  const client: typeof httpClient = HttpClient.makeWith(flow(Effect.tap(onSend), postprocess), preprocess)
  const scoped = HttpClient.withScope(client)
  return HttpClient.transform(client, (effect, request) =>
    Effect.flatMap(CurrentSending, (sending) =>
      // Providing a service gives the fiber its own context back afterwards, without what onSend set.
      sending === undefined
        ? Effect.provideService(effect, CurrentSending, undefined)
        : Effect.provideService(scoped.postprocess(Effect.succeed(request)), Scope.Scope, sending.scope)
    )
  )
}

/**
 * The reply to a request, read to its end within a time limit. What fails or is interrupted before that ends the request, and
 * so does a reply for which another request was sent: its body may be left unread. One request that was read to its end is
 * left alone: Effect's client would abort it as well, at a fifth of the cost of a read.
 */
export const receive = Effect.fnUntraced(function* (
  response: Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError>,
  limit: Duration.Duration
): Effect.fn.Return<StripeReply.Reply, TransportError | DecodeError | TimeoutError> {
  const sending: Sending = { scope: Scope.makeUnsafe(), requests: 0 }
  return yield* response.pipe(
    // A client that was transformed to fail on statuses still has to have them judged by our rules.
    Effect.catchIf(isHttpClientError, (error) =>
      error.reason._tag === "StatusCodeError" ? Effect.succeed(error.reason.response) : Effect.fail(error)
    ),
    Effect.flatMap(read),
    Effect.provideService(CurrentSending, sending),
    Effect.onExit((exit) =>
      exit._tag === "Success" && sending.requests === 1 ? Effect.void : Scope.close(sending.scope, exit)
    ),
    Effect.mapError((error) => (error instanceof DecodeError ? error : toReason(error))),
    Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.fail(new TimeoutError({ limit })) })
  )
})

/**
 * The most bytes that a reply may have. A hundred sessions with all that expands are a few megabytes at most, so a larger
 * reply is refused before it fills the memory, and without reading it to its end.
 */
const mostBytes = 16 * 1024 * 1024

const tooLarge = `expected at most ${mostBytes / 1024 / 1024} MB, got more`

const read = Effect.fnUntraced(function* (response: HttpClientResponse.HttpClientResponse) {
  const { headers, status } = response
  const announced = Number(headers["content-length"] ?? Number.NaN)
  // The announced length is that of the compressed bytes, which says nothing about the text.
  if (headers["content-encoding"] === undefined && announced <= mostBytes) {
    return { status, headers, text: yield* response.text }
  }
  const chunks: Array<Uint8Array> = []
  let apart = 0
  let size = 0
  const takeAll = Stream.runForEachArray(response.stream, (arrived) => {
    for (const chunk of arrived) {
      if (announced > mostBytes || size + chunk.length > mostBytes)
        return Effect.fail(StripeReply.wrongBody(response, tooLarge))
      size += chunk.length
      chunks.push(chunk)
      // A kept chunk takes 260 bytes more than it holds, so many small ones are joined. To join each as it arrives would
      // cost a page a tenth of its processor time.
      if (++apart === 1000) {
        chunks.push(Bytes.concat(chunks.splice(-apart)))
        apart = 0
      }
    }
    return Effect.void
  })
  yield* takeAll.pipe(
    // An error's status says enough, so the beginning of its body will do.
    Effect.catchTag("DecodeError", (error) => (status >= 200 && status < 300 ? Effect.fail(error) : Effect.void)),
    // An empty body is for the caller to judge, as an empty text is.
    Effect.catchReason("HttpClientError", "EmptyBodyError", () => Effect.void),
    Effect.catchDefect((defect) => (size === 0 ? Effect.void : Effect.die(defect)))
  )
  // The body is empty, or a client that was transformed has read it. Then Effect still has its text.
  if (size === 0) return { status, headers, text: yield* Effect.orElseSucceed(response.text, () => "") }
  const [only] = chunks
  // Whole, because to decode chunk by chunk takes much longer.
  const text = StripeReply.utf8.decode(only !== undefined && only.length === size ? only : Bytes.concat(chunks))
  return { status, headers, text }
})

const say = (error: Error): string => {
  // The name of a class that says nothing else, such as the TimeoutError of a Redis client, may be all that there is.
  const said = sentence(error.message) || name(error.name === "Error" ? error.constructor.name : error.name)
  const code = "code" in error && Predicate.isString(error.code) ? name(error.code) : ""
  return said.includes(code) ? said : `${said} (${code})`
}

// Node wraps `connect ECONNREFUSED …` in `fetch failed`, and Effect in its `reason`; only the innermost error says what happened.
const innermost = <E>(error: E, depth = 0): E | Error => {
  if (!Predicate.isObject(error) || depth === 8) return error
  const inside = [Array.isArray(error.errors) ? error.errors[0] : undefined, error.cause, error.reason]
  const inner = inside.filter(Predicate.isError).map((one) => innermost(one, depth + 1))
  // An error inside may say nothing, as that of fetch for a 407.
  return inner.find((one) => say(one) !== "Error") ?? error
}

/** What made something fail, shortened. `otherwise` is the text for a value that is not an Error. */
export const describe = (failure: unknown, otherwise = "a value that is not an Error"): string => {
  const error = innermost(failure)
  return Predicate.isError(error) ? say(error) : sentence(otherwise)
}

/** The reason behind a failure of the HTTP client. One that was transformed may fail with anything, whatever its type says. */
export const toReason = (error: unknown): TransportError => {
  if (!isHttpClientError(error)) {
    return new TransportError({ description: `The HTTP client failed with ${describe(error)}`, transient: true })
  }
  const response = error.response
  return new TransportError({
    description: describe(error.reason.cause, error.reason.description ?? error.reason._tag),
    status: response?.status,
    requestId: response === undefined ? undefined : StripeReply.requestId(response.headers),
    transient: error.reason._tag !== "InvalidUrlError" && error.reason._tag !== "EncodeError"
  })
}
