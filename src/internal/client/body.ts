/**
 * The text of a reply, as far as it can be a page. A hundred sessions with all that expands are a few megabytes at most,
 * so a larger reply is refused before it fills the memory, and without reading it to its end.
 */
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"
import { DecodeError } from "../../StripeError.ts"
import * as StripeReply from "./reply.ts"

/** The most bytes that a reply may have. */
const mostBytes = 16 * 1024 * 1024

/** The body of a reply as text. */
export const text = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<string, HttpClientError.HttpClientError | DecodeError> => {
  const announced = Number(response.headers["content-length"] ?? Number.NaN)
  // The announced length is that of the compressed bytes, which says nothing about the text.
  const plain = response.headers["content-encoding"] === undefined
  return plain && announced <= mostBytes ? response.text : streamed(response, announced > mostBytes)
}

const streamed = (
  response: HttpClientResponse.HttpClientResponse,
  announcedTooLarge: boolean
): Effect.Effect<string, HttpClientError.HttpClientError | DecodeError> =>
  Effect.suspend(() => {
    const decoder = new TextDecoder()
    let text = ""
    let size = 0
    return response.stream.pipe(
      Stream.runForEachArray((chunks) => {
        for (const chunk of chunks) {
          size += chunk.length
          if (announcedTooLarge || size > mostBytes) return Effect.fail(tooLarge(response))
          text += decoder.decode(chunk, { stream: true })
        }
        return Effect.void
      }),
      Effect.map(() => text + decoder.decode()),
      // An error's status says enough, so the beginning of its body will do.
      Effect.catchTag("DecodeError", (error) =>
        response.status >= 200 && response.status < 300 ? Effect.fail(error) : Effect.succeed(text)
      ),
      // An empty body is for the caller to judge, as an empty text is.
      Effect.catchReason("HttpClientError", "EmptyBodyError", () => Effect.succeed(""))
    )
  })

const tooLarge = (response: HttpClientResponse.HttpClientResponse): DecodeError =>
  new DecodeError({
    part: "body",
    status: response.status,
    requestId: StripeReply.requestId(response.headers),
    description: `expected a page, got more than ${mostBytes / 1024 / 1024} MB`
  })
