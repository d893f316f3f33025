/**
 * How much a program adds to a bundle: minified, and then compressed with gzip. Nothing here depends on the clock.
 *
 *     npm run bench:size
 *
 * "This library" is the same bundle with Effect left outside. The rest is Effect's, and a program that uses Effect already
 * has most of it: the program without this library reads the same pages with Effect alone, and checks two fields.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"
import { root } from "../support/packed.ts"

const library = (use: string, imports: string, more = "") => `
  import * as Effect from "effect/Effect"
  import * as Stream from "effect/Stream"
  import * as FetchHttpClient from "effect/http/FetchHttpClient"
  import { ${imports} } from "effect-stripe-identity"
  ${more}
  const program = ${use}
  Effect.runPromise(
    program.pipe(Effect.provide(VerificationSessions.layerConfig()), Effect.provide(FetchHttpClient.layer))
  )`

const stream = library(
  `Stream.runForEach(VerificationSessions.stream({ status: "verified" }), Effect.log)`,
  "VerificationSessions"
)

const effectAlone = `
  import * as Config from "effect/Config"
  import * as Effect from "effect/Effect"
  import * as Option from "effect/Option"
  import * as Schema from "effect/Schema"
  import * as Stream from "effect/Stream"
  import * as FetchHttpClient from "effect/http/FetchHttpClient"
  import * as HttpClient from "effect/http/HttpClient"
  import * as HttpClientRequest from "effect/http/HttpClientRequest"
  import * as HttpClientResponse from "effect/http/HttpClientResponse"
  const Page = Schema.Struct({
    data: Schema.Array(Schema.Struct({ id: Schema.String, created: Schema.Int })),
    has_more: Schema.Boolean
  })
  const read = (after) => Effect.gen(function* () {
    const key = yield* Config.Redacted("STRIPE_API_KEY")
    const client = HttpClient.retryTransient(HttpClient.filterStatusOk(yield* HttpClient.HttpClient), { times: 5 })
    const page = yield* HttpClientRequest.get("https://api.stripe.com/v1/identity/verification_sessions", {
      urlParams: { status: "verified", starting_after: after }
    }).pipe(
      HttpClientRequest.bearerToken(key),
      client.execute,
      Effect.flatMap(HttpClientResponse.schemaBodyJson(Page))
    )
    return [page.data, page.has_more ? Option.some(page.data.at(-1).id) : Option.none()]
  })
  Effect.runPromise(
    Stream.paginate(undefined, read).pipe(Stream.runForEach(Effect.log), Effect.provide(FetchHttpClient.layer))
  )`

const programs: ReadonlyArray<readonly [label: string, code: string]> = [
  ["the same list with Effect alone", effectAlone],
  ["`stream` alone", stream],
  [
    "`stream` and `Sandbox`",
    library(
      `Stream.runForEach(VerificationSessions.stream(), Effect.log)`,
      "VerificationSessions",
      `import * as Sandbox from "effect-stripe-identity/Sandbox"\nconsole.log(Sandbox.layer())`
    )
  ],
  [
    "`stream` and `FileDestination`",
    library(
      `Stream.runForEach(VerificationSessions.stream(), Effect.log)`,
      "FileDestination, VerificationSessions",
      `console.log(FileDestination.ndjson("sessions.ndjson"))`
    )
  ],
  [
    "`stream` and `SessionFlags`",
    library(
      `Stream.runForEach(VerificationSessions.stream(), Effect.log)`,
      "VerificationSessions",
      `import * as SessionFlags from "effect-stripe-identity/SessionFlags"\nconsole.log(SessionFlags.flags)`
    )
  ]
]

const bundle = async (code: string, external: RegExp | undefined): Promise<{ raw: number; gzip: number }> => {
  const entry = join(root, "program.js")
  const build = await rolldown({
    input: entry,
    platform: "neutral",
    ...(external === undefined ? {} : { external }),
    plugins: [
      {
        name: "program",
        resolveId: (id) => (id === entry ? entry : undefined),
        load: (id) => (id === entry ? code : undefined)
      }
    ]
  })
  const { output } = await build.generate({ format: "esm", minify: true })
  return { raw: output[0].code.length, gzip: gzipSync(output[0].code).length }
}

const { version } = JSON.parse(readFileSync(join(root, "node_modules/rolldown/package.json"), "utf8"))
const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
console.log(`\nrolldown ${version}, minified and compressed (minified alone)\n`)
console.log("| program | in all | this library |")
console.log("| --- | --- | --- |")
for (const [label, code] of programs) {
  const all = await bundle(code, undefined)
  const own = await bundle(code, /^effect\//)
  const cells = [all, code === effectAlone ? { raw: 0, gzip: 0 } : own].map(
    ({ gzip, raw }) => `${kilobytes(gzip)} (${kilobytes(raw)})`
  )
  console.log(`| ${label} | ${cells.join(" | ")} |`)
}
