import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { runExample } from "./support/programs.ts"

describe("examples/errors.ts", () => {
  it.live("plays every scene as its comments say", () =>
    Effect.gen(function* () {
      const { code, errors, output } = yield* runExample("errors.ts", [], { url: "http://127.0.0.1:9" })
      assert.strictEqual(code, 0, errors)
      const lines = output.trim().split("\n")
      const wanted = [
        /^Reading the sandbox/,
        /^recover: 0 verified/,
        /^fall back: ApiError after 3 attempts$/,
        /^fall back: 180 verified, as of yesterday$/,
        /^resume: stopped after 100 on page 2, with TransportError$/,
        /^resume: 500 sessions, 500 of them different$/,
        /^skip: 499 sessions; vs_\w+ was wrong at data\[7\]\.created$/,
        /^report: ask the owner of the account\./,
        /^timestamp=.* level=ERROR .*PaginationStalledError.* reason=PaginationStalledError page=2 request=req_\w+$/
      ]
      assert.strictEqual(lines.length, wanted.length, output)
      for (const [index, line] of lines.entries()) assert.match(line, wanted[index] ?? /^$/)
      assert.notMatch(output, /SANDBOX_/)
    })
  )
})
