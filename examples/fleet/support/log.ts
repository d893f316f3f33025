// One line for each thing that happened, and not the same line again and again while a service is away.
import { Cause, Logger, Predicate } from "effect"
import { SqlError } from "effect/sql"

const repeatAfter = 5000

/** What went wrong at the bottom of it: errors of libraries often have one of a driver in them that says more. */
const innermost = (error: unknown): unknown => {
  const inner = Predicate.hasProperty(error, "cause") ? error.cause : undefined
  const cause = Cause.isCause(inner) ? Cause.squash(inner) : inner
  return cause instanceof Error ? innermost(cause) : error
}

/** An error in one line. */
export const describe = (error: unknown): string => {
  const bottom = innermost(error)
  const outer = error instanceof Error ? error.message : ""
  const inner = bottom instanceof Error ? bottom.message || bottom.name : String(bottom)
  if (outer === "") return inner
  return outer.includes(inner) ? outer : `${outer}: ${inner}`
}

const messageOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const message = describe(error)
  return SqlError.isSqlError(error) ? `Waiting for the database: ${message}` : message
}

const inWords = (part: unknown): string => (Cause.isCause(part) ? messageOf(part) : String(part))

const make = () => {
  const shown = new Map<string, number>()
  return Logger.make(({ cause, date, logLevel, message }) => {
    // Why a program ends is its last line, without a date.
    if (logLevel === "Fatal") return
    const parts = [...(Array.isArray(message) ? message : [message]), ...(cause.reasons.length > 0 ? [cause] : [])]
    const line = `${logLevel.toUpperCase()} ${parts.map(inWords).join(" ")}`.replaceAll("\n", " ")
    const last = shown.get(line)
    if (last !== undefined && date.getTime() - last < repeatAfter) return
    if (shown.size > 1000) shown.clear()
    shown.set(line, date.getTime())
    process.stderr.write(`${date.toISOString()} ${line}\n`)
  })
}

export const layer = Logger.layer([make()])
