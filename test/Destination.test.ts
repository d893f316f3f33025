import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Exit, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { KeyValueStore } from "effect/persistence"
import { Destination, VerificationSessions } from "effect-stripe-identity"
import { choices } from "./support/syncHistory.ts"
import { countRequests, listIds, world } from "./support/world.ts"

const there = Layer.mergeAll(
  world({ sandbox: { sessions: 250 } }),
  KeyValueStore.layerMemory,
  Layer.effectDiscard(TestClock.setTime(DateTime.toEpochMillis(DateTime.makeUnsafe("2026-01-02T00:00:00Z"))))
)

type Batch = VerificationSessions.Batch<{ readonly id: string }>

const read = (pageSize: number) => (from: VerificationSessions.SyncOptions["from"]) =>
  VerificationSessions.sync({}, { from, pageSize })

it.effect("a destination of one's own may be made of classes", () =>
  Effect.gen(function* () {
    class Run {
      readonly from = undefined
      readonly ids: Array<string> = []
      save({ sessions }: Batch) {
        return Effect.sync(() => this.ids.push(...sessions.map(({ id }) => id)))
      }
    }
    const run = new Run()
    yield* Stream.runDrain(Destination.stream({ open: Effect.succeed(run) }, read(100)))
    assert.deepStrictEqual(run.ids, [...(yield* listIds)])
  }).pipe(Effect.provide(there))
)

describe("a function that writes and a store for the checkpoint", () => {
  it.effect("have every row at least once, and again only what was written as the program ended", () =>
    Effect.gen(function* () {
      for (let seed = 0; seed < 50; seed++) {
        const { below } = choices(seed)
        const pageSize = 1 + below(60)
        const written: Array<string> = []
        let failures = 0
        const destination = yield* Destination.fromKeyValueStore({
          key: `list ${seed}`,
          write: ({ sessions }: Batch) => {
            // The program ends before the rows are there, or between the rows and the checkpoint.
            const end = below(10)
            if (end > 0) written.push(...sessions.map(({ id }) => id))
            if (end > 1) return Effect.void
            failures++
            return Effect.fail("killed")
          }
        })
        const run = Destination.stream(destination, read(pageSize))
        yield* run.pipe(Stream.take(below(5)), Stream.runDrain, Effect.exit)
        while (Exit.isFailure(yield* Effect.exit(Stream.runDrain(run)))) continue
        assert.sameMembers([...new Set(written)], [...(yield* listIds)], `seed ${seed}`)
        assert.isAtMost(written.length, 250 + failures * pageSize, `seed ${seed}`)
      }
    }).pipe(Effect.provide(there))
  )

  it.effect("resume after any writes of a checkpoint were cut short, also the first, and one after the other", () =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore.KeyValueStore
      for (let seed = 0; seed < 50; seed++) {
        const { below } = choices(seed)
        const written: Array<string> = []
        let cut = 0
        const cutting = KeyValueStore.make({
          ...store,
          set: (key, text) => {
            if (below(3) > 0) return store.set(key, text)
            cut++
            return Effect.andThen(store.set(key, text.slice(0, below(text.length))), Effect.interrupt)
          }
        })
        const destination = yield* Effect.provideService(
          Destination.fromKeyValueStore({
            key: `list ${seed}`,
            write: ({ sessions }: Batch) => Effect.sync(() => written.push(...sessions.map(({ id }) => id)))
          }),
          KeyValueStore.KeyValueStore,
          cutting
        )
        const run = Effect.exit(Stream.runDrain(Destination.stream(destination, read(60))))
        let exit = yield* run
        while (Exit.hasInterrupts(exit)) exit = yield* run
        assert.isTrue(Exit.isSuccess(exit), `seed ${seed}: ${String(exit)}`)
        assert.sameMembers([...new Set(written)], [...(yield* listIds)], `seed ${seed}`)
        assert.isAtMost(written.length, 250 + cut * 60, `seed ${seed}`)
      }
    }).pipe(Effect.provide(there))
  )

  it.effect("start over once the checkpoint was removed", () =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore.KeyValueStore
      let written = 0
      const destination = yield* Destination.fromKeyValueStore({
        key: "list",
        write: ({ sessions }: Batch) => Effect.sync(() => void (written += sessions.length))
      })
      const run = Stream.runDrain(Destination.stream(destination, read(100)))
      yield* run
      yield* store.remove("list")
      yield* run
      assert.strictEqual(written, 500)
    }).pipe(Effect.provide(there))
  )

  it.effect("stop at a checkpoint that is damaged for good, or of a newer version, before anything is asked for", () =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore.KeyValueStore
      const destination = yield* Destination.fromKeyValueStore({
        key: "list",
        write: () => Effect.die("nothing is to be written")
      })
      const refusal = Effect.map(Effect.flip(Stream.runDrain(Destination.stream(destination, read(100)))), String)
      yield* store.set("list", "{")
      assert.match(yield* refusal, /start over/)
      yield* store.set("list.copy", `{"version":1}`)
      assert.match(yield* refusal, /start over/)
      yield* store.set("list", `{"version":2}`)
      assert.match(yield* refusal, /Update effect-stripe-identity/)
      assert.strictEqual(yield* store.get("list"), `{"version":2}`)
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(there))
  )

  it.effect("gives out a batch only after it was saved", () =>
    Effect.gen(function* () {
      let saved = 0
      const destination = yield* Destination.fromKeyValueStore({
        key: "list",
        write: () => Effect.sync(() => void saved++)
      })
      let out = 0
      yield* Destination.stream(destination, read(50)).pipe(
        Stream.runForEach(() => Effect.sync(() => assert.strictEqual(saved, ++out)))
      )
      assert.strictEqual(out, 5)
    }).pipe(Effect.provide(there))
  )

  it.effect("closes what the destination opened when it ends, and when it is stopped", () =>
    Effect.gen(function* () {
      const events: Array<string> = []
      const say = (event: string) => Effect.sync(() => void events.push(event))
      const destination = {
        open: Effect.as(
          Effect.acquireRelease(say("open"), () => say("close")),
          { from: undefined, save: () => say("save"), finish: say("finish") }
        )
      }
      const stored = Destination.stream(destination, read(100))
      yield* Stream.runDrain(stored)
      assert.deepStrictEqual(events.splice(0), ["open", "save", "save", "save", "finish", "close"])
      yield* Stream.runDrain(Stream.take(stored, 1))
      assert.deepStrictEqual(events, ["open", "save", "close"])
    }).pipe(Effect.provide(there))
  )
})
