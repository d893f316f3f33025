import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Result, Schema } from "effect"
import { Checkpoint, StripeError } from "effect-stripe-identity"

const row = (place: number) => ({ id: `vs_${place}`, created: DateTime.makeUnsafe((1_767_225_600 + place) * 1000) })

const start = Checkpoint.start({ filter: "0123456789abcdef", livemode: false })

/** Moves in either direction, each of some rows: the places of the interval grow from 0 outward. */
const Moves = Schema.Array(
  Schema.Struct({ older: Schema.Boolean, rows: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 })) })
)

const apply = (moves: typeof Moves.Type) => {
  let newest = -1
  let oldest = 0
  let checkpoint = start
  for (const { older, rows } of moves) {
    const direction = older ? "older" : "newer"
    const places = Array.from({ length: rows }, () => (older ? --oldest : ++newest))
    checkpoint = Checkpoint.advance(checkpoint, { direction, rows: places.map(row), end: false })
  }
  return { checkpoint, newest, oldest }
}

describe("the interval", () => {
  it.effect.prop("is from the newest to the oldest of the rows that were handed over", { moves: Moves }, ({ moves }) =>
    Effect.sync(() => {
      const { checkpoint, newest, oldest } = apply(moves)
      const count = newest - oldest + 1
      if (count === 0) assert.deepStrictEqual(checkpoint, start)
      else {
        assert.strictEqual(checkpoint.range?.newest.id, `vs_${newest}`)
        assert.strictEqual(checkpoint.range?.oldest.id, `vs_${oldest}`)
        assert.isFalse(checkpoint.range?.reachedEnd)
      }
    })
  )

  it.effect.prop("is the same in one step as in two", { rows: Moves, cut: Schema.Int }, ({ cut, rows }) =>
    Effect.sync(() => {
      for (const direction of ["newer", "older"] as const) {
        const { checkpoint, newest, oldest } = apply(rows)
        const places = Array.from({ length: rows.length }, (_, index) =>
          row(direction === "newer" ? newest + 1 + index : oldest - 1 - index)
        )
        const at = Math.abs(cut) % (places.length + 1)
        const move = (self: Checkpoint.Checkpoint, rows: typeof places, end: boolean) =>
          Checkpoint.advance(self, { direction, rows, end })
        assert.deepStrictEqual(
          move(move(checkpoint, places.slice(0, at), false), places.slice(at), true),
          move(checkpoint, places, true)
        )
      }
    })
  )

  it.effect.prop("comes back from text, which is shorter than 1 kB", { moves: Moves }, ({ moves }) =>
    Effect.sync(() => {
      const { checkpoint } = apply(moves)
      const text = Checkpoint.toText({ ...checkpoint, account: `acct_${"x".repeat(200)}` })
      assert.isBelow(text.length, 1000)
      assert.deepStrictEqual(Result.getOrThrow(Checkpoint.fromText(text)), {
        ...checkpoint,
        account: `acct_${"x".repeat(200)}`
      })
    })
  )

  it("comes back from text with a position in events and an audit, in less than 2 kB with the longest ids", () => {
    const place = (id: string) => ({ id: `${id}${"x".repeat(255 - id.length)}`, created: row(1).created })
    const checkpoint: Checkpoint.Checkpoint = {
      ...Checkpoint.start({ filter: "0123456789abcdef", account: place("acct_").id, livemode: true }),
      range: { newest: place("vs_1"), oldest: place("vs_2"), reachedEnd: false },
      events: row(2).created,
      audited: row(3).created,
      audit: { began: row(4).created, reached: place("vs_3") }
    }
    const text = Checkpoint.toText(checkpoint)
    assert.isBelow(text.length, 2000)
    assert.deepStrictEqual(Result.getOrThrow(Checkpoint.fromText(text)), checkpoint)
  })

  it("does not move without rows, but learns that the list has no older ones, and never forgets it", () => {
    const one = Checkpoint.advance(start, { direction: "older", rows: [row(0)], end: false })
    for (const direction of ["newer", "older"] as const) {
      assert.strictEqual(Checkpoint.advance(one, { direction, rows: [], end: false }), one)
      assert.strictEqual(Checkpoint.advance(start, { direction, rows: [], end: true }), start)
    }
    assert.strictEqual(Checkpoint.advance(one, { direction: "newer", rows: [], end: true }), one)
    const complete = Checkpoint.advance(one, { direction: "older", rows: [], end: true })
    assert.isTrue(complete.range?.reachedEnd)
    const more = Checkpoint.advance(complete, { direction: "newer", rows: [row(1)], end: false })
    assert.isTrue(more.range?.reachedEnd)
  })
})

describe("what a checkpoint is about", () => {
  const about = { filter: "f", account: "acct_1", livemode: true }
  const problem = (key: Checkpoint.ListKey) =>
    Result.match(Checkpoint.check(Checkpoint.start(about), key), {
      onFailure: ({ problem }) => problem,
      onSuccess: () => "none"
    })

  it("is the filter, the account and the mode", () => {
    assert.strictEqual(problem(about), "none")
    assert.strictEqual(problem({ ...about, filter: "g" }), "filter")
    assert.strictEqual(problem({ ...about, account: "acct_2" }), "account")
    assert.strictEqual(problem({ ...about, account: undefined }), "account")
    assert.strictEqual(problem({ ...about, livemode: false }), "mode")
    assert.isTrue(Checkpoint.matches(Checkpoint.start(about), about))
    assert.isFalse(Checkpoint.matches(Checkpoint.start(about), { ...about, filter: "g" }))
  })

  it("is no matter of a mode that nobody knows", () => {
    assert.strictEqual(problem({ ...about, livemode: undefined }), "none")
    assert.isTrue(Checkpoint.matches(Checkpoint.start({ ...about, livemode: undefined }), about))
  })
})

describe("a text that is no checkpoint", () => {
  const one = Checkpoint.advance(start, { direction: "older", rows: [row(1), row(0)], end: false })
  const text = Checkpoint.toText(one)
  const refusal = (text: string) =>
    Result.match(Checkpoint.fromText(text), { onFailure: (error) => error, onSuccess: () => undefined })

  it("is said to be damaged, wherever it was cut, and what to do", () => {
    for (let length = 0; length < text.length; length++) {
      const error = refusal(text.slice(0, length))
      assert.instanceOf(error, StripeError.CheckpointMismatchError)
      assert.strictEqual(error.problem, "damaged")
      assert.match(error.message, /backup.*start over/)
    }
  })

  it("is damaged too when its interval begins after its end, or a field is of another kind", () => {
    const reversed = Checkpoint.toText({
      ...one,
      range: { newest: row(0), oldest: row(0), reachedEnd: false }
    }).replace("1767225600", "1767224999")
    assert.strictEqual(refusal(reversed)?.problem, "damaged")
    assert.strictEqual(refusal(text.replace("false", `"no"`))?.problem, "damaged")
    assert.strictEqual(refusal("[]")?.problem, "damaged")
  })

  it("is damaged too where a column or a store has none", () => {
    // Type boundary: a database may give null, whatever a type says.
    const error = refusal(null as never)
    assert.include(error?.message, "expected a checkpoint as text, got null")
  })

  it("of a newer version asks for an update", () => {
    const error = refusal(text.replace(`"version":1`, `"version":2`).replace("range", "intervals"))
    assert.strictEqual(error?.problem, "version")
    assert.match(error?.message ?? "", /version 2.*Update effect-stripe-identity/)
  })
})
