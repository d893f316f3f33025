import { assert, describe, it } from "@effect/vitest"
import { fileURLToPath } from "node:url"
import { runTool } from "./support/command.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

describe("the types", () => {
  it("are what test/types says they are", async () => {
    const { code, output } = await runTool(root, "tstyche/dist/bin.js", ["test/types"], {
      cwd: root,
      // TSTyche works on the compiler's programming interface, which TypeScript 7 no longer has.
      env: { TSTYCHE_TYPESCRIPT_MODULE: "typescript-6", TSTYCHE_NO_COLOR: "1" }
    })
    if (code !== 0) assert.fail(output)
    assert.match(output, /Assertions:\s+\d+ passed/)
  })
})
