/**
 * What a filter does to sessions, and what two filters do together.
 */
import * as Arr from "effect/Array"
import * as Result from "effect/Result"
import type { ArgumentIssue, InvalidArgumentError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import * as Issues from "../issues.ts"
import * as Created from "./created.ts"
import type { SessionFilter } from "./fields.ts"
import type { Filterable, OneOrMore, Status } from "./model.ts"

type Test = (session: Filterable) => boolean

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

type Path = ReadonlyArray<string>

/** The fields of both filters, which are no filter yet, and an error where they exclude each other. */
export const and = (
  self: SessionFilter,
  that: SessionFilter
): readonly [fields: object, overlap: Result.Result<void, InvalidArgumentError>] => {
  const issues: Array<ArgumentIssue> = []
  // One of the two stays, so that the filter's schema finds only what else is wrong.
  const refuse = <A>(path: Path, one: A, other: A, show: (value: A) => string = Arguments.show): A => {
    const actual = `${show(one)} and ${show(other)}`
    issues.push({ path: Issues.showPath(path), expected: "two filters that overlap", actual })
    return one
  }
  const meet = (path: Path, one: unknown, other: unknown): unknown => {
    if (Arguments.isPlain(one) && Arguments.isPlain(other)) return merge(path, one, other)
    const both = Arr.intersection(Arr.ensure(one), Arr.ensure(other))
    if (both.length === 0) return refuse(path, one, other)
    return both.length === 1 ? both[0] : both
  }
  const merge = (path: Path, one: object, other: object): object => {
    const merged = new Map<string, unknown>(Object.entries(other))
    for (const [key, value] of Object.entries(one)) {
      merged.set(key, merged.has(key) ? meet([...path, key], value, merged.get(key)) : value)
    }
    // Made from entries, because a key of metadata may be `__proto__`.
    return Object.fromEntries(merged)
  }
  const { created: from, ...one } = self
  const { created: to, ...other } = that
  const created =
    from === undefined || to === undefined
      ? (from ?? to)
      : (Created.intersect(from, to) ?? refuse(["created"], from, to, Created.show))
  const fields = { ...(created === undefined ? {} : { created }), ...merge([], one, other) }
  return [fields, Arr.isArrayNonEmpty(issues) ? Result.fail(Arguments.invalid(issues)) : Result.void]
}
