/**
 * Stripe's webhook signatures: HMAC-SHA256 over `<t>.<body>`, as lower-case hexadecimal digits.
 */
import * as Bytes from "effect/Bytes"
import * as Hex from "effect/encoding/Hex"
import * as Mac from "effect/crypto/Mac"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

export interface Header {
  /** The time of the signature, exactly as it was signed. */
  readonly time: string
  /** The `v1` signatures: two while the endpoint's secret is rolled. */
  readonly signatures: ReadonlyArray<string>
}

/** Parses a header, or says what is wrong with it. */
export const parse = (header: string): Result.Result<Header, string> => {
  const parts = header.split(",")
  const valuesOf = (scheme: string) =>
    parts.flatMap((part) => (part.startsWith(`${scheme}=`) ? [part.slice(scheme.length + 1)] : []))
  const [time, ...others] = valuesOf("t")
  const signatures = valuesOf("v1")
  if (time === undefined) return Result.fail("no time (t=)")
  if (others.length > 0) return Result.fail(`${others.length + 1} times (t=)`)
  // More than twelve digits are no plausible time in seconds.
  if (!/^\d{1,12}$/.test(time)) return Result.fail("a time (t=) that is not in seconds")
  if (signatures.length === 0) return Result.fail("no v1 signature")
  return Result.succeed({ time, signatures })
}

const encoder = new TextEncoder()

/** The signed bytes. A copy, so that the body cannot change between its verification and its use. */
export const signed = (time: string, body: Uint8Array): Uint8Array<ArrayBuffer> =>
  Bytes.concat([encoder.encode(`${time}.`), body])

/**
 * Whether one of the signatures matches these bytes and one of the secrets. Each secret signs once, so a forged header
 * with many signatures costs no more. They are compared as text, because upper-case digits, which Stripe does not send,
 * would decode to the same bytes.
 */
export const isGenuine = (
  bytes: Uint8Array<ArrayBuffer>,
  signatures: ReadonlyArray<string>,
  secrets: ReadonlyArray<string>
): Effect.Effect<boolean> =>
  Effect.map(
    Effect.promise(() => Promise.all(secrets.map((secret) => sign(bytes, secret)))),
    (expected) =>
      signatures.some((signature) => expected.some((own) => Mac.timingSafeEqual(own, encoder.encode(signature))))
  )

const sign = async (bytes: Uint8Array<ArrayBuffer>, secret: string): Promise<Uint8Array> => {
  const algorithm = { name: "HMAC", hash: "SHA-256" }
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"])
  return encoder.encode(Hex.encode(new Uint8Array(await crypto.subtle.sign(algorithm, key, bytes))))
}
