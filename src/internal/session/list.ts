/**
 * What the list of sessions has of its own.
 */
import * as Arr from "effect/Array"
import type * as Result from "effect/Result"
import * as Struct from "effect/Struct"
import * as SessionFilter from "../../SessionFilter.ts"
import type { InvalidArgumentError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import * as ListRequests from "../list/requests.ts"
import { expandPaths as reportPaths } from "../report/wire.ts"
import { variant } from "./codec.ts"
import type { Any, ExpandPath } from "./model.ts"

// A record, so that the compiler asks for every path that the type has.
const ownPaths: { readonly [Path in Exclude<ExpandPath, `last_verification_report.${string}`>]: true } = {
  verified_outputs: true,
  "verified_outputs.dob": true,
  "verified_outputs.id_number": true,
  "verified_outputs.sex": true,
  "verified_outputs.unparsed_place_of_birth": true,
  "verified_outputs.unparsed_sex": true,
  last_verification_report: true
}

// A record too, so that none is forgotten.
const filterNames: { readonly [Name in keyof SessionFilter.Input]-?: true } = {
  client_reference_id: true,
  created: true,
  related_customer: true,
  related_customer_account: true,
  status: true,
  type: true,
  livemode: true,
  last_error: true,
  metadata: true,
  redaction: true
}

/** A page of which rows were taken away could not be followed by its last row, so there is none. */
const withoutLocalPart = (filter: SessionFilter.SessionFilter): Result.Result<unknown, InvalidArgumentError> =>
  Arguments.all(
    Object.keys(SessionFilter.split(filter).local).map((name) =>
      Arguments.refuse(
        name,
        name === "status" ? "several" : "a filter",
        name === "status"
          ? "one status. One page is what Stripe selects; stream and pages take several."
          : "what Stripe filters by. One page is what Stripe selects; stream and pages take the rest."
      )
    )
  )

/** The calls of the list of sessions. */
export const requests: ListRequests.Requests<Any> = ListRequests.make<Any, SessionFilter.SessionFilter, ExpandPath>({
  service: "VerificationSessions",
  path: "/v1/identity/verification_sessions",
  id: { pattern: /^vs_[A-Za-z0-9]+$/, expected: "the id of a session (vs_…)" },
  expand: {
    paths: Arr.appendAll(
      Struct.keys(ownPaths),
      reportPaths.map((path) => `last_verification_report.${path}` as const)
    ),
    such: ["verified_outputs", "last_verification_report"]
  },
  filter: {
    names: Struct.keys(filterNames),
    decode: SessionFilter.decode,
    toQuery: SessionFilter.toQuery,
    keep: (filter) => {
      const { local } = SessionFilter.split(filter)
      return Object.keys(local).length === 0 ? undefined : SessionFilter.matches(local)
    },
    checkPage: withoutLocalPart
  },
  decodeRow: (expand) => variant(expand).decodeRow
})
