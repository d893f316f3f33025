import { assert, describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Metric, Option, Redacted, Schema, Stream } from "effect"
import { SchemaBinary } from "effect/encoding"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { RetryPolicy, StripeClient, VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { format, inspect } from "node:util"
import { serialize } from "node:v8"
import { recording, shown, textsIn } from "./support/secrets.ts"
import { settled, withoutJitter, world } from "./support/world.ts"

const { Fault } = Sandbox
const key = Redacted.value(Sandbox.apiKey)
const expand = ["data.verified_outputs", "data.last_verification_report"] as const

/** What must never be seen: the key, and each text in a secret field of any session of the sandbox. */
const secrets = Effect.gen(function* () {
  const client = yield* HttpClient.HttpClient
  const url = `https://api.stripe.com/v1/identity/verification_sessions?limit=100&expand[]=${expand.join("&expand[]=")}`
  const response = yield* client.get(url, { headers: { authorization: `Bearer ${key}` } })
  // Type boundary: the sandbox's replies have Stripe's form, which a test of its own checks.
  const { data } = (yield* response.json) as unknown as { readonly data: ReadonlyArray<Record<string, unknown>> }
  const found = data.flatMap((row) => [
    ...textsIn([row["client_secret"], row["url"]]),
    ...textsIn([row["provided_details"], row["verified_outputs"]]).filter((text) => text.length > 7)
  ])
  yield* Sandbox.Sandbox.use((sandbox) => sandbox.clearRequests)
  assert.isAbove(found.length, 50)
  return [key, key.slice(-4), ...found]
})

const leaks = (emitted: string, secrets: ReadonlyArray<string>) => secrets.filter((secret) => emitted.includes(secret))

const read = VerificationSessions.stream({}, { expand, pageSize: 40 }).pipe(
  Stream.tap((session) => Effect.logDebug("session", session)),
  Stream.runCollect
)

const everything = world({ sandbox: { sessions: 100 }, client: { timeout: "5 seconds" } })

describe("neither the key nor identity data is seen", () => {
  it.effect("in what a reading program logs, traces and prints", () =>
    Effect.gen(function* () {
      const planted = yield* secrets
      const emitted = yield* recording(({ add }) =>
        Effect.gen(function* () {
          add(yield* VerificationSessions.VerificationSessions)
          add(yield* StripeClient.make({ apiKey: Sandbox.apiKey }))
          add(VerificationSessions.layer({ apiKey: Sandbox.apiKey }))
          add(VerificationSessions.stream())
          add(yield* VerificationSessions.list({ limit: 100, expand }))
          add(yield* VerificationSessions.retrieve((yield* VerificationSessions.list()).data[0]?.id ?? ""))
          add(yield* read)
        })
      )
      assert.include(emitted, "VerificationSessions.page")
      assert.include(emitted, '"name":"stripe.client.consumed.rows"')
      assert.include(emitted, "<redacted:verified_outputs>")
      assert.deepStrictEqual(leaks(emitted, planted), [])
    }).pipe(Effect.provide(everything))
  )

  it.effect("the search would find one: what a session shows when it is revealed", () =>
    Effect.gen(function* () {
      const planted = yield* secrets
      const [session] = (yield* VerificationSessions.list({ limit: 1, status: "requires_input" })).data
      const revealed = session?.client_secret ? Redacted.value(session.client_secret) : ""
      const emitted = yield* recording(() => Effect.logInfo(revealed).pipe(Effect.withSpan("reveal")))
      assert.deepStrictEqual(leaks(emitted, planted), [revealed])
    }).pipe(Effect.provide(everything))
  )

  it.effect("the search would find one in an attribute of a metric", () =>
    Effect.gen(function* () {
      const counted = Metric.counter("reveal", { attributes: { key } })
      const emitted = yield* recording(() => Metric.update(counted, 1).pipe(Effect.withSpan("reveal")))
      assert.include(leaks(emitted, [key]), key)
    })
  )

  const faults = {
    "a rate limit": Fault.RateLimited(),
    "an HTML page": Fault.HtmlPage(),
    "a reset before the headers": Fault.ResetBeforeHeaders(),
    "a reset in the body": Fault.ResetMidBody(),
    "JSON that is cut short": Fault.TruncatedJson(),
    "a request that hangs": Fault.Hang(),
    "a bad row": Fault.BadRow({ at: 3, patch: { client_secret: { planted: "secret_in_a_wrong_place" } } }),
    "a row with a wrong status": Fault.BadRow({ at: 3, patch: { status: 123 } }),
    "a list without data": Fault.MissingData(),
    "one object instead of a list": Fault.NotAList(),
    "rows out of order": Fault.RowsOutOfOrder(),
    "a page that repeats": Fault.RepeatedPage(),
    "a key that Stripe echoes": Fault.Reply({
      status: 401,
      body: {
        error: { message: `Invalid API Key provided: sk_test_******${key.slice(-4)}`, type: "invalid_request_error" }
      }
    }),
    "a key in headers": Fault.Reply({
      status: 429,
      headers: { "request-id": `req_${key}`, "stripe-rate-limited-reason": key }
    }),
    "a key in the type of a page": Fault.Reply({ headers: { "content-type": `text/html; ${key}` }, body: "<html>" }),
    "a key in the address of a log": Fault.Reply({
      status: 400,
      body: { error: { request_log_url: `https://dashboard.stripe.com/${key}?key=${key}&t=1` } }
    }),
    "a link with escaped slashes": Fault.Reply({
      status: 503,
      body: "It was https:\\/\\/verify.stripe.com\\/start\\/planted_link"
    }),
    "a link in HTML": Fault.Reply({
      status: 503,
      body: "<p>https:&#x2F;&#x2F;verify.stripe.com&#x2F;start&#x2F;planted_link"
    }),
    "a link in an address": Fault.Reply({ status: 503, body: "It was https%3A%2F%2Fverify.stripe.com%2Fplanted_link" }),
    "a link in capitals": Fault.Reply({ status: 503, body: "It was HTTPS://VERIFY.STRIPE.COM/planted_link" })
  }

  for (const [name, fault] of Object.entries(faults)) {
    it.effect(`in the failure after ${name}`, () =>
      Effect.gen(function* () {
        const planted = yield* secrets
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.inject(fault, { skip: 1, times: 100 })
        const emitted = yield* recording(({ add }) =>
          Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(Effect.flip(read))
            yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("10 seconds")), { times: 8 })
            const error = yield* Fiber.join(fiber)
            add(error)
            add(error.reason)
            return yield* Effect.fail(error)
          })
        )
        assert.include(emitted, "StripeError")
        assert.deepStrictEqual(leaks(emitted, [...planted, "secret_in_a_wrong_place", "planted_link"]), [])
      }).pipe(Effect.provide([everything, withoutJitter]))
    )
  }

  it.effect("a client_reference_id is kept out of spans", () =>
    Effect.gen(function* () {
      const emitted = yield* recording(() =>
        Stream.runDrain(VerificationSessions.stream({ client_reference_id: "jenny.rosen@example.com" }))
      )
      assert.notMatch(emitted, /jenny/)
      assert.include(emitted, "client_reference_id=REDACTED")
      const [request] = yield* Sandbox.Sandbox.use((sandbox) => sandbox.requests)
      assert.deepStrictEqual(request?.query[0], ["client_reference_id", "jenny.rosen@example.com"])
    }).pipe(Effect.provide(everything))
  )

  const filter = { client_reference_id: "planted: J. Rosen", related_customer: "cus_planted" }
  const url = new URLSearchParams(filter)
  const logged = filter.client_reference_id
  const refusal = (message: string) => Fault.Reply({ status: 400, body: { error: { message } } })
  it.effect.each<readonly [string, Sandbox.Fault]>([
    ["a refusal", refusal("No such customer: 'cus_planted'")],
    ["text in a refusal", refusal(`Bad: "planted: J. Rosen"`)],
    ["a page that repeats the address", Fault.Reply({ status: 502, body: `<p>Bad gateway: /v1?${url}</p>` })],
    ["one in HTML", Fault.Reply({ status: 502, body: `<p>/v1?${String(url).replaceAll("&", "&amp;")}</p>` })],
    ["one in lower case", Fault.Reply({ status: 502, body: `<p>/v1?${String(url).toLowerCase()}</p>` })],
    ["one with spaces", Fault.Reply({ status: 502, body: `<p>/v1?client_reference_id=planted: J. Rosen</p>` })],
    ["one with numbers for letters", Fault.Reply({ status: 502, body: "<p>&#112;lanted: J. &#x52;osen</p>" })],
    ["the name of a parameter", Fault.Reply({ status: 400, body: { error: { param: "planted: J. Rosen" } } })],
    ["an address within another", Fault.Reply({ status: 502, body: encodeURIComponent(`<p>/v1?${url}</p>`) })],
    ["one that is escaped three times", refusal([1, 2, 3].reduce(encodeURIComponent, `"${logged}"`))],
    ["JSON's other escapes", refusal(String.raw`\fplanted: J. Rosen`)],
    ["a value of another query", Fault.Reply({ status: 502, body: "<p>/login?name=planted%20Rosen</p>" })],
    ["JSON in a text", refusal(String.raw`{\n\"client_reference_id\":\"\u0070lanted\x3a J. Rosen\"}`)],
    ["HTML in JSON", refusal("planted&#58; J.&nbsp;Rosen")],
    ["every letter as in an address", refusal("%70lanted%3A%20J%2E%20Rosen")],
    ["two lines", refusal("planted:\n  J. Rosen")],
    ["the address of a log", Fault.Reply({ status: 400, body: { error: { request_log_url: `https://x/${logged}` } } })],
    ["a header", Fault.Reply({ status: 429, headers: { "stripe-rate-limited-reason": logged } })],
    ["a type of content", Fault.Reply({ headers: { "content-type": `text/html; ${logged}` }, body: "<html>" })],
    ["one where JSON should be", Fault.Reply({ body: `<p>/v1?${encodeURIComponent(filter.client_reference_id)}</p>` })]
  ])("in %s, which repeats the filter", ([, fault]) =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(fault, { times: 100 })
      const emitted = yield* recording(() =>
        Effect.provideService(
          Stream.runDrain(VerificationSessions.stream(filter)),
          RetryPolicy.Current,
          RetryPolicy.none
        )
      )
      assert.include(emitted, "<redacted>")
      assert.notMatch(emitted, /planted|Rosen/)
    }).pipe(Effect.provide(everything))
  )

  it.effect("only where something of the request stands in a message, which else stays as it was written", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const message = String.raw`Invalid pattern ^\d+\.\w{2}$ in C:\new\temp: 100%de`
      yield* sandbox.inject(refusal(message), { times: 2 })
      for (const reference of ["planted", "+ \\"]) {
        const { reason } = yield* Effect.flip(VerificationSessions.list({ client_reference_id: reference }))
        assert.strictEqual(reason.message, `${message}.`)
      }
    }).pipe(Effect.provide(everything))
  )

  it.effect("at the end of a text that is cut within a value, or within an escape in it", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const reference = "planted".padEnd(64, "0123456789")
      const escaped = reference.replaceAll(/./g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`)
      for (let length = 140; length < 160; length++) {
        const text = `${"w".repeat(length)} ${Array.from({ length: 20 }, () => escaped).join(" ")}`
        yield* sandbox.inject(Fault.Reply({ status: 400, body: { error: { message: text } } }))
        const { reason } = yield* Effect.flip(VerificationSessions.list({ client_reference_id: reference }))
        assert.match(reason.message, /^w+[^p]*$/)
      }
    }).pipe(Effect.provide(everything))
  )

  it.effect("in a page that repeats a filter too long for an address, which is an error all the same", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const reference = "植村".repeat(2400)
      const body = `<p>Too long: ${reference} or ${encodeURIComponent(reference)}</p>`.repeat(100)
      yield* sandbox.inject(Fault.Reply({ status: 414, body }), { times: 100 })
      const emitted = yield* recording(({ add }) =>
        Effect.map(Effect.flip(VerificationSessions.list({ client_reference_id: reference })), add)
      )
      assert.include(emitted, "Too long: <redacted>")
      assert.notMatch(emitted, /植村|E6%A4%8D/)
    }).pipe(Effect.provide(everything))
  )

  it.effect("in a refusal that repeats a key that does not look like Stripe's", () => {
    const apiKey = Redacted.make("planted-gateway.token")
    return Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const body = { error: { message: `Unknown token planted-gateway.token.` } }
      yield* sandbox.inject(Fault.Reply({ status: 401, body }), { times: 100 })
      const emitted = yield* recording(({ add }) => Effect.map(Effect.flip(VerificationSessions.list()), add))
      assert.include(emitted, "Unknown token <redacted>.")
      assert.notMatch(emitted, /planted/)
    }).pipe(Effect.provide(world({ client: { apiKey } })))
  })

  it.effect("in a page that repeats the filter as HTML writes it", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(
        Fault.Reply({ status: 403, body: "<p>Blocked: Planted O&#39;Rosen &amp; Sons &lt;x@example.com&gt;</p>" })
      )
      const emitted = yield* recording(() =>
        Stream.runDrain(VerificationSessions.stream({ client_reference_id: "Planted O'Rosen & Sons <x@example.com>" }))
      )
      assert.include(emitted, "Blocked: <redacted>")
      assert.notMatch(emitted, /Rosen/)
    }).pipe(Effect.provide(everything))
  )

  const { expanded, Json, VerificationSession: Session, withMetadata } = VerificationSession
  const Metadata = withMetadata(Schema.Record(Schema.String, Schema.String))
  const outputs = expanded(["verified_outputs", "last_verification_report"])
  const hiding: Readonly<Record<string, Schema.Codec<unknown, unknown>>> = {
    Json: Json(),
    withMetadata: Metadata,
    "the decoded side": Schema.toType(outputs),
    "the decoded side of a row of withMetadata": Schema.toType(Metadata),
    "the decoded side of a plain session": Schema.toType(Session),
    "any value": Schema.Unknown,
    "any fields": Schema.Record(Schema.String, Schema.Unknown),
    "a defect": Schema.Defect()
  }
  // These write secrets where a program encodes with them itself, and not where Effect derives a codec from them.
  const revealing: typeof hiding = {
    "the codec of plain sessions": Session,
    "the codec of expanded sessions": outputs,
    "withMetadata of expanded sessions": withMetadata(Schema.Record(Schema.String, Schema.String), outputs)
  }
  const revealed = ["the codec", "JSON text"]
  const within: ReadonlyArray<
    (schema: Schema.Codec<unknown, unknown>, row: unknown) => readonly [Schema.Codec<unknown, unknown>, unknown]
  > = [
    (schema, row) => [schema, row],
    (schema, row) => [Schema.Struct({ row: Schema.optional(schema) }), { row }],
    (schema, row) => [Schema.Array(Schema.Union([schema, Schema.String])), [row]],
    (schema, row) => [Schema.Option(Schema.suspend(() => schema)), Option.some(row)],
    (schema, row) => [Schema.Exit(Schema.Void, schema, Schema.Defect()), Exit.fail(row)],
    (schema, row) => [Schema.Exit(Schema.Void, Schema.Void, schema), Exit.die(row)],
    (schema, row) => [Schema.Redacted(schema), Redacted.make(row)]
  ]
  const writers: Readonly<Record<string, (schema: Schema.Codec<unknown, unknown>, row: unknown) => unknown>> = {
    "the codec": (schema, row) => Schema.encodeSync(schema)(row),
    "an address, a form or a header": (schema, row) => Schema.encodeSync(Schema.toCodecStringTree(schema))(row),
    "JSON of HttpApi, Rpc, queues, workflows and stores": (schema, row) =>
      Schema.encodeSync(Schema.toCodecJson(schema))(row),
    "JSON text": (schema, row) => Schema.encodeSync(Schema.fromJsonString(schema))(row),
    "an event log": (schema, row) =>
      new TextDecoder("latin1").decode(Schema.encodeSync(SchemaBinary.toCodec(schema))(row)),
    "an optic": (schema, row) => Schema.encodeSync(Schema.toCodecIso(schema))(row),
    "a patch": (schema, row) => Schema.toDifferJsonPatch(schema).diff(undefined, row),
    "a formatter": (schema, row) => Schema.toFormatter(schema)(row),
    XML: (schema, row) => Effect.runSync(Schema.toEncoderXml(schema)(row)),
    "an error that reports what it got": (schema, row) =>
      Schema.decodeUnknownSync(Schema.Struct({ none: schema }))({ row, none: Symbol("none") }, { reportInput: true })
  }
  const printers: Readonly<Record<string, (row: unknown) => unknown>> = {
    "a copy for a worker": structuredClone,
    "V8's bytes": (row) => serialize(row).toString("latin1"),
    "own properties": (row) => inspect(row, { depth: 12, showHidden: true, getters: true, customInspect: false }),
    "what printf writes": (row) => format("%s %o %O %j", row, row, row, row),
    "a cause": (row) => Cause.pretty(Cause.fail(row)) + Cause.pretty(Cause.die(row)),
    "what a test says of a difference": (row) => expect(row).toStrictEqual([])
  }
  const attempt = (run: () => unknown): unknown => {
    try {
      return run()
    } catch (error) {
      return error
    }
  }

  it.effect("whoever writes or prints rows, unless by a codec that names them", () =>
    Effect.gen(function* () {
      const planted = yield* secrets
      const rows = (yield* VerificationSessions.list({ limit: 100, expand })).data
      // With every secret field, which no session has at once.
      const row = Object.fromEntries(rows.flatMap((row) => Object.entries(row)).filter(([, value]) => value !== null))
      const found = Object.entries(writers).flatMap(([writer, write]) =>
        Object.entries(revealed.includes(writer) ? hiding : { ...hiding, ...revealing }).flatMap(([name, schema]) =>
          within.flatMap((put, place) =>
            leaks(shown(attempt(() => write(...put(schema, row)))), planted).map(() => `${name} ${place} in ${writer}`)
          )
        )
      )
      const printed = Object.entries(printers).flatMap(([printer, print]) =>
        leaks(shown(attempt(() => print(rows))), planted).map(() => printer)
      )
      assert.deepStrictEqual([...found, ...printed], [])
      for (const name of revealed) {
        assert.isNotEmpty(leaks(shown(attempt(() => writers[name]?.(outputs, row))), planted), name)
      }
    }).pipe(Effect.provide(everything))
  )

  it.effect("in what the Json codec writes, unless it is named", () =>
    Effect.gen(function* () {
      const planted = yield* secrets
      const { data } = yield* VerificationSessions.list({ limit: 100, expand })
      const plain = Schema.encodeSync(Schema.Array(VerificationSession.Json()))(data)
      assert.deepStrictEqual(leaks(shown(plain), planted), [])
      const revealed = Schema.encodeSync(Schema.Array(VerificationSession.Json({ reveal: ["url"] })))(data)
      const found = leaks(JSON.stringify(revealed), planted)
      assert.isNotEmpty(found)
      assert.isTrue(found.every((secret) => secret.startsWith("https://verify.stripe.com/")))
    }).pipe(Effect.provide(everything))
  )
})
