import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Redacted } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { execFileSync } from "node:child_process"
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
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
          /^Reading Stripe at .*\n1,000 rows, 10 requests, .*, 100 %, \d+s\. The database has 1000 sessions/
        )
        assert.strictEqual(statSync(path).mode & 0o777, 0o600)

        const created = Math.floor(Date.now() / 1000) - 600
        for (let count = 0; count < 3; count++) yield* Sandbox.Sandbox.use((sandbox) => sandbox.insert({ created }))
        const second = yield* runExample("sync-sqlite.ts", ["--database", path, "--quiet"], { url })
        assert.match(second.output, /\n3 rows, 1 request, .*\. The database has 1003 sessions/)
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
        assert.match(live.errors, /of live mode, as the key is, got one of test mode/)
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

describe("sync-sqlite, with a database that it cannot go on with", () => {
  const clear = { code: 1, output: /^Reading Stripe at [^\n]*\n$/, lines: 1 }

  it.live(
    "says in a line what is wrong and what to do, and changes nothing",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const path = join(yield* folder, "sessions.sqlite")
        const run = (parameters: ReadonlyArray<string> = []) =>
          runExample("sync-sqlite.ts", ["--database", path, "--quiet", ...parameters], { url })
        const execute = (sql: string) => {
          const database = new DatabaseSync(path)
          database.exec(sql)
          database.close()
        }
        yield* run()
        const whole = readFileSync(path)
        const refuses = Effect.fnUntraced(function* (words: RegExp, parameters?: ReadonlyArray<string>) {
          const before = readFileSync(path)
          const { code, errors, output } = yield* run(parameters)
          assert.strictEqual(code, clear.code)
          assert.match(output, clear.output)
          assert.strictEqual(errors.trimEnd().split("\n").length, clear.lines, errors)
          assert.match(errors, words)
          assert.deepStrictEqual(readFileSync(path), before)
        })
        const set = (field: string, value: string) =>
          execute(`UPDATE checkpoints SET checkpoint = json_set(checkpoint, '$.${field}', ${value})`)

        execute(`UPDATE checkpoints SET checkpoint = substr(checkpoint, 1, 30)`)
        yield* refuses(/^Cannot go on with .*sessions\.sqlite: .*Restore it from a backup, or begin anew/)
        yield* refuses(/^Cannot go on with .*begin anew/, ["--again"])

        writeFileSync(path, whole)
        set("version", "7")
        yield* refuses(/^Cannot go on with .*version 7.*Update effect-stripe-identity/)

        writeFileSync(path, whole)
        set("filter", "'0123456789abcdef'")
        yield* refuses(/of this filter .*, got one of another.*elsewhere/)

        // To read again is no way to get rows of test mode between those of live mode.
        writeFileSync(path, whole)
        set("livemode", "json('true')")
        yield* refuses(/of test mode, as the key is, got one of live mode/)
        yield* refuses(/of test mode, as the key is, got one of live mode/, ["--again"])

        writeFileSync(path, whole)
        set("range.oldest.id", "'vs_nowhere'")
        set("range.newest.id", "'vs_nowhere'")
        yield* refuses(/one of the rows of this key.*Use the key it was made with/)

        writeFileSync(path, whole)
        execute("DROP TABLE verification_sessions; CREATE TABLE verification_sessions (id TEXT, note TEXT)")
        yield* refuses(/^Cannot open .*no such column.*name another file/)

        writeFileSync(path, Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 7)]))
        yield* refuses(/malformed.*Restore it from a backup, or move it away to begin anew/)

        writeFileSync(path, "this is no database, whatever its name says")
        yield* refuses(/^Cannot open .*not a database\. Name another file/)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )

  it.live(
    "that another program is writing to: waits, says so, and goes on when that has ended",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const path = join(yield* folder, "sessions.sqlite")
        yield* runExample("sync-sqlite.ts", ["--database", path, "--quiet"], { url })
        yield* Sandbox.Sandbox.use((sandbox) => sandbox.insert({ created: Math.floor(Date.now() / 1000) - 600 }))
        const other = new DatabaseSync(path)
        other.exec("BEGIN IMMEDIATE")
        const refused = yield* runExample("sync-sqlite.ts", ["--database", path, "--quiet"], { url })
        other.exec("COMMIT")
        assert.strictEqual(refused.code, 1)
        assert.match(
          refused.errors,
          /^Cannot store 1 sessions? in .*locked.*run this again when that has ended.*stays\.\n$/
        )
        const { output } = yield* runExample("sync-sqlite.ts", ["--database", path, "--quiet"], { url })
        assert.match(output, /\n1 row, .*has 1001 sessions/)
        other.close()
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )

  it.live(
    "that two programs bring up at once is exact",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const path = join(yield* folder, "sessions.sqlite")
        const both = yield* Effect.all(
          [1, 2, 3].map(() => runExample("sync-sqlite.ts", ["--database", path, "--quiet"], { url })),
          { concurrency: "unbounded" }
        )
        for (const { code, errors } of both) assert.strictEqual(code, 0, errors)
        const { output } = yield* runExample("sync-sqlite.ts", ["--database", path, "--quiet"], { url })
        assert.match(output, /\n0 rows, 1 request, .*has 1000 sessions/)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )
})

describe("tail", () => {
  it.live("shows new sessions of the sandbox as they come", () =>
    Effect.gen(function* () {
      // Without a key it reads a sandbox of its own.
      const { code, errors, output } = yield* runExample("tail.ts", ["--sessions", "3"], { url: "", key: null })
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

describe("export", () => {
  it.live(
    "refuses what it could only fail at when everything was read, and flags that contradict each other",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const inside = yield* folder
        const path = join(inside, "verified.ndjson")
        writeFileSync(`${path}.partial`, "kept")
        writeFileSync(join(inside, "file"), "kept")
        const refuses = Effect.fnUntraced(function* (parameters: ReadonlyArray<string>, words: RegExp) {
          const { code, errors } = yield* runExample("export.ts", parameters, { url })
          assert.strictEqual(code, 1)
          assert.strictEqual(errors.trimEnd().split("\n").length, 1, errors)
          assert.match(errors, words)
        })
        yield* refuses(["--output", path, "--resume", "--restart"], /choose one of them/)
        yield* refuses(["--output", path], /stopped\. Go on with --resume, or start over with --restart/)
        yield* refuses(["--output", inside], /is a folder\. Name a file in it/)
        const links = { device: "/dev/null", nowhere: join(inside, "missing"), folder: inside }
        for (const [name, target] of Object.entries(links)) symlinkSync(target, join(inside, name))
        execFileSync("mkfifo", [join(inside, "pipe")])
        for (const name of ["device", "pipe"]) {
          yield* refuses(["--output", join(inside, name)], /is a device or a pipe\. Name a file/)
        }
        yield* refuses(["--output", join(inside, "folder")], /is a folder\. Name a file in it/)
        yield* refuses(["--output", join(inside, "nowhere")], /is a link to what is not there\. Name a file/)
        yield* refuses(["--output", ""], /name of the file is empty/)
        yield* refuses(["--output", join(inside, "file", "x")], /file already exists.*name another file/)
        assert.strictEqual(
          yield* Sandbox.Sandbox.use((sandbox) => Effect.map(sandbox.requests, ({ length }) => length)),
          0
        )
        for (const [name, target] of Object.entries(links)) {
          assert.strictEqual(readlinkSync(join(inside, name)), target)
        }
        assert.isTrue(statSync(join(inside, "pipe")).isFIFO())
        for (const file of [`${path}.partial`, join(inside, "file")]) {
          assert.strictEqual(readFileSync(file, "utf8"), "kept")
        }
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )

  it.live(
    "writes through a link the file that it leads to, beside which it keeps what it has so far",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const [target, source] = [yield* folder, yield* folder]
        const [file, link] = [join(target, "verified.ndjson"), join(source, "latest.ndjson")]
        writeFileSync(file, "before")
        symlinkSync(file, link)
        const { code, errors } = yield* runExample("export.ts", ["--output", link, "--quiet"], { url })
        assert.strictEqual(code, 0, errors)
        assert.strictEqual(readlinkSync(link), file)
        assert.match(readFileSync(file, "utf8"), /^\{"id":"vs_/)
        assert.deepStrictEqual([readdirSync(target), readdirSync(source)], [["verified.ndjson"], ["latest.ndjson"]])
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    90_000
  )

  it.live(
    "goes on when it was stopped between giving the file its name and taking the checkpoint away",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const path = join(yield* folder, "verified.ndjson")
        const beside = `${path}.partial.checkpoint`
        const killedAfter = Effect.sleep("5 millis").pipe(
          Effect.repeat({
            until: () => existsSync(beside) && readFileSync(beside, "utf8").includes("range")
          }),
          Effect.asVoid
        )
        yield* runExample("export.ts", ["--output", path], { url, killedAfter })
        renameSync(`${path}.partial`, path)
        const { code, errors, output } = yield* runExample("export.ts", ["--output", path], { url })
        assert.strictEqual(code, 0, errors)
        const lines = readFileSync(path, "utf8").trimEnd().split("\n")
        assert.include(output, `${lines.length} verified sessions`)
        assert.strictEqual(new Set(lines).size, lines.length)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )
})
