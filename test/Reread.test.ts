import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Schema, Stream } from "effect"
import { RetryPolicy, StripeError, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { collect, quietWorld } from "./support/changingSessions.ts"
import { choices } from "./support/syncHistory.ts"
import { countRequests, inTime, listIds, reason, slowWorld, world } from "./support/world.ts"

const created = (seconds: number) => DateTime.makeUnsafe(seconds * 1000)

const idsOf = (batches: ReadonlyArray<{ readonly sessions: ReadonlyArray<{ readonly id: string }> }>) =>
  batches.flatMap(({ sessions }) => sessions.map(({ id }) => id))

describe("reread", () => {
  it.effect("gives each session once, as it is now, and says which are missing", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(5)
      for (const session of stripe.sessions) session.status = "verified"
      const batches = yield* collect(stripe, service.reread(["vs_3", "vs_99", { id: "vs_1" }, "vs_3"]))
      assert.sameMembers(idsOf(batches), ["vs_1", "vs_3"])
      assert.deepStrictEqual(
        batches.flatMap(({ missing }) => missing),
        ["vs_99"]
      )
      assert.isTrue(batches.every(({ sessions }) => sessions.every(({ status }) => status === "verified")))
      assert.strictEqual(stripe.asked.length, 3)
    })
  )

  it.effect("says the moment before the first request of a batch", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(5)
      const before = stripe.now()
      const [single] = yield* collect(stripe, service.reread(["vs_3"]))
      assert.strictEqual(single && DateTime.toEpochMillis(single.readAt), before)
      const again = stripe.now()
      const [page] = yield* collect(
        stripe,
        service.reread(stripe.sessions.map((one) => ({ ...one, created: created(one.created) })))
      )
      assert.strictEqual(page?.sessions.length, 5)
      assert.strictEqual(page && DateTime.toEpochMillis(page.readAt), again)
    })
  )

  it.effect("asks for nothing without ids", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(5)
      assert.deepStrictEqual(yield* collect(stripe, service.reread(new Set<string>())), [])
      assert.strictEqual(stripe.asked.length, 0)
    })
  )

  it.effect("reads three hundred sessions that lie together in three pages", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(400)
      const all = yield* collect(stripe, service.stream({}, { maxItems: 300 }))
      stripe.asked.length = 0
      const batches = yield* collect(stripe, service.reread(all))
      assert.deepStrictEqual(
        idsOf(batches),
        all.map(({ id }) => id)
      )
      assert.strictEqual(stripe.asked.length, 3)
    })
  )

  it.effect("asks once for a page, and then alone for what it lacks", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(50)
      const known = stripe.sessions.map((one) => ({ id: one.id, created: created(one.created) }))
      const [{ created: moment } = assert.fail()] = known
      const batches = yield* collect(
        stripe,
        service.reread([...known, { id: "vs_98", created: moment }, { id: "vs_99", created: moment }])
      )
      assert.sameMembers(
        batches.flatMap(({ missing }) => missing),
        ["vs_98", "vs_99"]
      )
      assert.strictEqual(stripe.asked.length, 3)
    })
  )

  it.effect("reads alone, and several at once, what has many others in between", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(0)
      for (let count = 0; count < 2500; count++) {
        stripe.create()
        stripe.wait(1)
      }
      const wanted = stripe.sessions.filter((_, index) => index % 250 === 0)
      const batches = yield* collect(
        stripe,
        service.reread(wanted.map((one) => ({ id: one.id, created: created(one.created) })))
      )
      assert.strictEqual(idsOf(batches).length, 10)
      // The first page shows how close they lie.
      assert.deepStrictEqual(
        stripe.asked.map(({ path }) => path.includes("/vs_")),
        [false, ...Array.from({ length: 9 }, () => true)]
      )
      assert.isAbove(stripe.inFlight.most, 1)
    })
  )

  const lists = [
    { name: "a list of few sessions a year", apart: 100_000, most: 4 },
    { name: "an import of a hundred sessions a second", apart: 0.01, most: 4 },
    // Of a second, a page has the newest hundred.
    { name: "an import of two hundred sessions a second, and then the rest alone", apart: 0.005, most: 36 }
  ]
  for (const { apart, most, name } of lists) {
    it.effect(`takes a page for each hundred of ${name}`, () =>
      Effect.gen(function* () {
        const { service, stripe } = yield* quietWorld(0)
        for (let index = 0; index < 300; index++) {
          stripe.create()
          stripe.wait(apart)
        }
        stripe.wait(60)
        const wanted = stripe.sessions.filter((_, index) => index % 3 === 0)
        const batches = yield* collect(
          stripe,
          service.reread(wanted.map((one) => ({ id: one.id, created: created(one.created) })))
        )
        assert.sameMembers(
          idsOf(batches),
          wanted.map(({ id }) => id)
        )
        assert.isAtMost(stripe.asked.length, most)
      })
    )
  }

  it.effect("says of every one of many ids that it is missing", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(0)
      const ids = Array.from({ length: 250 }, (_, index) => `vs_${index}`)
      const batches = yield* collect(stripe, service.reread(ids))
      assert.deepStrictEqual(
        batches.flatMap(({ missing }) => missing),
        ids
      )
    })
  )

  it.effect(
    "ends with any other failure, also where rows that cannot be decoded are told, and sends nothing more",
    () =>
      Effect.gen(function* () {
        const reasons = [
          new StripeError.PermissionError({ status: 403 }),
          new StripeError.DecodeError({ part: "body", description: "expected JSON" })
        ]
        for (const reason of reasons) {
          const { service, stripe } = yield* quietWorld(40)
          const [{ id } = assert.fail()] = stripe.sessions
          stripe.refusals.push({ path: `/v1/identity/verification_sessions/${id}`, reason })
          const told: Array<unknown> = []
          const onDecodeError = (error: unknown) => Effect.sync(() => told.push(error))
          const ids = stripe.sessions.map(({ id }) => id)
          const error = yield* Effect.flip(collect(stripe, service.reread(ids, { onDecodeError, concurrency: 4 })))
          assert.strictEqual(error.reason._tag, reason._tag)
          assert.deepStrictEqual(told, [])
          assert.isAtMost(stripe.asked.length, 4)
        }
      })
  )

  it.effect("keeps no more than so many requests in flight", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(50)
      for (const concurrency of [1, 3]) {
        stripe.inFlight.most = 0
        yield* collect(
          stripe,
          service.reread(
            stripe.sessions.map(({ id }) => id),
            { concurrency }
          )
        )
        assert.strictEqual(stripe.inFlight.most, concurrency)
      }
    })
  )

  const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

  it.effect.prop(
    "reads all, with at most one request for each id, and one more only where created is wrong or pages are cut",
    { seed: between(0, 1_000_000) },
    ({ seed }) =>
      Effect.gen(function* () {
        const { below, chance, one } = choices(seed)
        const pageSize = one([100, 100, 3])
        const { service, stripe } = yield* quietWorld(0, { pageSize })
        for (let count = below(one([5, 60, 300])); count > 0; count--) {
          stripe.create()
          stripe.wait(one([0, 0.2, 1, 60, 4000]))
        }
        stripe.wait(60)
        const isWrong = chance(0.3)
        const known = one([0, 0.5, 1, 1])
        const wanted = stripe.sessions
          .filter(() => chance(0.5))
          .map((row) =>
            chance(known)
              ? { id: row.id, created: created(row.created + (isWrong && chance(0.5) ? one([-5000, 1, 3600]) : 0)) }
              : row.id
          )
        if (isWrong) wanted.push({ id: "vs_99999", created: created(1_700_000_000) })
        const batches = yield* collect(stripe, service.reread(wanted, { concurrency: one([1, 4]) }))
        const ids = wanted.map((one) => (typeof one === "string" ? one : one.id))
        assert.sameMembers([...idsOf(batches), ...batches.flatMap(({ missing }) => missing)], ids)
        assert.isAtMost(stripe.asked.length, ids.length + (isWrong || pageSize < 100 ? 1 : 0), `seed ${seed}`)
      }),
    { arbitrary: { runs: 1000 } }
  )

  it.effect("reads alone what was refused because of the others, where Stripe takes one request a second", () =>
    Effect.gen(function* () {
      const ids = yield* listIds
      const batches = yield* inTime(Stream.runCollect(VerificationSessions.reread(ids)))
      assert.sameMembers(idsOf(batches), Array.from(ids))
    }).pipe(Effect.provide(slowWorld(40)))
  )

  it.effect("fails soon where Stripe takes none", () =>
    Effect.gen(function* () {
      const ids = yield* listIds
      yield* Sandbox.Sandbox.use((sandbox) => sandbox.inject(Sandbox.Fault.RateLimited(), { times: Infinity }))
      const failed = yield* reason(Stream.runDrain(VerificationSessions.reread(ids)))
      assert.strictEqual(failed._tag, "RateLimitError")
      // Six attempts of each of four, and six of the one that is sent alone.
      assert.isAtMost(yield* countRequests, 6 * 4 + 6)
    }).pipe(
      Effect.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ baseDelay: 0, jitter: false })),
      Effect.provide(world({ sandbox: { sessions: 40 } }))
    )
  )

  it.effect("takes a 404 of a proxy for no answer about a session, as retrieve does", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const [id = ""] = yield* listIds
      yield* sandbox.inject(Sandbox.Fault.Reply({ status: 404, body: "<h1>404 Not Found</h1>" }), { times: 2 })
      const failed = [
        yield* Effect.flip(VerificationSessions.retrieve(id)),
        yield* Effect.flip(Stream.runDrain(VerificationSessions.reread([id])))
      ]
      for (const { reason } of failed) {
        assert.strictEqual(reason._tag, "ApiError")
        assert.include(reason.message, "Check apiBase, and any proxy")
      }
    }).pipe(Effect.provide(world({ sandbox: { sessions: 2 } })))
  )

  it.effect("tells a handler of a session that cannot be decoded, and continues", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(3)
      Object.assign(stripe.sessions[1] ?? {}, { status: 7 })
      const wanted = stripe.sessions.map((one) => ({ id: one.id, created: created(one.created) }))
      const told: Array<string | undefined> = []
      const batches = yield* collect(
        stripe,
        service.reread(wanted, { onDecodeError: (error) => Effect.sync(() => told.push(error.rowId)) })
      )
      assert.deepStrictEqual(told, ["vs_1"])
      assert.sameMembers(idsOf(batches), ["vs_0", "vs_2"])
      const error = yield* Effect.flip(collect(stripe, service.reread(wanted)))
      assert.strictEqual(error.reason._tag, "DecodeError")
      const own = yield* Effect.flip(
        collect(stripe, service.reread(wanted, { onDecodeError: () => Effect.fail("mine") }))
      )
      assert.strictEqual(own, "mine")
    })
  )

  it.effect("refuses what is no id before anything is sent, and never makes a path of it", () =>
    Effect.gen(function* () {
      const { service, stripe } = yield* quietWorld(3)
      const refused = (ids: unknown, options: object = {}) =>
        // Type boundary: as plain JavaScript calls it.
        Effect.flip(collect(stripe, service.reread(ids as ReadonlyArray<string>, options))).pipe(
          Effect.map(({ message }) => message)
        )
      assert.include(yield* refused("vs_1"), "an array or a Set of session ids")
      // A stream that runs again would find an iterator used up, and end as if there was nothing to read.
      assert.include(yield* refused(new Set(["vs_1"]).values()), "an array or a Set of session ids")
      assert.include(yield* refused(["vs_1", "vs_1/../../events"]), "ids[1]")
      assert.include(yield* refused([{ id: "vs_1", created: 1_700_000_000 }]), "ids[0].created")
      assert.include(yield* refused(null), "an array or a Set of session ids")
      assert.include(yield* refused([], { expand: ["verified_outputs"] }), "data.verified_outputs")
      assert.include(yield* refused([], { concurrency: 0 }), "concurrency")
      assert.strictEqual(stripe.asked.length, 0)
    })
  )
})
