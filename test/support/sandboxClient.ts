import { Effect, type Layer, type Redacted } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import * as Sandbox from "../../src/Sandbox.ts"

export const listUrl = "https://api.stripe.com/v1/identity/verification_sessions"

export interface Asked {
  readonly key?: Redacted.Redacted<string> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly url?: string | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface Page {
  readonly object: string
  readonly data: ReadonlyArray<Sandbox.Session>
  readonly has_more: boolean
  readonly url: string
}

/** One request with a good key, as raw as it came. `query` begins with "?" unless it is empty. */
export const ask = Effect.fnUntraced(function* (query = "", asked: Asked = {}) {
  const client = yield* HttpClient.HttpClient
  const response = yield* HttpClientRequest.get((asked.url ?? listUrl) + query).pipe(
    HttpClientRequest.bearerToken(asked.key ?? Sandbox.apiKey),
    HttpClientRequest.setHeaders(asked.headers ?? {}),
    client.execute
  )
  const answer: Answer = { status: response.status, headers: response.headers, text: yield* response.text }
  return answer
})

/** A page, for requests that must succeed. */
export const page = Effect.fnUntraced(function* (query = "", asked: Asked = {}) {
  const { status, text } = yield* ask(query, asked)
  if (status !== 200) return yield* Effect.die(new Error(`${status}: ${text}`))
  // Type boundary: the sandbox's replies are checked against Stripe's schema in a test of their own.
  return JSON.parse(text) as Page
})

/** The `error` of a refusal, with its status and headers. */
export const refusal = Effect.fnUntraced(function* (query = "", asked: Asked = {}) {
  const { headers, status, text } = yield* ask(query, asked)
  // Type boundary: as above.
  const { error } = JSON.parse(text) as { readonly error: Readonly<Record<string, string>> }
  return { status, headers, error }
})

/** Reads the whole list page by page: forward from the newest, or backward from the oldest row (which is then missing). */
export const walk = Effect.fnUntraced(function* (limit: number, query = "", backwardFrom?: string) {
  const rows: Array<Sandbox.Session> = []
  const pages: Array<Page> = []
  let cursor = backwardFrom === undefined ? "" : `&ending_before=${backwardFrom}`
  while (true) {
    const next = yield* page(`?limit=${limit}${query}${cursor}`)
    pages.push(next)
    // A wrong cursor makes a walk that never ends, which no time limit can stop because nothing in it waits.
    if (pages.length > 1000) return yield* Effect.die(new Error("the walk does not end"))
    rows.push(...(backwardFrom === undefined ? next.data : next.data.toReversed()))
    const last = rows.at(-1)
    if (!next.has_more || last === undefined) return { rows, pages }
    cursor = backwardFrom === undefined ? `&starting_after=${last.id}` : `&ending_before=${last.id}`
  }
})

/** The ids of some sessions. */
export const ids = (rows: ReadonlyArray<Sandbox.Session>): ReadonlyArray<string> => rows.map((row) => row.id)

/** Runs an effect with a sandbox of its own and a client of it. */
export const inSandbox = <A, E>(
  options: Sandbox.Options,
  effect: Effect.Effect<A, E, Layer.Success<ReturnType<typeof Sandbox.layer>>>
): Effect.Effect<A, E> => Effect.provide(effect, Sandbox.layer(options))
