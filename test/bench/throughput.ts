/**
 * Processor time a row, wall time and memory of reading a whole list, beside other ways to read it.
 *
 *     npm run bench -- [ROWS] [ROUNDS]
 *
 * Every reader is a process of its own and reads the same pages from the same server. Rounds are interleaved, so that a
 * noisy moment meets all of them; what counts is the ratio to stripe-node within a round.
 */
import { execFileSync, fork } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const [rows = 100_000, rounds = 5] = process.argv.slice(2).map(Number)

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const compiler = ["--import", "effect/schema/SchemaJITCompiler/enable"]

const peer = "stripe-node"
const readers: ReadonlyArray<{
  readonly label: string
  readonly name: string
  readonly flags: ReadonlyArray<string>
  /** The most processor time a row that is accepted, as a multiple of the peer's. */
  readonly bar?: number
}> = [
  { label: "node:http and JSON.parse, nothing else", name: "bare loop", flags: [] },
  { label: peer, name: peer, flags: [] },
  { label: "25 lines of plain Effect, two fields checked", name: "plain Effect pager", flags: [] },
  { label: "this library, schema compiler on", name: "this library", flags: compiler, bar: 1.1 },
  { label: "this library", name: "this library", flags: [], bar: 1.35 },
  { label: "this library, on fetch", name: "this library on fetch", flags: [] }
]

interface Reading {
  readonly cpuPerRow: number
  readonly wall: number
  readonly peakMegabytes: number
}

const median = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const readAll = (port: number) => {
  const readings = new Map<string, Array<Reading>>(readers.map(({ label }) => [label, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { flags, label, name } of readers) {
      const output = execFileSync(process.execPath, [...flags, file("support/readers.ts"), name, `${port}`, `${rows}`])
      readings.get(label)?.push(JSON.parse(output.toString()))
    }
  }
  return readings
}

const report = (readings: ReadonlyMap<string, ReadonlyArray<Reading>>) => {
  const peers = readings.get(peer) ?? []
  const results = readers.map(({ bar, label }) => {
    const own = readings.get(label) ?? []
    const ratios = own.map((reading, round) => reading.cpuPerRow / (peers[round]?.cpuPerRow ?? Number.NaN))
    return {
      label,
      cpuPerRow: median(own.map((reading) => reading.cpuPerRow)),
      ratio: median(ratios),
      lowest: Math.min(...ratios),
      highest: Math.max(...ratios),
      wall: median(own.map((reading) => reading.wall)),
      peakMegabytes: Math.max(...own.map((reading) => reading.peakMegabytes)),
      bar
    }
  })
  console.log(`\n${rows} rows in pages of 100, ${rounds} rounds, Node ${process.version}\n`)
  console.log("| reader | processor time a row | × stripe-node (spread) | bar | wall | peak memory |")
  console.log("| --- | --- | --- | --- | --- | --- |")
  for (const { bar, cpuPerRow, highest, label, lowest, peakMegabytes, ratio, wall } of results) {
    const verdict = bar === undefined ? "" : `≤ ${bar}: ${ratio <= bar ? "holds" : "MISSED"}`
    const spread = `${ratio.toFixed(2)} (${lowest.toFixed(2)}-${highest.toFixed(2)})`
    const cells = [label, `${cpuPerRow.toFixed(1)} µs`, spread, verdict, `${(wall / 1000).toFixed(2)} s`]
    console.log(`| ${[...cells, `${peakMegabytes.toFixed(0)} MB`].join(" | ")} |`)
  }
  mkdirSync("out", { recursive: true })
  writeFileSync("out/bench.json", `${JSON.stringify({ rows, rounds, node: process.version, results }, null, 2)}\n`)
}

const server = fork(file("support/server.ts"), [String(rows), "0"])
server.on("message", (port) => {
  try {
    report(readAll(Number(port)))
  } finally {
    server.kill()
  }
})
