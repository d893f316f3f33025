/**
 * `Redacted.make` costs much more than the object that it makes (effect 4.1, `internal/redacted.ts`).
 *
 *     node test/bench/upstream/redacted.ts
 *
 * Expected: about the cost of a small object. Found: several times that, because each value is an entry of one `WeakMap`. The
 * engine hashes the key, grows the table, and has to walk it in each collection. A program that decodes rows with a secret
 * field pays this for each row.
 *
 * Proposed: keep the value in a private field (`#value`). `JSON.stringify`, `util.inspect` and `Object.keys` do not show one
 * either, only `Redacted.value` reads it, and `wipeUnsafe` clears it.
 */
import { Redacted } from "effect"

class WithField {
  readonly #value: string
  readonly label: string
  constructor(value: string, label: string) {
    this.#value = value
    this.label = label
  }
  static value(self: WithField): string {
    return self.#value
  }
}

const count = 100_000
const alive = 100

/** Nanoseconds each, where the last hundred are in use, as those of a page would be. */
const measure = (make: (index: number) => unknown): number => {
  const kept: Array<unknown> = []
  const start = performance.now()
  for (let index = 0; index < count; index++) kept[index % alive] = make(index)
  return ((performance.now() - start) * 1e6) / count
}

const fastest = (make: (index: number) => unknown): number =>
  Math.min(...Array.from({ length: 7 }, () => measure(make)))

const label = "client_secret"
export const found = {
  "Redacted.make": fastest((index) => Redacted.make(String(index), { label })),
  "a private field": fastest((index) => new WithField(String(index), label))
}
for (const [name, nanoseconds] of Object.entries(found)) console.log(`${name.padEnd(16)} ${nanoseconds.toFixed(0)} ns`)
