// One failing call for every message that the library can show. `messages.ts` prints them.
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import {
  ConfigProvider,
  DateTime,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Redacted,
  type Result,
  Schema,
  Stream
} from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import {
  Checkpoint,
  FileDestination,
  Pagination,
  RetryPolicy,
  SessionFilter,
  StripeClient,
  StripeError,
  VerificationReports,
  VerificationSession,
  VerificationSessions,
  Webhook
} from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Stripe } from "stripe"
import { fullSession } from "./identityRows.ts"

const created = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
const now = DateTime.toEpochMillis(created)
const account = "acct_1"

/** The message of a failure. What does not fail is a mistake of this list. */
const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<string, never, R> =>
  Effect.map(Effect.exit(effect), (exit) =>
    Exit.match(exit, {
      onSuccess: () => {
        throw new Error("a call of this list did not fail")
      },
      onFailure: (cause) =>
        cause.reasons
          .map((reason) =>
            "error" in reason ? String(Object(reason.error).message) : "defect" in reason ? String(reason.defect) : ""
          )
          .join("; ")
    })
  )

const ofResult = <A, E>(result: Result.Result<A, E>) => failureOf(Effect.fromResult(result))

/** What Stripe answers, by reason, with Stripe's own words and without them. */
const reasons: ReadonlyArray<StripeError.Reason> = [
  new StripeError.RateLimitError({ status: 429 }),
  new StripeError.RateLimitError({
    status: 429,
    limitedBy: "endpoint-rate",
    description: "Request rate limit exceeded."
  }),
  new StripeError.AuthenticationError({ status: 401 }),
  new StripeError.AuthenticationError({ status: 401, description: "Invalid API Key provided: sk_test_<redacted>" }),
  new StripeError.PermissionError({ status: 403 }),
  new StripeError.PermissionError({ status: 403, needs: "Events: read" }),
  new StripeError.IdentityNotEnabledError({ status: 400 }),
  new StripeError.InvalidRequestError({ status: 400 }),
  new StripeError.InvalidRequestError({ status: 400, param: "limit", description: "Invalid integer: x" }),
  new StripeError.NotFoundError({ status: 404 }),
  new StripeError.NotFoundError({ status: 404, description: "No such verificationsession: 'vs_1'" }),
  new StripeError.CursorNotFoundError({ status: 400, param: "starting_after" }),
  new StripeError.CursorNotFoundError({ status: 400, description: "No such verificationsession: 'vs_1'" }),
  new StripeError.ConflictError({ status: 409 }),
  new StripeError.ApiError({ status: 500 }),
  new StripeError.ApiError({ status: 408 }),
  new StripeError.ApiError({ status: 302, description: "It redirects to elsewhere.example." }),
  new StripeError.TransportError({ description: "connect ECONNREFUSED 127.0.0.1:443", transient: true }),
  new StripeError.TransportError({ description: "aborted", status: 200, transient: true }),
  new StripeError.TimeoutError({ limit: Duration.seconds(80) }),
  ...(["damaged", "version", "filter", "account", "mode", "position"] as const).map(
    (problem) => new StripeError.CheckpointMismatchError({ problem, expected: "EXPECTED", actual: "ACTUAL" })
  ),
  new StripeError.EventsExpiredError({ position: created })
]

const fromReasons = reasons.map(
  (reason) =>
    new StripeError.StripeError({
      operation: "VerificationSessions.stream",
      reason,
      attempts: 6,
      page: 2,
      cursor: "vs_1"
    }).message
)

/** A network with one answer for all requests. */
const network = (body: unknown, init?: ResponseInit) =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) =>
      Effect.sync(() =>
        HttpClientResponse.fromWeb(request, new Response(typeof body === "string" ? body : JSON.stringify(body), init))
      )
    )
  )

const service = (options: Partial<StripeClient.Options> = {}) =>
  VerificationSessions.layer({ apiKey: Sandbox.apiKey, rateLimit: false, ...options })

const listOf = (...data: ReadonlyArray<unknown>) => ({ object: "list", data, has_more: false })

/** What is wrong with replies. */
const replies: ReadonlyArray<readonly [body: unknown, init?: ResponseInit]> = [
  [listOf({ id: "vs_1" })],
  [listOf({ id: "vs_1", created: "2026" })],
  [listOf(null)],
  [{ object: "list" }],
  [{ object: "event" }],
  ["<html>Sign in</html>", { headers: { "content-type": "text/html" } }],
  ["", { headers: { "content-encoding": "br" } }],
  ["x", { headers: { "content-length": "99999999" } }],
  ["", { status: 301, headers: { location: "https://elsewhere.example/x" } }],
  ["", { status: 301, headers: { location: "/x" } }],
  ["<html>Bad gateway</html>", { status: 502 }]
]

const fromReplies = Effect.forEach(replies, ([body, init]) =>
  failureOf(Effect.provide(VerificationSessions.list(), Layer.provide(service(), network(body, init))))
).pipe(Effect.provideService(RetryPolicy.Current, RetryPolicy.none))

const page = (has_more: boolean, ...rows: ReadonlyArray<readonly [id: string, second: number]>) => ({
  data: rows.map(([id, second]) => ({ id, created: DateTime.makeUnsafe(second * 1000) })),
  has_more,
  requestId: "req_1"
})

/** Lists that no read can follow. */
const stalls: ReadonlyArray<readonly [pages: ReadonlyArray<ReturnType<typeof page>>, options?: Pagination.Options]> = [
  [[page(true)]],
  [[page(false, ["a", 3], ["b", 2], ["c", 1])], { pageSize: 2 }],
  [[page(true, ["a", 1]), page(false, ["b", 9000])], { pageSize: 1 }],
  [[page(true, ["a", 9]), page(false, ["a", 9])], { pageSize: 1 }],
  [[page(true, ["a", 9], ["b", 8]), page(true, ["c", 7], ["a", 6])], { pageSize: 2 }],
  [[page(true, ["", 9])]],
  [[page(false, ["a", 9])], { within: { lt: 5 } }]
]

const fromStalls = Effect.forEach(stalls, ([pages, options]) =>
  failureOf(
    Stream.runDrain(Pagination.rows(({ page: number }) => Effect.succeed(pages[number - 1] ?? page(false)), options))
  )
)

/** Filters that are refused. */
const filters: ReadonlyArray<unknown> = [
  null,
  "verified",
  { stauts: "verified" },
  { nothing_like_it: 1 },
  { limit: 10 },
  { pageSize: 10 },
  { status: "verfied" },
  { status: [] },
  { status: ["verified", "x"] },
  { status: undefined },
  { type: "documnet" },
  { livemode: "yes" },
  { client_reference_id: "" },
  { client_reference_id: undefined },
  { related_customer: 7 },
  { related_customer_account: 7 },
  { related_customer: "cus_1", related_customer_account: "acct_1" },
  { last_error: "x" },
  { last_error: {} },
  { last_error: { code: "selfie_face_mismtach" } },
  { metadata: "x" },
  { metadata: {} },
  { metadata: { "a[b]": "x" } },
  { metadata: { plan: 7 } },
  { redaction: { status: "x" } },
  { created: null },
  { created: "soon" },
  { created: [] },
  { created: {} },
  { created: { gte: 1767225600000 } },
  { created: 20260131 },
  { created: 1.5 },
  { created: -1 },
  { created: "9999" },
  { created: DateTime.makeUnsafe("2026-01-01T00:00:00.500Z") },
  { created: "2026-02-30" },
  { created: "2026-01-31 12:00" },
  { created: "2026-01-31T12:00:00 01:00" },
  { created: "2026-02..2026-01" },
  { created: { gte: "2026-02-01", lt: "2026-01-01" } },
  { created: { gte: undefined } },
  { created: { after: 1 } },
  { created: "999999w" },
  Object.fromEntries(Array.from({ length: 22 }, (_, index) => [`unknown${index}`, index]))
]

const fromFilters = Effect.forEach(filters, (filter) => failureOf(SessionFilter.decode(filter)))

const otherFilters = Effect.all([
  ofResult(SessionFilter.make({ created: "7d" })),
  ofResult(
    SessionFilter.and(
      SessionFilter.makeUnsafe({ status: "verified" }),
      SessionFilter.makeUnsafe({ status: "canceled" })
    )
  ),
  ofResult(
    SessionFilter.and(
      SessionFilter.makeUnsafe({ created: { lt: "2026-01-01" } }),
      SessionFilter.makeUnsafe({ created: { gte: "2026-02-01" } })
    )
  ),
  ofResult(
    SessionFilter.and(
      SessionFilter.makeUnsafe({ related_customer: "cus_1" }),
      SessionFilter.makeUnsafe({ related_customer_account: "acct_1" })
    )
  ),
  failureOf(SessionFilter.decodeUrlQuery("status=verfied&created[gte]=x")),
  failureOf(SessionFilter.decode({ created: "7d" })).pipe(Effect.provide(TestClock.layer()))
])

// Type boundary: what a program in plain JavaScript can pass.
const wrong = (value: unknown): never => value as never

const read = (options: unknown) => Stream.runDrain(VerificationSessions.stream({}, wrong(options)))

const sync = (options: unknown) => Stream.runDrain(VerificationSessions.sync({}, wrong(options)))

const options = Effect.forEach(
  [
    read(7),
    read({ pageSize: 0 }),
    read({ pageSize: 101 }),
    read({ maxItems: -1 }),
    read({ concurrency: 0 }),
    read({ prefetch: 1000 }),
    read({ direction: "oldest-first" }),
    read({ startingAfter: "x" }),
    read({ endingBefore: "x" }),
    read({ startingAfter: "vs_1", endingBefore: "vs_2" }),
    read({ onDecodeError: 1 }),
    read({ limit: 10 }),
    read({ status: "verified" }),
    read({ pagesize: 10 }),
    read({ expand: ["data.verified_output"] }),
    Stream.runDrain(VerificationSessions.changes(wrong({ overlap: "2 days" }))),
    read({ expand: ["data.a.b.c.d"] }),
    read({ expand: "data" }),
    VerificationSessions.list(wrong({ limit: 0 })),
    VerificationSessions.list(wrong({ status: ["verified", "canceled"] })),
    VerificationSessions.list(wrong({ metadata: { plan: "pro" } })),
    VerificationSessions.list(wrong({ starting_after: "vs_1", ending_before: "vs_2" })),
    VerificationSessions.list(wrong({ pageSize: 1 })),
    VerificationSessions.list(wrong(null)),
    VerificationSessions.retrieve("x"),
    VerificationSessions.retrieve("vs_1", wrong({ expand: ["x"] })),
    sync({ from: {} }),
    sync({ settle: "soon" }),
    sync({ schedule: "5 minutes" }),
    sync({ maxItems: 1 }),
    Stream.runDrain(VerificationSessions.changes(wrong({ from: Checkpoint.start({ filter: "x" }) }))),
    Stream.runDrain(VerificationSessions.mirror(wrong({ audit: true }))),
    Stream.runDrain(VerificationSessions.mirror(wrong({ settle: "soon" }))),
    Stream.runDrain(VerificationSessions.reread(wrong("vs_1"))),
    Stream.runDrain(VerificationSessions.reread(wrong(["x"]))),
    Stream.runDrain(VerificationSessions.reread(wrong([{ id: "vs_1", created: 1 }]))),
    Effect.provideService(VerificationSessions.list(), StripeClient.CurrentAccount, { account: "x" })
  ],
  failureOf
).pipe(Effect.provide(service()), Effect.provide(Sandbox.layer({ sessions: 10 })))

/** Clients that cannot be built. */
const clients: ReadonlyArray<Record<string, unknown>> = [
  { apiKey: undefined },
  { apiKey: "sk_test_1" },
  { apiKey: Redacted.make(undefined) },
  { apiKey: Redacted.make("") },
  { apiKey: Redacted.make("sk_test_1 ") },
  { apiKey: Redacted.make("pk_test_1") },
  { apiKey: Redacted.make("ek_test_1") },
  { apiKey: Redacted.make("whsec_1") },
  { apiKey: Redacted.make("acct_1") },
  { apiBase: "localhost:12111" },
  { apiBase: 7 },
  { apiBase: "https://api.stripe.com " },
  { apiBase: "https://me:password@api.stripe.com" },
  { apiBase: "https://api.stripe.com?x" },
  { apiBase: "https://api.stripe.com#x" },
  { apiBase: "https://api.stripe.com/v1" },
  { apiVersion: "" },
  { account: "x" },
  { context: "x" },
  { account: "acct_1", context: "acct_2" },
  { timeout: "soon" },
  { rateLimit: 25 },
  { rateLimit: [] },
  { rateLimit: [7] },
  { rateLimit: { limit: 0 } },
  { rateLimit: { window: 0 } },
  { rateLimit: { algorithm: "x" } },
  { rateLimit: { limiter: {} } },
  { rateLimit: { onLimiterError: "x" } },
  { rateLimit: { key: 7 } },
  { rateLimit: { per: "x" } },
  { rateLimit: { windw: "1 second" } },
  { rateLimit: [{ limit: 1 }, { limit: 2 }] },
  { transformClient: 7 },
  { transformClient: () => 7 },
  {
    transformClient: () => {
      throw new Error("no such proxy")
    }
  },
  { apikey: Sandbox.apiKey }
]

const fromClients = Effect.forEach(clients, (client) =>
  failureOf(Effect.scoped(Layer.build(service(wrong(client))))).pipe(Effect.provide(network({})))
)

const unset = failureOf(Effect.scoped(Layer.build(StripeClient.layerConfig()))).pipe(
  Effect.provide(network({})),
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({ STRIPE_API_KEY: "" }))
)

const policies = Effect.forEach(
  [{ times: -1 }, { baseDelay: "soon" }, { jitter: 1 }, { while: 1 }, { tims: 1 }],
  (options) => ofResult(RetryPolicy.make(wrong(options)))
)

const reports = Effect.forEach(
  [{ type: "x" }, { client_reference_id: "" }, { verification_session: "x" }, { status: "verified" }],
  (filter) => failureOf(VerificationReports.list(wrong(filter)))
).pipe(
  Effect.provide(VerificationReports.layer({ apiKey: Sandbox.apiKey })),
  Effect.provide(Sandbox.layer({ sessions: 1 }))
)

const checkpoints = Effect.forEach(
  [
    Checkpoint.fromText("x"),
    Checkpoint.fromText(wrong(null)),
    Checkpoint.fromText("{}"),
    Checkpoint.fromText(`{ "version": 2 }`),
    Checkpoint.check(Checkpoint.start({ filter: "a" }), { filter: "b" }),
    Checkpoint.check(Checkpoint.start({ filter: "a", account }), { filter: "a" }),
    Checkpoint.check(Checkpoint.start({ filter: "a", context: "acct_1/acct_2" }), { filter: "a" }),
    Checkpoint.check(Checkpoint.start({ filter: "a", livemode: true }), { filter: "a", livemode: false })
  ],
  (result) => ofResult<void | Checkpoint.Checkpoint, unknown>(result)
)

const mismatches = Effect.gen(function* () {
  const session = VerificationSession.makeUnsafe({ id: "vs_1", status: "verified", created })
  const schema = Schema.Struct({ status: Schema.Literal("canceled"), metadata: Schema.Struct({ plan: Schema.String }) })
  return [
    yield* failureOf(
      Stream.make(session).pipe(
        VerificationSession.decodeRows(schema, { onMismatch: ({ error }) => Effect.fail(error) }),
        Stream.runDrain
      )
    )
  ]
})

/** Files that cannot be written. */
const files = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "m-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  const at = (name: string, content?: string, checkpoint?: string) => {
    if (content !== undefined) writeFileSync(join(folder, name), content)
    if (checkpoint !== undefined) writeFileSync(join(folder, `${name}.checkpoint`), checkpoint)
    return join(folder, name)
  }
  const sidecar = (bytes: number, format = "NDJSON", checkpoint: unknown = Checkpoint.start({ filter: "a" })) =>
    JSON.stringify({ bytes, format, checkpoint })
  mkdirSync(at("folder"))
  mkdirSync(at("taken.checkpoint"))
  symlinkSync(at("nowhere"), at("link"))
  const open = (path: string) => Effect.flatMap(FileDestination.ndjson(path), ({ open }) => open)
  const shared = Effect.gen(function* () {
    const path = at("shared")
    const [one, other] = yield* Effect.all([open(path), open(path)])
    const batch = {
      sessions: [VerificationSession.makeUnsafe({ id: "vs_1", status: "verified", created })],
      readAt: created
    }
    yield* one.save({ ...batch, checkpoint: Checkpoint.start({ filter: "a" }) })
    yield* other.save({ ...batch, checkpoint: Checkpoint.start({ filter: "a" }) })
  })
  return yield* Effect.forEach(
    [
      open(wrong("")),
      FileDestination.ndjson("x", wrong({ reveal: ["name"] })),
      FileDestination.csv("x", { columns: [] }),
      FileDestination.csv("x", { columns: ["stauts"] }),
      FileDestination.csv("x", { columns: ["status.x"] }),
      FileDestination.csv("x", { columns: ["metadata."] }),
      FileDestination.csv("x", wrong({ columns: [7] })),
      FileDestination.csv("x", wrong({ bom: 1 })),
      open(at("folder")),
      open(at("taken")),
      open(at("link")),
      open(join(at("file", ""), "below")),
      open(at("unrelated", "x\n")),
      open(at("damaged", "", "x")),
      open(at("without", "x\n", sidecar(2, "NDJSON", null))),
      open(at("format", "x\n", sidecar(2, "CSV with id"))),
      open(at("shorter", "x\n", sidecar(9))),
      open(at("within", "xyz\n", sidecar(2))),
      shared
    ],
    (one) => Effect.map(failureOf(one), (text) => text.replaceAll(`${folder}/`, ""))
  )
}).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))

const table = "verification_sessions"

const { SqlDestinationError } = SqlDestination

const databases = [
  new SqlDestination.CheckpointMovedError({ table, account: "", checkpoint: "default" }),
  new SqlDestination.OtherAccountError({ expected: "", actual: account }),
  new SqlDestination.OtherModeError({ table, account, livemode: true }),
  new SqlDestination.TableMismatchError({ table, problem: "missing", columns: [] }),
  new SqlDestination.TableMismatchError({ table, problem: "columns", columns: ["created", "read_at"] }),
  new SqlDestination.TableMismatchError({ table, problem: "unrelated", columns: [] }),
  new SqlDestination.UnsupportedDialectError({ dialect: "mysql" })
].map((reason) => new SqlDestinationError({ reason }).message)

const tables = Effect.forEach(
  [{ table: "X" }, { account: 7 }, { name: 7 }, { reveal: ["x"] }, { checkpoint: {} }],
  (options) => failureOf(SqlDestination.make(wrong(options)))
).pipe(Effect.provideService(SqlClient.SqlClient, wrong({ onDialectOrElse: () => "sqlite" })))

const secret = "whsec_0123456789abcdefghijkl"

const event = {
  id: "evt_1",
  object: "event",
  type: "identity.verification_session.verified",
  created: now / 1000,
  livemode: false,
  data: { object: { id: "vs_1" } }
}

const signed = (body: unknown, timestamp = now / 1000) => {
  const payload = typeof body === "string" ? body : JSON.stringify(body)
  return { body: payload, header: Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }) }
}

/** Webhooks that are refused. */
const webhooks = Effect.forEach(
  [
    { header: undefined },
    { header: "x" },
    { header: "t=x,v1=a" },
    { header: "t=1,t=2,v1=a" },
    { header: "t=1" },
    { header: "t=1,v1=a" },
    { header: "t=1,v1=a", secrets: [Redacted.make("a"), Redacted.make("b")] },
    signed(event, now / 1000 - 600),
    signed(event, now / 1000 + 600),
    signed("x"),
    signed({ id: "evt_1" }),
    signed({ ...event, data: {} }),
    signed({ ...event, type: "charge.succeeded" }),
    { livemode: true },
    { body: event },
    { body: 7 },
    { body: "\ud800" },
    { header: 7 },
    { secrets: [] },
    { secrets: secret },
    { secrets: [secret] },
    { secrets: [Redacted.make("")] },
    { secrets: [Redacted.make("a b")] },
    { tolerance: "soon" },
    { receivedAt: "today" },
    { livemode: 1 }
  ],
  (options: object) =>
    failureOf(
      Webhook.verify(wrong({ ...signed(event), secrets: [Redacted.make(secret)], receivedAt: created, ...options }))
    )
)

/** What the library writes to the log. */
const logged = Effect.gen(function* () {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel}: ${[message].flat().join(" ")}`))
  const fail = wrong({ consume: () => Effect.fail(new Error("connect ECONNREFUSED 127.0.0.1:6379")) })
  const list = VerificationSessions.list()
  const within = (options: Partial<StripeClient.Options>, answer: ReturnType<typeof network>) =>
    Effect.provide(Effect.ignore(list), Layer.provide(service(options), answer))
  const reading = Effect.all([
    within({ rateLimit: { limiter: fail } }, network(listOf())),
    within({}, network("", { status: 503 })),
    Effect.ignore(VerificationSessions.list({ status: "canceled" })).pipe(
      Effect.provide(service()),
      Effect.provide(network(listOf({ ...fullSession, status: "verified" })))
    ),
    Effect.timeoutOption(
      within({ rateLimit: { limiter: fail, onLimiterError: "wait" } }, network(listOf())),
      "3 seconds"
    )
  ])
  const fiber = yield* Effect.forkChild(Effect.provide(reading, Logger.layer([logger])))
  yield* TestClock.adjust("2 minutes")
  yield* Fiber.join(fiber)
  return lines
}).pipe(Effect.provide(TestClock.layer()))

/** Every message, by the part of the library that says it. */
export const messages: Effect.Effect<Readonly<Record<string, ReadonlyArray<string>>>> = Effect.all({
  "what Stripe and the network answer": Effect.succeed(fromReasons),
  "replies that are not Stripe's": fromReplies,
  "lists that stall": fromStalls,
  filters: fromFilters,
  "filters, combined and read elsewhere": otherFilters,
  "options of calls": options,
  "options of clients": Effect.map(Effect.all([fromClients, unset]), ([all, one]) => [...all, one]),
  "retry policies": policies,
  reports: reports,
  checkpoints: checkpoints,
  "rows of a Schema of one's own": mismatches,
  files: files,
  databases: Effect.map(tables, (others) => [...databases, ...others]),
  webhooks: webhooks,
  "the log": logged
}).pipe(Effect.orDie)
