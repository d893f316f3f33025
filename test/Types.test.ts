import { assert, describe, it } from "@effect/vitest"
import { fileURLToPath } from "node:url"
import ts from "typescript-6"
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

  // What an editor offers between the last braces of each line.
  const calls: Readonly<Record<string, ReadonlyArray<string>>> = {
    "VerificationSessions.list({ })": ["created", "ending_before", "expand", "limit", "starting_after", "status"],
    "VerificationSessions.stream({ })": ["created", "last_error", "metadata", "status"],
    "VerificationSessions.stream({}, { })": ["concurrency", "endingBefore", "expand", "maxItems", "startingAfter"],
    "VerificationSessions.retrieve('', { })": ["expand"],
    "VerificationSessions.mirror({ })": ["audit", "expand", "from", "schedule"],
    "VerificationSessions.layer({ })": ["apiKey", "rateLimit", "timeout"],
    "VerificationSession.makeUnsafe({ })": ["created", "id", "options", "status"],
    "VerificationReports.list({ })": ["created", "expand", "limit", "type"],
    "VerificationReports.retrieve('', { })": ["expand"],
    "SqlDestination.make({ })": ["account", "reveal"]
  }
  // Fields that are empty, without an error, for whoever forgot to expand them.
  const sensitive: Readonly<Record<string, ReadonlyArray<string>>> = {
    "VerificationSession.VerifiedOutputs.make({ })": ["dob", "id_number", "sex", "unparsed_place_of_birth"],
    "VerificationReport.DocumentCheck.make({ })": ["dob", "expiration_date", "number", "sex", "unparsed_sex"],
    "VerificationReport.IdNumberCheck.make({ })": ["dob", "id_number"]
  }

  it("offer every field of a call, and say what each is for", () => {
    const file = fileURLToPath(new URL("types/offered.ts", import.meta.url))
    const lines = [
      'import { VerificationReport, VerificationReports, VerificationSession, VerificationSessions } from "effect-stripe-identity"',
      'import * as SqlDestination from "effect-stripe-identity/SqlDestination"',
      ...Object.keys({ ...calls, ...sensitive })
    ]
    const text = lines.join("\n")
    const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
    const read = (path: string) => (path === file ? text : ts.sys.readFile(path))
    const service = ts.createLanguageService({
      ...ts.sys,
      useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
      readFile: read,
      getScriptFileNames: () => [file],
      getScriptVersion: () => "1",
      getScriptSnapshot: (path) => ts.ScriptSnapshot.fromString(read(path) ?? ""),
      getCurrentDirectory: () => root,
      getCompilationSettings: () => options,
      getDefaultLibFileName: ts.getDefaultLibFilePath
    })
    for (const [call, expected] of Object.entries({ ...calls, ...sensitive })) {
      const position = text.indexOf(call) + call.lastIndexOf("{ ") + 2
      const offered = service.getCompletionsAtPosition(file, position, {})?.entries.map(({ name }) => name) ?? []
      assert.includeMembers(offered, [...expected], call)
      const silent = (call in sensitive ? expected : offered).filter((name) => {
        const entry = service.getCompletionEntryDetails(file, position, name, {}, undefined, {}, undefined)
        return [...(entry?.documentation ?? []), ...(entry?.tags ?? [])].length === 0
      })
      assert.deepStrictEqual(silent, [], call)
    }
  })
})
