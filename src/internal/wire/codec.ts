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

/**
 * The user's side needs no schema of its own: a value is right when its wire form is. That is how `decode`, `encode`,
 * `make` and `Schema.is` check, with the wire's field names in the paths. A decode through the codec therefore checks
 * twice, which costs 50 to 95 % (`test/bench/decode.ts`); the client decodes the wire and converts, and checks once.
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

  const transformation = SchemaTransformation.transform<T, E>({
    decode: options.fromWire,
    // Type boundary: the wire schema checks this value next.
    encode: (value) => options.toWire(value) as E
  })

  const typed = Schema.declareConstructor<T>()(
    [],
    () => (input, ast, parseOptions) => {
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
