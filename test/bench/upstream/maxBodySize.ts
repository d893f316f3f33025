/**
 * `NodeHttpClient.layerUndici` ignores `MaxBodySize` (@effect/platform-node 4.1, `NodeHttpClient.ts`,
 * `UndiciResponse.arrayBuffer`).
 *
 *     node test/bench/upstream/maxBodySize.ts
 *
 * Expected: `text`, `json` and `arrayBuffer` fail for a body that is larger, as they do with `layerNodeHttp`. Found: on Undici
 * the whole body is read into memory. Whoever wants a limit there has to read `stream` and to count.
 *
 * Proposed: read the body by `NodeStream.toArrayBuffer` with `maxBytes`, as `NodeHttpIncomingMessage` does.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { ByteSize, Effect, type Layer } from "effect"
import { HttpClient, HttpIncomingMessage } from "effect/http"
import { createServer } from "node:http"

const server = createServer((_request, response) => response.end("x".repeat(1_000_000)))
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
const address = server.address()
const port = typeof address === "object" && address !== null ? address.port : 0

/** What comes of a body of 1,000,000 bytes where 1,000 are allowed. */
const outcomeOn = (layer: Layer.Layer<HttpClient.HttpClient>): Promise<string> =>
  HttpClient.get(`http://127.0.0.1:${port}`).pipe(
    Effect.flatMap((response) => response.text),
    Effect.match({
      onFailure: (error) => error.reason._tag,
      onSuccess: (text) => `${text.length} bytes`
    }),
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.fromInputUnsafe(1_000)),
    Effect.provide(layer),
    Effect.runPromise
  )

export const found = {
  layerNodeHttp: await outcomeOn(NodeHttpClient.layerNodeHttp),
  layerUndici: await outcomeOn(NodeHttpClient.layerUndici)
}
server.close()
server.closeAllConnections()
for (const [name, outcome] of Object.entries(found)) console.log(`${name.padEnd(14)} ${outcome}`)
