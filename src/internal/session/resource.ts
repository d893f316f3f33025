/**
 * What the list of sessions has of its own.
 */
import * as Arr from "effect/Array"
import * as SessionFilter from "../../SessionFilter.ts"
import type * as StripeClient from "../../StripeClient.ts"
import { filterFields } from "../filter/fields.ts"
import * as Predicates from "../filter/predicate.ts"
import * as Resource from "../list/resource.ts"
import { expandPaths as reportPaths } from "../report/wire.ts"
import { variant } from "./codec.ts"
import type { DecodeRow } from "../wire/fastPath.ts"
import type { Expanded, ExpandPath, ListExpandPath } from "./model.ts"
import { expandPaths } from "./wire.ts"

/** What an id of a session looks like. */
export const id = { pattern: /^vs_[A-Za-z0-9]+$/, expected: "the id of a session (vs_…)" }

export const path = "/v1/identity/verification_sessions"

const pathsOfReport = reportPaths.map((path) => `last_verification_report.${path}` as const)

/** The calls of the list of sessions. */
export const resource = Resource.make<SessionFilter.SessionFilter, ExpandPath>({
  service: "VerificationSessions",
  path,
  id,
  expand: {
    paths: Arr.appendAll(expandPaths, pathsOfReport),
    examples: ["verified_outputs", "last_verification_report"]
  },
  filter: {
    names: Object.keys(filterFields),
    decode: SessionFilter.decode,
    partition: Predicates.partition,
    personal: Predicates.personal
  }
})

/** A call that expands these paths, for sessions with the status that its filter names. */
export const call = <const Paths extends ReadonlyArray<ExpandPath | ListExpandPath> | undefined, const Filter>(
  client: StripeClient.Service,
  input?: Filter,
  options?: { readonly expand?: Paths }
): Resource.Call<
  Expanded<Paths>,
  SessionFilter.WithStatusOf<Expanded<Paths>, Filter>,
  SessionFilter.SessionFilter
> => ({
  client,
  input,
  options,
  // Type boundary: these paths chose the decoder, and `Expanded` says in types what `variant` does.
  variant: variant as unknown as (expand: ReadonlyArray<string>) => { readonly decodeRow: DecodeRow<Expanded<Paths>> },
  // Type boundary: decoding a filter keeps its status, so a row that matches has the status that the caller wrote.
  matches: Predicates.matches as unknown as (
    filter: SessionFilter.SessionFilter
  ) => (row: Expanded<Paths>) => row is SessionFilter.WithStatusOf<Expanded<Paths>, Filter>
})
