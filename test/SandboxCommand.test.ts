import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { createServer as createHttpServer } from "node:http"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import { Stripe } from "stripe"
import { runExample } from "./support/programs.ts"

// What a person meets who types `npm run sandbox`.

const root = fileURLToPath(new URL("..", import.meta.url))

/** Runs the command; `during` may look at it when it has printed its last line, after which it gets Ctrl-C. */
const sandbox = (flags: ReadonlyArray<string>, during: (output: string) => Promise<void> = async () => {}) =>
  Effect.promise(
    (signal) =>
      new Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }>(
        (resolve, reject) => {
          const child = spawn(
            process.execPath,
            ["--import", "./test/support/sandboxSources.ts", "examples/sandbox.ts", ...flags],
            { cwd: root, env: { ...process.env, NO_COLOR: "1" }, signal }
          )
          let output = ""
          let errors = ""
          child.stderr.on("data", (chunk) => (errors += chunk))
          child.stdout.on("data", (chunk) => {
            output += chunk
            if (!String(chunk).includes("Press Ctrl-C")) return
            during(output)
              .catch(reject)
              .finally(() => child.kill("SIGINT"))
          })
          child.on("error", reject)
          child.on("close", (code) => resolve({ code, output, errors }))
        }
      )
  )

describe("npm run sandbox", () => {
  it.live("says where it is, which key it takes and what to try, and ends with Ctrl-C", () =>
    Effect.gen(function* () {
      let rows: ReadonlyArray<unknown> = []
      const { code, errors, output } = yield* sandbox(
        ["--port", "0", "--sessions", "3", "--latency", "0"],
        async (output) => {
          const [, url = "", key = ""] = /curl "(\S+?)\?limit=2" -u (\S+):/.exec(output) ?? []
          const response = await fetch(url, { headers: { authorization: `Basic ${btoa(`${key}:`)}` } })
          // Type boundary: only the number of rows is of interest.
          rows = ((await response.json()) as { readonly data: ReadonlyArray<unknown> }).data
        }
      )
      assert.strictEqual(errors, "")
      assert.lengthOf(rows, 3)
      assert.match(
        output,
        /^A simulated Stripe with 3 verification sessions is listening on http:\/\/127\.0\.0\.1:\d+\n/
      )
      assert.match(output, /\nThe sandbox has ended\.\n$/)
      assert.strictEqual(code, 0)
    })
  )

  it.live("posts signed webhooks of what happens to a URL of this machine, and posts again what was refused", () =>
    Effect.gen(function* () {
      const bodies: Array<string> = []
      const types: Array<string> = []
      const receiver = createHttpServer((request, response) => {
        let body = ""
        request.on("data", (chunk) => (body += chunk))
        request.on("end", () => {
          bodies.push(body)
          const signature = request.headers["stripe-signature"] ?? ""
          types.push(Stripe.webhooks.constructEvent(body, signature, "whsec_SANDBOX_mine").type)
          response.writeHead(bodies.length === 1 ? 302 : 204, { location: "/" }).end()
        })
      })
      yield* Effect.promise(() => new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve)))
      const address = receiver.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const { errors, output } = yield* sandbox(
        ["--port", "0", "--webhook", `http://127.0.0.1:${port}/`, "--webhook-secret", "whsec_SANDBOX_mine"],
        async (output) => {
          const [, url = ""] = /curl (\S+\/_sandbox\/)insert/.exec(output) ?? []
          await fetch(`${url}insert`, { method: "POST", body: `{"id":"vs_1"}` })
          for (let count = 0; count < 200 && bodies.length < 2; count++) {
            await new Promise((resolve) => setTimeout(resolve, 25))
          }
          // The answer to the second has to be heard of.
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      )
      yield* Effect.promise(() => new Promise((resolve) => receiver.close(resolve)))
      assert.strictEqual(errors, "")
      assert.deepStrictEqual(types, Array(2).fill("identity.verification_session.created"))
      assert.strictEqual(bodies[0], bodies[1])
      assert.match(output, /\n302 for identity\S+ evt_\w+\n204 for identity\S+ evt_\w+\n/)
    })
  )

  it.live("ends with Ctrl-C while a request waits for its answer", () =>
    Effect.gen(function* () {
      // Who waits for the answer waits for ten minutes, which is longer than a test may take.
      const { code } = yield* sandbox(["--port", "0", "--latency", "600000"], async (output) => {
        const [, url = ""] = /curl "(\S+?)\?/.exec(output) ?? []
        fetch(url).catch(() => {})
        await new Promise((resolve) => setTimeout(resolve, 100))
      })
      assert.strictEqual(code, 0)
    })
  )

  it.live("continues when nobody reads what it says, as after | head -1", () =>
    Effect.gen(function* () {
      let url: string | undefined
      const answers: Array<number> = []
      const insert = Effect.promise(() => fetch(`${url}/_sandbox/insert`, { method: "POST", body: "{}" }))
      const { code, errors } = yield* runExample("sandbox.ts", ["--port", "0", "--webhook", "http://127.0.0.1:9/"], {
        url: "",
        head: true,
        onOutput: (output) => (url = /http:\S+/.exec(output)?.[0]),
        signal: "SIGINT",
        killedAfter: Effect.gen(function* () {
          yield* Effect.repeat(Effect.sleep("20 millis"), { until: () => url !== undefined })
          for (let turn = 0; turn < 3; turn++) {
            answers.push((yield* insert).status)
            yield* Effect.sleep("200 millis")
          }
        })
      })
      assert.deepStrictEqual([answers, code, errors], [[200, 200, 200], 0, ""])
    })
  )

  it.live("breaks every so many requests when told to", () =>
    Effect.gen(function* () {
      const seen: Array<number | string> = []
      const { errors, output } = yield* sandbox(["--port", "0", "--flaky", "2"], async (output) => {
        const [, url = "", key = ""] = /curl "(\S+?)\?limit=2" -u (\S+):/.exec(output) ?? []
        for (let count = 0; count < 10; count++) {
          const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
          seen.push(
            response.status === 200
              ? await response.json().then(
                  () => 200,
                  () => "broken"
                )
              : response.status
          )
        }
      })
      assert.deepStrictEqual(seen, [200, 429, 200, 500, 200, "broken", 200, "broken", 200, 429])
      // What it was told to do is nothing to complain about.
      assert.strictEqual(errors, "")
      assert.match(output, /Press Ctrl-C to end it\.\n\nThe sandbox has ended\.\n$/)
    })
  )

  it.live("says in one line that its port is in use", () =>
    Effect.gen(function* () {
      const taken = createServer()
      const port = yield* Effect.promise(
        () =>
          new Promise<number>((resolve) => {
            taken.listen(0, "127.0.0.1", () => {
              const address = taken.address()
              resolve(typeof address === "object" && address !== null ? address.port : 0)
            })
          })
      )
      const { code, errors } = yield* sandbox(["--port", String(port)])
      taken.close()
      assert.strictEqual(
        errors,
        `Cannot listen on port ${port}: Error: listen EADDRINUSE: address already in use 127.0.0.1:${port}. Choose another with --port, or --port 0 for any that is free.\n`
      )
      assert.strictEqual(code, 1)
    })
  )

  it.live.each<readonly [string, string, RegExp]>([
    ["--port", "http", /^Invalid value for flag --port: "http"\. Expected .*\n$/],
    ["--port", "70000", /^Invalid value for flag --port: "70000"\. Expected: a port between 0 and 65535 .*\n$/],
    ["--sessions", "-1", /--sessions.*\n$/],
    ["--webhook", "https://example.com/", /^Invalid value for flag --webhook: .*an http URL of this machine.*\n$/],
    ["--history", "odd", /^Invalid value for flag --history: "odd"\. Expected: "uniform" \| .*\n$/],
    ["--prot", "1", /^Unrecognized flag: --prot in command sandbox Did you mean this\? --port \(.*\n$/]
  ])("says in one line what is wrong with %s %s", ([flag, value, line]) =>
    Effect.gen(function* () {
      const { code, errors, output } = yield* sandbox([flag, value])
      assert.match(errors, line)
      assert.strictEqual(errors.trimEnd().split("\n").length, 1)
      assert.deepStrictEqual([code, output], [1, ""])
    })
  )
})
