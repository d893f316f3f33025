import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Result, Schema, Stream } from "effect"
import { Checkpoint, StripeError, type VerificationSessions } from "effect-stripe-identity"
import * as Windows from "../src/internal/sync/windows.ts"
import { collect, quietWorld } from "./support/changingSessions.ts"
import { choices } from "./support/syncHistory.ts"

type Batches = ReadonlyArray<VerificationSessions.ChangesBatch<{ readonly id: string }>>

const idsOf = (batches: Batches) => batches.flatMap(({ sessions }) => sessions.map(({ id }) => id))

const last = (batches: Batches): Checkpoint.Checkpoint => {
  const checkpoint = batches.at(-1)?.checkpoint
  if (checkpoint === undefined) throw new Error("no batch")
  return checkpoint
}

const events = "/v1/events"

/** A world of so many sessions, at a position an hour after the last event. */
const started = Effect.fnUntraced(function* (count: number, options?: Parameters<typeof quietWorld>[1]) {
  const world = yield* quietWorld(count, options)
  const batches = yield* collect(world.stripe, world.service.changes())
  assert.strictEqual(world.stripe.asked.length, 0)
  return { ...world, batches, from: last(batches) }
})

describe("changes", () => {
  it.effect("begins now, with a batch that has no sessions, and asks for nothing", () =>
    Effect.gen(function* () {
      const { batches, from, stripe } = yield* started(3)
      assert.deepStrictEqual(
        batches.map(({ missing, sessions }) => [sessions, missing]),
        [[[], []]]
      )
      assert.strictEqual(from.events && DateTime.toEpochSeconds(from.events), Math.floor(stripe.now() / 1000))
    })
  )

  it.effect("gives each session that changed once, as it is now, however many events there are", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(5)
      stripe.tell("vs_1", "processing")
      stripe.tell("vs_1", "verified")
      stripe.tell("vs_3", "something_new")
      stripe.wait(61)
      const batches = yield* collect(stripe, service.changes({ from }))
      assert.sameMembers(idsOf(batches), ["vs_1", "vs_3"])
      const [first] = stripe.asked
      assert.deepStrictEqual(Object.fromEntries(first?.query ?? []), {
        type: "identity.verification_session.*",
        "created[gte]": String(DateTime.toEpochSeconds(from.events ?? assert.fail()) - 600),
        "created[lt]": String(DateTime.toEpochSeconds(from.events ?? assert.fail()) + 1),
        limit: "100"
      })
    })
  )

  it.effect("moves its position only with the last batch of a window", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(250)
      for (const { id } of stripe.sessions) stripe.tell(id, "verified", { id })
      stripe.wait(120)
      const batches = yield* collect(stripe, service.changes({ from }))
      assert.strictEqual(idsOf(batches).length, 250)
      assert.deepStrictEqual(
        batches.map(({ checkpoint }) => Checkpoint.toText(checkpoint) === Checkpoint.toText(from)),
        [true, true, false]
      )
    })
  )

  it.effect("reads the oldest window first, and hands over a position after each", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(5)
      for (const id of ["vs_0", "vs_1", "vs_2"]) {
        stripe.tell(id, "verified")
        stripe.wait(3600)
      }
      const batches = yield* collect(stripe, service.changes({ from, overlap: 0, window: "1 hour" }))
      assert.deepStrictEqual(idsOf(batches), ["vs_0", "vs_1", "vs_2"])
      assert.strictEqual(new Set(batches.map(({ checkpoint }) => Checkpoint.toText(checkpoint))).size, 3)
    })
  )

  it.effect("reads the changes of a day at once, and a session of several changes once", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(5)
      for (const id of ["vs_0", "vs_1", "vs_0"]) {
        stripe.wait(7 * 3600)
        stripe.tell(id, "verified")
      }
      stripe.wait(3600)
      const batches = yield* collect(stripe, service.changes({ from }))
      assert.sameMembers(idsOf(batches), ["vs_0", "vs_1"])
      assert.strictEqual(stripe.asked.filter(({ path }) => path === events).length, 1)
    })
  )

  it.effect("does not read a session again only because windows overlap", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(5)
      stripe.wait(1700)
      stripe.tell("vs_0", "verified")
      stripe.wait(3600)
      const batches = yield* collect(stripe, service.changes({ from, window: "30 minutes" }))
      assert.deepStrictEqual(idsOf(batches), ["vs_0"])
      assert.strictEqual(stripe.asked.filter(({ path, sessions }) => path === events && sessions.length > 0).length, 2)
    })
  )

  for (const [name, days, isExpired] of [
    ["of 29 days is read on from", 29, false],
    ["older than 29 days is an error before anything is read", 29 + 1 / 86_400, true],
    ["in the future, where a clock was ahead, is the same error", -1, true]
  ] as const) {
    it.effect(`a position ${name}`, () =>
      Effect.gen(function* () {
        const { from, service, stripe } = yield* started(3)
        const position = DateTime.toEpochSeconds(from.events ?? assert.fail())
        stripe.wait(position + days * 86_400 - stripe.now() / 1000)
        const read = collect(stripe, service.changes({ from, window: "1 day" }))
        if (!isExpired) return assert.isAbove((yield* read).length, 0)
        const error = yield* Effect.flip(read)
        assert.strictEqual(error.reason._tag, "EventsExpiredError")
        assert.match(
          error.message,
          /Expected a position in the last 29 days, because Stripe keeps events for 30, got 20.*Z\. If that is in the future, check the clock\. Run changes without from, then read the list, or use mirror/
        )
        assert.strictEqual(stripe.asked.length, 0)
      })
    )
  }

  it.effect("that expired starts over as the error says, and misses nothing, however long the list takes", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(3)
      stripe.wait(31 * 86_400)
      yield* Effect.flip(collect(stripe, service.changes({ from })))
      const start = last(yield* collect(stripe, service.changes()))
      yield* Stream.runDrain(service.stream())
      stripe.tell("vs_1", "verified")
      stripe.wait(3600)
      assert.deepStrictEqual(idsOf(yield* collect(stripe, service.changes({ from: start }))), ["vs_1"])
    })
  )

  it.effect("is an error too where the events of a later window expire while the batches before it are stored", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(3)
      stripe.tell("vs_1", "verified")
      stripe.wait(28 * 86_400)
      const stored: Array<unknown> = []
      const slow = service.changes({ from, window: "1 day" }).pipe(
        Stream.tap((batch) =>
          Effect.sync(() => {
            stored.push(batch)
            stripe.wait(3 * 86_400)
          })
        )
      )
      const error = yield* Effect.flip(collect(stripe, slow))
      assert.strictEqual(error.reason._tag, "EventsExpiredError")
      assert.lengthOf(stored, 1)
    })
  )

  it.effect("is an error too where the events of a long window expire while Stripe does not answer", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(3)
      stripe.tell("vs_1", "verified")
      stripe.wait(28 * 86_400)
      // A request that is retried for three days, or a program that is suspended in it.
      stripe.outage(events, 3 * 86_400)
      const error = yield* Effect.flip(collect(stripe, service.changes({ from, window: "30 days" })))
      assert.strictEqual(error.reason._tag, "EventsExpiredError")
    })
  )

  const retention = new StripeError.InvalidRequestError({
    status: 400,
    description: "The event is outside of the retention period.",
    param: "starting_after"
  })
  const notFound = new StripeError.CursorNotFoundError({ status: 400, param: "starting_after" })
  for (const reason of [retention, notFound]) {
    it.effect(`reads a window anew when its cursor is gone (${reason._tag}), and fails when it always is`, () =>
      Effect.gen(function* () {
        const { from, service, stripe } = yield* started(120, { pageSize: 50 })
        for (const { id } of stripe.sessions) stripe.tell(id, "verified")
        stripe.wait(120)
        const refuse = (times: number) => {
          for (let left = times; left > 0; left--) stripe.refusals.push({ path: events, reason, after: true })
        }
        refuse(2)
        const batches = yield* collect(stripe, service.changes({ from }))
        assert.strictEqual(new Set(idsOf(batches)).size, 120)
        refuse(9)
        const error = yield* Effect.flip(collect(stripe, service.changes({ from })))
        assert.strictEqual(error.reason._tag, reason._tag)
      })
    )
  }

  it.effect("ends with any other failure of a page, without reading its window anew", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(120, { pageSize: 50 })
      for (const { id } of stripe.sessions) stripe.tell(id, "verified")
      stripe.wait(120)
      const description = "Invalid string: starting_after"
      const reason = new StripeError.InvalidRequestError({ status: 400, description, param: "starting_after" })
      stripe.refusals.push({ path: events, reason, after: true })
      const error = yield* Effect.flip(collect(stripe, service.changes({ from })))
      assert.strictEqual(error.reason.message, reason.message)
      assert.strictEqual(stripe.asked.filter(({ path }) => path === events).length, 1)
    })
  )

  it.effect("says which permission a restricted key lacks", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(3)
      stripe.wait(120)
      const description = "The provided key 'rk_live_***' does not have the required permissions."
      stripe.refusals.push({ path: events, reason: new StripeError.PermissionError({ status: 403, description }) })
      const error = yield* Effect.flip(collect(stripe, service.changes({ from })))
      assert.strictEqual(error.reason._tag, "PermissionError")
      assert.include(error.message, '"Events: read"')
      assert.strictEqual(error.operation, "VerificationSessions.changes")
    })
  )

  it.effect("needs nothing of an event but its id, type, moment and whom it is about", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(3)
      stripe.tell("vs_1", "verified", { id: "vs_1", status: null, metadata: 7, created: "then" })
      // A server that does not filter by type.
      stripe.tell("cs_1", "", {}, "customer.created")
      stripe.wait(120)
      assert.deepStrictEqual(idsOf(yield* collect(stripe, service.changes({ from }))), ["vs_1"])
    })
  )

  for (const [name, object] of [
    ["without an object", null],
    ["without an id", { object: "identity.verification_session" }],
    ["with an invalid id", { id: "vs_1/../../customers" }]
  ] as const) {
    it.effect(`never passes over an event of ours ${name}`, () =>
      Effect.gen(function* () {
        const { from, service, stripe } = yield* started(3)
        stripe.tell("vs_1", "verified", object)
        stripe.tell("vs_2", "verified")
        stripe.wait(120)
        const error = yield* Effect.flip(collect(stripe, service.changes({ from })))
        assert.strictEqual(error.reason._tag, "DecodeError")
        assert.isTrue(stripe.asked.every(({ path }) => path === events))
        const told: Array<string | undefined> = []
        const onDecodeError = ({ path }: StripeError.DecodeError) => Effect.sync(() => told.push(path))
        assert.deepStrictEqual(idsOf(yield* collect(stripe, service.changes({ from, onDecodeError }))), ["vs_2"])
        assert.strictEqual(told.length, 1)
        assert.match(told[0] ?? "", /^data\[\d\]\.data/)
      })
    )
  }

  it.effect("stops at a list of events that goes round", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* started(3, { goesRound: true })
      stripe.tell("vs_1", "verified")
      stripe.wait(120)
      const error = yield* Effect.flip(collect(stripe, service.changes({ from })))
      assert.strictEqual(error.reason._tag, "PaginationStalledError")
    })
  )

  it.effect("refuses a checkpoint of sync, because nobody knows what changed since", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(3)
      const [batch] = yield* collect(stripe, service.sync())
      const error = yield* Effect.flip(collect(stripe, service.changes({ from: batch?.checkpoint })))
      assert.include(error.message, "To resume a checkpoint of sync, use mirror")
    })
  )

  it.effect("refuses lengths of time that cannot be", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(3)
      for (const options of [
        { overlap: "2 days" },
        { settle: -1 },
        { window: 999 },
        { window: "soon" },
        { filter: {} }
      ]) {
        // Type boundary: as plain JavaScript calls it.
        const error = yield* Effect.flip(collect(stripe, service.changes(options as object)))
        assert.include(error.message, Object.keys(options)[0] ?? "")
      }
    })
  )

  const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

  it.effect.prop(
    "reads the same sessions whatever the order of events, their copies, and the pages and windows they come in",
    { seed: between(0, 1_000_000) },
    ({ seed }) =>
      Effect.gen(function* () {
        const { below, chance, one } = choices(seed)
        const { from, service, stripe } = yield* started(20)
        const told = stripe.sessions.filter(() => chance(0.4)).map(({ id }) => id)
        for (const id of told) {
          for (let copies = 1 + below(3); copies > 0; copies--) stripe.tell(id, one(["verified", "canceled"]))
          stripe.wait(below(3))
        }
        stripe.wait(120)
        const found = yield* collect(stripe, service.changes({ from }))
        stripe.shuffle(1 + below(7))
        const again = yield* collect(stripe, service.changes({ from }))
        // A session may be in two of the parts that a window is split into.
        const split = yield* collect(stripe, service.changes({ from, window: one([1000, 7000, 60_000]), overlap: 0 }))
        assert.sameMembers(idsOf(found), told)
        assert.sameMembers(idsOf(again), told)
        assert.sameMembers([...new Set(idsOf(split))], told)
      }),
    { arbitrary: { runs: 300 } }
  )
})

describe("a position of any age", () => {
  const Age = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 * 86_400 }))

  it.effect.prop(
    "is walked to its end, or refused before anything is read",
    { age: Schema.Union([Age, Schema.Literals([29 * 86_400, 29 * 86_400 + 1])]) },
    ({ age }) =>
      Effect.gen(function* () {
        const { from, service, stripe } = yield* started(2)
        stripe.tell("vs_1", "verified")
        stripe.wait(DateTime.toEpochSeconds(from.events ?? assert.fail()) + age - stripe.now() / 1000)
        const result = yield* Effect.result(collect(stripe, service.changes({ from, window: "1 day" })))
        if (age > 29 * 86_400) {
          assert.isTrue(Result.isFailure(result))
          return assert.strictEqual(stripe.asked.length, 0)
        }
        // What is younger than `settle` comes with the next run.
        assert.deepStrictEqual(idsOf(Result.getOrThrow(result)), age > 61 ? ["vs_1"] : [])
      })
  )
})

describe("the windows of events", () => {
  const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
  const Case = {
    position: between(1_700_000_000, 1_700_100_000),
    until: between(1_700_000_000, 1_700_100_000),
    overlap: between(0, 86_400),
    window: between(1, 100_000)
  }

  it.effect.prop(
    "lie next to each other from the position to the end, each reaching back by the overlap",
    Case,
    (one) =>
      Effect.sync(() => {
        const lengths = { settle: 60, overlap: one.overlap, window: Math.max(one.window, 100) }
        let position = one.position
        for (
          let next = Windows.next(position, one.until, lengths);
          next;
          next = Windows.next(position, one.until, lengths)
        ) {
          assert.strictEqual(next.gte, position - one.overlap)
          assert.isTrue(next.lt > position && next.lt <= position + lengths.window)
          position = next.lt
        }
        assert.strictEqual(position, Math.max(one.position, one.until))
      })
  )
})
