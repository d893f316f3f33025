import { Console } from "effect"
import { CliOutput } from "effect/cli"

/** One line on standard error for a wrong flag. By default Effect writes the whole help to standard output as well. */
export const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
          `${event.errors.map(({ message }) => message.replaceAll(/\s+/g, " ")).join("; ")} (--help shows the flags)`
        )
      : CliOutput.defaultPresenter.present(event)
})
