import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Schedule } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { runExample } from "./support/programs.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"
import { choices } from "./support/syncHistory.ts"
import { query } from "./support/world.ts"

// Programs that are killed without warning, again and again, in the middle of their work. KILLS=100 takes minutes.

const kills = Number(process.env["KILLS"] ?? 6)
const sessions = 20_000
const pageSize = 100

/** Some time after the sandbox got the next request. The whole read takes four seconds, and every program gets a part. */
const inTheMiddle = (below: (limit: number) => number): Effect.Effect<void, never, Sandbox.Sandbox> =>
  Effect.gen(function* () {
    const sandbox = yield* Sandbox.Sandbox
    const count = Effect.map(sandbox.requests, (requests) => requests.length)
    const before = yield* count
    yield* count.pipe(Effect.repeat({ schedule: Schedule.spaced("5 millis"), until: (now) => now > before }))
    yield* Effect.sleep(below(Math.ceil(8000 / kills)))
  })

/** Starts and kills an example, then lets it end, and returns what it said then. */
const withKills = Effect.fnUntraced(function* (name: string, parameters: ReadonlyArray<string>, seed: number) {
  const url = yield* baseUrl
  const { below } = choices(seed)
  const context = yield* Effect.context<Sandbox.Sandbox>()
  const killedAfter = Effect.provideContext(inTheMiddle(below), context)
  let killed = 0
  while (killed < kills) {
    const ended = yield* runExample(name, parameters, { url, killedAfter })
    // An export that has ended has nothing to resume.
    if (ended.signal !== "SIGKILL") {
      assert.strictEqual(ended.code, 0, ended.errors)
      return killed
    }
    killed++
  }
  const last = yield* runExample(name, parameters, { url })
  assert.strictEqual(last.code, 0, last.errors)
  return killed
})

/** Pages of rows that were asked for, and looks for newer rows. */
const asked = Effect.gen(function* () {
  const queries = (yield* Sandbox.Sandbox.use((sandbox) => sandbox.requests)).map(query)
  const looks = queries.filter((query) => query["ending_before"] !== undefined).length
  return { pages: queries.length - looks, looks }
})

const listed = Sandbox.Sandbox.use((sandbox) => sandbox.sessions)

const folder = FileSystem.FileSystem.use((fileSystem) => fileSystem.makeTempDirectoryScoped({ prefix: "sync-" }))

const there = Layer.mergeAll(server({ sessions, latency: "12 millis" }), NodeFileSystem.layer)

describe(`a program that is killed ${kills} times`, () => {
  it.live(
    "and keeps a SQLite database has exactly the list in it, and read at most one page more per kill",
    () =>
      Effect.gen(function* () {
        const path = join(yield* folder, "sessions.sqlite")
        const killed = yield* withKills("mirror.ts", ["--database", `sqlite:${path}`, "--quiet"], 1)

        const database = new DatabaseSync(path, { readOnly: true })
        const rows = database
          .prepare("SELECT id, unixepoch(created) AS created, status FROM verification_sessions")
          .all()
        database.close()
        const expected = yield* listed
        assert.strictEqual(rows.length, sessions)
        assert.sameDeepMembers(
          rows.map((row) => `${row["id"]} ${row["created"]} ${row["status"]}`),
          expected.map(({ created, id, status }) => `${id} ${created} ${status}`)
        )

        const { looks, pages } = yield* asked
        console.log(`SQLite: ${killed} kills, ${pages} pages of ${sessions / pageSize}, ${looks} looks for newer rows`)
        assert.isAtMost(pages, sessions / pageSize + killed)
        // Each run begins with one look for what is newer.
        assert.isAtMost(looks, killed + 2)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    900_000
  )

  it.live(
    "and exports to NDJSON has every verified session in whole lines, once",
    () =>
      Effect.gen(function* () {
        const path = join(yield* folder, "verified.ndjson")
        const killed = yield* withKills("export.ts", ["--output", path, "--resume"], 2)

        const lines = readFileSync(path, "utf8").split("\n")
        assert.strictEqual(lines.pop(), "")
        const ids = lines.map((line) => JSON.parse(line).id)
        const expected = (yield* listed).filter(({ status }) => status === "verified").map(({ id }) => id)
        assert.strictEqual(ids.length, expected.length)
        assert.sameMembers(ids, expected)
        assert.isFalse(existsSync(`${path}.partial`) || existsSync(`${path}.partial.checkpoint`))

        const { looks, pages } = yield* asked
        console.log(
          `NDJSON: ${killed} kills, ${pages} pages of ${Math.ceil(expected.length / pageSize)}, ${looks} looks`
        )
        assert.isAtMost(pages, Math.ceil(expected.length / pageSize) + killed)
        assert.isAtMost(looks, killed + 1)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    900_000
  )
})
