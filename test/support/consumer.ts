import { inIndex, modules } from "./packed.ts"

// Programs of a user's, outside of this project: plain JavaScript that reads, and TypeScript that names every module.

const read = `import { Effect, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { SessionFilter, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"

const filter = SessionFilter.makeUnsafe({ status: "verified" })
const ids = VerificationSessions.stream(filter, { pageSize: 20 }).pipe(
  Stream.map((session) => session.id),
  Stream.runCollect
)
`

/**
 * Reads a sandbox in its own process, and, where its address is given, the same sandbox over a socket with the runtime's
 * `fetch`. It prints how many sessions came and whether both gave the same.
 */
export const javaScript = `${read}
const [apiBase] = process.argv.slice(2)
const inProcess = await ids.pipe(
  Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
  Effect.provide(Sandbox.layer({ sessions: 250 })),
  Effect.runPromise
)
const overFetch = await ids.pipe(
  Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey, apiBase })),
  Effect.provide(FetchHttpClient.layer),
  Effect.runPromise
)
console.log(inProcess.length, inProcess.join() === overFetch.join() ? "the same over fetch" : "other ones over fetch")
`

/** Exports to a file in runs of one batch, and prints how many rows it has and whether each is there once. */
export const exporting = `import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Stream } from "effect"
import { Destination, FileDestination, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"

const program = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const path = \`\${yield* files.makeTempDirectoryScoped()}/sessions.ndjson\`
  const file = yield* FileDestination.ndjson(path)
  const batches = Destination.stream(file, (from) => VerificationSessions.sync({}, { from, pageSize: 20 }))
  for (let run = 0; run < 3; run++) yield* batches.pipe(Stream.take(1), Stream.runDrain)
  yield* Stream.runDrain(batches)
  return (yield* files.readFileString(path)).trimEnd().split("\\n").map((line) => JSON.parse(line).id)
})
const exported = await program.pipe(
  Effect.scoped,
  Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
  Effect.provide([Sandbox.layer({ sessions: 250 }), NodeServices.layer]),
  Effect.runPromise
)
console.log(exported.length, new Set(exported).size === 250 ? "each once in a file" : "not all of them in a file")
`

/** What compiles in a user's project: every module by both paths, and types that are what they say and no others. */
export const typeScript: Readonly<Record<string, string>> = {
  "paths.ts": modules.map((name) => `export * as ${name} from "effect-stripe-identity/${name}"`).join("\n"),
  "user.ts": `${read}
import type { StripeError, VerificationSession } from "effect-stripe-identity"
import { ${inIndex.map((name) => `${name} as own${name}`).join(", ")} } from "effect-stripe-identity"
import * as paths from "./paths.js"
${inIndex.map((name) => `export const same${name}: typeof paths.${name} = own${name}`).join("\n")}

export const collected: Effect.Effect<Array<string>, StripeError.StripeError, VerificationSessions.VerificationSessions> = ids
export const provided: Effect.Effect<Array<string>, StripeError.StripeError> = ids.pipe(
  Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey, account: undefined })),
  Effect.provide(FetchHttpClient.layer)
)
export const created = (session: VerificationSession.VerificationSession): number => session.created.epochMilliseconds
// @ts-expect-error A time is no number.
export const seconds = (session: VerificationSession.VerificationSession): number => session.created
// @ts-expect-error The status has to be one.
VerificationSessions.stream({ status: "verfied" })
// @ts-expect-error A name that does not exist is an error, so the types are read.
export { NoSuchModule } from "effect-stripe-identity"
`
}

/**
 * A library on top of this one, which says no type itself: the compiler writes all of them into its declarations. Every
 * name that it needs must be one that the library's own users can import.
 */
export const library = `import { Effect, Layer, Stream } from "effect"
import {
  Checkpoint,
  Destination,
  FileDestination,
  Pagination,
  Progress,
  RetryPolicy,
  SessionFilter,
  StripeClient,
  StripeError,
  VerificationReport,
  VerificationReports,
  VerificationSession,
  VerificationSessions,
  Webhook
} from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SessionFlags from "effect-stripe-identity/SessionFlags"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"

export const verified = VerificationSessions.stream({ status: "verified" })
export const plain = VerificationSessions.stream()
export const outputs = VerificationSessions.stream({}, { expand: ["data.verified_outputs"] })
export const reported = VerificationSessions.stream({}, { expand: ["data.last_verification_report"] })
export const both = VerificationSessions.stream(
  { status: ["verified", "canceled"] },
  { expand: ["data.verified_outputs", "data.last_verification_report.document.number"], onDecodeError: () => Effect.fail(1) }
)
export const some = (expand: ReadonlyArray<VerificationSessions.ListExpandPath>) =>
  VerificationSessions.stream({}, { expand })
export const page = VerificationSessions.list({ status: "canceled", limit: 3, expand: ["data.verified_outputs"] })
export const one = VerificationSessions.retrieve("vs_1", { expand: ["last_verification_report"] })
export const pages = VerificationSessions.pages({ status: ["verified", "processing"] })
export const batches = VerificationSessions.sync({ status: "verified" }, { concurrency: 4 })
export const followed = VerificationSessions.tail({}, { expand: ["data.verified_outputs"] })
export const sessionAccessors = { ...VerificationSessions }
export const streamSessions = VerificationSessions.stream
export const pageOfSessions = VerificationSessions.list
export const retrieveSession = VerificationSessions.retrieve
export const pagesOfSessions = VerificationSessions.pages
export const syncSessions = VerificationSessions.sync
export const tailSessions = VerificationSessions.tail
export const sessions = Effect.gen(function* () {
  return yield* VerificationSessions.VerificationSessions
})
export const parts = Effect.map(sessions, ({ list, pages, retrieve, stream, sync, tail }) => ({
  list,
  pages,
  retrieve,
  stream,
  sync,
  tail
}))
export const ofAccount = one.pipe(Effect.provideService(StripeClient.CurrentAccount, { account: "acct_1" }))
export const tested = VerificationSessions.layerTest

export const reports = VerificationReports.stream({ type: "document" }, { expand: ["data.document.number"] })
export const reportPage = VerificationReports.list({ limit: 1 })
export const report = VerificationReports.retrieve("vr_1")
export const reportPages = VerificationReports.pages()
export const reportAccessors = { ...VerificationReports }
export const streamReports = VerificationReports.stream
export const pageOfReports = VerificationReports.list
export const retrieveReport = VerificationReports.retrieve
export const pagesOfReports = VerificationReports.pages
export const reportService = Effect.gen(function* () {
  return yield* VerificationReports.VerificationReports
})
export const reportParts = Effect.map(reportService, ({ list, pages, retrieve, stream }) => ({
  list,
  pages,
  retrieve,
  stream
}))
export const reportsTested = VerificationReports.layerTest
export const outcomes = VerificationReport.checkOutcomes

export const filter = SessionFilter.decode({ status: "verified" })
export const filterTools = { ...SessionFilter }
export const sessionTools = { ...VerificationSession }
export const reportTools = { ...VerificationReport }
export const made = VerificationSession.makeUnsafe
export const flags = SessionFlags.flags

export const client = StripeClient.layer({ apiKey: Sandbox.apiKey })
export const configured = StripeClient.layerConfig()
export const clientTools = { ...StripeClient }
export const errorTools = { ...StripeError }
export const retryTools = { ...RetryPolicy }
export const sandbox = Sandbox.layer({ sessions: 3 })
export const sandboxTools = { ...Sandbox }
export const inSandbox = Effect.gen(function* () {
  return yield* Sandbox.Sandbox
})

export const into = Destination.stream
export const destinationTools = { ...Destination }
export const file = FileDestination.ndjson("sessions.ndjson")
export const fileTools = { ...FileDestination }
export const table = SqlDestination.make({ account: "acct_1", reveal: ["url"] })
export const tableTools = { ...SqlDestination }
export const hint = Webhook.verify
export const webhookTools = { ...Webhook }
export const progress = Progress.make
export const progressTools = { ...Progress }
export const checkpointTools = { ...Checkpoint }
export const walk = { ...Pagination, concurrent: Pagination.rows }
export const layers = Layer.merge(VerificationSessions.layerConfig(), VerificationReports.layerConfig())
export const ids = Stream.map(verified, (session) => session.id)
`

/** The compiler settings of a user's project, strict, with nothing left unchecked. */
export const tsconfig = (moduleResolution: "NodeNext" | "Bundler") => ({
  compilerOptions: {
    target: "ES2022",
    lib: ["ES2023", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    module: moduleResolution === "NodeNext" ? "NodeNext" : "ESNext",
    moduleResolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: []
  },
  include: ["*.ts"]
})
