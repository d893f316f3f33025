import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Checkpoint, type VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { makeChange } from "./support/sandboxLives.ts"
import { choices } from "./support/syncHistory.ts"
import { countRequests, query, requests, world } from "./support/world.ts"

// The sandbox shares no code with the library, and knows what the model of the law does not: reports, redactions that take
// days, events as an older version writes them. Here everything goes through the whole client.

const year = DateTime.toEpochMillis(DateTime.makeUnsafe("2026-01-01T00:00:00Z"))

const inWorld = (options?: Parameters<typeof world>[0]) =>
  Layer.merge(world(options), Layer.effectDiscard(TestClock.setTime(year + 600_000)))

/** A copy with outputs, and runs that keep it. */
const makeCopy = () => {
  const copy = new Map<string, { readonly readAt: number; readonly text: string }>()
  let stored: string | undefined
  const kinds: Array<string> = []
  const run = Effect.gen(function* () {
    const from = stored === undefined ? undefined : yield* Effect.fromResult(Checkpoint.fromText(stored))
    kinds.length = 0
    yield* Stream.runForEach(
      VerificationSessions.mirror({ from, expand: ["data.verified_outputs"], window: "1 day" }),
      ({ checkpoint, kind, readAt, sessions }) =>
        Effect.sync(() => {
          for (const session of sessions) {
            kinds.push(`${kind} ${session.id}`)
            const outputs = session.verified_outputs
            const text = JSON.stringify([session.status, session.redaction, outputs && Redacted.value(outputs)])
            copy.set(session.id, { readAt: DateTime.toEpochMillis(readAt), text })
          }
          stored = Checkpoint.toText(checkpoint)
        })
    )
    return kinds
  })
  return { copy, run }
}

describe("mirror of the sandbox", () => {
  it.effect(
    "follows a session through its life, over late, double and drifted events, until nothing of it is left",
    () =>
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const { copy, run } = makeCopy()
        const { id } = yield* sandbox.insert()
        yield* TestClock.adjust("5 minutes")
        yield* run
        assert.strictEqual(copy.size, 51)

        yield* sandbox.injectEvent(Sandbox.EventFault.Duplicated(), { times: Infinity })
        yield* sandbox.submit(id)
        yield* sandbox.pass(id)
        yield* TestClock.adjust("10 minutes")
        assert.deepStrictEqual(yield* run, [`changed ${id}`])
        const verified = copy.get(id)?.text ?? ""
        assert.include(verified, "verified")
        const [, , outputs] = JSON.parse(verified) as [string, unknown, { readonly first_name: string }]
        assert.isAbove(outputs.first_name.length, 0)

        yield* sandbox.redact(id)
        yield* TestClock.adjust("5 days")
        yield* run
        assert.include(copy.get(id)?.text ?? "", "[redacted]")
        assert.notInclude(copy.get(id)?.text ?? "", outputs.first_name)
      }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 50, eventLag: "9 minutes" } })))
  )

  it.effect("reads a session that is stuck only near its change, so its readAt says since when", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const { copy, run } = makeCopy()
      const [stuck, passing] = [yield* sandbox.insert(), yield* sandbox.insert()]
      yield* TestClock.adjust("20 hours")
      yield* run
      const submitted = yield* Effect.map(DateTime.now, DateTime.toEpochMillis)
      yield* sandbox.submit(stuck.id)
      yield* sandbox.submit(passing.id)
      const stuckAfter = Effect.fnUntraced(function* (minutes: number) {
        for (let minute = 0; minute < minutes; minute += 5) {
          yield* TestClock.adjust("5 minutes")
          yield* run
        }
        const now = yield* Effect.map(DateTime.now, DateTime.toEpochMillis)
        return [stuck.id, passing.id].filter((id) => now - (copy.get(id)?.readAt ?? now) > 3_600_000)
      })
      assert.deepStrictEqual(yield* stuckAfter(30), [])
      yield* sandbox.pass(passing.id)
      assert.deepStrictEqual(yield* stuckAfter(30), [])
      assert.deepStrictEqual(yield* stuckAfter(20), [stuck.id])
      assert.isAtLeast(copy.get(stuck.id)?.readAt ?? 0, submitted)
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 50 } })))
  )

  it.effect("has every status right where a reader that stores what events hold, as they arrive, has wrong ones", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const { copy, run } = makeCopy()
      const naive = new Map<string | undefined, string | undefined>(
        (yield* sandbox.sessions).map(({ id, status }) => [id, status])
      )
      const seen = new Set<string>()
      const readNaively = Effect.map(sandbox.events, (events) => {
        for (const { data, id } of events.toReversed()) {
          if (!seen.has(id)) naive.set(data.object.id, data.object.status)
          seen.add(id)
        }
      })
      yield* readNaively
      const change = yield* makeChange(choices(1))
      for (let minute = 0; minute < 60; minute++) {
        yield* Effect.repeat(change, { times: 5 })
        yield* TestClock.adjust("1 minute")
        yield* readNaively
        if (minute % 10 === 0) yield* run
      }
      yield* TestClock.adjust("30 minutes")
      yield* readNaively
      yield* run

      const sessions = yield* sandbox.sessions
      const wrong = (statusOf: (id: string) => unknown) => sessions.filter(({ id, status }) => statusOf(id) !== status)
      const statusIn = (text: string | undefined): unknown => (JSON.parse(text ?? "[]") as ReadonlyArray<unknown>)[0]
      assert.deepStrictEqual(
        wrong((id) => statusIn(copy.get(id)?.text)),
        []
      )
      assert.strictEqual(naive.size, sessions.length)
      assert.isAbove(wrong((id) => naive.get(id)).length, 10)
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 50, eventLag: "9 minutes" } })))
  )

  it.effect("finds by an audit what no event told", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const { copy, run } = makeCopy()
      const { id } = yield* sandbox.insert()
      yield* TestClock.adjust("1 hour")
      yield* run
      yield* sandbox.injectEvent(Sandbox.EventFault.Lost(), { times: Infinity })
      yield* sandbox.cancel(id)
      yield* TestClock.adjust("6 days")
      yield* run
      assert.include(copy.get(id)?.text ?? "", "requires_input")
      yield* TestClock.adjust("1 day")
      yield* run
      assert.include(copy.get(id)?.text ?? "", "canceled")
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 50 } })))
  )

  it.effect("reads everything again where nobody looked for a month", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const { copy, run } = makeCopy()
      const { id } = yield* sandbox.insert()
      yield* TestClock.adjust("5 minutes")
      yield* run
      yield* sandbox.cancel(id)
      yield* TestClock.adjust("31 days")
      yield* run
      assert.include(copy.get(id)?.text ?? "", "canceled")
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 50 } })))
  )

  it.effect("asks for each window of events by one wildcard type and times", () =>
    Effect.gen(function* () {
      const { run } = makeCopy()
      yield* run
      yield* Sandbox.Sandbox.use((sandbox) => sandbox.clearRequests)
      yield* TestClock.adjust("5 minutes")
      yield* run
      assert.strictEqual(yield* countRequests, 2)
      const [, events] = yield* requests
      assert.strictEqual(events?.path, "/v1/events")
      assert.hasAllKeys(query(events ?? assert.fail()), ["type", "created[gte]", "created[lt]", "limit"])
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 50 } })))
  )

  it.effect("says which permission a key lacks that may not read events", () =>
    Effect.gen(function* () {
      const { run } = makeCopy()
      yield* run
      yield* TestClock.adjust("5 minutes")
      const error = yield* Effect.flip(run)
      assert.include(error.message, '"Events: read"')
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 50 }, client: { apiKey: Sandbox.eventlessApiKey } })))
  )

  it.effect("reads sessions again by pages and one by one, and knows which are missing", () =>
    Effect.gen(function* () {
      const sessions = yield* Stream.runCollect(VerificationSessions.stream())
      yield* Sandbox.Sandbox.use((sandbox) => sandbox.clearRequests)
      const batches = yield* Stream.runCollect(VerificationSessions.reread([...sessions, "vs_unknown"]))
      const ids = batches.flatMap((batch) =>
        batch.sessions.map((session: VerificationSession.AnyExpansion) => session.id)
      )
      assert.sameMembers(
        ids,
        sessions.map(({ id }) => id)
      )
      assert.deepStrictEqual(
        batches.flatMap(({ missing }) => missing),
        ["vs_unknown"]
      )
      assert.isAtMost(yield* countRequests, 251)
    }).pipe(Effect.provide(inWorld()))
  )
})
