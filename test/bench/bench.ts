/**
 * What reading a list costs, compared with stripe-node, plain Effect, and nothing but HTTP: one run, one server, the same pages.
 *
 *     npm run bench                # about a quarter of an hour
 *     npm run bench -- --quick     # two minutes, with shorter lists and fewer rounds
 *     npm run bench -- --write     # and put the figures and the chart where the README shows them
 *
 * Every reader is a process of its own. Rounds are interleaved, so that a noisy moment meets all of them; what counts are
 * the ratios to stripe-node within a round. The results are in `out/bench.json`, with `--write` in `test/bench/results.json`.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { root } from "../support/packed.ts"
import {
  compiler,
  median,
  read,
  type Reading,
  served,
  sources,
  spread,
  type Task,
  withServer
} from "./support/measure.ts"
import * as Pages from "./support/pages.ts"
import { bars, render, type Processor, type Results, type Wall } from "./support/results.ts"

const quick = process.argv.includes("--quick")
const progress = (text: string) => process.stderr.write(`… ${text}\n`)

interface Way {
  readonly name: string
  readonly reader: Task["reader"]
  readonly flags?: ReadonlyArray<string>
  readonly bar?: number
}

const peer = "stripe-node"
const ways: ReadonlyArray<Way> = [
  { name: "node:http and JSON.parse, nothing else", reader: "bare" },
  { name: peer, reader: "stripeNode" },
  { name: "Effect's client and JSON.parse, nothing else", reader: "effectClient" },
  { name: "the same, and a DateTime and the Redacted of each row", reader: "effectValues" },
  { name: "25 lines of plain Effect, two fields checked", reader: "plainEffect" },
  { name: "this library, schema compiler on", reader: "library", flags: compiler, bar: 1.1 },
  { name: "this library", reader: "library", bar: 1.35 },
  { name: "this library, on fetch", reader: "libraryOnFetch" }
]

const processorTime = (rows: number, rounds: number) =>
  withServer(rows, 0, async (port) => {
    const readings = new Map<Way, Array<Reading>>(ways.map((way) => [way, []]))
    for (let round = 1; round <= rounds; round++) {
      progress(`processor time, ${rows} rows, round ${round} of ${rounds}`)
      for (const [way, own] of readings) own.push(await read({ reader: way.reader, port, rows }, way.flags))
    }
    const peers = Array.from(readings).find(([{ name }]) => name === peer)?.[1] ?? []
    const found = Array.from(readings, ([{ bar, name }, own]): Processor => ({
      name,
      time: spread(own.map(({ processor }) => processor)),
      ratio: spread(own.map(({ processor }, round) => processor / (peers[round]?.processor ?? Number.NaN))),
      rate: rows / (median(own.map(({ wall }) => wall)) / 1000),
      ...(bar === undefined ? {} : { bar })
    }))
    return { rows, rounds, ways: found }
  })

const wallTime = (rows: number) =>
  withServer(rows, 150, async (port) => {
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
  withServer(rows, 150, async (port) => {
    progress("25 requests a second")
    await read({ reader: "library", port, rows, warmUp: 0, concurrency: 16, rateLimit: true })
    const { arrivals } = await served(port)
    const [first = 0] = arrivals
    const later = arrivals.filter((time) => time >= first + 2000)
    const seconds = ((later.at(-1) ?? 0) - (later[0] ?? 0)) / 1000
    return { rows, share: (later.length - 1) / seconds / 25 }
  })

const memory = (rows: number) =>
  withServer(rows, 0, async (port) => {
    progress("memory")
    const limit = 48
    const within = (rows: number) =>
      read({ reader: "library", port, rows }, [`--max-old-space-size=${limit}`, "--expose-gc"])
    const quarter = await within(rows / 4)
    const { liveHeap, peakMemory } = await within(rows)
    return { rows, limit, liveHeapOfQuarter: quarter.liveHeap, liveHeap, peakMemory }
  })

const profile = (rows: number) =>
  withServer(rows, 0, async (port) => {
    progress("profile")
    const { profile = [] } = await read({ reader: "library", port, rows, profile: true }, sources)
    const total = profile.reduce((sum, [, microseconds]) => sum + microseconds, 0)
    return profile.map(([owner, microseconds]) => [owner, microseconds / total] as const)
  })

const overTheWire = () =>
  withServer(1000, 0, async (port) => {
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

const results: Results = {
  node: process.version,
  processor: quick
    ? [await processorTime(100_000, 2)]
    : [await processorTime(100_000, 7), await processorTime(1_000_000, 3)],
  memory: await memory(quick ? 200_000 : 1_000_000),
  profile: await profile(200_000),
  wire: await overTheWire(),
  importTime: importTime(),
  limited: await limited(quick ? 10_000 : 50_000),
  wall: await wallTime(quick ? 10_000 : 100_000)
}

mkdirSync(join(root, "out"), { recursive: true })
writeFileSync(join(root, "out", "bench.json"), `${JSON.stringify(results, null, 2)}\n`)
console.log(`\n${render(results)}\n`)
const missed = bars(results).filter(({ holds }) => !holds)
console.log(missed.length === 0 ? "All bars hold." : `${missed.length} of ${bars(results).length} bars are missed.`)
if (process.argv.includes("--write")) await Pages.write(results)
