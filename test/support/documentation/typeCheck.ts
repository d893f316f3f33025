import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { runTool } from "../command.ts"
import { type Example, programOf } from "./examples.ts"
import { padded } from "./instrument.ts"

/**
 * Compiles examples in one run of the compiler, in `directory` (two levels below the root of the repository), and
 * answers with what it said about each.
 */
export const typeCheck = async (
  root: string,
  directory: string,
  examples: ReadonlyArray<Example>
): Promise<(example: Example) => ReadonlyArray<string>> => {
  const configuration = {
    extends: "../../tsconfig.json",
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ["*.check.ts"]
  }
  await writeFile(join(directory, "tsconfig.json"), JSON.stringify(configuration))
  const write = (example: Example, index: number) =>
    writeFile(join(directory, `${index}.check.ts`), padded(programOf(example)))
  await Promise.all(examples.map(write))
  const { output } = await runTool(root, "typescript/bin/tsc", ["-p", ".", "--pretty", "false"], { cwd: directory })
  // Errors of the library itself are for `npm run check` to report.
  const errors = Array.from(output.matchAll(/^(\d+)\.check\.ts\((\d+),\d+\): (error .*)$/gm))
  return (example) =>
    errors
      .filter(([, index]) => examples[Number(index)] === example)
      .map(([, , line, message]) => `${example.file}:${line}: ${message}`)
}
