/**
 * One of Stripe's lists: from its definition to the calls that read it. Arguments are checked here, once, before
 * anything is sent.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import type * as Pagination from "../../Pagination.ts"
import type * as StripeClient from "../../StripeClient.ts"
import type { InvalidArgumentError, StripeError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import type { Query } from "../client/model.ts"
import * as FilterParts from "../filter/parts.ts"
import { suggest } from "../nearest.ts"
import { check, tagHandlerError, withOperation } from "../operation.ts"
import * as Telemetry from "../telemetry.ts"
import * as CreatedWithin from "../pagination/createdWithin.ts"
import * as ReadOptions from "../pagination/options.ts"
import * as Read from "../pagination/read.ts"
import type { DecodeRow } from "../wire/fastPath.ts"
import * as Fetch from "./fetch.ts"
import type { FetchPage, Page, Row } from "./model.ts"

/** What tells one of Stripe's lists from another. `Path` is what a retrieve can expand. */
export interface Definition<Filter, Path extends string> {
  /** The service, as operations and spans name it. */
  readonly service: string
  /** The path of the list. A row is one segment below it. */
  readonly path: string
  readonly id: { readonly pattern: RegExp; readonly expected: string }
  /** What can be expanded, and examples of it for messages. */
  readonly expand: { readonly paths: ReadonlyArray<Path>; readonly examples: ReadonlyArray<Path> }
  readonly filter: {
    /** The names of its fields. */
    readonly names: ReadonlyArray<string>
    readonly decode: (input: unknown) => Effect.Effect<Filter, InvalidArgumentError>
    /** What Stripe is asked for, and the part that it cannot answer, which is applied to the rows that it sends. */
    readonly partition: (filter: Filter) => { readonly server: FilterParts.ServerFields; readonly client: object }
    /** The fields that may identify a person. */
    readonly personal: ReadonlyArray<string>
  }
}

/**
 * One call, with arguments that nobody has checked. `Sent` is what Stripe sends for what is expanded, `A` what of it matches
 * the filter.
 */
export interface Call<Sent extends Row, A extends Row, Filter> {
  readonly client: StripeClient.Service
  readonly input: unknown
  readonly options: ExpandOptions | undefined
  /** How a row is decoded for which these paths, as a retrieve has them, were expanded. */
  readonly variant: (expand: ReadonlyArray<string>) => { readonly decodeRow: DecodeRow<Sent> }
  readonly matches: (filter: Filter) => Fetch.Matches<Sent, A>
}

/**
 * Which page of a list, named as Stripe names it.
 *
 * @category options
 * @since 0.1.0
 */
export type PageParameters = {
  /**
   * Rows on the page, 1 to 100.
   *
   * @default 10, Stripe's own default
   */
  readonly limit?: number | undefined
} & (
  | {
      readonly starting_after?: undefined
      /** The page of the rows newer than the one with this id, those next to it. */
      readonly ending_before?: string | undefined
    }
  // Last, as in `Start` of internal/pagination/options.ts.
  | {
      /** The page of the rows older than the one with this id. */
      readonly starting_after?: string | undefined
      readonly ending_before?: undefined
    }
)

type ExpandOptions = { readonly expand?: ReadonlyArray<string> | undefined }

/** A filter that was checked, and how the list that it selects is read. */
export interface Selected<Sent extends Row, A extends Row, Filter> {
  readonly filter: Filter
  readonly fetch: FetchPage<A, StripeError>
  /** One row by its id, which was checked. It need not match. */
  readonly retrieve: (id: string) => Effect.Effect<Sent, StripeError>
  readonly selection: Fetch.Selection<Sent, A>
}

/** Paths that can be expanded. One that Stripe does not know would cost a request to be refused. */
const expandField = ({ examples, paths }: Definition<never, string>["expand"], prefix: "data." | "") => {
  const known = paths.map((path) => prefix + path)
  const expected = `a path such as ${examples.map((path) => prefix + path).join(" or ")}`
  return Schema.optional(
    Arguments.list("paths", (path) =>
      typeof path === "string" && known.includes(path)
        ? undefined
        : typeof path === "string" && path.split(".").length > 4
          ? "a path of at most four names, which is Stripe's limit"
          : suggest(expected, path, known)
    )
  )
}

const withoutData = (path: string): string => path.slice("data.".length)

/**
 * The calls of a list. Each fails with `StripeError` alone, and with the errors of the caller's own handlers. Made once for
 * all clients, because it prepares how arguments are checked.
 */
export const make = <Filter, Path extends string>(definition: Definition<Filter, Path>) => {
  const { filter: filters, id, path, service } = definition
  const operations = { list: `${service}.list`, retrieve: `${service}.retrieve` }
  const Id = Arguments.accepts(id.expected, (value) => typeof value === "string" && id.pattern.test(value))
  const expand = expandField(definition.expand, "data.")

  const checkId = Arguments.decoder(Schema.Struct({ id: Id }), "id")
  const checkRetrieve = Arguments.options({ expand: expandField(definition.expand, "") })
  const checkRead = Arguments.decoder(ReadOptions.struct(Id, { expand }), "options", (name) =>
    name === "limit"
      ? "maxItems or pageSize. maxItems limits the rows in all, pageSize the rows per request."
      : filters.names.includes(name)
        ? `only options here. ${name} is a filter field: pass it in the first argument.`
        : ReadOptions.instead(name)
  )
  // One object holds the filter, which its own schema decodes, and the page.
  const pageFields = {
    ...Object.fromEntries(filters.names.map((name) => [name, Schema.optionalKey(Schema.Unknown)])),
    limit: Schema.optional(Arguments.wholeNumber(1, 100)),
    starting_after: Schema.optional(Id),
    ending_before: Schema.optional(Id),
    expand
  }
  const onePage = Arguments.onlyOne("starting_after", "ending_before")
  const checkPage = Arguments.decoder(Schema.Struct(pageFields).check(onePage), "params")

  const selectionOf = <Sent extends Row, A extends Row>(
    call: Call<Sent, A, Filter>,
    operation: string,
    filter: Filter,
    expand: ReadonlyArray<string> = []
  ): Fetch.Selection<Sent, A> => {
    const { client, server } = filters.partition(filter)
    return {
      service,
      operation,
      path,
      query: [...FilterParts.toQuery(server, filters.personal), ...expand.map((path) => ["expand[]", path] as const)],
      decodeRow: call.variant(expand.map(withoutData)).decodeRow,
      matches: call.matches(filter),
      isPartial: Object.keys(client).length > 0
    }
  }

  const retrieve = Effect.fn(operations.retrieve)(function* <Sent extends Row, A extends Row>(
    call: Call<Sent, A, Filter>,
    id: string,
    options: ExpandOptions = {},
    operation = operations.retrieve
  ): Effect.fn.Return<Sent, StripeError> {
    yield* check(operation, Arguments.all([checkId({ id }), checkRetrieve(options)]))
    const { expand = [] } = options
    const decode = Fetch.readRow(call.variant(expand).decodeRow, id)
    const query: Query = expand.map((path) => ["expand[]", path])
    return yield* call.client.get({ operation, path: `${path}/${id}`, query, decode })
  }, Effect.tapError(Telemetry.failed))

  /**
   * A filter checked, and how pages and single rows are read, under the name of a call. What is wrong with its other arguments
   * is reported too.
   */
  const select = Effect.fnUntraced(function* <Sent extends Row, A extends Row>(
    call: Call<Sent, A, Filter>,
    operation: string,
    checked: Result.Result<unknown, InvalidArgumentError>
  ): Effect.fn.Return<Selected<Sent, A, Filter>, InvalidArgumentError> {
    const { input = {}, options = {} } = call
    const decoded = yield* Effect.result(filters.decode(input))
    const [filter] = yield* Effect.fromResult(Arguments.all([decoded, checked]))
    const { expand } = options
    const selection = selectionOf(call, operation, filter, expand)
    return {
      filter,
      selection,
      fetch: Fetch.make(call.client, selection),
      retrieve: (id) => retrieve(call, id, { expand: expand?.map(withoutData) }, operation)
    }
  })

  // A page without the rows that only we can filter out would look like the end of the list.
  const refuseClientField = (name: string) =>
    name === "status"
      ? Arguments.refuse(name, "several", "one status, as Stripe does. To select several, use stream or pages.")
      : Arguments.refuse(name, "another", "a field that Stripe filters by. To filter by this one, use stream or pages.")

  const list = Effect.fn(operations.list)(function* <Sent extends Row, A extends Row>(
    call: Call<Sent, A, Filter>,
    params: PageParameters & ExpandOptions = {}
  ): Effect.fn.Return<Page<A>, StripeError> {
    const operation = operations.list
    // From plain JavaScript it may be anything, which `checkPage` refuses.
    const given = Arguments.isPlain(params) ? params : {}
    const fields: Record<string, unknown> = given
    const decoded = yield* Effect.result(filters.decode(Struct.pick(fields, filters.names)))
    const checked = Arguments.all([
      decoded,
      ...(Result.isFailure(decoded)
        ? []
        : Object.keys(filters.partition(decoded.success).client).map(refuseClientField)),
      checkPage(params)
    ])
    const [filter] = yield* check(operation, checked)
    return yield* Fetch.one(call.client, selectionOf(call, operation, filter, given.expand), given)
  }, Effect.tapError(Telemetry.failed))

  /** The rows of a call, in sequence or concurrently. `emit` says what comes out of a page. */
  const read = <Sent extends Row, A extends Row, Element, E = never, R = never>(
    call: Call<Sent, A, Filter>,
    name: "pages" | "stream",
    emit: Read.Emit<A, Element>,
    options: Pagination.ReadOptions<E, R> = {}
  ): Stream.Stream<Element, StripeError | E, R> => {
    const operation = `${service}.${name}`
    const elements = Effect.gen(function* () {
      const { fetch, selection } = yield* select(call, operation, checkRead(options))
      const { concurrency = 1, onDecodeError } = options
      const reading = {
        ...options,
        onDecodeError: onDecodeError && tagHandlerError(onDecodeError),
        within: concurrency > 1 ? CreatedWithin.windowOf(selection.query) : undefined,
        // How many rows are sent for each that matches is not known, so the last page is as large as the others.
        fitsLastPage: !selection.isPartial
      }
      return Read.read(fetch, reading, emit)
    })
    return withOperation(operation, Stream.unwrap(elements))
  }

  return { expand, list, retrieve, select, read }
}
