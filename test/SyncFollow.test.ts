import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Redacted } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { runExample } from "./support/programs.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

// The examples that never end by themselves, as programs that somebody ends.

const there = Layer.mergeAll(server({ sessions: 300 }), NodeFileSystem.layer)

const folder = FileSystem.FileSystem.use((fileSystem) => fileSystem.makeTempDirectoryScoped({ prefix: "follow-" }))

const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1000) - seconds

const insert = (created: number) => Sandbox.Sandbox.use((sandbox) => sandbox.insert({ created }))

const until = (condition: () => boolean) =>
  Effect.asVoid(Effect.repeat(Effect.sleep("20 millis"), { until: () => condition() }))

const idsIn = (path: string): ReadonlyArray<string> => {
  if (!existsSync(path)) return []
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'verification_sessions'").all()
  const rows = tables.length === 0 ? [] : database.prepare("SELECT id FROM verification_sessions").all()
  database.close()
  return rows.map((row) => String(row["id"]))
}

describe("mirror --follow", () => {
  it.live.each(["SIGINT", "SIGTERM"] as const)(
    "stores what comes while it runs, ends with its summary at %s, and resumes when it is started again",
    (signal) =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const path = join(yield* folder, "sessions.sqlite")
        const context = yield* Effect.context<Sandbox.Sandbox>()
        const parameters = ["--database", `sqlite:${path}`, "--follow", "--every", "0.2"]
        const follow = (killedAfter: Effect.Effect<void, never, Sandbox.Sandbox>) =>
          runExample("mirror.ts", parameters, {
            url,
            signal,
            killedAfter: Effect.provideContext(killedAfter, context)
          })
        const wait = (count: number) => until(() => idsIn(path).length === count)

        const first = yield* follow(
          Effect.gen(function* () {
            yield* wait(300)
            for (let count = 1; count <= 3; count++) {
              yield* insert(secondsAgo(120 - count))
              yield* wait(300 + count)
            }
          })
        )
        assert.strictEqual(first.code, 130, first.errors)
        assert.match(first.output, /\nStopped\. Run it again to resume\.\n303 new, .*has 303 sessions: .*\n$/)
        assert.notMatch(first.errors, /\n {4}at /)

        // What came in between is found, too, and nothing of what was there is read again.
        for (let count = 0; count < 150; count++) yield* insert(secondsAgo(110))
        const second = yield* follow(
          Effect.gen(function* () {
            yield* wait(453)
            yield* insert(secondsAgo(100))
            yield* wait(454)
          })
        )
        assert.strictEqual(second.code, 130, second.errors)
        assert.match(second.output, /\n151 new, .*has 454 sessions: /)
        const expected = yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)
        assert.sameMembers(
          [...idsIn(path)],
          expected.map(({ id }) => id)
        )
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )
})

describe("mirror --follow without a key", () => {
  it.live(
    "says that its sandbox ends with it, and in the next run what to do",
    () =>
      Effect.gen(function* () {
        const path = join(yield* folder, "sessions.sqlite")
        const run = (parameters: ReadonlyArray<string>, killedAfter?: Effect.Effect<void>) =>
          runExample("mirror.ts", ["--database", `sqlite:${path}`, "--settle", "1", "--quiet", ...parameters], {
            url: "",
            key: null,
            signal: "SIGINT",
            killedAfter
          })
        // When the second new session is there, the checkpoint has passed the first.
        const first = yield* run(
          ["--follow", "--every", "0.2"],
          until(() => idsIn(path).length > 2501)
        )
        assert.strictEqual(first.code, 130, first.errors)
        assert.match(first.output, /\nStopped\. The sandbox ends here\. For the next run, name another database\.\n/)
        const second = yield* run([])
        assert.strictEqual(second.code, 1)
        assert.match(second.errors, /^[^\n]*Stripe does not find.*store rows and checkpoint elsewhere\.\n$/)
      }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)),
    300_000
  )
})

describe("tail", () => {
  it.live(
    "shows each session once as it comes, and ends with their number at Ctrl-C",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const sandbox = yield* Sandbox.Sandbox
        const asked = Effect.map(sandbox.requests, (requests) => requests.length)
        const looks = (more: number) =>
          Effect.gen(function* () {
            const before = yield* asked
            yield* Effect.repeat(Effect.andThen(Effect.sleep("20 millis"), asked), {
              until: (now) => now >= before + more
            })
          })
        for (let turn = 0; turn < 2; turn++) {
          const came: Array<string> = []
          let lines = 0
          const { code, errors, output } = yield* runExample("tail.ts", [], {
            url,
            signal: "SIGINT",
            onOutput: (output) => (lines = output.split("\n").length - 1),
            killedAfter: Effect.gen(function* () {
              yield* looks(1)
              for (let count = 0; count < 3; count++) {
                // The second in which it began is read, too.
                came.push((yield* sandbox.insert({ created: secondsAgo(0) })).id)
              }
              yield* until(() => lines === 4)
              // And not a second time in the looks after that.
              yield* looks(2)
            })
          })
          assert.strictEqual(code, 130, errors)
          const [first, ...rows] = output.trimEnd().split("\n")
          assert.match(first ?? "", /^Reading Stripe at/)
          assert.deepStrictEqual(
            rows.map((row) => row.split(" ")[1] ?? ""),
            came
          )
          assert.strictEqual(errors, "Stopped after 3 sessions.\n")
        }
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )
})

describe("a program that follows", () => {
  const programs = [
    { name: "tail.ts", parameters: [], came: 0 },
    { name: "mirror.ts", parameters: ["--follow", "--every", "0.2", "--quiet"], came: 120 }
  ]

  it.live.each(programs)(
    "outlasts an outage that no request outlasts by itself, says so once, and continues: $name",
    ({ came, name, parameters }) =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const sandbox = yield* Sandbox.Sandbox
        const path = join(yield* folder, "sessions.sqlite")
        const asked = (status: number, times: number) =>
          Effect.repeat(Effect.andThen(Effect.sleep("20 millis"), sandbox.requests), {
            until: (requests) => requests.filter((request) => request.status === status).length >= times
          })
        let output = ""
        const { code, errors } = yield* runExample(
          name,
          name === "tail.ts" ? parameters : [...parameters, "--database", `sqlite:${path}`],
          {
            url,
            signal: "SIGINT",
            onOutput: (text) => (output = text),
            killedAfter: Effect.gen(function* () {
              yield* asked(200, 3)
              yield* sandbox.inject(Sandbox.Fault.ServerError({ status: 503 }), { times: Infinity })
              yield* asked(503, 7)
              yield* sandbox.clearFaults
              const { id } = yield* sandbox.insert({ created: secondsAgo(came) })
              yield* until(() => output.includes(id) || idsIn(path).includes(id))
            })
          }
        )
        assert.strictEqual(code, 130, errors)
        // A busy machine says it an attempt or two earlier.
        assert.match(errors, /^Warn: Still retrying after .*503.*[2-4] attempts.*\n/)
        assert.strictEqual(errors.split("Still retrying").length, 2, errors)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )

  it.live.each(programs)(
    "ends at once with a key that is wrong: $name",
    ({ name, parameters }) =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const where = name === "tail.ts" ? [] : ["--database", `sqlite:${join(yield* folder, "sessions.sqlite")}`]
        const key = Redacted.value(Sandbox.expiredApiKey)
        const { code, errors } = yield* runExample(name, [...parameters, ...where], { url, key })
        assert.strictEqual(code, 1)
        assert.match(errors, /^[^\n]*AuthenticationError[^\n]*\n$/)
        assert.strictEqual((yield* (yield* Sandbox.Sandbox).requests).length, 1)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )
})

describe("a program whose output nobody reads any more", () => {
  it.live(
    "continues where it stores something",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const path = join(yield* folder, "sessions.sqlite")
        const sync = yield* runExample("mirror.ts", ["--database", `sqlite:${path}`, "--quiet"], { url, head: true })
        assert.deepStrictEqual([sync.code, sync.errors], [0, ""])
        assert.strictEqual(idsIn(path).length, 300)
        const file = `${path}.ndjson`
        const exported = yield* runExample("export.ts", ["--output", file, "--quiet"], { url, head: true })
        assert.deepStrictEqual([exported.code, exported.errors], [0, ""])
        assert.isTrue(existsSync(file))
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )

  it.live(
    "ends quietly where the output is all there is",
    () =>
      Effect.gen(function* () {
        const tail = yield* runExample("tail.ts", ["--sessions", "5"], { url: "", key: null, head: true })
        assert.deepStrictEqual([tail.code, tail.errors], [0, ""])
        assert.isBelow(tail.output.trimEnd().split("\n").length, 6)
        for (const format of ["table", "ndjson", "csv"]) {
          const cli = yield* runExample("filter-cli.ts", ["--format", format], { url: "", key: null, head: true })
          assert.deepStrictEqual([cli.code, cli.errors.split("\n").length], [0, 2], cli.errors)
        }
      }),
    300_000
  )
})
