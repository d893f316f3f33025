/**
 * The calls of the service as checked requests: which arguments are accepted, and what they become on the wire.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SessionFilter from "../SessionFilter.ts"
import type { InvalidArgumentError } from "../StripeError.ts"
import * as Arguments from "./arguments.ts"
import * as CreatedWithin from "./createdWithin.ts"
import type { Window } from "./listModel.ts"
import { suggest } from "./nearest.ts"
import { type DecodeRow, variant } from "./sessionCodec.ts"
import * as WalkOptions from "./walkOptions.ts"
import type { Any, ExpandPath } from "./sessionModel.ts"

type ExpandPaths = ReadonlyArray<string> | undefined

export const path = "/v1/identity/verification_sessions"

const SessionId = Schema.String.check(Schema.isPattern(/^vs_[A-Za-z0-9]+$/)).annotate({
  expected: "the id of a session (vs_…)"
})

// A record, so that the compiler asks for every path that the type has.
const expandPaths: { readonly [Path in ExpandPath]: true } = {
  verified_outputs: true,
  "verified_outputs.dob": true,
  "verified_outputs.id_number": true,
  "verified_outputs.sex": true,
  "verified_outputs.unparsed_place_of_birth": true,
  "verified_outputs.unparsed_sex": true,
  last_verification_report: true,
  "last_verification_report.document.dob": true,
  "last_verification_report.document.expiration_date": true,
  "last_verification_report.document.number": true,
  "last_verification_report.document.sex": true,
  "last_verification_report.document.unparsed_place_of_birth": true,
  "last_verification_report.document.unparsed_sex": true,
  "last_verification_report.id_number.dob": true,
  "last_verification_report.id_number.id_number": true
}

/** What is wrong with a path, or nothing. A path that Stripe does not know would cost a request to be refused. */
const refusedPath = (path: unknown, prefix: "data." | ""): string | undefined => {
  const known = Object.keys(expandPaths).map((path) => prefix + path)
  if (typeof path === "string" && known.includes(path)) return undefined
  return typeof path === "string" && path.split(".").length > 4
    ? "a path of at most four names, which is as deep as Stripe expands"
    : suggest(`a path such as ${prefix}verified_outputs or ${prefix}last_verification_report`, path, known)
}

const Expand = (prefix: "data." | "") =>
  Schema.optional(
    Schema.Array(
      Schema.Unknown.check(
        Schema.makeFilter((path) => {
          const expected = refusedPath(path, prefix)
          return expected === undefined ? undefined : { path: [], issue: new SchemaIssue.InvalidValue({ expected }) }
        })
      )
    )
  )

const checkOne = Arguments.decoder(Schema.Struct({ id: SessionId, expand: Expand("") }), "options")

const checkWalk = Arguments.decoder(
  Schema.Struct({
    ...WalkOptions.shared,
    startingAfter: Schema.optional(SessionId),
    endingBefore: Schema.optional(SessionId),
    prefetch: WalkOptions.prefetch,
    concurrency: WalkOptions.concurrency,
    expand: Expand("data.")
  }),
  "options"
)

const checkPage = Arguments.decoder(
  Schema.Struct({
    limit: Schema.optional(Arguments.wholeNumber(1, 100)),
    starting_after: Schema.optional(SessionId),
    ending_before: Schema.optional(SessionId),
    expand: Expand("data.")
  }),
  "params"
)

type Checked<A> = Effect.Effect<A, InvalidArgumentError>

interface PageParameters {
  readonly limit?: number | undefined
  readonly starting_after?: string | undefined
  readonly ending_before?: string | undefined
}

const pageQuery = (page: PageParameters): SessionFilter.Query =>
  (["limit", "starting_after", "ending_before"] as const).flatMap((name) => {
    const value = page[name]
    return value === undefined ? [] : [[name, String(value)] as const]
  })

const expandQuery = (expand: ExpandPaths): SessionFilter.Query =>
  (expand ?? []).map((path) => ["expand[]", path] as const)

/** The query of a retrieve. */
export const retrieve = (id: string, expand: ExpandPaths): Checked<SessionFilter.Query> =>
  Effect.fromResult(Result.map(checkOne({ id, expand }), () => expandQuery(expand)))

/** A page of which rows were taken away could not be followed by its last row, so there is none. */
const withoutLocalPart = (
  filter: Result.Result<SessionFilter.SessionFilter, InvalidArgumentError>
): Result.Result<void, InvalidArgumentError> => {
  if (Result.isFailure(filter)) return Result.void
  const local = Object.keys(SessionFilter.split(filter.success).local)
  return Arguments.all(
    local.map((name) =>
      Arguments.refuse(
        name,
        name === "status" ? "several" : "a filter",
        name === "status"
          ? "one status, because one page is what Stripe selects (stream and pages take several)"
          : "what Stripe filters by, because one page is what Stripe selects (stream and pages take the rest)"
      )
    )
  ).pipe(Result.map(() => undefined))
}

/** The query of one page that a caller asked for. */
export const page = (
  filter: SessionFilter.Input,
  page: PageParameters,
  expand: ExpandPaths
): Checked<SessionFilter.Query> =>
  Effect.flatMap(Effect.result(SessionFilter.decode(filter)), (filter) =>
    Arguments.all([
      filter,
      withoutLocalPart(filter),
      checkPage({ ...page, expand }),
      page.starting_after === undefined || page.ending_before === undefined
        ? Result.void
        : Arguments.refuse("starting_after, ending_before", "both", "one of them")
    ]).pipe(
      Result.map(([filter]) => [...SessionFilter.toQuery(filter), ...pageQuery(page), ...expandQuery(expand)]),
      Effect.fromResult
    )
  )

/** What a walk is made of. */
export interface Walk {
  /** The query of a page. The filter is taken once, so every request carries the same, or a part of it. */
  readonly toQuery: (page: PageParameters & { readonly within?: Window | undefined }) => SessionFilter.Query
  /** The range of `created` that the filter asks for. */
  readonly within: Window
  /** Which rows to keep, where Stripe could not decide that. */
  readonly keep: ((session: SessionFilter.Subject) => boolean) | undefined
}

/** A walk with these arguments. */
export const walk = (filter: SessionFilter.Input, options: { readonly expand?: ExpandPaths }): Checked<Walk> =>
  Effect.flatMap(Effect.result(SessionFilter.decode(filter)), (filter) =>
    Arguments.all([filter, checkWalk(options)]).pipe(
      Result.map(([filter]): Walk => {
        const { local } = SessionFilter.split(filter)
        const before = SessionFilter.toQuery(filter)
        const after = expandQuery(options.expand)
        return {
          toQuery: (page) => [...CreatedWithin.narrow(before, page.within), ...pageQuery(page), ...after],
          within: CreatedWithin.windowOf(before),
          keep: Object.keys(local).length === 0 ? undefined : SessionFilter.matches(local)
        }
      }),
      Effect.fromResult
    )
  )

/** How the rows of a list are decoded, from paths as a list has them. */
export const decodeListed = (expand: ExpandPaths): DecodeRow<Any> =>
  variant((expand ?? []).map((path) => path.slice("data.".length))).decodeRow

/** How a retrieved session is decoded. */
export const decodeRetrieved = (expand: ExpandPaths): DecodeRow<Any> => variant(expand ?? []).decodeRow
