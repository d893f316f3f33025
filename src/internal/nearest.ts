/**
 * The word that was probably meant.
 */

/** How many characters to insert, remove, replace or swap with their neighbour to get from one word to the other. */
const distance = (from: string, to: string): number => {
  const rows = [Array.from({ length: to.length + 1 }, (_, index) => index)]
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= to.length; j++) {
      const replaced = from[i - 1] === to[j - 1] ? 0 : 1
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? 1 : Infinity
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + replaced, at(i - 2, j - 2) + swapped))
    }
  }
  return at(from.length, to.length)
}

// `clientReferenceId` and "Requires input" differ from what was meant only in how words are joined.
const plain = (word: string): string => word.toLowerCase().replaceAll(/[^a-z0-9]/g, "")

/** The nearest of the known words, if one is near enough to be meant: a third of it may be wrong. */
export const nearest = (word: string, known: ReadonlyArray<string>): string | undefined => {
  // No word that is meant is much longer than the longest known one, and a long text would take long.
  if (word.length > 64) return undefined
  const written = plain(word)
  const [best] = known
    .map((meant) => ({ meant, wrong: distance(written, plain(meant)) }))
    .filter(({ meant, wrong }) => wrong <= plain(meant).length / 3)
    .sort((one, other) => one.wrong - other.wrong)
  return best?.meant
}

// With a suggestion, nobody needs to read a list that is longer than this.
const longestList = 120

/** `expected`, and what was probably meant. A long list of what is known is then only counted. */
export const suggest = (
  expected: string,
  word: unknown,
  known: ReadonlyArray<string>,
  kind: "names" | "values" = "names"
): string => {
  const meant = typeof word === "string" ? nearest(word, known) : undefined
  if (meant === undefined) return expected
  const said = expected.length > longestList ? `one of the ${known.length} known ${kind}` : expected
  return `${said}. Did you mean "${meant}"?`
}

/** What is expected where an input has an unknown name. */
export const expectedName = (name: unknown, known: ReadonlyArray<string>): string =>
  suggest(known.length === 1 ? `the name ${known[0]}` : `one of the names ${known.join(", ")}`, name, known)

/** Whether it is the name that was wrong, and not its value. */
export const isExpectedName = (expected: string): boolean =>
  /^(?:one of the (?:\d+ known )?names|the name)\b/.test(expected)

/** What is expected instead of a word that is not one of these. */
export const insteadOf = (known: ReadonlyArray<string>, word: unknown): string | undefined =>
  known.some((one) => one === word) ? undefined : suggest(alternatives(known), word, known, "values")

/** `a, b or c`. */
export const alternatives = (words: ReadonlyArray<string>): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
