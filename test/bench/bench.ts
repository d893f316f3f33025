/**
 * What reading a list costs, compared with stripe-node and with Effect's HTTP client alone: the same pages from servers in
 * processes of their own.
 *
 *     npm run bench                            # half an hour
 *     npm run bench -- --quick                 # five minutes, with shorter lists and fewer rounds
 *     npm run bench -- --only memory,profile   # these parts, and the rest as the last run that counts found it
 *     npm run bench -- --rounds 9              # with more rounds than five
 *     npm run bench -- --write                 # and put the figures and the chart where the guide shows them
 *
 * Each reader is a process of its own. Rounds are interleaved, so that a noisy moment meets all readers; what counts is the
 * median of the ratios within a round. The results are in `out/bench.json`, with `--write` in `test/bench/results.json`.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { root } from "../support/packed.ts"
import {
  median,
  read,
  type Reading,
  type Replies,
  served,
  sources,
  spread,
  type Task,
  withServer
} from "./support/measure.ts"
import * as Pages from "./support/pages.ts"
import { bars, render, type Processor, type Results, type Run, type Wall } from "./support/results.ts"

const {
  only: named,
  quick,
  rounds: roundsGiven,
  write
} = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
    write: { type: "boolean", default: false }
  }
}).values
const progress = (text: string) => process.stderr.write(`… ${text}\n`)

interface Way extends Pick<Task, "reader" | "forEach"> {
  readonly name: string
  /** Only where the list is short: what no bar is about. */
  readonly shortOnly?: boolean
  readonly unknownKey?: boolean
  /** Whether it is the first read of its process, compared with the first read of Effect's client. */
  readonly first?: boolean
  readonly bar?: Processor["bar"]
}

const peer = "stripe-node"
const client = "Effect's client alone"
const clientFirst = "Effect's client alone, first read of a process"
const counted = "this library, runCount"
const ways: ReadonlyArray<Way> = [
  { name: "node:http and JSON.parse", reader: "bare", shortOnly: true },
  { name: peer, reader: "stripeNode" },
  { name: client, reader: "effectClient" },
  { name: "the same with DateTime and Redacted", reader: "effectValues", shortOnly: true },
  { name: counted, reader: "library", bar: { most: 1.5, of: client } },
  { name: "this library, runForEach", reader: "library", forEach: true, bar: { most: 1.5, of: client } },
  {
    name: "the same as runCount, one unknown key a row",
    reader: "library",
    unknownKey: true,
    bar: { most: 1.1, of: counted }
  },
  { name: clientFirst, reader: "effectClient", first: true, shortOnly: true },
  { name: "this library, first read of a process", reader: "library", first: true, shortOnly: true }
]

/** Rounds of readers one after the other, by their names. */
const rounds = async <Name>(
  times: number,
  names: ReadonlyArray<Name>,
  one: (name: Name) => Promise<Reading>
): Promise<ReadonlyMap<Name, ReadonlyArray<Reading>>> => {
  const readings = new Map<Name, Array<Reading>>(names.map((name) => [name, []]))
  for (let round = 1; round <= times; round++) {
    progress(`round ${round} of ${times}`)
    for (const [name, own] of readings) own.push(await one(name))
  }
  return readings
}

const processorTime = (replies: Replies, rows: number, times: number): Promise<Run> =>
  withServer({ rows, replies }, (port) =>
    withServer({ rows, replies, unknownKey: true }, async (unknownPort) => {
      progress(`processor time, ${replies} replies, ${rows} rows`)
      const used = ways.filter(({ shortOnly = false }) => rows < 1_000_000 || !shortOnly)
      const readings = await rounds(times, used, ({ first = false, forEach = false, reader, unknownKey = false }) =>
        read({ reader, forEach, port: unknownKey ? unknownPort : port, rows, ...(first ? { warmUp: 0 } : {}) })
      )
      const timesOf = (name: string) =>
        Array.from(readings)
          .find(([way]) => way.name === name)?.[1]
          .map(({ processor }) => processor) ?? []
      const ratio = (own: ReadonlyArray<Reading>, other: string) =>
        spread(own.map(({ processor }, round) => processor / (timesOf(other)[round] ?? Number.NaN)))
      const found = Array.from(readings, ([{ bar, first = false, name }, own]): Processor => ({
        name,
        time: spread(own.map(({ processor }) => processor)),
        ratioToClient: ratio(own, first ? clientFirst : client),
        ratioToPeer: ratio(own, peer),
        gc: median(own.map(({ gc }) => gc)),
        memory: median(own.map(({ peakMemory }) => peakMemory)),
        rate: rows / (median(own.map(({ wall }) => wall)) / 1000),
        ...(bar === undefined ? {} : { bar, ratioOfBar: ratio(own, bar.of).median })
      }))
      return { replies, rows, rounds: times, ways: found }
    })
  )

/** The memory of whole processes. */
const residentMemory = (replies: Replies, rows: number, times: number) =>
  withServer({ rows, replies }, async (port) => {
    progress(`resident memory, ${replies} replies`)
    const readings = await rounds(times, ["stripeNode", "effectClient", "library"] as const, (reader) =>
      read({ reader, port, rows })
    )
    const peak = (reader: Task["reader"]) =>
      median(
        Array.from(readings)
          .find(([name]) => name === reader)?.[1]
          .map(({ peakMemory }) => peakMemory) ?? []
      )
    return { replies, rows, peer: peak("stripeNode"), client: peak("effectClient"), library: peak("library") }
  })

const atOnce = (rows: number, times: number) =>
  withServer({ rows }, async (port) => {
    progress("sixteen requests at once, without latency")
    const readings = await rounds(times, [1, 16], (concurrency) => read({ reader: "library", concurrency, port, rows }))
    const [alone = [], many = []] = readings.values()
    return { rows, ratio: spread(many.map(({ wall }, round) => (alone[round]?.wall ?? Number.NaN) / wall)) }
  })

const wallTime = (rows: number) =>
  withServer({ rows, latency: 150 }, async (port) => {
    const seconds = async (task: Omit<Task, "port" | "rows">) => {
      progress(`150 ms a reply: ${task.reader}, ${task.concurrency ?? 1} at once`)
      return (await read({ ...task, port, rows, warmUp: 0 })).wall / 1000
    }
    const peerSeconds = await seconds({ reader: "stripeNode" })
    const found: Array<Wall> = [{ name: peer, seconds: peerSeconds, speed: 1 }]
    for (const concurrency of [1, 4, 16, 64]) {
      const own = await seconds({ reader: "library", concurrency })
      found.push({
        name: `this library, concurrency ${concurrency}`,
        seconds: own,
        speed: peerSeconds / own,
        ...(concurrency === 16 ? { bar: 13 } : {})
      })
    }
    return { rows, ways: found }
  })

const limited = (rows: number) =>
  withServer({ rows, latency: 150 }, async (port) => {
    progress("25 requests a second")
    await read({ reader: "library", port, rows, warmUp: 0, concurrency: 16, rateLimit: true })
    const { arrivals } = await served(port)
    const [first = 0] = arrivals
    const later = arrivals.filter((time) => time >= first + 2000)
    const seconds = ((later.at(-1) ?? 0) - (later[0] ?? 0)) / 1000
    return { rows, share: (later.length - 1) / seconds / 25 }
  })

const smallHeap = (rows: number) =>
  withServer({ rows, replies: "compact" }, async (port) => {
    progress("a heap of 48 MB")
    const limit = 48
    const within = (rows: number) =>
      read({ reader: "library", port, rows }, [`--max-old-space-size=${limit}`, "--expose-gc"])
    const quarter = await within(rows / 4)
    const { liveHeap, peakMemory } = await within(rows)
    return { rows, limit, liveHeapOfQuarter: quarter.liveHeap, liveHeap, peakMemory }
  })

const profile = (rows: number) =>
  withServer({ rows, replies: "compact" }, async (port) => {
    progress("profile")
    const { profile = [] } = await read({ reader: "library", port, rows, profile: true }, sources)
    const total = profile.reduce((sum, [, microseconds]) => sum + microseconds, 0)
    return profile.map(([owner, microseconds]) => [owner, microseconds / total] as const)
  })

const overTheWire = () =>
  withServer({ rows: 1000 }, async (port) => {
    progress("rows over the wire")
    const carried = async (task: Omit<Task, "port" | "rows">) => {
      const pairs: Array<readonly [number, number]> = []
      for (const rows of [5, 150]) {
        await read({ ...task, port, rows, warmUp: 0 })
        pairs.push([rows, (await served(port)).rows])
      }
      return pairs
    }
    return [
      { name: "stripe-node, limit unset, so 10", carried: await carried({ reader: "stripeNode", pageSize: 10 }) },
      { name: "stripe-node, limit 100", carried: await carried({ reader: "stripeNode" }) },
      { name: "this library, Stream.take", carried: await carried({ reader: "library", end: "take" }) },
      { name: "this library, maxItems", carried: await carried({ reader: "library" }) }
    ]
  })

const importTime = () => {
  progress("import")
  const script = fileURLToPath(new URL("importTime.ts", import.meta.url))
  const output = execFileSync(process.execPath, [script, quick ? "5" : "21"], { encoding: "utf8" })
  return Number(/× ([\d.]+), bar/.exec(output)?.[1])
}

const times = Number(roundsGiven ?? (quick ? 2 : 5))
const short = 100_000
const long = quick ? 200_000 : 1_000_000

const parts: { readonly [Part in keyof Results]: () => Results[Part] | Promise<Results[Part]> } = {
  node: () => process.version,
  compactShort: () => processorTime("compact", short, times),
  compactLong: () => processorTime("compact", long, times),
  indentedShort: () => processorTime("indented", short, times),
  indentedLong: () => processorTime("indented", long, times),
  compactMemory: () => residentMemory("compact", 200_000, times),
  indentedMemory: () => residentMemory("indented", 200_000, times),
  smallHeap: () => smallHeap(long),
  atOnce: () => atOnce(200_000, times),
  profile: () => profile(200_000),
  wire: overTheWire,
  importTime,
  limited: () => limited(quick ? 10_000 : 50_000),
  wall: () => wallTime(quick ? 10_000 : 100_000)
}

const only = named?.split(",")
for (const name of only ?? []) {
  if (!(name in parts)) throw new Error(`--only: expected ${Object.keys(parts).join(", ")}, got ${name}`)
}
const kept = only === undefined ? undefined : Pages.results()
const part = async <Part extends keyof Results>(name: Part): Promise<Results[Part]> =>
  kept === undefined || only?.includes(name) === true ? await parts[name]() : kept[name]

const results: Results = {
  node: await part("node"),
  compactShort: await part("compactShort"),
  compactLong: await part("compactLong"),
  indentedShort: await part("indentedShort"),
  indentedLong: await part("indentedLong"),
  compactMemory: await part("compactMemory"),
  indentedMemory: await part("indentedMemory"),
  smallHeap: await part("smallHeap"),
  atOnce: await part("atOnce"),
  profile: await part("profile"),
  wire: await part("wire"),
  importTime: await part("importTime"),
  limited: await part("limited"),
  wall: await part("wall")
}

mkdirSync(join(root, "out"), { recursive: true })
writeFileSync(join(root, "out", "bench.json"), `${JSON.stringify(results, null, 2)}\n`)
console.log(`\n${render(results)}\n`)
for (const { asked, found, holds, name } of bars(results)) {
  console.log(`${holds ? "holds " : "MISSED"} ${name}: ${asked}, found ${found}`)
}
if (write) await Pages.write(results)
