/**
 * A codec in two layers: a schema of the wire's plain fields, and one conversion a row to what users see.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Struct from "effect/Struct"

/** A value that claims to be a `T`, and is not checked yet. */
export type Unchecked<T> = { readonly [Key in keyof T]?: unknown }

/**
 * The user's side needs no schema of its own: a value is right when its wire form is. That is how `decode`, `encode`,
 * `make` and `Schema.is` check, with the wire's field names in the paths. A decode through the codec therefore checks
 * twice, which costs 50 to 95 % (`test/bench/decode.ts`); the client decodes the wire and converts, and checks once.
 *
 * `toWire` must answer for every input: what is not of the right kind becomes `undefined`, which the wire refuses.
 * `toJson` leaves out what may be secret, for the JSON that Effect derives from a codec: it is written by `HttpApi`, `Rpc`,
 * queues and stores, where nobody sees it. To read that JSON checks the wire once more. `generator` makes the rows that
 * `Arbitrary` starts from.
 */
export const wireCodec = <T extends object, E>(options: {
  readonly identifier: string
  readonly wire: Schema.Codec<E>
  readonly generator: Schema.Codec<E>
  readonly fromWire: (wire: E) => T
  readonly toWire: (value: Unchecked<T>) => unknown
  readonly toJson: (wire: E) => E
}): Schema.Codec<T, E> => {
  const checkWire = SchemaParser.decodeUnknownEffect(options.wire)

  const encoded = Schema.declareConstructor<E>()([], () => (input, _, parseOptions) => checkWire(input, parseOptions), {
    toCodec: () =>
      Schema.link<E>()(options.wire, SchemaTransformation.transform({ decode: identity, encode: options.toJson }))
  })

  const transformation = SchemaTransformation.transform<T, E>({
    decode: options.fromWire,
    // Type boundary: the wire schema checks this value next.
    encode: (value) => options.toWire(value) as E
  })

  const typed = Schema.declareConstructor<T>()(
    [],
    () => (input, ast, parseOptions) => {
      if (!Predicate.isObject(input)) return Effect.fail(new SchemaIssue.InvalidType(ast, input, parseOptions))
      // Type boundary: an object may have any keys. Its wire form holds what was redacted, which no issue may report.
      const wire = options.toWire(input as Unchecked<T>)
      return Effect.mapEager(checkWire(wire, { ...parseOptions, reportInput: false }), () => input as unknown as T)
    },
    { identifier: options.identifier, toCodecArbitrary: () => Schema.link<T>()(options.generator, transformation) }
  )

  return encoded.pipe(Schema.decodeTo(typed, transformation))
}

/** Seconds of a `DateTime.Utc`; `undefined`, which no wire schema accepts, for anything else. */
export const toEpochSeconds = (value: unknown): number | undefined =>
  DateTime.isDateTime(value) && DateTime.isUtc(value) ? DateTime.toEpochSeconds(value) : undefined

export const redacted = <A>(value: A | null, options: { readonly label: string }): Redacted.Redacted<A> | null =>
  value === null ? null : Redacted.make(value, options)

/** What a `Redacted` holds, or `null` where that stands; `undefined`, which no wire schema accepts, for anything else. */
export const revealed = (value: unknown): unknown =>
  value === null ? null : Redacted.isRedacted(value) ? Redacted.value(value) : undefined

/**
 * What generated rows have in place of fields that the wire leaves wider: ids as Stripe makes them, which Stripe does
 * not promise, and dates of this decade.
 */
export const generated = (prefix: string) =>
  Struct.assign({
    id: Schema.String.check(Schema.isPattern(new RegExp(`^${prefix}_[0-9A-Za-z]{24}$`))),
    created: Schema.Int.check(Schema.isBetween({ minimum: 1_577_836_800, maximum: 1_893_455_999 }))
  })
