/**
 * The calls of a list as checked requests: which arguments are accepted, and what they become on the wire. What one list
 * has of its own is its {@link Definition}.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type { InvalidArgumentError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import * as CreatedWithin from "../walk/createdWithin.ts"
import type { Window } from "./model.ts"
import type { DecodeRow } from "../wire/rowDecoder.ts"
import { each } from "../issues.ts"
import { suggest } from "../nearest.ts"
import type { Query } from "../client/query.ts"
import * as WalkOptions from "../walk/options.ts"

type Checked<A> = Effect.Effect<A, InvalidArgumentError>

/** What tells one of Stripe's lists from another. `Path` is what a retrieve can expand. */
export interface Definition<A, Filter, Path extends string> {
  /** The service, as operations and spans name it. */
  readonly service: string
  /** The path of the list. A row is one segment below it. */
  readonly path: string
  readonly id: { readonly pattern: RegExp; readonly expected: string }
  /** What can be expanded, and some of it to name where none was meant. */
  readonly expand: { readonly paths: ReadonlyArray<Path>; readonly such: ReadonlyArray<Path> }
  readonly filter: {
    /** The names of its fields. */
    readonly names: ReadonlyArray<string>
    readonly decode: (input: unknown) => Checked<Filter>
    /** What Stripe is asked for. */
    readonly toQuery: (filter: Filter) => Query
    /** Which rows to keep, where Stripe cannot decide that. */
    readonly keep?: (filter: Filter) => ((row: A) => boolean) | undefined
    /** What is wrong with a filter of one page alone. */
    readonly checkPage?: (filter: Filter) => Result.Result<unknown, InvalidArgumentError>
  }
  /** How a row is decoded for which these paths, as a retrieve has them, were expanded. */
  readonly decodeRow: (expand: ReadonlyArray<string>) => DecodeRow<A>
}

type ExpandPaths = ReadonlyArray<string> | undefined

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
      /** The page of the rows older than the one with this id. */
      readonly starting_after?: string | undefined
      readonly ending_before?: undefined
    }
  | {
      readonly starting_after?: undefined
      /** The page of the rows newer than the one with this id, those next to it. */
      readonly ending_before?: string | undefined
    }
)

/** The same where it is not known any more that at most one cursor is set. */
type AnyPage = Pick<PageParameters, keyof PageParameters>

/** What a walk is made of. */
export interface Walk<in A> {
  /** The query of a page. The filter is taken once, so every request carries the same, or a part of it. */
  readonly toQuery: (page: AnyPage & { readonly within?: Window | undefined }) => Query
  /** The range of `created` that the filter asks for. */
  readonly within: Window
  /** Which rows to keep, where Stripe could not decide that. */
  readonly keep: ((row: A) => boolean) | undefined
}

/** The calls of one list, checked. */
export interface Requests<A> {
  readonly service: string
  readonly path: string
  /** The query of a retrieve. */
  readonly retrieve: (id: string, options: { readonly expand?: ExpandPaths }) => Checked<Query>
  /** The query of one page that a caller asked for. */
  readonly page: (filter: object, page: AnyPage, expand: ExpandPaths) => Checked<Query>
  /** A walk with these arguments. */
  readonly walk: (filter: unknown, options: { readonly expand?: ExpandPaths }) => Checked<Walk<A>>
  /** How the rows of a list are decoded, from paths as a list has them. */
  readonly decodeListed: (expand: ExpandPaths) => DecodeRow<A>
  /** How a retrieved row is decoded. */
  readonly decodeRetrieved: (expand: ExpandPaths) => DecodeRow<A>
}

/** Paths that can be expanded. One that Stripe does not know would cost a request to be refused. */
const makeExpand = (expand: Definition<never, never, string>["expand"], prefix: "data." | "") => {
  const known = expand.paths.map((path) => prefix + path)
  const such = `a path such as ${expand.such.map((path) => prefix + path).join(" or ")}`
  const refused = (path: unknown): string | undefined => {
    if (typeof path === "string" && known.includes(path)) return undefined
    return typeof path === "string" && path.split(".").length > 4
      ? "a path of at most four names, which is as deep as Stripe expands"
      : suggest(such, path, known)
  }
  return Schema.optional(Arguments.list("paths", refused))
}

const pageQuery = (page: AnyPage): Query =>
  (["limit", "starting_after", "ending_before"] as const).flatMap((name) => {
    const value = page[name]
    return value === undefined ? [] : [[name, String(value)] as const]
  })

const expandQuery = (expand: ExpandPaths): Query => (expand ?? []).map((path) => ["expand[]", path] as const)

/** The calls of a list. */
export const make = <A, Filter, Path extends string>(definition: Definition<A, Filter, Path>): Requests<A> => {
  const { decodeRow, filter: filters, id, path, service } = definition
  const Id = Arguments.accepts(id.expected, (value) => Predicate.isString(value) && id.pattern.test(value))
  const ListExpand = makeExpand(definition.expand, "data.")

  const checkId = Arguments.decoder(Schema.Struct({ id: Id }), "id")
  const checkOne = Arguments.decoder(Schema.Struct({ expand: makeExpand(definition.expand, "") }), "options")

  const checkWalk = Arguments.decoder(
    WalkOptions.Shared.mapFields(
      Struct.assign({
        startingAfter: Schema.optional(Id),
        endingBefore: Schema.optional(Id),
        prefetch: WalkOptions.prefetch,
        concurrency: WalkOptions.concurrency,
        expand: ListExpand
      })
    ),
    "options",
    (name) =>
      name === "limit"
        ? "nothing here. Write maxItems for rows in all, or pageSize for rows a request."
        : filters.names.includes(name)
          ? "nothing here. It is a part of the filter, which is the first argument."
          : undefined
  )

  const pageNames = [...filters.names, "limit", "starting_after", "ending_before", "expand"]

  // One object holds the filter and the page, so what is neither is told what both have.
  const isOfFilter = (name: string): boolean => filters.names.includes(name)
  const filterOf = (input: object) => Object.fromEntries(Object.entries(input).filter(([name]) => isOfFilter(name)))
  const checkNames = (filter: object): Result.Result<void, InvalidArgumentError> => {
    const others = Object.keys(filter).filter((name) => !isOfFilter(name))
    const strangers = each(others, (name) => ({
      path: [name],
      expected: suggest(`one of the names ${pageNames.join(", ")}`, name, pageNames)
    }))
    return strangers.length === 0 ? Result.void : Result.fail(Arguments.explain(filter, strangers, "params"))
  }

  const checkPage = Arguments.decoder(
    Schema.Struct({
      limit: Schema.optional(Arguments.wholeNumber(1, 100)),
      starting_after: Schema.optional(Id),
      ending_before: Schema.optional(Id),
      expand: ListExpand
    }),
    "params"
  )

  return {
    service,
    path,
    retrieve: (id, options) =>
      Effect.fromResult(
        Result.map(Arguments.all([checkId({ id }), checkOne(options)]), () => expandQuery(options.expand))
      ),
    page: (input, page, expand) =>
      Effect.flatMap(Effect.result(filters.decode(filterOf(input))), (filter) =>
        Arguments.all([
          filter,
          checkNames(input),
          Result.isSuccess(filter) ? (filters.checkPage?.(filter.success) ?? Result.void) : Result.void,
          checkPage({ ...page, expand }),
          page.starting_after === undefined || page.ending_before === undefined
            ? Result.void
            : Arguments.refuse("starting_after, ending_before", "both", "one of them")
        ]).pipe(
          Result.map(([filter]) => [...filters.toQuery(filter), ...pageQuery(page), ...expandQuery(expand)]),
          Effect.fromResult
        )
      ),
    walk: (input, options) =>
      Effect.flatMap(Effect.result(filters.decode(input)), (filter) =>
        Arguments.all([filter, checkWalk(options)]).pipe(
          Result.map(([filter]): Walk<A> => {
            const before = filters.toQuery(filter)
            const after = expandQuery(options.expand)
            return {
              toQuery: (page) => [...CreatedWithin.narrow(before, page.within), ...pageQuery(page), ...after],
              within: CreatedWithin.windowOf(before),
              keep: filters.keep?.(filter)
            }
          }),
          Effect.fromResult
        )
      ),
    decodeListed: (expand) => decodeRow((expand ?? []).map((path) => path.slice("data.".length))),
    decodeRetrieved: (expand) => decodeRow(expand ?? [])
  }
}
