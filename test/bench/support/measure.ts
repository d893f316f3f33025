/**
 * Processes that read and a server that answers, for the benchmarks.
 */
import { execFile, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

/** What one process reads. */
export interface Task {
  readonly reader: "bare" | "stripeNode" | "effectClient" | "effectValues" | "library"
  readonly port: number
  readonly rows: number
  /** Rows to read before it counts. */
  readonly warmUp?: number
  readonly concurrency?: number
  readonly pageSize?: number
  /** How the read ends after `rows`: by `maxItems`, or by `Stream.take`. */
  readonly end?: "maxItems" | "take"
  /** Whether the library's rows are counted, or an effect of the caller's runs for each. */
  readonly forEach?: boolean
  /** With the limit of 25 requests a second that is the default. */
  readonly rateLimit?: boolean
  readonly profile?: boolean
}

/** What it took. */
export interface Reading {
  /** Microseconds of processor time a row, of all threads. */
  readonly processor: number
  /** Microseconds a row that the collector of garbage held the main thread. They are part of `processor`. */
  readonly gc: number
  /** Milliseconds. */
  readonly wall: number
  /** Megabytes of the whole process. */
  readonly peakMemory: number
  /** Megabytes of the objects that are alive after the read, with `--expose-gc`. */
  readonly liveHeap: number
  /** Microseconds by whose code it was, where that was asked for. */
  readonly profile?: ReadonlyArray<readonly [owner: string, microseconds: number]>
}

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** The library is what stands in `src`, where each function is in a file of its concept. */
export const sources: ReadonlyArray<string> = [
  "--import",
  new URL("../../support/preferSources.ts", import.meta.url).href
]

export const read = async (task: Task, flags: ReadonlyArray<string> = []): Promise<Reading> => {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file("readers.ts"), JSON.stringify(task)])
  return JSON.parse(stdout)
}

/** How a server sends its replies: "indented" with a content-length, or "compact" without one, chunked. */
export type Replies = "indented" | "compact"

/** A list that a server has. */
export interface List {
  readonly rows: number
  /** Milliseconds that a reply takes, ± 30 %. */
  readonly latency?: number
  readonly replies?: Replies
  /** Whether each row has a key that no schema names. */
  readonly unknownKey?: boolean
}

/** A server of a list, for as long as `use` runs. */
export const withServer = async <A>(
  { latency = 0, replies = "indented", rows, unknownKey = false }: List,
  use: (port: number) => Promise<A>
): Promise<A> => {
  const server = fork(file("server.ts"), [String(rows), String(latency), replies, ...(unknownKey ? ["unknown"] : [])])
  try {
    return await use(await new Promise<number>((resolve) => server.once("message", (port) => resolve(Number(port)))))
  } finally {
    server.kill()
  }
}

/** What a server was asked for, and what it sent. */
export interface Served {
  readonly rows: number
  /** When requests came, in milliseconds. */
  readonly arrivals: ReadonlyArray<number>
}

/** What went over the wire since this was asked before. */
export const served = async (port: number): Promise<Served> => {
  const response = await fetch(`http://127.0.0.1:${port}/served`)
  // Type boundary: it is our own server.
  return (await response.json()) as Served
}

export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** A figure of several rounds. */
export interface Spread {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

export const spread = (values: ReadonlyArray<number>): Spread => ({
  median: median(values),
  lowest: Math.min(...values),
  highest: Math.max(...values)
})
