// Writes the table of faults into its page: node test/support/faultTable.ts --write
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { format } from "prettier"
import { type Case, expectationOf, matrix, type Outcome } from "./faultMatrix.ts"

const root = new URL("../../", import.meta.url)
const page = "test/faults.md"
const path = fileURLToPath(new URL(page, root))
const markers = ["<!-- faults -->", "<!-- /faults -->"] as const

const versionOf = (dependency: string): string =>
  JSON.parse(readFileSync(new URL(`node_modules/${dependency}/package.json`, root), "utf8")).version

// Reads that end without an error have all rows, so their number says nothing.
const outcome = ({ end, requests, rows }: Outcome): string => {
  if (end === "complete") return `all, ${requests} requests`
  if (end === "complete, with a wrong row") return "**all, and the wrong row among them**"
  if (end === "never ends") return "**never ends**"
  if (end === "wrong, as if complete") return `**wrong after ${rows}, as if complete**`
  return `\`${end}\` after ${rows}`
}

const seconds = (waits: ReadonlyArray<number>): string =>
  waits.length === 0 ? "" : `${waits.map((wait) => wait / 1000).join(", ")} s`

/** How a fault ends here, after which waits, and how it ends in stripe-node. */
const ends = (one: Case): string => {
  const { ours, stripeNode } = expectationOf(one)
  const leavesOut = one.read.onDecodeError === true || one.without !== undefined
  const mine = leavesOut ? outcome(ours).replace("all", "all but that row") : outcome(ours)
  return `${mine} | ${seconds(ours.waits)} | ${stripeNode === undefined ? "has none" : outcome(stripeNode)}`
}

/** The faults of a group. Neighbours that end in the same way share a line. */
const linesOf = (cases: ReadonlyArray<Case>): ReadonlyArray<string> => {
  const lines: Array<{ readonly names: Array<string>; readonly end: string }> = []
  for (const one of cases) {
    const end = ends(one)
    const last = lines.at(-1)
    if (last?.end === end) last.names.push(one.name)
    else lines.push({ names: [one.name], end })
  }
  return lines.map(({ end, names }) => `| ${names.join("; ")} | ${end} |`)
}

/** The table, as it is to stand in the page. */
export const render = (): Promise<string> => {
  const groups = new Set(matrix.map(({ group }) => group))
  const lines = [
    `| fault | this library | waits | stripe-node ${versionOf("stripe")} |`,
    "| --- | --- | --- | --- |",
    ...Array.from(groups).flatMap((group) => [
      `| **${group}** | | | |`,
      ...linesOf(matrix.filter((one) => one.group === group))
    ])
  ]
  return format(lines.join("\n"), { parser: "markdown" })
}

/** The page around the place for the table. */
const place = () => {
  const text = readFileSync(path, "utf8")
  const begin = text.indexOf(markers[0]) + markers[0].length
  const end = text.indexOf(markers[1])
  if (!text.includes(markers[0]) || end < begin) throw new Error(`${page} has no ${markers.join(" and ")}`)
  return { before: text.slice(0, begin), table: text.slice(begin, end), after: text.slice(end) }
}

/** What stands between the markers in the page. */
export const current = (): string => place().table

/** The table as it should be. */
export const wanted = async (): Promise<string> => `\n\n${await render()}\n`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { after, before } = place()
  if (process.argv.includes("--write")) writeFileSync(path, before + (await wanted()) + after)
  else process.stdout.write(await render())
}
