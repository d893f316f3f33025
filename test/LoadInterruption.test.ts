import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Schedule, Stream } from "effect"
import { FetchHttpClient, type HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { RetryPolicy, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { baseUrl, server } from "./support/sandboxServer.ts"
import { countRequests, ids, requests, settled, withoutJitter, world } from "./support/world.ts"

const { Fault } = Sandbox

const clients: ReadonlyArray<readonly [name: string, layer: Layer.Layer<HttpClient.HttpClient>]> = [
  ["FetchHttpClient", FetchHttpClient.layer],
  ["NodeHttpClient on Undici", NodeHttpClient.layerUndici],
  ["NodeHttpClient on node:http", NodeHttpClient.layerNodeHttp]
]

const overSocket = (client: Layer.Layer<HttpClient.HttpClient>, rateLimit: { limit: number } | false = false) =>
  Layer.unwrap(
    Effect.map(baseUrl, (apiBase) => VerificationSessions.layer({ apiKey: Sandbox.apiKey, apiBase, rateLimit }))
  ).pipe(Layer.provideMerge(client), Layer.provideMerge(server({ sessions: 250 })))

const untilSent = (count: number) =>
  countRequests.pipe(Effect.repeat({ until: (seen) => seen >= count, schedule: Schedule.spaced("5 millis") }))

const untilNoneIsOpen = requests.pipe(
  Effect.map((requests) => requests.every(({ outcome }) => outcome !== "open")),
  Effect.repeat({ until: (closed) => closed, schedule: Schedule.spaced("5 millis") }),
  Effect.timeoutOrElse({
    duration: "60 seconds",
    orElse: () => Effect.flatMap(requests, (seen) => Effect.die(new Error(JSON.stringify(seen))))
  })
)

for (const [name, client] of clients) {
  describe(`interruption, with ${name}`, () => {
    const steps: ReadonlyArray<
      readonly [step: string, fault: Sandbox.Fault | undefined, limit: { limit: number } | false, sent: number]
    > = [
      ["before the request, while it waits for the limiter", undefined, { limit: 1 }, 1],
      ["in the head", Fault.Hang(), false, 2],
      ["in the body", Fault.StalledBody(), false, 2],
      ["in a wait between tries", Fault.RateLimited({ retryAfter: 30 }), false, 2]
    ]
    for (const [step, fault, limit, sent] of steps) {
      for (const prefetch of [0, 2]) {
        it.live(`${step}, with prefetch ${prefetch}, leaves nothing open and sends nothing more`, () =>
          Effect.gen(function* () {
            const sandbox = yield* Sandbox.Sandbox
            if (fault !== undefined) yield* sandbox.inject(fault, { skip: 1 })
            const seen: Array<string> = []
            const fiber = yield* VerificationSessions.stream({}, { prefetch }).pipe(
              Stream.runForEach(({ id }) => Effect.sync(() => seen.push(id))),
              Effect.forkChild
            )
            yield* untilSent(sent)
            yield* Effect.sleep("50 millis")
            yield* Fiber.interrupt(fiber)
            assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
            yield* untilNoneIsOpen
            assert.strictEqual(yield* countRequests, sent)
            assert.lengthOf(seen, 100)
            // The layer is as good as new.
            if (limit === false) assert.lengthOf(yield* ids(VerificationSessions.stream()), 250)
          }).pipe(Effect.provide(overSocket(client, limit)))
        )
      }
    }

    it.live("at any moment at all leaves nothing open, and nobody unheard", () =>
      Effect.gen(function* () {
        const unheard: Array<unknown> = []
        const listen = (reason: unknown) => void unheard.push(reason)
        yield* Effect.acquireRelease(
          Effect.sync(() => process.on("unhandledRejection", listen)),
          () => Effect.sync(() => process.off("unhandledRejection", listen))
        )
        for (let moment = 0; moment < 25; moment++) {
          yield* Stream.runDrain(VerificationSessions.stream({}, { pageSize: 20, prefetch: moment % 3 })).pipe(
            Effect.timeoutOption(moment)
          )
        }
        yield* untilNoneIsOpen
        yield* Effect.sleep("50 millis")
        assert.deepStrictEqual(unheard, [])
      }).pipe(Effect.scoped, Effect.provide(overSocket(client)))
    )

    for (const chunked of [false, true]) {
      it.live(
        `a reply of 200 MB${chunked ? ", chunked," : ""} is refused before it is read, and its socket closes`,
        () =>
          Effect.gen(function* () {
            const sandbox = yield* Sandbox.Sandbox
            yield* sandbox.inject(Fault.HugeBody({ bytes: 200_000_000, chunked }))
            const failed = yield* Effect.flip(
              VerificationSessions.list().pipe(Effect.provideService(RetryPolicy.Current, RetryPolicy.none))
            )
            assert.deepInclude(failed.reason, { _tag: "DecodeError", part: "body", status: 200 })
            assert.include(failed.message, "expected at most 16 MB, got more")
            yield* untilNoneIsOpen
            // The server has not sent it whole.
            assert.strictEqual((yield* requests)[0]?.outcome, "aborted")
          }).pipe(Effect.provide(overSocket(client)))
      )
    }

    it.live("a redirect is never followed, and its host is named without the rest of the address", () =>
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const location = `${yield* baseUrl}/elsewhere?key=planted`
        yield* sandbox.inject(Fault.Redirect({ location }))
        const error = yield* Effect.flip(VerificationSessions.list())
        assert.deepInclude(error.reason, { _tag: "ApiError", status: 302 })
        assert.isFalse(error.isRetryable)
        assert.include(error.message, `It redirects to ${new URL(location).host}.`)
        assert.notInclude(error.message, "planted")
        assert.strictEqual(yield* countRequests, 1)
      }).pipe(Effect.provide(overSocket(client)))
    )
  })
}

describe("interruption in process", () => {
  it.effect("in a wait between tries leaves no try behind", () =>
    Effect.gen(function* () {
      yield* Sandbox.Sandbox.use((sandbox) => sandbox.inject(Fault.ServerError(), { times: Infinity }))
      const fiber = yield* Stream.runDrain(VerificationSessions.stream()).pipe(
        Effect.timeoutOption("2 seconds"),
        Effect.forkChild
      )
      yield* settled
      yield* TestClock.adjust("2 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.join(fiber)))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(
        (yield* requests).map(({ receivedAt }) => receivedAt),
        [0, 500, 1500]
      )
    }).pipe(Effect.provide([world(), withoutJitter]))
  )
})
