import { afterAll, assert, describe, it, vi } from "@effect/vitest"
import { PGlite } from "@electric-sql/pglite"
import { PGLiteSocketServer } from "@electric-sql/pglite-socket"
import { Effect, Redacted } from "effect"
import { HttpEffect } from "effect/http"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Examination } from "./support/documentation/examination.ts"
import { type Example, examplesIn } from "./support/documentation/examples.ts"
import { instrument } from "./support/documentation/instrument.ts"
import { pages } from "./support/documentation/pages.ts"
import { typeCheck } from "./support/documentation/typeCheck.ts"

// The examples of every document and every docstring are tests: each compiles, runs, and yields what it says.

const root = fileURLToPath(new URL("..", import.meta.url))
const modules = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
const documents = [...pages(root), ...modules.filter((file) => file.endsWith(".ts")).map((file) => `src/${file}`)]
const examples = documents
  .filter((file) => existsSync(join(root, file)))
  .flatMap((file) => examplesIn(file, readFileSync(join(root, file), "utf8")))

const fence = (code: string, mark = ""): Example => {
  const [example, ...others] = examplesIn("fixture.md", `# Title\n\n\`\`\`ts${mark}\n${code}\n\`\`\`\n`)
  if (example === undefined || others.length > 0) throw new Error("A fixture is one fence")
  return example
}

const broken = fence(`// A number is no string.\nexport const text: string = 1`)
const unknownName = fence(`import { Nothing } from "effect-stripe-identity"\n\nNothing`, " no-run")

// The examples live inside the project, so that they find the library and its dependencies as a test does.
mkdirSync(join(root, "out"), { recursive: true })
const directory = mkdtempSync(join(root, "out", "documentation-"))
afterAll(() => rmSync(directory, { recursive: true }))

const typeErrors = typeCheck(root, directory, [...examples, broken, unknownName])

// What reads Stripe itself reads a sandbox here: the key is the sandbox's, and `fetch` asks it.
const stripe = HttpEffect.toWebHandler(
  Effect.provideService(Sandbox.httpEffect, Sandbox.Sandbox, Effect.runSync(Sandbox.make()))
)
const { fetch } = globalThis
vi.stubEnv("STRIPE_API_KEY", Redacted.value(Sandbox.apiKey))
vi.stubGlobal("fetch", (...parameters: Parameters<typeof fetch>) => {
  const request = new Request(...parameters)
  return new URL(request.url).hostname === "api.stripe.com" ? stripe(request) : fetch(request)
})

// What keeps a database keeps a Postgres of this process.
const postgres = await PGlite.create()
const postgresServer = new PGLiteSocketServer({ db: postgres, port: 0, host: "127.0.0.1" })
await postgresServer.start()
vi.stubEnv("DATABASE_URL", `postgres://postgres@${postgresServer.getServerConn()}/postgres`)
afterAll(async () => {
  await postgresServer.stop()
  await postgres.close()
})

let modulesWritten = 0
const run = async (example: Example, patience = 30_000): Promise<void> => {
  const path = join(directory, `${modulesWritten++}.run.ts`)
  writeFileSync(path, instrument(example))
  const { $examination }: { readonly $examination: Examination } = await import(path)
  // A program that was started and not awaited is given a moment.
  const nothing = () => assert.deepStrictEqual($examination.unreached(), [], "claims that the program never reached")
  await vi.waitFor(nothing, { timeout: patience })
  for (const mismatch of $examination.mismatches()) throw mismatch
}

const failure = (example: Example): Promise<string> =>
  run(example, 1000).then(
    () => "it passed",
    (error: unknown) => String(error)
  )

for (const file of documents) {
  const own = examples.filter((example) => example.file === file)
  if (own.length === 0) continue
  describe(`examples of ${file}`, () => {
    for (const example of own) {
      it(`${file}:${example.line} ${example.runs ? "compiles and yields what it says" : "compiles"}`, async () => {
        assert.deepStrictEqual((await typeErrors)(example), [])
        if (example.runs) await run(example)
      })
    }
  })
}

describe("the documents", () => {
  it("leave out no program: each of them runs", () => {
    const notRun = examples.filter(({ runs }) => !runs).map(({ file, line }) => `${file}:${line}`)
    // Name here what cannot run, and why.
    assert.deepStrictEqual(notRun, [])
  })
})

describe("the checking of examples", () => {
  it("finds the fences of a docstring, without the stars, and of Markdown, also in a list", () => {
    const docstring = ["/**", " * For:", " *", " * ```ts", " * one", " *", " *   two", " * ```", " */"].join("\n")
    assert.deepStrictEqual(examplesIn("a.ts", docstring), [{ file: "a.ts", line: 4, code: "one\n\n  two", runs: true }])
    const markdown = ["```sh", "ls", "```", "- item", "  ```ts no-run", "  one", "  ```"].join("\n")
    assert.deepStrictEqual(examplesIn("a.md", markdown), [{ file: "a.md", line: 5, code: "one", runs: false }])
  })

  it("runs a fence after its setup, and says the line of either", async () => {
    const markdown = [
      "```ts setup",
      "const one = 1",
      "one // => 1",
      "```",
      "",
      "```ts continued",
      "one + 1 // => 3",
      "```"
    ]
    const [, continued] = examplesIn("a.md", markdown.join("\n"))
    assert.isDefined(continued)
    if (continued !== undefined) assert.include(await failure(continued), "a.md:7 says 3 and yields 2")
    assert.throws(() => examplesIn("a.md", "```ts continued\n1\n```"), /a\.md:1: this fence continues a "ts setup"/)
  })

  it("refuses a fence with another mark, and one that is never closed", () => {
    assert.throws(() => examplesIn("a.md", "```ts norun\n```"), /a\.md:1: a fence is marked/)
    assert.throws(() => examplesIn("a.md", "text\n```ts\none"), /a\.md:2: this fence is never closed/)
  })

  it("accepts what is true, of expressions, constants, logged values and values over several lines", () =>
    run(
      fence(`import { Effect, Option } from "effect"

const program = Effect.gen(function* () {
  const some = yield* Effect.succeed(Option.some(1)) // => Option.some(1)
  yield* Effect.succeed(some.pipe(Option.getOrThrow)) // => 1
  return { some, rows: ["a", "b"] }
})
console.log((await Effect.runPromise(program)).rows) // => ["a", "b"]
await Effect.runPromise(program)
// Another comment.
const { rows } = await Effect.runPromise(program) // => {
//   some: Option.some(1),
//   rows: ["a", "b"]
// }
rows.length // => 2
// And another.`)
    ))

  it("waits for a program that the example only starts", () =>
    run(
      fence(`import { Effect } from "effect"
Effect.runFork(Effect.gen(function* () {
  yield* Effect.sleep("20 millis")
  yield* Effect.succeed(1) // => 1
}))`)
    ))

  it("fails on a value that is not what it says, with the line", async () => {
    assert.include(await failure(fence(`1 + 1 // => 2\n1 + 1 // => 3`)), "fixture.md:5 says 3 and yields 2")
    assert.include(await failure(fence(`const rows = [1, 2] // => [1]`)), "fixture.md:4 says [ 1 ] and yields [ 1, 2 ]")
    assert.include(await failure(fence(`console.log("a") // => "b"`)), "fixture.md:4 says 'b' and yields 'a'")
  })

  it("fails on a wrong value inside a program that recovers from every failure", async () => {
    const example = fence(`import { Effect } from "effect"
const program = Effect.gen(function* () {
  yield* Effect.succeed(1) // => 2
})
await Effect.runPromise(Effect.catchCause(program, () => Effect.void))`)
    assert.include(await failure(example), "fixture.md:6 says 2 and yields 1")
  })

  it("fails on an example that throws, and on a claim that is never reached", async () => {
    assert.include(await failure(fence(`throw new Error("no luck")`)), "no luck")
    assert.include(
      await failure(fence(`const never = () => {\n  1 + 1 // => 2\n}`)),
      "never reached: expected [ 'fixture.md:5' ]"
    )
  })

  it("fails on a claim about nothing, and on one that is no expression", async () => {
    assert.include(await failure(fence(`const one = 1\n// => 1`)), `fixture.md:3: a "// =>" here does not end`)
    assert.include(await failure(fence(`1 // => about one`)), `fixture.md:4: what follows "=>" is not an expression`)
  })

  it("fails on an example that does not compile, with the line, whether or not it runs", async () => {
    const errors = await typeErrors
    assert.strictEqual(await failure(broken), "it passed")
    assert.match(errors(broken).join(), /^fixture\.md:5: error TS2322: /)
    assert.match(errors(unknownName).join(), /^fixture\.md:4: error TS2305: .*'Nothing'/)
  })
})
