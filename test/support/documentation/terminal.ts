import { spawn } from "node:child_process"
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { examplesIn } from "./examples.ts"

/** A `console` fence: commands after `$`, each with what it writes to standard output. */
export interface Session {
  readonly file: string
  readonly line: number
  /** The `ts` fence before it, for a command that runs a file of the reader's: `node first.mts`. */
  readonly program: string
  readonly commands: ReadonlyArray<{ readonly command: string; readonly shown: ReadonlyArray<string> }>
}

/** The `console` fences of a page. */
export const sessionsIn = (file: string, text: string): ReadonlyArray<Session> => {
  const examples = examplesIn(file, text)
  const lineOf = (match: RegExpExecArray) => text.slice(0, match.index).split("\n").length
  return Array.from(text.matchAll(/^```console\n([^]*?)^```$/gm), (match) => ({
    file,
    line: lineOf(match),
    program: examples.findLast(({ line }) => line < lineOf(match))?.code ?? "",
    commands: (match[1] ?? "").split(/^\$ /m).flatMap((part) => {
      const [command = "", ...shown] = part.trimEnd().split("\n")
      return command === "" ? [] : [{ command, shown }]
    })
  }))
}

const durations = /\b\d+(?:\.\d+)?(?:ms|[smh])\b(?: \d+(?:ms|[smh])\b)*/g

/** A line without what differs from run to run: durations, rates, factors of speed and ports. */
const masked = (line: string): string =>
  line
    .trimEnd()
    .replaceAll(/[\d,]+\/s\b/g, "…/s")
    .replaceAll(durations, "…")
    .replaceAll(/[\d.]+ times as fast/g, "… times as fast")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:…")

/** Why what was written is not what is shown, where `…` stands for any text, and alone on a line for any lines. */
export const difference = (shown: ReadonlyArray<string>, output: string): string | undefined => {
  const pattern = shown
    .map((line) =>
      line === "…"
        ? "(?:.*\n)*?"
        : `${masked(line)
            .replaceAll(/[$()*+./?[\\\]^{|}-]/g, "\\$&")
            .replaceAll("…", ".*")}\n`
    )
    .join("")
  const actual = output.split("\n").map(masked).join("\n").replace(/\n*$/, "\n")
  return new RegExp(`^${pattern}$`).test(actual === "\n" ? "" : actual)
    ? undefined
    : `shown:\n${shown.join("\n")}\n\nwritten:\n${output}`
}

/** What people type, as it runs in a test: without npm around it, and on a port that is free. */
const runnable = (command: string): string =>
  command
    .replace(/^npm start(?: --)?/, "node examples/export.ts")
    .replace(/^npm run sandbox(?: --)?/, "node examples/sandbox.ts")
    .replace(/^npx node /, "node ")
    .replace(/--port \d+/, "--port 0")

/**
 * Runs the commands of a session, one after the other in one new folder, on the sources of the library. A command that
 * ends with `&` runs until the last has ended. The port that it prints is used for those after it.
 */
export const play = async (root: string, session: Session): Promise<ReadonlyArray<string>> => {
  const folder = await mkdtemp(join(tmpdir(), "guide-"))
  for (const name of ["examples", "node_modules"]) await symlink(join(root, name), join(folder, name), "junction")
  for (const { command } of session.commands) {
    const [, file] = /\bnode (\w+\.mts)/.exec(command) ?? []
    if (file !== undefined) await writeFile(join(folder, file), session.program)
  }
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("STRIPE_"))),
    NO_COLOR: "1",
    NODE_OPTIONS: `--import ${new URL("../preferSources.ts", import.meta.url).href}`
  }
  const servers: Array<() => Promise<unknown>> = []
  let port: string | undefined

  const run = (command: string, lines: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const inBackground = command.endsWith("&")
      const text = runnable(inBackground ? command.slice(0, -1).trim() : command)
      const local = port === undefined ? text : text.replaceAll(/127\.0\.0\.1:\d+/g, `127.0.0.1:${port}`)
      // `exec` puts the program in the shell's place, so that the signal reaches it.
      const child = spawn("bash", ["-c", inBackground ? `exec ${local}` : local], { cwd: folder, env })
      const closed = new Promise((resolve) => child.on("close", resolve))
      let output = ""
      let errors = ""
      child.on("error", reject)
      child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()))
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString()
        if (!inBackground || output.split("\n").length <= lines) return
        port ??= /127\.0\.0\.1:(\d+)/.exec(output)?.[1]
        resolve(output)
      })
      if (inBackground) {
        servers.push(() => {
          child.kill("SIGINT")
          return closed
        })
      }
      child.on("close", (code) =>
        code === 0 || inBackground
          ? resolve(output)
          : reject(new Error(`${command} ended with ${code}:\n${output}${errors}`))
      )
    })

  try {
    const outputs: Array<string> = []
    for (const { command, shown } of session.commands) outputs.push(await run(command, shown.length))
    return outputs
  } finally {
    await Promise.all(servers.map((stop) => stop()))
    await rm(folder, { recursive: true })
  }
}
