// The port that a server among the examples listens on.
import { Effect } from "effect"
import { Flag } from "effect/cli"
import type { HttpServerError } from "effect/http"

export const flag = (otherwise: number) =>
  Flag.Int("port").pipe(
    Flag.withDescription(`Port to listen on (default ${otherwise}); 0 for any that is free`),
    Flag.filter(
      (port) => port >= 0 && port <= 65_535,
      () => "a port between 0 and 65535"
    ),
    Flag.withDefault(otherwise)
  )

/** For `Effect.catchTag("ServeError", …)`: fails with why the server cannot listen there, and what to do. */
export const refused =
  (port: number) =>
  ({ cause }: HttpServerError.ServeError) =>
    Effect.fail(
      new Error(
        `Cannot listen on port ${port}: ${String(cause)}. Choose another with --port, or --port 0 for any that is free.`
      )
    )
