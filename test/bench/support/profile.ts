/**
 * Where processor time goes, by whose code it is: the profile of a read, added up.
 */
import type { Profiler } from "node:inspector"

/** What a function belongs to, by where it is defined. The first that fits counts. */
const owners: ReadonlyArray<readonly [owner: string, fits: (url: string, name: string) => boolean]> = [
  ["waiting", (_url, name) => name === "(idle)"],
  ["garbage collection", (_url, name) => name === "(garbage collector)"],
  // `JSON.parse` is native, and counts for who calls it.
  ["JSON.parse", (url) => url.endsWith("/src/internal/client/reply.ts")],
  [
    "Node and Undici",
    (url) => url === "" || url.startsWith("node:") || url.includes("/undici/") || url.startsWith("wasm:")
  ],
  ["Effect: HTTP client", (url) => url.includes("/effect/dist/http/") || url.includes("/platform-node")],
  [
    "Effect: Redacted and DateTime",
    (url) => /\/effect\/dist\/(internal\/)?(Redacted|redacted|DateTime|dateTime)\.js$/.test(url)
  ],
  ["Effect: fibers, streams, spans, metrics", (url) => url.includes("/effect/dist/")],
  [
    "this library: fields of rows",
    (url) => /\/src\/internal\/(wire\/(fastPath|fields)|session\/codec|list\/reply)\.ts$/.test(url)
  ],
  ["this library: order of rows", (url) => url.includes("/src/internal/pagination/")],
  ["this library: requests", (url) => url.includes("/src/")],
  ["the rest", () => true]
]

/** Microseconds of each owner, the longest first. What waits is left out. */
export const byOwner = ({
  nodes,
  samples = [],
  timeDeltas = []
}: Profiler.Profile): ReadonlyArray<readonly [string, number]> => {
  const ownerOf = new Map(
    nodes.map(({ callFrame: { functionName, url }, id }) => [
      id,
      owners.find(([, fits]) => fits(url, functionName))?.[0] ?? "the rest"
    ])
  )
  const totals = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const owner = ownerOf.get(id) ?? "the rest"
    totals.set(owner, (totals.get(owner) ?? 0) + (timeDeltas[index] ?? 0))
  }
  totals.delete("waiting")
  return Array.from(totals).sort(([, left], [, right]) => right - left)
}
