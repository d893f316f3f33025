import { assert, type Vitest } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Redacted, Schedule } from "effect"
import { FetchHttpClient } from "effect/http"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { Database } from "./databases.ts"
import { runExample } from "./programs.ts"
import { lines, makeChange } from "./sandboxLives.ts"
import { baseUrl, server } from "./sandboxServer.ts"
import { choices } from "./syncHistory.ts"
import { query } from "./world.ts"

// Programs that keep a database true and are killed without warning, while sessions change, and while webhooks are stored
// where the database has two connections.
// KILLS=100 takes minutes. That an older read never takes the place of a newer one is for the suites: here the two hardly
// ever meet.

const kills = Number(process.env["KILLS"] ?? 4)
const sessions = 5_000
const secret = "whsec_SANDBOX_kills"

const requests = Sandbox.Sandbox.use((sandbox) => sandbox.requests)

/** examples/webhook.ts on the database, to which the sandbox delivers, until `stopped`. */
const webhooks = Effect.fnUntraced(function* (address: string, stopped: Effect.Effect<void>) {
  const url = yield* baseUrl
  const listening = yield* Deferred.make<string>()
  const database = address.startsWith("postgres:") ? address : `sqlite:${address}`
  const program = yield* Effect.forkScoped(
    runExample("webhook.ts", ["--database", database, "--port", "0"], {
      url,
      signal: "SIGTERM",
      killedAfter: stopped,
      env: { STRIPE_WEBHOOK_SECRET: secret },
      onOutput: (output) => {
        const [, address] = /Listening on (\S+)\./.exec(output) ?? []
        if (address !== undefined) Deferred.doneUnsafe(listening, Effect.succeed(address))
      }
    })
  )
  const fails = Effect.flatMap(Fiber.join(program), ({ errors }) => Effect.die(new Error(errors)))
  const target = yield* Effect.raceFirst(Deferred.await(listening), fails)
  yield* Effect.forkScoped(Sandbox.deliver({ url: target, secrets: [Redacted.make(secret)] }))
  return program
})

export const killed = (it: Vitest.MethodsNonLive<Database>) =>
  it.effect(
    `is the list after its mirror was killed ${kills} times, before, in and after a save`,
    () =>
      Effect.gen(function* () {
        const { address, many, open } = yield* Database
        const url = yield* baseUrl
        const random = choices(1)
        const { below, one } = random
        const context = yield* Effect.context<Sandbox.Sandbox>()
        // At any moment after the first request of the program.
        const killedAfter = Effect.gen(function* () {
          const { length } = yield* requests
          const until = (now: ReadonlyArray<unknown>) => now.length > length
          yield* Effect.repeat(requests, { schedule: Schedule.spaced("5 millis"), until })
          yield* Effect.sleep(below(1000))
        }).pipe(Effect.provideContext(context))
        const mirror = (parameters: ReadonlyArray<string>, killedAfter?: Effect.Effect<void>) =>
          runExample("../test/support/sqlMirror.ts", [address, ...parameters], { url, killedAfter })

        const stopped = yield* Deferred.make<void>()
        // Its tables are there before programs write to them at once.
        yield* mirror(["before", "1"])
        const webhook = many ? yield* webhooks(address, Deferred.await(stopped)) : undefined
        const changing = yield* Effect.forkChild(Effect.repeat(yield* makeChange(random), Schedule.spaced("8 millis")))
        let count = 0
        for (let kill = 0; kill < kills; kill++) {
          const moment = one(["before", "after", "any"])
          const ended = yield* moment === "any"
            ? mirror([], killedAfter)
            : mirror([moment, String(1 + below(kill < kills / 2 ? 12 : 2))])
          if (ended.signal === "SIGKILL") count++
          else assert.strictEqual(ended.code, 0, ended.errors)
        }
        yield* Fiber.interrupt(changing)
        // Longer than settle, overlap and the lag of events.
        yield* Effect.sleep("4 seconds")
        const last = yield* mirror([])
        assert.strictEqual(last.code, 0, last.errors)
        yield* Deferred.succeed(stopped, undefined)
        const output = webhook === undefined ? undefined : (yield* Fiber.join(webhook)).output

        const sql = yield* open
        const rows = yield* sql.unsafe<{ readonly row: string }>(
          "SELECT id || ' ' || status || ' ' || coalesce(redaction_status, '') AS row FROM verification_sessions",
          []
        )
        assert.sameMembers(
          rows.map(({ row }) => row),
          yield* lines
        )
        // Each kill repeats at most one page of the first read.
        const pages = (yield* requests).map(query).filter((query) => query["starting_after"]?.startsWith("vs_")).length
        const stored = output === undefined ? "no" : output.split("\n200 ").length - 1
        console.log(`${count} kills, ${pages} pages of ${sessions / 100}, ${stored} webhooks`)
        assert.isAtLeast(count, kills / 2)
        assert.isAtMost(pages, sessions / 100 + kills)
        if (stored !== "no") assert.isAbove(stored, 10)
      }).pipe(
        Effect.scoped,
        Effect.provide(
          Layer.merge(
            server({
              sessions,
              latency: "10 millis",
              eventLag: "500 millis",
              redactionTime: "300 millis",
              recordedRequests: 100_000
            }),
            FetchHttpClient.layer
          )
        )
      ),
    120_000 + kills * 10_000
  )
