import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Predicate, Redacted } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { once } from "node:events"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Databases from "./support/databases.ts"
import { runExample } from "./support/programs.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

// examples/mirror.ts as a program, on a sandbox on a port.

const there = (options?: Sandbox.Options) =>
  Layer.fresh(Layer.mergeAll(server({ sessions: 1000, redactionTime: "10 millis", ...options }), NodeFileSystem.layer))

const folder = FileSystem.FileSystem.use((fileSystem) => fileSystem.makeTempDirectoryScoped({ prefix: "mirror-" }))

const execute = (path: string, sql: string) => {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

const statusIn = (path: string, id: string | undefined) => {
  const database = new DatabaseSync(path, { readOnly: true })
  const row = database.prepare("SELECT status, redaction_status FROM verification_sessions WHERE id = ?").get(id ?? "")
  database.close()
  return [row?.["status"], row?.["redaction_status"]]
}

/** A second has to be over before its events are read. */
const settled = Effect.sleep("2500 millis")

describe("mirror", () => {
  it.live("reads everything first, then what is new and what changed, and says what it did", () =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const path = join(yield* folder, "new", "mirror.db")
      const run = (...parameters: ReadonlyArray<string>) =>
        runExample("mirror.ts", ["--database", `sqlite:${path}`, "--settle", "1", ...parameters], { url })
      const first = yield* run()
      assert.match(
        first.output,
        /^Reading Stripe at .*\n1000 new, 0 changed \(0 redacted\), 0 audited, 1[01] requests\. The database has 1000 sessions: sqlite:/
      )
      assert.strictEqual(statSync(path).mode & 0o777, 0o600)

      const sandbox = yield* Sandbox.Sandbox
      const sessions = yield* sandbox.sessions
      const idOf = (status: string) => sessions.find((row) => row.status === status && row.redaction === null)?.id ?? ""
      const [passed, redacted] = [idOf("processing"), idOf("verified")]
      for (let count = 0; count < 3; count++) yield* sandbox.insert()
      yield* sandbox.pass(passed)
      yield* sandbox.redact(redacted)
      yield* settled
      const second = yield* run("--quiet")
      // The three new sessions have events, too.
      assert.match(second.output, /\n3 new, 5 changed \(1 redacted\), 0 audited, .* has 1003 sessions/)
      assert.strictEqual(second.errors, "")
      assert.deepStrictEqual(statusIn(path, passed), ["verified", null])
      assert.deepStrictEqual(statusIn(path, redacted), ["verified", "redacted"])

      // What no event tells, a full read finds.
      const edited = idOf("canceled")
      yield* sandbox.update(edited, { status: "requires_input" })
      yield* settled
      const third = yield* run("--audit", "never")
      assert.match(third.output, /\n0 new, \d changed \(\d redacted\), 0 audited/)
      assert.strictEqual(statusIn(path, edited)[0], "canceled")
      const audit = yield* run("--audit", "1 second")
      assert.match(audit.output, /, 1003 audited, .* has 1003 sessions/)
      assert.strictEqual(statusIn(path, edited)[0], "requires_input")
    }).pipe(Effect.scoped, Effect.provide(there()))
  )

  it.live("keeps the rows of other tables that refer to a session", () =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const path = join(yield* folder, "mirror.db")
      const run = runExample("mirror.ts", ["--database", `sqlite:${path}`, "--quiet", "--audit", "1 millis"], { url })
      yield* run
      execute(
        path,
        `CREATE TABLE notes (
           account TEXT, session TEXT, FOREIGN KEY (account, session) REFERENCES verification_sessions ON DELETE CASCADE
         ) STRICT;
         INSERT INTO notes SELECT account, id FROM verification_sessions;
         UPDATE verification_sessions SET status = 'stale'`
      )
      yield* run
      const database = new DatabaseSync(path, { readOnly: true })
      const count = (sql: string) => database.prepare(`SELECT count(*) AS count FROM ${sql}`).get()?.["count"]
      assert.strictEqual(count("notes"), 1000)
      assert.strictEqual(count("verification_sessions WHERE status = 'stale'"), 0)
      database.close()
    }).pipe(Effect.scoped, Effect.provide(there()))
  )
})

describe("mirror says in one line what is wrong and what to do, and changes nothing", () => {
  /** Runs it on a database that it cannot use. */
  const refusing = (path: string, words: RegExp, key?: string) =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const before = readFileSync(path)
      const { code, errors, output } = yield* runExample(
        "mirror.ts",
        ["--database", `sqlite:${path}`, "--quiet", "--settle", "1"],
        { url, key }
      )
      assert.strictEqual(code, 1, `${words}: ${output}`)
      assert.match(output, /^(Reading Stripe at [^\n]*\n)?$/)
      assert.match(errors, /^[^\n]+\n$/)
      assert.match(errors, words)
      assert.isTrue(readFileSync(path).equals(before), `${words} changed the file`)
    })

  // With a `#` or a `/` in its password, an address is not a URL. What a program prints often ends in a log.
  it.live.each(["mirror.ts", "webhook.ts"])("with an invalid address, without its password: %s", (program) =>
    Effect.gen(function* () {
      const url = "http://127.0.0.1:1"
      const address = "postgres://me:planted#word@host/name"
      const { code, errors, output } = yield* runExample(program, ["--database", address], { url })
      assert.strictEqual(code, 1)
      assert.include(errors, "Expected: sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME")
      assert.notMatch(output + errors, /planted/)
    })
  )

  it.live("with a database of another mode, account, list or version", () =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const path = join(yield* folder, "mirror.db")
      yield* runExample("mirror.ts", ["--database", `sqlite:${path}`, "--quiet"], { url })
      const whole = readFileSync(path)
      const set = (change: string) => {
        writeFileSync(path, whole)
        execute(path, `UPDATE verification_sessions_checkpoints SET checkpoint = ${change}`)
      }
      const live = Redacted.value(Sandbox.liveApiKey)
      yield* refusing(path, /of live mode, as the key is, got one of test mode\. Use a key of test mode, or/, live)
      set("json_set(checkpoint, '$.livemode', json('true'))")
      yield* refusing(path, /of test mode, as the key is, got one of live mode\. Use a key of live mode, or/)
      set("json_set(checkpoint, '$.range.newest.id', 'vs_gone', '$.range.oldest.id', 'vs_gone')")
      yield* refusing(path, /Use the key it was made with \(same account and mode\)\. If test data was deleted, store/)
      set("json_set(checkpoint, '$.account', 'acct_1')")
      yield* refusing(path, /Expected a checkpoint of .*acct_1/)
      set("json_set(checkpoint, '$.filter', '0123456789abcdef')")
      yield* refusing(path, /of this filter .*, got one of another.*elsewhere/)
      set("json_set(checkpoint, '$.version', 7)")
      yield* refusing(path, /version 7.*Update effect-stripe-identity/)
      set("substr(checkpoint, 1, 30)")
      yield* refusing(path, /Restore it from a backup, or start over/)
    }).pipe(Effect.scoped, Effect.provide(there()))
  )

  it.live("with a table of another program, with other columns, and with a file that is no database", () =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const inside = yield* folder
      const path = join(inside, "mirror.db")
      yield* runExample("mirror.ts", ["--database", `sqlite:${path}`, "--quiet"], { url })
      const whole = readFileSync(path)
      execute(path, "ALTER TABLE verification_sessions DROP COLUMN metadata")
      yield* refusing(
        path,
        /the table verification_sessions to have metadata, which it lacks\. Run the migrations of this version\. .*use another table/
      )

      const other = join(inside, "other.db")
      execute(other, "PRAGMA journal_mode = WAL; CREATE TABLE verification_sessions (id TEXT, note TEXT)")
      yield* refusing(
        other,
        /Expected to create the table verification_sessions, found one that these migrations did not create\. Use another table/
      )

      writeFileSync(path, Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 7)]))
      yield* refusing(path, /^The database refused: .*malformed.*Restore it from a backup, or move it away/)
      writeFileSync(path, "this is no database, whatever its name says")
      yield* refusing(path, /^The database refused: file is not a database\. Name another file\.\n$/)

      for (const [name, words] of [
        ["", /The name of the file is empty/],
        [inside, /is a folder\. Name a file in it/],
        [join(path, "below-a-file.db"), /Make room for it, or name another file/]
      ] as const) {
        const { code, errors } = yield* runExample("mirror.ts", ["--database", `sqlite:${name}`], { url })
        assert.strictEqual(code, 1)
        assert.match(errors, /^[^\n]+\n$/)
        assert.match(errors, words)
      }
    }).pipe(Effect.scoped, Effect.provide(there()))
  )

  it.live("with a key that may not read events", () =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const path = join(yield* folder, "mirror.db")
      const key = Redacted.value(Sandbox.eventlessApiKey)
      // Nothing of the events is old enough to be read.
      const first = yield* runExample("mirror.ts", ["--database", `sqlite:${path}`, "--quiet"], { url, key })
      assert.strictEqual(first.code, 0, first.errors)
      yield* settled
      yield* refusing(path, /PermissionError: .*"Events: read"/, key)
    }).pipe(Effect.scoped, Effect.provide(there()))
  )

  it.live("while another program writes, and resumes when that has ended", () =>
    Effect.gen(function* () {
      const url = yield* baseUrl
      const path = join(yield* folder, "mirror.db")
      const run = runExample("mirror.ts", ["--database", `sqlite:${path}`, "--quiet"], { url })
      yield* run
      yield* Sandbox.Sandbox.use((sandbox) => sandbox.insert({ created: Math.floor(Date.now() / 1000) - 600 }))
      const other = new DatabaseSync(path)
      other.exec("BEGIN IMMEDIATE")
      const refused = yield* run
      other.exec("COMMIT")
      other.close()
      assert.strictEqual(refused.code, 1)
      assert.match(
        refused.errors,
        /^The database refused: database is locked\. Another program is writing to it\. Wait.*resumes from what is stored\.\n$/
      )
      assert.match((yield* run).output, /\n1 new, .*has 1001 sessions/)
    }).pipe(Effect.scoped, Effect.provide(there()))
  )

  it.live(
    "where three run at once: what one of them stored is exact, and the others say that they stored nothing",
    () =>
      Effect.gen(function* () {
        const url = yield* baseUrl
        const path = join(yield* folder, "mirror.db")
        const run = runExample("mirror.ts", ["--database", `sqlite:${path}`, "--quiet"], { url })
        const all = yield* Effect.all([run, run, run], { concurrency: "unbounded" })
        assert.isTrue(all.some(({ code }) => code === 0))
        for (const { code, errors } of all) {
          if (code !== 0) {
            assert.match(
              errors,
              /^SqlDestination: CheckpointMovedError: .*Nothing was stored\. If two programs or runs store it, stop one\. Run the other again to resume\.\n$/
            )
          }
        }
        assert.match((yield* run).output, /\n0 new, .*has 1000 sessions/)
      }).pipe(Effect.scoped, Effect.provide(there({ latency: "30 millis" })))
  )

  const refusedBy = Effect.fnUntraced(function* (address: string, words: RegExp) {
    const url = yield* baseUrl
    const { code, errors } = yield* runExample("mirror.ts", ["--database", address, "--quiet"], { url })
    assert.strictEqual(code, 1)
    assert.match(errors, /^[^\n]+\n$/)
    assert.match(errors, words)
    assert.notInclude(errors, "hunter2")
  })

  it.live("where no Postgres answers", () =>
    Effect.gen(function* () {
      yield* refusedBy(
        "postgres://me:hunter2@127.0.0.1:1/sessions",
        /^The database refused: .*ECONNREFUSED.*Check the address and that the server accepts connections/
      )
    }).pipe(Effect.provide(there()))
  )

  it.live("where a pooler does not accept the limits of a connection, or Postgres does not accept the rows", () =>
    Effect.gen(function* () {
      let refusal = ["", ""]
      const server = createServer((socket) => {
        const [code, message] = refusal
        const fields = ["SFATAL", `C${code}`, `M${message}`, "", ""].join("\0")
        const length = Buffer.alloc(4)
        length.writeInt32BE(4 + fields.length)
        socket.once("data", () => socket.end(Buffer.concat([Buffer.from("E"), length, Buffer.from(fields)])))
      })
      yield* Effect.acquireRelease(
        Effect.promise(() => once(server.listen(0, "127.0.0.1"), "listening")),
        () => Effect.sync(() => server.close())
      )
      const address = server.address()
      const port = Predicate.hasProperty(address, "port") ? address.port : undefined
      for (const [code, message, words] of [
        ["08P01", "no lock_timeout", /no lock_timeout\. Name the server itself and not a pooler, and run this again/],
        ["22P05", "no letter", /no letter\. Make a database with the encoding UTF8, and name that one\./],
        ["22001", "too long", /too long\. Change this rule of the database, and run this again/],
        ["P0001", "not today", /not today\. Change this rule of the database, and run this again/],
        ["40001", "a conflict", /a conflict\. Another program wrote to the same rows\. Wait until that has ended/]
      ] as const) {
        refusal = [code, message]
        yield* refusedBy(`postgres://me@127.0.0.1:${String(port)}/sessions`, words)
      }
    }).pipe(Effect.scoped, Effect.provide(there()))
  )

  it.live.skipIf(Databases.withoutPostgres !== undefined)(
    "where Postgres knows no such database, schema or user, holds a lock, or has a limit or a rule of its own",
    () =>
      Effect.gen(function* () {
        const { address, open } = yield* Databases.Database
        const changed = (change: (url: URL) => void) => {
          const url = new URL(address)
          change(url)
          return url.href
        }
        yield* refusedBy(
          changed((url) => (url.pathname = "/nowhere")),
          /"nowhere" does not exist\. Make the database first/
        )
        // The address ends with a search_path.
        yield* refusedBy(
          `${address}_not_made`,
          /no schema has been selected to create in\. Make that of the search_path/
        )
        yield* refusedBy(
          changed((url) => {
            url.username = "nobody_at_all"
            url.password = "hunter2"
          }),
          /Check the user and the password in the address\. If the server wants encryption, add sslmode=require to it\./
        )
        const url = yield* baseUrl
        const sql = yield* open
        yield* runExample("mirror.ts", ["--database", address, "--quiet"], { url })
        yield* Sandbox.Sandbox.use((sandbox) => sandbox.insert({ created: Math.floor(Date.now() / 1000) - 600 }))
        yield* sql.withTransaction(
          Effect.andThen(
            sql.unsafe("LOCK TABLE verification_sessions_checkpoints IN SHARE MODE", []),
            Effect.andThen(
              refusedBy(address, /lock timeout\. Another program holds a lock\. Wait until that has ended/),
              refusedBy(
                `${address} -c statement_timeout=300ms`,
                /statement timeout\. Raise its statement_timeout, or wait until it is less busy, and run this again/
              )
            )
          )
        )
        yield* sql.unsafe("ALTER TABLE verification_sessions ADD CONSTRAINT own CHECK (false) NOT VALID", [])
        yield* refusedBy(address, /check constraint "own"\. Change this rule of the database, and run this again/)
        yield* sql.unsafe("ALTER TABLE verification_sessions DROP CONSTRAINT own", [])
        yield* sql.unsafe("ALTER TABLE verification_sessions ALTER COLUMN related_person TYPE integer USING 1", [])
        yield* refusedBy(address, /is of type integer but .*\. Change this rule of the database, and run this again/)
        yield* sql.unsafe("ALTER TABLE verification_sessions ALTER COLUMN related_person TYPE text", [])
        const { code, output } = yield* runExample("mirror.ts", ["--database", address, "--quiet"], { url })
        assert.strictEqual(code, 0)
        assert.match(output, /\n1 new, .*has 1001 sessions: postgres:\/\/127\.0\.0\.1/)
        assert.notInclude(output, "@")
      }).pipe(Effect.scoped, Effect.provide([there(), Layer.fresh(Databases.postgres)]))
  )
})
