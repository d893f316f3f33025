/**
 * Sessions through a Schema of the user's own, and what becomes of those that do not match. Chunks stay chunks, and rows
 * before a failure come out.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Stream from "effect/Stream"
import * as Issues from "../issues.ts"

/**
 * A session that is not what a Schema of your own says. It names the session and what was expected where, and holds none
 * of its values.
 *
 * @category errors
 * @since 0.1.0
 */
export class MismatchError extends Schema.TaggedError<MismatchError>(
  "effect-stripe-identity/VerificationSession/MismatchError"
)("MismatchError", {
  /** The session, `vs_…`. */
  id: Schema.String,
  /** What was expected where, such as `metadata.plan`. */
  issues: Schema.Array(Schema.Struct({ path: Schema.String, expected: Schema.String })),
  /** How many more there are, which are not listed. */
  omitted: Schema.optional(Schema.Int)
}) {
  override get message(): string {
    const issues = this.issues.map(({ expected, path }) => (path === "" ? expected : `${path}: ${expected}`))
    if (this.omitted !== undefined) issues.push(`and ${this.omitted} more`)
    return `${this.id} does not match: ${issues.join("; ")}`
  }
}

/**
 * A session that did not match, with what was wrong.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mismatch<out Session> {
  readonly session: Session
  readonly error: MismatchError
}

/**
 * Where sessions go that do not match: `"fail"` ends the stream with a {@link MismatchError}, `"drop"` leaves them out, and
 * a function gets each of them, in order, before the rows after it come out.
 *
 * @category options
 * @since 0.1.0
 */
export type OnMismatch<Session> =
  "fail" | "drop" | ((mismatch: Mismatch<Session>) => Effect.Effect<unknown, unknown, unknown>)

/**
 * How a choice of {@link OnMismatch} can fail.
 *
 * @category models
 * @since 0.1.0
 */
export type MismatchFailure<Choice> = Choice extends "fail"
  ? MismatchError
  : Choice extends (mismatch: never) => Effect.Effect<unknown, infer E, unknown>
    ? E
    : never

/**
 * What a choice of {@link OnMismatch} requires.
 *
 * @category models
 * @since 0.1.0
 */
export type MismatchServices<Choice> = Choice extends (mismatch: never) => Effect.Effect<unknown, unknown, infer R>
  ? R
  : never

interface Row {
  readonly id: string
}

/** What a chunk becomes: its rows up to the first failure, and that failure. */
interface Decoded<A, E> {
  readonly rows: ReadonlyArray<A>
  readonly failure: Option.Option<E>
}

/**
 * Type boundary: a choice fails with and requires what it likes, which is `unknown` in here. Only the type of
 * `VerificationSession.decodeRows`, which knows the choice, says it, and the services of the Schema with it.
 */
export const decodeRows = <S extends Schema.Constraint, Session extends Row, E, R>(
  self: Stream.Stream<Session, E, R>,
  schema: S,
  onMismatch: OnMismatch<Session>
): Stream.Stream<S["Type"], unknown, unknown> => {
  const decode = SchemaParser.decodeUnknownEffect(schema)
  const decodeChunk = Effect.fnUntraced(function* (sessions: ReadonlyArray<Session>) {
    const rows: Array<S["Type"]> = []
    const upTo = (failure: Option.Option<unknown>): Decoded<S["Type"], unknown> => ({ rows, failure })
    for (const session of sessions) {
      const decoded = yield* Effect.result(decode(session, { errors: "all" }))
      if (Result.isSuccess(decoded)) {
        rows.push(decoded.success)
        continue
      }
      if (onMismatch === "drop") continue
      const { listed, omitted } = Issues.few(Issues.expectations(decoded.failure))
      const error = new MismatchError({
        id: session.id,
        issues: listed.map(toShown),
        ...(omitted === 0 ? {} : { omitted })
      })
      if (onMismatch === "fail") return upTo(Option.some(error))
      const handled = yield* Effect.result(onMismatch({ session, error }))
      if (Result.isFailure(handled)) return upTo(Option.some(handled.failure))
    }
    return upTo(Option.none())
  })
  return self.pipe(
    Stream.chunks,
    Stream.mapEffect(decodeChunk),
    Stream.flatMap(({ failure, rows }) =>
      Option.match(failure, {
        onNone: () => Stream.fromArray(rows),
        onSome: (error) => Stream.concat(Stream.fromArray(rows), Stream.fail(error))
      })
    )
  )
}

const toShown = ({ expected, path }: Issues.Expectation) => ({
  path: Issues.showPath(path),
  expected: expected === "Missing key" ? "missing" : `expected ${expected}`
})
