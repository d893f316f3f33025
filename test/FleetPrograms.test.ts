import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Fleet from "./support/fleet.ts"

// What the programs of a fleet say, and what they refuse. Each runs in a folder of its own, and without any service.

const folder = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "fleet-"))
    writeFileSync(join(folder, "accounts.txt"), "acct_1\nacct_2\n")
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

it.live("a runner whose port is taken says so, and one whose port is out of range says the range", () =>
  Effect.gen(function* () {
    const here = yield* folder
    const port = yield* Effect.acquireRelease(
      Effect.callback<readonly [number, () => void]>((resume) => {
        const server = createServer()
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" && address !== null ? address.port : 0
          resume(Effect.succeed([port, () => server.close()]))
        })
      }),
      ([, close]) => Effect.sync(close)
    )
    const taken = yield* Fleet.runIn(here, "cluster.ts", ["--port", String(port[0])])
    assert.strictEqual(taken.code, 1)
    assert.match(taken.errors, /^Open: listen EADDRINUSE: address already in use 127\.0\.0\.1:\d+$/m)
    const wrong = yield* Fleet.runIn(here, "cluster.ts", ["--port", "70000"])
    assert.match(wrong.errors, /--port takes a port, 1 to 65535/)
  }).pipe(Effect.scoped)
)
