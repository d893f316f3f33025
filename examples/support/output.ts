// What a program says when it fails, and what it does when nobody reads what it says.
import { Cause, Console, Effect, Option } from "effect"

/** For `Effect.tapCause`: says in one line why a program fails. What is a bug keeps its stack trace. */
export const report = <E extends { readonly message: string }>(
  cause: Cause.Cause<E>,
  inWords: (error: E) => string = ({ message }) => message
) =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.void
    : Console.error(Option.match(Cause.findErrorOption(cause), { onNone: () => Cause.pretty(cause), onSome: inWords }))

const isClosed = (error: Error) => "code" in error && error.code === "EPIPE"

/** For programs that store or serve something: they continue when their reader has closed the pipe, as after `| head -1`. */
export const continueWithoutReader = (): void => {
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {})
}

/** For programs that only print: they end then, and without a stack trace. */
export const endWithoutReader = (): void => {
  process.stdout.on("error", (error) => {
    if (!isClosed(error)) console.error(`Cannot write any more: ${error.message}`)
    process.exit(isClosed(error) ? 0 : 1)
  })
}
