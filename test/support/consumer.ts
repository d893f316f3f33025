import { inIndex, modules } from "./packed.ts"

// Programs of a user's, outside of this project: plain JavaScript that reads, and TypeScript that names every module.

const read = `import { Effect, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { SessionFilter, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"

const filter = SessionFilter.make({ status: "verified" })
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

/** The compiler settings of a user's project, strict, with nothing left unchecked. */
export const tsconfig = (moduleResolution: "NodeNext" | "Bundler"): object => ({
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
