/**
 * A codec in two layers: a schema of the wire's plain fields, and one conversion a row to what users see.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** A value that claims to be a `T`, and is not checked yet. */
export type Unchecked<T> = { readonly [Key in keyof T]?: unknown }

// Stands for "the transformation has made nothing that waits to be checked".
const nothing = Symbol()

/**
 * The user's side needs no schema of its own: a value is right when its wire form is. That is how `encode`, `make` and
 * `Schema.is` check, with the wire's field names in the paths. A row that was just decoded is not checked again, because
 * it was made from a checked row; checking it would add 50 to 95 % to a decode (`test/bench/decode.ts`).
 *
 * `toWire` must answer for every input: what is not of the right kind becomes `undefined`, which the wire refuses.
 * `generator` makes the rows that `Arbitrary` starts from.
 */
export const wireCodec = <T extends object, E>(options: {
  readonly identifier: string
  readonly wire: Schema.Codec<E>
  readonly generator: Schema.Codec<E>
  readonly fromWire: (wire: E) => T
  readonly toWire: (value: Unchecked<T>) => unknown
}): Schema.Codec<T, E> => {
  const checkWire = SchemaParser.decodeUnknownEffect(options.wire)

  // Schema hands the transformation's result to the check below at once and synchronously, so one slot is enough. The
  // check empties it: no row outlives its decode here.
  let unchecked: unknown = nothing
  const transformation = SchemaTransformation.transform<T, E>({
    decode: (wire) => {
      const value = options.fromWire(wire)
      unchecked = value
      return value
    },
    // Type boundary: the wire schema checks this value next.
    encode: (value) => options.toWire(value) as E
  })

  const typed = Schema.declareConstructor<T>()(
    [],
    () => (input, ast, parseOptions) => {
      if (input === unchecked) {
        unchecked = nothing
        // Type boundary: the transformation above has just made it.
        return Effect.succeed(input as T)
      }
      if (!Predicate.isObject(input)) {
        return Effect.fail(new SchemaIssue.InvalidType(ast, input, parseOptions))
      }
      // Type boundary: an object may have any keys. Its wire form holds what was redacted, which no issue may report.
      const wire = options.toWire(input as Unchecked<T>)
      return Effect.mapEager(checkWire(wire, { ...parseOptions, reportInput: false }), () => input as unknown as T)
    },
    {
      identifier: options.identifier,
      toCodec: () => Schema.link<T>()(options.wire, transformation),
      toCodecArbitrary: () => Schema.link<T>()(options.generator, transformation)
    }
  )

  return options.wire.pipe(Schema.decodeTo(typed, transformation))
}
