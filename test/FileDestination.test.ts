import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Effect, Exit, Fiber, FileSystem, Layer, Redacted, Schema, Stream } from "effect"
import { Csv } from "effect/encoding"
import { TestClock } from "effect/testing"
import {
  Checkpoint,
  Destination,
  FileDestination,
  StripeError,
  VerificationSession,
  VerificationSessions
} from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { execFileSync } from "node:child_process"
import { appendFileSync, createReadStream, readFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { failingAt, fullAfter, raced, readOnly, noting, withoutPositions } from "./support/faultyFiles.ts"
import { choices } from "./support/syncHistory.ts"
import { countRequests, listIds, world } from "./support/world.ts"

const there = Layer.mergeAll(
  world({ sandbox: { sessions: 250 } }),
  NodeFileSystem.layer,
  Layer.effectDiscard(TestClock.setTime(DateTime.toEpochMillis(DateTime.makeUnsafe("2026-01-02T00:00:00Z"))))
)

const newPath = Effect.map(
  FileSystem.FileSystem.use((fileSystem) => fileSystem.makeTempDirectoryScoped({ prefix: "destination-" })),
  (folder) => join(folder, "sessions")
)

const read = (path: string) => FileSystem.FileSystem.use((fileSystem) => fileSystem.readFileString(path))
const write = (path: string, text: string) =>
  FileSystem.FileSystem.use((fileSystem) => fileSystem.writeFileString(path, text))
const exists = (path: string) => FileSystem.FileSystem.use((fileSystem) => fileSystem.exists(path))

type Make = (path: string) => ReturnType<typeof FileDestination.ndjson>

const begin = (make: Make, path: string) => Effect.flatMap(make(path), ({ open }) => open)

/** One run into a file, of so many batches at most, as a program would do it. */
const run = (make: Make, path: string, batches = Infinity, filter = {}, pageSize = 100) =>
  Effect.gen(function* () {
    const file = yield* make(path)
    yield* Destination.stream(file, (from) => VerificationSessions.sync(filter, { from, pageSize })).pipe(
      Stream.take(batches),
      Stream.runDrain
    )
  })

const idsIn = (path: string) =>
  Effect.map(read(path), (text) => {
    assert.isTrue(text === "" || text.endsWith("\n"))
    return text
      .split("\n")
      .slice(0, -1)
      .map((line): string => JSON.parse(line).id)
  })

/** What is in the file and its sidecar, to see that nothing was touched. */
const both = (path: string) => Effect.all([read(path), read(`${path}.checkpoint`)])

describe("a file of NDJSON", () => {
  it.effect("is the list, however often it was stopped, and whatever was being written then", () =>
    Effect.gen(function* () {
      for (let seed = 0; seed < 30; seed++) {
        const path = yield* newPath
        const { below, chance } = choices(seed)
        for (let runs = below(6); runs > 0; runs--) {
          yield* run(FileDestination.ndjson, path, 1 + below(4), {}, 1 + below(40))
          // A program that is killed leaves rows without their checkpoint, and a line that is torn.
          if (chance(0.7)) yield* write(path, `${yield* read(path)}{"id":"vs_tor`.repeat(1))
        }
        yield* run(FileDestination.ndjson, path)
        assert.sameMembers(yield* idsIn(path), [...(yield* listIds)], `seed ${seed}`)
        assert.strictEqual(new Set(yield* idsIn(path)).size, 250, `seed ${seed}`)
        const before = yield* both(path)
        yield* run(FileDestination.ndjson, path)
        assert.deepStrictEqual(yield* both(path), before)
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("is the list in Bun too, which ignores where to write", () =>
    Effect.gen(function* () {
      for (const make of [FileDestination.ndjson, FileDestination.csv]) {
        const path = yield* newPath
        const runs = (batches?: number) => run(make, path, batches).pipe(Effect.provide(withoutPositions))
        yield* runs(1)
        yield* write(path, `${yield* read(path)}a line that was torn`)
        yield* runs(1)
        yield* runs()
        const lines = (yield* read(path)).trimEnd().split("\n")
        const rows = make === FileDestination.csv ? lines.slice(1) : lines
        const ids = rows.map((line) => /vs_\w+/.exec(line)?.[0])
        assert.sameMembers(ids, [...(yield* listIds)])
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("resumes in the same program with a file that was put back in its place", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const [path, backup] = [yield* newPath, yield* newPath]
      const file = yield* FileDestination.ndjson(path)
      const more = Destination.stream(file, (from) => VerificationSessions.sync({}, { from, pageSize: 40 })).pipe(
        Stream.take(2),
        Stream.runDrain
      )
      yield* more
      yield* fileSystem.copyFile(path, backup)
      yield* write(path, "")
      assert.match((yield* Effect.flip(more)).message, /rows were removed/)
      yield* fileSystem.rename(backup, path)
      yield* Effect.repeat(more, { times: 3 })
      assert.sameMembers(yield* idsIn(path), [...(yield* listIds)])
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("loses a torn line even where there is nothing new to write", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      yield* run(FileDestination.ndjson, path)
      const whole = yield* read(path)
      yield* write(path, `${whole}{"id":`)
      yield* run(FileDestination.ndjson, path)
      assert.strictEqual(yield* read(path), whole)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("resumes after a program that ended before its first checkpoint, at any point", () =>
    Effect.gen(function* () {
      // The disk gets full at each of the first bytes in turn, which is where the first files are made.
      const first = yield* newPath
      yield* run(FileDestination.ndjson, first, 1, {}, 1)
      const [rows, checkpoint] = yield* both(first)
      for (let room = 0; room < rows.length + 2 * checkpoint.length; room += 29) {
        const path = yield* newPath
        yield* Effect.exit(run(FileDestination.ndjson, path, 1, {}, 1).pipe(Effect.provide(fullAfter(room))))
        yield* run(FileDestination.ndjson, path, 3, {}, 1)
        assert.deepStrictEqual(yield* idsIn(path), [...(yield* listIds)].slice(0, (yield* idsIn(path)).length))
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("and its checkpoint are for their owner only, and nothing else is left", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      yield* run(FileDestination.ndjson, path)
      const fileSystem = yield* FileSystem.FileSystem
      for (const file of [path, `${path}.checkpoint`]) {
        assert.strictEqual((yield* fileSystem.stat(file)).mode & 0o777, 0o600)
      }
      assert.sameMembers(yield* fileSystem.readDirectory(join(path, "..")), ["sessions", "sessions.checkpoint"])
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("holds secret fields only when they are named", () =>
    Effect.gen(function* () {
      const [plain, revealing] = [yield* newPath, yield* newPath]
      yield* run(FileDestination.ndjson, plain)
      yield* run((path) => FileDestination.ndjson(path, { reveal: ["url"] }), revealing)
      for (const secret of ["client_secret", `"url"`, "provided_details"]) assert.notInclude(yield* read(plain), secret)
      assert.include(yield* read(revealing), `"url":"https://verify.stripe.com`)
      assert.notInclude(yield* read(revealing), "client_secret")
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("has a session on every line, whichever reader of lines reads it", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      const breaks = ["\u2028", "\u2029", "\u0085", "\n", "\r", "\r\n", "\v", "\f"]
      const session = VerificationSession.makeUnsafe({
        id: "vs_1",
        status: "verified",
        created: DateTime.makeUnsafe("2026-01-01T00:00:00Z"),
        metadata: { breaks: breaks.join("x"), "a\u2028key": "\\\u2028" },
        client_reference_id: "of\u2028two lines"
      })
      const { save } = yield* begin(FileDestination.ndjson, path)
      const checkpoint = Checkpoint.advance(Checkpoint.start({ filter: "all" }), {
        direction: "older",
        rows: [session],
        end: true
      })
      yield* save({ sessions: [session, session], checkpoint, readAt: session.created })
      const lines = yield* Effect.promise(async () => {
        const lines: Array<string> = []
        for await (const line of createInterface({ input: createReadStream(path) })) lines.push(line)
        return lines
      })
      const toJson = Schema.encodeSync(VerificationSession.Json())
      assert.deepStrictEqual(
        lines.map((line): unknown => JSON.parse(line)),
        [toJson(session), toJson(session)]
      )
      // And readers that go by the Unicode standard.
      assert.lengthOf((yield* read(path)).trimEnd().split(/[\n\v\f\r\x85\u2028\u2029]/), 2)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("is written through a link to it, and the link stays", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const [file, link] = [yield* newPath, yield* newPath]
      yield* write(file, "")
      yield* fileSystem.symlink(file, link)
      yield* run(FileDestination.ndjson, link, 1)
      yield* run(FileDestination.ndjson, link)
      assert.sameMembers(yield* idsIn(file), [...(yield* listIds)])
      assert.strictEqual(yield* fileSystem.readLink(link), file)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("of a list without rows is an empty file", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      yield* run(FileDestination.ndjson, path, Infinity, { client_reference_id: "nobody" })
      assert.strictEqual(yield* read(path), "")
    }).pipe(Effect.scoped, Effect.provide(there))
  )
})

describe("a file of CSV", () => {
  const session = VerificationSession.makeUnsafe({
    id: "vs_1",
    status: "verified",
    created: DateTime.makeUnsafe("2026-01-01T00:00:00Z"),
    client_reference_id: `a "quoted", name\nof two lines`,
    metadata: { plan: "pro", "order.id": "7" },
    url: Redacted.make("https://verify.stripe.com/start/1"),
    last_error: { code: "abandoned", reason: null }
  })
  const checkpoint = Checkpoint.advance(Checkpoint.start({ filter: "all" }), {
    direction: "older",
    rows: [session],
    end: true
  })

  const written = Effect.fnUntraced(function* (columns?: ReadonlyArray<string>) {
    const path = yield* newPath
    yield* Effect.scoped(
      Effect.gen(function* () {
        const file = yield* FileDestination.csv(path, columns === undefined ? {} : { columns })
        const { save } = yield* file.open
        yield* save({ sessions: [session], checkpoint, readAt: session.created })
      })
    )
    return yield* read(path)
  })

  it.effect("has the columns that were named, quoted where that is needed", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* written([
          "id",
          "created",
          "client_reference_id",
          "metadata.plan",
          "metadata.order.id",
          "metadata",
          "last_error.reason",
          "verified_outputs.first_name"
        ]),
        [
          "id,created,client_reference_id,metadata.plan,metadata.order.id,metadata,last_error.reason,verified_outputs.first_name",
          `vs_1,1767225600,"a ""quoted"", name\nof two lines",pro,7,"{""plan"":""pro"",""order.id"":""7""}",,`,
          ""
        ].join("\r\n")
      )
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("begins with a byte order mark where that is asked for, and resumes after it", () =>
    Effect.gen(function* () {
      const marked: Make = (path) => FileDestination.csv(path, { columns: ["id"], bom: true })
      const [path, plain] = [yield* newPath, yield* newPath]
      // Stopped when nothing but a part of the first line was there.
      yield* Effect.exit(run(marked, path, 1).pipe(Effect.provide(fullAfter(70))))
      yield* run(marked, path, 1)
      appendFileSync(path, "vs_tor")
      yield* run(marked, path)
      yield* run((path) => FileDestination.csv(path, { columns: ["id"], bom: false }), plain)
      // Effect's file system leaves the mark out.
      const text = readFileSync(path, "utf8")
      assert.strictEqual(text, `\uFEFF${readFileSync(plain, "utf8")}`)
      const rows = yield* Stream.make(text).pipe(
        Stream.pipeThroughChannel(Csv.decodeString({ headers: true })),
        Stream.runCollect
      )
      assert.deepStrictEqual(
        rows.map(({ id }) => id),
        [...(yield* listIds)]
      )
      const before = yield* both(path)
      const error = yield* Effect.flip(run((path) => FileDestination.csv(path, { columns: ["id"] }), path))
      assert.match(error.message, /expected a file of CSV with id, got one of CSV after a byte order mark with id\./)
      assert.deepStrictEqual(yield* both(path), before)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("has a line for a session without a cell, which no reader takes for no line", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* written(["last_error.reason"]), 'last_error.reason\r\n""\r\n')
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("has no secret fields unless a column names them", () =>
    Effect.gen(function* () {
      assert.notInclude(yield* written(), "verify.stripe.com")
      assert.strictEqual(yield* written(["url"]), "url\r\nhttps://verify.stripe.com/start/1\r\n")
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  /** The cells of every session of the sandbox with whatever can be expanded, by the names of their columns. */
  const expanded = Effect.fnUntraced(function* (columns: ReadonlyArray<string>) {
    const path = yield* newPath
    const expand = ["data.verified_outputs", "data.verified_outputs.dob", "data.last_verification_report"] as const
    yield* Effect.scoped(
      Effect.gen(function* () {
        const file = yield* FileDestination.csv(path, { columns })
        yield* Destination.stream(file, (from) => VerificationSessions.sync({}, { from, expand })).pipe(Stream.runDrain)
      })
    ).pipe(Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.sensitiveApiKey, rateLimit: false })))
    return yield* Stream.make(yield* read(path)).pipe(
      Stream.pipeThroughChannel(Csv.decodeString({ headers: true })),
      Stream.runCollect
    )
  })

  it.effect("shows in a column what it names and no more, whatever the next column names", () =>
    Effect.gen(function* () {
      const rows = yield* expanded([
        ...FileDestination.defaultColumns,
        "last_verification_report.document.status",
        "verified_outputs.dob.year",
        "provided_details.email"
      ])
      assert.strictEqual(rows.length, 250)
      for (const row of rows) {
        assert.match(row["last_verification_report"] ?? "", /^(vr_\w+)?$/)
        assert.match(row["last_verification_report.document.status"] ?? "", /^((un)?verified)?$/)
        // Of a redacted session Stripe leaves 1/1/1 and "[redacted]".
        assert.match(row["verified_outputs.dob.year"] ?? "", /^(\d{4}|1)?$/)
        assert.match(row["provided_details.email"] ?? "", /^([^{"]+@[^"}]+|\[redacted\])?$/)
      }
      const named = [
        "last_verification_report",
        "last_verification_report.document.status",
        "verified_outputs.dob.year"
      ]
      for (const column of named)
        assert.isTrue(
          rows.some((row) => row[column] !== ""),
          column
        )
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("shows all of a secret field that a column names in full, but of a report its id", () =>
    Effect.gen(function* () {
      const rows = yield* expanded(["verified_outputs", "last_verification_report"])
      const shown = rows.filter((row) => row["verified_outputs"] !== "")
      assert.isAbove(shown.length, 0)
      for (const row of shown) {
        assert.containsAllKeys(JSON.parse(row["verified_outputs"] ?? ""), ["first_name", "address"])
        assert.match(row["last_verification_report"] ?? "", /^vr_\w+$/)
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("resumes under its first line, and not with other columns", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      yield* run(FileDestination.csv, path, 1)
      yield* run(FileDestination.csv, path)
      const lines = (yield* read(path)).trimEnd().split("\r\n")
      assert.strictEqual(lines.length, 251)
      assert.strictEqual(lines.filter((line) => line.startsWith("id,")).length, 1)
      const before = yield* both(path)
      const error = yield* Effect.flip(run((path) => FileDestination.csv(path, { columns: ["id"] }), path))
      assert.match(
        error.message,
        /expected a file of CSV with id, got one of CSV with id, created.*\. Write to another file/
      )
      assert.deepStrictEqual(yield* both(path), before)
    }).pipe(Effect.scoped, Effect.provide(there))
  )
})

describe("what names nothing is refused before any request, because it would be empty and look like an answer", () => {
  const fields =
    "one of the fields id, object, created, livemode, status, type, metadata, client_reference_id, client_secret, last_error, last_verification_report, options, provided_details, redaction, related_customer, related_customer_account, related_person, url, verification_flow, verified_outputs"
  const secrets = "client_secret, url, provided_details, verified_outputs or last_verification_report"

  /** The problems of these arguments. Plain JavaScript accepts all of them. */
  const problems = Effect.fnUntraced(function* (form: "csv" | "ndjson", options: unknown, path?: unknown) {
    const whole = yield* newPath
    // Type boundary: that these are not what the types say is what the tests are about.
    const given = [(path ?? whole) as never, options as never] as const
    const make = () => (form === "csv" ? FileDestination.csv(...given) : FileDestination.ndjson(...given))
    const error = yield* Effect.flip(run(make, whole))
    assert.instanceOf(error, StripeError.InvalidArgumentError)
    assert.strictEqual(yield* countRequests, 0)
    assert.isFalse(yield* exists(whole))
    return error.issues.map(({ actual, advice, expected, path }) =>
      [`${path}: ${actual}, ${expected}`, advice].filter(Boolean).join(". ")
    )
  })
  const refusals = (form: "csv" | "ndjson", cases: ReadonlyArray<readonly [unknown, ReadonlyArray<string>]>) =>
    Effect.gen(function* () {
      for (const [options, expected] of cases) assert.deepStrictEqual(yield* problems(form, options), expected)
    }).pipe(Effect.scoped, Effect.provide(there))
  const columns = (...columns: ReadonlyArray<unknown>) => ({ columns })

  it.effect("a column that is no field of a session", () =>
    refusals("csv", [
      [columns("id", "staus"), [`columns[1]: "staus", one of the 20 known names. Did you mean "status"?`]],
      [
        columns("last_errr.code", "plan"),
        [
          `columns[0]: "last_errr.code", one of the 20 known names. Did you mean "last_error"?`,
          `columns[1]: "plan", ${fields}`
        ]
      ],
      [columns(""), [`columns[0]: "", ${fields}`]],
      [columns("constructor"), [`columns[0]: "constructor", ${fields}`]]
    ])
  )

  it.effect("a column that is no field of what is in a session, however deep", () =>
    refusals("csv", [
      [
        columns("last_error.cod"),
        [`columns[0]: "last_error.cod", one of the fields code, reason in last_error. Did you mean "code"?`]
      ],
      [columns("status.name"), [`columns[0]: "status.name", status, which has no fields`]],
      [
        columns("options.document.allowed_types.0"),
        [`columns[0]: "options.document.allowed_types.0", options.document.allowed_types, which has no fields`]
      ],
      [
        columns("last_verification_report.document.dob.yaer"),
        [
          `columns[0]: "last_verification_report.document.dob.yaer", one of the fields day, month, year in last_verification_report.document.dob. Did you mean "year"?`
        ]
      ],
      [columns("metadata."), [`columns[0]: "metadata.", metadata or metadata.KEY`]]
    ])
  )

  it.effect("but not a key of metadata, nor a field that is there only when it is expanded", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      const named = [
        "metadata.any.key",
        "options.id_number.any",
        "verified_outputs.dob.year",
        "last_verification_report.id"
      ]
      yield* run((path) => FileDestination.csv(path, { columns: [...FileDestination.defaultColumns, ...named] }), path)
      assert.match(
        yield* read(path),
        /^id,.*metadata.any.key,options.id_number.any,verified_outputs.dob.year,.*\.id\r\n/
      )
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("columns that are no list of some", () =>
    refusals("csv", [
      [columns(), ["columns: [], a list of at least one column"]],
      [
        columns(5, null),
        [5, null].map((one, index) => `columns[${index}]: ${one}, a path into a session, such as last_error.code`)
      ],
      [{ columns: "id,status" }, [`columns: "id,status", a list of at least one column`]],
      [{ columns: null }, ["columns: null, a list of at least one column"]]
    ])
  )

  it.effect("an unknown secret field", () =>
    refusals("ndjson", [
      [{ reveal: ["url", "urls"] }, [`reveal[1]: "urls", ${secrets}. Did you mean "url"?`]],
      [{ reveal: ["id"] }, [`reveal[0]: "id", ${secrets}`]],
      [{ reveal: "url" }, [`reveal: "url", a list of secret fields`]]
    ])
  )

  it.effect("an unknown option, and options that are not an object", () =>
    Effect.gen(function* () {
      yield* refusals("csv", [
        [{ column: ["id"] }, [`column: "column", one of the names columns, bom. Did you mean "columns"?`]],
        [{ bom: "yes" }, [`bom: "yes", true or false`]],
        [["id"], [`options: ["id"], a plain object`]],
        [null, ["options: null, a plain object"]]
      ])
      yield* refusals("ndjson", [
        [{ revel: ["url"] }, [`revel: "revel", the name reveal. Did you mean "reveal"?`]],
        ["url", [`options: "url", a plain object`]]
      ])
    })
  )

  it.effect("an invalid path, together with what else is wrong", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problems("csv", { columns: [] }, 5), [
        "path: 5, a file path",
        "columns: [], a list of at least one column"
      ])
      assert.deepStrictEqual(yield* problems("ndjson", {}, ""), [`path: "", a file path`])
    }).pipe(Effect.scoped, Effect.provide(there))
  )
})

describe("what cannot be resumed is said clearly, and nothing is overwritten", () => {
  /** Runs into a file that was spoilt, and sees that nothing changed and nothing was asked of Stripe. */
  const refused = Effect.fnUntraced(function* (
    spoil: (path: string) => Effect.Effect<void, unknown, FileSystem.FileSystem>,
    filter?: { readonly status: "verified" }
  ) {
    const path = yield* newPath
    yield* run(FileDestination.ndjson, path, 2)
    yield* spoil(path)
    const before = yield* both(path)
    const sent = yield* countRequests
    const error = yield* Effect.flip(run(FileDestination.ndjson, path, Infinity, filter))
    assert.deepStrictEqual(yield* both(path), before)
    assert.strictEqual(yield* countRequests, sent)
    return error.message
  })

  const editCheckpoint = (edit: (text: string) => string) => (path: string) =>
    Effect.flatMap(read(`${path}.checkpoint`), (text) => write(`${path}.checkpoint`, edit(text)))

  it.effect("a checkpoint that is damaged", () =>
    Effect.gen(function* () {
      const message = yield* refused(editCheckpoint((text) => text.slice(0, 50)))
      assert.match(message, /Restore it from a backup, or start over/)
      assert.match(yield* refused(editCheckpoint((text) => text.replace(`"newest"`, `"newset"`))), /start over/)
      assert.match(yield* refused(editCheckpoint(() => "")), /start over/)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a checkpoint that counts what the file cannot have", () =>
    Effect.gen(function* () {
      const counting = (bytes: number) => editCheckpoint((text) => text.replace(/"bytes":\d+/, `"bytes":${bytes}`))
      assert.match(yield* refused(counting(1000)), /a line to end at byte 1000, as .*\.checkpoint says.*start over/)
      assert.match(yield* refused(counting(-5)), /start over/)
      const without = editCheckpoint((text) => text.replace(/"checkpoint":.*\}/, `"checkpoint":null}`))
      assert.match(yield* refused(without), /bytes without a checkpoint.*start over/)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a file that an editor saved with other line ends", () =>
    Effect.gen(function* () {
      const edit = (change: (text: string) => string) => (path: string) =>
        Effect.flatMap(read(path), (text) => write(path, change(text)))
      const advice = /one of the two was modified\. Restore both, or remove both to start over\.$/
      assert.match(yield* refused(edit((text) => text.replaceAll("\n", "\r\n"))), advice)
      assert.match(yield* refused(edit((text) => `\uFEFF${text}`)), advice)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a checkpoint of a newer version", () =>
    Effect.gen(function* () {
      assert.match(
        yield* refused(editCheckpoint((text) => text.replace(`"version":1`, `"version":7`))),
        /version 7.*Update/
      )
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a checkpoint for another filter, even where a torn line waits to be cut off", () =>
    Effect.gen(function* () {
      const tear = (path: string) => Effect.flatMap(read(path), (text) => write(path, `${text}{"id":`))
      assert.match(yield* refused(tear, { status: "verified" }), /of this filter .*, got one of another/)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a file that lost rows", () =>
    Effect.gen(function* () {
      const shorten = (path: string) => Effect.flatMap(read(path), (text) => write(path, text.slice(0, 1000)))
      assert.match(yield* refused(shorten), /at least \d+ bytes, as its checkpoint says, got 1000.*Restore the file/)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a file that was there before", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      yield* write(path, "precious\n")
      const error = yield* Effect.flip(run(FileDestination.ndjson, path))
      assert.match(error.message, /expected a new file .*another file, or remove this one/)
      assert.strictEqual(yield* read(path), "precious\n")
      assert.isFalse(yield* exists(`${path}.checkpoint`))
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("what is no regular file stays what it is: a folder, a device, a pipe, and a link to one", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const [folder, device, pipe] = [yield* newPath, yield* newPath, yield* newPath]
      yield* fileSystem.makeDirectory(folder)
      yield* fileSystem.symlink("/dev/null", device)
      execFileSync("mkfifo", [pipe])
      for (const [path, word] of [
        [folder, "a folder"],
        [device, "a device"],
        [pipe, "a pipe"]
      ] as const) {
        for (const make of [FileDestination.ndjson, FileDestination.csv]) {
          const { type } = yield* fileSystem.stat(path)
          const error = yield* Effect.flip(run(make, path))
          assert.strictEqual(error._tag === "FileDestinationError" && error.problem, "not-a-file")
          assert.strictEqual(error.message, `${path}: expected a regular file, got ${word}. Write to another file.`)
          assert.strictEqual((yield* fileSystem.stat(path)).type, type)
          assert.sameMembers(yield* fileSystem.readDirectory(join(path, "..")), ["sessions"])
        }
      }
      assert.strictEqual(yield* fileSystem.readLink(device), "/dev/null")
      assert.strictEqual(yield* countRequests, 0)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a link to what is not there, and leaves no sidecar that would cut a later file", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const [file, link] = [yield* newPath, yield* newPath]
      yield* fileSystem.symlink(file, link)
      const error = yield* Effect.flip(run(FileDestination.ndjson, link))
      assert.strictEqual(error._tag === "FileDestinationError" && error.problem, "not-a-file")
      assert.strictEqual(
        error.message,
        `${link}: expected a regular file, got a link to ${file}, which does not exist. Write to another file.`
      )
      assert.strictEqual(yield* countRequests, 0)
      yield* write(file, "precious\n")
      assert.match((yield* Effect.flip(run(FileDestination.ndjson, link))).message, /expected a new file/)
      assert.strictEqual(yield* read(file), "precious\n")
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a checkpoint that is no regular file: a folder, a device, a pipe, a link to nothing", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const nowhere = yield* newPath
      const cases: ReadonlyArray<readonly [kind: string, make: (path: string) => Effect.Effect<void, unknown>]> = [
        ["a folder", (path) => fileSystem.makeDirectory(path)],
        ["a device", (path) => fileSystem.symlink("/dev/zero", path)],
        ["a pipe", (path) => Effect.sync(() => execFileSync("mkfifo", [path]))],
        [`a link to ${nowhere}, which does not exist`, (path) => fileSystem.symlink(nowhere, path)]
      ]
      for (const [kind, make] of cases) {
        for (const begun of [true, false]) {
          const path = yield* newPath
          if (begun) yield* run(FileDestination.ndjson, path, 1)
          const rows = begun ? yield* read(path) : undefined
          const sent = yield* countRequests
          yield* fileSystem.remove(`${path}.checkpoint`, { force: true })
          yield* make(`${path}.checkpoint`)
          const error = yield* Effect.flip(run(FileDestination.ndjson, path))
          assert.strictEqual(error._tag === "FileDestinationError" && error.problem, "not-a-file")
          assert.strictEqual(
            error.message,
            `${path}: expected a regular file at ${path}.checkpoint, got ${kind}. Remove it.`
          )
          assert.strictEqual(yield* countRequests, sent)
          if (rows === undefined) assert.isFalse(yield* exists(path))
          else assert.strictEqual(yield* read(path), rows)
        }
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("what somebody put where the next checkpoint is written: what a link leads to stays as it was", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const cases: ReadonlyArray<(other: string, path: string) => Effect.Effect<void, unknown>> = [
        (other, path) => fileSystem.symlink(other, path),
        (other, path) => fileSystem.link(other, path),
        (_, path) => Effect.sync(() => execFileSync("mkfifo", [path])),
        // A run that was killed leaves half of one.
        (_, path) => write(path, "{").pipe(Effect.provideService(FileSystem.FileSystem, fileSystem))
      ]
      for (const put of cases) {
        const [path, other] = [yield* newPath, yield* newPath]
        yield* write(other, "precious\n")
        yield* put(other, `${path}.checkpoint.new`)
        yield* run(FileDestination.ndjson, path)
        assert.strictEqual(yield* read(other), "precious\n")
        assert.sameMembers(yield* idsIn(path), [...(yield* listIds)])
        assert.sameMembers(yield* fileSystem.readDirectory(join(path, "..")), ["sessions", "sessions.checkpoint"])
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a disk that is full, at any byte: whole lines stay, and the next run resumes", () =>
    Effect.gen(function* () {
      const { below } = choices(1)
      for (let times = 0; times < 40; times++) {
        const path = yield* newPath
        const error = yield* Effect.flip(
          run(FileDestination.ndjson, path, Infinity, {}, 50).pipe(Effect.provide(fullAfter(below(110_000))))
        )
        assert.instanceOf(error, FileDestination.FileDestinationError)
        const ids = yield* idsIn(path)
        const kept = ids.length > 0 ? "Rows stored before are kept. " : ""
        assert.include(
          error.message,
          `no space left on device, write. ${kept}Fix the cause and run it again to resume.`
        )
        assert.deepStrictEqual(ids, [...(yield* listIds)].slice(0, ids.length))
        yield* run(FileDestination.ndjson, path)
        assert.sameMembers(yield* idsIn(path), [...(yield* listIds)])
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a disk that was full for a while: the same destination resumes in the same program", () =>
    Effect.gen(function* () {
      const { below } = choices(2)
      for (let times = 0; times < 20; times++) {
        const path = yield* newPath
        const room = below(110_000)
        yield* Effect.gen(function* () {
          const file = yield* FileDestination.ndjson(path)
          const all = Destination.stream(file, (from) => VerificationSessions.sync({}, { from, pageSize: 50 }))
          assert.isTrue(Exit.isFailure(yield* Effect.exit(Stream.runDrain(all))))
          yield* Stream.runDrain(all)
        }).pipe(Effect.scoped, Effect.provide(fullAfter(room, 1)))
        assert.deepStrictEqual(yield* idsIn(path), [...(yield* listIds)])
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a file that shrinks after a run has begun, or is moved away: nothing takes the place of its rows", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const [first, second] = yield* Stream.runCollect(VerificationSessions.sync())
      if (first === undefined || second === undefined) return yield* Effect.die("there are three batches")
      for (const change of ["truncate", "move"] as const) {
        const path = yield* newPath
        yield* run(FileDestination.ndjson, path, 1)
        const { finish = Effect.void, save } = yield* begin(FileDestination.ndjson, path)
        yield* change === "truncate" ? fileSystem.truncate(path, 10) : fileSystem.rename(path, `${path}.1`)
        assert.match((yield* Effect.flip(save(second))).message, /another program or run modified the file/)
        assert.match((yield* Effect.flip(finish)).message, /another program or run modified the file/)
        assert.strictEqual(yield* exists(path), change === "truncate")
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("batches that are saved at once: each is whole", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      const batches = yield* Stream.runCollect(VerificationSessions.sync({}, { pageSize: 5 }))
      const { save } = yield* begin(FileDestination.ndjson, path)
      yield* Effect.forEach(batches, (batch) => Effect.exit(save(batch)), { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* idsIn(path), [...(yield* listIds)])
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a loss of power: rows are on the disk before the checkpoint that covers them", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      const calls: Array<string> = []
      yield* run(FileDestination.ndjson, path).pipe(Effect.provide(noting(calls)))
      const sidecar = [`sync ${path}.checkpoint.new`, `rename ${path}.checkpoint.new`]
      const batch = [`sync ${path}`, ...sidecar]
      // The first sidecar is that of the empty file.
      assert.deepStrictEqual(calls, [...sidecar, ...batch, ...batch, ...batch])
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a batch that could not be saved, and is saved again", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      const batches = yield* Stream.runCollect(VerificationSessions.sync())
      yield* Effect.gen(function* () {
        const { save } = yield* begin(FileDestination.ndjson, path)
        for (const batch of batches) yield* Effect.retry(save(batch), { times: 3 })
      }).pipe(Effect.scoped, Effect.provide(fullAfter(60_000, 2)))
      assert.deepStrictEqual(yield* idsIn(path), [...(yield* listIds)])
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("a batch that was saved, and is saved again by a retry after a timeout: a save is not interrupted", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      const batches = yield* Stream.runCollect(VerificationSessions.sync())
      const { save } = yield* begin(FileDestination.ndjson, path)
      for (const batch of batches) {
        const late = yield* Effect.forkChild(Effect.flip(Effect.timeout(save(batch), 0)))
        yield* TestClock.adjust(0)
        assert.strictEqual((yield* Fiber.join(late))._tag, "TimeoutError")
        yield* save(batch)
      }
      assert.deepStrictEqual(yield* idsIn(path), [...(yield* listIds)])
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  for (const when of ["before", "after"] as const) {
    it.effect(`any one call of the file system that fails ${when} it did its work: no row is stored twice`, () =>
      Effect.gen(function* () {
        const batches = yield* Stream.runCollect(VerificationSessions.sync())
        // Three batches are fewer calls; the last of these numbers are never reached.
        for (let number = 0; number < 50; number++) {
          for (const make of [FileDestination.ndjson, FileDestination.csv]) {
            const path = yield* newPath
            const saved = yield* Effect.gen(function* () {
              const { save } = yield* Effect.retry(begin(make, path), { times: 1 })
              for (const batch of batches) yield* Effect.retry(save(batch), { times: 3 })
            }).pipe(Effect.scoped, Effect.provide(failingAt(number, when)), Effect.exit)
            // Only where the checkpoint was kept and that was said to have failed does it look like another's.
            if (when === "before") assert.isTrue(Exit.isSuccess(saved), `call ${number}: ${String(saved)}`)
            yield* run(make, path)
            const ids = Array.from((yield* read(path)).matchAll(/^(?:\{"id":")?(vs_\w+)/gm), ([, id]) => id)
            assert.deepStrictEqual(ids, [...(yield* listIds)], `call ${number}`)
          }
        }
      }).pipe(Effect.scoped, Effect.provide(there))
    )
  }

  it.effect("a folder that is read only", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      const error = yield* Effect.flip(run(FileDestination.ndjson, path).pipe(Effect.provide(readOnly)))
      assert.match(error.message, /permission denied.*run it again/)
      assert.isFalse(yield* exists(path))

      yield* run(FileDestination.ndjson, path, 1)
      const before = yield* both(path)
      assert.match(
        (yield* Effect.flip(run(FileDestination.ndjson, path).pipe(Effect.provide(readOnly)))).message,
        /denied/
      )
      assert.deepStrictEqual(yield* both(path), before)
    }).pipe(Effect.scoped, Effect.provide(there))
  )
})

describe("a file that many programs ask for", () => {
  it.effect("at once: one continues, and the other ends as soon as it finds what the first left", () =>
    Effect.gen(function* () {
      const { below } = choices(3)
      for (let times = 0; times < 30; times++) {
        const path = yield* newPath
        if (times % 3 > 0) yield* run(FileDestination.ndjson, path, times % 3, {}, 50)
        const pageSize = 20 + below(60)
        const exits = yield* Effect.forEach(
          [1, 2],
          () =>
            Effect.exit(
              Effect.andThen(
                Effect.promise(() => new Promise((resolve) => setTimeout(resolve, below(4)))),
                run(FileDestination.ndjson, path, Infinity, {}, pageSize)
              )
            ),
          { concurrency: "unbounded" }
        )
        for (const exit of exits) {
          if (Exit.isSuccess(exit)) continue
          assert.match(String(Cause.squash(exit.cause)), /another program or run modified the file/)
        }
        // Whoever won, and even if nobody did, the next run makes it whole.
        yield* run(FileDestination.ndjson, path)
        assert.sameMembers(yield* idsIn(path), [...(yield* listIds)], `times ${times}`)
        assert.strictEqual((yield* idsIn(path)).length, 250, `times ${times}`)
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("at once: one that finds what was not there before, or no longer what was, is told of the other", () =>
    Effect.gen(function* () {
      for (const what of ["open", "rename"] as const) {
        for (const batches of [0, 1]) {
          const path = yield* newPath
          if (batches > 0) yield* run(FileDestination.ndjson, path, batches)
          const error = yield* Effect.flip(run(FileDestination.ndjson, path).pipe(Effect.provide(raced(what))))
          assert.strictEqual(error._tag === "FileDestinationError" && error.problem, "shared", `${what} ${batches}`)
          assert.match(error.message, /another program or run modified the file\. Run one writer at a time/)
        }
      }
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect.each([
    ["two destinations", false],
    ["one destination", true]
  ] as const)("in turn, as two runs of %s: the one whose checkpoint was replaced stores nothing more", ([, shared]) =>
    Effect.gen(function* () {
      const path = yield* newPath
      const batches = yield* Stream.runCollect(VerificationSessions.sync())
      const [first, second] = batches
      if (first === undefined || second === undefined) return yield* Effect.die("there are three batches")
      const file = yield* FileDestination.ndjson(path)
      const one = yield* file.open
      const other = yield* shared ? file.open : begin(FileDestination.ndjson, path)
      yield* one.save(first)
      const before = yield* both(path)
      for (const step of [other.save(first), other.finish ?? Effect.void]) {
        const error = yield* Effect.flip(step)
        assert.match(
          error.message,
          /another program or run modified the file\. Run one writer at a time; run this one again/
        )
        assert.strictEqual(error._tag === "FileDestinationError" && error.problem, "shared")
      }
      assert.deepStrictEqual(yield* both(path), before)

      // And the other way: whoever looks again may resume, and then the first is out.
      const again = yield* file.open
      assert.deepStrictEqual(again.from, first.checkpoint)
      yield* again.save(second)
      assert.match((yield* Effect.flip(one.save(second))).message, /another program/)
      assert.strictEqual((yield* idsIn(path)).length, 200)
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("in turn: one that noticed the other does not try again, though nothing was kept yet", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      const [first, second] = yield* Stream.runCollect(VerificationSessions.sync())
      if (first === undefined || second === undefined) return yield* Effect.die("there are three batches")
      const file = yield* FileDestination.ndjson(path)
      const one = yield* file.open
      yield* one.save(first)
      const whole = yield* read(path)
      yield* write(path, `${whole}{"id":`)
      assert.match((yield* Effect.flip(one.save(second))).message, /another program/)
      yield* write(path, whole)
      assert.match((yield* Effect.flip(one.save(second))).message, /another program/)
      const again = yield* file.open
      yield* again.save(second)
      assert.deepStrictEqual(yield* idsIn(path), (yield* listIds).slice(0, 200))
    }).pipe(Effect.scoped, Effect.provide(there))
  )

  it.effect("is the sandbox's list in the end, while new sessions come", () =>
    Effect.gen(function* () {
      const path = yield* newPath
      const sandbox = yield* Sandbox.Sandbox
      for (let turn = 0; turn < 5; turn++) {
        yield* run(FileDestination.ndjson, path, 1 + turn)
        yield* sandbox.insert()
        yield* TestClock.adjust("5 minutes")
      }
      yield* run(FileDestination.ndjson, path)
      assert.sameMembers(yield* idsIn(path), [...(yield* listIds)])
    }).pipe(Effect.scoped, Effect.provide(there))
  )
})
