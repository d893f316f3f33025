export interface Example {
  /** Path of the document, from the root of the repository. */
  readonly file: string
  /** Line of the opening fence; the first line of code is the next one. */
  readonly line: number
  readonly code: string
  /** Whether the example is executed, or only compiled (`ts no-run`). */
  readonly runs: boolean
}

const opening = /^(\s*(?:\* )?)```ts(?:\s+(.*))?$/

/**
 * The `ts` fences of a Markdown file, or of the docstrings of a TypeScript file.
 */
export const examplesIn = (file: string, text: string): ReadonlyArray<Example> => {
  const lines = text.split(/\r?\n/)
  const examples: Array<Example> = []
  for (let index = 0; index < lines.length; index++) {
    const [found, prefix = "", mark = ""] = opening.exec(lines[index] ?? "") ?? []
    if (found === undefined) continue
    const line = index + 1
    if (mark !== "" && mark !== "no-run") {
      throw new Error(`${file}:${line}: a fence is marked "ts" or "ts no-run", not "ts ${mark}"`)
    }
    const closing = lines.indexOf(`${prefix}\`\`\``, line)
    if (closing === -1) throw new Error(`${file}:${line}: this fence is never closed`)
    // A line without the prefix is an empty line of a docstring, whose trailing space was trimmed.
    const code = lines.slice(line, closing).map((each) => (each.startsWith(prefix) ? each.slice(prefix.length) : ""))
    examples.push({ file, line, code: code.join("\n"), runs: mark === "" })
    index = closing
  }
  return examples
}
