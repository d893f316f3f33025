import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Fiber, Layer, Option, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Checkpoint, RetryPolicy, StripeClient, StripeError, Sync, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { countRequests, listIds, query, reason, requests, settled, world } from "./support/world.ts"

const year = DateTime.toEpochMillis(DateTime.makeUnsafe("2026-01-01T00:00:00Z"))

/** A world whose clock stands after its history. */
const inWorld = (options?: Parameters<typeof world>[0]) =>
  Layer.merge(world(options), Layer.effectDiscard(TestClock.setTime(year + 600_000)))

const insert = (patch?: Sandbox.SessionPatch) => Sandbox.Sandbox.use((sandbox) => sandbox.insert(patch))
const update = (id: string, patch: Sandbox.SessionPatch) => Sandbox.Sandbox.use((sandbox) => sandbox.update(id, patch))
const clear = Sandbox.Sandbox.use((sandbox) => sandbox.clearRequests)

const collect = Effect.fnUntraced(function* <E, R>(
  batches: Stream.Stream<VerificationSessions.Batch<{ readonly id: string }>, E, R>
) {
  const all = yield* Stream.runCollect(batches)
  return {
    ids: all.flatMap(({ sessions }) => sessions.map(({ id }) => id)),
    sizes: all.map(({ sessions }) => sessions.length),
    checkpoint: all.at(-1)?.checkpoint
  }
})

/** A checkpoint that has everything behind it. */
const everything = Effect.fnUntraced(function* (filter?: Parameters<typeof VerificationSessions.sync>[0]) {
  const { checkpoint } = yield* collect(VerificationSessions.sync(filter))
  yield* clear
  return checkpoint ?? (yield* Effect.die("there is nothing in the list"))
})

describe("sync", () => {
  it.effect("reads the list newest first, one batch a page, and says so when it was read to its end", () =>
    Effect.gen(function* () {
      const { checkpoint, ids, sizes } = yield* collect(VerificationSessions.sync())
      assert.deepStrictEqual(ids, yield* listIds)
      assert.deepStrictEqual(sizes, [100, 100, 50])
      assert.isTrue(checkpoint?.range?.reachedEnd)
      assert.strictEqual(yield* countRequests, 3)
    }).pipe(Effect.provide(inWorld()))
  )

  it.effect("asks for no page before it is wanted", () =>
    Effect.gen(function* () {
      const batches = VerificationSessions.sync()
      assert.strictEqual(yield* countRequests, 0)
      yield* Stream.runDrain(Stream.take(batches, 1))
      assert.strictEqual(yield* countRequests, 1)
    }).pipe(Effect.provide(inWorld()))
  )

  it.effect("after 250 new rows sends 3 requests on a list of a million, and gives them oldest first", () =>
    Effect.gen(function* () {
      const [batch] = yield* Stream.runCollect(Stream.take(VerificationSessions.sync(), 1))
      const from = Checkpoint.advance(batch?.checkpoint ?? Checkpoint.start({ filter: "none" }), {
        direction: "older",
        rows: [],
        end: true
      })
      yield* clear
      const added: Array<string> = []
      for (let count = 0; count < 250; count++) {
        added.push((yield* insert()).id)
        yield* TestClock.adjust("1 second")
      }
      yield* TestClock.adjust("2 minutes")
      const { checkpoint, ids } = yield* collect(VerificationSessions.sync({}, { from }))
      assert.deepStrictEqual(ids, added)
      assert.strictEqual(checkpoint?.range?.newest.id, added.at(-1))
      assert.strictEqual(yield* countRequests, 3)
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 1_000_000 } })))
  )

  it.effect("with nothing new sends one request and gives no batch", () =>
    Effect.gen(function* () {
      const from = yield* everything()
      const { sizes } = yield* collect(VerificationSessions.sync({}, { from }))
      assert.deepStrictEqual(sizes, [])
      assert.strictEqual(yield* countRequests, 1)
    }).pipe(Effect.provide(inWorld()))
  )

  it.effect("of a list without rows gives no batch, and finds the first row when it comes", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* collect(VerificationSessions.sync())).sizes, [])
      const { id } = yield* insert()
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual((yield* collect(VerificationSessions.sync())).ids, [id])
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 0 } })))
  )

  it.effect("asks for nothing before the range of the filter begins, and finds its first row when it comes", () =>
    Effect.gen(function* () {
      const filter = { created: { gte: "2026-01-02" } }
      for (const concurrency of [1, 4]) {
        const { checkpoint, sizes } = yield* collect(VerificationSessions.sync(filter, { concurrency }))
        assert.deepStrictEqual([sizes, checkpoint], [[], undefined])
      }
      assert.strictEqual(yield* countRequests, 0)
      yield* TestClock.setTime(year + 2 * 86_400_000)
      const { id } = yield* insert()
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual((yield* collect(VerificationSessions.sync(filter))).ids, [id])
    }).pipe(Effect.provide(inWorld()))
  )

  it.effect("continues with what is older after it has caught up", () =>
    Effect.gen(function* () {
      const [first] = yield* Stream.runCollect(Stream.take(VerificationSessions.sync(), 1))
      const { id } = yield* insert()
      yield* TestClock.adjust("2 minutes")
      const { ids, sizes } = yield* collect(VerificationSessions.sync({}, { from: first?.checkpoint }))
      assert.strictEqual(ids[0], id)
      assert.deepStrictEqual(ids.slice(1), (yield* listIds).slice(101))
      assert.deepStrictEqual(sizes, [1, 100, 50])
    }).pipe(Effect.provide(inWorld()))
  )

  for (const [direction, day] of [
    ["newer", "2020-01-01"],
    ["older", "2025-12-31"]
  ] as const) {
    it.effect(`takes no row from the wrong side of where it resumes (${direction})`, () =>
      Effect.gen(function* () {
        const [first] = yield* Stream.runCollect(Stream.take(VerificationSessions.sync(), 1))
        yield* insert({ created: year / 1000 })
        const sandbox = yield* Sandbox.Sandbox
        const created = DateTime.toEpochSeconds(DateTime.makeUnsafe(`${day}T23:59:59Z`))
        yield* sandbox.inject(Sandbox.Fault.BadRow({ patch: { created } }), { skip: direction === "newer" ? 0 : 1 })
        const given: Array<number> = []
        const failed = yield* VerificationSessions.sync({}, { from: first?.checkpoint }).pipe(
          Stream.runForEach(({ sessions }) => Effect.sync(() => given.push(sessions.length))),
          reason
        )
        assert.strictEqual(failed._tag, "PaginationStalledError")
        assert.deepStrictEqual(given, direction === "newer" ? [] : [1])
      }).pipe(Effect.provide(inWorld()))
    )
  }

  it.effect("gives no row again where Stripe forgets the cursor of a resumed run, however close the rows lie", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const [, second] = yield* Stream.runCollect(Stream.take(VerificationSessions.sync(), 2))
      yield* sandbox.inject(Sandbox.Fault.IgnoredFilter({ parameters: ["starting_after"] }), { skip: 1 })
      const given: Array<unknown> = []
      const failed = yield* VerificationSessions.sync({}, { from: second?.checkpoint }).pipe(
        Stream.runForEach((batch) => Effect.sync(() => given.push(batch))),
        reason
      )
      assert.include(failed.message, "was processed before, and was returned again")
      assert.deepStrictEqual(given, [])
    }).pipe(
      Effect.provide(
        inWorld({
          sandbox: { from: DateTime.makeUnsafe(year - 300_000), to: DateTime.makeUnsafe(year - 60_000) }
        })
      )
    )
  )

  it.effect("leaves a row for the next run until it has settled", () =>
    Effect.gen(function* () {
      const from = yield* everything()
      const { id } = yield* insert()
      const ids = (settle?: "0 seconds") =>
        Effect.map(collect(VerificationSessions.sync({}, { from, settle })), ({ ids }) => ids)
      assert.deepStrictEqual(yield* ids(), [])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* ids(), [])
      // Its second must be over, too.
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* ids(), [id])

      const younger = yield* insert()
      assert.deepStrictEqual(yield* ids("0 seconds"), [id])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* ids("0 seconds"), [id, younger.id])
    }).pipe(Effect.provide(inWorld()))
  )

  it.effect("takes rows away that the filter does not let through, and continues", () =>
    Effect.gen(function* () {
      const filter = { type: "verification_flow", status: ["verified", "canceled"] } as const
      const { checkpoint, ids, sizes } = yield* collect(VerificationSessions.sync(filter, { pageSize: 5 }))
      const rows = yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)
      const expected = rows.filter(({ status, type }) => type === filter.type && /^(verified|canceled)$/.test(status))
      assert.deepStrictEqual(
        ids,
        expected.map(({ id }) => id)
      )
      assert.isTrue(sizes.includes(0))
      assert.strictEqual(checkpoint?.range?.oldest.id, rows.at(-1)?.id)
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 60 } })))
  )

  it.effect.each([1, 8])(
    "says of each batch a moment before its page was asked for, with %i requests at once",
    (concurrency) =>
      Effect.gen(function* () {
        const taken = yield* Effect.forkChild(
          VerificationSessions.sync({}, { concurrency }).pipe(
            Stream.mapEffect(({ readAt }) => Effect.map(DateTime.now, (now) => DateTime.distance(readAt, now))),
            Stream.runCollect
          )
        )
        yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("1 second")), { times: 20 })
        const lengths = yield* Fiber.join(taken)
        assert.isAtLeast(lengths.length, 3)
        for (const length of lengths) assert.isAtLeast(Duration.toSeconds(length), 1)
        if (concurrency === 1) assert.isTrue(lengths.every((length) => Duration.toSeconds(length) === 1))
      }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 300, latency: "1 second" } })))
  )

  it.effect("gives the same rows in the same order with 8 requests at once, sooner", () =>
    Effect.gen(function* () {
      const timed = Effect.fnUntraced(function* (concurrency: number) {
        const fiber = yield* Effect.forkChild(Effect.timed(collect(VerificationSessions.sync({}, { concurrency }))))
        yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("100 millis")), { times: 40 })
        return yield* Fiber.join(fiber)
      })
      const [slow, one] = yield* timed(1)
      const [fast, many] = yield* timed(8)
      assert.deepStrictEqual(many.ids, one.ids)
      assert.deepStrictEqual(many.checkpoint, one.checkpoint)
      assert.isBelow(Duration.toMillis(fast), Duration.toMillis(slow) / 2)
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 2500, latency: "100 millis" } })))
  )

  it.effect.each([1, 8])("resumes with 8 requests at once what was read with %d", (before) =>
    Effect.gen(function* () {
      const inTime = Effect.fnUntraced(function* (
        options: VerificationSessions.SyncOptions,
        batches = Number.POSITIVE_INFINITY
      ) {
        const read = collect(Stream.take(VerificationSessions.sync({}, options), batches))
        const fiber = yield* Effect.forkChild(Effect.timed(read))
        yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("100 millis")), { times: 40 })
        return yield* Fiber.join(fiber)
      })
      const [, first] = yield* inTime({ concurrency: before }, 5)
      const [took, rest] = yield* inTime({ concurrency: 8, from: first.checkpoint })
      assert.deepStrictEqual([...first.ids, ...rest.ids], yield* listIds)
      assert.isBelow(Duration.toMillis(took), 1200)
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 2500, latency: "100 millis" } })))
  )

  for (const concurrency of [1, 8]) {
    it.effect(
      `finds nothing settled while the clock stands at its beginning, with ${concurrency} requests at once`,
      () =>
        Effect.gen(function* () {
          assert.deepStrictEqual((yield* collect(VerificationSessions.sync({}, { concurrency }))).ids, [])
          assert.deepStrictEqual(
            (yield* requests).map((request) => query(request)["created[lt]"]),
            ["600"]
          )
        }).pipe(Effect.provide(world()))
    )
  }

  it.effect("loses and repeats nothing where the clock goes backwards between runs", () =>
    Effect.gen(function* () {
      const first = yield* collect(VerificationSessions.sync().pipe(Stream.take(1)))
      yield* insert({ created: year / 1000 })
      yield* TestClock.setTime(year - 200 * 86_400_000)
      const back = yield* collect(VerificationSessions.sync({}, { from: first.checkpoint }))
      yield* TestClock.setTime(year + 600_000)
      const last = yield* collect(VerificationSessions.sync({}, { from: back.checkpoint ?? first.checkpoint }))
      const all = [...first.ids, ...back.ids, ...last.ids]
      assert.sameMembers(all, [...(yield* listIds)])
      assert.strictEqual(new Set(all).size, all.length)
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 350 } })))
  )

  it.effect("refuses options that make no sense before it sends anything", () =>
    Effect.gen(function* () {
      const refused = Effect.fnUntraced(function* (options: VerificationSessions.SyncOptions) {
        const error = yield* reason(Stream.runDrain(VerificationSessions.sync({}, options)))
        assert.strictEqual(error._tag, "InvalidArgumentError", error.message)
      })
      yield* refused({ settle: "-1 seconds" })
      yield* refused({ settle: Infinity })
      yield* refused({ settle: NaN })
      yield* refused({ pageSize: 0 })
      yield* refused({ concurrency: 0 })
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(inWorld()))
  )
})

describe("the key of a list", () => {
  it.effect.each(["", "x".repeat(65)])("is refused before a request if no checkpoint can hold it: %j", (filter) =>
    Effect.gen(function* () {
      const fetch = () => Effect.die("nothing is to be asked for")
      const error = yield* Effect.flip(Stream.runDrain(Sync.batches({ fetch, key: { filter } })))
      assert.match(error.message, /^key: expected a filter of 1 to 64 characters, got .* take a hash of it\.$/)
    })
  )
})

describe("a checkpoint of sync", () => {
  it.effect("holds no data of a person", () =>
    Effect.gen(function* () {
      const client_reference_id = "jenny.rosen@example.com"
      yield* insert({ client_reference_id, status: "verified" })
      yield* TestClock.adjust("2 minutes")
      const { checkpoint, ids } = yield* collect(VerificationSessions.sync({ client_reference_id }))
      assert.strictEqual(ids.length, 1)
      const text = checkpoint === undefined ? "" : Checkpoint.toText(checkpoint)
      assert.notInclude(text, "jenny")
      assert.isBelow(text.length, 300)
    }).pipe(Effect.provide(inWorld()))
  )

  it.effect("fits the same filter however it is written, and no other", () =>
    Effect.gen(function* () {
      const from = yield* everything({
        status: ["verified", "canceled"],
        created: { gte: "2025-06-01", lt: "2026-02-01" }
      })
      const same = {
        status: ["canceled", "verified", "verified"],
        created: { gt: 1748735999, lte: 1769903999 }
      } as const
      yield* Stream.runDrain(VerificationSessions.sync(same, { from }))
      const others = [
        {},
        { ...same, status: "verified" },
        { ...same, created: { gte: "2025-06-02", lt: "2026-02-01" } },
        { ...same, client_reference_id: "user_1" },
        { ...same, metadata: { plan: "pro" } }
      ] as const
      yield* clear
      for (const other of others) {
        const error = yield* reason(Stream.runDrain(VerificationSessions.sync(other, { from })))
        assert.strictEqual(error._tag === "CheckpointMismatchError" && error.problem, "filter")
        assert.match(error.message, /of this filter .*, got one of another/)
      }
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(inWorld()))
  )

  it.effect("of test mode is refused for a live key, and of one account for another, before anything is sent", () =>
    Effect.gen(function* () {
      const from = yield* everything()
      assert.strictEqual(from.livemode, false)
      const sandbox = yield* Sandbox.Sandbox
      const live = VerificationSessions.layer({ apiKey: Sandbox.liveApiKey }).pipe(
        Layer.provide(Layer.succeed(Sandbox.Sandbox, sandbox)),
        Layer.fresh
      )
      const inLive = yield* VerificationSessions.sync({}, { from }).pipe(Stream.runDrain, Effect.provide(live), reason)
      assert.strictEqual(inLive._tag === "CheckpointMismatchError" && inLive.problem, "mode")
      assert.match(inLive.message, /Expected a checkpoint of live mode, as the key is, got one of test mode/)

      const elsewhere = yield* VerificationSessions.sync({}, { from }).pipe(
        Stream.provideService(StripeClient.CurrentAccount, { account: "acct_2" }),
        Stream.runDrain,
        reason
      )
      assert.strictEqual(elsewhere._tag === "CheckpointMismatchError" && elsewhere.problem, "account")
      assert.match(elsewhere.message, /of account acct_2, got one of the key's own account/)

      const inContext = yield* VerificationSessions.sync({}, { from }).pipe(
        Stream.provideService(StripeClient.CurrentAccount, { context: "acct_2" }),
        Stream.runDrain,
        reason
      )
      assert.strictEqual(inContext._tag === "CheckpointMismatchError" && inContext.problem, "account")
      assert.match(inContext.message, /of context acct_2, got one of the key's own account/)
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.provide(inWorld()))
  )

  it.effect("is not to blame for another failure of the first request", () =>
    Effect.gen(function* () {
      const from = yield* everything()
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Sandbox.Fault.ServerError())
      const failed = yield* reason(Stream.runDrain(VerificationSessions.sync({}, { from })))
      assert.strictEqual(failed._tag, "ApiError")
    }).pipe(Effect.provideService(RetryPolicy.Current, RetryPolicy.none), Effect.provide(inWorld()))
  )

  it.effect("whose row nobody finds is one of another key", () =>
    Effect.gen(function* () {
      const from = yield* everything()
      const covered = from.range ?? (yield* Effect.die("nothing was covered"))
      const lost = { ...from, range: { ...covered, newest: { ...covered.newest, id: "vs_1unknown" } } }
      for (const filter of [{}, { status: "verified" }] as const) {
        const { filter: fingerprint } = yield* everything(filter)
        const error = yield* Effect.flip(
          Stream.runDrain(VerificationSessions.sync(filter, { from: { ...lost, filter: fingerprint } }))
        )
        assert.instanceOf(error, StripeError.StripeError)
        assert.strictEqual(error.operation, "VerificationSessions.sync")
        assert.strictEqual(error.reason._tag === "CheckpointMismatchError" && error.reason.problem, "position")
        assert.include(error.message, "vs_1unknown")
      }
    }).pipe(Effect.provide(inWorld()))
  )
})

describe("an end row that has left the filter", () => {
  const mustMatch = (sandbox: Sandbox.Options) =>
    inWorld({ sandbox: { cursorPolicy: "must-match-filter", ...sandbox } })

  for (const history of ["uniform", "one-second"] as const) {
    it.effect(`is passed with two requests more, at both ends (${history})`, () =>
      Effect.gen(function* () {
        const filter = { status: "requires_input" } as const
        const [first] = yield* Stream.runCollect(
          VerificationSessions.sync(filter, { pageSize: 20 }).pipe(Stream.take(1))
        )
        const from = first?.checkpoint
        const before = first?.sessions.map(({ id }) => id) ?? []
        yield* update(from?.range?.newest.id ?? "", { status: "processing" })
        yield* update(from?.range?.oldest.id ?? "", { status: "verified" })
        const added: Array<string> = []
        for (let count = 0; count < 30; count++) {
          const { id } = yield* insert({ status: count % 3 === 0 ? "requires_input" : "canceled" })
          if (count % 3 === 0) added.push(id)
        }
        yield* TestClock.adjust("2 minutes")
        yield* clear
        const { ids } = yield* collect(VerificationSessions.sync(filter, { from, pageSize: 20 }))
        const expected = (yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions))
          .filter(({ id, status }) => status === "requires_input" && !before.includes(id) && !added.includes(id))
          .map(({ id }) => id)
        assert.deepStrictEqual(ids, [...added, ...expected])
        const sent = yield* requests
        assert.strictEqual(sent.filter(({ status }) => status === 400).length, 2)
        assert.strictEqual(sent.filter((request) => query(request)["status"] === undefined).length, 2)
        // 10 new rows are a page, and what the page without the filter brought is not asked for again.
        assert.isAtMost(sent.length, 4 + 2 + Math.ceil(expected.length / 20))
      }).pipe(Effect.provide(mustMatch({ sessions: 300, history })))
    )
  }

  for (const direction of ["older", "newer"] as const) {
    it.effect(`never moves the checkpoint back when it leaves during a run (${direction})`, () =>
      Effect.gen(function* () {
        const filter = { status: "requires_input" } as const
        const covered = yield* insert({ status: "requires_input" })
        yield* TestClock.adjust("2 minutes")
        const begun = direction === "newer" ? yield* everything(filter) : undefined
        const added = yield* Effect.forEach(Array.from({ length: 4 }), () => insert({ status: "requires_input" }))
        // In the order of the run, after a row that is not in the list yet.
        const [late, first, second, third] = direction === "newer" ? added : added.toReversed()
        if (late === undefined || first === undefined || second === undefined || third === undefined) return
        yield* update(late.id, { status: "processing" })
        yield* TestClock.adjust("2 minutes")

        const stored: Array<string> = []
        let from = begun
        const run = (batches: number) =>
          VerificationSessions.sync(filter, { from, pageSize: 1 }).pipe(
            Stream.take(batches),
            Stream.runForEach(({ checkpoint, sessions }) =>
              Effect.gen(function* () {
                stored.push(...sessions.map(({ id }) => id))
                from = checkpoint
                if (stored.at(-1) !== second.id) return
                // The row at which the run stands leaves, and one of its second comes in that lies behind the run.
                yield* update(second.id, { status: "canceled" })
                yield* update(late.id, { status: "requires_input" })
              })
            )
          )
        yield* run(3)
        yield* run(Infinity)
        // What came in is newer than the first row of a first run, so the next one has it; other runs are past it.
        const rest = direction === "older" ? [late.id, covered.id] : []
        assert.deepStrictEqual(stored, [first.id, second.id, third.id, ...rest])
      }).pipe(Effect.provide(mustMatch({ sessions: 0 })))
    )
  }

  it.effect("is passed where the next one that is left is many pages away", () =>
    Effect.gen(function* () {
      const filter = { status: "processing" } as const
      const from = yield* everything(filter)
      yield* update(from.range?.newest.id ?? "", { status: "verified" })
      for (let count = 0; count < 450; count++) yield* insert({ status: "verified" })
      const { id } = yield* insert({ status: "processing" })
      yield* TestClock.adjust("2 minutes")
      const { ids, sizes } = yield* collect(VerificationSessions.sync(filter, { from }))
      assert.deepStrictEqual(ids, [id])
      assert.deepStrictEqual(sizes, [0, 0, 0, 0, 1])
    }).pipe(Effect.provide(mustMatch({ sessions: 300 })))
  )
})

describe("tail", () => {
  it.effect("looks again by its schedule, and gives every new session once", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const fiber = yield* VerificationSessions.tail(
        {},
        { settle: "5 seconds", schedule: Schedule.spaced("10 seconds") }
      ).pipe(
        Stream.runForEach(({ sessions }) => Effect.sync(() => seen.push(...sessions.map(({ id }) => id)))),
        Effect.forkChild
      )
      const wait = Effect.andThen(settled, TestClock.adjust("10 seconds")).pipe(Effect.andThen(settled))
      yield* wait
      const before = yield* listIds
      assert.deepStrictEqual(seen, before)
      const added: Array<string> = []
      for (let round = 0; round < 5; round++) {
        for (let count = 0; count <= round; count++) added.push((yield* insert()).id)
        yield* wait
      }
      yield* wait
      assert.deepStrictEqual(seen, [...before, ...added])
      yield* clear
      yield* wait
      assert.strictEqual(yield* countRequests, 1)
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 130 } })))
  )

  it.effect("takes a relative date, which sync refuses: its next run would be over another list", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Stream.runDrain(VerificationSessions.sync({ created: "24h" })))
      assert.strictEqual(
        error.message,
        'VerificationSessions.sync: InvalidArgumentError: created: expected a fixed date or range, such as 2026-01-31, got "24h". Relative text is another time every day.'
      )
      assert.lengthOf(yield* requests, 0)
    }).pipe(Effect.provide(world()))
  )

  it.effect("resumes from a checkpoint, and takes a relative date once", () =>
    Effect.gen(function* () {
      const first = yield* Stream.runHead(VerificationSessions.tail({ created: "24h" }))
      assert.isTrue(Option.isSome(first))
      const fiber = yield* VerificationSessions.tail({ created: "24h" }).pipe(Stream.runDrain, Effect.forkChild)
      yield* Effect.repeat(Effect.andThen(settled, TestClock.adjust("31 seconds")), { times: 3 })
      assert.isUndefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(inWorld({ sandbox: { sessions: 3000 } })))
  )
})
