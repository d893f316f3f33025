// Traces, metrics and logs of all processes of a fleet, in one collector.
import { Config, Duration, Effect, Layer, Option } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"

/** Sends them to OTEL_EXPORTER_OTLP_ENDPOINT, where that is set. */
export const layer = Layer.unwrap(
  Effect.map(Config.option(Config.NonEmptyString("OTEL_EXPORTER_OTLP_ENDPOINT")), (endpoint) =>
    Option.isNone(endpoint)
      ? Layer.empty
      : Otlp.layerJson({
          baseUrl: endpoint.value,
          resource: { serviceName: "fleet" },
          loggerMergeWithExisting: true,
          // A worker that is told to end has little time.
          shutdownTimeout: Duration.millis(500)
        }).pipe(Layer.provide(FetchHttpClient.layer))
  )
)
