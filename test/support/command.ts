import { execFile } from "node:child_process"

export interface CommandResult {
  readonly code: number
  readonly output: string
}

/**
 * Runs one of the project's tools to its end, whatever its exit code, and returns what it said on both outputs.
 */
export const runCommand = (
  command: string,
  parameters: ReadonlyArray<string>,
  options: { readonly cwd: string; readonly env?: Record<string, string> }
): Promise<CommandResult> =>
  new Promise((resolve) => {
    execFile(
      command,
      parameters,
      {
        cwd: options.cwd,
        env: { ...process.env, NO_COLOR: "1", ...options.env },
        // Windows starts npm through a shell script.
        shell: process.platform === "win32" && command === "npm",
        maxBuffer: 64 * 1024 * 1024
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1
        resolve({ code, output: `${stdout}${stderr}` })
      }
    )
  })

/** Runs a script of a package in `node_modules` under the Node that runs the tests. */
export const runTool = (
  root: string,
  script: string,
  parameters: ReadonlyArray<string>,
  options: { readonly cwd: string; readonly env?: Record<string, string> }
): Promise<CommandResult> => runCommand(process.execPath, [`${root}/node_modules/${script}`, ...parameters], options)
