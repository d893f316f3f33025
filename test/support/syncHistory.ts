import { Clock, DateTime, Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Checkpoint, RetryPolicy, type StripeError, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { assert } from "@effect/vitest"
import { world } from "./world.ts"

// Lives of a list and of somebody who keeps in step with it, each made from one number.

/** Repeatable choices. */
export const choices = (seed: number) => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    chance: (probability: number): boolean => next() < probability,
    one: <const A extends readonly [unknown, ...ReadonlyArray<unknown>]>(values: A): A[number] =>
      values[below(values.length)]
  }
}

const statuses = ["requires_input", "processing", "verified", "canceled"] as const
const filters = [
  {},
  { status: "requires_input" },
  { status: "processing" },
  { status: "verified" },
  { status: ["verified", "canceled"] },
  { type: "document" }
] as const

const start = DateTime.toEpochMillis(DateTime.makeUnsafe("2026-01-01T00:00:00Z"))

/** How a whole life ended, in counts. */
export interface Life {
  readonly rows: number
  readonly runs: number
  readonly interruptions: number
  readonly detours: number
  readonly changes: number
  /** Answers to another question than the one that was asked. */
  readonly lies: number
  /** Runs that ended because of one. */
  readonly refused: number
  /** Checkpoints between two ranges of time that were read at once. */
  readonly windows: number
  /** Rows that the list has before a newer one. */
  readonly misplaced: number
}

/** Answers of a server, or of something in between, that does not filter, or that is newer than the library. */
const lies = [
  Sandbox.Fault.IgnoredFilter(),
  Sandbox.Fault.IgnoredFilter({ parameters: ["status"] }),
  Sandbox.Fault.IgnoredFilter({ parameters: ["created"] }),
  Sandbox.Fault.AddedFields()
] as const

const lives = Effect.fnUntraced(function* (seed: number, concurrency: number | undefined, isDense: boolean) {
  const { below, chance, one } = choices(seed)
  const settleSeconds = isDense ? 60 : one([0, 5, 60])
  // `settle` covers how late a row is listed and how far two rows may be in each other's place, together.
  const disorder = one(settleSeconds === 0 ? [0] : settleSeconds === 5 ? [0, 0, 1, 2] : [0, 0, 1, 3, 20])
  const late = settleSeconds - 2 * disorder
  const lag = late === 0 ? 0 : below(late * 1000)
  const span = isDense ? one([3, 60, 600, 3600]) : one([1, 3, 60, 3600, 86400])
  // Where nothing is new, several ranges of a dense list are read at once from its beginning on.
  const age = isDense ? 3600 : 0
  const filter = one(filters)
  const changing = chance(isDense ? 0.1 : 0.5)
  const options: Sandbox.Options = {
    sessions: isDense ? 50 + below(200) : below(one([1, 10, 60, 200])),
    seed,
    history: isDense ? "uniform" : one(["uniform", "bursty", "one-second", "growing"]),
    from: DateTime.makeUnsafe(start - (age + span) * 1000),
    to: DateTime.makeUnsafe(start - age * 1000),
    visibilityLag: lag,
    cursorPolicy: one(["any-session", "must-match-filter"]),
    orderWithinSecond: one(["insertion", "shuffled"]),
    disorder: disorder * 1000
  }
  const where = `seed ${seed}, ${JSON.stringify({ ...options, from: span, to: age, filter, settleSeconds })}`
  return yield* Effect.gen(function* () {
    const sandbox = yield* Sandbox.Sandbox
    yield* TestClock.setTime(start + below(2) * settleSeconds * 1000)
    // What a transaction keeps: the rows and the checkpoint, both or neither.
    const stored: Array<string> = []
    let from: Checkpoint.Checkpoint | undefined
    // Rows whose status was changed may be in a list or not, as they were read before or after.
    const touched = new Set<string>()
    const counts = { runs: 0, interruptions: 0, changes: 0, lies: 0, refused: 0, windows: 0 }
    const lying = chance(0.3)

    const all = yield* Effect.map(sandbox.sessions, (rows) => rows.map(({ id }) => id))
    let quiet = false
    let honest = false
    const happen = Effect.gen(function* () {
      if (quiet) return
      if (chance(0.3)) yield* TestClock.adjust(below(one([1000, 5000, settleSeconds * 2000 + 1])))
      for (let count = chance(0.3) ? below(one([3, 30])) : 0; count > 0; count--) {
        // Stripe lists a session some time after its `created`, and not always the same time.
        const created = Math.floor((yield* Clock.currentTimeMillis) / 1000) - below(late + 1)
        const { id } = yield* sandbox.insert({ status: one(statuses), created })
        all.push(id)
        if (chance(0.3)) yield* TestClock.adjust(below(one([300, 2000])))
      }
      if (lying && !honest && chance(0.3)) {
        counts.lies++
        yield* sandbox.inject(one(lies), { times: one([1, 1, 3]) })
      }
      if (!changing) return
      for (let count = below(4); count > 0 && all.length > 0; count--) {
        // The rows at which we stand are the ones that hurt.
        const ends = [from?.range?.newest.id, from?.range?.oldest.id]
        const id = (chance(0.5) ? ends[below(2)] : undefined) ?? all[below(all.length)] ?? ""
        touched.add(id)
        counts.changes++
        yield* sandbox.update(id, { status: one(statuses) })
      }
    })

    /** The stored rows are what lies in the interval, and nothing is claimed that was not handed over. */
    const examine = Effect.gen(function* () {
      const rows = yield* sandbox.sessions
      const place = new Map(rows.map(({ id }, index) => [id, index]))
      const covered = from?.range
      const newest = covered === undefined ? Infinity : (place.get(covered.newest.id) ?? NaN)
      const oldest =
        covered?.reachedEnd === true ? Infinity : covered === undefined ? -1 : (place.get(covered.oldest.id) ?? NaN)
      const within = covered?.oldest.within
      if (within !== undefined) counts.windows++
      const isCovered = (index: number, { created }: Sandbox.Session): boolean => {
        if (index < newest || covered === undefined) return false
        if (covered.reachedEnd || within === undefined) return index <= oldest
        return created >= (within.lt ?? Infinity) || (created >= (within.gte ?? -Infinity) && index <= oldest)
      }
      assert.isFalse(Number.isNaN(newest) || Number.isNaN(oldest), `${where}: an end that is not in the list`)
      const kept = new Set(stored)
      assert.strictEqual(kept.size, stored.length, `${where}: a row came twice`)
      for (const [index, row] of rows.entries()) {
        if (touched.has(row.id)) continue
        const inside = isCovered(index, row) && selects(filter, row)
        // A message for each row that is right would take a tenth of the time.
        if (kept.has(row.id) !== inside)
          assert.fail(
            `${where}: ${row.id} at ${index} of [${newest}, ${oldest}], expected it ${inside ? "" : "not "}to be kept`
          )
      }
      for (const [index, row] of rows.entries()) {
        if (kept.has(row.id) && !isCovered(index, row)) assert.fail(`${where}: ${row.id} was kept and is not behind us`)
      }
      assert.isBelow(from === undefined ? 0 : Checkpoint.toText(from).length, 1000)
    })

    const refuse = (reason: StripeError.Reason) =>
      Effect.sync(() => {
        assert.isTrue(lying && !honest, `${where}: ${reason.message}`)
        counts.refused++
      })

    const sync = Effect.fnUntraced(function* (batches: number) {
      counts.runs++
      const text = from === undefined ? undefined : Checkpoint.toText(from)
      let left = batches
      yield* VerificationSessions.sync(filter, {
        from: text === undefined ? undefined : yield* Effect.fromResult(Checkpoint.fromText(text)),
        settle: settleSeconds * 1000,
        pageSize: 1 + below(isDense ? 4 : one([3, 20, 100])),
        ...(concurrency === undefined ? {} : { concurrency }),
        prefetch: one([0, 0, 2])
      }).pipe(
        Stream.takeWhile(() => left-- > 0),
        Stream.runForEach(({ checkpoint, sessions }) =>
          Effect.gen(function* () {
            yield* happen
            // Interrupted between the rows and the checkpoint: the transaction takes the rows back.
            if (left === 0 && chance(0.5)) return
            stored.push(...sessions.map(({ id }) => id))
            from = checkpoint
            // It looks at the whole list, so not after every batch.
            if (chance(0.1)) yield* examine
          })
        ),
        // Ranges of time that are read at once are ours, and a server that ignores one is refused: at once, or where it
        // filters again and no longer finds a row from outside of the range.
        Effect.catchReasons("StripeError", { PaginationStalledError: refuse, CursorNotFoundError: refuse }),
        // Nothing here passes by itself, so there is nothing to wait for.
        Effect.provideService(RetryPolicy.Current, RetryPolicy.none)
      )
    })

    for (let interruptions = isDense ? 2 + below(5) : below(6); interruptions > 0; interruptions--) {
      counts.interruptions++
      yield* sync(below(isDense ? 60 : 5))
      yield* examine
      yield* happen
    }
    yield* TestClock.adjust((settleSeconds + 2) * 1000 + lag)
    yield* sandbox.clearFaults
    honest = true
    yield* sync(Infinity)
    const last = from
    yield* TestClock.adjust((settleSeconds + 2) * 1000 + lag)
    quiet = true
    yield* sync(Infinity)
    yield* examine

    const rows = yield* sandbox.sessions
    const expected = rows.filter((row) => !touched.has(row.id) && selects(filter, row)).map(({ id }) => id)
    assert.sameMembers(
      stored.filter((id) => !touched.has(id)),
      expected,
      where
    )
    // Where something was read the whole list is, by its own account.
    if (stored.length > 0) assert.isTrue(last?.range?.reachedEnd, where)
    const detours = (yield* sandbox.requests).filter(({ status }) => status === 400).length
    const misplaced = rows.filter(({ created }, index) => created > (rows[index - 1]?.created ?? Infinity)).length
    return { rows: rows.length, detours, misplaced, ...counts } satisfies Life
  }).pipe(Effect.provide(Layer.fresh(world({ sandbox: options }))))
})

/** One life from one number. In a dense list, several ranges of time are read at once that are next to each other. */
export const life = (seed: number, concurrency?: number, isDense = false) =>
  Effect.scoped(lives(seed, concurrency, isDense))

type Filter = (typeof filters)[number]

// Written out here, so that the filter of the library is not its own judge.
const selects = (filter: Filter, row: Sandbox.Session): boolean => {
  if ("type" in filter) return row.type === filter.type
  if (!("status" in filter)) return true
  return typeof filter.status === "string"
    ? row.status === filter.status
    : filter.status.some((status) => status === row.status)
}
