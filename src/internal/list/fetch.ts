/**
 * One page of a list, for everything that reads it: asks for it, leaves out rows that do not match the filter, and reads
 * on where a cursor is lost.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as RetryPolicy from "../../RetryPolicy.ts"
import type * as StripeClient from "../../StripeClient.ts"
import { PaginationStalledError, type Reason, type StripeError } from "../../StripeError.ts"
import type { Query } from "../client/model.ts"
import * as Telemetry from "../telemetry.ts"
import * as Cursor from "../pagination/cursor.ts"
import * as PageSize from "../pagination/pageSize.ts"
import type { DecodeRow } from "../wire/fastPath.ts"
import type { Entry, FetchedPage, FetchPage, Page, PageRequest, Row } from "./model.ts"
import * as ListReply from "./reply.ts"

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
  readonly matches: ListReply.Matches<Sent, A>
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
    decode: ListReply.readRows(decodeRow, matches, { page, cursor }, limit),
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
    const { limit, page } = request
    const cursor = request.starting_after ?? request.ending_before
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
    return Telemetry.pageSpan(`${service}.page`, operation, { page, limit, cursor }, asked)
  }
}

/**
 * Exactly one page, with exactly one request and its retries. One wrong row is a failure, because one page is all that was
 * asked for, and so is a page after which a caller's own loop would go round.
 */
export const one = Effect.fnUntraced(function* <Sent extends Row, A extends Row>(
  client: StripeClient.Service,
  selection: Selection<Sent, A>,
  page: Cursor.PageParameters
): Effect.fn.Return<Page<A>, StripeError> {
  const { decodeRow, matches, operation, path, query } = selection
  const cursor = page.starting_after ?? page.ending_before
  const limits = { limit: page.limit ?? 100, oldestFirst: false, within: undefined }
  const reply = yield* client.get({
    operation,
    path,
    query: Cursor.toQuery(page, query),
    decode: (body, requestId) =>
      Result.flatMap(
        ListReply.readRows(decodeRow, matches, {})(body, requestId),
        (reply): Result.Result<FetchedPage<A>, Reason> => {
          const entries = Cursor.entriesOf(reply)
          const error = entries.find(({ error }) => error !== undefined)?.error
          if (error !== undefined) return Result.fail(error)
          const { seen } = Cursor.start({ start: cursor, maxItems: limits.limit })
          return Result.mapBoth(Cursor.checkPage(seen, reply, entries, limits), {
            onSuccess: () => reply,
            onFailure: (description) => new PaginationStalledError({ description, page: 1, cursor, requestId })
          })
        }
      )
  })
  Telemetry.page(yield* Telemetry.currentFiber, operation, reply)
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
