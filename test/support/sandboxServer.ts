import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { createServer, request, type IncomingHttpHeaders } from "node:http"
import * as Sandbox from "../../src/Sandbox.ts"

/** A sandbox on a free port of this machine. */
export const server = (options?: Sandbox.Options) =>
  Sandbox.layerServer.pipe(
    Layer.provideMerge(Sandbox.layerSandbox(options)),
    Layer.provideMerge(
      NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, disablePreemptiveShutdown: true })
    )
  )

/** Where it is. */
export const baseUrl = HttpServer.addressFormattedWith(Effect.succeed)

/** What came over a socket, as far as it came. */
export interface Received {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  /** Why it ended before its end, if it did. */
  readonly error: string | undefined
}

/** One request with Node's own client: nothing between the test and the socket. `patience` closes it after that long. */
export const get = Effect.fnUntraced(function* (
  pathAndQuery: string,
  options: { readonly patience?: number | undefined; readonly headers?: Record<string, string> | undefined } = {}
) {
  const url = `${yield* baseUrl}${pathAndQuery}`
  return yield* Effect.callback<Received>((resume) => {
    const chunks: Array<Buffer> = []
    let status: number | undefined
    let received: IncomingHttpHeaders = {}
    const done = (error?: string) =>
      resume(Effect.succeed({ status, headers: received, bytes: Buffer.concat(chunks), error }))
    const headers = { authorization: `Bearer ${Redacted.value(Sandbox.apiKey)}`, ...options.headers }
    const outgoing = request(url, { agent: false, headers }, (response) => {
      status = response.statusCode
      received = response.headers
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => done())
      response.on("error", (error) => done(error.message))
    })
    outgoing.on("error", (error) => done(error.message))
    outgoing.end()
    const { patience } = options
    if (patience === undefined) return Effect.sync(() => outgoing.destroy())
    const timer = setTimeout(() => {
      outgoing.destroy()
      done("gave up")
    }, patience)
    return Effect.sync(() => clearTimeout(timer))
  })
})
