// One line for each thing that happened, and not the same line again and again while a service is away.
import { Cause, Logger } from "effect"
import { SqlError } from "effect/sql"

const repeatAfter = 5000

const messageOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const message = error instanceof Error ? error.message : String(error)
  return SqlError.isSqlError(error) ? `Waiting for the database: ${message}` : message
}

const inWords = (part: unknown): string => (Cause.isCause(part) ? messageOf(part) : String(part))

const make = () => {
  const shown = new Map<string, number>()
  return Logger.make(({ cause, date, logLevel, message }) => {
    const parts = [...(Array.isArray(message) ? message : [message]), ...(Cause.isReason(cause) ? [cause] : [])]
    const line = `${logLevel.toUpperCase()} ${parts.map(inWords).join(" ")}`.replaceAll("\n", " ")
    const last = shown.get(line)
    if (last !== undefined && date.getTime() - last < repeatAfter) return
    if (shown.size > 1000) shown.clear()
    shown.set(line, date.getTime())
    process.stderr.write(`${date.toISOString()} ${line}\n`)
  })
}

export const layer = Logger.layer([make()])
