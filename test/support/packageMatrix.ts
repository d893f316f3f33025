/**
 * Does the packed package work for a user, with every compiler and runtime that it promises? It is installed into an empty
 * project, compiled there, and run there against a sandbox over a socket.
 *
 *     npm run package:matrix
 *
 * Everything comes from the npm registry, Bun and Deno too. What cannot be had is named in the last lines, and is a failure
 * where `CI` is set.
 */
import { Effect } from "effect"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { runCommand, type CommandResult } from "./command.ts"
import { exporting, javaScript, tsconfig, typeScript } from "./consumer.ts"
import { pack, root, withFolder } from "./packed.ts"
import { baseUrl, server } from "./sandboxServer.ts"

const install = (folder: string, ...what: ReadonlyArray<string>): Promise<CommandResult> =>
  runCommand("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...what], { cwd: folder })

const makeProject = async (
  folder: string,
  manifest: object,
  files: Readonly<Record<string, string>>
): Promise<void> => {
  await mkdir(folder, { recursive: true })
  const all = { "package.json": JSON.stringify({ type: "module", private: true, ...manifest }), ...files }
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text)
}

interface Tool {
  /** What npm installs. */
  readonly spec: string
  readonly command: "tsc" | "node" | "bun" | "deno"
  /** What it is asked to do in the user's project, by label. */
  readonly runs: Readonly<Record<string, ReadonlyArray<string>>>
}

const compiler = (version: string): Tool => ({
  spec: `typescript@${version}`,
  command: "tsc",
  runs: { NodeNext: ["-p", "NodeNext.json"], Bundler: ["-p", "Bundler.json"] }
})

const tools = (url: string): ReadonlyArray<Tool> => [
  compiler("5.9"),
  compiler("7"),
  ...["20", "22", "24", "26"].map((version) => ({
    spec: `node@${version}`,
    command: "node" as const,
    runs: { "plain JavaScript": ["read.js", url] }
  })),
  {
    spec: "bun",
    command: "bun",
    runs: { "plain JavaScript": ["run", "read.js", url], "a file": ["run", "export.js"] }
  },
  {
    spec: "deno",
    command: "deno",
    runs: {
      "plain JavaScript": ["run", "--allow-all", "read.js", url],
      "a file": ["run", "--allow-all", "export.js"]
    }
  }
]

const problems: Array<string> = []
const say = (tool: string, run: string, verdict: string) =>
  console.log(`${tool.padEnd(24)} ${run.padEnd(18)} ${verdict}`)

const tryTool = async (tool: Tool, folder: string, project: string): Promise<void> => {
  const home = join(folder, tool.spec)
  // Their install scripts fetch the binary for this machine, from the registry too.
  await makeProject(home, { allowScripts: { node: true, bun: true, deno: true } }, {})
  const installed = await install(home, tool.spec)
  const command = join(home, "node_modules", ".bin", tool.command)
  const version = await runCommand(command, ["--version"], { cwd: home })
  if (installed.code !== 0 || version.code !== 0) {
    problems.push(`NOT CHECKED, because it cannot be had here: ${tool.spec}\n${installed.output}${version.output}`)
    return say(tool.spec, "", "NOT CHECKED")
  }
  const name = `${tool.command} ${/\d[\w.-]+/.exec(version.output)?.[0] ?? version.output.trim()}`
  for (const [run, parameters] of Object.entries(tool.runs)) {
    const { code, output } = await runCommand(command, parameters, { cwd: project })
    const expected = tool.command === "tsc" ? /^$/ : /^[1-9]\d* the same over fetch$|^250 each once in a file$/
    const passed = code === 0 && expected.test(output.trim())
    say(name, run, passed ? output.trim() || "compiles, libraries too" : "FAILED")
    if (!passed) problems.push(`FAILED: ${name}, ${run}\n${output}`)
  }
}

const run = (url: string): Promise<void> =>
  withFolder(async (folder) => {
    const project = join(folder, "user")
    const settings = (["NodeNext", "Bundler"] as const).map((name) => [`${name}.json`, JSON.stringify(tsconfig(name))])
    await makeProject(
      project,
      {},
      { "read.js": javaScript, "export.js": exporting, ...typeScript, ...Object.fromEntries(settings) }
    )
    const installed = await install(project, await pack(root, folder), "@effect/platform-node")
    if (installed.code !== 0) throw new Error(installed.output)
    for (const tool of tools(url)) await tryTool(tool, folder, project)
  })

await baseUrl.pipe(
  Effect.flatMap((url) => Effect.promise(() => run(url))),
  Effect.provide(server({ sessions: 250 })),
  Effect.scoped,
  Effect.runPromise
)

for (const problem of problems) console.error(`\n${problem}`)
const failed = problems.filter((problem) => process.env["CI"] !== undefined || problem.startsWith("FAILED"))
if (failed.length > 0) process.exitCode = 1
