// Spans and metrics as text for a terminal.
import { type Metric, Option, Tracer } from "effect"
import { columns } from "./text.ts"

type Attributes = ReadonlyMap<string, unknown>

interface Recorded {
  readonly span: Tracer.Span
  readonly events: Array<{ readonly name: string; readonly time: bigint; readonly attributes: Attributes }>
}

/** The tracer, and all that it is told, in the order in which it happens. */
export const recording = (tracer: Tracer.Tracer) => {
  const recorded: Array<Recorded> = []
  const recorder = Tracer.make({
    span(options) {
      const span = tracer.span(options)
      const events: Recorded["events"] = []
      const event = span.event.bind(span)
      span.event = (name, time, attributes = {}) => {
        events.push({ name, time, attributes: new Map(Object.entries(attributes)) })
        event(name, time, attributes)
      }
      recorded.push({ span, events })
      return span
    }
  })
  return { tracer: recorder, tree: () => tree(recorded) }
}

const time = (seconds: number) => (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(2)} s`)

const lasted = ({ status }: Tracer.Span) =>
  status._tag === "Ended" ? time(Number(status.endTime - status.startTime) / 1e9) : "not over"

/** The attributes that matter to somebody who asks where the time went, in words. */
const words: ReadonlyArray<readonly [attribute: string, show: (value: unknown) => string]> = [
  ["http.response.status_code", (status) => `status ${String(status)}`],
  ["stripe.page.rows", (rows) => `${String(rows)} rows`],
  ["stripe.request.attempts", (attempts) => (attempts === 1 ? "" : `${String(attempts)} attempts`)],
  ["stripe.page.cursor", (cursor) => `after ${String(cursor)}`],
  ["error.type", (type) => (/^\d+$/.test(String(type)) ? "" : String(type))],
  ["stripe.request.id", String]
]

const inWords = (attributes: Attributes) =>
  words
    .map(([name, show]) => (attributes.has(name) ? show(attributes.get(name)) : ""))
    .filter((text) => text !== "")
    .join(", ")

const titleOf = ({ attributes, name }: Tracer.Span) => {
  const page = attributes.get("stripe.page.number")
  return page === undefined ? name : `${name} ${String(page)}`
}

interface Line {
  readonly title: string
  readonly lasted: string
  readonly says: string
}

const lineOf = ({ attributes, name }: Recorded["events"][number]): Line => {
  const waited = attributes.get("stripe.rate_limiter.wait_time")
  if (typeof waited === "number") return { title: "wait for the rate limiter", lasted: time(waited), says: "" }
  if (name !== "stripe.request.retry") return { title: name, lasted: "", says: inWords(attributes) }
  const failed = String(attributes.get("stripe.request.id") ?? "")
  return { title: `retry after ${String(attributes.get("error.type"))}`, lasted: "", says: failed }
}

const linesOf = (recorded: ReadonlyArray<Recorded>, parent: string | undefined): ReadonlyArray<Line> => {
  const parentOf = ({ span }: Recorded) => Option.getOrUndefined(span.parent)?.spanId
  const spans = recorded
    .filter((one) => parentOf(one) === parent)
    .map(({ span }) => ({
      start: span.status.startTime,
      lines: [
        { title: titleOf(span), lasted: lasted(span), says: inWords(span.attributes) },
        ...linesOf(recorded, span.spanId)
      ]
    }))
  const events = recorded
    .filter(({ span }) => span.spanId === parent)
    .flatMap(({ events }) => events)
    .map((event) => ({ start: event.time, lines: [lineOf(event)] }))
  const children = [...spans, ...events].sort((a, b) => Number(a.start - b.start))
  return children.flatMap(({ lines }, index) => {
    const last = index === children.length - 1
    return lines.map((line, below) => {
      const branch = parent === undefined ? "" : below === 0 ? (last ? "└─ " : "├─ ") : last ? "   " : "│  "
      return { ...line, title: branch + line.title }
    })
  })
}

const tree = (recorded: ReadonlyArray<Recorded>): string =>
  columns(linesOf(recorded, undefined).map(({ lasted, says, title }) => [title, lasted, says]))

const numbersOf = ({ state, type }: Metric.Metric.Snapshot): string => {
  if (type === "Counter") return String(state.count)
  if (type !== "Histogram") return ""
  const mean = state.sum / state.count
  return `${state.count} × ${time(mean)} on average, ${time(state.max)} at most`
}

/** The metrics of this library. */
export const table = (snapshot: ReadonlyArray<Metric.Metric.Snapshot>): string => {
  const named = snapshot
    .filter(({ id }) => id.startsWith("stripe.") || id === "http.client.request.duration")
    .sort((a, b) => a.id.localeCompare(b.id))
  return columns(
    named.map((metric, index) => {
      const { "error.type": error, "http.response.status_code": status } = metric.attributes ?? {}
      const outcome = [status, error].filter((text) => text !== undefined).join(" ")
      return [metric.id === named[index - 1]?.id ? "" : metric.id, outcome, numbersOf(metric)]
    })
  )
}
