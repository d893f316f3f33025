/**
 * A call of a service under its name, which its errors and its span bear.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as StripeError from "../StripeError.ts"
import type { OnDecodeError } from "./pagination/options.ts"
import * as Telemetry from "./telemetry.ts"

/** An error of the caller's own, on its way through a read. It may look like an error of the read, which is given the operation's name. */
export class HandlerError<out E> extends Data.Class<{ readonly error: E }> {}

/** A handler whose errors come out of {@link withOperation} as they are. */
export const tagHandlerError =
  <E, R>(onDecodeError: OnDecodeError<E, R>): OnDecodeError<HandlerError<E>, R> =>
  (error) =>
    Effect.mapError(onDecodeError(error), (error) => new HandlerError({ error }))

const refused = (operation: string, reason: StripeError.Reason): StripeError.StripeError =>
  new StripeError.StripeError({
    operation,
    reason,
    ...("page" in reason ? { page: reason.page, cursor: reason.cursor } : undefined)
  })

/** A read under the name of its operation, in its errors and as a span. */
export const withOperation = <A, E, R>(
  operation: string,
  self: Stream.Stream<A, StripeError.StripeError | StripeError.Reason | HandlerError<E>, R>
): Stream.Stream<A, StripeError.StripeError | E, R> =>
  self.pipe(
    Stream.mapError((error) =>
      error instanceof HandlerError || StripeError.isStripeError(error) ? error : refused(operation, error)
    ),
    Stream.tapError((error) => (error instanceof HandlerError ? Effect.void : Telemetry.failed(error))),
    Stream.mapError((error) => (error instanceof HandlerError ? error.error : error)),
    Stream.withSpan(operation)
  )

/** What came out of a check of arguments. It fails under the name of the operation. */
export const check = <A>(
  operation: string,
  checked: Result.Result<A, StripeError.InvalidArgumentError>
): Effect.Effect<A, StripeError.StripeError> =>
  Effect.fromResult(Result.mapError(checked, (reason) => refused(operation, reason)))
