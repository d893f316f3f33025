// The same list read by one library in a process of its own: node readers.ts TASK, where the task is JSON. Prints one line
// of JSON. What is measured is the second read: the first, of as many rows as the short list has, has started the connection and
// the compiler. After 20,000 rows V8 still compiles, and the more code a reader has the longer: this library then took 1.7
// times what Effect's client takes alone, and after 100,000 or 300,000 rows 1.4 times.
import { performance, PerformanceObserver } from "node:perf_hooks"
import type { Layer } from "effect"
import type { HttpClient } from "effect/http/HttpClient"
import type { Reading, Task } from "./measure.ts"
import { byOwner } from "./profile.ts"

const task: Task = JSON.parse(process.argv[2] ?? "{}")
const {
  concurrency = 1,
  end = "maxItems",
  forEach = false,
  pageSize = 100,
  port,
  rateLimit = false,
  reader,
  rows
} = task
const { warmUp = 100_000 } = task

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
  library: async () => libraryOn((await import("@effect/platform-node/NodeHttpClient")).layerUndici)
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
  const [Effect, Layer, ManagedRuntime, Redacted, Stream, VerificationSessions] = await Promise.all([
    import("effect/Effect"),
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
    if (!forEach) return runPromise(Stream.runCount(sessions))
    let count = 0
    const each = Stream.runForEach(sessions, () =>
      Effect.sync(() => {
        count++
      })
    )
    return runPromise(Effect.map(each, () => count))
  }
}

const read = await readers[reader]()
if (warmUp > 0) await read(warmUp)

// A profile slows what it looks at, so that only its shares mean something.
const inspector = task.profile === true ? new (await import("node:inspector/promises")).Session() : undefined
inspector?.connect()
await inspector?.post("Profiler.enable")
await inspector?.post("Profiler.start")
// Entries come when the read gives way, and the last of them with the next turn of the event loop.
let gcMillis = 0
const observer = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) gcMillis += duration
})
observer.observe({ entryTypes: ["gc"] })
const used = process.cpuUsage()
const start = performance.now()
const count = await read(rows)
const { system, user } = process.cpuUsage(used)
const wall = performance.now() - start
await new Promise((resolve) => setTimeout(resolve, 20))
observer.disconnect()
const profiled = await inspector?.post("Profiler.stop")
if (count < rows) throw new Error(`${reader} read ${count} rows of ${rows}`)
const megabyte = 1024 * 1024
globalThis.gc?.()
const reading: Reading = {
  processor: (user + system) / count,
  gc: (gcMillis * 1000) / count,
  wall,
  peakMemory: (process.resourceUsage().maxRSS * 1024) / megabyte,
  liveHeap: process.memoryUsage().heapUsed / megabyte,
  ...(profiled === undefined ? {} : { profile: byOwner(profiled.profile) })
}
console.log(JSON.stringify(reading))
process.exit(0)
