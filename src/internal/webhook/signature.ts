/**
 * Stripe's signatures of webhooks: HMAC-SHA256 over `<t>.<body>`, written as lower-case hexadecimal digits.
 */
import * as Hex from "effect/encoding/Hex"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

export interface Header {
  /** The time of the signature as it was signed, character by character. */
  readonly time: string
  /** The signatures of scheme `v1`: one a secret, while the endpoint's secret is being rolled. */
  readonly signatures: ReadonlyArray<string>
}

/** The parts of a header, or what is wrong with it. */
export const parse = (header: string): Result.Result<Header, string> => {
  const parts = header.split(",")
  const valuesOf = (scheme: string) =>
    parts.flatMap((part) => (part.startsWith(`${scheme}=`) ? [part.slice(scheme.length + 1)] : []))
  const [time, ...others] = valuesOf("t")
  const signatures = valuesOf("v1")
  if (time === undefined) return Result.fail("no time (t=)")
  if (others.length > 0) return Result.fail(`${others.length + 1} times (t=)`)
  // Beyond twelve digits no number of seconds is a date that anybody means.
  if (!/^\d{1,12}$/.test(time)) return Result.fail("a time (t=) that is not in seconds")
  if (signatures.length === 0) return Result.fail("no v1 signature")
  return Result.succeed({ time, signatures })
}

const encoder = new TextEncoder()

/** What is signed. A copy, so that nobody changes the body between its verification and its use. */
export const signed = (time: string, body: Uint8Array): Uint8Array<ArrayBuffer> => {
  const before = encoder.encode(`${time}.`)
  const bytes = new Uint8Array(before.length + body.length)
  bytes.set(before)
  bytes.set(body, before.length)
  return bytes
}

/**
 * Whether one of the signatures is that of these bytes by one of the secrets. Each secret signs once, however many
 * signatures a forged header has.
 */
export const isGenuine = (
  bytes: Uint8Array<ArrayBuffer>,
  signatures: ReadonlyArray<string>,
  secrets: ReadonlyArray<string>
): Effect.Effect<boolean> =>
  Effect.map(
    Effect.promise(() => Promise.all(secrets.map((secret) => sign(bytes, secret)))),
    (expected) => signatures.some((signature) => expected.some((own) => isEqual(own, signature)))
  )

const sign = async (bytes: Uint8Array<ArrayBuffer>, secret: string): Promise<string> => {
  const algorithm = { name: "HMAC", hash: "SHA-256" }
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"])
  return Hex.encode(new Uint8Array(await crypto.subtle.sign(algorithm, key, bytes)))
}

/**
 * Compares all characters whatever the first difference is, so that the time it takes tells nothing of `own`. It compares
 * text, because digits in upper case would decode to the same bytes, and Stripe does not send them.
 */
const isEqual = (own: string, other: string): boolean => {
  let differences = own.length ^ other.length
  for (let at = 0; at < own.length; at++) differences |= own.charCodeAt(at) ^ other.charCodeAt(at)
  return differences === 0
}
