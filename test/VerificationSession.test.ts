import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Equal, Exit, Formatter, Layer, Redacted, Schema, Stream } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { VerificationSession } from "effect-stripe-identity"
import { inspect } from "node:util"
import { codecLaws } from "./support/codecLaws.ts"
import { expandedSession, fullSession, leastSession } from "./support/identityRows.ts"
import { readStripeMaterial } from "./support/stripeMaterial.ts"
import { describeSchema } from "./support/jsonSchema.ts"

const decode = Schema.decodeUnknownSync(VerificationSession.VerificationSession)
const everything = VerificationSession.expanded(["verified_outputs", "last_verification_report"])
const decodeEverything = Schema.decodeUnknownSync(everything)
const created = DateTime.makeUnsafe("2026-01-01T00:00:00Z")

/** Every way in which a value usually ends up in a log. */
const printed = (value: unknown): string =>
  [
    inspect(value, { depth: Infinity, showHidden: true, showProxy: true }),
    JSON.stringify(value),
    String(value),
    Formatter.format(value),
    Formatter.formatJson(value)
  ].join("\n")

const planted = {
  ...expandedSession,
  client_secret: "PLANTED-client-secret",
  url: "https://PLANTED.example",
  provided_details: { email: "PLANTED@example.com", phone: "PLANTED" },
  verified_outputs: {
    ...expandedSession.verified_outputs,
    first_name: "PLANTED",
    id_number: "PLANTED",
    address: { line1: "PLANTED" }
  },
  last_verification_report: {
    ...expandedSession.last_verification_report,
    document: { ...expandedSession.last_verification_report.document, number: "PLANTED", first_name: "PLANTED" }
  }
}

describe("the codecs of sessions", codecLaws)

describe("VerificationSession", () => {
  const fixture = readStripeMaterial<Record<string, unknown>>("fixture.json")
  it.skipIf(fixture === undefined)("decodes Stripe's fixture and encodes it back unchanged", () => {
    const row = fixture?.["identity.verification_session"]
    assert.isDefined(row)
    assert.deepStrictEqual<unknown>(Schema.encodeSync(VerificationSession.VerificationSession)(decode(row)), row)
  })

  const openapi = readStripeMaterial<{ components: { schemas: Record<string, object> } }>(
    "verification_sessions.openapi.json"
  )
  it.skipIf(openapi === undefined)("knows every field and value of Stripe's OpenAPI, and no others", () => {
    const schemas = openapi?.components.schemas ?? {}
    const ours = Schema.toJsonSchemaDocument(VerificationSession.Json())
    const theirs = describeSchema(schemas["identity.verification_session"] ?? {}, schemas)
    assert.isAbove(theirs.length, 200)
    assert.deepStrictEqual(describeSchema(ours.schema, ours.definitions), theirs)
  })

  it("hides the secret fields from everything that prints, and keeps them", () => {
    const session = decodeEverything(planted)
    assert.notInclude(printed(session), "PLANTED")
    assert.include(printed(session), "<redacted:verified_outputs>")
    assert.include(JSON.stringify(Schema.encodeSync(everything)(session)), "PLANTED-client-secret")
  })

  it("decodes nothing that was not expanded", () => {
    assert.notProperty(decode({ ...leastSession, verified_outputs: planted.verified_outputs }), "verified_outputs")
    const exit = Schema.decodeUnknownExit(VerificationSession.VerificationSession)(planted)
    assert.isTrue(Exit.isFailure(exit))
    assert.notInclude(printed(exit), "PLANTED")
  })

  it("refuses a session whose secrets are not Redacted, without saying them", () => {
    const session = decodeEverything(expandedSession)
    const encode = Schema.encodeUnknownExit(everything, { reportInput: true })
    const wrong = {
      client_secret: "PLANTED",
      url: { planted: "PLANTED" },
      provided_details: planted.provided_details,
      verified_outputs: Redacted.make("PLANTED"),
      last_verification_report: planted.last_verification_report
    }
    for (const [field, value] of Object.entries(wrong)) {
      const exit = encode({ ...session, [field]: value })
      assert.isTrue(Exit.isFailure(exit), field)
      assert.include(printed(exit), field)
      assert.notInclude(printed(exit), "PLANTED")
    }
    const broken = { ...session, last_verification_report: Redacted.make({ id: "PLANTED" }) }
    assert.include(printed(encode(broken)), "last_verification_report")
    assert.notInclude(printed(encode(broken)), "PLANTED")
  })

  it("is equal to a session with the same fields", () => {
    const equivalent = Schema.toEquivalence(everything)
    assert.isTrue(equivalent(decodeEverything(planted), decodeEverything(planted)))
    assert.isFalse(equivalent(decodeEverything(planted), decodeEverything({ ...planted, url: "https://example.com" })))
    assert.isTrue(Equal.equals(decode(fullSession), decode(fullSession)))
  })

  it("works as a part of other schemas", () => {
    const Event = Schema.Struct({ type: Schema.String, session: VerificationSession.VerificationSession })
    const event = { type: "identity.verification_session.verified", session: fullSession }
    assert.deepStrictEqual<unknown>(Schema.encodeSync(Event)(Schema.decodeUnknownSync(Event)(event)), event)
    assert.include(
      printed(Schema.decodeUnknownExit(Event)({ ...event, session: { ...fullSession, status: 5 } })),
      `at ["session"]["status"]`
    )
  })
})

describe("expanded", () => {
  it("is the plain codec for no path", () => {
    assert.strictEqual<unknown>(VerificationSession.expanded([]), VerificationSession.VerificationSession)
  })

  it("is one of four codecs, whatever the paths", () => {
    const { expanded } = VerificationSession
    assert.strictEqual<unknown>(expanded(["verified_outputs"]), expanded(["verified_outputs.dob"]))
    assert.strictEqual<unknown>(
      expanded(["last_verification_report"]),
      expanded(["last_verification_report.document.number", "last_verification_report"])
    )
    assert.strictEqual<unknown>(
      expanded(["verified_outputs", "last_verification_report"]),
      expanded(["last_verification_report.id_number.dob", "verified_outputs.sex"])
    )
    assert.notStrictEqual<unknown>(expanded(["verified_outputs"]), expanded(["last_verification_report"]))
  })

  it("makes the report what VerificationReport makes of it, inside Redacted", () => {
    const report = decodeEverything(expandedSession).last_verification_report
    assert.isTrue(Redacted.isRedacted(report))
    if (!Redacted.isRedacted(report)) return
    assert.strictEqual(DateTime.formatIso(Redacted.value(report).created), "2026-01-01T00:00:00.000Z")
    assert.strictEqual(Redacted.value(report).document?.number, "X1234567")
  })

  it("refuses the id of a report in place of the report", () => {
    const row = { ...leastSession, last_verification_report: "vr_1" }
    assert.isTrue(Exit.isFailure(Schema.decodeUnknownExit(everything)(row)))
  })
})

describe("the guards", () => {
  it("tell sessions apart by status", () => {
    const statuses = ["verified", "requires_input", "processing", "canceled", "from_the_future"]
    for (const status of statuses) {
      for (const name of statuses) {
        assert.strictEqual(VerificationSession.hasStatus(name)(decode({ ...leastSession, status })), name === status)
      }
    }
  })

  it("take a session for redacted only when its data is gone", () => {
    const isRedacted = (redaction: unknown) => VerificationSession.isRedacted(decode({ ...leastSession, redaction }))
    assert.isTrue(isRedacted({ status: "redacted" }))
    assert.isFalse(isRedacted({ status: "processing" }))
    assert.isFalse(isRedacted(null))
    assert.isFalse(VerificationSession.isRedacted(decode(leastSession)))
  })

  it.effect("filter a stream", () =>
    Effect.gen(function* () {
      const rows = ["verified", "canceled", "verified"].map((status, index) =>
        decodeEverything({ ...expandedSession, id: `vs_${index}`, status })
      )
      const found = yield* Stream.fromIterable(rows).pipe(
        Stream.filter(VerificationSession.hasStatus("verified")),
        Stream.map(({ id, verified_outputs }) => [id, Redacted.isRedacted(verified_outputs)]),
        Stream.runCollect
      )
      assert.deepStrictEqual(found, [
        ["vs_0", true],
        ["vs_2", true]
      ])
    })
  )
})

describe("make", () => {
  it("fills in what a test rarely cares about", () => {
    assert.deepStrictEqual(VerificationSession.makeUnsafe({ id: "vs_1", status: "verified", created }), {
      id: "vs_1",
      object: "identity.verification_session",
      livemode: false,
      type: "document",
      metadata: {},
      status: "verified",
      created
    })
  })

  it("takes every other field", () => {
    const url = Redacted.make("https://verify.stripe.com/start/1")
    const session = VerificationSession.makeUnsafe({
      id: "vs_1",
      status: "new",
      created,
      livemode: true,
      type: "new",
      url
    })
    assert.strictEqual(session.livemode, true)
    assert.strictEqual(session.type, "new")
    assert.strictEqual(session.url, url)
  })

  it("cuts created to the second, so that the session survives the wire", () => {
    const session = VerificationSession.makeUnsafe({
      id: "vs_1",
      status: "verified",
      created: DateTime.add(created, { milliseconds: 999 })
    })
    assert.isTrue(DateTime.Equivalence(session.created, created))
  })

  it("says what is wrong with a field", () => {
    assert.throws(
      () => VerificationSession.makeUnsafe({ id: "", status: "verified", created }),
      /printable.*\n {2}at \["id"\]/
    )
  })

  it("takes no id that a terminal would obey, that ends a line of a log, or that is longer than Stripe's", () => {
    for (const id of ["vs_1\u001b]0;title\u0007", "vs_1\nERROR", "vs_\u202e1", "vs_1 ", "vs_\u00e9", "x".repeat(256)]) {
      assert.throws(() => VerificationSession.makeUnsafe({ id, status: "verified", created }), /at \["id"\]/)
    }
  })
})

describe("Json", () => {
  const encode = Schema.encodeSync(VerificationSession.Json())
  const secrets = ["client_secret", "url", "provided_details", "verified_outputs"] as const

  it("leaves the secret fields out, and of a report keeps the id", () => {
    const row = encode(decodeEverything(planted))
    assert.notInclude(JSON.stringify(row), "PLANTED")
    for (const field of secrets) assert.notProperty(row, field)
    assert.strictEqual(row.last_verification_report, "vr_1")
  })

  it("changes nothing else", () => {
    const { client_secret: _1, url: _2, provided_details: _3, ...rest } = fullSession
    assert.deepStrictEqual<unknown>(encode(decode(fullSession)), rest)
    assert.deepStrictEqual<unknown>(encode(decode(leastSession)), leastSession)
  })

  it("writes each secret field that reveal names, and no other", () => {
    for (const field of [...secrets, "last_verification_report"] as const) {
      const row = Schema.encodeSync(VerificationSession.Json({ reveal: [field] }))(decodeEverything(planted))
      assert.deepStrictEqual<unknown>(row[field], planted[field])
      for (const other of secrets.filter((other) => other !== field)) assert.notProperty(row, other)
    }
  })

  it("leaves out a secret field that is null, too", () => {
    assert.notProperty(encode(decode({ ...fullSession, url: null })), "url")
  })

  it("decodes the rows that it wrote", () => {
    const json = VerificationSession.Json()
    const row = encode(decodeEverything(planted))
    assert.deepStrictEqual(encode(Schema.decodeSync(json)(row)), row)
    const revealed = Schema.decodeUnknownSync(json)(planted)
    assert.notInclude(printed(revealed), "PLANTED")
    assert.strictEqual(revealed.client_secret && Redacted.value(revealed.client_secret), "PLANTED-client-secret")
  })

  it("goes through a line of text", () => {
    const line = Schema.fromJsonString(VerificationSession.Json())
    const text = Schema.encodeSync(line)(decode(fullSession))
    assert.strictEqual(Schema.encodeSync(line)(Schema.decodeSync(line)(text)), text)
    assert.strictEqual(JSON.parse(text).created, fullSession.created)
  })
})

describe("what Effect derives from a codec for HttpApi, Rpc, queues and stores", () => {
  const outputs = VerificationSession.expanded(["verified_outputs", "last_verification_report"])

  it("writes no secret field, and all others", () => {
    const toJson = Schema.encodeSync(VerificationSession.Json())
    const plain = Schema.encodeSync(Schema.toCodecJson(VerificationSession.VerificationSession))
    assert.deepStrictEqual<unknown>(plain(decode(fullSession)), toJson(decode(fullSession)))
    const unread = decode({ ...fullSession, last_verification_report: null })
    assert.deepStrictEqual<unknown>(plain(unread), toJson(unread))
    // The type of such a session has the report, and not its id.
    const { last_verification_report: _, ...shown } = toJson(decodeEverything(planted))
    const written = Schema.encodeSync(Schema.toCodecJson(outputs))(decodeEverything(planted))
    assert.deepStrictEqual<unknown>(written, shown)
    assert.isTrue(Schema.is(outputs)(Schema.decodeUnknownSync(Schema.toCodecJson(outputs))(written)))
  })

  it("reads secret fields that it is sent", () => {
    const session = Schema.decodeUnknownSync(Schema.toCodecJson(outputs))(planted)
    assert.deepStrictEqual<unknown>(Schema.encodeSync(outputs)(session), planted)
  })

  it("writes what Json names", () => {
    const urls = Schema.toCodecJson(VerificationSession.Json({ reveal: ["url"] }))
    assert.include(JSON.stringify(Schema.encodeSync(urls)(decodeEverything(planted))), '"https://PLANTED.example"')
  })

  it.effect("holds over HTTP", () =>
    Effect.gen(function* () {
      const api = HttpApi.make("api").add(
        HttpApiGroup.make("sessions").add(HttpApiEndpoint.get("one", "/one", { success: outputs }))
      )
      const handlers = HttpApiBuilder.group(api, "sessions", (group) =>
        group.handle("one", () => Effect.succeed(decodeEverything(planted)))
      )
      const { dispose, handler } = HttpRouter.toWebHandler(
        HttpApiBuilder.layer(api).pipe(Layer.provide(handlers), Layer.provide(HttpServer.layerServices))
      )
      yield* Effect.addFinalizer(() => Effect.promise(dispose))
      const response = yield* Effect.promise(() => handler(new Request("http://localhost/one")))
      const body = yield* Effect.promise(() => response.text())
      assert.include(body, planted.id)
      assert.notInclude(body, "PLANTED")
    }).pipe(Effect.scoped)
  )
})
