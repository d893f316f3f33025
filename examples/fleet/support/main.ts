import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Exit } from "effect"
import { Command } from "effect/cli"
import { continueWithoutReader } from "../../support/output.ts"
import * as Log from "./log.ts"

/** Runs a program of a fleet that works until it is stopped. To be stopped is how it ends, so that is no failure. */
export const run = <Name extends string, Input, ContextInput, E>(
  command: Command.Command<Name, Input, ContextInput, E, NodeServices.NodeServices>
): void => {
  continueWithoutReader()
  Command.run(command, { version: "0.1.0" }).pipe(
    Effect.provide([NodeServices.layer, Log.layer]),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, end) => end(Exit.isSuccess(exit) || Exit.hasInterrupts(exit) ? 0 : 1)
    })
  )
}
