import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { longest, longWithReason, messages } from "./support/messages.ts"
import { findingsIn } from "./support/vocabulary.ts"

describe("every message of the library", () => {
  const all = Effect.map(messages, (parts) => Object.values(parts).flat())

  it.effect("is one line of at most 300 characters, unless there is a reason", () =>
    Effect.gen(function* () {
      const long = (yield* all).filter((text) => text.length > longest)
      assert.deepStrictEqual(
        long.filter((text) => !longWithReason.some((pattern) => pattern.test(text))),
        []
      )
      for (const text of yield* all) assert.notMatch(text, /\n/)
    })
  )

  it.effect("says what was expected and what was found, where an argument is refused", () =>
    Effect.gen(function* () {
      const { filters = [], "options of calls": options = [], webhooks = [] } = yield* messages
      const refusals = [...options, ...webhooks].filter((text) => text.includes("InvalidArgumentError"))
      assert.isAbove(refusals.length, 30)
      for (const text of [...filters, ...refusals]) assert.match(text, /[\w.[\]]+: expected .+, got .+/)
    })
  )

  it.effect("has no word that a reader has to decode", () =>
    Effect.gen(function* () {
      for (const text of yield* all) assert.deepStrictEqual(findingsIn(text), [], text)
    })
  )
})
