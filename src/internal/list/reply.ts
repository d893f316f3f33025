/**
 * The reply to a list: Stripe's envelope first, then each row on its own, so that a wrong row is named by itself and
 * costs no other.
 */
import * as DateTime from "effect/DateTime"
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DecodeError } from "../../StripeError.ts"
import * as Issues from "../issues.ts"
import type { Entry, FetchedPage, Row } from "./model.ts"
import { type DecodeRow, rowDecoder } from "../wire/fastPath.ts"
import { isEpochSeconds } from "../wire/fields.ts"

// In a function, because a bundler keeps what a call refers to while its arguments read properties, such as `Schema.Boolean`.
const envelopeDecoder = () =>
  rowDecoder(
    Schema.Struct({ object: Schema.Literal("list"), data: Schema.Array(Schema.Unknown), has_more: Schema.Boolean }),
    identity
  )

const decodeEnvelope = envelopeDecoder()

/** Whether a row that Stripe sends matches a filter, which its type then says. */
export type Matches<Sent, A> = (row: Sent) => row is Sent & A

/** Where a reply is wrong. */
type Place = Pick<DecodeError, "cursor" | "page" | "position" | "requestId" | "rowId">

const toDecodeError = (part: "envelope" | "row", { issue }: Schema.SchemaError, place: Place): DecodeError => {
  const [first] = Issues.expectations(issue)
  const prefix = place.position === undefined ? [] : ["data", place.position]
  return new DecodeError({
    part,
    status: 200,
    path: Issues.showPath([...prefix, ...withoutOwnNames(first.path)]) || undefined,
    description: Issues.say(first),
    ...place
  })
}

// What stands below `metadata` was named by whoever made the session, and may be the name of a person.
const withoutOwnNames = (path: ReadonlyArray<PropertyKey>): ReadonlyArray<PropertyKey> => {
  const metadata = path.indexOf("metadata")
  return metadata < 0 ? path : path.slice(0, metadata + 1)
}

/** The id of a row, even if the rest of it is wrong. A text that looks like a client secret is not an id. */
const idOf = (row: unknown): string | undefined =>
  Predicate.hasProperty(row, "id") && Predicate.isString(row.id) && /^(?!.*_secret_)\w{1,255}$/.test(row.id)
    ? row.id
    : undefined

// Any other number may be what is wrong with the row, and says nothing about its place in the order.
const createdOf = (row: unknown): number | undefined =>
  Predicate.hasProperty(row, "created") && isEpochSeconds(row.created) ? row.created * 1000 : undefined

/** The reply to a retrieve: one row. */
export const readRow =
  <A extends Row>(decodeRow: DecodeRow<A>, id: string) =>
  (body: unknown, requestId: string | undefined): Result.Result<A, DecodeError> => {
    const place = { requestId, rowId: idOf(body) }
    const decoded = Result.mapError(decodeRow(body), (error) => toDecodeError("row", error, place))
    const isOther = Result.isSuccess(decoded) && decoded.success.id !== id
    return isOther
      ? Result.fail(new DecodeError({ part: "row", status: 200, path: "id", description: `expected ${id}`, ...place }))
      : decoded
  }

/** The reply to a list that was asked for `limit` rows: one page, with the rows set apart that are wrong or that the filter leaves out. */
export const readRows =
  <Sent extends Row, A>(decodeRow: DecodeRow<Sent>, matches: Matches<Sent, A>, place: Place, limit?: number) =>
  (body: unknown, requestId: string | undefined): Result.Result<FetchedPage<A>, DecodeError> => {
    const envelope = decodeEnvelope(body)
    if (Result.isFailure(envelope)) {
      return Result.fail(toDecodeError("envelope", envelope.failure, { ...place, requestId }))
    }
    const data: Array<A> = []
    const entries: Array<Entry<A>> = []
    const { data: rows, has_more } = envelope.success
    for (let position = 0; position < rows.length; position++) {
      const raw = rows[position]
      const decoded = decodeRow(raw)
      if (Result.isFailure(decoded)) {
        const id = idOf(raw)
        const error = toDecodeError("row", decoded.failure, { ...place, requestId, rowId: id, position })
        entries.push({ id, created: createdOf(raw), error })
        continue
      }
      const row = decoded.success
      const created = DateTime.toEpochMillis(row.created)
      if (matches(row)) {
        data.push(row)
        entries.push({ id: row.id, created, row })
      } else entries.push({ id: row.id, created })
    }
    return Result.succeed({ data, entries, has_more, requestId, limit })
  }
