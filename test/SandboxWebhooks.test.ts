import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientResponse,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "effect/http"
import { TestClock } from "effect/testing"
import { createServer } from "node:http"
import { Stripe } from "stripe"
import * as Sandbox from "../src/Sandbox.ts"
import { inSandbox } from "./support/sandboxClient.ts"
import { server } from "./support/sandboxServer.ts"

// What the sandbox signs is taken by stripe-node for a webhook of Stripe.

const secret = "whsec_SANDBOX_one"
const other = "whsec_SANDBOX_two"
const secrets = [Redacted.make(secret)]
const start = 1_760_000_000

const construct = ({ body, headers }: Sandbox.Delivery, key = secret) =>
  Stripe.webhooks.constructEvent(body, headers["stripe-signature"] ?? "", key, 300, undefined, start * 1000)

const deliveries = (options: Partial<Sandbox.DeliveryOptions> = {}) =>
  Sandbox.Sandbox.use((sandbox) => sandbox.deliveries({ secrets, ...options }))

/** Three sessions that were canceled. */
const inSix = <A, E>(effect: Effect.Effect<A, E, Sandbox.Sandbox>, options: Sandbox.Options = {}) =>
  Effect.andThen(
    TestClock.setTime(start * 1000),
    inSandbox(
      { sessions: 0, ...options },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        for (const id of ["vs_a", "vs_b", "vs_c"]) {
          yield* sandbox.insert({ id })
          yield* sandbox.cancel(id)
        }
        return yield* effect
      })
    )
  )

describe("a delivery", () => {
  it.effect("is an event that stripe-node verifies, and that the list has", () =>
    inSix(
      Effect.gen(function* () {
        const events = yield* Sandbox.Sandbox.use((sandbox) => sandbox.events)
        const found = (yield* deliveries()).map((delivery) => construct(delivery))
        assert.lengthOf(found, 6)
        for (const event of found) {
          const listed = events.find(({ id }) => id === event.id)
          assert.deepStrictEqual<unknown>(event, { ...listed, pending_webhooks: 1 })
        }
      })
    )
  )

  it.effect("does not wait for the lag of the list", () =>
    inSix(
      Effect.gen(function* () {
        assert.isEmpty(yield* Sandbox.Sandbox.use((sandbox) => sandbox.events))
        assert.lengthOf(yield* deliveries(), 6)
      }),
      { eventLag: "1 hour" }
    )
  )

  it.effect("is valid by either secret while one is rolled, and by no other", () =>
    inSix(
      Effect.gen(function* () {
        const [delivery] = yield* deliveries({ secrets: [Redacted.make(other), ...secrets] })
        assert.isDefined(delivery)
        if (delivery === undefined) return
        assert.strictEqual(construct(delivery).id, delivery.eventId)
        assert.strictEqual(construct(delivery, other).id, delivery.eventId)
        assert.throws(() => construct(delivery, "whsec_SANDBOX_three"))
      })
    )
  )

  it.effect("is refused when it is stale or was tampered with", () =>
    inSix(
      Effect.gen(function* () {
        for (const wrong of [{ age: "301 seconds" }, { tampered: true }] as const) {
          for (const delivery of yield* deliveries(wrong)) assert.throws(() => construct(delivery))
        }
        for (const delivery of yield* deliveries({ age: "299 seconds" })) construct(delivery)
      })
    )
  )

  it.effect("comes after a position, as often and in whatever order is asked for", () =>
    inSix(
      Effect.gen(function* () {
        const positions = (options: Partial<Sandbox.DeliveryOptions>) =>
          Effect.map(deliveries(options), (all) => all.map(({ position }) => position))
        assert.deepStrictEqual(yield* positions({}), [1, 2, 3, 4, 5, 6])
        assert.deepStrictEqual(yield* positions({ after: 2, limit: 3 }), [3, 4, 5])
        assert.deepStrictEqual(yield* positions({ order: "reversed", times: 2, limit: 2 }), [2, 2, 1, 1])
        const shuffled = yield* positions({ order: "shuffled", times: 2 })
        assert.deepStrictEqual(shuffled.toSorted(), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
        assert.notDeepEqual(shuffled, shuffled.toSorted())
        assert.deepStrictEqual(yield* positions({ order: "shuffled", times: 2 }), shuffled)
      })
    )
  )

  it.effect("of a redaction reaches only an endpoint that names it", () =>
    inSix(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id } = yield* sandbox.insert()
        yield* sandbox.redact(id)
        yield* TestClock.adjust("1 day")
        const types = (yield* deliveries()).map(({ type }) => type)
        assert.lengthOf(types, 8)
        assert.notInclude(types, "identity.verification_session.redacted")
        const [named] = yield* deliveries({ types: ["identity.verification_session.redacted"] })
        assert.strictEqual(named?.type, "identity.verification_session.redacted")
      })
    )
  )

  it.effect("can be thin, and of a connected account", () =>
    inSix(
      Effect.gen(function* () {
        const [thin] = yield* deliveries({ thin: true, account: "acct_1" })
        const body = JSON.parse(thin?.body ?? "")
        assert.deepInclude(body, {
          id: thin?.eventId,
          object: "v2.core.event",
          type: "v1.identity.verification_session.created",
          created: new Date(start * 1000).toISOString(),
          context: "acct_1"
        })
        assert.deepStrictEqual(body.related_object, {
          id: "vs_a",
          type: "identity.verification_session",
          url: "/v1/identity/verification_sessions/vs_a"
        })
        const [whole] = yield* deliveries({ account: "acct_1" })
        assert.strictEqual(JSON.parse(whole?.body ?? "").account, "acct_1")
      })
    )
  )

  for (const [what, options, message] of [
    ["no secret", { secrets: [] }, /at least one Redacted string/],
    ["a secret as a plain text", Object({ secrets: ["whsec_1"] }), /at least one Redacted string/],
    ["another order", Object({ order: "random" }), /order must be one of happened/],
    ["an unknown option", Object({ secret: "whsec_1" }), /must not have secret/]
  ] as const) {
    it.effect(`dies of ${what}, and says why without the secret`, () =>
      inSix(
        Effect.gen(function* () {
          const exit = yield* Effect.exit(deliveries(options))
          const text = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : assert.fail("it was taken")
          assert.match(text, message)
          assert.notMatch(text, /whsec_1/)
        })
      )
    )
  }
})

describe("deliver", () => {
  const url = "https://example.com/webhooks"

  /** An endpoint that answers with these statuses, then with 200. */
  const endpoint = (statuses: Array<number>) => {
    const received: Array<{ readonly at: string; readonly signature: string }> = []
    const client = HttpClient.make((request) =>
      Effect.sync(() => {
        const signature = request.headers["stripe-signature"] ?? ""
        received.push({ at: signature.split(",")[0] ?? "", signature })
        return HttpClientResponse.fromWeb(request, new Response("", { status: statuses.shift() ?? 200 }))
      })
    )
    return { received, client }
  }

  // Signatures take real time, which no TestClock can hurry: it advances in small steps until something holds.
  const until = Effect.fnUntraced(function* (holds: () => boolean) {
    for (let count = 0; count < 5000 && !holds(); count++) {
      yield* TestClock.adjust("100 millis")
      yield* TestClock.withLive(Effect.sleep("1 millis"))
    }
    assert.isTrue(holds())
  })
  const aWhile = () => {
    let steps = 0
    return until(() => steps++ > 100)
  }

  it.effect("posts what happened and what happens, each once", () =>
    inSix(
      Effect.gen(function* () {
        const { client, received } = endpoint([])
        const fiber = yield* Effect.forkChild(
          Effect.provideService(Sandbox.deliver({ url, secrets }), HttpClient.HttpClient, client)
        )
        yield* until(() => received.length === 6)
        yield* Sandbox.Sandbox.use((sandbox) => sandbox.insert())
        yield* until(() => received.length === 7)
        yield* aWhile()
        assert.lengthOf(received, 7)
        yield* Fiber.interrupt(fiber)
      })
    )
  )

  it.effect("posts again, signed anew, until the answer is a 2xx, and gives up in the end", () =>
    Effect.andThen(
      TestClock.setTime(start * 1000),
      inSandbox(
        { sessions: 0 },
        Effect.gen(function* () {
          for (const [statuses, attempts] of [
            [[500, 302, 404], 4],
            [Array.from({ length: 20 }, () => 500), 7]
          ] as const) {
            const { client, received } = endpoint([...statuses])
            const seen: Array<number | undefined> = []
            const sandbox = yield* Sandbox.make({ sessions: 0 })
            yield* sandbox.insert()
            const fiber = yield* Sandbox.deliver({
              url,
              secrets,
              onAttempt: ({ status }) => Effect.sync(() => void seen.push(status))
            }).pipe(
              Effect.provideService(HttpClient.HttpClient, client),
              Effect.provideService(Sandbox.Sandbox, sandbox),
              Effect.forkChild
            )
            yield* until(() => seen.length === attempts)
            yield* aWhile()
            assert.lengthOf(received, attempts)
            assert.deepStrictEqual(seen, [...statuses, 200].slice(0, attempts))
            assert.notStrictEqual(received[0]?.at, received.at(-1)?.at)
            yield* Fiber.interrupt(fiber)
          }
        })
      )
    )
  )
})

describe("deliver with fetch", () => {
  it.live("takes a redirect for a failure, as Stripe does, and leaves the client's own options of fetch alone", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const answer = Effect.map(HttpServerRequest.HttpServerRequest, ({ headers, url }) => {
        asked.push(url, headers["bypass"] ?? "none")
        return HttpServerResponse.empty({ status: 308, headers: { location: "/elsewhere" } })
      })
      yield* HttpServer.serveEffect(answer)
      const status = yield* Deferred.make<number | undefined>()
      yield* Sandbox.Sandbox.use((sandbox) => sandbox.insert())
      yield* Sandbox.deliver({
        url: `${yield* HttpServer.addressFormattedWith(Effect.succeed)}/webhooks`,
        secrets,
        onAttempt: (attempt) => Effect.asVoid(Deferred.succeed(status, attempt.status))
      }).pipe(Effect.forkScoped)
      assert.strictEqual(yield* Deferred.await(status), 308)
      assert.deepStrictEqual(asked, ["/webhooks", "a header of the client"])
    }).pipe(
      Effect.scoped,
      Effect.provide([
        Layer.provide(
          FetchHttpClient.layer,
          Layer.succeed(FetchHttpClient.RequestInit, { headers: { bypass: "a header of the client" } })
        ),
        Sandbox.layerSandbox({ sessions: 0 }),
        NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })
      ])
    )
  )
})

describe("the controls over HTTP", () => {
  const control = Effect.fnUntraced(function* (name: string, body: unknown, method = "POST") {
    const address = yield* HttpServer.addressFormattedWith(Effect.succeed)
    const init = method === "POST" ? { body: typeof body === "string" ? body : JSON.stringify(body) } : {}
    const response = yield* Effect.promise(() => fetch(`${address}/_sandbox/${name}`, { method, ...init }))
    return { status: response.status, body: yield* Effect.promise(() => response.json()) }
  })

  it.live("change sessions, and leave the record of requests alone", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const id = "vs_1"
      const calls: ReadonlyArray<readonly [string, object, object]> = [
        ["insert", { id, type: "document", metadata: {} }, { id, status: "requires_input" }],
        ["submit", { id }, { status: "processing" }],
        ["fail", { id, code: "document_expired" }, { status: "requires_input" }],
        ["submit", { id }, { status: "processing" }],
        ["pass", { id }, { status: "verified" }],
        ["override", { id, status: "requires_input" }, { status: "requires_input" }],
        ["editMetadata", { id, metadata: { seat: "1" } }, { metadata: { seat: "1" } }],
        ["redact", { id }, { status: "canceled" }],
        ["update", { id, client_reference_id: "user_1" }, {}]
      ]
      for (const [name, body, expected] of calls) {
        const { body: answer, status } = yield* control(name, body)
        assert.strictEqual(status, 200, name)
        assert.deepInclude(answer, expected, name)
      }
      assert.strictEqual((yield* sandbox.sessions)[0]?.client_reference_id, "user_1")
      assert.lengthOf(yield* sandbox.events, 7)
      assert.strictEqual(yield* sandbox.requestCount, 0)
    }).pipe(Effect.provide(server({ sessions: 0 })))
  )

  it.live("say what is wrong with a call", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [string, unknown, RegExp, string?]> = [
        ["cancel", { id: "vs_none" }, /No such VerificationSession/],
        ["cancel", {}, /id must be a string/],
        ["cancel", "[]", /must be a JSON object/],
        ["cancel", "{", /must be a JSON object/],
        ["override", { id: "vs_1", status: "canceled" }, /status must be one of/],
        ["editMetadata", { id: "vs_1", metadata: { a: 1 } }, /metadata\.a must be a string/],
        ["toString", {}, /expected POST .*insert, update, submit/],
        ["cancel", {}, /found GET/, "GET"]
      ]
      for (const [name, body, message, method] of cases) {
        const { body: answer, status } = yield* control(name, body, method)
        assert.strictEqual(status, 400, name)
        assert.match(answer.error.message, message)
      }
    }).pipe(Effect.provide(server({ sessions: 0 })))
  )
})
