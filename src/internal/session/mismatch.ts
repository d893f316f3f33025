/**
 * Decodes sessions with the user's own Schema, and handles those that do not match. Chunks stay chunks, and rows before
 * a failure are emitted.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Stream from "effect/Stream"
import * as Issues from "../issues.ts"

/**
 * A session does not match your own Schema. The error has the session's id and what was expected where, and none of its
 * values.
 *
 * @category errors
 * @since 0.1.0
 */
export class MismatchError extends Schema.TaggedError<MismatchError>(
  "effect-stripe-identity/VerificationSession/MismatchError"
)("MismatchError", {
  /** The id of the session, `vs_…`. */
  id: Schema.String,
  /** What was expected, and at which path, such as `metadata.plan`, of twenty problems at most. */
  issues: Schema.Array(Schema.Struct({ path: Schema.String, expected: Schema.String }))
}) {
  override get message(): string {
    const issues = this.issues.map(({ expected, path }) => (path === "" ? expected : `${path}: ${expected}`))
    return `${this.id} does not match: ${issues.join("; ")}`
  }
}

/**
 * A session that did not match, and its error.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mismatch<out Session> {
  readonly session: Session
  readonly error: MismatchError
}

/**
 * What happens to sessions that do not match: `"fail"` ends the stream with a {@link MismatchError}, `"drop"` skips
 * them, and a function receives each of them, in order, before later rows are emitted.
 *
 * @category options
 * @since 0.1.0
 */
export type OnMismatch<Session> =
  "fail" | "drop" | ((mismatch: Mismatch<Session>) => Effect.Effect<unknown, unknown, unknown>)

/**
 * The failures of a choice of {@link OnMismatch}.
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
 * The services that a choice of {@link OnMismatch} requires.
 *
 * @category models
 * @since 0.1.0
 */
export type MismatchServices<Choice> = Choice extends (mismatch: never) => Effect.Effect<unknown, unknown, infer R>
  ? R
  : never

/**
 * Type boundary: what a choice fails with and requires is `unknown` in here. The type of
 * `VerificationSession.decodeRows` knows it.
 */
export const decodeRows = <S extends Schema.Constraint, Session extends { readonly id: string }, E, R>(
  self: Stream.Stream<Session, E, R>,
  schema: S,
  { onMismatch }: { readonly onMismatch: OnMismatch<Session> }
): Stream.Stream<S["Type"], unknown, unknown> => {
  const decode = SchemaParser.decodeUnknownEffect(schema)
  // The rows of a chunk up to its first failure, and that failure.
  const decodeChunk = Effect.fnUntraced(function* (sessions: ReadonlyArray<Session>) {
    const rows: Array<S["Type"]> = []
    const emit = (end: Stream.Stream<never, unknown>) => Stream.concat(Stream.fromArray(rows), end)
    for (const session of sessions) {
      const decoded = yield* Effect.result(decode(session, { errors: "all" }))
      if (Result.isSuccess(decoded)) {
        rows.push(decoded.success)
        continue
      }
      if (onMismatch === "drop") continue
      const error = new MismatchError({ id: session.id, issues: Issues.expectations(decoded.failure).map(toShown) })
      if (onMismatch === "fail") return emit(Stream.fail(error))
      const handled = yield* Effect.result(onMismatch({ session, error }))
      if (Result.isFailure(handled)) return emit(Stream.fail(handled.failure))
    }
    return emit(Stream.empty)
  })
  return self.pipe(Stream.chunks, Stream.mapEffect(decodeChunk), Stream.flatten())
}

const toShown = (wrong: Issues.Expectation) => ({ path: Issues.showPath(wrong.path), expected: Issues.say(wrong) })
