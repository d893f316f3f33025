import { Equal } from "effect"
import { AssertionError } from "node:assert"
import { inspect, isDeepStrictEqual } from "node:util"

/**
 * What an example said it would yield, and what it did. Nothing is thrown while the example runs, because a program
 * that recovers from failures would recover from ours too.
 */
export interface Examination {
  readonly see: <A>(line: number, actual: A, expected: unknown) => A
  readonly unreached: () => ReadonlyArray<string>
  readonly mismatches: () => ReadonlyArray<AssertionError>
}

export const examine = (file: string, lines: ReadonlyArray<number>): Examination => {
  const unreached = new Set(lines)
  const mismatches: Array<AssertionError> = []
  return {
    see: (line, actual, expected) => {
      unreached.delete(line)
      if (!Equal.equals(actual, expected) && !isDeepStrictEqual(actual, expected)) {
        const message = `${file}:${line} says ${inspect(expected)} and yields ${inspect(actual)}`
        mismatches.push(new AssertionError({ message, actual, expected, operator: "deepStrictEqual" }))
      }
      return actual
    },
    unreached: () => Array.from(unreached, (line) => `${file}:${line}`),
    mismatches: () => mismatches
  }
}
