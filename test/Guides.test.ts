import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, posix } from "node:path"
import { fileURLToPath } from "node:url"
import { pages } from "./support/documentation/pages.ts"
import { difference, play, sessionsIn } from "./support/documentation/terminal.ts"
import { order } from "./support/modules.ts"

// What the pages show of programs, and what they name: it is run, compared, and looked up. Their `ts` fences are run by
// Documentation.test.ts.

const root = fileURLToPath(new URL("..", import.meta.url))
const texts = new Map(pages(root).map((page) => [page, readFileSync(join(root, page), "utf8")]))
const sessions = Array.from(texts).flatMap(([page, text]) => sessionsIn(page, text))

/** The name that GitHub gives a heading in links. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-")

const anchorsOf = (text: string): ReadonlyArray<string> =>
  Array.from(text.replaceAll(/^```[^]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm), ([, heading = ""]) => anchorOf(heading))

describe("what the pages show of a terminal", () => {
  for (const session of sessions) {
    it(`${session.file}:${session.line} is what the commands write`, { timeout: 120_000 }, async () => {
      const outputs = await play(root, session)
      for (const [index, { command, shown }] of session.commands.entries()) {
        const found = difference(shown, outputs[index] ?? "")
        if (found !== undefined) assert.fail(`${session.file}: $ ${command}\n${found}`)
      }
    })
  }

  it("has every example program in it", () => {
    const shown = sessions.flatMap(({ commands }) => commands.map(({ command }) => command)).join("\n")
    const programs = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".ts"))
    const missing = programs.filter(
      (file) =>
        !shown.includes(`examples/${file}`) &&
        !(file === "export.ts" && shown.includes("npm start")) &&
        !(file === "sandbox.ts" && shown.includes("npm run sandbox"))
    )
    assert.deepStrictEqual(missing, [])
  })

  it("is compared but for durations, rates and ports, and for what is left open with …", () => {
    assert.isUndefined(difference(["10 rows in 1s 20ms, 1,000/s"], "10 rows in 940ms, 87/s\n"))
    assert.isDefined(difference(["10 rows in 1s 20ms"], "11 rows in 1s 20ms\n"))
    assert.isUndefined(difference(["a", "…", "z vs_…"], "a\nb\nc\nz vs_1\n"))
    assert.isDefined(difference(["a", "…"], "b\n"))
    assert.isDefined(difference(["a"], "a\nb\n"))
    assert.isDefined(difference([], "a\n"))
  })
})

describe("what the pages name", () => {
  it("is there: the files and headings of their links", () => {
    const broken = Array.from(texts).flatMap(([page, text]) =>
      Array.from(text.matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)/g)).flatMap(([, path = "", anchor]) => {
        const target = path === "" ? page : posix.join(posix.dirname(page), path)
        if (!existsSync(join(root, target))) return [`${page}: ${path}`]
        const there = anchor === undefined || anchorsOf(readFileSync(join(root, target), "utf8")).includes(anchor)
        return there ? [] : [`${page}: ${path}#${anchor}`]
      })
    )
    assert.deepStrictEqual(broken, [])
  })

  it("is there: scripts of npm, and files", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    const named = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, name = ""]) => name)
    const missing = Array.from(texts).flatMap(([page, text]) => {
      const commands = named(text, /npm run (?:--silent )?([\w:-]+)/g).filter((name) => !(name in scripts))
      const files = [
        ...named(text, /(?<![\w/.-])((?:examples|test|src)\/[\w/.-]+\.(?:ts|md))\b/g),
        ...named(text, /(?<![\w/.-])(internal\/[\w/.-]+\.ts)\b/g).map((path) => `src/${path}`)
      ].filter((path) => !path.includes("NAME") && !existsSync(join(root, path)))
      return [...commands, ...files].map((name) => `${page}: ${name}`)
    })
    assert.deepStrictEqual(missing, [])
  })

  it("is there: every module in the picture of the library", () => {
    const picture = texts.get("src/README.md") ?? ""
    assert.deepStrictEqual(
      order.filter((module) => !picture.includes(`\n${module} `)),
      []
    )
  })

  it("is linked from the README: every guide", () => {
    const readme = texts.get("README.md") ?? ""
    const guides = Array.from(texts.keys()).filter((page) => page !== "README.md")
    assert.deepStrictEqual(
      guides.filter((guide) => !readme.includes(`(${guide})`)),
      []
    )
  })
})
