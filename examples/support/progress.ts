// One line that is written again and again on a terminal, and now and then a plain line elsewhere.
import { Clock, Effect } from "effect"

export interface Progress {
  /** Shows the line, unless the last one is too fresh. */
  readonly show: (line: string) => Effect.Effect<void>
  /** Leaves the terminal's line. */
  readonly end: Effect.Effect<void>
}

const write = (text: string) => Effect.sync(() => void process.stderr.write(text))

export const make: Effect.Effect<Progress> = Effect.sync(() => {
  const terminal = process.stderr.isTTY
  const interval = terminal ? 100 : 5000
  let shown = Number.NEGATIVE_INFINITY
  let open = false
  return {
    show: (line) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (now - shown < interval) return Effect.void
        shown = now
        open = terminal
        return write(terminal ? `\r\u001b[2K${line}` : `${line}\n`)
      }),
    end: Effect.suspend(() => (open ? write("\r\u001b[2K") : Effect.void))
  }
})
