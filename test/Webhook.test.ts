import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Duration, Effect, Exit, Redacted, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { StripeClient, VerificationSessions, Webhook } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { runInNewContext } from "node:vm"
import { Stripe } from "stripe"
import { fullSession } from "./support/identityRows.ts"
import { shown } from "./support/secrets.ts"

const now = 1_767_225_600
const secret = "whsec_0123456789abcdefghijkl"
const otherSecret = "whsec_lkjihgfedcba9876543210"

const snapshot = {
  id: "evt_1",
  object: "event",
  api_version: "2019-02-19",
  type: "identity.verification_session.verified",
  created: now - 3,
  livemode: true,
  account: "acct_1",
  pending_webhooks: 1,
  data: { object: fullSession }
}

const thin = {
  id: "evt_2",
  object: "v2.core.event",
  type: "v1.identity.verification_session.redacted",
  created: "2026-01-01T00:00:00.123Z",
  livemode: false,
  context: "org_1/acct_2",
  related_object: {
    id: "vs_2",
    type: "identity.verification_session",
    url: "/v1/identity/verification_sessions/vs_2"
  }
}

const payload = JSON.stringify(snapshot)

/** The header that stripe-node signs a body with. */
const sign = (payload: string, secret: string, timestamp = now): string =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp })

const verify = (options: Partial<Webhook.Options> = {}) =>
  Effect.andThen(
    TestClock.setTime(now * 1000),
    Webhook.verify({ body: payload, header: sign(payload, secret), secrets: [Redacted.make(secret)], ...options })
  )

const refusal = (options: Partial<Webhook.Options>) => Effect.map(Effect.flip(verify(options)), ({ reason }) => reason)

const wiped = (): Redacted.Redacted<string> => {
  const gone = Redacted.make("whsec_gone")
  Redacted.wipeUnsafe(gone)
  return gone
}

/** As after the bytes were given to a worker. */
const transferred = (): Uint8Array => {
  const body = new TextEncoder().encode(payload)
  structuredClone(body, { transfer: [body.buffer] })
  return body
}

const refused = (options: Partial<Webhook.Options>) => Effect.map(refusal(options), ({ _tag }) => _tag)

const ofBody = (body: unknown) => {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  return { body: text, header: sign(text, secret) }
}

describe("a webhook that Stripe has signed", () => {
  it.effect("says which session it is about", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* verify(), {
        sessionId: fullSession.id,
        type: "identity.verification_session.verified",
        eventId: "evt_1",
        created: DateTime.makeUnsafe((now - 3) * 1000),
        livemode: true,
        account: "acct_1"
      })
    })
  )

  it.effect("is a hint without the session, too, as thin events are", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* verify(ofBody(thin)), {
        sessionId: "vs_2",
        type: "v1.identity.verification_session.redacted",
        eventId: "evt_2",
        created: DateTime.makeUnsafe("2026-01-01T00:00:00.123Z"),
        livemode: false,
        account: "acct_2",
        context: "acct_2"
      })
    })
  )

  it.effect("names its account, else the one at the end of its context, and no organization", () =>
    Effect.gen(function* () {
      const contexts = ["acct_2", "org_1/acct_1/acct_2", "org_1", "acct_1/org_1", "acct_1/", "", null, undefined]
      const accountOf = (event: object) =>
        Effect.map(verify(ofBody(event)), (hint) => ("account" in hint ? hint.account : "none"))
      const { account: _, ...unnamed } = snapshot
      for (const event of [thin, unnamed, { ...snapshot, account: null }]) {
        const accounts = yield* Effect.forEach(contexts, (context) => accountOf({ ...event, context }))
        assert.deepStrictEqual(accounts, ["acct_2", "acct_2", "none", "none", "none", "none", "none", "none"])
      }
      assert.strictEqual(yield* accountOf({ ...snapshot, context: "org_1/acct_2" }), "acct_1")
    })
  )

  it.effect("has the context that the key of an organization needs: the accounts from it to the session", () =>
    Effect.gen(function* () {
      const contextOf = (event: object) =>
        Effect.map(verify(ofBody(event)), (hint) => ("context" in hint ? hint.context : "none"))
      for (const [context, expected] of [
        ["acct_2", "acct_2"],
        ["org_1/acct_2", "acct_2"],
        ["acct_1/acct_2", "acct_1/acct_2"],
        ["org_1/acct_1/acct_2", "acct_1/acct_2"],
        ["org_1", "none"],
        ["acct_1/", "none"],
        ["", "none"],
        [null, "none"],
        [undefined, "none"]
      ]) {
        assert.strictEqual(yield* contextOf({ ...thin, context }), expected)
        // An event of Connect names its account twice.
        assert.strictEqual(yield* contextOf({ ...snapshot, account: "acct_2", context }), expected)
        // Where the path leads elsewhere, the session would be read in one account and stored under another.
        assert.strictEqual(yield* contextOf({ ...snapshot, account: "acct_3", context }), "none")
      }
    })
  )

  it.effect("leads the key of an organization to a connected account of one of its accounts", () =>
    Effect.gen(function* () {
      const { context, sessionId } = yield* verify(ofBody({ ...thin, context: "org_1/acct_1/acct_2" }))
      yield* VerificationSessions.reread([sessionId]).pipe(
        Stream.provideService(StripeClient.CurrentAccount, context === undefined ? {} : { context }),
        Stream.runDrain,
        Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey }))
      )
      const [request] = yield* Sandbox.Sandbox.use((sandbox) => sandbox.requests)
      assert.strictEqual(request?.headers["stripe-context"], "acct_1/acct_2")
    }).pipe(Effect.provide(Sandbox.layer()))
  )

  it.effect("is a hint where the type is new, and where it is of the endpoint's own account", () =>
    Effect.gen(function* () {
      for (const account of [null, undefined]) {
        const hint = yield* verify(ofBody({ ...snapshot, account, type: "identity.verification_session.updated" }))
        assert.strictEqual(hint.type, "identity.verification_session.updated")
        assert.notProperty(hint, "account")
      }
    })
  )

  it.effect("may come as text, as bytes of any kind, and with the header as Node has it", () =>
    Effect.gen(function* () {
      const bytes = new TextEncoder().encode(payload)
      const within = new Uint8Array(bytes.length + 20)
      within.set(bytes, 7)
      const header = sign(payload, secret)
      // As a request gives it in Jest or an edge runtime: not an instance of the ArrayBuffer that the library sees.
      const foreign: ArrayBuffer = runInNewContext(`new ArrayBuffer(${bytes.length})`)
      new Uint8Array(foreign).set(bytes)
      for (const body of [bytes, bytes.buffer, foreign, Buffer.from(payload), within.subarray(7, 7 + bytes.length)]) {
        for (const form of [header, [header]]) {
          assert.strictEqual((yield* verify({ body, header: form })).eventId, "evt_1")
        }
      }
    })
  )

  it.effect("is verified by any of several secrets, and by any v1 of the header", () =>
    Effect.gen(function* () {
      const [time, first] = sign(payload, secret).split(",")
      const [, second] = sign(payload, otherSecret).split(",")
      const zero = `v0=${"0".repeat(64)}`
      const wrong = `v1=${"0".repeat(64)}`
      const secrets = [otherSecret, secret].map((text) => Redacted.make(text))
      yield* verify({ secrets })
      yield* verify({ header: `${time},${zero},${second},${wrong},${first}` })
      yield* verify({ header: `${first},${time}` })
      assert.strictEqual(yield* refused({ header: `${time},${first?.replace("v1", "v0")}` }), "MalformedHeaderError")
      assert.strictEqual(yield* refused({ header: `${time},${second},${wrong}` }), "SignatureMismatchError")
    })
  )
})

describe("a webhook that somebody changed", () => {
  const Bit = Schema.Struct({ at: Schema.Int, bit: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7 })) })
  const position = (at: number, length: number) => Math.abs(at % length)

  it.effect.prop("fails for any bit of the body", { where: Bit, text: Schema.String }, ({ text, where }) =>
    Effect.gen(function* () {
      const body = JSON.stringify({ ...snapshot, text })
      const bytes = new TextEncoder().encode(body)
      const at = position(where.at, bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << where.bit)
      assert.strictEqual(yield* refused({ body: bytes, header: sign(body, secret) }), "SignatureMismatchError")
    })
  )

  it.effect("fails for every bit of the header: of the time, of v1, and of what is between", () =>
    Effect.gen(function* () {
      const header = sign(payload, secret)
      for (let at = 0; at < header.length; at++) {
        for (let bit = 0; bit < 8; bit++) {
          const changed = String.fromCharCode(header.charCodeAt(at) ^ (1 << bit))
          const tag = yield* refused({ header: header.slice(0, at) + changed + header.slice(at + 1) })
          assert.include(["MalformedHeaderError", "SignatureMismatchError"], tag, `${at} ${bit}`)
        }
      }
    })
  )

  it.effect.prop(
    "is verified by any one secret of several, and by no other ones",
    { count: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 6 })), right: Schema.Int },
    ({ count, right }) =>
      Effect.gen(function* () {
        const others = Array.from({ length: count }, (_, index) => Redacted.make(`whsec_${index}`))
        assert.strictEqual(yield* refused({ secrets: others }), "SignatureMismatchError")
        const secrets = others.with(position(right, count), Redacted.make(secret))
        assert.strictEqual((yield* verify({ secrets })).eventId, "evt_1")
      })
  )

  it.effect("fails where the body was parsed and printed again", () =>
    Effect.gen(function* () {
      const body = JSON.stringify(snapshot, null, 2)
      const header = sign(body, secret)
      assert.strictEqual((yield* verify({ body, header })).eventId, "evt_1")
      const { message } = yield* Effect.flip(verify({ body: JSON.stringify(JSON.parse(body)), header }))
      assert.match(message, /SignatureMismatchError: Expected .*, got others\. Pass the raw body, byte for byte/)
    })
  )

  it.effect("fails with the secret of another endpoint, and says where the right one is", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(verify({ secrets: [Redacted.make(otherSecret)] }))
      assert.match(
        message,
        /Expected a v1 signature of this body by the secret, got others\. .* the signing secret of this endpoint \(whsec_…\): each endpoint has its own, and so does the Stripe CLI/
      )
    })
  )

  it.effect("fails for half of a character that would be sent as another one", () =>
    Effect.gen(function* () {
      const body = JSON.stringify({ ...snapshot, text: "\ufffd" })
      const header = sign(body, secret)
      assert.strictEqual((yield* verify({ body, header })).eventId, "evt_1")
      assert.strictEqual(yield* refused({ body: body.replace("\ufffd", "\udffd"), header }), "InvalidArgumentError")
    })
  )

  it.effect("has no effect on what was verified while the body changes in the caller's hands", () =>
    Effect.gen(function* () {
      const body = new TextEncoder().encode(payload)
      yield* TestClock.setTime(now * 1000)
      const running = Effect.runPromise(
        Webhook.verify({
          body,
          header: sign(payload, secret),
          secrets: [Redacted.make(secret)],
          receivedAt: DateTime.makeUnsafe(now * 1000)
        })
      )
      body.fill(0)
      assert.strictEqual((yield* Effect.promise(() => running)).eventId, "evt_1")
    })
  )

  it.effect("takes time that grows with the header, however many signatures are forged", () =>
    Effect.gen(function* () {
      const body = "x".repeat(1_000_000)
      const header = `t=${now}${`,v1=${"0".repeat(64)}`.repeat(20_000)}`
      // Twenty thousand signatures of a megabyte would take half a minute.
      assert.strictEqual(yield* refused({ body, header }), "SignatureMismatchError")
    })
  )
})

describe("the time of a signature", () => {
  const at = (seconds: number, options: Partial<Webhook.Options> = {}) =>
    verify({ header: sign(payload, secret, now + seconds), ...options }).pipe(
      Effect.as("accepted"),
      Effect.catch(({ reason }) => Effect.succeed(reason._tag))
    )

  it.effect("may lie five minutes from now, in both directions, unless a tolerance says otherwise", () =>
    Effect.gen(function* () {
      for (const [tolerance, limit] of [
        [undefined, 300],
        ["10 seconds", 10],
        [0, 0]
      ] as const) {
        assert.strictEqual(yield* at(-limit, { tolerance }), "accepted")
        assert.strictEqual(yield* at(-limit - 1, { tolerance }), "TooOldError")
        assert.strictEqual(yield* at(limit, { tolerance }), "accepted")
        assert.strictEqual(yield* at(limit + 1, { tolerance }), "TooNewError")
      }
      assert.strictEqual(yield* at(-1e9, { tolerance: Duration.infinity }), "accepted")
    })
  )

  it.effect("is measured from the time of receipt, for events that waited in a queue", () =>
    Effect.gen(function* () {
      const receivedAt = DateTime.makeUnsafe((now - 86_400) * 1000 + 999)
      assert.strictEqual(yield* at(-86_400), "TooOldError")
      assert.strictEqual(yield* at(-86_400, { receivedAt, tolerance: 0 }), "accepted")
      assert.strictEqual(yield* at(-86_400, { receivedAt: DateTime.toDateUtc(receivedAt) }), "accepted")
      assert.strictEqual(yield* at(0, { receivedAt }), "TooNewError")
    })
  )

  it.effect("is looked at only where the signature is right", () =>
    Effect.gen(function* () {
      const secrets = [Redacted.make(otherSecret)]
      assert.strictEqual(yield* at(-1e6, { secrets }), "SignatureMismatchError")
    })
  )
})

describe("what is signed and no event of a session", () => {
  it.effect("is told apart from an event about something else", () =>
    Effect.gen(function* () {
      const other = { ...snapshot, type: "charge.succeeded", data: { object: { id: "ch_1" } } }
      const reason = yield* refusal(ofBody(other))
      assert.deepInclude(reason, { _tag: "UnrelatedEventError", eventId: "evt_1", type: "charge.succeeded" })
      for (const body of ["", "{", "null", "[]", '"text"', "{}", '{"id":"evt_1"}', "\ufeff[]"]) {
        assert.strictEqual(yield* refused(ofBody(body)), "NotAnEventError", body)
      }
    })
  )

  it.effect("is refused with an id or a type that a log would obey, or that has no end", () =>
    Effect.gen(function* () {
      for (const wrong of ["evt_1\nERROR", "\u001b[2J", "e".repeat(100_000)]) {
        for (const event of [
          { ...snapshot, id: wrong },
          { ...snapshot, type: wrong },
          { ...snapshot, type: `charge.${wrong}` },
          { ...snapshot, account: wrong },
          { ...snapshot, data: { object: { id: wrong } } },
          { ...thin, related_object: { id: wrong } }
        ]) {
          const { _tag, message } = yield* refusal(ofBody(event))
          assert.strictEqual(_tag, "NotAnEventError")
          assert.isBelow(message.length, 300)
          assert.notMatch(message, /\p{Cc}/u)
        }
      }
    })
  )

  it.effect("says what is missing, and which event it is", () =>
    Effect.gen(function* () {
      const { related_object: _, ...without } = thin
      for (const [body, description] of [
        [without, "related_object: missing"],
        [{ ...thin, related_object: null }, "related_object: expected object"],
        [{ ...thin, related_object: { id: "" } }, "related_object.id: expected 1 to 255 printable ASCII characters"],
        [{ ...thin, created: "yesterday" }, "created: expected"],
        [{ ...snapshot, created: now * 1000 }, "created: expected whole seconds since 1970"],
        [{ ...snapshot, data: {} }, "data.object: missing"]
      ] as const) {
        const reason = yield* refusal(ofBody(body))
        assert.strictEqual(reason._tag, "NotAnEventError")
        assert.include(reason.message, description)
        assert.include(reason.message, body.id)
      }
    })
  )

  it.effect("is refused where it is of the other mode, if a mode was asked for", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* verify({ livemode: true })).livemode, true)
      const reason = yield* refusal({ livemode: false })
      assert.strictEqual(reason._tag, "WrongModeError")
      assert.include(reason.message, "Expected an event of test mode, got evt_1 of live mode")
      assert.strictEqual(yield* refused({ ...ofBody(thin), livemode: true }), "WrongModeError")
    })
  )
})

describe("what a caller gets wrong", () => {
  it.effect("is said: no header, a header that is not Stripe's", () =>
    Effect.gen(function* () {
      for (const header of [null, undefined, "", []]) {
        assert.strictEqual(yield* refused({ header }), "MissingHeaderError")
      }
      const [time, signature] = sign(payload, secret).split(",")
      for (const header of [
        "x",
        "t=1",
        `${signature}`,
        `t=,${signature}`,
        `t=1e3,${signature}`,
        `${time},${time},${signature}`
      ]) {
        assert.strictEqual(yield* refused({ header }), "MalformedHeaderError", header)
      }
    })
  )

  it.effect("is said with what to do: a parsed body, secrets that cannot be secrets, invalid times", () =>
    Effect.gen(function* () {
      for (const [options, words] of [
        [{ body: snapshot }, /body: expected the raw body.*, got an object, as from a body parser/],
        [{ body: undefined }, /body: expected the raw body.*, got nothing/],
        [{ body: transferred() }, /body: expected the raw body.*, got a buffer whose bytes were transferred/],
        [{ body: transferred().buffer }, /body: expected the raw body.*, got a buffer whose bytes were transferred/],
        [{ header: 7 }, /header: expected .*, got a number/],
        [{ secrets: [] }, /secrets: expected a list of at least one.*, got an empty list/],
        [{ secrets: undefined }, /secrets: expected .*, got nothing/],
        [{ secrets: Redacted.make(secret) }, /secrets: expected .*, got an object/],
        [{ secrets: [secret] }, /secrets\[0\]: expected a Redacted string.*, got a string/],
        [{ secrets: [Redacted.make(secret), Redacted.make("")] }, /secrets\[1\]: expected .*, got nothing/],
        [{ secrets: [Redacted.make(`${secret}\n`)] }, /secrets\[0\]: expected .*, got a string with whitespace/],
        [{ tolerance: -1 }, /tolerance: expected zero, or a duration of a second or more, .*, got -1/],
        // What stripe-node takes as five minutes.
        [{ tolerance: 300 }, /tolerance: expected .*"5 minutes", got 300/],
        [{ secrets: [Redacted.make("sk_test_x")] }, /secrets\[0\]: expected .*whsec_…\), got an API key/],
        [{ secrets: [wiped()] }, /secrets\[0\]: expected .*, got a Redacted that was wiped/],
        [{ tolerance: Number.NaN }, /tolerance: expected .*, got NaN/],
        [{ receivedAt: new Date(Number.NaN) }, /receivedAt: expected a DateTime or a Date.*, got .*/],
        [{ livemode: "true" }, /livemode: expected .*, got "true"/],
        [{ secret: Redacted.make(secret) }, /secret: expected .*, got .*Did you mean "secrets"/]
      ] as const) {
        // Type boundary: what plain JavaScript may pass.
        const error = yield* Effect.flip(verify(options as unknown as Partial<Webhook.Options>))
        assert.strictEqual(error.reason._tag, "InvalidArgumentError")
        assert.match(error.message, words)
      }
      const withoutSecrets = yield* Effect.flip(
        Webhook.verify({ body: payload, header: "" } as unknown as Webhook.Options)
      )
      assert.match(withoutSecrets.message, /secrets: expected a list of at least one signing secret, .*, got nothing/)
      for (const options of [null, undefined, payload]) {
        const error = yield* Effect.flip(Webhook.verify(options as unknown as Webhook.Options))
        assert.match(error.message, /options: expected a plain object.*, got (an? \w+|nothing)/)
      }
    })
  )
})

describe("stripe-node", () => {
  it.effect("accepts and refuses the same", () =>
    Effect.gen(function* () {
      const theirs = (body: string, header: string, secret: string, tolerance: number) => {
        try {
          const event = Stripe.webhooks.constructEvent(body, header, secret, tolerance, undefined, now * 1000)
          return event.id
        } catch {
          return "refused"
        }
      }
      const bodies = [payload, payload.replace("verified", "canceled"), JSON.stringify({ ...snapshot, text: "Łódź 🏛" })]
      for (const signed of bodies) {
        for (const body of bodies) {
          for (const signer of [secret, otherSecret]) {
            for (const seconds of [0, -300, -301, -1000]) {
              const header = sign(signed, signer, now + seconds)
              const ours = yield* verify({ body, header }).pipe(
                Effect.map(({ eventId }) => eventId),
                Effect.catch(() => Effect.succeed("refused"))
              )
              assert.strictEqual(ours, theirs(body, header, secret, 300), `${seconds}`)
            }
          }
        }
      }
    })
  )

  it("takes a signature from the future, and reads a tolerance of 0 as no limit, which Webhook does not", () => {
    const header = sign(payload, secret, now + 1_000_000)
    const event = Stripe.webhooks.constructEvent(payload, header, secret, 300, undefined, now * 1000)
    assert.strictEqual(event.id, "evt_1")
    const old = sign(payload, secret, now - 1_000_000)
    assert.strictEqual(Stripe.webhooks.constructEvent(payload, old, secret, 0, undefined, now * 1000).id, "evt_1")
  })
})

describe("neither the secret nor a person's data", () => {
  it.effect("is in anything that a refusal shows", () =>
    Effect.gen(function* () {
      const bytes = new TextEncoder().encode(payload)
      const broken = `${payload.slice(0, -1)},`
      const attempts: ReadonlyArray<object> = [
        { body: bytes.map((byte) => byte ^ 1) },
        { body: snapshot },
        { body: [payload] },
        { header: `v1=${secret}` },
        { header: { secret } },
        { secrets: [secret] },
        { secrets: { secret } },
        { secrets: [Redacted.make(`${secret} `)] },
        { secrets: [Redacted.make({ secret })] },
        { header: sign(payload, secret, now - 1000) },
        { livemode: false },
        ofBody(broken),
        ofBody({ ...snapshot, created: fullSession.url }),
        ofBody({ ...snapshot, data: { object: { ...fullSession, id: { name: fullSession.provided_details.email } } } }),
        ofBody({ ...snapshot, type: "charge.succeeded" })
      ]
      const personal = [
        secret,
        fullSession.client_secret,
        fullSession.url,
        ...Object.values(fullSession.provided_details)
      ]
      for (const attempt of attempts) {
        // Type boundary: what plain JavaScript may pass.
        const exit = yield* Effect.exit(verify(attempt as Partial<Webhook.Options>))
        assert.isTrue(Exit.isFailure(exit))
        const text = `${shown(exit)}${Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""}`
        for (const secret of personal) assert.notInclude(text, secret)
      }
    })
  )
})
