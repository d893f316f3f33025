/**
 * How the rows of a reply are decoded: against the plain fields of the wire, and by one conversion a row to what users see.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { withoutUnknownKeys } from "./fastPath.ts"

/** A decoder of one row of a reply. It takes the row over: what it gives may be the row itself, changed. */
export type DecodeRow<A> = (row: unknown) => Result.Result<A, Schema.SchemaError>

/** Makes one. The conversion gets rows that nobody else has, without the keys that Stripe added since. */
export const make = <Wire, A>(wire: Schema.Codec<Wire>, convert: (row: Wire) => A): DecodeRow<A> => {
  const decodeWire = Schema.decodeUnknownResult(wire)
  const check = withoutUnknownKeys(wire)
  return (row) => {
    const checked = check(row)
    return checked === undefined ? Result.map(decodeWire(row), convert) : Result.succeed(convert(checked))
  }
}
