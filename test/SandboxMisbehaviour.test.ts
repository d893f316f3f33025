import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Schema } from "effect"
import * as Sandbox from "../src/Sandbox.ts"
import { ask, ids, inSandbox, page, walk } from "./support/sandboxClient.ts"

// Servers that are wrong in ways that a client may not notice.

const { Fault } = Sandbox
const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

describe("a server that ignores filters", () => {
  it.effect("answers as if they were not sent: those that are named, or all", () =>
    inSandbox(
      { sessions: 100 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const list = yield* sandbox.sessions
        const gte = list[50]?.created ?? 0
        const filtered = `?limit=100&status=verified&created[gte]=${gte}`
        const asked = Effect.map(page(filtered), ({ data }) => ids(data))
        const recent = list.filter(({ created }) => created >= gte)
        const verified = list.filter(({ status }) => status === "verified")
        assert.deepStrictEqual(yield* asked, ids(recent.filter(({ status }) => status === "verified")))
        yield* sandbox.inject(Fault.IgnoredFilter({ parameters: ["status"] }))
        assert.deepStrictEqual(yield* asked, ids(recent))
        yield* sandbox.inject(Fault.IgnoredFilter({ parameters: ["created"] }))
        assert.deepStrictEqual(yield* asked, ids(verified))
        yield* sandbox.inject(Fault.IgnoredFilter())
        assert.deepStrictEqual(yield* asked, ids(list))
      })
    )
  )

  it.effect("still pages: cursors and the limit are no filters", () =>
    inSandbox(
      { sessions: 40 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.inject(Fault.IgnoredFilter(), { times: Infinity })
        const { rows } = yield* walk(7, "&status=canceled&client_reference_id=user_none")
        assert.deepStrictEqual(rows, yield* sandbox.sessions)
      })
    )
  )
})

describe("a server that adds fields", () => {
  it.effect("adds them to each row and each object in it, and changes nothing else", () =>
    inSandbox(
      { sessions: 50 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        const query = "?limit=100&expand[]=data.last_verification_report"
        const honest = yield* ask(query)
        yield* sandbox.inject(Fault.AddedFields({ fields: { added: 1 } }))
        const { text } = yield* ask(query)
        assert.deepStrictEqual(JSON.parse(text.replaceAll(/,?\s*"added": 1/g, "")), JSON.parse(honest.text))
        // A row also has at least `metadata`, which is the caller's own.
        const { data } = JSON.parse(text)
        for (const row of data) {
          assert.strictEqual(row.added, 1)
          assert.notProperty(row.metadata, "added")
          if (row.options !== null) assert.strictEqual(row.options.added, 1)
          if (row.last_verification_report !== null) assert.strictEqual(row.last_verification_report.added, 1)
        }
        yield* sandbox.inject(Fault.AddedFields())
        assert.property((yield* page("?limit=1")).data[0], "from_the_future")
      })
    )
  )
})

describe("a row that the filter does not select", () => {
  it.effect("is a bad row with another status or reference, under a filter", () =>
    inSandbox(
      { sessions: 50 },
      Effect.gen(function* () {
        const sandbox = yield* Sandbox.Sandbox
        yield* sandbox.inject(Fault.BadRow({ at: 3, patch: { status: "canceled", client_reference_id: "another" } }))
        const { data } = yield* page("?limit=10&status=verified")
        assert.deepStrictEqual(
          data.map(({ status }) => status === "verified"),
          data.map((_, index) => index !== 3)
        )
        assert.strictEqual(data[3]?.client_reference_id, "another")
      })
    )
  )
})

describe("a list that is out of order", () => {
  const Given = Schema.Struct({
    sessions: int(0, 60),
    seed: int(1, 1000),
    seconds: int(1, 5),
    history: Schema.Literals(["uniform", "import", "one-second"]),
    inserted: Schema.Array(int(0, 40)).check(Schema.isMaxLength(10)),
    limit: int(1, 20),
    gte: int(0, 40),
    span: int(0, 40)
  })
  const first = 1_750_000_000

  it.effect.prop(
    "has a stable order, pages both ways, and filters by the true created",
    [Given],
    ([{ gte, history, inserted, limit, seconds, seed, sessions, span }]) =>
      Effect.gen(function* () {
        const at = (second: number) => DateTime.makeUnsafe((first + second) * 1000)
        const options: Sandbox.Options = { sessions, seed, history, from: at(0), to: at(40), disorder: seconds * 1000 }
        yield* inSandbox(
          options,
          Effect.gen(function* () {
            const sandbox = yield* Sandbox.Sandbox
            for (const second of inserted) {
              const session = yield* sandbox.insert({ created: first + second })
              assert.strictEqual(session.created, first + second)
            }
            const list = yield* sandbox.sessions
            assert.strictEqual(new Set(ids(list)).size, sessions + inserted.length)
            // No row is further out of place than was said: two rows are, by twice as much.
            for (const [index, row] of list.entries()) {
              for (const later of list.slice(index)) assert.isAtMost(later.created - row.created, 2 * seconds)
            }
            const bounds = `&created[gte]=${first + gte}&created[lte]=${first + gte + span}`
            const within = list.filter(({ created }) => created >= first + gte && created <= first + gte + span)
            assert.deepStrictEqual((yield* walk(limit)).rows, list)
            assert.deepStrictEqual((yield* walk(limit, bounds)).rows, within)
            const last = list.at(-1)
            if (last === undefined) return
            assert.deepStrictEqual((yield* walk(limit, "", last.id)).rows, list.slice(0, -1).toReversed())
            assert.deepStrictEqual(
              (yield* walk(limit, bounds, last.id)).rows,
              within.filter(({ id }) => id !== last.id).toReversed()
            )
          })
        )
      })
  )

  it.effect("has one row in ten out of place", () =>
    inSandbox(
      { sessions: 2000, disorder: "3 seconds", history: "import" },
      Effect.gen(function* () {
        const list = yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)
        const misplaced = list.filter(({ created }, index) => created > (list[index - 1]?.created ?? Infinity))
        assert.isAbove(misplaced.length, 50)
        assert.isBelow(misplaced.length, 400)
      })
    )
  )
})
