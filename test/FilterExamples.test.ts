import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Redacted } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { spawn } from "node:child_process"
import { request } from "node:http"
import { fileURLToPath } from "node:url"
import { runExample } from "./support/programs.ts"
import { baseUrl, server } from "./support/sandboxServer.ts"

// What people meet who type the commands, and what a client of the server meets on a real socket.

const root = fileURLToPath(new URL("..", import.meta.url))
const withoutStripe = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("STRIPE_")))

const cli = (parameters: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  new Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }>((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--import", "./test/support/sandboxSources.ts", "examples/filter-cli.ts", ...parameters],
      { cwd: root, env: { ...withoutStripe, NO_COLOR: "1", ...env } }
    )
    let output = ""
    let errors = ""
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()))
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, output, errors }))
  })

const reading = "Reading the sandbox, a simulated Stripe. Set STRIPE_API_KEY to read your own sessions.\n"

interface Row {
  readonly id: string
  readonly status: string
  readonly created: number
  readonly metadata: Record<string, string>
}

// Type boundary: what the example wrote with `VerificationSession.Json`.
const rowsOf = (ndjson: string) =>
  ndjson
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row)

describe("filter-cli", { timeout: 60_000 }, () => {
  const asked = ["--status", "verified", "--created", "30d", "--metadata", "plan=pro"]

  it("writes the rows that were asked for, and nothing else, to standard output", async () => {
    const [ndjson, csv, table] = await Promise.all([
      cli([...asked, "--format", "ndjson"]),
      cli([...asked, "--format", "csv"]),
      cli(asked)
    ])
    const rows = rowsOf(ndjson.output)
    assert.isAbove(rows.length, 10)
    for (const row of rows) {
      assert.strictEqual(row.status, "verified")
      assert.strictEqual(row.metadata["plan"], "pro")
      assert.isAbove(row.created * 1000, Date.now() - 31 * 24 * 3600_000)
      assert.notProperty(row, "provided_details")
    }
    assert.deepStrictEqual([ndjson.code, ndjson.errors], [0, `${reading}${rows.length} sessions\n`])
    assert.match(csv.output, /^id,created,status,type,client_reference_id,last_error,metadata\r\n/)
    assert.match(table.output, /^id {28}created {19}status/)
    // The sandbox ends where the clock stood when each command began, so only the number of rows is the same.
    for (const lines of [csv.output, table.output]) {
      assert.isAtMost(Math.abs(lines.trimEnd().split("\n").length - 1 - rows.length), 1)
    }
  })

  it("reveals a secret field only when it is named", async () => {
    const { output } = await cli([
      "--created",
      "5d",
      "--status",
      "verified",
      "--format",
      "ndjson",
      "--reveal",
      "verified_outputs"
    ])
    assert.include(output, `"verified_outputs":{`)
    assert.notInclude(output, `"client_secret"`)
  })

  it("says every mistake at once, by its flag, and reads nothing", async () => {
    const { code, errors, output } = await cli(
      ["--status", "verfied", "--created", "gtee=5", "--last-error", "abandonned", "--metadata", "plan"],
      // There is nothing at this address: a request would be an error of its own.
      { STRIPE_API_KEY: "sk_test_none", STRIPE_API_BASE: "http://127.0.0.1:9" }
    )
    assert.strictEqual(code, 1)
    assert.strictEqual(output, "")
    const lines = errors.trimEnd().split("\n")
    assert.deepStrictEqual(
      lines.map((line) => line.replace(/expected .*, got/, "…, got")),
      [
        '--created gtee: …, got "gtee". Did you mean "gte"?',
        '--status: …, got "verfied". Did you mean "verified"?',
        '--last-error: …, got "abandonned". Did you mean "abandoned"?',
        '--metadata plan: …, got ""'
      ]
    )
  })

  it("has help with examples, and completes flags and their values", async () => {
    const [help, completions] = await Promise.all([cli(["--help"]), cli(["--completions", "bash"])])
    assert.include(help.output, "filter-cli --status verified --created 7d --metadata plan=pro --format csv")
    assert.include(help.output, "--status choice")
    for (const word of ["--metadata", "requires_input", "selfie_face_mismatch", "ndjson"]) {
      assert.include(completions.output, word)
    }
  })

  it.live("shows in its table what it was given, and obeys none of it", () =>
    Effect.gen(function* () {
      const { insert } = yield* Sandbox.Sandbox
      const forged = "vs_forged  2026-01-01T00:00:00.000Z  verified"
      const values = [`x\n${forged}`, `x\r\u001b[2K${forged}`, "\u009b1A", "\u202etxet", "\u2066\u2028", "\u200b", "\t"]
      for (const [at, value] of values.entries()) {
        yield* insert({ id: `vs_${at}`, metadata: { [`key${value}`]: value }, client_reference_id: value })
      }
      const env = { STRIPE_API_KEY: Redacted.value(Sandbox.apiKey), STRIPE_API_BASE: yield* baseUrl }
      const table = yield* Effect.promise(() => cli([], env))
      assert.match(table.errors, /7 sessions\n$/)
      assert.notMatch(table.output, /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u)
      const [, ...lines] = table.output.trimEnd().split("\n")
      assert.sameMembers(
        lines.map((line) => line.slice(0, 4)),
        values.map((_, at) => `vs_${at}`)
      )
      assert.include(table.output, `{"keyx\\n${forged}":"x\\n${forged}"}`)
      // NDJSON says the same values, and is as harmless; CSV has every value as it is.
      const ndjson = yield* Effect.promise(() => cli(["--format", "ndjson"], env))
      assert.notMatch(ndjson.output, /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u)
      const rows = rowsOf(ndjson.output)
      for (const [at, value] of values.entries()) {
        assert.deepStrictEqual(rows.find(({ id }) => id === `vs_${at}`)?.metadata, { [`key${value}`]: value })
      }
      const csv = yield* Effect.promise(() => cli(["--format", "csv"], env))
      const quoted = JSON.stringify({ "key\t": "\t" }).replaceAll('"', '""')
      assert.include(csv.output, `,"${quoted}"\r\n`)
    }).pipe(Effect.provide(server({ sessions: 0 })))
  )

  it("says what it reads when that is Stripe", async () => {
    const { code, errors } = await cli(["--status", "verified"], {
      STRIPE_API_KEY: "sk_test_none",
      STRIPE_API_BASE: "not a URL"
    })
    assert.strictEqual(code, 1)
    assert.match(errors, /^Reading Stripe at not a URL with the key in STRIPE_API_KEY\.\n/)
  })
})

describe("filter-http", { timeout: 60_000 }, () => {
  /** Where the program answers, until the test ends. */
  const start = Effect.gen(function* () {
    const listening = yield* Deferred.make<string>()
    const onOutput = (output: string) => {
      const address = /curl "(\S+)\/sessions/.exec(output)?.[1]
      if (address !== undefined) Deferred.doneUnsafe(listening, Effect.succeed(address))
    }
    yield* Effect.forkScoped(runExample("filter-http.ts", ["--port", "0"], { url: yield* baseUrl, onOutput }))
    return yield* Deferred.await(listening)
  })

  const url = (query: string) => Effect.map(start, (address) => `${address}/sessions?${query}`)

  const get = Effect.fnUntraced(function* (query: string) {
    const address = yield* url(query)
    return yield* Effect.promise(async () => {
      const response = await fetch(address)
      return { status: response.status, type: response.headers.get("content-type"), text: await response.text() }
    })
  })

  it.live("answers a query that works with curl, row by row", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const all = yield* sandbox.sessions
      const expected = all.filter(
        (row) => row.status === "verified" && row.created >= 1_745_000_000 && row.metadata["plan"] === "pro"
      )
      const answer = yield* get("status=verified&created[gte]=1745000000&metadata[plan]=pro")
      assert.deepStrictEqual([answer.status, answer.type], [200, "application/x-ndjson"])
      assert.isAbove(expected.length, 20)
      assert.deepStrictEqual(
        rowsOf(answer.text).map(({ id }) => id),
        expected.map(({ id }) => id)
      )
      const encoded = yield* get("status=verified&created%5Bgte%5D=1745000000&metadata%5Bplan%5D=pro")
      assert.strictEqual(encoded.text, answer.text)
    }).pipe(Effect.scoped, Effect.provide(server({ sessions: 600 })))
  )

  it.live("answers 400 with every problem, without a request to Stripe", () =>
    Effect.gen(function* () {
      const { status, text } = yield* get("stauts=verified&created[gte]=1767225600000&type=documnet")
      assert.strictEqual(status, 400)
      // Type boundary: what the example wrote.
      const { problems } = JSON.parse(text) as { readonly problems: ReadonlyArray<Record<string, string>> }
      assert.deepStrictEqual(
        problems.map(({ actual, path }) => [path, actual]),
        [
          ["stauts", '"stauts"'],
          ["created.gte", '"1767225600000"'],
          ["type", '"documnet"']
        ]
      )
      assert.match(problems[2]?.["advice"] ?? "", /Did you mean "document"/)
      assert.deepStrictEqual(yield* Sandbox.Sandbox.use((sandbox) => sandbox.requests), [])
    }).pipe(Effect.scoped, Effect.provide(server({ sessions: 10 })))
  )

  it.live("answers to its own address alone, and reads nothing for another, such as a page's that points here", () =>
    Effect.gen(function* () {
      const { port } = new URL(yield* url(""))
      const ask = (host: string, path = "/sessions?status=verified") =>
        Effect.callback<readonly [status: number | undefined, text: string]>((resume) => {
          const outgoing = request({ port, host: "127.0.0.1", path, headers: { host }, agent: false }, (response) => {
            let text = ""
            response.on("data", (chunk: Buffer) => (text += chunk.toString()))
            response.on("end", () => resume(Effect.succeed([response.statusCode, text])))
          })
          outgoing.end()
        })
      const own = `127.0.0.1:${port}, localhost:${port}, [::1]:${port}`
      const foreign = [
        "evil.example",
        `evil.example:${port}`,
        "127.0.0.1",
        "localhost:1",
        `127.0.0.1.evil.example:${port}`
      ]
      for (const host of [...foreign, `localhost:${port}.evil.example`]) {
        for (const path of ["/sessions", "/nothing"]) {
          const [status, text] = yield* ask(host, path)
          assert.deepStrictEqual(
            [status, JSON.parse(text)],
            [421, { problems: [{ path: "Host", actual: JSON.stringify(host), expected: own }] }],
            host
          )
        }
      }
      assert.deepStrictEqual(yield* Sandbox.Sandbox.use((sandbox) => sandbox.requests), [])
      for (const host of [`127.0.0.1:${port}`, `LocalHost:${port}`, `[::1]:${port}`]) {
        assert.strictEqual((yield* ask(host))[0], 200, host)
      }
    }).pipe(Effect.scoped, Effect.provide(server({ sessions: 10 })))
  )

  it.live("stops reading Stripe when the client goes away", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const address = yield* url("livemode=false")
      const rows = yield* Effect.callback<number>((resume) => {
        const outgoing = request(address, { agent: false }, (response) => {
          let received = 0
          response.on("data", (chunk: Buffer) => {
            received += chunk.toString().split("\n").length - 1
            // Enough to know that the answer runs, and far from all.
            if (received < 200) return
            outgoing.destroy()
            resume(Effect.succeed(received))
          })
          response.on("error", () => {})
        })
        outgoing.on("error", () => {})
        outgoing.end()
      })
      yield* Effect.repeat(Effect.andThen(Effect.sleep("20 millis"), sandbox.requests), {
        until: (seen) => seen.every(({ outcome }) => outcome !== "open")
      })
      const after = yield* sandbox.requests
      yield* Effect.sleep("500 millis")
      assert.deepStrictEqual(yield* sandbox.requests, after)
      assert.isAtMost(after.length, rows / 100 + 4)
      assert.deepStrictEqual(
        after.filter(({ outcome }) => outcome === "open"),
        []
      )
    }).pipe(Effect.scoped, Effect.provide(server({ sessions: 100_000, latency: Duration.millis(20) })))
  )

  it.live("breaks the connection off when reading fails, so that a short answer never looks complete", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      yield* sandbox.inject(Sandbox.Fault.EmptyPageWithMore(), { skip: 1 })
      const address = yield* url("")
      const outcome = yield* Effect.promise(() =>
        fetch(address)
          .then((response) => response.text())
          .then(
            () => "complete",
            () => "broken off"
          )
      )
      assert.strictEqual(outcome, "broken off")
    }).pipe(Effect.scoped, Effect.provide(server({ sessions: 300, latency: Duration.millis(20) })))
  )
})
