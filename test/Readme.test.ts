import { assert, describe, it } from "@effect/vitest"
import { readme, withFigures } from "./support/readmeFigures.ts"

const headings = (text: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(/^## (.*)$/gm), ([, heading = ""]) => heading)

describe("the README", () => {
  const text = readme()

  it("has at most 150 lines", () => {
    assert.isAtMost(text.trimEnd().split("\n").length, 150)
  })

  it("has a table of contents with every section, in order", () => {
    const contents = text.split("\n").find((line) => line.startsWith("[Why](#why)")) ?? ""
    assert.deepStrictEqual(
      Array.from(contents.matchAll(/\[([^\]]+)\]/g), ([, name = ""]) => name),
      headings(text)
    )
  })

  it("has the figures of the last benchmark and of the faults (node test/support/readmeFigures.ts --write)", () => {
    assert.strictEqual(text, withFigures(text))
  })

  // npm shows the README of a package without its repository, so a picture by a relative path would be broken there.
  it("has no picture that a package page cannot show", () => {
    assert.notMatch(text, /!\[[^\]]*\]\((?!https:)/)
    assert.notMatch(text, /<img/)
  })
})
