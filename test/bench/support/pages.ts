/**
 * Where the last run that counts is kept, and where it is shown: written by `npm run bench -- --write`, and compared by
 * `test/Bench.test.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { format, resolveConfig } from "prettier"
import { root } from "../../support/packed.ts"
import { chart } from "./chart.ts"
import { render, type Results } from "./results.ts"

const resultsFile = join(root, "test/bench/results.json")
export const chartFile = join(root, "test/bench/chart.svg")
const page = join(root, "examples/guides/performance.md")
const [begin, end] = ["<!-- bench -->", "<!-- /bench -->"] as const

export const results = (): Results => JSON.parse(readFileSync(resultsFile, "utf8"))

const place = () => {
  const text = readFileSync(page, "utf8")
  const from = text.indexOf(begin) + begin.length
  const to = text.indexOf(end)
  if (!text.includes(begin) || to < from) throw new Error(`${page} has no ${begin} and ${end}`)
  return { before: text.slice(0, from), shown: text.slice(from, to), after: text.slice(to) }
}

/** What the page shows. */
export const shown = (): string => place().shown

/** What it is to show. */
export const wanted = async (): Promise<string> => `\n\n${await format(render(results()), { parser: "markdown" })}\n`

/** Keeps a run as the one that counts, and shows it. */
export const write = async (results: Results): Promise<void> => {
  const style = await resolveConfig(resultsFile)
  writeFileSync(resultsFile, await format(JSON.stringify(results), { ...style, parser: "json" }))
  writeFileSync(chartFile, chart(results))
  const { after, before } = place()
  writeFileSync(page, before + (await wanted()) + after)
}
