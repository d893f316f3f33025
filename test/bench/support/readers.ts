// The same list read by each library, one process each: node readers.ts NAME PORT ROWS [CONCURRENCY]. Prints one line of JSON.
import { performance } from "node:perf_hooks"

const [name = "", port = "", rows = "0", concurrency = "1"] = process.argv.slice(2)
const base = `http://127.0.0.1:${port}`
const key = "sk_test_bench"
const path = "/v1/identity/verification_sessions"

type Read = () => Promise<number>

const readers: Record<string, () => Promise<Read>> = {
  // The limit: node:http and JSON.parse, nothing checked.
  "bare loop": async () => {
    const { Agent, get } = await import("node:http")
    const agent = new Agent({ keepAlive: true })
    const fetchPage = (query: string) =>
      new Promise<{ data: ReadonlyArray<{ id: string }>; has_more: boolean }>((resolve, reject) => {
        get(`${base}${path}?${query}`, { agent, headers: { authorization: `Bearer ${key}` } }, (response) => {
          const chunks: Array<Buffer> = []
          response.on("data", (chunk: Buffer) => chunks.push(chunk))
          response.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString())))
          response.on("error", reject)
        }).on("error", reject)
      })
    return async () => {
      let count = 0
      for (let cursor = "", more = true; more;) {
        const page = await fetchPage(`limit=100${cursor}`)
        for (const row of page.data) if (row.id !== "") count++
        more = page.has_more
        cursor = `&starting_after=${page.data.at(-1)?.id}`
      }
      agent.destroy()
      return count
    }
  },
  "stripe-node": async () => {
    const { Stripe } = await import("stripe")
    const stripe = new Stripe(key, { host: "127.0.0.1", port: Number(port), protocol: "http", telemetry: false })
    return async () => {
      let count = 0
      for await (const row of stripe.identity.verificationSessions.list({ limit: 100 })) if (row.id !== "") count++
      return count
    }
  },
  // What a user writes without this library: about 25 lines, nothing checked but the two fields that are used.
  "plain Effect pager": async () => {
    const { Effect, Option, Schema, Stream } = await import("effect")
    const { HttpClient, HttpClientResponse } = await import("effect/http")
    const { NodeHttpClient } = await import("@effect/platform-node")
    const Page = Schema.Struct({
      data: Schema.Array(Schema.Struct({ id: Schema.String, created: Schema.Int })),
      has_more: Schema.Boolean
    })
    const decode = HttpClientResponse.schemaBodyJson(Page)
    const stream = Stream.unwrap(
      Effect.gen(function* () {
        const client = (yield* HttpClient.HttpClient).pipe(
          HttpClient.filterStatusOk,
          HttpClient.retryTransient({ times: 3 })
        )
        return Stream.paginate(undefined as string | undefined, (starting_after) =>
          client
            .get(`${base}${path}`, {
              urlParams: { limit: 100, starting_after },
              headers: { authorization: `Bearer ${key}` }
            })
            .pipe(
              Effect.flatMap(decode),
              Effect.map(
                (page) =>
                  [
                    page.data,
                    page.has_more ? Option.fromUndefinedOr(page.data.at(-1)?.id) : Option.none<string>()
                  ] as const
              )
            )
        )
      })
    )
    return () => Effect.runPromise(Stream.runCount(stream).pipe(Effect.provide(NodeHttpClient.layerUndici)))
  },
  "this library": async () => {
    const { Effect, Redacted, Stream } = await import("effect")
    const { NodeHttpClient } = await import("@effect/platform-node")
    const { VerificationSessions } = await import("effect-stripe-identity")
    const layer = VerificationSessions.layer({ apiKey: Redacted.make(key), apiBase: base, rateLimit: false })
    return () =>
      Effect.runPromise(
        Stream.runCount(VerificationSessions.stream({}, { concurrency: Number(concurrency) })).pipe(
          Effect.provide(layer),
          Effect.provide(NodeHttpClient.layerUndici)
        )
      )
  },
  "this library on fetch": async () => {
    const { Effect, Redacted, Stream } = await import("effect")
    const { FetchHttpClient } = await import("effect/http")
    const { VerificationSessions } = await import("effect-stripe-identity")
    const layer = VerificationSessions.layer({ apiKey: Redacted.make(key), apiBase: base, rateLimit: false })
    return () =>
      Effect.runPromise(
        Stream.runCount(VerificationSessions.stream()).pipe(
          Effect.provide(layer),
          Effect.provide(FetchHttpClient.layer)
        )
      )
  }
}

const read = await readers[name]?.()
if (read === undefined) throw new Error(`one of ${Object.keys(readers).join(", ")}`)
const cpu = process.cpuUsage()
const start = performance.now()
const count = await read()
const { system, user } = process.cpuUsage(cpu)
if (count !== Number(rows)) throw new Error(`${name} read ${count} rows of ${rows}`)
console.log(
  JSON.stringify({
    name,
    cpuPerRow: (user + system) / count,
    wall: performance.now() - start,
    peakMegabytes: process.resourceUsage().maxRSS / 1024
  })
)
process.exit(0)
