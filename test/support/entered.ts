// Prints which files and functions of ours a read enters, by V8's coverage, the layer included:
// node test/support/entered.ts [--list]
import { Session } from "node:inspector/promises"
import { Effect, Stream } from "effect"
import * as Sandbox from "../../src/Sandbox.ts"
import * as VerificationSessions from "../../src/VerificationSessions.ts"

const isOurs = (url: string) => url.includes("/src/") && !url.includes("node_modules") && !/[sS]andbox/.test(url)

const measure = async (options: VerificationSessions.ReadOptions) => {
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false })
  await Effect.runPromise(
    VerificationSessions.stream({ status: "verified" }, options).pipe(
      Stream.runCount,
      Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
      Effect.provide(Sandbox.layer({ sessions: 5000 }))
    )
  )
  const { result } = await session.post("Profiler.takePreciseCoverage")
  session.disconnect()
  return result
    .filter(({ url }) => isOurs(url))
    .map(({ functions, url }) => ({
      file: url.slice(url.indexOf("/src/") + 1),
      functions: functions
        .filter(({ ranges: [range] }) => range !== undefined && range.count > 0 && range.startOffset > 0)
        .map(({ functionName }) => functionName || "(anonymous)")
    }))
    .filter(({ functions }) => functions.length > 0)
}

for (const options of [{}, { concurrency: 4 }]) {
  const entered = await measure(options)
  const functions = entered.reduce((sum, { functions }) => sum + functions.length, 0)
  console.log(`${JSON.stringify(options)}: ${entered.length} files, ${functions} functions`)
  if (process.argv.includes("--list"))
    for (const { file, functions } of entered) console.log(`  ${file}: ${functions.join(", ")}`)
}
