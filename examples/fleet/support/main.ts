import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Exit } from "effect"
import { CliError, Command } from "effect/cli"
import { continueWithoutReader, endWithoutReader } from "../../support/output.ts"
import { presenter } from "../../support/presenter.ts"
import * as Log from "./log.ts"
import * as Telemetry from "./telemetry.ts"

/** Says in one line why a program ends. What is wrong with its flags was said already. */
const report = (say: (line: string) => Effect.Effect<void>) => (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  if (Cause.hasInterruptsOnly(cause) || (CliError.isCliError(error) && error._tag === "ShowHelp")) return Effect.void
  return say(Log.describe(error).replaceAll("\n", " "))
}

/** A query on a connection that died in silence neither ends nor can be interrupted, and must not keep the process. */
const endAtTheLatest = () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () =>
      setTimeout(() => {
        console.error("Ended without waiting any longer: something did not answer for 5 seconds.")
        process.exit(1)
      }, 5000).unref()
    )
  }
}

const toProgram = <Name extends string, Input, ContextInput, E>(
  command: Command.Command<Name, Input, ContextInput, E, NodeServices.NodeServices>
) =>
  Command.run(command, { version: "0.1.0" }).pipe(
    // For a collector: on this machine it is the program's last line.
    Effect.tapCause(report(Effect.logFatal)),
    Effect.provide(Telemetry.layer),
    Effect.provide([NodeServices.layer, Log.layer, presenter]),
    Effect.tapCause(report(Console.error))
  )

/** Runs a program of a fleet that works until it is stopped. To be stopped is how it ends, so that is no failure. */
export const runUntilStopped = <Name extends string, Input, ContextInput, E>(
  command: Command.Command<Name, Input, ContextInput, E, NodeServices.NodeServices>
): void => {
  continueWithoutReader()
  endAtTheLatest()
  NodeRuntime.runMain(toProgram(command), {
    disableErrorReporting: true,
    teardown: (exit, end) => end(Exit.isSuccess(exit) || Exit.hasInterrupts(exit) ? 0 : 1)
  })
}

/** Runs a program that tells something and ends. */
export const runOnce = <Name extends string, Input, ContextInput, E>(
  command: Command.Command<Name, Input, ContextInput, E, NodeServices.NodeServices>
): void => {
  endWithoutReader()
  endAtTheLatest()
  NodeRuntime.runMain(toProgram(command), { disableErrorReporting: true })
}
