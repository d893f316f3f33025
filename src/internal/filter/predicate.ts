/**
 * What a filter does to sessions, and what two filters do together.
 */
import * as Arr from "effect/Array"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { ArgumentIssue, InvalidArgumentError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import * as Issues from "../issues.ts"
import * as Created from "./created.ts"
import type { SessionFilter } from "./fields.ts"
import type { Filterable, OneOrMore, Status } from "./model.ts"

type Test = (session: Filterable) => boolean

const list = <A extends string>(value: OneOrMore<A>): ReadonlyArray<A> => (typeof value === "string" ? [value] : value)

const isAmong = (chosen: OneOrMore<string>, value: string): boolean =>
  typeof chosen === "string" ? chosen === value : chosen.includes(value)

/** The test of a filter, made once for many sessions. */
export const matches = (filter: SessionFilter): Test => {
  const { client_reference_id, created, livemode, related_customer, related_customer_account, status, type } = filter
  const isWithin = created === undefined ? undefined : Created.contains(created)
  const code = filter.last_error?.code
  const redaction = filter.redaction?.status
  const metadata = Object.entries(filter.metadata ?? {})
  return (session) =>
    (status === undefined || isAmong(status, session.status)) &&
    (isWithin === undefined || isWithin(session.created)) &&
    (client_reference_id === undefined || session.client_reference_id === client_reference_id) &&
    (related_customer === undefined || session.related_customer === related_customer) &&
    (related_customer_account === undefined || session.related_customer_account === related_customer_account) &&
    (type === undefined || isAmong(type, session.type)) &&
    (livemode === undefined || session.livemode === livemode) &&
    (code === undefined || isAmong(code, session.last_error?.code ?? "none")) &&
    (redaction === undefined || isAmong(redaction, session.redaction?.status ?? "none")) &&
    // What every object has, such as `constructor`, is no text and equals none.
    metadata.every(([key, value]) => session.metadata[key] === value)
}

/** The fields that may identify a person. */
export const personal = ["client_reference_id", "related_customer", "related_customer_account"] as const

/** The fields that Stripe filters by, of `status` one. */
type Server = Pick<SessionFilter, (typeof personal)[number] | "created"> & { readonly status?: Status }
const serverFields: ReadonlyArray<string> = [...personal, "created", "status"]

/** The part that Stripe answers, and the rest. */
export const partition = (filter: SessionFilter): { readonly server: Server; readonly client: SessionFilter } => {
  const server: Record<string, unknown> = {}
  const client: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(filter)) {
    const isOfServer = serverFields.includes(name) && (name !== "status" || typeof value === "string")
    if (value !== undefined) (isOfServer ? server : client)[name] = value
  }
  return { server, client }
}

/** Without the fields that are `undefined`. */
const given = (filter: { readonly [Name in keyof SessionFilter]: SessionFilter[Name] | undefined }): SessionFilter =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))

const same = <A>(self: A, that: A): Option.Option<A> => (Equal.equals(self, that) ? Option.some(self) : Option.none())

/** The words of both, in the order of the first, which is the same for all lists. */
const common = <A extends string>(self: OneOrMore<A>, that: OneOrMore<A>): Option.Option<OneOrMore<A>> => {
  const both = list(self).filter((word) => isAmong(that, word))
  const [first, ...others] = both
  return first === undefined ? Option.none() : Option.some(others.length === 0 ? first : both)
}

/** The filter of what both let through, or the fields that exclude each other. */
export const and = (self: SessionFilter, that: SessionFilter): Result.Result<SessionFilter, InvalidArgumentError> => {
  const issues: Array<ArgumentIssue> = []
  const both = <A>(
    path: string,
    one: A | undefined,
    other: A | undefined,
    meet: (one: A, other: A) => Option.Option<A>,
    show: (value: A) => string = Arguments.show
  ): A | undefined => {
    if (one === undefined) return other
    if (other === undefined) return one
    return Option.getOrElse(meet(one, other), () => {
      issues.push({ path, expected: "two filters that overlap", actual: `${show(one)} and ${show(other)}` })
      return undefined
    })
  }
  const keys = new Set([...Object.keys(self.metadata ?? {}), ...Object.keys(that.metadata ?? {})])
  const own = (entries: SessionFilter["metadata"], key: string): string | undefined =>
    entries !== undefined && Object.hasOwn(entries, key) ? entries[key] : undefined
  const metadata = Array.from(keys, (key) => {
    const value = both(Issues.showPath(["metadata", key]), own(self.metadata, key), own(that.metadata, key), same)
    return [key, value ?? ""] as const
  })
  const code = both("last_error.code", self.last_error?.code, that.last_error?.code, common)
  const redaction = both("redaction.status", self.redaction?.status, that.redaction?.status, common)
  const customer = both("related_customer", self.related_customer, that.related_customer, same)
  const account = both("related_customer_account", self.related_customer_account, that.related_customer_account, same)
  if (customer !== undefined && account !== undefined) {
    issues.push({
      path: "related_customer_account",
      expected: "only one of related_customer and related_customer_account",
      actual: Arguments.show(account)
    })
  }
  const filter = given({
    client_reference_id: both("client_reference_id", self.client_reference_id, that.client_reference_id, same),
    created: both("created", self.created, that.created, Created.intersect, Created.show),
    related_customer: customer,
    related_customer_account: account,
    status: both("status", self.status, that.status, common),
    type: both("type", self.type, that.type, common),
    livemode: both("livemode", self.livemode, that.livemode, same),
    last_error: code === undefined ? undefined : { code },
    metadata: metadata.length === 0 ? undefined : Object.fromEntries(metadata),
    redaction: redaction === undefined ? undefined : { status: redaction }
  })
  return Arr.isArrayNonEmpty(issues) ? Result.fail(Arguments.invalid(issues)) : Result.succeed(filter)
}
