import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Redacted, Result, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import {
  Checkpoint,
  Pagination,
  Progress,
  SessionFilter,
  StripeError,
  Sync,
  VerificationSession,
  VerificationSessions
} from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import * as SessionFlags from "effect-stripe-identity/SessionFlags"
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
    ["a function", () => ({})],
    // To read such an object by its own keys would miss what it says.
    ["a Map", new Map([["limit", 5]])],
    ["an object that inherits", Object.create({ limit: 5 })],
    [
      "an instance with getters",
      new (class {
        get limit() {
          return 5
        }
      })()
    ]
  ] as const
).map(([name, value]) => [name, value as never] as const)

const { list, mirror, pages, retrieve, stream, sync, tail } = VerificationSessions

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

describe("what is no plain object is an InvalidArgumentError before any request", () => {
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
    "Sync.batches": (given: never) => Sync.batches({ fetch, key: { filter: "all" } }, given)
  }

  it.effect.each(Object.entries(engines))("as the options of %s", ([, read]) =>
    Effect.gen(function* () {
      for (const [what, value] of wrong) {
        const error = yield* Effect.flip(Stream.runDrain<unknown, unknown, never>(read(value)))
        assert.instanceOf(error, StripeError.InvalidArgumentError, what)
        assert.match(error.message, /^options: expected a plain object, got .*$/, what)
      }
    })
  )

  it.effect("as the options of layer, and of a text there, which may be a key, nothing is said", () =>
    Effect.gen(function* () {
      const key = Redacted.value(Sandbox.apiKey)
      for (const [what, value] of [...wrong, ["a key", key as never], ["nothing", undefined as never]] as const) {
        const error = yield* reason(Effect.provide(list(), VerificationSessions.layer(value)))
        assert.strictEqual(error._tag, "InvalidArgumentError", what)
        assert.strictEqual(error.message, "options: expected a plain object, got a value that is not one")
      }
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(Sandbox.layer()))
  )
})

describe("what throws when it is looked at is a defect of the read", () => {
  it.effect("and the call itself throws nothing", () =>
    Effect.gen(function* () {
      const service = yield* VerificationSessions.VerificationSessions
      const options = {
        get expand(): never {
          throw new Error("no expand here")
        }
      }
      const reads = {
        stream: service.stream({}, options),
        pages: service.pages({}, options),
        sync: service.sync({}, options),
        tail: service.tail({}, options),
        changes: service.changes(options),
        mirror: service.mirror(options)
      }
      for (const [name, read] of Object.entries(reads)) {
        const exit = yield* Effect.exit(Stream.runDrain<unknown, unknown, never>(read))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause), name)
      }
    }).pipe(Effect.provide(world()))
  )
})

describe("what was written in the wrong place is an InvalidArgumentError that says where it goes", () => {
  const misplaced: ReadonlyArray<readonly [string, unknown, unknown, string]> = [
    [
      "options in the place of the filter",
      { pageSize: 5 },
      {},
      "pageSize: expected only filter fields here, got 5. pageSize is an option: pass it in the second argument."
    ],
    [
      "the filter among the options",
      {},
      { status: "verified" },
      'status: expected only options here, got "verified". status is a filter field: pass it in the first argument.'
    ],
    [
      "limit, which is an option of list",
      {},
      { limit: 5 },
      "limit: expected maxItems or pageSize, got 5. maxItems limits the rows in all, pageSize the rows per request."
    ]
  ]
  it.effect.each(misplaced)("%s", ([, filter, options, message]) =>
    Effect.gen(function* () {
      // Type boundary: that these are not what the types say is what the tests are about.
      const error = yield* reason(Stream.runDrain(stream(filter as never, options as never)))
      assert.strictEqual(error.message, message)
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )

  it.effect("a name that list does not know is answered with those of its filter and its page", () =>
    Effect.gen(function* () {
      const error = yield* reason(list({ limt: 5, status: "verfied" } as never))
      assert.strictEqual(
        error.message,
        'status: expected canceled, processing, requires_input or verified, got "verfied". Did you mean "verified"? ' +
          'limt: expected one of the 14 known names, got "limt". Did you mean "limit"?'
      )
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )

  it.effect("a misspelt option of retrieve is refused, and everything else that is wrong with it", () =>
    Effect.gen(function* () {
      // Type boundary: as above.
      const error = yield* reason(retrieve("vs", { expnad: [] } as never))
      assert.strictEqual(
        error.message,
        'id: expected the id of a session (vs_…), got "vs"; expnad: expected the name expand, got "expnad". Did you mean "expand"?'
      )
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )

  it.effect("an invalid id is told what an id is", () =>
    Effect.gen(function* () {
      // Type boundary: as above.
      for (const call of [retrieve(undefined as never), Stream.runDrain(stream({}, { startingAfter: 7 as never }))]) {
        assert.match((yield* reason(call)).message, /: expected the id of a session \(vs_…\), got (undefined|7)$/)
      }
      const several = yield* reason(Stream.runDrain(sync({}, { schedule: Schedule.forever } as never)))
      assert.notInclude(several.message, "\n")
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )
})

describe("what is no checkpoint is an InvalidArgumentError before any request", () => {
  const checkpoint = Checkpoint.start({ filter: "all" })
  const none = [null, Checkpoint.toText(checkpoint), JSON.parse(Checkpoint.toText(checkpoint)).filter, {}, 5]

  it.effect("as the place to resume from", () =>
    Effect.gen(function* () {
      for (const from of none) {
        for (const read of [sync, tail]) {
          const error = yield* reason(Stream.runDrain(read({}, { from: from as never })))
          assert.strictEqual(error._tag, "InvalidArgumentError", String(from))
          assert.match(error.message, /^from: expected a checkpoint, from a batch or from Checkpoint.fromText, got /)
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

describe("what is not text, or not an object, fails with its type and is no defect", () => {
  // Type boundary: as above.
  const others = [
    undefined,
    null,
    5,
    5n,
    true,
    Symbol("text"),
    [],
    [1],
    new Date(0),
    () => ({})
  ] as unknown as ReadonlyArray<never>

  it("as the text of a checkpoint", () => {
    const shown = [
      "undefined",
      "null",
      "5",
      "5n",
      "true",
      "Symbol(text)",
      "[]",
      "[1]",
      "1970-01-01T00:00:00.000Z",
      "() => ({})"
    ]
    for (const [at, text] of [...others, {} as never].entries()) {
      const error = Result.getOrThrow(Result.flip(Checkpoint.fromText(text)))
      assert.strictEqual(error._tag, "CheckpointMismatchError")
      assert.strictEqual(
        error.message,
        `Invalid checkpoint: expected a checkpoint as text, got ${shown[at] ?? "{}"}. Restore it from a backup, or start over: remove it and the rows that were stored with it.`
      )
    }
  })

  it.effect("as a filter, and as what a filter is made of: never the filter of all sessions", () =>
    Effect.gen(function* () {
      for (const [name, decode] of Object.entries({
        filter: SessionFilter.decode,
        query: SessionFilter.decodeUrlQuery,
        progress: (given: never) => Progress.make(given),
        flags: SessionFlags.decode
      })) {
        for (const given of others) {
          // Without a filter progress is that of the whole list.
          if (name === "progress" && given === undefined) continue
          const error = yield* Effect.flip(Effect.suspend((): Effect.Effect<unknown, unknown> => decode(given)))
          assert.instanceOf(error, StripeError.InvalidArgumentError, `${name}: ${String(given)}`)
          assert.match(
            error.message,
            /^(filter|flags): expected (an object with|the values of SessionFlags.flags).*, got /
          )
        }
      }
    })
  )

  it.effect("as a parameter of a query", () =>
    Effect.gen(function* () {
      for (const given of others) {
        if (given === undefined) continue
        // Type boundary: as above.
        for (const query of [{ status: given }, { "metadata[plan]": given }] as unknown as ReadonlyArray<never>) {
          const error = yield* Effect.flip(Effect.suspend(() => SessionFilter.decodeUrlQuery(query)))
          assert.match(error.message, /^(status|metadata\.plan)(\[0\])?: expected .*, got /)
        }
      }
      // What a parser of its own made of the brackets means the same.
      const parsed = { status: "verified", created: { gte: "2026-01-01" } } as unknown as never
      assert.deepStrictEqual(
        yield* SessionFilter.decodeUrlQuery(parsed),
        yield* SessionFilter.decodeUrlQuery("status=verified&created[gte]=2026-01-01")
      )
    })
  )
})

describe("what is no schedule is an InvalidArgumentError before any request", () => {
  it.effect("as the time of the next run", () =>
    Effect.gen(function* () {
      for (const schedule of [null, "30 seconds", 30, {}] as ReadonlyArray<unknown> as ReadonlyArray<never>) {
        const message = /^schedule: expected a Schedule, got .*$/
        const tailed = yield* reason(Stream.runDrain(tail({}, { schedule })))
        assert.strictEqual(tailed._tag, "InvalidArgumentError", String(schedule))
        assert.match(tailed.message, message)
        const mirrored = yield* reason(Stream.runDrain(mirror({ schedule })))
        assert.match(mirrored.message, message)
      }
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(world()))
  )
})

describe("the options of a codec", () => {
  it("are refused as it is made: a misspelt secret field would never be written", () => {
    for (const [options, message] of [
      [{ reveal: 5 }, /Expected array .*\["reveal"\]/s],
      [{ reveal: ["uri"] }, /Expected .*"url".*\["reveal"\]\[0\]/s],
      [{ revel: ["url"] }, /\["revel"\]/],
      [null, /Expected object/]
    ] as const) {
      // Type boundary: as above.
      assert.throws(() => VerificationSession.Json(options as never), message)
    }
  })
})
