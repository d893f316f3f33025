/**
 * `NodeHttpClient.layerUndici` sends by `dispatcher.request`, where `dispatcher.dispatch` would do (@effect/platform-node 4.1,
 * `NodeHttpClient.ts`, `makeUndici`).
 *
 *     node test/bench/upstream/undiciRequest.ts
 *
 * Expected: about the cost of Undici's own parser and of one copy of the body. Found: more processor time and more garbage.
 * `request` makes a Node `Readable` and a promise a response, which most callers read whole at once.
 *
 * Proposed: `dispatch` with a handler that keeps the chunks until `text`, `json` or `arrayBuffer` asks, and that becomes a
 * `Readable` only for `stream`. `dispatchUpgrade` in the same file has such a handler.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { fork } from "node:child_process"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"

const requests = 2_000

const head = new Response()

/** The least that a client on `dispatch` does. It knows neither statuses nor interruption. */
const onDispatch = (dispatcher: NodeHttpClient.Dispatcher["Service"]): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    Effect.callback<HttpClientResponse.HttpClientResponse>((resume) => {
      const chunks: Array<Buffer> = []
      dispatcher.dispatch(
        { origin: url.origin, path: url.pathname + url.search, method: "GET" },
        {
          onRequestStart: () => {},
          onResponseStart: () => {},
          onResponseData: (_controller, chunk) => void chunks.push(chunk),
          onResponseEnd: () => {
            const response = HttpClientResponse.fromWeb(request, head)
            Object.defineProperty(response, "text", { value: Effect.sync(() => Buffer.concat(chunks).toString()) })
            resume(Effect.succeed(response))
          },
          onResponseError: (_controller, error) => resume(Effect.die(error))
        }
      )
    })
  )

/** Microseconds of processor time a request of this process. */
const measure = (client: HttpClient.HttpClient, url: string) =>
  Effect.gen(function* () {
    const used = process.cpuUsage()
    for (let sent = 0; sent < requests; sent++) yield* Effect.flatMap(client.get(url), (response) => response.text)
    const { system, user } = process.cpuUsage(used)
    return (user + system) / requests
  })

const compare = Effect.fn(function* (url: string) {
  const byRequest = yield* HttpClient.HttpClient
  const byDispatch = onDispatch(yield* NodeHttpClient.Dispatcher)
  const fastest = { request: Infinity, dispatch: Infinity }
  for (let round = 0; round < 4; round++) {
    fastest.request = Math.min(fastest.request, yield* measure(byRequest, url))
    fastest.dispatch = Math.min(fastest.dispatch, yield* measure(byDispatch, url))
  }
  return fastest
})

if (process.send === undefined) {
  const server = fork(fileURLToPath(import.meta.url))
  const port = await new Promise((resolve) => server.once("message", resolve))
  const found = await Effect.runPromise(
    compare(`http://127.0.0.1:${port}`).pipe(
      Effect.provide(Layer.provideMerge(NodeHttpClient.layerUndiciNoDispatcher, NodeHttpClient.layerDispatcher))
    )
  )
  server.kill()
  for (const [name, time] of Object.entries(found)) console.log(`${name.padEnd(9)} ${time.toFixed(0)} µs a request`)
  process.exit(0)
} else {
  const body = JSON.stringify(Array.from({ length: 1_000 }, (_, index) => ({ id: `id_${index}`, name: "a name" })))
  const server = createServer((_request, response) => response.writeHead(200).end(body))
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    if (typeof address === "object" && address !== null) process.send?.(address.port)
  })
}
