// The connected accounts of a platform, which this library does not read by itself: any list of Stripe's takes a function that
// asks for one page.
import { DateTime, Effect, Result, Schema, Stream } from "effect"
import { Pagination, StripeClient, StripeError } from "effect-stripe-identity"

const Page = Schema.Struct({
  data: Schema.Array(Schema.Struct({ id: Schema.String })),
  has_more: Schema.Boolean
})
const decodePage = Schema.decodeUnknownResult(Page)

// A row needs a time, and Stripe gives none for Standard accounts.
const created = DateTime.makeUnsafe(0)

const fetch =
  (client: StripeClient.Service): Pagination.FetchPage<Pagination.Row, StripeError.StripeError> =>
  (request) =>
    client.get({
      operation: "Accounts.list",
      path: "/v1/accounts",
      query: Pagination.toQuery(request),
      page: request.page,
      cursor: request.starting_after,
      decode: (body, requestId) =>
        Result.mapBoth(decodePage(body), {
          onFailure: () =>
            new StripeError.DecodeError({ part: "envelope", description: "not a list of accounts", requestId }),
          onSuccess: ({ data, has_more }) => ({
            data: data.map(({ id }) => ({ id, created })),
            has_more,
            requestId
          })
        })
    })

/** Their ids, newest first. */
export const ids = StripeClient.StripeClient.pipe(
  Effect.map((client) => Stream.map(Pagination.rows(fetch(client)), ({ id }) => id)),
  Stream.unwrap
)
