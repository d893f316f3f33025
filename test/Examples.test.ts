import { assert, describe, it } from "@effect/vitest"
import { Console, Effect } from "effect"
import { spawn } from "node:child_process"
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll } from "vitest"
import { report } from "../examples/support/output.ts"
import { runCommand } from "./support/command.ts"

// The examples import the package by its name, as users do, so they run on what the build made.

const root = fileURLToPath(new URL("..", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "examples-"))
afterAll(() => rmSync(folder, { recursive: true }))
beforeAll(async () => {
  const built = await runCommand("npm", ["run", "--silent", "build"], { cwd: root })
  assert.strictEqual(built.code, 0, built.output)
})

const withoutStripe = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("STRIPE_")))

const run = (name: string, parameters: ReadonlyArray<string> = [], env: Record<string, string> = {}, head = false) =>
  new Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }>((resolve) => {
    const child = spawn(process.execPath, [join(root, "examples", name), ...parameters], {
      cwd: folder,
      env: { ...withoutStripe, NO_COLOR: "1", ...env }
    })
    let output = ""
    let errors = ""
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString()
      // As `| head -1` does.
      if (head && output.includes("\n")) child.stdout.destroy()
    })
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()))
    child.on("close", (code) => resolve({ code, output, errors }))
  })

const readingSandbox = /^Reading the sandbox/

/** A sandbox on a free port, as `npm run sandbox` starts it, until the test ends it. */
const startSandbox = (parameters: ReadonlyArray<string>) =>
  new Promise<{ readonly url: string; readonly stop: () => Promise<void> }>((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, "examples/sandbox.ts"), "--port", "0", ...parameters], {
      env: withoutStripe
    })
    const closed = new Promise<void>((resolve) => child.on("close", () => resolve()))
    child.on("error", reject)
    let said = ""
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString()
      const url = /http:\/\/[\d.:]+/.exec(said)?.[0]
      if (url === undefined) return
      resolve({
        url,
        stop: () => {
          child.kill("SIGINT")
          return closed
        }
      })
    })
  })

describe("the examples", () => {
  it("quickstart shows the five newest verified sessions", async () => {
    const { code, output } = await run("quickstart.ts")
    assert.strictEqual(code, 0)
    const [first, ...rows] = output.trim().split("\n")
    assert.match(first ?? "", readingSandbox)
    assert.strictEqual(rows.length, 5)
    for (const row of rows) assert.match(row, /^vs_\w+ 2025-\d\d-\d\dT/)
  })

  it("testing passes its own assertions", async () => {
    const { code, output } = await run("testing.ts")
    assert.strictEqual(code, 0, output)
    assert.match(output, readingSandbox)
    assert.match(output, /250 sessions were counted in 4 requests/)
  })

  for (const name of ["errors.ts", "testing.ts", "parallel.ts"]) {
    it(`${name} ends without a stack trace when nobody reads on, as after "| head -1"`, async () => {
      const { code, errors } = await run(name, [], {}, true)
      assert.notInclude(errors, "EPIPE")
      assert.strictEqual(code, 0, errors)
    })
  }

  for (const name of ["quickstart.ts", "reports.ts", "observability.ts", "filter-cli.ts"]) {
    it.skipIf(!existsSync("/dev/full"))(
      `${name} says on a full disk that rows are missing, without a stack trace`,
      async () => {
        const full = openSync("/dev/full", "w")
        const child = spawn(process.execPath, [join(root, "examples", name)], {
          env: { ...withoutStripe, NO_COLOR: "1" },
          stdio: ["ignore", full, "pipe"]
        })
        closeSync(full)
        let errors = ""
        child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()))
        const code = await new Promise<number | null>((resolve) => child.on("close", resolve))
        assert.strictEqual(code, 1, errors)
        assert.strictEqual(
          errors.trimEnd().split("\n").at(-1),
          "Cannot write any more: ENOSPC: no space left on device, write"
        )
      }
    )
  }

  for (const name of ["parallel", "reports", "quickstart", "errors", "observability", "testing"]) {
    it(`${name} takes no arguments, and says so before it reads anything`, async () => {
      const help = await run(`${name}.ts`, ["--help"])
      assert.deepStrictEqual([help.code, help.errors], [0, ""])
      assert.match(
        help.output,
        /^[^\n]* takes no arguments, and reads (Stripe where STRIPE_API_KEY|the sandbox)[^\n]*\n$/
      )
      const refused = await run(`${name}.ts`, ["--created", "2025"])
      assert.deepStrictEqual(refused, { code: 2, output: "", errors: help.output })
    })
  }

  it("show no password of an address", async () => {
    const env = { STRIPE_API_KEY: "sk_test_SANDBOX_full_access_key" }
    for (const address of ["http://user:SECRETKEY@h/", "user:SECRET/SECRETKEY@h"]) {
      const { code, errors, output } = await run("quickstart.ts", [], { ...env, STRIPE_API_BASE: address })
      assert.strictEqual(code, 1)
      assert.match(output, /^Reading Stripe at …@h\/? with/)
      assert.match(errors, /apiBase: expected a .*, got "(http:\/\/)?<redacted>@h\/?"/)
      assert.notInclude(output + errors, "SECRET")
    }
  })

  it("parallel says so when sessions were created between its reads", async () => {
    const { stop, url } = await startSandbox(["--sessions", "300"])
    const inserting = setInterval(() => void fetch(`${url}/_sandbox/insert`, { method: "POST", body: "{}" }), 50)
    const env = { STRIPE_API_KEY: "sk_test_SANDBOX_full_access_key", STRIPE_API_BASE: url }
    const { code, errors } = await run("parallel.ts", [], env)
    clearInterval(inserting)
    await stop()
    assert.strictEqual(code, 1)
    assert.match(errors, /The two reads differ; were sessions created in between\?\n$/)
  })

  it("show the stack trace of a bug, and nothing of an interruption", async () => {
    const said: Array<unknown> = []
    const silent = { ...console, error: (text: unknown) => said.push(text) }
    const ends = [Effect.die(new Error("a bug")), Effect.interrupt, Effect.fail(new Error("an error"))]
    for (const end of ends) {
      await Effect.runPromiseExit(end.pipe(Effect.tapCause(report), Effect.provideService(Console.Console, silent)))
    }
    assert.lengthOf(said, 2)
    assert.match(String(said[0]), /^Error: a bug\n {4}at /)
    assert.strictEqual(said[1], "an error")
  })

  for (const name of ["export", "tail", "mirror", "webhook", "filter-cli", "filter-http", "sandbox"]) {
    it(`${name} says in one line that a flag is wrong, and nothing to what reads its output`, async () => {
      const { code, errors, output } = await run(`${name}.ts`, ["--outptu", "x"])
      assert.deepStrictEqual([code, output], [1, ""])
      assert.match(errors, /^Unrecognized flag: --outptu in command [^\n]* \(--help shows the flags\)\n$/)
    })
  }

  it("filter-http says which ports there are", async () => {
    const { code, errors } = await run("filter-http.ts", ["--port", "70000"])
    assert.strictEqual(code, 1)
    assert.match(errors, /^Invalid value for flag --port: "70000"\. Expected: a port between 0 and 65535 \(/)
  })

  it("reports counts how checks ended, and shows nothing that was checked", async () => {
    const { code, output } = await run("reports.ts")
    assert.strictEqual(code, 0, output)
    const [first, ...lines] = output.trim().split("\n")
    assert.match(first ?? "", readingSandbox)
    for (const line of lines) assert.match(line, /^ *\d+ (reports|\w+ +(un)?verified( \(\w+\))?)$/)
    const total = (pattern: RegExp) =>
      lines.filter((line) => pattern.test(line)).reduce((sum, line) => sum + Number.parseInt(line, 10), 0)
    for (const check of ["document", "selfie", "id_number", "email", "phone"]) {
      assert.isAbove(total(new RegExp(`\\d ${check} +verified$`)), 0, check)
      assert.isAbove(total(new RegExp(`\\d ${check} +unverified \\(${check}_\\w+\\)$`)), 0, check)
    }
    // Every report has one of these checks, and none has two.
    assert.strictEqual(total(/\d (document|id_number) /), total(/reports$/))
  })
})

describe("the export", () => {
  it("writes exactly the sandbox's verified sessions, without secrets, and says what it did", async () => {
    const file = join(folder, "whole.ndjson")
    const { url, stop } = await startSandbox(["--sessions", "2500"])
    const env = { STRIPE_API_KEY: "sk_test_SANDBOX_full_access_key", STRIPE_API_BASE: url }
    const { code, errors, output } = await run("export.ts", ["--output", file], env)
    assert.strictEqual(code, 0, errors)
    assert.match(output, /^Reading Stripe at http:/)
    const lines = readFileSync(file, "utf8").split("\n")
    assert.strictEqual(lines.pop(), "")
    const rows = lines.map((line) => JSON.parse(line))
    // The list as any HTTP client sees it.
    const expected: Array<string> = []
    for (let more = true; more;) {
      const cursor = expected.length === 0 ? "" : `&starting_after=${expected.at(-1)}`
      const reply = await fetch(`${url}/v1/identity/verification_sessions?status=verified&limit=100${cursor}`, {
        headers: { authorization: `Bearer ${env.STRIPE_API_KEY}` }
      })
      const page = (await reply.json()) as { data: ReadonlyArray<{ id: string }>; has_more: boolean }
      expected.push(...page.data.map(({ id }) => id))
      more = page.has_more
    }
    await stop()
    assert.deepStrictEqual(
      rows.map(({ id }) => id),
      expected
    )
    assert.isAbove(expected.length, 1000)
    for (const row of rows) assert.doesNotHaveAnyKeys(row, ["client_secret", "url", "provided_details"])
    const pages = Math.ceil(expected.length / 100)
    assert.include(output, `${expected.length} verified sessions in ${pages} pages, ${pages} requests`)
    assert.include(output, file)
    assert.isFalse(existsSync(`${file}.partial`))
  })

  it("interrupted with Ctrl-C leaves a file of whole lines, and not under the name of a complete one", async () => {
    const file = join(folder, "interrupted.ndjson")
    const { url, stop } = await startSandbox(["--sessions", "100000", "--latency", "40"])
    const env = { ...withoutStripe, STRIPE_API_KEY: "sk_test_SANDBOX_full_access_key", STRIPE_API_BASE: url }
    const child = spawn(process.execPath, [join(root, "examples/export.ts"), "--output", file], { env })
    let errors = ""
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()))
    const size = () => (existsSync(`${file}.partial`) ? readFileSync(`${file}.partial`).length : 0)
    while (size() < 100_000) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill("SIGINT")
    const code = await new Promise((resolve) => child.on("close", resolve))
    await stop()
    assert.notStrictEqual(code, 0)
    const text = readFileSync(`${file}.partial`, "utf8")
    assert.isTrue(text.endsWith("\n"))
    const rows = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    assert.isTrue(rows.every((row) => row.status === "verified"))
    assert.isTrue(errors.endsWith(`${file} was not written. Continue with --resume.\n`), errors)
    assert.isFalse(existsSync(file))
  })

  it("a wrong key is one sentence that says what to do, and no stack trace", async () => {
    const { url, stop } = await startSandbox(["--sessions", "10"])
    const { code, errors } = await run("export.ts", ["--output", join(folder, "never.ndjson")], {
      STRIPE_API_KEY: "sk_test_planted_wrong_key",
      STRIPE_API_BASE: url
    })
    await stop()
    assert.strictEqual(code, 1)
    assert.match(errors, /^[^\n]*AuthenticationError[^\n]*STRIPE_API_KEY[^\n]*\n$/)
    assert.notInclude(errors, "planted")
  })
})

describe("an empty key, as STRIPE_API_KEY=$UNSET gives one", () => {
  for (const name of ["export.ts", "quickstart.ts", "filter-cli.ts", "filter-http.ts"]) {
    it(`is refused by ${name}, and does not mean the sandbox, whose sessions are invented`, async () => {
      const { code, errors, output } = await run(name, [], { STRIPE_API_KEY: "" })
      assert.strictEqual(code, 1, output)
      const said = `${output}${errors}`.trim().replace(/^SourceError: /, "")
      assert.strictEqual(said, "STRIPE_API_KEY: expected a secret key (sk_…) or restricted key (rk_…), got nothing")
      assert.isFalse(existsSync(join(folder, "out")))
    })
  }
})

describe("npm start", () => {
  it("is the export", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    assert.match(scripts.start, /examples\/export\.ts/)
  })
})
