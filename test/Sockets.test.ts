import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, type Duration, Effect, Fiber, Layer, Schedule, Stream } from "effect"
import { FetchHttpClient, HttpClient, type HttpClientResponse } from "effect/http"
import { RetryPolicy, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { createServer as createHttpServer, type RequestListener } from "node:http"
import { createServer } from "node:net"
import { baseUrl, server } from "./support/sandboxServer.ts"
import { countRequests, ids, listIds, reason, requests } from "./support/world.ts"

const { Fault } = Sandbox

const clients: ReadonlyArray<readonly [name: string, layer: Layer.Layer<HttpClient.HttpClient>]> = [
  ["FetchHttpClient", FetchHttpClient.layer],
  ["NodeHttpClient on Undici", NodeHttpClient.layerUndici],
  ["NodeHttpClient on node:http", NodeHttpClient.layerNodeHttp]
]

/** The service over a real socket on this machine. */
const overSocket = (client: Layer.Layer<HttpClient.HttpClient>, timeout?: Duration.Input) =>
  Layer.unwrap(
    Effect.map(baseUrl, (apiBase) =>
      VerificationSessions.layer({ apiKey: Sandbox.apiKey, apiBase, timeout, rateLimit: false })
    )
  ).pipe(
    Layer.provideMerge(client),
    Layer.provideMerge(server({ sessions: 250 })),
    Layer.provideMerge(Layer.succeed(RetryPolicy.Current, RetryPolicy.makeUnsafe({ baseDelay: "10 millis" })))
  )

/** Waits until the server saw a request end this way: a socket that closes is seen a moment after. */
const untilOutcome = (index: number, outcome: Sandbox.RecordedRequest["outcome"]) =>
  requests.pipe(
    Effect.map((requests) => requests[index]?.outcome),
    Effect.repeat({ until: (seen) => seen === outcome, schedule: Schedule.spaced("5 millis") }),
    Effect.timeoutOrElse({
      duration: "60 seconds",
      orElse: () => Effect.flatMap(requests, (seen) => Effect.die(new Error(JSON.stringify(seen))))
    })
  )

const untilRequests = (count: number) =>
  countRequests.pipe(Effect.repeat({ until: (seen) => seen >= count, schedule: Schedule.spaced("5 millis") }))

for (const [name, client] of clients) {
  describe(name, () => {
    it.live("reads the list forwards and backwards", () =>
      Effect.gen(function* () {
        const list = yield* listIds
        assert.deepStrictEqual(yield* ids(VerificationSessions.stream()), list)
        const endingBefore = list.at(-1) ?? ""
        assert.deepStrictEqual(
          yield* ids(VerificationSessions.stream({}, { endingBefore })),
          list.slice(0, -1).reverse()
        )
      }).pipe(Effect.provide(overSocket(client)))
    )

    const faults = [
      ["429 with Retry-After", Fault.RateLimited({ retryAfter: 0 })],
      ["500 as HTML", Fault.ServerError({ status: 500, format: "html" })],
      ["a reset before the headers", Fault.ResetBeforeHeaders()],
      ["a reset in the body", Fault.ResetMidBody()],
      ["JSON that is cut short", Fault.TruncatedJson()]
    ] as const
    for (const [fault, inject] of faults) {
      it.live(`${fault} is retried inside the pull: no row repeated, none lost`, () =>
        Effect.gen(function* () {
          const sandbox = yield* Sandbox.Sandbox
          yield* sandbox.inject(inject, { skip: 1 })
          assert.deepStrictEqual(yield* ids(VerificationSessions.stream()), yield* listIds)
          assert.strictEqual(yield* countRequests, 4)
        }).pipe(Effect.provide(overSocket(client)))
      )
    }

    for (const [step, fault] of [
      ["before its head", Fault.Hang()],
      ["in its body", Fault.StalledBody()]
    ] as const) {
      it.live(`a request that stalls ${step} is given up after the time limit, and its socket closes`, () =>
        Effect.gen(function* () {
          const sandbox = yield* Sandbox.Sandbox
          yield* sandbox.inject(fault)
          assert.strictEqual(yield* Stream.runCount(VerificationSessions.stream()), 250)
          yield* untilOutcome(0, "aborted")
          assert.strictEqual(yield* countRequests, 4)
        }).pipe(Effect.provide(overSocket(client, "2 seconds")))
      )

      it.live(`interrupting the fiber closes the socket of a request that waits ${step}`, () =>
        Effect.gen(function* () {
          const sandbox = yield* Sandbox.Sandbox
          yield* sandbox.inject(fault, { skip: 1 })
          const fiber = yield* Effect.forkChild(Stream.runDrain(VerificationSessions.stream()))
          yield* untilRequests(2)
          yield* Effect.sleep("50 millis")
          yield* Fiber.interrupt(fiber)
          yield* untilOutcome(1, "aborted")
        }).pipe(Effect.provide(overSocket(client)))
      )
    }

    it.live("breaking out of Stream.toAsyncIterable closes the socket of the request in flight", () =>
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.inject(Fault.Hang(), { skip: 1 })
        const context = yield* Effect.context<VerificationSessions.VerificationSessions>()
        const stream = Stream.provideContext(VerificationSessions.stream({}, { prefetch: 1 }), context)
        // The second page is prefetched, and hangs.
        const inFlight = Effect.provideService(untilRequests(2), Sandbox.Sandbox, sandbox)
        const seen = yield* Effect.promise(async () => {
          let seen = 0
          for await (const _ of Stream.toAsyncIterable(stream)) {
            seen++
            await Effect.runPromise(inFlight)
            break
          }
          return seen
        })
        assert.strictEqual(seen, 1)
        yield* untilOutcome(1, "aborted")
      }).pipe(Effect.provide(overSocket(client)))
    )

    const retried = (client: HttpClient.HttpClient) => HttpClient.retryTransient(client, { times: 1 })
    const below = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, retried))
    for (const [by, options, httpClient] of [
      ["transformClient", { transformClient: retried }, client],
      ["the client below", {}, Layer.provide(below, client)]
    ] as const) {
      it.live(`a reply that ${by} gives up unread leaves no socket behind`, () =>
        Effect.gen(function* () {
          const { abandoned, port } = yield* largeErrorFirst
          const apiBase = `http://127.0.0.1:${port}`
          yield* Effect.gen(function* () {
            assert.deepStrictEqual((yield* VerificationSessions.list()).data, [])
            // The client is still there, so it is not its end that closes the socket.
            yield* Effect.timeout(abandoned, "3 seconds")
          }).pipe(
            Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey, apiBase, ...options })),
            Effect.provide(httpClient)
          )
        }).pipe(Effect.scoped)
      )
    }

    for (const length of ["with a length", "in chunks"]) {
      it.live(`a reply ${length} may be read by transformClient too`, () =>
        Effect.gen(function* () {
          const body = JSON.stringify({ object: "list", data: [], has_more: false, url: "/" })
          const port = yield* serve((_request, response) => {
            if (length === "in chunks") response.write(body.slice(0, 9))
            response.end(length === "in chunks" ? body.slice(9) : body)
          })
          let read = ""
          const transformClient = HttpClient.tap((response: HttpClientResponse.HttpClientResponse) =>
            Effect.map(response.text, (text) => {
              read = text
            })
          )
          const apiBase = `http://127.0.0.1:${port}`
          const page = yield* VerificationSessions.list().pipe(
            Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey, apiBase, transformClient })),
            Effect.provide(client)
          )
          assert.deepStrictEqual(page.data, [])
          assert.strictEqual(read, body)
        }).pipe(Effect.scoped)
      )
    }

    it.live("a closed port is a TransportError that says where nobody listens", () =>
      Effect.gen(function* () {
        const port = yield* closedPort
        const failed = yield* reason(VerificationSessions.list()).pipe(
          Effect.provide(
            VerificationSessions.layer({ apiKey: Sandbox.apiKey, apiBase: `http://127.0.0.1:${port}` }).pipe(
              Layer.provide(client)
            )
          ),
          Effect.provideService(RetryPolicy.Current, RetryPolicy.none)
        )
        assert.strictEqual(failed._tag, "TransportError")
        assert.include(failed.message, `ECONNREFUSED`)
        assert.include(failed.message, String(port))
      })
    )
  })
}

const serve = (listener: RequestListener) => {
  const server = createHttpServer(listener)
  return Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    }),
    () => Effect.sync(() => server.close().closeAllConnections())
  )
}

/** A server whose first reply is an error larger than any buffer on its way, and the end of that reply's connection. */
const largeErrorFirst = Effect.gen(function* () {
  const ended = yield* Deferred.make<void>()
  let requests = 0
  const port = yield* serve((_request, response) => {
    requests++
    if (requests === 1) {
      response.once("close", () => Deferred.doneUnsafe(ended, Effect.void))
      response.writeHead(503, { "content-type": "text/plain" }).end(Buffer.alloc(15_000_000))
    } else {
      response.writeHead(200, { "content-type": "application/json" })
      response.end(JSON.stringify({ object: "list", data: [], has_more: false, url: "/" }))
    }
  })
  return { port, abandoned: Deferred.await(ended) }
})

/** A port of this machine on which nobody listens: one that was free a moment ago. */
const closedPort = Effect.callback<number>((resume) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const address = probe.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    probe.close(() => resume(Effect.succeed(port)))
  })
})
