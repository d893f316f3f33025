/**
 * What the sandbox asks of what it is given. A name or a word that it does not know would do nothing, and the test that
 * relies on it would pass: from plain JavaScript nobody else says so.
 */
import * as Predicate from "effect/Predicate"

/** Throws what is wrong unless the condition holds. */
export const assert = (condition: boolean, message: string): void => {
  if (!condition) throw new RangeError(`Sandbox: ${message}`)
}

/** An object with no other names than these. */
export const names = (what: string, given: unknown, known: ReadonlyArray<string>): void => {
  assert(Predicate.isObject(given), `${what} must be an object`)
  for (const name of Object.keys(Object(given))) {
    assert(
      known.includes(name),
      `${what} must not have ${name}, only ${known.length === 0 ? "its tag" : known.join(", ")}`
    )
  }
}

/** One of these words, or nothing. */
export const word = (what: string, given: unknown, known: ReadonlyArray<string>): void =>
  assert(given === undefined || known.some((one) => one === given), `${what} must be one of ${known.join(", ")}`)
