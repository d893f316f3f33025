/**
 * A call of a service under its name, which its errors and its span bear.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { WalkError } from "../Pagination.ts"
import * as StripeError from "../StripeError.ts"
import * as Telemetry from "./telemetry.ts"

const refused = (operation: string, reason: StripeError.Reason): StripeError.StripeError =>
  new StripeError.StripeError({
    operation,
    reason,
    ...("page" in reason ? { page: reason.page, cursor: reason.cursor } : undefined)
  })

type Unnamed = WalkError | StripeError.CheckpointMismatchError

const isUnnamed = (error: unknown): error is Unnamed =>
  error instanceof StripeError.DecodeError ||
  error instanceof StripeError.PaginationStalledError ||
  error instanceof StripeError.InvalidArgumentError ||
  error instanceof StripeError.CheckpointMismatchError

/** A walk under the name of its operation, in its errors and as a span. */
export const named = <A, E, R>(
  operation: string,
  self: Stream.Stream<A, E, R>
): Stream.Stream<A, Exclude<E, Unnamed> | StripeError.StripeError, R> =>
  self.pipe(
    Stream.mapError((error) =>
      // Type boundary: what is no error of a walk is one of the others.
      isUnnamed(error) ? refused(operation, error) : (error as Exclude<E, Unnamed>)
    ),
    Stream.tapError((error) => (StripeError.isStripeError(error) ? Telemetry.failed(error) : Effect.void)),
    Stream.withSpan(operation)
  )

/** A check of arguments, which fails under the name of the operation. */
export const check = <A>(
  operation: string,
  checked: Effect.Effect<A, StripeError.InvalidArgumentError>
): Effect.Effect<A, StripeError.StripeError> => Effect.mapError(checked, (reason) => refused(operation, reason))
