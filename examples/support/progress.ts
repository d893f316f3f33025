// Progress of a read: a bar on a terminal, a plain line now and then in a log, or nothing.
import { Clock, Effect } from "effect"
import { Progress } from "effect-stripe-identity"

export interface Display {
  /** Shows how far the read is, unless that was shown just before. */
  readonly show: (progress: Progress.Progress) => Effect.Effect<void>
  /** Leaves the terminal's line. */
  readonly end: Effect.Effect<void>
}

const write = (text: string) => Effect.sync(() => void process.stderr.write(text))

export const display = (options: { readonly quiet: boolean }): Display => {
  if (options.quiet) return { show: () => Effect.void, end: Effect.void }
  const terminal = process.stderr.isTTY
  const interval = terminal ? 100 : 5000
  let shown = Number.NEGATIVE_INFINITY
  let open = false
  return {
    show: (progress) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (now - shown < interval) return Effect.void
        shown = now
        open = terminal
        return write(terminal ? `\r\u001b[2K${Progress.bar(progress)}` : `${Progress.line(progress)}\n`)
      }),
    end: Effect.suspend(() => (open ? write("\r\u001b[2K") : Effect.void))
  }
}
