/**
 * What a run of the benchmarks found, and how it is shown: with the bars that are asked for, for a terminal and the README.
 */
import type { Spread } from "./measure.ts"

/** One way to read, compared with stripe-node in the same rounds. */
export interface Processor {
  readonly name: string
  /** Microseconds a row. */
  readonly time: Spread
  /** As multiples of stripe-node's. */
  readonly ratio: Spread
  /** Rows a second of wall time. */
  readonly rate: number
  /** The most that is asked for, as a multiple of stripe-node's. */
  readonly bar?: number
}

/** A whole list where each reply takes its time. */
export interface Wall {
  readonly name: string
  readonly seconds: number
  /** How many times as fast as stripe-node. */
  readonly speed: number
  /** The least that is asked for. */
  readonly bar?: number
}

export interface Results {
  readonly node: string
  /** Without latency, by the length of the list. */
  readonly processor: ReadonlyArray<{
    readonly rows: number
    readonly rounds: number
    readonly ways: ReadonlyArray<Processor>
  }>
  /** Replies of 150 ms ± 30 %. */
  readonly wall: { readonly rows: number; readonly ways: ReadonlyArray<Wall> }
  /** Under the limit of 25 requests a second: the share of that rate which was used from the third second on. */
  readonly limited: { readonly rows: number; readonly share: number }
  /** Read in sequence with a heap that may not grow beyond `limit` megabytes, a quarter of the rows first. */
  readonly memory: {
    readonly rows: number
    readonly limit: number
    readonly liveHeapOfQuarter: number
    readonly liveHeap: number
    readonly peakMemory: number
  }
  /** Rows that went over the wire for so many that were wanted. */
  readonly wire: ReadonlyArray<{
    readonly name: string
    readonly carried: ReadonlyArray<readonly [wanted: number, rows: number]>
  }>
  /** The shares of the processor time of this library's main thread, by whose code it was. */
  readonly profile: ReadonlyArray<readonly [owner: string, share: number]>
  /** The time of the import as a multiple of that of Effect's modules. */
  readonly importTime: number
}

interface Bar {
  readonly name: string
  readonly asked: string
  readonly found: string
  readonly holds: boolean
}

/** What was asked for, and whether it holds. */
export const bars = ({ importTime, limited, memory, processor, wall }: Results): ReadonlyArray<Bar> => [
  ...processor.flatMap(({ rows, ways }) =>
    ways.flatMap(({ bar, name, ratio }) =>
      bar === undefined
        ? []
        : {
            name: `processor time a row, ${count(rows)} rows: ${name}`,
            asked: `at most ${bar} × stripe-node`,
            found: ratio.median.toFixed(2),
            holds: ratio.median <= bar
          }
    )
  ),
  ...wall.ways.flatMap(({ bar, name, speed }) =>
    bar === undefined
      ? []
      : {
          name: `replies of 150 ms: ${name}`,
          asked: `at least ${bar} times as fast as stripe-node`,
          found: speed.toFixed(1),
          holds: speed >= bar
        }
  ),
  {
    name: "requests under the limit of 25 a second, from the third second on",
    asked: "at least 95 % of it",
    found: `${(limited.share * 100).toFixed(0)} %`,
    holds: limited.share >= 0.95
  },
  {
    name: `${count(memory.rows)} rows in sequence with --max-old-space-size=${memory.limit}`,
    asked: "to the end, and flat",
    found: `${memory.liveHeapOfQuarter.toFixed(1)} MB alive after a quarter, ${memory.liveHeap.toFixed(1)} MB after all`,
    // A byte that each row left behind would be 0.7 MB.
    holds: memory.liveHeap <= memory.liveHeapOfQuarter + 0.5
  },
  {
    name: "time of the import",
    asked: "at most 1.1 × that of Effect's modules",
    found: importTime.toFixed(2),
    holds: importTime <= 1.1
  }
]

const count = (rows: number) => rows.toLocaleString("en-US")

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

const showSpread = ({ highest, lowest, median }: Spread) =>
  `${median.toFixed(2)} (${lowest.toFixed(2)} to ${highest.toFixed(2)})`

/** All tables. */
export const render = (results: Results): string => {
  const { limited, memory, node, processor, profile, wall, wire } = results
  return [
    `Node ${node}, pages of 100.`,
    ...processor.map(({ rows, rounds, ways }) =>
      [
        `Processor time without latency, ${count(rows)} rows, ${rounds} rounds:`,
        table(
          ["reader", "µs a row", "× stripe-node (spread)", "rows a second"],
          ways.map(({ name, rate, ratio, time }) => [
            name,
            time.median.toFixed(1),
            showSpread(ratio),
            count(Math.round(rate / 1000) * 1000)
          ])
        )
      ].join("\n\n")
    ),
    "Where this library's time went in a read of its own, without latency, by a profile of the main thread:",
    table(
      ["", "share"],
      profile.map(([owner, share]) => [owner, `${(share * 100).toFixed(0)} %`])
    ),
    `Wall time with replies of 150 ms ± 30 %, ${count(wall.rows)} rows:`,
    table(
      ["reader", "seconds", "× as fast as stripe-node"],
      wall.ways.map(({ name, seconds, speed }) => [name, seconds.toFixed(1), speed.toFixed(1)])
    ),
    `Under the limit of 25 requests a second, ${count(limited.rows)} rows came with ${(limited.share * 100).toFixed(0)} % of it from the third second on. ${count(memory.rows)} rows in sequence left ${memory.liveHeap.toFixed(1)} MB of objects alive, the program itself included, after a quarter of them ${memory.liveHeapOfQuarter.toFixed(1)} MB; with a heap of ${memory.limit} MB the process had ${memory.peakMemory.toFixed(0)} MB.`,
    "Rows over the wire:",
    table(
      ["reader", ...(wire[0]?.carried ?? []).map(([wanted]) => `for ${wanted}`)],
      wire.map(({ carried, name }) => [name, ...carried.map(([, rows]) => String(rows))])
    ),
    "What was asked for:",
    table(
      ["", "asked", "found", ""],
      bars(results).map(({ asked, found, holds, name }) => [name, asked, found, holds ? "holds" : "**missed**"])
    )
  ].join("\n\n")
}
