import { Effect, Stream } from "effect"
import { describe, expect, it } from "tstyche"

// The settings under which the type tests run: a test that passes whatever the types are is no test.
describe("the type tests", () => {
  it("tell one type from another", () => {
    expect(Effect.succeed("a")).type.toBe<Effect.Effect<string>>()
    expect(Stream.empty).type.not.toBe<Stream.Stream<string>>()
  })

  it("run with exact optional properties", () => {
    expect<{ readonly a?: string }>().type.not.toBeAssignableFrom<{ readonly a?: string | undefined }>()
  })
})
