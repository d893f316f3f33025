/**
 * What every list can be asked: one page, one row, all pages or all rows. The services say what their rows and filters
 * are, and give the types of their calls names of their own.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Pagination from "../../Pagination.ts"
import * as ParallelPagination from "../../ParallelPagination.ts"
import type * as StripeClient from "../../StripeClient.ts"
import type { StripeError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import * as ListFetch from "./fetch.ts"
import * as ListReply from "./reply.ts"
import type { PageParameters, Requests } from "./requests.ts"
import * as LocalFilter from "./localFilter.ts"
import { callers, type CallersOwn, check, named } from "../operation.ts"
import * as Telemetry from "../telemetry.ts"

/**
 * How a list is read, in sequence or in many places at once.
 *
 * @category options
 * @since 0.1.0
 */
export type WalkOptions<E = never, R = never> = (
  | Pagination.Options<E, R>
  // Several requests at once find the oldest row by time, so they need no id to start from.
  | (Omit<Pagination.Options<E, R>, "direction" | "startingAfter" | "endingBefore"> & {
      readonly direction: "oldest-first"
      readonly concurrency: number
      readonly startingAfter?: undefined
      readonly endingBefore?: undefined
    })
) & {
  /**
   * The most requests in flight, 1 to 100. The same rows come in the same order, only sooner: the list is read in many
   * places at once, and up to eight pages a request wait for their turn. See `ParallelPagination`. From `endingBefore`
   * on the list is read one page after the other, and `prefetch` means nothing here.
   *
   * @default 1
   */
  readonly concurrency?: number | undefined
}

/** What Stripe is to send besides what it sends anyway. */
interface ExpandOptions<Path extends string> {
  /** @default nothing */
  readonly expand?: ReadonlyArray<Path> | undefined
}

/** The calls of a list. Every one fails with `StripeError` alone. */
interface Calls<A, Filter, Path extends string> {
  readonly list: (
    params?: Filter & PageParameters & ExpandOptions<`data.${Path}`>
  ) => Effect.Effect<Pagination.Page<A>, StripeError>
  readonly retrieve: (id: string, options?: ExpandOptions<Path>) => Effect.Effect<A, StripeError>
  readonly pages: <E = never, R = never>(
    filter?: Filter,
    options?: WalkOptions<E, R> & ExpandOptions<`data.${Path}`>
  ) => Stream.Stream<Pagination.Page<A>, StripeError | E, R>
  readonly stream: <E = never, R = never>(
    filter?: Filter,
    options?: WalkOptions<E, R> & ExpandOptions<`data.${Path}`>
  ) => Stream.Stream<A, StripeError | E, R>
}

type Walk<A, Element> = {
  readonly inSequence: <E, R>(
    fetch: Pagination.FetchPage<A, StripeError>,
    options: Pagination.Options<E, R>
  ) => Stream.Stream<Element, StripeError | Pagination.WalkError | E, R>
  readonly inParallel: <E, R>(
    fetch: Pagination.FetchPage<A, StripeError>,
    options: ParallelPagination.Options<E, R>
  ) => Stream.Stream<Element, StripeError | Pagination.WalkError | E, R>
  readonly select: (
    filter: LocalFilter.LocalFilter<A>
  ) => <E, R>(self: Stream.Stream<Element, E, R>) => Stream.Stream<Element, E, R>
}

/** The calls of a list on a client. */
export const make = <A extends Pagination.Row, Filter extends object, Path extends string>(
  client: StripeClient.Service,
  requests: Requests<A>
): Calls<A, Filter, Path> => {
  const { path, service } = requests
  const operations = {
    list: `${service}.list`,
    retrieve: `${service}.retrieve`,
    pages: `${service}.pages`,
    stream: `${service}.stream`
  }

  const list = Effect.fn(operations.list)(function* (params: PageParameters & ExpandOptions<string> = {}) {
    const operation = operations.list
    const given = yield* check(operation, Effect.fromResult(Arguments.object(params, "params")))
    const { ending_before, expand, limit, starting_after, ...filter } = given
    const query = yield* check(operation, requests.page(filter, { limit, starting_after, ending_before }, expand))
    const decode = ListReply.readPage(requests.decodeListed(expand))
    const page = yield* client.get({ operation, path, query, decode })
    yield* Telemetry.page(operation, page)
    return page
  }, Effect.tapError(Telemetry.failed))

  const retrieve = Effect.fn(operations.retrieve)(function* (id: string, options: ExpandOptions<Path> = {}) {
    const operation = operations.retrieve
    const query = yield* check(operation, requests.retrieve(id, options))
    const decode = ListReply.readRow(requests.decodeRetrieved(options.expand))
    return yield* client.get({ operation, path: `${path}/${id}`, query, decode })
  }, Effect.tapError(Telemetry.failed))

  /** What `pages` and `stream` share: the arguments checked, and how one page is fetched. */
  const read =
    <Element>(operation: string, { inParallel, inSequence, select }: Walk<A, Element>) =>
    <E, R>(filter: object = {}, options: WalkOptions<E, R> & ExpandOptions<string> = {}) => {
      const start = Effect.map(check(operation, requests.walk(filter, options)), ({ keep, toQuery, within }) => {
        const { concurrency = 1, expand, onInvalid, ...rest } = options
        const { endingBefore, maxItems } = rest
        const walk = { ...rest, onInvalid: callers(onInvalid) }
        const fetch = ListFetch.make(client, requests, operation, toQuery, expand)
        const limited = (maxItems: number | undefined) => {
          if (concurrency === 1 || endingBefore !== undefined || walk.direction === "oldest-first") {
            // Type boundary: with one request at a time, the type asks for an id where one is needed.
            return inSequence(fetch, { ...walk, maxItems } as Pagination.Options<CallersOwn<E>, R>)
          }
          const { direction: _, endingBefore: __, prefetch: ___, ...parallel } = walk
          return inParallel(fetch, { ...parallel, concurrency, maxItems, within })
        }
        if (keep === undefined) return limited(maxItems)
        // How many rows to read for so many kept ones nobody knows before; but none are read for none.
        return select({ keep, maxItems })(limited(maxItems === 0 ? 0 : undefined))
      })
      return named(operation, Stream.unwrap(start))
    }

  return {
    list,
    retrieve,
    pages: read(operations.pages, {
      inSequence: Pagination.pages,
      inParallel: ParallelPagination.pages,
      select: LocalFilter.pages
    }),
    stream: read(operations.stream, {
      inSequence: Pagination.rows,
      inParallel: ParallelPagination.rows,
      select: LocalFilter.rows
    })
  }
}
