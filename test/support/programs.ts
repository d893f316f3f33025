import { Effect, Redacted } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))

const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("STRIPE_")))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
  readonly errors: string
}

/** A program and its parameters. */
export type CommandLine = readonly [program: string, ...parameters: ReadonlyArray<string>]

/** Runs an example against a sandbox on a port to its end, or until `killedAfter` is done, when it gets a signal. */
export const runExample = Effect.fnUntraced(function* (
  name: string,
  parameters: ReadonlyArray<string>,
  options: {
    readonly url: string
    readonly killedAfter?: Effect.Effect<void> | undefined
    /** Is told of the output so far, whenever there is more. */
    readonly onOutput?: ((output: string) => void) | undefined
    /** @default SIGKILL, which comes without warning */
    readonly signal?: NodeJS.Signals | undefined
    /** Null where none is set, which is not the same as an empty one. @default that of the sandbox */
    readonly key?: string | null | undefined
    readonly env?: Record<string, string> | undefined
    /** What runs it, such as a shell that sets a limit. */
    readonly through?: ((command: CommandLine) => CommandLine) | undefined
    /** Ends to read its output after the first line, as `| head -1` does. */
    readonly head?: boolean | undefined
  }
) {
  const preload = new URL("preferSources.ts", import.meta.url).href
  const own: CommandLine = [process.execPath, "--import", preload, example(name), ...parameters]
  const [program, ...rest] = options.through?.(own) ?? own
  const child = spawn(program, rest, {
    env: {
      ...inherited,
      NO_COLOR: "1",
      ...(options.key === null ? {} : { STRIPE_API_KEY: options.key ?? Redacted.value(Sandbox.apiKey) }),
      STRIPE_API_BASE: options.url,
      ...options.env
    }
  })
  const kill = Effect.sync(() => void child.kill("SIGKILL"))
  const signal = Effect.sync(() => void child.kill(options.signal ?? "SIGKILL"))
  const ended = Effect.callback<Ended>((resume) => {
    let output = ""
    let errors = ""
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString()
      options.onOutput?.(output)
      if (options.head === true && output.includes("\n")) child.stdout.destroy()
    })
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()))
    child.on("close", (code, signal) => resume(Effect.succeed({ code, signal, output, errors })))
    return kill
  })
  const killing = Effect.andThen(options.killedAfter ?? Effect.never, signal)
  return yield* Effect.raceFirst(ended, Effect.andThen(killing, Effect.never))
})
