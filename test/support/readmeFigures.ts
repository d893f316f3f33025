// The figures in the README, from the last benchmark that counts and from the faults that the tests cause.
// node test/support/readmeFigures.ts --write puts them there.
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Results } from "../bench/support/results.ts"
import { expectationOf, matrix, type Outcome } from "./faultMatrix.ts"
import { plainEffectOutcomes } from "./faultPlainEffect.ts"

const path = fileURLToPath(new URL("../../README.md", import.meta.url))

const results = (): Results => JSON.parse(readFileSync(new URL("../bench/results.json", import.meta.url), "utf8"))

const isComplete = ({ end }: Outcome): boolean => end === "complete"
const isSilentlyWrong = ({ end }: Outcome): boolean => /^(?:never ends|wrong|complete,)/.test(end)

/** Each sentence of the README that has a figure, where `#` stands for its numbers in order. */
const sentences = (): ReadonlyArray<readonly [sentence: string, figures: ReadonlyArray<string>]> => {
  const faults = matrix.map(expectationOf).flatMap(({ ours, stripeNode }) =>
    // stripe-node has no limiter, so its faults compare nothing.
    stripeNode === undefined ? [] : [{ ours, stripeNode }]
  )
  const ours = faults.map((fault) => fault.ours)
  const stripeNode = faults.map((fault) => fault.stripeNode)
  const count = (outcomes: ReadonlyArray<Outcome>, is: (outcome: Outcome) => boolean) =>
    String(outcomes.filter(is).length)
  const { compactLong, compactShort, indentedLong, indentedShort, wall } = results()
  const seconds = (name: string) => wall.ways.find((way) => way.name === name)?.seconds.toFixed(1) ?? "?"
  const costs = (...readers: ReadonlyArray<string>) =>
    [compactLong, compactShort, indentedLong, indentedShort]
      .flatMap(({ ways }) => ways.filter(({ name }) => readers.includes(name)))
      .map(({ ratioToPeer }) => ratioToPeer.median)
  const cost = costs("this library, runCount", "this library, runForEach")
  const clientAlone = costs("Effect's client alone")
  const lives = /MIRROR_CASES"\] \?\? (\d+)/.exec(
    readFileSync(new URL("../MirrorLaw.test.ts", import.meta.url), "utf8")
  )?.[1]
  return [
    [
      "Of # tested faults, stripe-node answers # with wrong rows",
      [String(faults.length), count(stripeNode, isSilentlyWrong)]
    ],
    [
      "Plain Effect does so in #, this library in #.",
      [String(plainEffectOutcomes.wrong), count(ours, isSilentlyWrong)]
    ],
    [
      "Every row arrives in # of them here, in # with stripe-node, and in # with plain Effect.",
      [count(ours, isComplete), count(stripeNode, isComplete), String(plainEffectOutcomes.complete)]
    ],
    ["In the # faults, none of them", [String(faults.length)]],
    ["In # random histories", [lives ?? "?"]],
    [
      "# sessions take # s with `concurrency: 16`, and # s with stripe-node",
      [wall.rows.toLocaleString("en-US"), seconds("this library, concurrency 16"), seconds("stripe-node")]
    ],
    [
      "processor time: # to # times that of stripe-node for each row. Effect's HTTP client alone takes # to # times",
      [Math.min(...cost), Math.max(...cost), Math.min(...clientAlone), Math.max(...clientAlone)].map((ratio) =>
        ratio.toFixed(1)
      )
    ]
  ]
}

/** The page with the figures as they are. Throws where a sentence is gone. */
export const withFigures = (page: string): string =>
  sentences().reduce((text, [sentence, figures]) => {
    const escaped = sentence.replaceAll(/[$()*+./?[\\\]^{|}-]/g, "\\$&")
    const pattern = new RegExp(escaped.replaceAll("#", String.raw`[\d.,]*\d`))
    if (!pattern.test(text)) throw new Error(`The README does not say "${sentence}"`)
    let next = 0
    return text.replace(
      pattern,
      sentence.replaceAll(/#/g, () => figures[next++] ?? "")
    )
  }, page)

export const readme = (): string => readFileSync(path, "utf8")

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes("--write")) {
  writeFileSync(path, withFigures(readme()))
}
