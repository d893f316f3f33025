import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, DateTime, Effect, Stream } from "effect"
import { VerificationSessions } from "effect-stripe-identity"
import { takesNoArguments } from "./support/noArguments.ts"
import { endWithoutReader, report } from "./support/output.ts"
import { layer } from "./support/source.ts"

takesNoArguments("The five newest verified sessions")
endWithoutReader()

const newest = VerificationSessions.stream({ status: "verified" }).pipe(
  Stream.take(5),
  Stream.runForEach((session) => Console.log(session.id, DateTime.formatIso(session.created)))
)

newest.pipe(Effect.provide(layer()), Effect.tapCause(report), NodeRuntime.runMain({ disableErrorReporting: true }))
