import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import {
  Checkpoint,
  Pagination,
  ParallelPagination,
  StripeError,
  Sync,
  VerificationSessions
} from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { countRequests, reason, world } from "./support/world.ts"

// What the compiler refuses, plain JavaScript lets through. It must not become a defect, which no handler of errors sees.

// Type boundary: that these are not what the types say is what the tests are about.
const wrong = (
  [
    ["null", null],
    ["a text", "vs_1"],
    ["a number", 5],
    ["a list", [1]],
    ["an empty list", []],
    ["a function", () => ({})]
  ] as const
).map(([name, value]) => [name, value as never] as const)

const { list, pages, retrieve, stream, sync, tail } = VerificationSessions

const calls = {
  "the params of list": (given: never) => list(given),
  "the options of retrieve": (given: never) => retrieve("vs_1", given),
  "the options of pages": (given: never) => Stream.runDrain(pages({}, given)),
  "the options of stream": (given: never) => Stream.runDrain(stream({}, given)),
  "the options of sync": (given: never) => Stream.runDrain(sync({}, given)),
  "the options of tail": (given: never) => Stream.runDrain(tail({}, given)),
  "the filter of pages": (given: never) => Stream.runDrain(pages(given)),
  "the filter of stream": (given: never) => Stream.runDrain(stream(given)),
  "the filter of sync": (given: never) => Stream.runDrain(sync(given)),
  "the filter of tail": (given: never) => Stream.runDrain(tail(given))
}

describe("what is no object is an InvalidArgumentError before any request", () => {
  it.effect.each(Object.entries(calls))("as %s", ([name, call]) =>
    Effect.gen(function* () {
      const path = name.split(" ")[1]
      for (const [what, value] of wrong) {
        const error = yield* reason(call(value))
        assert.strictEqual(error._tag, "InvalidArgumentError", what)
        assert.match(error.message, new RegExp(`^${path}(: |\\[)`), what)
      }
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )

  const fetch: Pagination.FetchPage<Pagination.Row, never> = () => Effect.die("nothing is to be asked for")
  const engines = {
    "Pagination.pages": (given: never) => Pagination.pages(fetch, given),
    "Pagination.rows": (given: never) => Pagination.rows(fetch, given),
    "ParallelPagination.pages": (given: never) => ParallelPagination.pages(fetch, given),
    "ParallelPagination.rows": (given: never) => ParallelPagination.rows(fetch, given),
    "Sync.batches": (given: never) => Sync.batches({ fetch, subject: { filter: "all" } }, given),
    "Sync.follow": (given: never) => Sync.follow(() => Stream.die("nothing is to be read"), given)
  }

  it.effect.each(Object.entries(engines))("as the options of %s", ([, read]) =>
    Effect.gen(function* () {
      for (const [what, value] of wrong) {
        const error = yield* Effect.flip(Stream.runDrain<unknown, unknown, never>(read(value)))
        assert.instanceOf(error, StripeError.InvalidArgumentError, what)
        assert.match(error.message, /^options: got .*, accepted is an object$/, what)
      }
    })
  )

  it.effect("as the options of layer, and of a text there, which may be a key, nothing is said", () =>
    Effect.gen(function* () {
      const key = Redacted.value(Sandbox.apiKey)
      for (const [what, value] of [...wrong, ["a key", key as never], ["nothing", undefined as never]] as const) {
        const error = yield* reason(Effect.provide(list(), VerificationSessions.layer(value)))
        assert.strictEqual(error._tag, "InvalidArgumentError", what)
        assert.strictEqual(error.message, "options: got a value that is no object, accepted is an object")
      }
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(Sandbox.layer()))
  )
})

describe("what is no checkpoint is an InvalidArgumentError before any request", () => {
  const checkpoint = Checkpoint.start({ filter: "all" })
  const none = [null, Checkpoint.toText(checkpoint), JSON.parse(Checkpoint.toText(checkpoint)).filter, {}, 5]

  it.effect("as the place to go on from", () =>
    Effect.gen(function* () {
      for (const from of none) {
        for (const read of [sync, tail]) {
          const error = yield* reason(Stream.runDrain(read({}, { from: from as never })))
          assert.strictEqual(error._tag, "InvalidArgumentError", String(from))
          assert.match(error.message, /^from: got .*, accepted is a checkpoint, as a batch has it/)
        }
      }
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )

  it.effect("where its JSON was parsed without its codec", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 2))
      const batch = yield* Effect.flatMap(Stream.runHead(sync()), Effect.fromOption)
      const sent = yield* countRequests
      const from = JSON.parse(Checkpoint.toText(batch.checkpoint))
      const error = yield* reason(Stream.runDrain(sync({}, { from })))
      assert.match(error.message, /^from: .*Checkpoint\.fromText/)
      assert.strictEqual(yield* countRequests, sent)
    }).pipe(Effect.provide(world()))
  )
})

describe("what is no schedule is an InvalidArgumentError before any request", () => {
  it.effect("as the time of the next run", () =>
    Effect.gen(function* () {
      for (const schedule of [null, "30 seconds", 30, {}] as ReadonlyArray<unknown> as ReadonlyArray<never>) {
        const message = /^schedule: got .*, accepted is a Schedule$/
        const tailed = yield* reason(Stream.runDrain(tail({}, { schedule })))
        assert.strictEqual(tailed._tag, "InvalidArgumentError", String(schedule))
        assert.match(tailed.message, message)
        const follow = Sync.follow(() => Stream.die("nothing is to be read"), { schedule })
        const followed = yield* Effect.flip(Stream.runDrain(follow))
        assert.instanceOf(followed, StripeError.InvalidArgumentError, String(schedule))
        assert.match(followed.message, message)
      }
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )
})
