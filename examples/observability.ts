// Where the time of a read goes: its spans as a tree, and its metrics. The sandbox has three faults.
// With OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 both are also sent to an OpenTelemetry collector.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, Layer, Metric, Option, Stream } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import { VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { takesNoArguments } from "./support/noArguments.ts"
import { endWithoutReader, report } from "./support/output.ts"
import { layer } from "./support/source.ts"
import { recording, table } from "./support/telemetry.ts"

takesNoArguments("Prints the spans and metrics of a read, and sends them to OTEL_EXPORTER_OTLP_ENDPOINT if it is set")
endWithoutReader()

const read = VerificationSessions.stream({ status: "verified" }, { maxItems: 500 }).pipe(
  Stream.runCount,
  Effect.flatMap((count) => Console.log(`${count} verified sessions`))
)

const program = Effect.gen(function* () {
  // Your program does not need this: an exporter layer is enough.
  const { tracer, tree } = recording(yield* Effect.tracer)
  const show = Effect.gen(function* () {
    yield* Console.log(`\nSpans\n${tree()}`)
    yield* Console.log(`\nMetrics\n${table(yield* Metric.snapshot)}`)
  })
  yield* read.pipe(Effect.withTracer(tracer), Effect.ensuring(show))
})

let exported = 0

// A failing exporter does not fail the program. Here its failure is printed.
const counting = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(
    HttpClient.HttpClient,
    HttpClient.tap(({ status }) => Effect.sync(() => (exported += status < 300 ? 1 : 0)))
  )
)

const exporter = (baseUrl: string) =>
  Otlp.layerJson({
    baseUrl,
    resource: { serviceName: "effect-stripe-identity-example" },
    loggerMergeWithExisting: true
  }).pipe(Layer.provide(counting), Layer.provide(FetchHttpClient.layer))

const source = layer({
  sandbox: { sessions: 1000, latency: { base: "60 millis", jitter: 0.3 } },
  // Low, so that pages wait for it.
  rateLimit: { limit: 1, window: "250 millis" },
  faults: [
    [Sandbox.Fault.RateLimited(), { skip: 1 }],
    [Sandbox.Fault.ServerError(), { skip: 3 }],
    [Sandbox.Fault.Latency({ duration: "700 millis" }), { skip: 5 }]
  ]
})

const main = Effect.gen(function* () {
  const endpoint = yield* Config.option(Config.NonEmptyString("OTEL_EXPORTER_OTLP_ENDPOINT"))
  const reading = Effect.provide(program, source)
  if (Option.isNone(endpoint)) return yield* reading
  yield* Effect.provide(reading, exporter(endpoint.value))
  yield* exported > 0
    ? Console.log(`\nExported to ${endpoint.value}.`)
    : Console.error(`\nNothing was exported: no collector took it at ${endpoint.value}.`)
})

main.pipe(Effect.tapCause(report), NodeRuntime.runMain({ disableErrorReporting: true }))
