/**
 * The reply to a list: Stripe's envelope first, then each row on its own, so that a wrong row is named by itself.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Page } from "../Pagination.ts"
import { DecodeError } from "../StripeError.ts"
import * as Issues from "./issues.ts"

const decodeEnvelope = Schema.decodeUnknownResult(
  Schema.Struct({ object: Schema.Literal("list"), data: Schema.Array(Schema.Unknown), has_more: Schema.Boolean })
)

const toDecodeError = (
  part: "envelope" | "row",
  error: Schema.SchemaError,
  prefix: ReadonlyArray<PropertyKey>,
  requestId: string | undefined,
  row?: unknown
): DecodeError => {
  const [first] = Issues.expectations(error.issue)
  return new DecodeError({
    part,
    status: 200,
    requestId,
    path: Issues.showPath([...prefix, ...(first?.path ?? [])]),
    description: `expected ${first?.expected ?? "another value"}`,
    rowId: Predicate.hasProperty(row, "id") && Predicate.isString(row.id) ? row.id : undefined
  })
}

type DecodeRow<A> = (row: unknown) => Result.Result<A, Schema.SchemaError>

/** The reply to a retrieve: one row. */
export const readRow =
  <A>(decodeRow: DecodeRow<A>) =>
  (body: unknown, requestId: string | undefined): Result.Result<A, DecodeError> =>
    Result.mapError(decodeRow(body), (error) => toDecodeError("row", error, [], requestId, body))

/** The reply to a list: one page. */
export const readPage =
  <A>(decodeRow: DecodeRow<A>) =>
  (body: unknown, requestId: string | undefined): Result.Result<Page<A>, DecodeError> => {
    const envelope = decodeEnvelope(body)
    if (Result.isFailure(envelope)) return Result.fail(toDecodeError("envelope", envelope.failure, [], requestId))
    const data: Array<A> = []
    for (const [index, raw] of envelope.success.data.entries()) {
      const row = decodeRow(raw)
      if (Result.isFailure(row)) return Result.fail(toDecodeError("row", row.failure, ["data", index], requestId, raw))
      data.push(row.success)
    }
    return Result.succeed({ data, has_more: envelope.success.has_more, requestId })
  }
