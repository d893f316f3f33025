// The same list with 1, 4 and 16 requests at once: the same sessions in the same order, and less time.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Clock, Console, Duration, Effect, Stream } from "effect"
import { HttpClient } from "effect/http"
import { Progress, VerificationSessions } from "effect-stripe-identity"
import { takesNoArguments } from "./support/noArguments.ts"
import { endWithoutReader, report } from "./support/output.ts"
import { display } from "./support/progress.ts"
import { layer } from "./support/source.ts"

takesNoArguments("The same list with 1, 4 and 16 requests at once")

let requests = 0

/** Reads the list once, and gives its ids and the milliseconds that it took. */
const read = Effect.fn("read")(function* (concurrency: number) {
  const progress = yield* Progress.make({})
  const shown = display({ quiet: false })
  const start = yield* Clock.currentTimeMillis
  requests = 0
  const ids: Array<string> = []
  yield* VerificationSessions.pages({}, { concurrency }).pipe(
    Stream.runForEach((page) => {
      ids.push(...page.data.map(({ id }) => id))
      return Effect.flatMap(progress.add(page), shown.show)
    }),
    Effect.ensuring(shown.end)
  )
  const millis = (yield* Clock.currentTimeMillis) - start
  const took = Duration.format(Duration.millis(millis))
  yield* Console.log(
    `${String(concurrency).padStart(2)} at once: ${ids.length} sessions, ${requests} requests, ${took}`
  )
  return { ids, millis }
})

const program = Effect.gen(function* () {
  const one = yield* read(1)
  yield* read(4)
  const sixteen = yield* read(16)
  const same = one.ids.length === sixteen.ids.length && one.ids.every((id, index) => id === sixteen.ids[index])
  if (!same) return yield* Effect.fail(new Error("The two reads differ; were sessions created in between?"))
  yield* Console.log(`The same sessions in the same order, ${(one.millis / sixteen.millis).toFixed(1)} times as fast.`)
})

// Without the rate limit of 25 requests a second, which would hide the difference.
const source = layer({
  sandbox: { sessions: 10_000, latency: { base: "60 millis", jitter: 0.3 } },
  rateLimit: false,
  transformClient: HttpClient.tapRequest(() => Effect.sync(() => requests++))
})

endWithoutReader()
program.pipe(Effect.provide(source), Effect.tapCause(report), NodeRuntime.runMain({ disableErrorReporting: true }))
