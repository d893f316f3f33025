import { Console } from "effect"
import { CliOutput } from "effect/cli"

/** One line for a wrong flag; the help only with --help. */
export const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
          `${event.errors.map(({ message }) => message.replaceAll(/\s+/g, " ")).join("; ")} (--help shows the flags)`
        )
      : CliOutput.defaultPresenter.present(event)
})
