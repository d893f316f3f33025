import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Redacted } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { runExample } from "./support/programs.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

const there = Layer.mergeAll(server({ sessions: 1000, latency: "30 millis" }), NodeFileSystem.layer)

const folder = FileSystem.FileSystem.use((fileSystem) => fileSystem.makeTempDirectoryScoped({ prefix: "examples-" }))

describe("sync-sqlite", () => {
  it.live(
    "reads everything first, then what is new, and says what it did",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const path = join(yield* folder, "new", "sessions.sqlite")
        const first = yield* runExample("sync-sqlite.ts", ["--database", path], { url })
        assert.match(
          first.output,
          /^Reading Stripe at .*\n1,000 sessions, 10 requests, .*, 100 %, \d+s\. The database has 1000 sessions/
        )
        assert.strictEqual(statSync(path).mode & 0o777, 0o600)

        const created = Math.floor(Date.now() / 1000) - 600
        for (let count = 0; count < 3; count++) yield* Sandbox.Sandbox.use((sandbox) => sandbox.insert({ created }))
        const second = yield* runExample("sync-sqlite.ts", ["--database", path, "--quiet"], { url })
        assert.match(second.output, /\n3 sessions, 1 request, .*\. The database has 1003 sessions/)
        assert.strictEqual(second.errors, "")

        const changed = yield* Effect.flatMap(Sandbox.Sandbox, (sandbox) =>
          Effect.tap(
            Effect.map(sandbox.sessions, (rows) => rows.find(({ status }) => status === "processing")?.id ?? ""),
            (id) => sandbox.update(id, { status: "verified" })
          )
        )
        const status = () => {
          const database = new DatabaseSync(path, { readOnly: true })
          const row = database.prepare("SELECT status FROM verification_sessions WHERE id = ?").get(changed)
          database.close()
          return row?.["status"]
        }
        yield* runExample("sync-sqlite.ts", ["--database", path], { url })
        assert.strictEqual(status(), "processing")
        const again = yield* runExample("sync-sqlite.ts", ["--database", path, "--again"], { url })
        assert.match(again.output, /The database has 1003 sessions/)
        assert.strictEqual(status(), "verified")
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    90_000
  )

  it.live(
    "refuses a key of the other mode, a damaged database and one it cannot make, in a sentence",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const inside = yield* folder
        const path = join(inside, "sessions.sqlite")
        yield* runExample("sync-sqlite.ts", ["--database", path], { url })
        const before = readFileSync(path)
        const key = Redacted.value(Sandbox.liveApiKey)
        const live = yield* runExample("sync-sqlite.ts", ["--database", path], { url, key })
        assert.strictEqual(live.code, 1)
        assert.match(live.errors, /belongs to test mode, and the key is of live mode/)
        assert.deepStrictEqual(readFileSync(path), before)

        const damaged = join(inside, "damaged.sqlite")
        writeFileSync(damaged, "this is no database, whatever its name says")
        const refused = yield* runExample("sync-sqlite.ts", ["--database", damaged], { url })
        assert.match(refused.errors, /Cannot open .*not a database/)
        assert.include(readFileSync(damaged, "utf8"), "this is no database")

        const nowhere = yield* runExample("sync-sqlite.ts", ["--database", join(path, "below-a-file.sqlite")], { url })
        assert.strictEqual(nowhere.code, 1)
        for (const { errors } of [live, refused, nowhere]) assert.notMatch(errors, /\n {4}at /)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    90_000
  )
})

describe("tail", () => {
  it.live("shows new sessions of the sandbox as they come", () =>
    Effect.gen(function* () {
      // Without a key it reads a sandbox of its own.
      const { code, errors, output } = yield* runExample("tail.ts", ["--sessions", "3"], { url: "", key: "" })
      assert.strictEqual(code, 0, errors)
      const [first, ...rows] = output.trim().split("\n")
      assert.match(first ?? "", /^Reading the sandbox/)
      assert.strictEqual(new Set(rows).size, 3)
      for (const row of rows) assert.match(row, /^20\d\d-\S+Z vs_\w+ requires_input$/)
    })
  )
})

describe("export --resume", () => {
  it.live(
    "goes on with what is there, and an export without it begins anew",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const path = join(yield* folder, "verified.ndjson")
        const killedAfter = Effect.sleep("5 millis").pipe(
          Effect.repeat({
            until: () =>
              existsSync(`${path}.partial.checkpoint`) &&
              readFileSync(`${path}.partial.checkpoint`, "utf8").includes("vs_")
          }),
          Effect.asVoid
        )
        yield* runExample("export.ts", ["--output", path], { url, killedAfter })
        const begun = readFileSync(`${path}.partial`, "utf8").split("\n")[0]
        yield* Sandbox.Sandbox.use((sandbox) => sandbox.clearRequests)

        const resumed = yield* runExample("export.ts", ["--output", path, "--resume"], { url })
        assert.strictEqual(resumed.code, 0, resumed.errors)
        const lines = readFileSync(path, "utf8").trimEnd().split("\n")
        assert.strictEqual(lines[0], begun)
        const total = (yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)).filter(
          ({ status }) => status === "verified"
        )
        assert.strictEqual(new Set(lines.map((line) => JSON.parse(line).id)).size, total.length)
        assert.strictEqual(lines.length, total.length)
        assert.notInclude(resumed.output, `${total.length} verified`)

        const anew = yield* runExample("export.ts", ["--output", path], { url })
        assert.include(anew.output, `${total.length} verified sessions`)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    90_000
  )
})
