import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { TestClock } from "effect/testing"
import { Stripe } from "stripe"
import * as Sandbox from "../src/Sandbox.ts"
import { ask, inSandbox, listUrl } from "./support/sandboxClient.ts"
import { check, complaints } from "./support/sandboxContract.ts"
import { server } from "./support/sandboxServer.ts"
import { isPresent } from "./support/stripeMaterial.ts"

// What happens to a session, and what session, list, reports and events say of it afterwards.

const inEmpty = <A, E>(effect: Effect.Effect<A, E, Effect.Services<ReturnType<typeof ask>> | Sandbox.Sandbox>) =>
  inSandbox({ sessions: 0, seed: 3 }, effect)

const names = Effect.map(
  Sandbox.Sandbox.use((sandbox) => sandbox.events),
  (events) => events.map(({ type }) => type.slice(type.lastIndexOf(".") + 1))
)

const expanded = Effect.fnUntraced(function* (id: string) {
  const paths = [
    "verified_outputs.dob",
    "verified_outputs.id_number",
    "verified_outputs.sex",
    "last_verification_report.document.dob",
    "last_verification_report.document.number",
    "last_verification_report.document.expiration_date"
  ]
  const query = `?${paths.map((path) => `expand[]=${path}`).join("&")}`
  const { text } = yield* ask(query, { key: Sandbox.sensitiveApiKey, url: `${listUrl}/${id}` })
  if (isPresent) assert.deepStrictEqual(complaints(check().retrieve, JSON.parse(text)), [])
  // Type boundary: checked against Stripe's schema where that is present.
  return JSON.parse(text) as Sandbox.Session
})

/** A session that was verified, an hour after its creation, with each step in a second of its own. */
const verified = Effect.gen(function* () {
  const sandbox = yield* Sandbox.Sandbox
  const { id } = yield* sandbox.insert({
    type: "document",
    metadata: { plan: "pro" },
    provided_details: { email: "jenny.rosen@example.com" }
  })
  yield* TestClock.adjust("1 hour")
  yield* sandbox.submit(id)
  yield* TestClock.adjust("1 second")
  return yield* sandbox.pass(id)
})

const refusal = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => (Exit.isFailure(exit) ? Cause.pretty(exit.cause) : assert.fail("allowed")))

describe("a change", () => {
  it.effect("of inserting tells that the session was created", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const session = yield* sandbox.insert()
        const [event] = yield* sandbox.events
        assert.strictEqual(event?.type, "identity.verification_session.created")
        assert.deepStrictEqual<unknown>(event?.data.object, session)
        for (let count = 0; count < 20; count++) {
          const untried = { status: "requires_input", last_error: null, last_verification_report: null }
          assert.deepInclude(yield* sandbox.insert(), untried)
        }
        assert.deepStrictEqual(yield* sandbox.reports, [])
      })
    )
  )

  it.effect("of submitting closes the session, until the checks have passed with a new report", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id } = yield* sandbox.insert({ type: "document", last_error: null })
        yield* TestClock.adjust("1 hour")
        const processing = yield* sandbox.submit(id)
        assert.deepInclude(processing, { status: "processing", client_secret: null, url: null, last_error: null })
        yield* TestClock.adjust("1 minute")
        const session = yield* sandbox.pass(id)
        assert.deepInclude(session, { status: "verified", client_secret: null, url: null, last_error: null })
        assert.deepStrictEqual(yield* names, ["verified", "processing", "created"])
        assert.deepStrictEqual(yield* sandbox.sessions, [session])
        const [report] = yield* sandbox.reports
        assert.strictEqual(report?.id, session.last_verification_report)
        assert.strictEqual(report?.created, 3660)
        assert.strictEqual(report?.document?.["status"], "verified")
        const [event] = yield* sandbox.events
        assert.deepStrictEqual<unknown>(event?.data.object, session)
        assert.strictEqual(event?.created, 3660)
        assert.strictEqual((yield* expanded(id)).verified_outputs?.dob === undefined, false)
      })
    )
  )

  it.effect("of failing opens it again, and each attempt leaves a report of its own", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id, last_verification_report: none } = yield* sandbox.insert({ type: "document", last_error: null })
        assert.isNull(none)
        const links = new Set<string | null>()
        for (const code of ["document_expired", "abandoned", "selfie_face_mismatch"]) {
          yield* TestClock.adjust("1 minute")
          yield* sandbox.submit(id)
          const session = yield* sandbox.fail(id, { code })
          links.add(session.url).add(session.client_secret)
          assert.deepInclude(session, { status: "requires_input" })
          assert.strictEqual(session.last_error?.code, code)
        }
        // Links and secrets are new each time.
        assert.strictEqual(links.size, 6)
        yield* sandbox.submit(id)
        yield* sandbox.pass(id)
        const reports = yield* sandbox.reports
        assert.lengthOf(reports, 3)
        assert.deepStrictEqual(
          reports.map(({ document, selfie }) => `${document?.["status"]} ${selfie?.["status"]}`).toSorted(),
          ["unverified verified", "verified unverified", "verified verified"]
        )
        assert.strictEqual(new Set(reports.map(({ id }) => id)).size, 3)
      })
    )
  )

  it.effect("of an inserted session does not redact it, whichever session it is", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        for (let count = 0; count < 200; count++) {
          const { id, metadata } = yield* sandbox.insert()
          yield* sandbox.submit(id)
          assert.deepInclude(yield* sandbox.pass(id), { redaction: null, metadata })
          assert.deepInclude(yield* sandbox.redact(id), { redaction: { status: "processing" } })
          assert.isNull((yield* sandbox.insert({ status: "canceled" })).redaction)
        }
      })
    )
  )

  it.effect("of canceling cannot be undone", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id } = yield* sandbox.insert()
        yield* sandbox.submit(id)
        yield* sandbox.fail(id, { code: "document_expired" })
        const session = yield* sandbox.cancel(id)
        assert.deepInclude(session, { status: "canceled", client_secret: null, url: null, redaction: null })
        assert.isNull(session.last_error)
        for (const change of [sandbox.submit(id), sandbox.pass(id), sandbox.fail(id)]) {
          assert.match(yield* refusal(change), /it has a status of "canceled"/)
        }
        assert.deepStrictEqual(yield* sandbox.cancel(id), session)
        assert.deepStrictEqual((yield* names).toSorted(), ["canceled", "created", "processing", "requires_input"])
      })
    )
  )

  it.effect("of canceling a verified one is refused in Stripe's words", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id } = yield* verified
        assert.include(
          yield* refusal(sandbox.cancel(id)),
          'You cannot cancel this VerificationSession because it has a status of "verified". Only a VerificationSession ' +
            'in "requires_input" status may be canceled.'
        )
      })
    )
  )

  it.effect("in the Dashboard takes a verified session back, and gives it again", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id, last_verification_report } = yield* verified
        const before = yield* sandbox.reports
        const open = yield* sandbox.override(id, "requires_input")
        assert.deepInclude(open, { status: "requires_input", last_verification_report })
        assert.isNotNull(open.url)
        assert.isNull((yield* expanded(id)).verified_outputs)
        yield* TestClock.adjust("1 second")
        yield* sandbox.override(id, "verified")
        assert.strictEqual((yield* names)[0], "verified")
        assert.deepStrictEqual(yield* sandbox.reports, before)
        assert.match(yield* refusal(sandbox.override(id, "verified")), /it has a status of "verified"/)
      })
    )
  )

  it.effect("of metadata has no event, and an empty value takes its key away", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id } = yield* sandbox.insert({ metadata: { plan: "pro", team: "risk" } })
        const { metadata } = yield* sandbox.editMetadata(id, { plan: "free", team: "", seat: "1" })
        assert.deepStrictEqual(metadata, { plan: "free", seat: "1" })
        assert.deepStrictEqual((yield* sandbox.sessions)[0]?.metadata, metadata)
        assert.deepStrictEqual(yield* names, ["created"])
        const [event] = yield* sandbox.events
        assert.deepStrictEqual(event?.data.object.metadata, { plan: "pro", team: "risk" })
      })
    )
  )

  it.effect("of a session that does not exist, or of one that is not in the right status, dies and says why", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        assert.match(yield* refusal(sandbox.cancel("vs_none")), /No such VerificationSession: 'vs_none'/)
        const { id } = yield* sandbox.insert()
        assert.match(yield* refusal(sandbox.pass(id)), /You cannot verify.*status of "requires_input"/)
        yield* sandbox.submit(id)
        assert.match(yield* refusal(sandbox.redact(id)), /You cannot redact.*status of "processing"/)
        assert.deepStrictEqual((yield* names).toSorted(), ["created", "processing"])
      })
    )
  )

  it.effect("applies to sessions of the start as well", () =>
    inSandbox(
      {},
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const before = yield* sandbox.sessions
        const { id } = before.find(({ status }) => status === "requires_input") ?? assert.fail("none is open")
        yield* sandbox.submit(id)
        yield* sandbox.pass(id)
        const after = yield* sandbox.sessions
        assert.strictEqual(after.find((session) => session.id === id)?.status, "verified")
        assert.deepStrictEqual(
          after.filter((session) => session.id !== id),
          before.filter((session) => session.id !== id)
        )
        assert.deepStrictEqual((yield* names).toSorted(), ["processing", "verified"])
      })
    )
  )
})

describe("a redaction", () => {
  it.effect("takes a day, and leaves placeholders in session, reports and old events", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id } = yield* verified
        const before = yield* expanded(id)
        const country = before.verified_outputs?.address?.country
        yield* TestClock.adjust("1 minute")
        const begun = yield* sandbox.redact(id)
        assert.deepStrictEqual(begun.redaction, { status: "processing" })
        assert.strictEqual(begun.status, "verified")
        assert.strictEqual((yield* names)[0], "canceled")
        assert.deepStrictEqual((yield* expanded(id)).verified_outputs, before.verified_outputs)
        yield* TestClock.adjust("23 hours")
        assert.deepStrictEqual((yield* expanded(id)).redaction, { status: "processing" })
        yield* TestClock.adjust("1 hour")
        const after = yield* expanded(id)
        assert.deepInclude(after, {
          status: "verified",
          redaction: { status: "redacted" },
          metadata: {},
          client_secret: null,
          url: null,
          provided_details: { email: "[redacted]" }
        })
        assert.deepInclude(after.verified_outputs, { first_name: "[redacted]", dob: { day: 1, month: 1, year: 1 } })
        assert.strictEqual(after.verified_outputs?.address?.city, "[redacted]")
        assert.strictEqual(after.verified_outputs?.address?.country, country)
        const report = after.last_verification_report
        const document = typeof report === "object" ? report?.document : undefined
        assert.deepInclude(document, {
          number: "[redacted]",
          dob: { day: 1, month: 1, year: 1 },
          expiration_date: { day: 1, month: 1, year: 1 },
          issuing_country: country
        })
        const events = yield* sandbox.events
        assert.deepStrictEqual(
          (yield* names).filter((name) => name !== "created"),
          ["redacted", "canceled", "verified", "processing"]
        )
        assert.strictEqual(events[0]?.created, 3600 + 1 + 60 + 86_400)
        const everything = JSON.stringify([events, yield* sandbox.reports, yield* sandbox.sessions])
        assert.notMatch(everything, /jenny|"plan"|_secret_/)
        assert.match(yield* refusal(sandbox.redact(id)), /it has been redacted/)
        assert.match(yield* refusal(sandbox.editMetadata(id, { a: "b" })), /it has been redacted/)
      })
    )
  )

  it.effect.each([false, true])("of an open session cancels it, and a canceled one stays so: %s", (isCanceled) =>
    inSandbox(
      { sessions: 0, redactionTime: "4 days" },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { id } = yield* sandbox.insert({ last_error: { code: "abandoned", reason: "The person left." } })
        if (isCanceled) yield* sandbox.cancel(id)
        const begun = yield* sandbox.redact(id)
        assert.deepInclude(begun, { status: "canceled", redaction: { status: "processing" }, url: null })
        assert.isNull(begun.last_error)
        yield* TestClock.adjust("4 days")
        assert.deepInclude((yield* sandbox.sessions)[0], { status: "canceled", redaction: { status: "redacted" } })
        const twice = isCanceled ? ["canceled"] : []
        assert.deepStrictEqual((yield* names).toSorted(), [...twice, "canceled", "created", "redacted"])
      })
    )
  )

  it.effect("of the start keeps dates and countries in its place, where they were null and redacted", () =>
    inSandbox(
      { sessions: 400 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const gone = (yield* sandbox.sessions).filter(({ redaction }) => redaction?.status === "redacted")
        let seen = 0
        for (const { id } of gone) {
          const { provided_details, status, verified_outputs: outputs } = yield* expanded(id)
          assert.notMatch(JSON.stringify(provided_details ?? null), /@/)
          if (status !== "verified") continue
          seen++
          assert.deepStrictEqual(outputs?.dob, { day: 1, month: 1, year: 1 })
          assert.match(String(outputs?.address?.country), /^[A-Z]{2}$/)
        }
        assert.isAbove(seen, 3)
      })
    )
  )
})

describe("a fault of events", () => {
  const created = (fault: Sandbox.EventFault, options?: Sandbox.InjectEventOptions) =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.injectEvent(fault, options)
      yield* sandbox.insert()
      return yield* sandbox.events
    })

  it.effect("loses an event", () =>
    inEmpty(
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* created(Sandbox.EventFault.Lost()), [])
        assert.lengthOf(yield* Sandbox.Sandbox.use((sandbox) => Effect.andThen(sandbox.insert(), sandbox.events)), 1)
      })
    )
  )

  it.effect("tells a change twice, by events with ids of their own", () =>
    inEmpty(
      Effect.gen(function* () {
        const events = yield* created(Sandbox.EventFault.Duplicated())
        assert.lengthOf(events, 2)
        assert.strictEqual(new Set(events.map(({ id }) => id)).size, 2)
        assert.strictEqual(new Set(events.map(({ data }) => data.object.id)).size, 1)
      })
    )
  )

  it.effect("lists an event late", () =>
    inEmpty(
      Effect.gen(function* () {
        assert.isEmpty(yield* created(Sandbox.EventFault.Late({ by: "1 hour" })))
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(yield* names, ["created"])
      })
    )
  )

  it.effect("renders an event at another version, without the fields that it lacks", () =>
    inEmpty(
      Effect.gen(function* () {
        const [event] = yield* created(Sandbox.EventFault.Drifted({ version: "2019-02-19", without: ["metadata"] }))
        assert.strictEqual(event?.api_version, "2019-02-19")
        assert.notProperty(event?.data.object, "metadata")
      })
    )
  )

  it.effect("waits for the event that it is meant for, and can be withdrawn", () =>
    inEmpty(
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const when = ({ type }: { readonly type: string }) => type.endsWith("canceled")
        assert.lengthOf(yield* created(Sandbox.EventFault.Lost(), { when, times: Infinity, skip: 1 }), 1)
        for (let count = 0; count < 3; count++) yield* Effect.flatMap(sandbox.insert(), ({ id }) => sandbox.cancel(id))
        assert.lengthOf(
          (yield* names).filter((name) => name === "canceled"),
          1
        )
        yield* sandbox.clearFaults
        yield* Effect.flatMap(sandbox.insert(), ({ id }) => sandbox.cancel(id))
        assert.lengthOf(
          (yield* names).filter((name) => name === "canceled"),
          2
        )
        assert.match(
          yield* refusal(sandbox.injectEvent(Object({ _tag: "Odd" }))),
          /injectEvent must be made with EventFault/
        )
      })
    )
  )
})

describe("stripe-node", () => {
  it.live("cancels, redacts and updates, and the events name its requests", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const address = new URL(yield* HttpServer.addressFormattedWith(Effect.succeed))
      const client = (key: Redacted.Redacted<string>) =>
        new Stripe(Redacted.value(key), {
          host: address.hostname,
          port: address.port,
          protocol: "http",
          maxNetworkRetries: 0,
          telemetry: false
        }).identity.verificationSessions
      const sessions = client(Sandbox.apiKey)
      const [one, two] = [yield* sandbox.insert(), yield* sandbox.insert()]
      const canceled = yield* Effect.promise(() => sessions.cancel(one.id, {}, { idempotencyKey: "once" }))
      assert.strictEqual(canceled.status, "canceled")
      const [event] = (yield* sandbox.events).filter(({ type }) => type.endsWith("canceled"))
      assert.strictEqual(event?.request?.id, canceled.lastResponse.requestId)
      assert.strictEqual(event?.request?.idempotency_key, "once")
      const updated = yield* Effect.promise(() => sessions.update(two.id, { metadata: { seat: "1" } }))
      assert.strictEqual(updated.metadata["seat"], "1")
      const redacted = yield* Effect.promise(() => sessions.redact(two.id))
      assert.strictEqual(redacted.redaction?.status, "processing")
      const error = (promise: Promise<unknown>) =>
        Effect.promise(() =>
          promise.then(
            () => assert.fail("it was allowed"),
            (cause: unknown) => cause
          )
        )
      assert.strictEqual((yield* Effect.promise(() => sessions.cancel(one.id))).status, "canceled")
      assert.instanceOf(yield* error(sessions.cancel("vs_none")), Stripe.errors.StripeInvalidRequestError)
      assert.instanceOf(
        yield* error(sessions.update(one.id, { type: "document" })),
        Stripe.errors.StripeInvalidRequestError
      )
      assert.instanceOf(
        yield* error(client(Sandbox.sensitiveApiKey).cancel(one.id)),
        Stripe.errors.StripePermissionError
      )
    }).pipe(Effect.provide(server({ sessions: 0 })))
  )

  it.live("changes a session once, whatever becomes of the answer", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const address = yield* HttpServer.addressFormattedWith(Effect.succeed)
      for (const fault of [
        Sandbox.Fault.OversizedPage(),
        Sandbox.Fault.TruncatedJson(),
        Sandbox.Fault.ResetMidBody()
      ]) {
        const { id } = yield* sandbox.insert()
        yield* sandbox.inject(fault)
        const status = yield* Effect.promise(() =>
          fetch(`${address}/v1/identity/verification_sessions/${id}/cancel`, {
            method: "POST",
            headers: { authorization: `Bearer ${Redacted.value(Sandbox.apiKey)}` }
          })
            .then((response) => response.text().then(() => response.status))
            .catch(() => undefined)
        )
        assert.strictEqual(status, fault._tag === "ResetMidBody" ? undefined : 200)
        const own = (yield* sandbox.events).filter(({ data }) => data.object.id === id)
        assert.lengthOf(own, 2, fault._tag)
      }
    }).pipe(Effect.provide(server({ sessions: 0 })))
  )
})
