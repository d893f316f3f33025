// Webhooks: stores a session as soon as Stripe says that it changed, in the database that examples/mirror.ts keeps.
//
//   node examples/webhook.ts --database sqlite:out/mirror.db --port 3000
//   STRIPE_WEBHOOK_SECRET=whsec_… STRIPE_API_KEY=rk_… node examples/webhook.ts --database postgres://me@localhost/sessions
//
// A webhook only says which session changed. The session is read again and stored, unless a later read is stored already, so
// order and repetition do not matter. The answer is 200 only when it is stored; after any other answer Stripe delivers again.
// Webhooks can be lost, so run the mirror as well. Without a key, a sandbox delivers what happens in it.
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { ByteSize, Config, Console, Deferred, Effect, Layer, Redacted, Stream } from "effect"
import { Command } from "effect/cli"
import { FetchHttpClient, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { RetryPolicy, VerificationSessions, Webhook } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import { createServer } from "node:http"
import * as Database from "./support/database.ts"
import { continueWithoutReader, report } from "./support/output.ts"
import * as Port from "./support/port.ts"
import { presenter } from "./support/presenter.ts"
import { isSandbox, layer, verifications } from "./support/source.ts"

const path = "/webhooks"

/** The end of a redaction is delivered only to endpoints that name its event. */
const types = (["created", "processing", "requires_input", "verified", "canceled", "redacted"] as const).map(
  (change) => `identity.verification_session.${change}` as const
)

/**
 * While a secret is rolled there are two, with a comma between them. Only the sandbox has a default, because anybody could
 * sign with a secret that stands here.
 */
const secrets = Effect.gen(function* () {
  const ofSandbox = (yield* isSandbox) ? "whsec_SANDBOX_webhook_secret" : ""
  const text = yield* Config.Redacted("STRIPE_WEBHOOK_SECRET").pipe(Config.withDefault(Redacted.make(ofSandbox)))
  const all = Redacted.value(text).split(",")
  return yield* all.every((secret) => /^whsec_\S+$/.test(secret.trim()))
    ? Effect.succeed(all.map((secret) => Redacted.make(secret.trim())))
    : Effect.fail(
        new Error(
          "STRIPE_WEBHOOK_SECRET: expected the signing secret of the endpoint (whsec_…), or two with a comma between them. Copy it from the endpoint in Stripe's Dashboard, or from stripe listen."
        )
      )
})

/** Stores the session that a webhook is about. */
const store = Effect.fn("store")(function* (request: HttpServerRequest.HttpServerRequest, options: Options) {
  const { livemode, secrets, table } = options
  // The bytes as they came: a parsed body has another signature.
  const body = yield* Effect.provideService(request.arrayBuffer, HttpServerRequest.MaxBodySize, ByteSize.megabytes(1))
  const header = request.headers["stripe-signature"]
  const { sessionId, type } = yield* Webhook.verify({ body, header, secrets, livemode })
  // Whoever reads the log looks for the session, and whether a later delivery has stored it.
  const later = (why: string) => Effect.succeed({ status: 503, text: `${sessionId} not stored after ${type}. ${why}` })
  let isThere = false
  const read = VerificationSessions.reread([sessionId]).pipe(
    Stream.runForEach((batch) => {
      isThere = batch.sessions.length > 0
      return table.upsert(batch)
    }),
    Effect.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ maxElapsed: "5 seconds" })),
    // Stripe waits for some ten seconds, and then delivers again. A request to Stripe or a database may wait for longer.
    Effect.timeout("8 seconds")
  )
  return yield* read.pipe(
    Effect.map(() =>
      isThere
        ? { status: 200, text: `${sessionId} stored after ${type}` }
        : { status: 404, text: `${sessionId} is of another account or mode than the key` }
    ),
    Effect.catchTags({
      StripeError: ({ message }) => later(message),
      SqlError: (error) => later(Database.inWords(error)),
      TimeoutError: () =>
        later("Neither stored nor refused within 8 seconds. Check whether Stripe and the database answer.")
    })
  )
})

interface Options {
  readonly table: SqlDestination.SqlDestination
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
  readonly livemode: boolean | undefined
}

const route = (options: Options) =>
  HttpRouter.add("POST", path, (request) =>
    store(request, options).pipe(
      // Nothing to store, and Stripe need not deliver it again.
      Effect.catchReasons("WebhookError", {
        UnrelatedEventError: ({ message }) => Effect.succeed({ status: 200, text: message }),
        WrongModeError: ({ message }) => Effect.succeed({ status: 200, text: message })
      }),
      Effect.catchTags({
        WebhookError: ({ message }) => Effect.succeed({ status: 400, text: message }),
        HttpServerError: () => Effect.succeed({ status: 400, text: "The body could not be read." })
      }),
      Effect.tap(({ status, text }) => (status === 200 ? Console.log(status, text) : Console.error(status, text))),
      // Whoever asks learns no more than this.
      Effect.map(({ status }) => HttpServerResponse.text(status === 200 ? "stored" : "not stored", { status }))
    )
  )

const webhook = Effect.fn("webhook")(function* (port: number) {
  const key = yield* Config.String("STRIPE_API_KEY").pipe(Config.withDefault(""))
  const account = yield* Config.String("STRIPE_ACCOUNT").pipe(Config.withDefault(""))
  const options: Options = {
    table: yield* SqlDestination.make({ account }),
    secrets: yield* secrets,
    livemode: key.includes("_live_") ? true : key.includes("_test_") ? false : undefined
  }
  const address = yield* Deferred.make<string>()
  // In the sandbox somebody verifies themselves every few seconds, and everything that happens is delivered.
  const deliveries = Effect.flatMap(Deferred.await(address), (url) =>
    Effect.all([verifications("1 second"), Sandbox.deliver({ url: url + path, secrets: options.secrets, types })], {
      concurrency: 2
    })
  ).pipe(Effect.provide(FetchHttpClient.layer))

  const server = HttpRouter.serve(route(options), { disableListenLog: true, disableLogger: true }).pipe(
    Layer.provide(layer({ sandbox: { redactionTime: "3 seconds" }, meanwhile: deliveries })),
    Layer.provideMerge(
      NodeHttpServer.layer(createServer, { host: "127.0.0.1", port, gracefulShutdownTimeout: "5 seconds" })
    )
  )
  yield* Effect.gen(function* () {
    const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
    yield* Console.log(`Listening on ${url}${path}. For events of Stripe: stripe listen --forward-to ${url}${path}`)
    yield* Deferred.succeed(address, url)
    return yield* Effect.never
  }).pipe(Effect.provide(server), Effect.catchTag("ServeError", Port.refused(port)))
})

const command = Command.make(
  "webhook",
  {
    database: Database.flag,
    port: Port.flag(3000)
  },
  ({ database, port }) =>
    webhook(port).pipe(
      Effect.provide(Layer.provideMerge(SqlDestination.layer(), Database.layer(database))),
      Effect.tapCause((cause) => report(cause, Database.inWords))
    )
).pipe(Command.withDescription("Stores sessions as soon as Stripe's webhooks say that they changed"))

continueWithoutReader()

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([NodeServices.layer, presenter]),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
