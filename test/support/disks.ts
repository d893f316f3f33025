import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { join } from "node:path"
import type { CommandLine } from "./programs.ts"

// Ways to refuse a program its writes that are the system's own, and need no rights.

/** Runs a program whose files may not grow beyond so many KiB: a write beyond that fails with EFBIG. */
export const limited =
  (kibibytes: number) =>
  (command: CommandLine): CommandLine => ["bash", "-c", `ulimit -f ${kibibytes} && exec "$@"`, "bash", ...command]

/** Runs a program to which the permissions of files apply, for root too. */
export const withoutPowers = (command: CommandLine): CommandLine =>
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set", "-all", ...command] : command

const inNamespace = ["--user", "--map-root-user", "--mount"]

/** Whether a disk can be made here. Some systems allow it to nobody, and Linux alone has these namespaces. */
export const canMakeDisk =
  spawnSync("unshare", [...inNamespace, "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).status === 0 &&
  spawnSync("nsenter", ["--version"]).status === 0

if (!canMakeDisk) {
  // Past Vitest, which shows what is written to the console only for tests that fail.
  process.stderr.write("\nWARNING: no disk can be made here, so NOTHING was tried on a full one. Limits of size are.\n")
}

/** A disk of so many KiB, at a folder that is there. Only programs that run through it see it. */
export const makeDisk = Effect.fnUntraced(function* (folder: string, kibibytes: number) {
  const mount = `mount -t tmpfs -o size=${kibibytes}k tmpfs "$0" && echo made && exec sleep 600`
  const holder = yield* Effect.acquireRelease(
    Effect.sync(() => spawn("unshare", [...inNamespace, "sh", "-c", mount, folder])),
    (holder) => Effect.sync(() => void holder.kill("SIGKILL"))
  )
  yield* Effect.promise(() => new Promise((resolve) => holder.stdout.once("data", resolve)))
  const through = (command: CommandLine): CommandLine => [
    "nsenter",
    "--target",
    String(holder.pid),
    "--user",
    "--mount",
    "--preserve-credentials",
    ...command
  ]
  const resize = (kibibytes: number) =>
    Effect.sync(() => {
      const [program, ...rest] = through(["mount", "-o", `remount,size=${kibibytes}k`, folder])
      const { status, stderr } = spawnSync(program, rest)
      if (status !== 0) throw new Error(String(stderr))
    })
  // From outside the disk is found below the root of a program that sees it.
  return { through, resize, outside: (path: string) => join(`/proc/${holder.pid}/root`, path) }
})
