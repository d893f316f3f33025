// The same list with 1, 4 and 16 requests at once: the same sessions in the same order, and less time.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Duration, Effect, Equal, Stream } from "effect"
import { HttpClient } from "effect/http"
import { Progress, VerificationSessions } from "effect-stripe-identity"
import { takesNoArguments } from "./support/noArguments.ts"
import { endWithoutReader, report } from "./support/output.ts"
import { display } from "./support/progress.ts"
import { layer } from "./support/source.ts"

takesNoArguments("The same list with 1, 4 and 16 requests at once")

let requests = 0

/** Reads the list once, and gives its ids and the time that it took. */
const read = Effect.fn("read")(function* (concurrency: number) {
  const progress = yield* Progress.make()
  const { end, show } = display({ quiet: false })
  requests = 0
  const ids: Array<string> = []
  yield* VerificationSessions.pages({}, { concurrency }).pipe(
    Stream.runForEach((page) => {
      ids.push(...page.data.map(({ id }) => id))
      return Effect.flatMap(progress.add(page), show)
    }),
    Effect.ensuring(end)
  )
  const { elapsed } = yield* progress.now
  yield* Console.log(
    `${String(concurrency).padStart(2)} at once: ${ids.length} sessions, ${requests} requests, ${Duration.format(elapsed)}`
  )
  return { ids, elapsed }
})

const program = Effect.gen(function* () {
  const one = yield* read(1)
  yield* read(4)
  const sixteen = yield* read(16)
  if (!Equal.equals(one.ids, sixteen.ids))
    return yield* Effect.fail(new Error("The two reads differ; were sessions created in between?"))
  const faster = Duration.toMillis(one.elapsed) / Duration.toMillis(sixteen.elapsed)
  yield* Console.log(`The same sessions in the same order, ${faster.toFixed(1)} times as fast.`)
})

// Without the rate limit of 25 requests a second, which would hide the difference.
const source = layer({
  sandbox: { sessions: 10_000, latency: { base: "60 millis", jitter: 0.3 } },
  rateLimit: false,
  transformClient: HttpClient.tapRequest(() => Effect.sync(() => requests++))
})

endWithoutReader()
program.pipe(Effect.provide(source), Effect.tapCause(report), NodeRuntime.runMain({ disableErrorReporting: true }))
