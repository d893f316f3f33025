export interface Example {
  /** Path of the document, from the root of the repository. */
  readonly file: string
  /** Line of the opening fence; the first line of code is the next one. */
  readonly line: number
  readonly code: string
  /** Whether the example is executed, or only compiled (`ts no-run`). */
  readonly runs: boolean
  /** The example that this one continues (`ts continued`): the last `ts setup` of the document before it. */
  readonly setup?: Example
}

const opening = /^(\s*(?:\* )?)```ts(?:\s+(.*))?$/
const marks = ["", "setup", "continued", "no-run"]

/**
 * The `ts` fences of a Markdown file, or of the docstrings of a TypeScript file.
 */
export const examplesIn = (file: string, text: string): ReadonlyArray<Example> => {
  const lines = text.split(/\r?\n/)
  const examples: Array<Example> = []
  let setup: Example | undefined
  for (let index = 0; index < lines.length; index++) {
    const [found, prefix = "", mark = ""] = opening.exec(lines[index] ?? "") ?? []
    if (found === undefined) continue
    const line = index + 1
    if (!marks.includes(mark)) {
      throw new Error(
        `${file}:${line}: a fence is marked "ts", "ts setup", "ts continued" or "ts no-run", not "ts ${mark}"`
      )
    }
    const closing = lines.indexOf(`${prefix}\`\`\``, line)
    if (closing === -1) throw new Error(`${file}:${line}: this fence is never closed`)
    // A line without the prefix is an empty line of a docstring, whose trailing space was trimmed.
    const code = lines.slice(line, closing).map((each) => (each.startsWith(prefix) ? each.slice(prefix.length) : ""))
    const example: Example = { file, line, code: code.join("\n"), runs: mark !== "no-run" }
    if (mark === "setup") setup = example
    if (mark === "continued" && setup === undefined) {
      throw new Error(`${file}:${line}: this fence continues a "ts setup", and the page has none before it`)
    }
    examples.push(mark === "continued" && setup !== undefined ? { ...example, setup } : example)
    index = closing
  }
  return examples
}

/** The whole program of an example, with its setup, each line at its number in the document. */
export const programOf = (example: Example): { readonly line: number; readonly code: string } => {
  const { setup } = example
  if (setup === undefined) return example
  const end = setup.line + setup.code.split("\n").length
  return { line: setup.line, code: setup.code + "\n".repeat(example.line + 1 - end) + example.code }
}
