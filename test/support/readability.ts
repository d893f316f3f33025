/**
 * How hard the pages are to read: words, mean words a sentence, the longest sentence, and words that a reader has to decode.
 *
 *     node test/support/readability.ts             # README and guides
 *     node test/support/readability.ts --long 25   # and every sentence of more than 25 words
 *     node test/support/readability.ts --words     # and the words of src, test and examples
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { pages } from "./documentation/pages.ts"
import { pageFiles, programFiles, report } from "./vocabulary.ts"

/** The prose of a page, a paragraph or a list item each: without code, tables, headings and pictures. */
const paragraphs = (page: string): ReadonlyArray<string> =>
  page
    .replaceAll(/^(\s*)```[^]*?^\1```$/gm, "\n\n")
    .replaceAll(/<!--[^]*?-->/g, "")
    .replaceAll(/^(?:\||#).*$/gm, "\n\n")
    .split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )/)
    .map((paragraph) =>
      paragraph
        .replace(/^\s*(?:[-*]|\d+\.) /, "")
        .replaceAll(/!\[[^\]]*\]\([^)]*\)/g, "")
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        // Code within a sentence is read as one word.
        .replaceAll(/`[^`]*`/g, "Code")
        .replaceAll(/[*_]{2}/g, "")
        .replaceAll(/\s+/g, " ")
        .trim()
    )
    .filter((paragraph) => paragraph !== "")

const wordsIn = (text: string): number => text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length

/** The sentences of a page. */
export const sentencesIn = (page: string): ReadonlyArray<string> =>
  paragraphs(page).flatMap((paragraph) => paragraph.split(/(?<=[.!?]["”)]*) (?=["“(]*[\p{Lu}\p{N}])/u))

export interface Readability {
  /** All words of the page, its code and tables included, as `wc -w` counts them. */
  readonly words: number
  /** The mean words of a sentence. */
  readonly mean: number
  readonly longest: { readonly words: number; readonly sentence: string }
  readonly sentences: ReadonlyArray<{ readonly words: number; readonly sentence: string }>
}

export const readabilityOf = (page: string): Readability => {
  const sentences = sentencesIn(page).map((sentence) => ({ sentence, words: wordsIn(sentence) }))
  const total = sentences.reduce((sum, { words }) => sum + words, 0)
  const [longest = { sentence: "", words: 0 }] = sentences.toSorted((one, other) => other.words - one.words)
  return {
    words: page.split(/\s+/).filter((word) => word !== "").length,
    mean: sentences.length === 0 ? 0 : total / sentences.length,
    longest,
    sentences
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("../../", import.meta.url))
  const { values } = parseArgs({ options: { long: { type: "string" }, words: { type: "boolean", default: false } } })
  const over = values.long === undefined ? Infinity : Number(values.long)
  const print = (...cells: ReadonlyArray<string | number>) =>
    console.log(cells.map((cell, index) => (index === 0 ? String(cell).padEnd(46) : String(cell).padStart(8))).join(""))
  print("page", "words", "mean", "longest")
  let total = 0
  for (const page of pages(root)) {
    const { longest, mean, sentences, words } = readabilityOf(readFileSync(join(root, page), "utf8"))
    print(page, words, mean.toFixed(1), longest.words)
    if (page.startsWith("examples/guides/")) total += words
    for (const { sentence, words } of sentences) if (words > over) console.log(`  ${words}: ${sentence}`)
  }
  print("examples/guides", total)
  const findings = report(root, [...pageFiles(root), ...(values.words ? programFiles(root) : [])])
  console.log(`\n${findings.length} words to decode${findings.length === 0 ? "" : `:\n${findings.join("\n")}`}`)
}
