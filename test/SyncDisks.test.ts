import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { canMakeDisk, limited, makeDisk, withoutPowers } from "./support/disks.ts"
import { type Ended, runExample } from "./support/programs.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

// The examples as programs, where the system refuses to write.

const there = Layer.mergeAll(server({ sessions: 1000 }), NodeFileSystem.layer)

const folder = FileSystem.FileSystem.use((fileSystem) => fileSystem.makeTempDirectoryScoped({ prefix: "disks-" }))

/** One line or two that say what happened and what to do, and no stack trace. */
const saysClearly = ({ code, errors, signal }: Ended, words: RegExp) => {
  assert.strictEqual(code, 1, signal ?? errors)
  const lines = errors.trimEnd().split("\n")
  assert.isAtMost(lines.length, 2, errors)
  assert.match(errors, words)
  assert.notMatch(errors, /\n {4}at /)
  for (const line of lines) assert.isAtMost(line.length, 400)
}

interface Example {
  readonly program: string
  /** What it is to write. */
  readonly name: string
  readonly parameters: (path: string) => ReadonlyArray<string>
  /** The ids that are stored at a path, whether or not the program has ended. */
  readonly stored: (path: string) => ReadonlyArray<string>
  /** KiB that hold some of it, and not all. */
  readonly room: number
  readonly expected: Effect.Effect<ReadonlyArray<string>, never, Sandbox.Sandbox>
}

const listed = (status?: string) =>
  Sandbox.Sandbox.use((sandbox) =>
    Effect.map(sandbox.sessions, (rows) =>
      rows.filter((row) => status === undefined || row.status === status).map(({ id }) => id)
    )
  )

const examples: ReadonlyArray<Example> = [
  {
    program: "mirror.ts",
    name: "sessions.sqlite",
    parameters: (path) => ["--database", `sqlite:${path}`, "--quiet"],
    stored: (path) => {
      if (!existsSync(path)) return []
      // A copy, because to open a database is to change the files next to it.
      const copy = join(mkdtempSync(join(tmpdir(), "copy-")), "copy.sqlite")
      for (const part of ["", "-wal"]) if (existsSync(path + part)) copyFileSync(path + part, copy + part)
      const database = new DatabaseSync(copy)
      const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'verification_sessions'").all()
      const rows = tables.length === 0 ? [] : database.prepare("SELECT id FROM verification_sessions").all()
      database.close()
      rmSync(dirname(copy), { recursive: true })
      return rows.map((row) => String(row["id"]))
    },
    room: 320,
    expected: listed()
  },
  {
    program: "export.ts",
    name: "verified.ndjson",
    parameters: (path) => ["--output", path, "--quiet", "--resume"],
    stored: (path) => {
      const file = existsSync(path) ? path : `${path}.partial`
      if (!existsSync(file)) return []
      const lines = readFileSync(file, "utf8").split("\n")
      assert.strictEqual(lines.pop(), "", "a line is torn")
      return lines.map((line) => String(JSON.parse(line).id))
    },
    room: 160,
    expected: listed("verified")
  }
]

describe.each(examples)("$program", ({ expected, name, parameters, program, room, stored }) => {
  /** Runs it, and sees that nothing that was stored got lost and that nothing came twice. */
  const step = Effect.fnUntraced(function* (
    path: string,
    options: Partial<Parameters<typeof runExample>[2]>,
    outside = path
  ) {
    const before = stored(outside)
    const ended = yield* runExample(program, parameters(path), { url: yield* baseUrl, ...options })
    const after = stored(outside)
    assert.strictEqual(new Set(after).size, after.length)
    assert.includeMembers([...after], [...before])
    return { ended, gained: after.length - before.length }
  })

  const endsExact = Effect.fnUntraced(function* (
    path: string,
    options: Partial<Parameters<typeof runExample>[2]> = {},
    outside = path
  ) {
    const { ended } = yield* step(path, options, outside)
    assert.strictEqual(ended.code, 0, ended.errors)
    assert.sameMembers([...stored(outside)], [...(yield* expected)])
  })

  it.live(
    "where files may not grow: says so, keeps what was stored, and resumes when they may",
    () =>
      Effect.gen(function* () {
        const path = join(yield* folder, name)
        let all = 0
        for (const kibibytes of [0, 50, 130, 131, 200]) {
          const { ended, gained } = yield* step(path, { through: limited(kibibytes) })
          all += gained
          saysClearly(
            ended,
            /EFBIG: file too large.*run it again to resume|I\/O error.*a limit on file sizes.*run this again: it resumes/
          )
        }
        assert.isAbove(all, 0)
        yield* endsExact(path)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )

  it.live.skipIf(!canMakeDisk)(
    "on a disk that is full, at any of its blocks: says so, keeps what was stored, and resumes when there is space",
    () =>
      Effect.gen(function* () {
        const inside = yield* folder
        const path = join(inside, name)
        const disk = yield* makeDisk(inside, 8)
        const { through } = disk
        let all = 0
        for (const kibibytes of [8, 60, ...[0, 4, 8, 12].map((more) => room + more)]) {
          yield* disk.resize(kibibytes)
          const { ended, gained } = yield* step(path, { through }, disk.outside(path))
          all += gained
          saysClearly(
            ended,
            /ENOSPC: no space left on device.*run it again to resume|(disk is full|I\/O error).*run this again: it resumes/
          )
        }
        assert.isAbove(all, 0)
        yield* disk.resize(16_384)
        yield* endsExact(path, { through }, disk.outside(path))
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )

  it.live(
    "in a folder that is read only: says so, changes nothing, and resumes when it is not",
    () =>
      Effect.gen(function* () {
        const inside = yield* folder
        const path = join(inside, name)
        const refused = /permission denied|unable to open database|readonly database|attempt to write/
        const contents = () =>
          readdirSync(inside).map((file) => `${file} ${readFileSync(join(inside, file)).toString("hex")}`)

        chmodSync(inside, 0o555)
        const empty = yield* step(path, { through: withoutPowers })
        saysClearly(empty.ended, refused)
        assert.deepStrictEqual(contents(), [])

        chmodSync(inside, 0o755)
        yield* step(path, { through: limited(130) })
        const before = contents()
        for (const file of readdirSync(inside)) chmodSync(join(inside, file), 0o444)
        chmodSync(inside, 0o555)
        const begun = yield* runExample(program, parameters(path), { url: yield* baseUrl, through: withoutPowers })
        saysClearly(begun, refused)
        assert.deepStrictEqual(contents(), before)

        chmodSync(inside, 0o755)
        for (const file of readdirSync(inside)) chmodSync(join(inside, file), 0o644)
        yield* endsExact(path)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )

  it.live(
    "makes files that only their owner may read",
    () =>
      Effect.gen(function* () {
        const inside = yield* folder
        const path = join(inside, name)
        yield* runExample(program, parameters(path), {
          url: yield* baseUrl,
          killedAfter: Effect.sleep("5 millis").pipe(
            Effect.repeat({ until: () => readdirSync(inside).length > 1 }),
            Effect.asVoid
          )
        })
        const files = readdirSync(inside)
        assert.isAbove(files.length, 1)
        for (const file of files) assert.strictEqual(statSync(join(inside, file)).mode & 0o077, 0, file)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(there))),
    300_000
  )
})
