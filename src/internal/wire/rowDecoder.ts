/**
 * How the rows of a reply are decoded: against the plain fields of the wire, and by one conversion a row to what users see.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { fastPath } from "./fastPath.ts"

/** A decoder of one row of a reply. What it is given becomes a part of what it gives. */
export type DecodeRow<A> = (row: unknown) => Result.Result<A, Schema.SchemaError>

/** Makes one. The conversion reads each field by its name, so that what Stripe adds to rows is dropped. */
export const make = <Wire, A>(wire: Schema.Codec<Wire>, convert: (row: Wire) => A): DecodeRow<A> => {
  const decodeWire = Schema.decodeUnknownResult(wire)
  const matches = fastPath(wire)
  return (row) => (matches(row) ? Result.succeed(convert(row)) : Result.map(decodeWire(row), convert))
}
