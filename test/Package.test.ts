import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { existsSync } from "node:fs"
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { runCommand, runTool } from "./support/command.ts"
import { apart, filesBelow } from "./support/house.ts"

// The package as a user gets it: built from nothing, packed, installed without a network, imported from elsewhere.

const root = fileURLToPath(new URL("..", import.meta.url))
const modules = filesBelow(join(root, "src"))
  .filter((file) => file.endsWith(".ts") && !file.includes("/") && file !== "index.ts")
  .map((file) => file.slice(0, -3))
const inIndex = modules.filter((name) => !apart.includes(`${name}.ts`))

let folder = ""
let user = ""
let installed = ""
let contents: ReadonlyArray<string> = []

const succeed = async (result: ReturnType<typeof runCommand>): Promise<string> => {
  const { code, output } = await result
  if (code !== 0) assert.fail(output)
  return output
}

/** Runs a program of the user's: plain JavaScript, outside of this project. */
const runProgram = async (name: string, lines: ReadonlyArray<string>) => {
  await writeFile(join(user, name), lines.join("\n"))
  return runCommand(process.execPath, [name], { cwd: user })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "effect-stripe-identity-"))
  const copy = join(folder, "copy")
  user = join(folder, "user")
  installed = join(user, "node_modules", "effect-stripe-identity")
  await mkdir(copy)
  await mkdir(join(user, "node_modules"), { recursive: true })
  const parts = ["package.json", "tsconfig.json", "tsconfig.build.json", "src", "README.md", "LICENSE", "CHANGELOG.md"]
  for (const part of parts) {
    if (existsSync(join(root, part))) await cp(join(root, part), join(copy, part), { recursive: true })
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"), "junction")
  await succeed(runTool(root, "typescript/bin/tsc", ["-p", "tsconfig.build.json"], { cwd: copy }))
  await succeed(runCommand("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: copy }))

  const [tarball] = (await readdir(folder)).filter((file) => file.endsWith(".tgz"))
  await writeFile(join(user, "package.json"), JSON.stringify({ type: "module", private: true }))
  // The peer is linked by hand, because the registry is not asked.
  const install = ["install", "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", `../${tarball}`]
  await succeed(runCommand("npm", install, { cwd: user }))
  await symlink(join(root, "node_modules", "effect"), join(user, "node_modules", "effect"), "junction")
  contents = filesBelow(installed)
}, 60_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

describe("the package", () => {
  it("holds the library, its sources and its documents, and nothing else", () => {
    const documents = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"]
    const expected = filesBelow(join(root, "src")).flatMap((file) => {
      const built = `dist/${file.slice(0, -3)}`
      return [`src/${file}`, `${built}.js`, `${built}.js.map`, `${built}.d.ts`, `${built}.d.ts.map`]
    })
    assert.deepStrictEqual([...contents].toSorted(), [...expected, ...documents].toSorted())
  })

  it("gives each module from the root and from its own path, the same one", async () => {
    const { output } = await runProgram("modules.js", [
      `import * as root from "effect-stripe-identity"`,
      `for (const name of ${JSON.stringify(inIndex)}) {`,
      "  const own = await import(`effect-stripe-identity/${name}`)",
      "  if (root[name] !== own) throw new Error(`${name} differs`)",
      "}",
      `console.log(Object.keys(root).sort().join())`
    ])
    assert.strictEqual(output.trim(), [...inIndex].toSorted().join())
  })

  it("gives every module by its own path, those that the root does not give too", async () => {
    const imports = modules.map((name) => `import "effect-stripe-identity/${name}"`)
    assert.strictEqual(await succeed(runProgram("paths.js", imports)), "")
  })

  it("keeps its internals closed", async () => {
    const [internal] = contents.filter((file) => /^dist\/internal\/[^/]+\.js$/.test(file))
    const name = internal?.slice("dist/".length, -".js".length)
    const { output } = await runProgram("internal.js", [`import "effect-stripe-identity/${name}"`])
    assert.include(output, "ERR_PACKAGE_PATH_NOT_EXPORTED")
    const index = await runProgram("index.js", [`import "effect-stripe-identity/index"`])
    assert.include(index.output, "ERR_PACKAGE_PATH_NOT_EXPORTED")
  })

  for (const compiler of ["typescript", "typescript-6"]) {
    it(`compiles in a user's project without Node's types, with ${compiler}`, async () => {
      const project = join(user, compiler)
      await mkdir(project)
      await writeFile(
        join(project, "tsconfig.json"),
        JSON.stringify({
          compilerOptions: {
            target: "ES2022",
            lib: ["ES2023", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
            module: "NodeNext",
            strict: true,
            exactOptionalPropertyTypes: true,
            noEmit: true,
            types: []
          }
        })
      )
      const lines = modules.map((name) => `export * as ${name} from "effect-stripe-identity/${name}"`)
      await writeFile(join(project, "paths.mts"), lines.join("\n"))
      const names = inIndex.join(", ")
      const claims = [
        `import { ${names} } from "effect-stripe-identity"`,
        `import * as paths from "./paths.mjs"`,
        ...inIndex.map((name) => `export const same${name}: typeof paths.${name} = ${name}`),
        "// @ts-expect-error The types are read, so a name that does not exist is an error.",
        `export { NoSuchModule } from "effect-stripe-identity"`
      ]
      await writeFile(join(project, "user.mts"), claims.join("\n"))
      assert.strictEqual(await succeed(runTool(root, `${compiler}/bin/tsc`, ["-p", "."], { cwd: project })), "")
    })
  }
})
