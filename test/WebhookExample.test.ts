import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, FileSystem, Layer, Option, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Stripe } from "stripe"
import { runExample } from "./support/programs.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

// examples/webhook.ts as a program, to which a sandbox delivers.

const secrets = ["whsec_SANDBOX_old", "whsec_SANDBOX_new"].map((secret) => Redacted.make(secret))
const [oldSecret, newSecret] = secrets
const both = secrets.map((secret) => Redacted.value(secret)).join(",")

const there = Layer.fresh(
  Layer.mergeAll(server({ sessions: 20, redactionTime: "10 millis" }), NodeFileSystem.layer, FetchHttpClient.layer)
)

/** The program on a new database, while it runs. Stops it in the end. */
const started = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const path = join(yield* files.makeTempDirectoryScoped({ prefix: "webhook-" }), "mirror.db")
  const url = yield* baseUrl
  const stop = yield* Deferred.make<void>()
  const listening = yield* Deferred.make<string>()
  const program = yield* Effect.forkChild(
    runExample("webhook.ts", ["--database", `sqlite:${path}`, "--port", "0"], {
      url,
      signal: "SIGTERM",
      killedAfter: Deferred.await(stop),
      env: { STRIPE_WEBHOOK_SECRET: both },
      onOutput: (output) => {
        const [, address] = /Listening on (\S+)\./.exec(output) ?? []
        if (address !== undefined) Deferred.doneUnsafe(listening, Effect.succeed(address))
      }
    })
  )
  const address = yield* Effect.raceFirst(
    Deferred.await(listening),
    Effect.flatMap(Fiber.join(program), ({ errors }) => Effect.die(new Error(errors)))
  )
  const post = (body: string, headers: Readonly<Record<string, string>>) =>
    Effect.promise(() => fetch(address, { method: "POST", body, headers }).then(({ status }) => status))
  const rows = () => {
    const database = new DatabaseSync(path, { readOnly: true })
    const all = database.prepare("SELECT id, status, redaction_status FROM verification_sessions ORDER BY id").all()
    database.close()
    return all.map((row) => Object.values(row).join(" "))
  }
  const end = Effect.andThen(Deferred.succeed(stop, undefined), Fiber.join(program))
  return { path, address, post, rows, end }
})

/** What the sandbox has to deliver, all kinds of events. */
const deliveries = (options: Partial<Sandbox.DeliveryOptions> = {}) =>
  Sandbox.Sandbox.use((sandbox) => sandbox.deliveries({ secrets, types, ...options }))

const types = (["created", "processing", "requires_input", "verified", "canceled", "redacted"] as const).map(
  (change) => `identity.verification_session.${change}` as const
)

const live = (id: string) =>
  Sandbox.Sandbox.use((sandbox) =>
    Effect.gen(function* () {
      yield* sandbox.insert({ id })
      yield* sandbox.submit(id)
      yield* sandbox.pass(id)
    })
  )

describe("webhook", () => {
  it.live("stores sessions as they are now, in whatever order, number and shape webhooks come", () =>
    Effect.gen(function* () {
      const { end, post, rows } = yield* started
      const sandbox = yield* Sandbox.Sandbox
      yield* live("vs_a")
      yield* live("vs_b")
      yield* sandbox.redact("vs_b")
      yield* Effect.sleep("50 millis")
      for (const options of [
        { order: "reversed" },
        { order: "shuffled", times: 3 },
        { thin: true },
        { secrets: oldSecret === undefined ? [] : [oldSecret] },
        { secrets: newSecret === undefined ? [] : [newSecret] }
      ] as const) {
        for (const { body, headers } of yield* deliveries(options)) assert.strictEqual(yield* post(body, headers), 200)
        assert.deepStrictEqual(rows(), ["vs_a verified ", "vs_b verified redacted"])
      }
      const { errors, output } = yield* end
      assert.strictEqual(errors, "")
      assert.match(output, /\n200 vs_a stored after identity\.verification_session\.verified\n/)
      assert.match(output, /\n200 vs_a stored after v1\.identity\.verification_session\.verified\n/)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.live("refuses what is not of Stripe, or not of now, or not of this account, and stores nothing of it", () =>
    Effect.gen(function* () {
      const { address, end, post, rows } = yield* started
      yield* live("vs_a")
      const status = Effect.fnUntraced(function* (options: Partial<Sandbox.DeliveryOptions>) {
        const [{ body, headers } = assert.fail()] = yield* deliveries(options)
        return yield* post(body, headers)
      })
      const [{ body, headers } = assert.fail()] = yield* deliveries()
      assert.strictEqual(yield* status({ age: "6 minutes" }), 400)
      assert.strictEqual(yield* status({ tampered: true }), 400)
      assert.strictEqual(yield* status({ secrets: [Redacted.make("whsec_SANDBOX_other")] }), 400)
      const { "stripe-signature": _, ...unsigned } = headers
      assert.strictEqual(yield* post(body, unsigned), 400)
      assert.strictEqual(yield* post(JSON.stringify(JSON.parse(body)), headers), 400)
      assert.strictEqual(yield* post("x".repeat(1_000_001), headers), 400)
      // Genuine, and not to be stored.
      const signed = (changes: object) => {
        const payload = JSON.stringify({ ...JSON.parse(body), ...changes })
        return post(payload, {
          "stripe-signature": Stripe.webhooks.generateTestHeaderString({
            payload,
            secret: Redacted.value(newSecret ?? assert.fail())
          })
        })
      }
      assert.strictEqual(yield* signed({ livemode: true }), 200)
      assert.strictEqual(yield* signed({ data: { object: { id: "vs_elsewhere" } } }), 404)
      assert.strictEqual(yield* signed({ type: "customer.created" }), 200)
      assert.strictEqual(yield* Effect.promise(() => fetch(address).then(({ status }) => status)), 404)
      assert.deepStrictEqual(rows(), [])
      const { errors } = yield* end
      assert.match(
        errors,
        /^400 Webhook\.verify: TooOldError: Expected a signature made at most 5m before the event was received, got 6m/m
      )
      assert.match(
        errors,
        /^400 .*SignatureMismatchError: .*by one of the 2 secrets, got others\. Pass the raw body, byte for byte/m
      )
      assert.match(errors, /^400 .*MissingHeaderError: Expected the Stripe-Signature header, got nothing/m)
      for (const secret of secrets) assert.notInclude(errors, Redacted.value(secret))
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.live("answers with a 2xx only when the session is stored, so what failed is delivered again", () =>
    Effect.gen(function* () {
      const { address, end, path, rows } = yield* started
      const sandbox = yield* Sandbox.Sandbox
      const statuses: Array<number | undefined> = []
      const answered = (status: number, times: number) =>
        Effect.repeat(Effect.sleep("10 millis"), {
          until: () => statuses.filter((one) => one === status).length >= times
        })
      yield* Effect.forkChild(
        Sandbox.deliver({
          url: address,
          secrets,
          onAttempt: ({ status }) => Effect.sync(() => statuses.push(status))
        })
      )
      // Stripe is down for longer than the program waits.
      yield* sandbox.inject(Sandbox.Fault.ServerError({ status: 503 }), { times: 4 })
      yield* sandbox.insert({ id: "vs_a" })
      yield* answered(503, 1)
      assert.deepStrictEqual(rows(), [])
      yield* answered(200, 1)
      assert.deepStrictEqual(rows(), ["vs_a requires_input "])
      // The database is in use for longer than the program waits.
      const other = new DatabaseSync(path)
      other.exec("BEGIN IMMEDIATE")
      yield* sandbox.submit("vs_a")
      yield* answered(503, 2)
      other.exec("COMMIT")
      other.close()
      yield* answered(200, 2)
      assert.deepStrictEqual(rows(), ["vs_a processing "])
      const { errors } = yield* end
      assert.match(
        errors,
        /^503 vs_a not stored after identity\.verification_session\.created\. VerificationSessions\.reread: ApiError: /m
      )
      assert.match(
        errors,
        /^503 vs_a not stored after .*\.processing\. The database refused: database is locked\. Another program /m
      )
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.live("answers before Stripe gives up, where Stripe itself does not answer", () =>
    Effect.gen(function* () {
      const { end, post, rows } = yield* started
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.insert({ id: "vs_a" })
      yield* sandbox.inject(Sandbox.Fault.Hang())
      const [{ body, headers } = assert.fail()] = yield* deliveries()
      // Without a limit of its own, the program would answer after the 80 seconds of its client.
      const first = yield* Effect.timeoutOption(post(body, headers), "70 seconds")
      assert.deepStrictEqual(first, Option.some(503))
      assert.strictEqual(yield* post(body, headers), 200)
      assert.deepStrictEqual(rows(), ["vs_a requires_input "])
      const { errors } = yield* end
      assert.match(errors, /^503 vs_a not stored after .*\.created\. Neither stored nor refused within 8 seconds/m)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.live("does not start with a secret that anybody could sign with, or with a port that cannot be", () =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const path = join(yield* FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped()), "mirror.db")
      const run = (secret: string, port = "0") =>
        runExample("webhook.ts", ["--database", `sqlite:${path}`, "--port", port], {
          url,
          env: { STRIPE_WEBHOOK_SECRET: secret }
        })
      for (const secret of ["", "whsec_one two"]) {
        const { code, errors } = yield* run(secret)
        assert.strictEqual(code, 1)
        assert.match(
          errors,
          /^STRIPE_WEBHOOK_SECRET: expected the signing secret of the endpoint \(whsec_…\).*Copy it from the endpoint/
        )
        if (secret !== "") assert.notInclude(errors, secret)
      }
      const { code, errors } = yield* run("whsec_one", "99999")
      assert.strictEqual(code, 1)
      assert.match(errors, /--port: "99999"\. Expected: a port between 0 and 65535/)
    }).pipe(Effect.scoped, Effect.provide(there))
  )
})
