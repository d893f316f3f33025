import { assert } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Formatter, Layer, Logger, Metric, References, Tracer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { Otlp } from "effect/observability"
import { inspect } from "node:util"

/** Everything that a value shows of itself to whoever prints it. */
export const shown = (value: unknown): string =>
  [
    inspect(value, { depth: 12, showHidden: false, getters: true }),
    String(value),
    Formatter.format(value),
    safeJson(value),
    value instanceof Error ? `${value.message}\n${value.stack}\n${shown2(value.cause)}` : ""
  ].join("\n")

const shown2 = (cause: unknown): string =>
  cause === undefined ? "" : `${inspect(cause, { depth: 12 })}${String(cause)}`

const safeJson = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? ""
  } catch {
    return ""
  }
}

/**
 * What a run emitted: logs of every level, spans with attributes and events, metrics, all three as OpenTelemetry's collector
 * gets them, its exit, and whatever the test adds.
 */
export interface Emitted {
  readonly add: (value: unknown) => void
  readonly text: () => string
}

/** Exports to a collector in process, which shows each body that it gets. */
const collector = (receive: (path: string, body: string) => void) =>
  Otlp.layerJson({
    baseUrl: "http://127.0.0.1:4318",
    resource: { serviceName: "test" },
    loggerMergeWithExisting: true
  }).pipe(
    Layer.provide(
      Layer.succeed(
        HttpClient.HttpClient,
        HttpClient.make((request, url) =>
          Effect.sync(() => {
            receive(url.pathname, request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : "")
            return HttpClientResponse.fromWeb(request, new Response("{}"))
          })
        )
      )
    )
  )

/** Runs an effect and records everything that it emits. */
export const recording = <A, E, R>(
  run: (emitted: Emitted) => Effect.Effect<A, E, R>
): Effect.Effect<string, never, R> => {
  const texts: Array<string> = []
  const spans: Array<Tracer.Span> = []
  const emitted: Emitted = {
    add: (value) => texts.push(shown(value)),
    text: () => texts.join("\n")
  }
  // The spans are the exporter's own, which keep what any tracer is told.
  const watching = (exporter: Tracer.Tracer) =>
    Tracer.make({
      span(options) {
        const span = exporter.span(options)
        spans.push(span)
        return span
      }
    })
  const logger = Logger.make(({ cause, fiber, message }) => {
    texts.push(shown(message), Cause.pretty(cause), shown(fiber.getRef(References.CurrentLogAnnotations)))
  })
  return Effect.gen(function* () {
    const exported: Array<string> = []
    const exit = yield* Effect.tracer.pipe(
      Effect.flatMap((exporter) => Effect.withTracer(run(emitted), watching(exporter))),
      Effect.tapCause((cause) => Effect.logError("failed", cause)),
      Effect.exit,
      Effect.provide(collector((path, body) => exported.push(path, body)))
    )
    texts.push(shown(yield* Metric.snapshot), ...exported)
    if (Exit.isFailure(exit)) {
      texts.push(Cause.pretty(exit.cause), shown(exit.cause), shown(Cause.squash(exit.cause)))
    } else texts.push(shown(exit.value))
    for (const span of spans) {
      // Type boundary: the exporter's spans have the fields of native ones.
      const { attributes, events, name, status } = span as Tracer.NativeSpan
      texts.push(name, shown(Array.from(attributes)), shown(events))
      if (status._tag === "Ended" && Exit.isFailure(status.exit)) {
        texts.push(Cause.pretty(status.exit.cause), shown(status.exit.cause))
      }
    }
    assert.isNotEmpty(spans)
    for (const path of ["/v1/traces", "/v1/metrics"]) assert.include(exported, path)
    return emitted.text()
  }).pipe(
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.provideService(References.MinimumLogLevel, "All"),
    Effect.provideContext(Context.empty()),
    Effect.provide(Logger.layer([logger]))
  ) as Effect.Effect<string, never, R>
}

/** Every text below a value. */
export const textsIn = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(textsIn)
      : []
