/**
 * How one page of sessions is fetched, for everything that walks the list.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Page, FetchPage, PageRequest } from "./listModel.ts"
import type * as StripeClient from "../StripeClient.ts"
import type { StripeError } from "../StripeError.ts"
import * as ListReply from "./listReply.ts"
import * as PageSize from "./pageSize.ts"
import type { Any } from "./sessionModel.ts"
import * as Requests from "./sessionRequests.ts"

/** Fetches pages of a list that was asked for with these expansions. */
export const make = (
  client: StripeClient.Service,
  operation: string,
  toQuery: Requests.Walk["toQuery"],
  expand: ReadonlyArray<string> | undefined
): FetchPage<Any, StripeError> => {
  const decodeRow = Requests.decodeListed(expand)
  return (request: PageRequest) => {
    const { limit, page } = request
    const cursor = request.starting_after ?? request.ending_before
    const decode = ListReply.readRows(decodeRow, { page, cursor })
    const query = toQuery(request)
    const smaller = (failures: number): StripeClient.Request<Page<Any>> => {
      const limit = PageSize.afterFailures(request.limit, failures)
      return {
        ...sent,
        query: toQuery({ ...request, limit }),
        decode: (body, requestId) => Result.map(decode(body, requestId), (page) => ({ ...page, limit }))
      }
    }
    const sent = { operation, path: Requests.path, query, page, cursor, decode, smaller }
    return Effect.withSpan(client.get(sent), "VerificationSessions.page", { attributes: { page, limit, cursor } })
  }
}
