/**
 * One page of a list, for everything that reads it: asks for it, decodes each row on its own, so that a wrong one costs no
 * other, leaves out rows that do not match the filter, and reads on where a cursor is lost.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as RetryPolicy from "../../RetryPolicy.ts"
import type * as StripeClient from "../../StripeClient.ts"
import { DecodeError, PaginationStalledError, type StripeError } from "../../StripeError.ts"
import type { Query } from "../client/model.ts"
import * as Issues from "../issues.ts"
import * as Telemetry from "../telemetry.ts"
import * as Cursor from "../pagination/cursor.ts"
import * as PageSize from "../pagination/pageSize.ts"
import { type DecodeRow, rowDecoder } from "../wire/fastPath.ts"
import { isEpochSeconds } from "../wire/fields.ts"
import type { Entry, FetchedPage, FetchPage, Page, PageRequest, Row } from "./model.ts"

/** Which rows of a list are read, and how. `Sent` is what Stripe sends, `A` what matches. */
export interface Selection<Sent extends Row, A extends Row> {
  /** The service and the call, as spans and errors name them. */
  readonly service: string
  readonly operation: string
  readonly path: string
  /** What every page is asked for with: the filter, and what is expanded. */
  readonly query: Query
  readonly decodeRow: DecodeRow<Sent>
  /** Whether a row matches the filter, all of it. */
  readonly matches: Matches<Sent, A>
  /** Whether the filter has a part that Stripe cannot answer, so that rows are left out as a matter of course. */
  readonly isPartial: boolean
}

const isCursorLost = ({ reason }: StripeError): boolean => reason._tag === "CursorNotFoundError"

/** The request for one page as Stripe answers it. After failures for its size it asks for fewer rows. */
export const toRequest = <Sent extends Row, A extends Row>(
  selection: Selection<Sent, A>,
  asked: PageRequest,
  limit = asked.limit
): StripeClient.Request<FetchedPage<A>> => {
  const { decodeRow, matches, operation, path, query } = selection
  const { page } = asked
  const cursor = asked.starting_after ?? asked.ending_before
  return {
    operation,
    path,
    page,
    cursor,
    query: Cursor.toQuery({ ...asked, limit }, query),
    decode: readRows(decodeRow, matches, { page, cursor }, limit),
    shrink: (failures) => toRequest(selection, asked, PageSize.afterFailures(asked.limit, failures))
  }
}

/**
 * Fetches pages of a list.
 *
 * A row leaves the list of one `status` when its status changes, and then Stripe may no longer find it as a cursor. In the
 * list without `status` no row ever vanishes. So a lost cursor is looked up there: the page after it is asked for without
 * `status`, and the rows that match are kept. The next page starts after the last of those, in the list with `status`
 * again, or where none matched, after the last row that came.
 */
export const make = <Sent extends Row, A extends Row>(
  client: StripeClient.Service,
  selection: Selection<Sent, A>
): FetchPage<A, StripeError> => {
  const { operation, query, service } = selection

  const askWithoutStatus = (request: PageRequest): Effect.Effect<FetchedPage<A>, StripeError> => {
    const withoutStatus: Selection<Sent, A> = { ...selection, query: query.filter(([name]) => name !== "status") }
    const asked = Effect.map(client.get(toRequest(withoutStatus, request)), (page) =>
      toLastMatch(page, request.ending_before !== undefined)
    )
    // After the first page the cursor is a row that Stripe sent: if it is not found here, Stripe contradicts itself, or
    // somebody deleted the data of test mode, which no number of retries brings back.
    return request.page === 1
      ? asked
      : Effect.flatMap(RetryPolicy.Current, ({ schedule }) =>
          Effect.retry(asked, { schedule, while: isCursorLost, times: 5 })
        )
  }

  return (request) => {
    const { ending_before, page, starting_after: cursor = ending_before } = request
    const asked = Effect.matchEffect(client.get(toRequest(selection, request)), {
      onSuccess: (page) =>
        page.entries?.length === page.data.length
          ? Effect.succeed(page)
          : Effect.as(warnOfExcluded(selection, Cursor.entriesOf(page)), page),
      onFailure: (error) =>
        cursor !== undefined && isCursorLost(error) && (page > 1 || query.some(([name]) => name === "status"))
          ? askWithoutStatus(request)
          : Effect.fail(error)
    })
    return Telemetry.pageSpan(`${service}.page`, operation, request, asked)
  }
}

/**
 * Exactly one page, with exactly one request and its retries. One wrong row is a failure, because one page is all that was
 * asked for, and so is a page after which a caller's own loop would go round.
 */
export const one = Effect.fnUntraced(function* <Sent extends Row, A extends Row>(
  client: StripeClient.Service,
  selection: Selection<Sent, A>,
  page: Cursor.PageQuery
): Effect.fn.Return<Page<A>, StripeError> {
  const { decodeRow, matches, operation, path, query } = selection
  const cursor = page.starting_after ?? page.ending_before
  const limits = { limit: page.limit ?? 100, oldestFirst: false, within: undefined }
  const reply = yield* client.get({
    operation,
    path,
    query: Cursor.toQuery(page, query),
    decode: (body, requestId) =>
      Result.gen(function* () {
        const reply = yield* readRows(decodeRow, matches, {})(body, requestId)
        const entries = Cursor.entriesOf(reply)
        const error = entries.find(({ error }) => error !== undefined)?.error
        if (error !== undefined) return yield* Result.fail(error)
        const { seen } = Cursor.start(cursor, limits.limit)
        yield* Result.mapError(
          Cursor.checkPage(seen, reply, entries, limits),
          (description) => new PaginationStalledError({ description, page: 1, cursor, requestId })
        )
        return reply
      })
  })
  Telemetry.page(yield* Effect.fiber, operation, reply)
  const { data, has_more, requestId } = reply
  const entries = Cursor.entriesOf(reply)
  yield* warnOfExcluded(selection, entries)
  const last = page.ending_before === undefined ? entries.at(-1) : entries[0]
  return { data, has_more, requestId, cursor: last?.id }
})

/**
 * Stripe filters by what it was asked for, so rows of another kind come from something in between, or from a fake. What Stripe
 * cannot filter by is left out here, without a word.
 */
const warnOfExcluded = (
  { isPartial, operation }: Pick<Selection<never, never>, "isPartial" | "operation">,
  entries: ReadonlyArray<Entry<unknown>>
): Effect.Effect<void> => {
  const count = isPartial ? 0 : entries.length - Cursor.countRows(entries)
  return count === 0
    ? Effect.void
    : Effect.logWarning(
        `${operation}: skipped ${count} ${count === 1 ? "row" : "rows"} that Stripe's filter should have excluded. ` +
          "Look for a proxy or a fake between this machine and Stripe."
      )
}

/**
 * A page up to its last row that matches, in the direction of the read, so that the next page can start there in the list
 * with `status`. Without a row that matches it is the page as it came.
 */
const toLastMatch = <A extends Row>(page: FetchedPage<A>, oldestFirst: boolean): FetchedPage<A> => {
  const entries = Cursor.entriesOf(page)
  const isMatch = ({ row }: Entry<A>) => row !== undefined
  const first = oldestFirst ? entries.findIndex(isMatch) : 0
  const end = oldestFirst ? entries.length : entries.findLastIndex(isMatch) + 1
  if (first < 0 || end === 0) return page
  const rest = oldestFirst ? entries.slice(0, first) : entries.slice(end)
  return {
    ...page,
    entries: entries.slice(first, end),
    // Rows that were cut off and do not match need no further look.
    has_more: page.has_more || rest.some(({ error }) => error !== undefined)
  }
}

// In a function, because a bundler keeps what a call refers to while its arguments read properties, such as `Schema.Boolean`.
const envelopeDecoder = () => {
  // No page has more than a hundred, and a million wrong rows, in two megabytes, would take half a minute to decode.
  const data = Schema.Array(Schema.Unknown).check(Schema.isMaxLength(1000, { expected: "at most 1000 rows" }))
  return rowDecoder(Schema.Struct({ object: Schema.Literal("list"), data, has_more: Schema.Boolean }), identity)
}

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

/** Decodes the reply to a list that was asked for `limit` rows. Rows that are wrong, or that the filter leaves out, are set apart. */
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
