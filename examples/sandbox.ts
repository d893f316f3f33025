// The sandbox as a server: a simulated Stripe on a port of this machine, for any Stripe client. It accepts every Host name,
// because a container may use its own name for this machine, and because all its data is made up.
//
//   npm run sandbox -- --port 12111 --sessions 2500
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Exit, Layer, Option, Redacted } from "effect"
import { Command, Flag } from "effect/cli"
import { FetchHttpClient, HttpServer } from "effect/http"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { createServer } from "node:http"
import { continueWithoutReader, report } from "./support/output.ts"
import * as Port from "./support/port.ts"
import { presenter } from "./support/presenter.ts"

const isLoopback = (text: string): boolean =>
  URL.canParse(text) &&
  /^https?:$/.test(new URL(text).protocol) &&
  ["127.0.0.1", "localhost", "[::1]"].includes(new URL(text).hostname)

const flags = {
  port: Port.flag(12111),
  sessions: Flag.Int("sessions").pipe(
    Flag.withDescription("How many sessions there are (default 2500)"),
    Flag.filter(
      (sessions) => sessions >= 0 && sessions <= 1e9,
      () => "a number between 0 and 1000000000"
    ),
    Flag.withDefault(2500)
  ),
  history: Flag.Literals("history", ["uniform", "growing", "daily", "bursty", "import", "one-second"]).pipe(
    Flag.withDescription("How the sessions are spread over the year 2025 (default uniform)"),
    Flag.withDefault("uniform")
  ),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("The same seed gives the same sessions (default 1)"),
    Flag.withDefault(1)
  ),
  latency: Flag.Int("latency").pipe(
    Flag.withDescription("Milliseconds that a reply takes (default 0)"),
    Flag.filter(
      (latency) => latency >= 0,
      () => "no less than 0 milliseconds"
    ),
    Flag.withDefault(0)
  ),
  rateLimit: Flag.Int("rate-limit").pipe(
    Flag.withDescription("Requests a second, above which the reply is 429 (default no limit; Stripe's own is 25)"),
    Flag.filter(
      (limit) => limit > 0,
      () => "at least one request a second"
    ),
    Flag.optional
  ),
  accountRateLimit: Flag.Int("account-rate-limit").pipe(
    Flag.withDescription("Requests a second of one account, above which the reply is 429 (default no limit)"),
    Flag.filter(
      (limit) => limit > 0,
      () => "at least one request a second"
    ),
    Flag.optional
  ),
  accounts: Flag.Int("accounts").pipe(
    Flag.withDescription("How many connected accounts /v1/accounts lists: acct_1, acct_2 and so on (default 0)"),
    Flag.filter(
      (count) => count >= 0 && count <= 100_000,
      () => "a number between 0 and 100000"
    ),
    Flag.withDefault(0)
  ),
  revoked: Flag.String("revoked").pipe(
    Flag.withDescription("A connected account (acct_…) that no key may read; repeat it for several"),
    Flag.filter(
      (account) => /^acct_\w+$/.test(account),
      () => "the id of an account, such as acct_1"
    ),
    Flag.between(0, 1000)
  ),
  flaky: Flag.Int("flaky").pipe(
    Flag.withDescription(
      "Every how many requests one fails: with 429, 500, a reset, a truncated body, in turn (default never)"
    ),
    Flag.filter(
      (every) => every > 1,
      () => "2 or more, so that something goes well"
    ),
    Flag.optional
  ),
  webhook: Flag.String("webhook").pipe(
    Flag.withDescription("A URL of this machine to which every event is posted as a signed webhook"),
    Flag.filter(isLoopback, () => "an http URL of this machine, such as http://127.0.0.1:3000/webhooks"),
    Flag.optional
  ),
  webhookSecret: Flag.String("webhook-secret").pipe(
    Flag.withDescription("The secret that webhooks are signed with (default whsec_SANDBOX_webhook_secret)"),
    Flag.withDefault("whsec_SANDBOX_webhook_secret")
  )
}

const faults = [
  Sandbox.Fault.RateLimited({ retryAfter: 1 }),
  Sandbox.Fault.ServerError(),
  Sandbox.Fault.ResetMidBody(),
  Sandbox.Fault.TruncatedJson()
]

const command = Command.make(
  "sandbox",
  flags,
  Effect.fn(function* ({ flaky, history, latency, port, seed, sessions, webhook, webhookSecret, ...given }) {
    const rateLimit = [
      ...Option.toArray(given.rateLimit).map((limit) => ({ limit, window: "1 second" }) as const),
      ...Option.toArray(given.accountRateLimit).map((limit) => ({ limit, window: "1 second", per: "account" }) as const)
    ]
    const server = Sandbox.layerServer.pipe(
      Layer.provideMerge(
        Sandbox.layerSandbox({
          sessions,
          history,
          seed,
          latency: { base: latency, jitter: 0.3 },
          // Nobody reads the recorded requests here, and a server may run for days.
          recordedRequests: 1,
          rateLimit,
          accounts: Object.fromEntries([
            ...Array.from({ length: given.accounts }, (_, index) => [`acct_${index + 1}`, {}] as const),
            ...given.revoked.map((account) => [account, { access: "revoked" }] as const)
          ])
        })
      ),
      Layer.provideMerge(
        // On exit, do not wait for requests that hang.
        // Long request lines get Stripe's answer, not Node's.
        NodeHttpServer.layer(() => createServer({ maxHeaderSize: 64 * 1024 }), {
          host: "127.0.0.1",
          port,
          disablePreemptiveShutdown: true
        })
      )
    )
    yield* Effect.gen(function* () {
      if (Option.isSome(flaky)) yield* breakEvery(flaky.value)
      yield* announce(sessions)
      if (Option.isNone(webhook)) return yield* Effect.never
      yield* deliverTo(webhook.value, webhookSecret)
    }).pipe(
      Effect.provide([server, FetchHttpClient.layer]),
      // Stripe does not follow redirects.
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
      Effect.onInterrupt(() => Console.log("\nThe sandbox has ended.")),
      Effect.catchTag("ServeError", Port.refused(port)),
      Effect.tapCause(report)
    )
  })
).pipe(Command.withDescription("A simulated Stripe with verification sessions, on this machine only"))

const breakEvery = Effect.fnUntraced(function* (every: number) {
  const sandbox = yield* Sandbox.Sandbox
  for (const [turn, fault] of faults.entries()) {
    yield* sandbox.inject(fault, {
      times: Infinity,
      when: ({ index }) => (index + 1) % every === 0 && Math.floor(index / every) % faults.length === turn
    })
  }
})

const deliverTo = (url: string, secret: string) =>
  Sandbox.deliver({
    url,
    secrets: [Redacted.make(secret)],
    onAttempt: ({ delivery, status }) =>
      Console.log(`${status ?? "no answer"} for ${delivery.type} ${delivery.eventId}`)
  })

const announce = Effect.fnUntraced(function* (sessions: number) {
  const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
  const key = Redacted.value(Sandbox.apiKey)
  yield* Console.log(
    [
      `A simulated Stripe with ${sessions} verification sessions is listening on ${url}`,
      `It accepts the key ${key}, which is a fake and opens nothing else.`,
      "",
      "Try it:",
      `  curl "${url}/v1/identity/verification_sessions?limit=2" -u ${key}:`,
      `  curl ${url}/_sandbox/insert -d '{"id":"vs_1"}'; curl ${url}/_sandbox/submit -d '{"id":"vs_1"}'`,
      `  curl "${url}/v1/events" -u ${key}:`,
      "",
      "Press Ctrl-C to end it."
    ].join("\n")
  )
})

continueWithoutReader()

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([NodeServices.layer, presenter]),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    // Ctrl-C is the normal end of the sandbox, so it exits with 0.
    teardown: (exit, end) => end(Exit.isSuccess(exit) || Exit.hasInterrupts(exit) ? 0 : 1)
  })
)
