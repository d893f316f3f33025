import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises"
import { SourceMap } from "node:module"
import { tmpdir } from "node:os"
import { join, posix, relative } from "node:path"
import { rolldown } from "rolldown"
import { runCommand, runTool } from "./support/command.ts"
import { javaScript, library, tsconfig, typeScript } from "./support/consumer.ts"
import { filesBelow } from "./support/modules.ts"
import { inIndex, modules, pack, root } from "./support/packed.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

// The package as a user gets it: built from nothing, packed, installed without a network, imported from elsewhere. What
// needs a network, other versions of the compiler and other runtimes, is in test/support/packageMatrix.ts.

const documents = [
  "AGENTS.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "LICENSE",
  "README.md",
  "src/README.md",
  "test/bench/chart.svg",
  "test/bench/mirroring.svg",
  "test/bench/parallel-reading.svg",
  "test/faults.md",
  ...filesBelow(join(root, "examples")).map((file) => `examples/${file}`)
]

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
const runProgram = async (name: string, lines: ReadonlyArray<string>, ...parameters: ReadonlyArray<string>) => {
  await writeFile(join(user, name), lines.join("\n"))
  return runCommand(process.execPath, [name, ...parameters], { cwd: user })
}

beforeAll(async () => {
  // The real path: what a bundler reports must begin with it.
  folder = await mkdtemp(join(await realpath(tmpdir()), "effect-stripe-identity-"))
  const copy = join(folder, "copy")
  user = join(folder, "user")
  installed = join(user, "node_modules", "effect-stripe-identity")
  await mkdir(copy)
  await mkdir(join(user, "node_modules"), { recursive: true })
  for (const part of [
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "src",
    "test/support/build.ts",
    ...documents
  ]) {
    if (existsSync(join(root, part))) await cp(join(root, part), join(copy, part), { recursive: true })
  }
  // What stays behind where somebody ran an example in its folder.
  await mkdir(join(copy, "examples/out"))
  for (const file of ["examples/.env", "examples/out/sessions.ndjson"]) await writeFile(join(copy, file), "planted")
  await symlink(join(root, "node_modules"), join(copy, "node_modules"), "junction")
  await succeed(runCommand("npm", ["run", "build"], { cwd: copy }))
  const tarball = await pack(copy, folder)

  await writeFile(join(user, "package.json"), JSON.stringify({ type: "module", private: true }))
  // The peer is linked by hand, because the registry is not asked.
  const install = ["install", "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", tarball]
  await succeed(runCommand("npm", install, { cwd: user }))
  await symlink(join(root, "node_modules", "effect"), join(user, "node_modules", "effect"), "junction")
  contents = filesBelow(installed)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe("the package", () => {
  it("holds the library, its sources and its documents, and nothing else", () => {
    const sources = filesBelow(join(root, "src")).filter((file) => file.endsWith(".ts"))
    const declared = sources.flatMap((file) => {
      const built = `dist/${file.slice(0, -3)}`
      return [`src/${file}`, `${built}.d.ts`, `${built}.d.ts.map`]
    })
    const built = [
      ...["index", ...modules].map((name) => `dist/${name}.js`),
      ...["Sandbox", "SessionFlags", "SqlDestination"].map((name) => `dist/${name}.js.map`),
      "dist/internal/library.js",
      "dist/internal/library.js.map"
    ]
    const expected = [...declared, ...built, ...documents, "package.json"]
    assert.deepStrictEqual([...contents].toSorted(), expected.toSorted())
  })

  it("has what its documents link to", async () => {
    for (const page of contents.filter((file) => file.endsWith(".md"))) {
      const text = await readFile(join(installed, page), "utf8")
      const targets = Array.from(text.matchAll(/\]\((?!https?:)([^)\s#]+)/g), ([, path = ""]) => path)
      const missing = targets.filter((path) => !existsSync(join(installed, posix.dirname(page), path)))
      assert.deepStrictEqual(missing, [], page)
    }
  })

  it("gives each module from the root and from its own path, the same one", async () => {
    const { output } = await runProgram("modules.js", [
      `import * as root from "effect-stripe-identity"`,
      `for (const name of ${JSON.stringify(inIndex)}) {`,
      "  const own = await import(`effect-stripe-identity/${name}`)",
      "  const names = new Set([...Object.keys(own), ...Object.keys(root[name])])",
      "  for (const one of names) if (root[name][one] !== own[one]) throw new Error(`${name}.${one} differs`)",
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

  it("runs from plain JavaScript, in process and with fetch", () =>
    baseUrl.pipe(
      Effect.flatMap((url) => Effect.promise(() => succeed(runProgram("read.js", [javaScript], url)))),
      Effect.map((output) => assert.match(output.trim(), /^[1-9]\d* the same over fetch$/)),
      Effect.provide(server({ sessions: 250 })),
      Effect.scoped,
      Effect.runPromise
    ))

  for (const [compiler, moduleResolution] of [
    ["typescript", "NodeNext"],
    ["typescript", "Bundler"],
    ["typescript-6", "NodeNext"]
  ] as const) {
    it(`compiles in a user's project without Node's types, with ${compiler} and ${moduleResolution}`, async () => {
      const project = join(user, `${compiler}-${moduleResolution}`)
      await mkdir(project)
      const files = { ...typeScript, "tsconfig.json": JSON.stringify(tsconfig(moduleResolution)) }
      for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text)
      assert.strictEqual(await succeed(runTool(root, `${compiler}/bin/tsc`, ["-p", "."], { cwd: project })), "")
    })
  }

  it("has examples that compile where they are copied to, as the README says", async () => {
    const project = join(user, "copied")
    await cp(join(installed, "examples"), join(project, "examples"), { recursive: true })
    await symlink(join(root, "node_modules"), join(project, "node_modules"), "junction")
    const { compilerOptions } = tsconfig("NodeNext")
    const here = {
      ...compilerOptions,
      // What Effect itself compiles to.
      lib: ["ES2022", "DOM"],
      skipLibCheck: true,
      types: ["node"],
      allowImportingTsExtensions: true,
      // The project's own modules have no effect-stripe-identity.
      paths: {
        "effect-stripe-identity": [join(installed, "dist/index.d.ts")],
        "effect-stripe-identity/*": [join(installed, "dist/*.d.ts")]
      }
    }
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: here, include: ["examples"] }))
    assert.strictEqual(await succeed(runTool(root, "typescript/bin/tsc", ["-p", "."], { cwd: project })), "")
  })

  for (const compiler of ["typescript", "typescript-6"] as const) {
    it(`has a public name for every type that a library on top of it passes on, with ${compiler}`, async () => {
      const project = join(user, `library-${compiler}`)
      await mkdir(project)
      const { compilerOptions } = tsconfig("NodeNext")
      const emitting = {
        ...compilerOptions,
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        outDir: "out"
      }
      const write = (name: string, text: string) => writeFile(join(project, name), text)
      await write("library.ts", library)
      await write("tsconfig.json", JSON.stringify({ compilerOptions: emitting, files: ["library.ts"] }))
      await succeed(runTool(root, `${compiler}/bin/tsc`, ["-p", "."], { cwd: project }))
      const declarations = await readFile(join(project, "out", "library.d.ts"), "utf8")
      assert.include(declarations, "effect-stripe-identity")
      assert.deepStrictEqual(Array.from(new Set(declarations.match(/"[^"]*\/internal\/[^"]*"\)[\w.]*/g) ?? [])), [])

      // Those who use that library read its declarations, and are told of a name that they cannot import.
      await write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["out/library.d.ts"] }))
      assert.strictEqual(await succeed(runTool(root, `${compiler}/bin/tsc`, ["-p", "."], { cwd: project })), "")
    })
  }

  it("maps everything that is built to sources that it holds", async () => {
    const mapped = new Map<string, Set<string>>([
      [".js", new Set()],
      [".d.ts", new Set()]
    ])
    for (const map of contents.filter((file) => file.endsWith(".map"))) {
      const built = await readFile(join(installed, map.slice(0, -".map".length)), "utf8")
      assert.include(built, `//# sourceMappingURL=${posix.basename(map)}`)
      const { sources } = JSON.parse(await readFile(join(installed, map), "utf8"))
      const [, kind = ""] = /(\.js|\.d\.ts)\.map$/.exec(map) ?? []
      for (const source of sources) mapped.get(kind)?.add(posix.join(posix.dirname(map), source))
    }
    const sources = contents.filter((file) => /^src\/.*\.ts$/.test(file)).toSorted()
    assert.deepStrictEqual(Array.from(mapped.get(".d.ts") ?? []).toSorted(), sources)
    // A source with types alone is in no program.
    const programs = Array.from(mapped.get(".js") ?? [])
    assert.includeMembers([...sources], programs)
    assert.includeMembers(
      programs,
      modules.map((name) => `src/${name}.ts`)
    )
  })

  /** Which sources of the library a bundle of a program has code of, and which modules of Effect. */
  const bundle = async (name: string, lines: ReadonlyArray<string>) => {
    const input = join(user, name)
    await writeFile(input, lines.join("\n"))
    const withMap = async (id: string) =>
      contents.includes(`${relative(installed, id)}.map`)
        ? { code: await readFile(id, "utf8"), map: await readFile(`${id}.map`, "utf8") }
        : undefined
    const build = await rolldown({ input, platform: "neutral", plugins: [{ name: "with-maps", load: withMap }] })
    const [{ code, map, modules }] = (await build.generate({ format: "esm", sourcemap: true })).output
    const origins = new SourceMap(JSON.parse(JSON.stringify(map)))
    const sources = code.split("\n").flatMap((line, row) => {
      const entry = origins.findEntry(row, line.search(/\S/))
      return "originalSource" in entry ? [entry.originalSource.split("/effect-stripe-identity/src/")[1] ?? ""] : []
    })
    const held = Object.entries(modules).filter(([, { renderedLength }]) => renderedLength > 0)
    return {
      own: Array.from(new Set(sources)).filter((source) => source !== ""),
      effect: held.flatMap(([path]) => path.replaceAll("\\", "/").split("/effect/dist/")[1]?.replace(/\.js$/, "") ?? [])
    }
  }

  it("leaves out of a bundle what the program does not use", async () => {
    const unused = await bundle("unused.js", [`import "effect-stripe-identity"`, "console.log(1)"])
    assert.deepStrictEqual(unused, { own: [], effect: [] })

    const one = await bundle("one.js", [
      `import * as RetryPolicy from "effect-stripe-identity/RetryPolicy"`,
      "console.log(RetryPolicy.none)"
    ])
    assert.deepStrictEqual(one.own, ["RetryPolicy.ts"])

    const stream = await bundle("stream.js", [
      `import { VerificationSessions } from "effect-stripe-identity"`,
      "console.log(VerificationSessions.stream(), VerificationSessions.layerConfig())"
    ])
    const notNeeded =
      /^(FileDestination|Destination|Progress|VerificationReports|SessionFlags|SqlDestination|Webhook|Sandbox|internal\/(sandbox|checkpointedFile))\b/
    assert.include(stream.own, "internal/pagination/cursor.ts")
    assert.deepStrictEqual(
      stream.own.filter((source) => notNeeded.test(source)),
      []
    )
    assert.deepStrictEqual(
      stream.effect.filter((name) => /^(cli|ai|sql|cluster|rpc)\/|^FileSystem$/.test(name)),
      []
    )
  })
})
