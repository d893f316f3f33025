import { fileURLToPath } from "node:url"
import ts from "typescript-6"
import { type Example, programOf } from "./examples.ts"

const examination = fileURLToPath(new URL("examination.ts", import.meta.url))
const marker = "// =>"

/** Empty lines that give the code the line numbers it has in its document, so that every message points there. */
export const padded = ({ code, line }: { readonly code: string; readonly line: number }, firstLine = ""): string =>
  firstLine + "\n".repeat(line) + code + "\n"

/**
 * The example as a module in which every `expression // => value` reports what it yielded to an exported `$examination`.
 */
export const instrument = (example: Example): string => {
  const { code, line: fence } = programOf(example)
  const source = ts.createSourceFile(example.file, code, ts.ScriptTarget.Latest, true)
  const lineAt = (position: number) => fence + 1 + source.getLineAndCharacterOfPosition(position).line
  const insertions: Array<{ readonly position: number; readonly text: string }> = []
  const lines: Array<number> = []

  const visit = (node: ts.Node): void => {
    const target = examined(node)
    const comment = ts.getTrailingCommentRanges(code, node.end)?.[0]
    if (target !== undefined && comment !== undefined && code.startsWith(marker, comment.pos)) {
      const line = lineAt(comment.pos)
      const expected = expectedValue(code.slice(comment.pos + marker.length).split("\n"))
      if (expected === undefined) throw new Error(`${example.file}:${line}: what follows "=>" is not an expression`)
      lines.push(line)
      insertions.push({ position: target.getStart(), text: `$examination.see(${line}, ` })
      insertions.push({ position: target.end, text: `, (${expected}))` })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)

  if (lines.length !== code.split(marker).length - 1) {
    throw new Error(`${example.file}:${example.line}: a "${marker}" here does not end the line of an expression`)
  }
  const instrumented = insertions
    .toSorted((one, other) => other.position - one.position)
    .reduce((text, { position, text: added }) => text.slice(0, position) + added + text.slice(position), code)
  const firstLine =
    `import { examine as $examine } from ${JSON.stringify(examination)}; ` +
    `export const $examination = $examine(${JSON.stringify(example.file)}, ${JSON.stringify(lines)})`
  return padded({ line: fence, code: instrumented }, firstLine)
}

/** The expression whose value a comment at the end of this statement is about. */
const examined = (node: ts.Node): ts.Expression | undefined => {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations.at(-1)?.initializer
  if (!ts.isExpressionStatement(node)) return undefined
  const { expression } = node
  return ts.isCallExpression(expression) && expression.expression.getText() === "console.log"
    ? expression.arguments[0]
    : expression
}

/** A value may continue on the comment lines that follow, until it is a whole expression. */
const expectedValue = ([first = "", ...rest]: ReadonlyArray<string>): string | undefined => {
  let text = first
  for (const line of rest) {
    const continued = /^\s*\/\/(?! =>)(.*)$/.exec(line)?.[1]
    if (isExpression(text) || continued === undefined) break
    text += `\n${continued}`
  }
  return isExpression(text) ? text.trim() : undefined
}

const isExpression = (text: string): boolean =>
  text.trim() !== "" && ts.transpileModule(`(${text})`, { reportDiagnostics: true }).diagnostics?.length === 0
