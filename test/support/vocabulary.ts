/**
 * Words that a reader has to decode, each with the field's own word. `test/Words.test.ts` keeps them out of pages, comments,
 * messages and names.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { pages } from "./documentation/pages.ts"

interface Word {
  readonly pattern: RegExp
  /** What to write instead. */
  readonly instead: string
}

// Between two words there may be a line break, with the mark of a comment after it.
const gap = String.raw`[\s*/]+`
const word = (pattern: string, instead: string): Word => ({
  pattern: new RegExp(String.raw`\b(?:${pattern.replaceAll(" ", gap)})\b`, "giu"),
  instead
})

const words: ReadonlyArray<Word> = [
  word("(?:go|goes|going|gone|went) on", "resume, continue, keep polling"),
  word("for ever", "forever, keep polling, without end"),
  word("(?:come|comes|coming|came) to", "is, leads to, ends as"),
  word("befall|befalls|befell|befallen|befalling", "apply to, hit"),
  word("what (?:is|are|was|were) to", "say who does what"),
  word("of which", "say it in two sentences"),
  word("besides?", "next to, also, as well"),
  // "There is none" and "none of them" are plain.
  word("(?<!there )(?<!there may )(?:is|are|was|were|be|being) none(?! of)", "invalid, missing, not a …"),
  word("(?:in )?words of ours", "our own words"),
  word("the house", "modules, module layering")
]

/** Where a name such as `goesOn` is looked at as the words that it is made of. */
const spelledOut = (text: string): string => text.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")

export interface Finding {
  readonly line: number
  readonly found: string
  readonly instead: string
}

/** The words of a text that a reader has to decode. */
export const findingsIn = (text: string): ReadonlyArray<Finding> => {
  const lineAt = (index: number, whole: string) => whole.slice(0, index).split("\n").length
  const spelled = spelledOut(text)
  return words
    .flatMap(({ instead, pattern }) =>
      // `isNone` is Effect's name.
      Array.from((pattern.source.includes("none") ? text : spelled).matchAll(pattern), (match) => ({
        line: lineAt(match.index, pattern.source.includes("none") ? text : spelled),
        found: match[0].replaceAll(/[\s*/]+/g, " "),
        instead
      }))
    )
    .toSorted((one, other) => one.line - other.line)
}

/** Every page of documentation. */
export const pageFiles = (root: string): ReadonlyArray<string> => [...pages(root), "CHANGELOG.md"]

// They are about these words.
const aboutWords = ["test/support/vocabulary.ts", "test/Words.test.ts"]

/** Every program of the project: code, comments, messages and names. */
export const programFiles = (root: string): ReadonlyArray<string> =>
  ["src", "test", "examples"]
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`)
    )
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => /\.(?:ts|mts|md)$/.test(file) && !aboutWords.includes(file))

/** The findings of many files, each as a line for people. */
export const report = (root: string, files: ReadonlyArray<string>): ReadonlyArray<string> =>
  files.flatMap((file) =>
    findingsIn(readFileSync(join(root, file), "utf8")).map(
      ({ found, instead, line }) => `${file}:${line} says "${found}". Instead: ${instead}.`
    )
  )
