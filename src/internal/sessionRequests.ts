/**
 * The calls of the service as checked requests: which arguments are accepted, and what they become on the wire.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SessionFilter from "../SessionFilter.ts"
import type { InvalidArgumentError } from "../StripeError.ts"
import * as Arguments from "./arguments.ts"
import { type DecodeRow, variant } from "./sessionCodec.ts"
import type { Any } from "./sessionModel.ts"

type ExpandPaths = ReadonlyArray<string> | undefined

export const path = "/v1/identity/verification_sessions"

const SessionId = Schema.String.check(Schema.isPattern(/^vs_\w+$/)).annotate({ expected: "the id of a session (vs_…)" })

const Expand = (prefix: "data." | "") =>
  Schema.optional(
    Schema.Array(
      Schema.String.check(
        Schema.makeFilter((path) => path.startsWith(prefix) && path.split(".").length <= 4, {
          expected: `a path of at most four names such as ${prefix}verified_outputs`
        })
      )
    )
  )

const checkOne = Arguments.decoder(Schema.Struct({ id: SessionId, expand: Expand("") }), "options")

const checkWalk = Arguments.decoder(
  Schema.Struct({
    startingAfter: Schema.optional(SessionId),
    endingBefore: Schema.optional(SessionId),
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

type Checked<A> = Result.Result<A, InvalidArgumentError>

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
  Result.map(checkOne({ id, expand }), () => expandQuery(expand))

/** The query of one page that a caller asked for. */
export const page = (
  filter: SessionFilter.Input,
  page: PageParameters,
  expand: ExpandPaths
): Checked<SessionFilter.Query> =>
  Result.all([
    SessionFilter.fromUnknown(filter),
    checkPage({ ...page, expand }),
    page.starting_after === undefined || page.ending_before === undefined
      ? Result.void
      : Arguments.refuse("starting_after, ending_before", "both", "one of them")
  ]).pipe(Result.map(([filter]) => [...SessionFilter.toQuery(filter), ...pageQuery(page), ...expandQuery(expand)]))

/** The query of each page of a walk. The filter is taken once, so every request carries the same. */
export const walk = (
  filter: SessionFilter.Input,
  cursors: { readonly startingAfter?: string | undefined; readonly endingBefore?: string | undefined },
  expand: ExpandPaths
): Checked<(page: PageParameters) => SessionFilter.Query> =>
  Result.map(Result.all([SessionFilter.fromUnknown(filter), checkWalk({ ...cursors, expand })]), ([filter]) => {
    const before = SessionFilter.toQuery(filter)
    const after = expandQuery(expand)
    return (page) => [...before, ...pageQuery(page), ...after]
  })

/** How the rows of a list are decoded, from paths as a list has them. */
export const decodeListed = (expand: ExpandPaths): DecodeRow<Any> =>
  variant((expand ?? []).map((path) => path.slice("data.".length))).decodeRow

/** How a retrieved session is decoded. */
export const decodeRetrieved = (expand: ExpandPaths): DecodeRow<Any> => variant(expand ?? []).decodeRow
