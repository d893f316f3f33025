import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Result, Schedule, Schema, Stream } from "effect"
import { Checkpoint, RetryPolicy, StripeError, type VerificationSessions } from "effect-stripe-identity"
import * as Windows from "../src/internal/sync/windows.ts"
import { collect, quietWorld } from "./support/changingSessions.ts"

type Batches = ReadonlyArray<VerificationSessions.MirrorBatch<{ readonly id: string }>>

const idsOf = (batches: Batches, kind?: string) =>
  batches
    .filter((batch) => kind === undefined || batch.kind === kind)
    .flatMap(({ sessions }) => sessions.map(({ id }) => id))

const last = (batches: Batches): Checkpoint.Checkpoint => {
  const text = Checkpoint.toText(batches.at(-1)?.checkpoint ?? assert.fail("no batch"))
  return Result.getOrThrow(Checkpoint.fromText(text))
}

const day = 86_400

/** A world whose sessions were all mirrored once. */
const mirrored = Effect.fnUntraced(function* (count: number, options?: Parameters<typeof quietWorld>[1]) {
  const world = yield* quietWorld(count, options)
  const first = yield* collect(world.stripe, world.service.mirror())
  world.stripe.asked.length = 0
  return { ...world, first, from: last(first) }
})

describe("mirror", () => {
  it.effect("first reads the whole list, and holds the moment from which events count", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(250)
      const before = Math.floor(stripe.now() / 1000)
      const batches = yield* collect(stripe, service.mirror())
      assert.deepStrictEqual(
        batches.map(({ kind, sessions }) => [kind, sessions.length]),
        [
          ["new", 100],
          ["new", 100],
          ["new", 50]
        ]
      )
      for (const { checkpoint } of batches) {
        assert.strictEqual(checkpoint.events && DateTime.toEpochSeconds(checkpoint.events), before)
        assert.strictEqual(checkpoint.audited && DateTime.toEpochSeconds(checkpoint.audited), before)
      }
      assert.strictEqual(stripe.asked.length, 3)
    })
  )

  it.effect("holds in the checkpoint of what changed that new sessions were read before", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(5)
      stripe.wait(300)
      const { id } = stripe.create()
      stripe.tell("vs_1", "verified")
      stripe.wait(300)
      const batches = yield* collect(stripe, service.mirror({ from }))
      assert.deepStrictEqual(
        batches.map(({ kind }) => kind),
        ["new", "changed"]
      )
      assert.strictEqual(last(batches).range?.newest.id, id)
    })
  )

  it.effect("finds nothing with two requests", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(250)
      stripe.wait(300)
      const batches = yield* collect(stripe, service.mirror({ from }))
      assert.deepStrictEqual(idsOf(batches), [])
      assert.strictEqual(stripe.asked.length, 2)
      // The position is worth storing, or it would grow too old.
      assert.isTrue(DateTime.isGreaterThan(last(batches).events ?? assert.fail(), from.events ?? assert.fail()))
    })
  )

  it.effect("gives what is new and what changed", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(5)
      stripe.wait(700)
      stripe.create()
      stripe.tell("vs_2", "verified")
      stripe.wait(120)
      const batches = yield* collect(stripe, service.mirror({ from }))
      assert.deepStrictEqual(idsOf(batches, "new"), ["vs_5"])
      assert.sameMembers(idsOf(batches, "changed"), ["vs_5", "vs_2"])
    })
  )

  it.effect("says of each batch the moment before its first request", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(250)
      const moments: Array<number> = [stripe.now()]
      const batches = yield* collect(
        stripe,
        service.mirror().pipe(
          Stream.tap(() =>
            Effect.sync(() => {
              stripe.wait(60)
              moments.push(stripe.now())
            })
          )
        )
      )
      assert.deepStrictEqual(
        batches.map(({ readAt }) => DateTime.toEpochMillis(readAt)),
        moments.slice(0, batches.length)
      )
    })
  )

  it.effect("reads the whole list again after seven days, and not before", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(250)
      stripe.wait(7 * day - 3600)
      const early = yield* collect(stripe, service.mirror({ from, window: "1 day" }))
      assert.deepStrictEqual(idsOf(early), [])
      stripe.wait(3600)
      // Too young for the audit too: its checkpoint would be ahead of what is listed late.
      stripe.create()
      stripe.wait(30)
      const began = stripe.now()
      const due = yield* collect(stripe, service.mirror({ from: last(early), window: "1 day" }))
      assert.strictEqual(new Set(idsOf(due, "audit")).size, 250)
      const after = last(due)
      assert.isUndefined(after.audit)
      assert.isTrue(Math.abs(DateTime.toEpochSeconds(after.audited ?? assert.fail()) - began / 1000) < 10)
      stripe.wait(300)
      assert.deepStrictEqual(idsOf(yield* collect(stripe, service.mirror({ from: after })), "audit"), [])
    })
  )

  it.effect("has four requests in flight for changed sessions and one for the list, unless it is told how many", () =>
    Effect.gen(function* () {
      for (const [concurrency, listed, changed] of [
        [undefined, 1, 4],
        [1, 1, 1],
        [4, 4, 4]
      ] as const) {
        const { service, stripe } = yield* quietWorld(2000)
        const most = Effect.fnUntraced(function* (kind: string, from?: Checkpoint.Checkpoint) {
          stripe.inFlight.most = 0
          const batches = yield* collect(
            stripe,
            service
              .mirror({ from, concurrency, window: "1 day" })
              .pipe(Stream.tap((batch) => Effect.sync(() => batch.kind !== kind && (stripe.inFlight.most = 0))))
          )
          return [stripe.inFlight.most, last(batches), idsOf(batches, kind).length] as const
        })
        const [atFirst, first] = yield* most("new")
        stripe.wait(600)
        for (let session = 0; session < 20; session++) stripe.tell(`vs_${session}`, "verified")
        stripe.wait(600)
        const [reread, second] = yield* most("changed", first)
        stripe.wait(7 * day)
        const [auditing, , audited] = yield* most("audit", second)
        assert.deepStrictEqual([atFirst, reread, auditing, audited], [listed, changed, listed, 2000])
      }
    })
  )

  it.effect("resumes an audit where it was stopped", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(350)
      stripe.wait(8 * day)
      const run = (from: Checkpoint.Checkpoint, batches: number) =>
        collect(
          stripe,
          service.mirror({ from, window: "1 day" }).pipe(
            Stream.filter(({ kind }) => kind === "audit"),
            Stream.take(batches)
          )
        )
      const one = yield* run(from, 2)
      const two = yield* run(last(one), Infinity)
      assert.strictEqual(idsOf(one).length, 200)
      assert.strictEqual(idsOf(two).length, 150)
      assert.strictEqual(new Set([...idsOf(one), ...idsOf(two)]).size, 350)
      // It is as old as its beginning.
      assert.deepStrictEqual(last(two).audited, last(one).audit?.began)
    })
  )

  for (const audit of [false, "7 days"] as const) {
    it.effect(`reads the whole list again at once when events are lost (audit: ${audit})`, () =>
      Effect.gen(function* () {
        const { from, service, stripe } = yield* mirrored(250)
        stripe.wait(30 * day)
        const position = Math.floor(stripe.now() / 1000) - 60
        const batches = yield* collect(stripe, service.mirror({ from, audit }))
        assert.strictEqual(idsOf(batches, "audit").length, 250)
        // Events count from before the list is read, and since what is too young for the audit.
        assert.isTrue(
          batches.every(({ checkpoint }) => DateTime.toEpochSeconds(checkpoint.events ?? assert.fail()) >= position)
        )
        assert.strictEqual(stripe.asked[0]?.path, "/v1/identity/verification_sessions")
      })
    )
  }

  it.effect("takes settle in parts of a second, at an audit too", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(50)
      stripe.wait(8 * day)
      const batches = yield* collect(stripe, service.mirror({ from, settle: "1500 millis", window: "1 day" }))
      assert.strictEqual(idsOf(batches, "audit").length, 50)
    })
  )

  for (const [name, ahead] of [
    ["events", 3600],
    ["audited", 365 * day]
  ] as const) {
    it.effect(`reads the whole list again where a clock that was ahead moved ${name} into the future`, () =>
      Effect.gen(function* () {
        const { from, service, stripe } = yield* mirrored(50)
        const moment = DateTime.makeUnsafe(stripe.now() + ahead * 1000)
        const batches = yield* collect(stripe, service.mirror({ from: { ...from, [name]: moment } }))
        assert.strictEqual(idsOf(batches, "audit").length, 50)
        const after = last(batches)
        for (const moment of [after.events, after.audited]) {
          assert.isAtMost(DateTime.toEpochSeconds(moment ?? assert.fail()), Math.floor(stripe.now() / 1000))
        }
      })
    )
  }

  it.effect("never reads the list again on its own with audit: false", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(50)
      stripe.wait(28 * day)
      const batches = yield* collect(stripe, service.mirror({ from, audit: false, window: "1 day" }))
      assert.deepStrictEqual(idsOf(batches), [])
    })
  )

  it.effect("begins an audit when events are lost while what is new was read", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(50)
      for (let count = 0; count < 150; count++) stripe.create()
      stripe.wait(29 * day - 3600)
      const batches = yield* collect(
        stripe,
        service
          .mirror({ from, audit: false, window: "1 day" })
          .pipe(Stream.tap(({ kind }) => Effect.sync(() => (kind === "new" ? stripe.wait(3600) : undefined))))
      )
      assert.strictEqual(new Set(idsOf(batches, "audit")).size, 200)
    })
  )

  it.effect("begins an audit when events of a long window are lost while Stripe does not answer", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(50)
      stripe.tell("vs_7", "verified")
      stripe.wait(28 * day)
      const options = { audit: false, window: "30 days" } as const
      const found = yield* collect(
        stripe,
        service.mirror({ from, ...options }).pipe(
          // After the list, the request for events.
          Stream.onStart(Effect.sync(() => stripe.outage("/v1/events", 3 * day)))
        )
      )
      assert.include(idsOf(found, "audit"), "vs_7")
    })
  )

  it.effect("begins an audit when events are lost while what changed was read", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(250)
      stripe.wait(29 * day - 600)
      // Whoever stores the batches takes more than an hour for each, so that an hour of events takes longer than an hour.
      const batches = yield* collect(
        stripe,
        service
          .mirror({ from, audit: false, window: "1 hour" })
          .pipe(Stream.tap(({ kind }) => Effect.sync(() => (kind === "changed" ? stripe.wait(5000) : undefined))))
      )
      assert.include(
        batches.map(({ kind }) => kind),
        "changed"
      )
      assert.strictEqual(idsOf(batches, "audit").length, 250)
    })
  )

  it.effect("notices a clock that was ahead, however long settle is", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(50)
      const options = { settle: "1 hour", audit: false } as const
      const ahead = stripe.now() + 100 * 60_000
      // The position which a run left whose clock was 100 minutes ahead: it is only 40 minutes in the future.
      const events = DateTime.makeUnsafe(ahead - 3_600_000)
      const batches = yield* collect(stripe, service.mirror({ ...options, from: { ...from, events } }))
      assert.strictEqual(idsOf(batches, "audit").length, 50)
    })
  )

  it.effect("sees what changes in a session that sync has read and that is too young for the audit", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(5)
      const young = stripe.create()
      stripe.wait(180)
      const first = yield* collect(stripe, service.sync())
      stripe.wait(60)
      young.status = "verified"
      stripe.tell(young.id, "verified")
      stripe.wait(1200)
      const options = { settle: "1 hour", audit: false } as const
      let from = first.at(-1)?.checkpoint
      let status: string | undefined
      for (let run = 0; run < 3; run++) {
        const batches = yield* collect(stripe, service.mirror({ ...options, from }))
        for (const { sessions } of batches) status = sessions.find(({ id }) => id === young.id)?.status ?? status
        from = last(batches)
        stripe.wait(3600)
      }
      assert.strictEqual(status, "verified")
    })
  )

  it.effect("resumes a checkpoint of sync: what was read before is read again", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(250)
      const [batch] = yield* collect(stripe, service.sync())
      stripe.wait(300)
      const batches = yield* collect(stripe, service.mirror({ from: batch?.checkpoint }))
      assert.strictEqual(idsOf(batches, "new").length, 150)
      assert.strictEqual(idsOf(batches, "audit").length, 250)
    })
  )

  it.effect("gives sync a checkpoint to resume, which keeps its position in the events", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(5)
      stripe.tell("vs_2", "verified")
      stripe.create()
      stripe.wait(120)
      const [batch] = yield* collect(stripe, service.sync({}, { from }))
      assert.deepStrictEqual(
        batch?.sessions.map(({ id }) => id),
        ["vs_5"]
      )
      const changed = yield* collect(stripe, service.changes({ from: batch?.checkpoint }))
      assert.include(
        changed.flatMap(({ sessions }) => sessions.map(({ id }) => id)),
        "vs_2"
      )
    })
  )

  it.effect("refuses a checkpoint of another filter before anything is sent", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(5)
      const [batch] = yield* collect(stripe, service.sync({ type: "document" }))
      stripe.asked.length = 0
      const from = batch?.checkpoint
      for (const read of [service.mirror({ from }), service.changes({ from })]) {
        const error = yield* Effect.flip(Stream.runDrain<unknown, StripeError.StripeError, never>(read))
        assert.strictEqual(error.reason._tag, "CheckpointMismatchError")
      }
      const error = yield* Effect.flip(collect(stripe, service.mirror({ audit: -1 })))
      assert.include(error.message, "audit")
      assert.strictEqual(stripe.asked.length, 0)
    })
  )

  it.effect("with a schedule begins again after each run, and reads no session twice because windows overlap", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(5)
      stripe.tell("vs_2", "verified")
      stripe.wait(300)
      const batches = yield* collect(
        stripe,
        Stream.take(service.mirror({ from, schedule: Schedule.spaced("1 minute") }), 6)
      )
      assert.deepStrictEqual(idsOf(batches), ["vs_2"])
      assert.isAbove(
        stripe.asked.filter(({ path, sessions }) => path === "/v1/events" && sessions.length > 0).length,
        5
      )
    })
  )

  it.effect("retries for as long as an outage lasts with a schedule, and five times without", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(5)
      stripe.wait(300)
      yield* collect(stripe, service.mirror({ from }))
      assert.strictEqual(stripe.policies.at(-1), RetryPolicy.standard)
      yield* collect(stripe, Stream.take(service.mirror({ from, schedule: Schedule.spaced("1 minute") }), 1))
      assert.strictEqual(stripe.policies.at(-1), RetryPolicy.forever)
      for (const own of [Result.getOrThrow(RetryPolicy.make({ times: 1 })), RetryPolicy.standard]) {
        yield* collect(stripe, Stream.take(service.mirror({ from, schedule: Schedule.spaced("1 minute") }), 1)).pipe(
          Effect.provideService(RetryPolicy.Current, own)
        )
        assert.strictEqual(stripe.policies.at(-1), own)
      }
    })
  )

  it.effect("fails under its own name", () =>
    Effect.gen(function* () {
      const { from, service, stripe } = yield* mirrored(5)
      stripe.wait(300)
      stripe.refusals.push({ path: "/v1/events", reason: new StripeError.PermissionError({ status: 403 }) })
      const error = yield* Effect.flip(collect(stripe, service.mirror({ from })))
      assert.strictEqual(error.operation, "VerificationSessions.mirror")
    })
  )
})

describe("what is due", () => {
  const now = DateTime.makeUnsafe("2026-06-01T00:00:00Z")
  const ago = (seconds: number) => DateTime.makeUnsafe(DateTime.toEpochMillis(now) - seconds * 1000)
  const row = { id: "vs_1", created: ago(100 * day) }
  const lengths = { settle: 60, overlap: 600, window: 3600 }
  const Ago = Schema.UndefinedOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 * day })))
  const Case = {
    covered: Schema.Boolean,
    events: Ago,
    audited: Ago,
    running: Ago,
    interval: Schema.UndefinedOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 * day })))
  }

  it.effect.prop(
    "is always positioned where Stripe has events, and audits whatever was read before a gap",
    Case,
    (one) =>
      Effect.sync(() => {
        const before: Checkpoint.Checkpoint = {
          ...Checkpoint.start({ filter: "all" }),
          ...(one.covered ? { range: { newest: row, oldest: row, reachedEnd: true } } : {}),
          ...(one.events === undefined ? {} : { events: ago(one.events) }),
          ...(one.audited === undefined ? {} : { audited: ago(one.audited) }),
          ...(one.running === undefined ? {} : { audit: { began: ago(one.running), reached: row } })
        }
        const after = Windows.plan(before, now, one.interval, lengths)
        const isKept = one.events !== undefined && one.events <= 29 * day
        assert.deepStrictEqual(after.events, isKept ? before.events : one.covered ? ago(60) : now)
        if (!one.covered) {
          assert.isUndefined(after.audit)
          return assert.deepStrictEqual(after.audited, now)
        }
        const isDue = one.interval !== undefined && (one.audited === undefined || one.audited >= one.interval)
        const expected =
          isKept && before.audit !== undefined ? before.audit : isKept && !isDue ? undefined : { began: now }
        assert.deepStrictEqual(after.audit, expected)
        assert.deepStrictEqual(after.range, before.range)
        // Deciding again changes nothing.
        assert.deepStrictEqual(Windows.plan(after, now, one.interval, lengths), after)
      })
  )
})
