import { assert, type Vitest } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { Database } from "./databases.ts"
import { runExample } from "./programs.ts"
import { baseUrl, server } from "./sandboxServer.ts"
import { choices } from "./syncHistory.ts"
import { query } from "./world.ts"

const kills = Number(process.env["KILLS"] ?? 4)
const sessions = 10_000

const requests = Sandbox.Sandbox.use((sandbox) => sandbox.requests)

/** A program that is killed without warning, in the middle of its work. */
export const killed = (it: Vitest.MethodsNonLive<Database>) =>
  it.effect(`has exactly the list after its program was killed ${kills} times, with at most one page more a kill`, () =>
    Effect.gen(function* () {
      const { address, open } = yield* Database
      const url = yield* baseUrl
      const { below } = choices(1)
      const context = yield* Effect.context<Sandbox.Sandbox>()
      // A part of the two seconds that the whole read takes, after the first request of this program.
      const killedAfter = Effect.gen(function* () {
        const { length } = yield* requests
        const more = {
          schedule: Schedule.spaced("5 millis"),
          until: (now: ReadonlyArray<unknown>) => now.length > length
        }
        yield* Effect.repeat(requests, more)
        yield* Effect.sleep(below(Math.ceil(3000 / kills)))
      }).pipe(Effect.provideContext(context))
      for (let kill = 0; kill <= kills; kill++) {
        const options = kill < kills ? { url, killedAfter } : { url }
        const ended = yield* runExample("../test/support/sqlSync.ts", [address], options)
        if (ended.signal !== "SIGKILL") assert.strictEqual(ended.code, 0, ended.errors)
      }
      const sql = yield* open
      const rows = yield* sql.unsafe<{ readonly id: string; readonly status: string }>(
        "SELECT id, status FROM verification_sessions",
        []
      )
      const expected = yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)
      assert.sameMembers(
        rows.map(({ id, status }) => `${id} ${status}`),
        expected.map(({ id, status }) => `${id} ${status}`)
      )
      const pages = (yield* requests).map(query).filter((query) => query["ending_before"] === undefined).length
      assert.isAtMost(pages, sessions / 100 + kills)
      assert.isAtLeast(pages, sessions / 100)
    }).pipe(Effect.scoped, Effect.provide(server({ sessions, latency: "20 millis" })))
  )
