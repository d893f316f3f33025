// Sessions over HTTP: the query string is the filter, and the answer is NDJSON, written as the pages arrive.
//
//   node examples/filter-http.ts --port 8080
//   curl "http://127.0.0.1:8080/sessions?status=verified&created=2026-Q1&metadata[plan]=pro"
//
// It listens on loopback, because whoever can reach it can read your sessions. It refuses other Host names, because a web
// page can point its own name at this machine and send requests from your browser.
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, DateTime, Effect, Layer, Stream } from "effect"
import { Command } from "effect/cli"
import { Ndjson } from "effect/encoding"
import { HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { SessionFilter, VerificationSession, VerificationSessions } from "effect-stripe-identity"
import { createServer } from "node:http"
import { continueWithoutReader, report } from "./support/output.ts"
import * as Port from "./support/port.ts"
import { presenter } from "./support/presenter.ts"
import { layer } from "./support/source.ts"
import { visibleLines } from "./support/text.ts"

// Without the secret fields; see `VerificationSession.Json`.
const toNdjson = Ndjson.encodeSchemaString(VerificationSession.Json())

/**
 * `GET /sessions`. The next page is requested when the client has received the last one. A client that disconnects ends the
 * read. A failure after the first rows breaks off the connection, so that a short answer does not look complete.
 */
const sessions = HttpRouter.add("GET", "/sessions", (request) =>
  Effect.gen(function* () {
    const { stream } = yield* VerificationSessions.VerificationSessions
    const filter = yield* SessionFilter.decodeUrlQuery(new URL(request.url, "http://localhost").searchParams)
    const lines = stream(filter).pipe(
      Stream.pipeThroughChannel(toNdjson()),
      Stream.map(visibleLines),
      Stream.encodeText
    )
    return HttpServerResponse.stream(lines, { contentType: "application/x-ndjson" })
  }).pipe(
    Effect.catchTag("InvalidArgumentError", ({ issues }) =>
      HttpServerResponse.json({ problems: issues }, { status: 400 })
    )
  )
)

/** Refuses, at every path, what was asked by another name than this machine's own. */
const ownAddress = HttpRouter.middleware(
  HttpServer.addressFormattedWith((address) => {
    const { port } = new URL(address)
    const own = ["127.0.0.1", "localhost", "[::1]"].map((name) => new URL(`http://${name}:${port}`).host)
    return Effect.succeed((answer) =>
      Effect.gen(function* () {
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        const host = headers["host"] ?? ""
        if (own.includes(host.toLowerCase())) return yield* answer
        const problem = { path: "Host", actual: JSON.stringify(host), expected: own.join(", ") }
        return HttpServerResponse.jsonUnsafe({ problems: [problem] }, { status: 421 })
      })
    )
  }),
  { global: true }
)

const routes = Layer.merge(sessions, ownAddress)

const announce = Effect.gen(function* () {
  const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
  yield* Console.log(`Listening. Try: curl "${url}/sessions?status=verified&created=7d&metadata[plan]=pro"`)
})

const command = Command.make(
  "filter-http",
  {
    port: Port.flag(8080)
  },
  Effect.fn(function* ({ port }) {
    // The sandbox's sessions are spread over the hundred days before now, so that `created=7d` finds some.
    const to = yield* DateTime.now
    const source = layer({ sandbox: { sessions: 1000, from: DateTime.add(to, { days: -100 }), to } })
    const server = HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
      Layer.provide(source),
      Layer.provideMerge(
        NodeHttpServer.layer(createServer, { host: "127.0.0.1", port, disablePreemptiveShutdown: true })
      )
    )
    yield* Effect.andThen(announce, Effect.never).pipe(
      Effect.provide(server),
      Effect.catchTag("ServeError", Port.refused(port)),
      Effect.tapCause(report)
    )
  })
).pipe(Command.withDescription("Sessions over HTTP, as NDJSON"))

continueWithoutReader()

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([NodeServices.layer, presenter]),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
