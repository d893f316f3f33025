import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { runCommand } from "./support/command.ts"
import { examplesIn } from "./support/documentation/examples.ts"
import { runExample } from "./support/programs.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

// Databases have tables of their own that refer to a session. To store a session again must not touch them.

const root = fileURLToPath(new URL("..", import.meta.url))

const folder = FileSystem.FileSystem.use((fileSystem) => fileSystem.makeTempDirectoryScoped({ prefix: "tables-" }))

/** Puts a note on every session and forgets the checkpoint, so that all are read again; gives how many notes there are. */
const annotate = (path: string, sessions: string, checkpoints: string) => {
  const database = new DatabaseSync(path)
  database.exec(`
    CREATE TABLE notes (session TEXT NOT NULL REFERENCES ${sessions} (id) ON DELETE CASCADE, note TEXT) STRICT;
    INSERT INTO notes SELECT id, 'seen by a person' FROM ${sessions};
    DELETE FROM ${checkpoints};
    UPDATE ${sessions} SET status = 'stale';
  `)
  database.close()
  return () => {
    const opened = new DatabaseSync(path, { readOnly: true })
    const count = (sql: string) => Number(opened.prepare(`SELECT count(*) AS count FROM ${sql}`).get()?.["count"])
    const counts = { notes: count("notes"), stale: count(`${sessions} WHERE status = 'stale'`), all: count(sessions) }
    opened.close()
    return counts
  }
}

describe("what refers to a session stays when the session is stored again", () => {
  it.live("by the program in the README", () =>
    Effect.gen(function* () {
      const example = examplesIn("README.md", readFileSync(join(root, "README.md"), "utf8")).find(({ code }) =>
        code.includes("node:sqlite")
      )
      // Within the project, where the program finds what it imports.
      mkdirSync(join(root, "out"), { recursive: true })
      const inside = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(root, "out", "readme-"))),
        (inside) => Effect.sync(() => rmSync(inside, { recursive: true }))
      )
      const [program, path] = [join(inside, "sync.mts"), join(inside, "sessions.sqlite")]
      writeFileSync(program, example?.code ?? "")
      const run = Effect.promise(() =>
        runCommand(process.execPath, ["--import", "./test/support/preferSources.ts", program], {
          cwd: root,
          env: { DATABASE: path }
        })
      )
      assert.match((yield* run).output, /^2500 new sessions$/m)
      const counts = annotate(path, "sessions", "checkpoint")
      assert.match((yield* run).output, /^2500 new sessions$/m)
      assert.deepStrictEqual(counts(), { notes: 2500, stale: 0, all: 2500 })
    }).pipe(Effect.scoped)
  )

  it.live("by examples/sync-sqlite.ts", () =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const path = join(yield* folder, "sessions.sqlite")
      yield* runExample("sync-sqlite.ts", ["--database", path, "--quiet"], { url })
      const counts = annotate(path, "verification_sessions", "checkpoints")
      yield* runExample("sync-sqlite.ts", ["--database", path, "--quiet"], { url })
      assert.deepStrictEqual(counts(), { notes: 500, stale: 0, all: 500 })
    }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(server({ sessions: 500 }), NodeFileSystem.layer)))
  )
})
