// Prints every message that the library can show, to be read from top to bottom, and marks those that are too long:
// node --import ./test/support/preferSources.ts test/support/messages.ts
import { Effect } from "effect"
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import ts from "typescript-6"
import { messages } from "./failures.ts"

export { messages }

/** How many characters a message may have. */
export const longest = 300

/** What may be longer: a list of all that is wrong, and a list of all that is accepted. */
export const longWithReason: ReadonlyArray<RegExp> = [/^unknown0: /, /^last_error\.code: .*, got nothing$/]

const root = fileURLToPath(new URL("../../", import.meta.url))

/** The pieces of text in a literal: what stands between the values of a template. */
const piecesOf = (node: ts.Node): ReadonlyArray<string> => {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text]
  return ts.isTemplateExpression(node) ? [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)] : []
}

const isSentence = (text: string): boolean =>
  /[a-z]+,? +[a-z]+,? +[a-z]+/i.test(text) && !/^(SELECT|CREATE|INSERT|UPDATE)/.test(text)

/** The sentences in the sources, with where they stand. */
const sentences = (pattern: string) =>
  globSync(pattern, { cwd: root })
    .toSorted()
    .flatMap((path) => {
      const source = ts.createSourceFile(path, readFileSync(root + path, "utf8"), ts.ScriptTarget.Latest, true)
      const found: Array<{ readonly where: string; readonly pieces: ReadonlyArray<string>; readonly text: string }> = []
      const visit = (node: ts.Node): void => {
        const pieces = piecesOf(node)
        if (isSentence(pieces.join(" "))) {
          const { line } = source.getLineAndCharacterOfPosition(node.getStart())
          found.push({ where: `${path}:${line + 1}`, pieces, text: node.getText().replaceAll(/\s+/g, " ") })
        }
        ts.forEachChild(node, visit)
      }
      visit(source)
      return found
    })

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const shown = await Effect.runPromise(messages)
  for (const [part, texts] of Object.entries(shown)) {
    console.log(`\n# ${part}`)
    for (const text of texts) {
      console.log(`${String(text.length).padStart(4)} ${text.length > longest ? "!" : " "} ${text}`)
    }
  }
  const all = Object.values(shown).flat().join("\n")
  console.log("\n# sentences in the sources that are in none of these")
  for (const { pieces, text, where } of [...sentences("src/**/*.ts"), ...sentences("examples/**/*.ts")]) {
    if (
      !pieces.every((piece) =>
        piece.split(/(?<=[.:;]) /).every((sentence) => all.includes(sentence.trim().replace(/[.:;]$/, "")))
      )
    )
      console.log(`${where}: ${text}`)
  }
}
