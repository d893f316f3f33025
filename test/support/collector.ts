import { Effect } from "effect"
import { createServer } from "node:http"

type Value =
  | { readonly stringValue: string }
  | { readonly intValue: string | number }
  | { readonly doubleValue: number }
  | { readonly boolValue: boolean }

interface KeyValue {
  readonly key: string
  readonly value: Value
}

/** A span as OTLP has it, in JSON. */
export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: ReadonlyArray<KeyValue>
  readonly events: ReadonlyArray<{ readonly name: string; readonly attributes: ReadonlyArray<KeyValue> }>
}

interface DataPoint {
  readonly attributes: ReadonlyArray<KeyValue>
  readonly asDouble?: number
  readonly count?: number
  readonly sum?: number
}

/** A metric as OTLP has it, in JSON. */
export interface OtlpMetric {
  readonly name: string
  readonly unit: string
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: ReadonlyArray<DataPoint> }
  readonly histogram?: { readonly dataPoints: ReadonlyArray<DataPoint> }
}

/** Attributes as a record of what they say. */
export const attributesOf = ({ attributes }: { readonly attributes: ReadonlyArray<KeyValue> }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

interface Body {
  readonly resourceSpans?: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<OtlpSpan> }>
  }>
  readonly resourceMetrics?: ReadonlyArray<{
    readonly scopeMetrics: ReadonlyArray<{ readonly metrics: ReadonlyArray<OtlpMetric> }>
  }>
}

/** An OpenTelemetry collector on a free port of loopback, as far as a test needs one: it keeps what arrives. */
export const collector = Effect.gen(function* () {
  const bodies: Array<{ readonly path: string; readonly text: string }> = []
  const server = createServer((request, response) => {
    let text = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => (text += chunk))
    request.on("end", () => {
      bodies.push({ path: request.url ?? "", text })
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  // Type boundary: OTLP's JSON; the interfaces above name what tests look at.
  const read = (path: string) => bodies.filter((body) => body.path === path).map(({ text }) => JSON.parse(text) as Body)
  return {
    url: `http://127.0.0.1:${port}`,
    /** Every path that was posted to. */
    paths: () => new Set(bodies.map(({ path }) => path)),
    /** All that arrived, as text. */
    text: () => bodies.map(({ text }) => text).join("\n"),
    spans: () =>
      read("/v1/traces").flatMap(({ resourceSpans = [] }) =>
        resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      ),
    /** The metrics of the last export, which are those of the whole run. */
    metrics: () =>
      (read("/v1/metrics").at(-1)?.resourceMetrics ?? []).flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) => metrics)
      )
  }
})
