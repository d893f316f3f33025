// How the checks of one year's reports ended, and why some failed: counts, without personal data.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Stream } from "effect"
import { VerificationReport, VerificationReports } from "effect-stripe-identity"
import { takesNoArguments } from "./support/noArguments.ts"
import { endWithoutReader, report } from "./support/output.ts"
import { layer } from "./support/source.ts"

takesNoArguments("How the checks of the reports of 2025 ended, counted")
endWithoutReader()

const counts = new Map<string, number>()

const program = Effect.gen(function* () {
  const reports = yield* VerificationReports.stream({ created: "2025" }, { concurrency: 4 }).pipe(
    Stream.tap((report) =>
      Effect.sync(() => {
        for (const { check, code, status } of VerificationReport.checkOutcomes(report)) {
          const outcome = `${check.padEnd(10)} ${status}${code === undefined ? "" : ` (${code})`}`
          counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
        }
      })
    ),
    Stream.runCount
  )
  for (const [outcome, count] of Array.from(counts).sort()) {
    yield* Console.log(`${String(count).padStart(6)} ${outcome}`)
  }
  yield* Console.log(`${String(reports).padStart(6)} reports`)
})

program.pipe(
  Effect.provide(layer({ sandbox: { sessions: 1000 } })),
  Effect.tapCause(report),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
