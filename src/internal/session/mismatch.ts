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
import type { AnyExpansion } from "./codec.ts"

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
 * Decodes the sessions of a stream with your own Schema, such as `withMetadata`. `onMismatch` receives the sessions that
 * do not match, in order, and they are left out of the stream:
 *
 * - `() => Effect.void` skips them;
 * - `({ error }) => Effect.fail(error)` ends the stream with a {@link MismatchError}, after the rows before it;
 * - any other effect logs them, counts them, or offers them to a queue.
 *
 * A chunk stays a chunk.
 *
 * **Example** (Metadata with your own Schema)
 *
 * ```ts
 * import { DateTime, Effect, Schema, Stream } from "effect"
 * import { VerificationSession } from "effect-stripe-identity"
 *
 * const Plan = Schema.Struct({ plan: Schema.Literals(["free", "pro"]), seats: Schema.FiniteFromString })
 * const session = (id: string, metadata: Record<string, string>) =>
 *   VerificationSession.makeUnsafe({ id, status: "verified", created: DateTime.makeUnsafe(0), metadata })
 *
 * const mismatches: Array<string> = []
 * const seats = Stream.make(session("vs_1", { plan: "pro", seats: "3" }), session("vs_2", { plan: "gold" })).pipe(
 *   VerificationSession.decodeRows(VerificationSession.withMetadata(Plan), {
 *     onMismatch: ({ error }) => Effect.sync(() => mismatches.push(error.message))
 *   }),
 *   Stream.map((session) => session.metadata.seats),
 *   Stream.runCollect
 * )
 *
 * await Effect.runPromise(seats) // => [3]
 * mismatches // => ['vs_2 does not match: metadata.plan: expected "free" | "pro"; metadata.seats: missing']
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const decodeRows =
  <S extends Schema.Constraint, Session extends AnyExpansion, E2, R2>(
    schema: S,
    options: { readonly onMismatch: (mismatch: Mismatch<NoInfer<Session>>) => Effect.Effect<unknown, E2, R2> }
  ) =>
  <E, R>(self: Stream.Stream<Session, E, R>): Stream.Stream<S["Type"], E | E2, R | R2 | S["DecodingServices"]> => {
    const decode = SchemaParser.decodeUnknownEffect(schema)
    // The rows of a chunk up to its first failure, and that failure.
    const decodeChunk = Effect.fnUntraced(function* (sessions: ReadonlyArray<Session>) {
      const rows: Array<S["Type"]> = []
      for (const session of sessions) {
        const decoded = yield* Effect.result(decode(session, { errors: "all" }))
        if (Result.isSuccess(decoded)) {
          rows.push(decoded.success)
          continue
        }
        const error = new MismatchError({ id: session.id, issues: Issues.expectations(decoded.failure).map(toShown) })
        const handled = yield* Effect.result(options.onMismatch({ session, error }))
        if (Result.isFailure(handled)) return Stream.concat(Stream.fromArray(rows), Stream.fail(handled.failure))
      }
      return Stream.fromArray(rows)
    })
    return self.pipe(Stream.chunks, Stream.mapEffect(decodeChunk), Stream.flatten())
  }

const toShown = (wrong: Issues.Expectation) => ({ path: Issues.showPath(wrong.path), expected: Issues.say(wrong) })
