import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import {
  apart,
  cycles,
  filesBelow,
  importProblems,
  importsOf,
  order,
  readSources,
  type Sources,
  undocumented,
  undocumentedOptions,
  withoutExample
} from "./support/modules.ts"

// The rules that keep the library small and its parts apart, so that nobody has to remember them.

const root = fileURLToPath(new URL("..", import.meta.url))
const sources = readSources(join(root, "src"))
const publicModules = Array.from(sources.keys()).filter((file) => !file.includes("/"))
const longest = 400

const lineCount = (text: string) => text.trimEnd().split("\n").length
const isNode = (name: string) => name.startsWith("node:") || builtinModules.includes(name)
const machinePaths = (text: string) => text.match(/(?:\/(?:home|Users|root|work)\/|[A-Z]:\\Users\\)[\w.-]+/g) ?? []

describe("the modules", () => {
  it("has a place in the order for every module", () => {
    const unplaced = publicModules.filter((file) => file !== "Sandbox.ts" && !order.includes(file))
    assert.deepStrictEqual(unplaced, [], "add it to the order in test/support/modules.ts")
  })

  it("imports downward only, and keeps the sandbox apart", () => {
    assert.deepStrictEqual(importProblems(sources), [])
  })

  it("has no cycle of imports", () => {
    assert.deepStrictEqual(cycles(sources), [])
  })

  it("names files that exist", () => {
    const missing = Array.from(sources).flatMap(([file, text]) =>
      importsOf(file, text)
        .filter((imported) => imported.endsWith(".ts") && !sources.has(imported))
        .map((imported) => `${file} imports ${imported}`)
    )
    assert.deepStrictEqual(missing, [])
  })

  it(`keeps every file under ${longest} lines`, () => {
    const long = Array.from(sources).filter(([, text]) => lineCount(text) > longest)
    assert.deepStrictEqual(
      long.map(([file, text]) => `${file}: ${lineCount(text)}`),
      []
    )
  })

  it("uses nothing of Node, and nothing that users do not have", () => {
    const foreign = Array.from(sources).flatMap(([file, text]) =>
      importsOf(file, text)
        .filter((name) => isNode(name) || !(name.endsWith(".ts") || name.startsWith("effect/")))
        .map((name) => `${file} imports ${name}`)
    )
    assert.deepStrictEqual(foreign, [])
  })

  it("loads effect/cli for command lines alone", () => {
    const found = Array.from(sources).filter(([file, text]) =>
      importsOf(file, text).some((name) => name.startsWith("effect/cli"))
    )
    assert.deepStrictEqual(
      found.map(([file]) => file),
      ["SessionFlags.ts"]
    )
    const importers = Array.from(sources).filter(([file, text]) => importsOf(file, text).includes("SessionFlags.ts"))
    assert.deepStrictEqual(importers, [])
  })

  it("never reads the clock of the platform (the linter sees Date.now, but not this)", () => {
    const found = Array.from(sources).filter(([, text]) => /\bnew Date\(\)/.test(text))
    assert.deepStrictEqual(
      found.map(([file]) => file),
      []
    )
  })

  it("exports every module from the index as a namespace, but those that have only their own path", () => {
    const expected = publicModules
      .filter((file) => file !== "index.ts" && !apart.includes(file))
      .map((file) => `export * as ${file.slice(0, -3)} from "./${file}"`)
    const exported = (sources.get("index.ts") ?? "").split("\n").filter((line) => line.startsWith("export"))
    assert.deepStrictEqual(exported.toSorted(), expected.toSorted())
  })

  it("documents every public export, with its category and the version it came with", () => {
    assert.deepStrictEqual(undocumented(sources), [])
  })

  it("shows every public function, class and constant in an example, which the tests run", () => {
    assert.deepStrictEqual(withoutExample(sources), [])
  })

  it("says what every option means", () => {
    assert.deepStrictEqual(undocumentedOptions(sources), [])
  })

  it("holds no path of anyone's machine", () => {
    const folders = ["src", "test", "examples", ".ci", ".github"].filter((folder) => existsSync(join(root, folder)))
    const files = folders.flatMap((folder) => filesBelow(join(root, folder)).map((file) => `${folder}/${file}`))
    const documents = [
      "README.md",
      "CONTRIBUTING.md",
      "AGENTS.md",
      "CHANGELOG.md",
      "package.json",
      "tsconfig.json",
      "vitest.config.ts"
    ]
    const found = [...files, ...documents]
      .filter((file) => existsSync(join(root, file)))
      .flatMap((file) => machinePaths(readFileSync(join(root, file), "utf8")).map((path) => `${file}: ${path}`))
    assert.deepStrictEqual(found, [])
  })
})

describe("the layering rules", () => {
  const importing = (files: Record<string, ReadonlyArray<string>>): Sources =>
    new Map(Object.entries(files).map(([file, names]) => [file, names.map((name) => `import "${name}"`).join("\n")]))

  it("see every kind of import, and none in a comment", () => {
    const text = [
      `import * as Effect from "effect/Effect"`,
      `import type { A } from "../StripeError.ts"`,
      `export * from "./b.ts"`,
      `type C = import("./c.ts").C`,
      `const d = await import("./d.ts")`,
      `/** import "./e.ts" */`
    ].join("\n")
    assert.sameMembers(
      [...importsOf("internal/a.ts", text)],
      ["effect/Effect", "StripeError.ts", "internal/b.ts", "internal/c.ts", "internal/d.ts"]
    )
  })

  it("object to an import upward, and not to one downward", () => {
    const upward = importing({ "StripeError.ts": ["./StripeClient.ts"], "StripeClient.ts": ["./internal/a.ts"] })
    assert.deepStrictEqual(importProblems(upward), ["StripeError.ts > StripeClient.ts: imports run downward only"])
  })

  it("hold a module responsible for what it reaches through internal", () => {
    const files = {
      "StripeClient.ts": ["./internal/a.ts"],
      "StripeError.ts": ["./internal/b.ts"],
      "RetryPolicy.ts": [],
      "internal/a.ts": ["./b.ts"],
      "internal/b.ts": ["../RetryPolicy.ts"]
    }
    assert.deepStrictEqual(importProblems(importing(files)), [
      "StripeError.ts > internal/b.ts > RetryPolicy.ts: imports run downward only"
    ])
  })

  it("object to what crosses the walls of the sandbox and of the list engine", () => {
    const sandbox = importing({
      "Sandbox.ts": ["./internal/sandbox/rows.ts", "./StripeError.ts"],
      "internal/sandbox/rows.ts": ["../shared.ts"],
      "internal/shared.ts": [],
      "StripeError.ts": ["./internal/reply.ts"],
      "internal/reply.ts": ["./sandbox/rows.ts"]
    })
    assert.deepStrictEqual(
      importProblems(sandbox).map((problem) => problem.split(":")[0]),
      [
        "Sandbox.ts > StripeError.ts",
        "internal/sandbox/rows.ts > internal/shared.ts",
        "StripeError.ts > internal/reply.ts > internal/sandbox/rows.ts"
      ]
    )
    const engine = importing({ "Pagination.ts": ["./VerificationSession.ts"], "VerificationSession.ts": [] })
    assert.deepStrictEqual(importProblems(engine), [
      "Pagination.ts > VerificationSession.ts: the list engine knows nothing of Identity"
    ])
  })

  it("find a cycle once, wherever it starts", () => {
    const sources = importing({
      "internal/a.ts": ["./b.ts"],
      "internal/b.ts": ["./c.ts"],
      "internal/c.ts": ["./b.ts"],
      "internal/d.ts": ["./c.ts"]
    })
    assert.deepStrictEqual(cycles(sources), ["internal/b.ts > internal/c.ts > internal/b.ts"])
  })

  it("ask for a docstring with both tags", () => {
    const text = [
      "/** @category models @since 0.1.0 */",
      "export interface Documented {}",
      "/** @internal */",
      "export const hidden = 1",
      "/** @since 0.1.0 */",
      "export const half = 1",
      `export { other } from "./internal/b.ts"`
    ].join("\n")
    const passedOn = "export const other = 1"
    const sources = new Map([
      ["A.ts", text],
      ["internal/b.ts", passedOn]
    ])
    assert.deepStrictEqual(undocumented(sources), [
      "A.ts: export const hidden = 1",
      "A.ts: export const half = 1",
      `internal/b.ts: ${passedOn}`
    ])
  })

  it("ask for an example: one's own, that of a name one refers to, or that of one's type", () => {
    const fence = ["```ts", "1", "```"].map((line) => ` * ${line}`).join("\n")
    const text = [
      `/** One.\n *\n${fence}\n */\nexport const own = 1`,
      "/** See {@link own}. */\nexport const referring = 1",
      "/** A type needs none. */\nexport type Text = string",
      "/** An error is met. @category errors */\nexport class Failure {}",
      "/** `nothing` has none. */\nexport const bare: Bare = 1",
      "/** Its type has. */\nexport const typed: Internal.Call<1> = 1",
      `export { passedOn } from "./internal/b.ts"`
    ].join("\n")
    const internal = `/**\n${fence}\n */\nexport type Call<A> = A\n/** None. */\nexport const passedOn = 1`
    assert.deepStrictEqual(
      withoutExample(
        new Map([
          ["A.ts", text],
          ["internal/b.ts", internal]
        ])
      ),
      ["A.bare", "A.passedOn"]
    )
  })

  it("ask what an option means, once a module", () => {
    const text = [
      "/** @category options */\nexport interface Options {\n  /** Said. */\n  said: 1\n  unsaid: 1\n}",
      "/** @category options */\nexport interface More {\n  said: 1\n}"
    ].join("\n")
    assert.deepStrictEqual(undocumentedOptions(new Map([["A.ts", text]])), ["A: unsaid"])
  })

  it("know a machine's path from a link", () => {
    const folder = ["", "home", "someone"].join("/")
    assert.deepStrictEqual(machinePaths(`see ${folder}/project`), [folder])
    assert.deepStrictEqual(machinePaths("https://stripe.com/docs/work https://example.com/homes"), [])
  })
})
