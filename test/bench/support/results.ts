/**
 * What a run of the benchmarks found, and how it is shown: with the bars that are asked for, for a terminal and the guide.
 */
import type { Replies, Spread } from "./measure.ts"

/** One way to read, compared with others in the same rounds. */
export interface Processor {
  readonly name: string
  /** Microseconds a row. */
  readonly time: Spread
  /** As multiples of what Effect's client takes alone. */
  readonly ratioToClient: Spread
  /** As multiples of stripe-node's. */
  readonly ratioToPeer: Spread
  /** Microseconds of garbage collection a row, which are part of the time. */
  readonly gc: number
  /** Megabytes of the whole process at its largest. */
  readonly memory: number
  /** Rows a second of wall time. */
  readonly rate: number
  /** The most that is asked for, as a multiple of another way's. */
  readonly bar?: { readonly most: number; readonly of: string }
  readonly ratioOfBar?: number
}

/** All ways to read one list. */
export interface Run {
  readonly replies: Replies
  readonly rows: number
  readonly rounds: number
  readonly ways: ReadonlyArray<Processor>
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

/** Megabytes of whole processes after so many rows. */
export interface Memory {
  readonly replies: Replies
  readonly rows: number
  readonly peer: number
  readonly client: number
  readonly library: number
}

export interface Results {
  readonly node: string
  readonly compactShort: Run
  readonly compactLong: Run
  readonly indentedShort: Run
  readonly indentedLong: Run
  readonly compactMemory: Memory
  readonly indentedMemory: Memory
  /** Read in sequence with a heap that may not grow beyond `limit` megabytes, a quarter of the rows first. */
  readonly smallHeap: {
    readonly rows: number
    readonly limit: number
    readonly liveHeapOfQuarter: number
    readonly liveHeap: number
    readonly peakMemory: number
  }
  /** Rows a second of sixteen requests at once without latency, as a multiple of those of a read in sequence. */
  readonly atOnce: { readonly rows: number; readonly ratio: Spread }
  /** The shares of the processor time of this library's main thread, by whose code it was. */
  readonly profile: ReadonlyArray<readonly [owner: string, share: number]>
  /** Rows that went over the wire for so many that were wanted. */
  readonly wire: ReadonlyArray<{
    readonly name: string
    readonly carried: ReadonlyArray<readonly [wanted: number, rows: number]>
  }>
  /** The time of the import as a multiple of that of Effect's modules. */
  readonly importTime: number
  /** Under the limit of 25 requests a second: the share of that rate which was used from the third second on. */
  readonly limited: { readonly rows: number; readonly share: number }
  /** Replies of 150 ms ± 30 %. */
  readonly wall: { readonly rows: number; readonly ways: ReadonlyArray<Wall> }
}

interface Bar {
  readonly name: string
  readonly asked: string
  readonly found: string
  readonly holds: boolean
}

const most = (name: string, limit: number, of: string, found: number): Bar => ({
  name,
  asked: `at most ${limit} × ${of}`,
  found: found.toFixed(2),
  // As it is shown.
  holds: Number(found.toFixed(2)) <= limit
})

/** The runs that were measured: one that is not measured yet has no ways. */
const runsOf = ({ compactLong, compactShort, indentedLong, indentedShort }: Results): ReadonlyArray<Run> =>
  [compactShort, compactLong, indentedShort, indentedLong].filter(({ ways }) => ways.length > 0)

const library = "this library, runCount"

/** What was asked for, and whether it holds. */
export const bars = (results: Results): ReadonlyArray<Bar> => {
  const { atOnce, compactMemory, importTime, indentedMemory, limited, smallHeap, wall } = results
  return [
    ...runsOf(results).flatMap(({ replies, rows, ways }) =>
      ways.flatMap(({ bar, name, ratioOfBar = Number.NaN }) =>
        bar === undefined ? [] : most(`${replies}, ${count(rows)} rows: ${name}`, bar.most, bar.of, ratioOfBar)
      )
    ),
    ...[results.compactShort, results.compactLong].flatMap(({ replies, rows, ways }) =>
      ways.flatMap(({ gc, name }) =>
        name === library
          ? {
              name: `${replies}, ${count(rows)} rows: garbage collection`,
              asked: "at most 0.7 µs a row",
              found: gc.toFixed(2),
              holds: Number(gc.toFixed(2)) <= 0.7
            }
          : []
      )
    ),
    ...[compactMemory, indentedMemory].map(({ client, library, replies, rows }) =>
      most(`${replies}, ${count(rows)} rows: resident memory`, 1.3, "Effect's client alone", library / client)
    ),
    {
      name: `${count(smallHeap.rows)} rows with --max-old-space-size=${smallHeap.limit}`,
      asked: "to the end, and flat",
      found: `${smallHeap.liveHeapOfQuarter.toFixed(1)} MB alive after a quarter, ${smallHeap.liveHeap.toFixed(1)} MB after all`,
      // A byte that each row left behind would be 0.7 MB.
      holds: smallHeap.liveHeap <= smallHeap.liveHeapOfQuarter + 0.5
    },
    {
      name: "no latency: rows a second, 16 requests at once",
      asked: "at least 0.9 × one at a time",
      found: atOnce.ratio.median.toFixed(2),
      holds: atOnce.ratio.median >= 0.9
    },
    ...wall.ways.flatMap(({ bar, name, speed }) =>
      bar === undefined
        ? []
        : {
            name: `replies of 150 ms: ${name}`,
            asked: `at least ${bar} × as fast as stripe-node`,
            found: speed.toFixed(1),
            holds: speed >= bar
          }
    ),
    {
      name: "requests under the limit of 25 a second",
      asked: "at least 95 % of it",
      found: `${(limited.share * 100).toFixed(0)} %`,
      holds: limited.share >= 0.95
    },
    most("time of the import", 1.1, "Effect's modules", importTime)
  ]
}

const count = (rows: number) => rows.toLocaleString("en-US")

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

/** A figure of each run a column, for each way to read. */
const byRun = (
  runs: ReadonlyArray<Run>,
  show: (way: Processor) => string,
  names: ReadonlyArray<string> = runs[0]?.ways.map(({ name }) => name) ?? []
): string =>
  table(
    [
      "reader",
      ...runs.map(
        ({ replies, rounds, rows }) => `${replies}, ${count(rows)} rows, ${rounds} ${rounds === 1 ? "round" : "rounds"}`
      )
    ],
    names.map((name) => [
      name,
      ...runs.map(({ ways }) => {
        const way = ways.find((way) => way.name === name)
        return way === undefined ? "" : show(way)
      })
    ])
  )

/** All tables. */
export const render = (results: Results): string => {
  const { compactMemory, indentedMemory, limited, node, profile, smallHeap, wall, wire } = results
  const runs = runsOf(results)
  const memories = [compactMemory, indentedMemory]
  const missed = bars(results).filter(({ holds }) => !holds)
  return [
    `Node ${node}, pages of 100, medians. Microseconds of processor time a row without latency, and as multiples of Effect's client alone and of stripe-node:`,
    byRun(
      runs,
      ({ ratioToClient, ratioToPeer, time }) =>
        `${time.median.toFixed(1)} (${ratioToClient.median.toFixed(2)}, ${ratioToPeer.median.toFixed(2)})`
    ),
    "Garbage collection, microseconds a row of those:",
    byRun(runs, ({ gc }) => gc.toFixed(2), ["stripe-node", "Effect's client alone", library]),
    `Where this library's time went, compact replies, by a profile of the main thread:`,
    table(
      ["", "share"],
      profile.map(([owner, share]) => [owner, `${(share * 100).toFixed(0)} %`])
    ),
    `Memory of the process after ${count(compactMemory.rows)} rows, in MB:`,
    table(
      ["replies", "stripe-node", "Effect's client alone", "this library"],
      memories.map(({ client, library, peer, replies }) => [
        replies,
        peer.toFixed(0),
        client.toFixed(0),
        library.toFixed(0)
      ])
    ),
    `With a heap of ${smallHeap.limit} MB the process had ${smallHeap.peakMemory.toFixed(0)} MB after ${count(smallHeap.rows)} rows.`,
    `Wall time with replies of 150 ms ± 30 %, ${count(wall.rows)} rows:`,
    table(
      ["reader", "seconds", "× as fast as stripe-node"],
      wall.ways.map(({ name, seconds, speed }) => [name, seconds.toFixed(1), speed.toFixed(1)])
    ),
    `Under the limit of 25 requests a second, a read of ${count(limited.rows)} rows used ${(limited.share * 100).toFixed(0)} % of it from the third second on.`,
    "Rows over the wire:",
    table(
      ["reader", ...(wire[0]?.carried ?? []).map(([wanted]) => `for ${wanted}`)],
      wire.map(({ carried, name }) => [name, ...carried.map(([, rows]) => String(rows))])
    ),
    missed.length === 0
      ? `All ${bars(results).length} targets are met.`
      : `${missed.length} of ${bars(results).length} targets are missed:`,
    ...(missed.length === 0
      ? []
      : [
          table(
            ["missed", "asked", "found"],
            missed.map(({ asked, found, name }) => [name, asked, found])
          )
        ])
  ].join("\n\n")
}
