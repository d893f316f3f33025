/**
 * How one page of a list is fetched, for everything that walks it.
 */
import * as Result from "effect/Result"
import type * as StripeClient from "../../StripeClient.ts"
import type { StripeError } from "../../StripeError.ts"
import type { FetchPage, Page, PageRequest } from "./model.ts"
import * as ListReply from "./reply.ts"
import type { Requests, Walk } from "./requests.ts"
import * as PageSize from "../walk/pageSize.ts"
import * as Telemetry from "../telemetry.ts"

/** Fetches pages of a list that was asked for with these expansions. */
export const make = <A>(
  client: StripeClient.Service,
  requests: Requests<A>,
  operation: string,
  toQuery: Walk<A>["toQuery"],
  expand: ReadonlyArray<string> | undefined
): FetchPage<A, StripeError> => {
  const { path, service } = requests
  const decodeRow = requests.decodeListed(expand)
  return (request: PageRequest) => {
    const { limit, page } = request
    const cursor = request.starting_after ?? request.ending_before
    const decode = ListReply.readRows(decodeRow, { page, cursor })
    const query = toQuery(request)
    const smaller = (failures: number): StripeClient.Request<Page<A>> => {
      const limit = PageSize.afterFailures(request.limit, failures)
      return {
        ...sent,
        query: toQuery({ ...request, limit }),
        decode: (body, requestId) => Result.map(decode(body, requestId), (page) => ({ ...page, limit }))
      }
    }
    const sent = { operation, path, query, page, cursor, decode, smaller }
    return Telemetry.pageSpan(`${service}.page`, operation, { page, limit, cursor }, client.get(sent))
  }
}
