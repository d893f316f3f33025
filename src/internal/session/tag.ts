/** The service of sessions as something to provide and ask for. Public through `VerificationSessions`. */
import * as Context from "effect/Context"
import type { Service } from "./service.ts"

/**
 * The service. Provide it with `VerificationSessions.layer` or `VerificationSessions.layerConfig`; with
 * `VerificationSessions.layerFromClient` where several services share one client; and in tests with
 * `VerificationSessions.layerTest`, or on the sandbox.
 *
 * @category services
 * @since 0.1.0
 */
export class VerificationSessions extends Context.Service<VerificationSessions, Service>()(
  "effect-stripe-identity/VerificationSessions"
) {}
