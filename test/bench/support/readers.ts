// The same list read by one library in a process of its own: node readers.ts TASK, where the task is JSON. Prints one line
// of JSON. What is measured is the second read: the first has started the connection and the compiler.
import { performance } from "node:perf_hooks"
import type { Layer } from "effect"
import type { HttpClient } from "effect/http/HttpClient"
import type { Reading, Task } from "./measure.ts"
import { byOwner } from "./profile.ts"

const task: Task = JSON.parse(process.argv[2] ?? "{}")
const { concurrency = 1, end = "maxItems", pageSize = 100, port, rateLimit = false, reader, rows } = task
const { warmUp = 20_000 } = task

const base = `http://127.0.0.1:${port}`
const key = "sk_test_bench"
const path = "/v1/identity/verification_sessions"

/** Reads so many rows, and says how many there were. */
type Read = (rows: number) => Promise<number>

const readers: Record<Task["reader"], () => Promise<Read>> = {
  // The limit: node:http and JSON.parse, nothing checked.
  bare: async () => {
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
    return async (rows) => {
      let count = 0
      for (let cursor = "", more = true; more && count < rows;) {
        const page = await fetchPage(`limit=${pageSize}${cursor}`)
        for (const row of page.data) if (row.id !== "") count++
        more = page.has_more
        cursor = `&starting_after=${page.data.at(-1)?.id}`
      }
      return count
    }
  },
  stripeNode: async () => {
    const { Stripe } = await import("stripe")
    const stripe = new Stripe(key, { host: "127.0.0.1", port, protocol: "http", telemetry: false })
    return async (rows) => {
      let count = 0
      for await (const row of stripe.identity.verificationSessions.list({ limit: pageSize })) {
        if (row.id !== "") count++
        if (count === rows) break
      }
      return count
    }
  },
  // What a user writes without this library: about 25 lines, nothing checked but the two fields that are used.
  plainEffect: async () => {
    const { Effect, ManagedRuntime, Option, Schema, Stream } = await import("effect")
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
              urlParams: { limit: pageSize, starting_after },
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
    const { runPromise } = ManagedRuntime.make(NodeHttpClient.layerUndici)
    return (rows) => runPromise(stream.pipe(Stream.take(rows), Stream.runCount))
  },
  // What any library on Effect's client pays: the request, the text and JSON.parse.
  effectClient: () => clientAlone(() => {}),
  // What no reader on Effect's client can do without whose rows have these types. Nothing is checked.
  effectValues: async () => {
    const { DateTime, Redacted } = await import("effect")
    const secrets = ["client_secret", "url", "provided_details"]
    return clientAlone((row) => {
      row["created"] = DateTime.fromEpochSeconds(Number(row["created"]))
      for (const name of secrets) {
        const value = row[name]
        if (value !== null && value !== undefined) row[name] = Redacted.make(value, { label: name })
      }
    })
  },
  library: async () => libraryOn((await import("@effect/platform-node/NodeHttpClient")).layerUndici),
  libraryOnFetch: async () => libraryOn((await import("effect/http/FetchHttpClient")).layer)
}

/** Effect's HTTP client and `JSON.parse`, in a loop of Effect's own, and what it does with each row. */
const clientAlone = async (touch: (row: Record<string, unknown>) => void): Promise<Read> => {
  const { Effect, ManagedRuntime } = await import("effect")
  const { HttpClient } = await import("effect/http")
  const { NodeHttpClient } = await import("@effect/platform-node")
  const { runPromise } = ManagedRuntime.make(NodeHttpClient.layerUndici)
  const headers = { authorization: `Bearer ${key}` }
  return (rows) =>
    runPromise(
      Effect.gen(function* () {
        const client = yield* HttpClient.HttpClient
        let count = 0
        for (let cursor = "", more = true; more && count < rows;) {
          const response = yield* client.get(`${base}${path}?limit=${pageSize}${cursor}`, { headers })
          const page = JSON.parse(yield* response.text)
          for (const row of page.data) touch(row)
          count += page.data.length
          more = page.has_more
          cursor = `&starting_after=${page.data.at(-1)?.id}`
        }
        return count
      })
    )
}

const libraryOn = async (http: Layer.Layer<HttpClient>): Promise<Read> => {
  // Modules and no barrels, as in a program that counts its memory.
  const [Layer, ManagedRuntime, Redacted, Stream, VerificationSessions] = await Promise.all([
    import("effect/Layer"),
    import("effect/ManagedRuntime"),
    import("effect/Redacted"),
    import("effect/Stream"),
    import("effect-stripe-identity/VerificationSessions")
  ])
  const options = { apiKey: Redacted.make(key), apiBase: base, ...(rateLimit ? {} : { rateLimit: false as const }) }
  const { runPromise } = ManagedRuntime.make(VerificationSessions.layer(options).pipe(Layer.provide(http)))
  return (rows) => {
    const sessions =
      end === "take"
        ? VerificationSessions.stream({}, { concurrency, pageSize }).pipe(Stream.take(rows))
        : VerificationSessions.stream({}, { concurrency, pageSize, maxItems: rows })
    return runPromise(Stream.runCount(sessions))
  }
}

const read = await readers[reader]()
if (warmUp > 0) await read(warmUp)

// A profile slows what it looks at, so that only its shares mean something.
const inspector = task.profile === true ? new (await import("node:inspector/promises")).Session() : undefined
inspector?.connect()
await inspector?.post("Profiler.enable")
await inspector?.post("Profiler.start")
const used = process.cpuUsage()
const start = performance.now()
const count = await read(rows)
const { system, user } = process.cpuUsage(used)
const wall = performance.now() - start
const profiled = await inspector?.post("Profiler.stop")
if (count < rows) throw new Error(`${reader} read ${count} rows of ${rows}`)
const megabyte = 1024 * 1024
globalThis.gc?.()
const reading: Reading = {
  processor: (user + system) / count,
  wall,
  peakMemory: (process.resourceUsage().maxRSS * 1024) / megabyte,
  liveHeap: process.memoryUsage().heapUsed / megabyte,
  ...(profiled === undefined ? {} : { profile: byOwner(profiled.profile) })
}
console.log(JSON.stringify(reading))
process.exit(0)
