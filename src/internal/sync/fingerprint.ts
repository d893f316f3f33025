/**
 * A short name for a filter that is the same in every process: for checkpoints, which must not hold the filter itself,
 * because it may name a person.
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SessionFilter from "../../SessionFilter.ts"
import * as CreatedWithin from "../pagination/createdWithin.ts"

const encode = Schema.encodeSync(SessionFilter.Json)

const mask = 0xffff_ffff_ffff_ffffn

/** FNV-1a in 64 bits. It tells filters apart, and is no protection against someone who makes two alike. */
const hash = (text: string): string => {
  let value = 0xcbf2_9ce4_8422_2325n
  for (const byte of new TextEncoder().encode(text)) {
    value = ((value ^ BigInt(byte)) * 0x100_0000_01b3n) & mask
  }
  return value.toString(16).padStart(16, "0")
}

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, value]) => [key, sorted(value)])
    : value

/** The fingerprint of a list and a filter of it. However a range of time is written, it is the same range. */
export const make = (path: string, filter: SessionFilter.SessionFilter): string => {
  const query = CreatedWithin.narrow(SessionFilter.toQuery(filter), {}).map(([name, value]) => [
    name,
    Redacted.isRedacted(value) ? Redacted.value(value) : value
  ])
  return hash(JSON.stringify([path, query, sorted(encode(SessionFilter.partition(filter).client))]))
}
