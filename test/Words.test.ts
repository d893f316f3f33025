import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { pages } from "./support/documentation/pages.ts"
import { readabilityOf, sentencesIn } from "./support/readability.ts"
import { findingsIn, pageFiles, programFiles, report } from "./support/vocabulary.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

// node test/support/readability.ts prints what is measured here, and `--long 25` the sentences to look at.

describe("a sentence of the pages", () => {
  for (const page of pages(root)) {
    const { longest, mean } = readabilityOf(readFileSync(join(root, page), "utf8"))

    it(`of ${page} has at most 18 words in the mean, and none has more than 35`, () => {
      assert.isAtMost(mean, 18)
      assert.isAtMost(longest.words, 35, longest.sentence)
    })
  }
})

describe("words that a reader has to decode", () => {
  it("are in no page, comment, message or name", () => {
    assert.deepStrictEqual(report(root, [...pageFiles(root), ...programFiles(root)]), [])
  })
})

describe("the measuring", () => {
  it("finds sentences in paragraphs, lists and links, and not in code, tables and headings", () => {
    const page = [
      "# A heading. Of two.",
      "",
      "One sentence. Another [with a link](https://example.com/a.b), and `code. Of two`.",
      "Version 4.1 is one word.",
      "",
      "| a table. | Two. |",
      "",
      "```ts",
      "const code = 1 // One. Two.",
      "```",
      "",
      "- An item",
      "- **Another.** It has two sentences"
    ]
    assert.deepStrictEqual(sentencesIn(page.join("\n")), [
      "One sentence.",
      "Another with a link, and Code.",
      "Version 4.1 is one word.",
      "An item",
      "Another.",
      "It has two sentences"
    ])
  })

  it("finds the words over line breaks, in comments and in names", () => {
    const found = (text: string) => findingsIn(text).map(({ found, line }) => `${line}: ${found}`)
    assert.deepStrictEqual(found("it goes\n// on for ever"), ["1: goes on", "2: for ever"])
    assert.deepStrictEqual(found(" * What is\n * to outlast"), ["1: What is to"])
    assert.deepStrictEqual(found("const goesOn = comesTo(1)"), ["1: goes On", "1: comes To"])
    assert.deepStrictEqual(found("a filter that is none, beside others"), ["1: beside", "1: is none"])
    assert.deepStrictEqual(
      found("Option.isNone, RetryPolicy.none, there is none, is none of them, forever, outcome to"),
      []
    )
  })
})
