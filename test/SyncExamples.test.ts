import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
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
import { runExample } from "./support/programs.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

const there = Layer.mergeAll(server({ sessions: 1000, latency: "30 millis" }), NodeFileSystem.layer)

const folder = FileSystem.FileSystem.use((fileSystem) => fileSystem.makeTempDirectoryScoped({ prefix: "examples-" }))

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
    "resumes with what is there, and an export without it starts over",
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
        assert.match(resumed.output, /^\d+ more verified sessions in /m)
        assert.notInclude(resumed.output, `${total.length} more`)

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
        yield* refuses(["--output", path, "--resume", "--restart"], /Choose one of them/)
        yield* refuses(["--output", path], /stopped\. Continue it with --resume, or start over with --restart/)
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
    "writes through a link the file that it leads to, and keeps next to it what it has so far",
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
    "resumes when it was stopped between giving the file its name and taking the checkpoint away",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const path = join(yield* folder, "verified.ndjson")
        const sidecar = `${path}.partial.checkpoint`
        const killedAfter = Effect.sleep("5 millis").pipe(
          Effect.repeat({
            until: () => existsSync(sidecar) && readFileSync(sidecar, "utf8").includes("range")
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
