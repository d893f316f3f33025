/**
 * How many requests a mirror sends, counted by the sandbox: npm run bench:mirror
 *
 * Time is simulated, so each run counts the same.
 */
import { DateTime, type Duration, Effect, Fiber, Layer, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type Checkpoint, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"

const end = DateTime.makeUnsafe("2026-01-01T00:00:00Z")

const world = (sessions: number) =>
  VerificationSessions.layer({ apiKey: Sandbox.apiKey, rateLimit: false }).pipe(
    Layer.provideMerge(Sandbox.layer({ sessions, to: end, recordedRequests: 1 })),
    Layer.merge(Layer.effectDiscard(TestClock.setTime(DateTime.toEpochMillis(end)))),
    Layer.provideMerge(TestClock.layer()),
    Layer.fresh
  )

const requests = Sandbox.Sandbox.use((sandbox) => sandbox.requestCount)

const print = (what: string, count: number) =>
  Effect.sync(() => console.log(`${count.toLocaleString("en").padStart(7)} requests: ${what}`))

/** One run, with the number of its requests. */
const run = Effect.fnUntraced(function* (what: string, from?: Checkpoint.Checkpoint, audit: Duration.Input = "7 days") {
  const before = yield* requests
  const checkpoint = yield* VerificationSessions.mirror({ from, audit }).pipe(
    Stream.runFold(
      () => from,
      (_, batch): Checkpoint.Checkpoint | undefined => batch.checkpoint
    )
  )
  yield* print(what, (yield* requests) - before)
  return checkpoint
})

const hundredThousand = Effect.gen(function* () {
  // The last sessions of the sandbox's history change for some days.
  yield* TestClock.adjust("20 days")
  const first = yield* run("the first run of 100,000 sessions")
  yield* TestClock.adjust("5 minutes")
  const from = yield* run("a poll that finds nothing", first)
  yield* TestClock.adjust("5 minutes")
  yield* run("a poll that reads all 100,000 sessions again (an audit)", from, "1 second")
  yield* TestClock.adjust("1 day")
  const late = yield* run("a poll after a day without any", from)
  const sandbox = yield* Sandbox.Sandbox
  for (let count = 0; count < 274; count++) {
    const { id } = yield* sandbox.insert()
    yield* sandbox.submit(id)
    yield* TestClock.adjust("5 minutes")
    yield* sandbox.pass(id)
  }
  yield* TestClock.adjust("70 minutes")
  yield* run("a poll each night of 274 new sessions that were verified", late)
  const before = yield* requests
  const polling = VerificationSessions.mirror({ from: late, audit: false, schedule: Schedule.spaced("5 minutes") })
  const fiber = yield* Effect.forkChild(Stream.runDrain(polling))
  yield* TestClock.adjust("1 day")
  const day = (yield* requests) - before
  yield* Fiber.interrupt(fiber)
  yield* print("a day of polls every 5 minutes that find nothing, without audits", day)
})

const changed = 250

/** Changes sessions of a million that was read before, and polls. */
const ofAMillion = (what: string, chosen: Stream.Stream<string, unknown, VerificationSessions.VerificationSessions>) =>
  Effect.gen(function* () {
    yield* TestClock.adjust("20 days")
    const first = yield* VerificationSessions.mirror().pipe(
      Stream.take(1),
      Stream.runHead,
      Effect.flatMap(Effect.fromOption)
    )
    const { range } = first.checkpoint
    // As if all pages had been read: a poll never asks for them again.
    const from = { ...first.checkpoint, ...(range === undefined ? {} : { range: { ...range, reachedEnd: true } }) }
    const ids = yield* Stream.runCollect(Stream.take(chosen, changed))
    const sandbox = yield* Sandbox.Sandbox
    yield* Effect.forEach(ids, (id) => sandbox.cancel(id))
    yield* TestClock.adjust("5 minutes")
    yield* run(`${ids.length} changed of 1,000,000 sessions, ${what}`, from)
  }).pipe(Effect.provide(world(1_000_000)))

const open = (lt?: DateTime.Utc) =>
  VerificationSessions.stream({ status: "requires_input", ...(lt === undefined ? {} : { created: { lt } }) }).pipe(
    Stream.map(({ id }) => id)
  )

const everywhere = Stream.range(1, changed).pipe(
  Stream.flatMap((place) => Stream.take(open(DateTime.subtract(end, { hours: (place * 365 * 24) / (changed + 1) })), 1))
)

await Effect.runPromise(
  Effect.andThen(
    Effect.provide(hundredThousand, world(100_000)),
    Effect.andThen(ofAMillion("the newest", open()), ofAMillion("spread over a year", everywhere))
  )
)
