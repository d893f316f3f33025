/**
 * Reads the query of a request as Stripe does: brackets for ranges and lists, and a refusal for everything else.
 */
import * as Result from "effect/Result"
import * as Errors from "./errors.ts"
import * as Expansion from "./expansion.ts"
import type { Filter } from "./listing.ts"

/** A query that was understood. The cursors are still only text. */
export interface Parameters {
  readonly filter: Filter
  readonly limit: number
  readonly startingAfter: string | undefined
  readonly endingBefore: string | undefined
  readonly expansion: Expansion.Expansion
}

/** The pairs of a query string, decoded, in the order they were sent. */
export type Query = ReadonlyArray<readonly [name: string, value: string]>

const texts = [
  "client_reference_id",
  "ending_before",
  "limit",
  "related_customer",
  "related_customer_account",
  "starting_after",
  "status"
] as const
type Text = (typeof texts)[number]

const isText = (name: string): name is Text => texts.some((text) => text === name)
const statuses = ["canceled", "processing", "requires_input", "verified"]
const integer = /^[+-]?\d+$/
const expandName = /^expand\[\d*\]$/
const nested = /^([^[]+)\[(.*)\]$/

/** The parameters of the list call. */
export const list = (query: Query): Result.Result<Parameters, Errors.Refusal> =>
  Result.gen(function* () {
    const given: { [Name in Text]?: string } = {}
    const created: Array<readonly [operator: string, value: string]> = []
    const paths: Array<string> = []
    for (const [name, value] of query) {
      const [, base, inner] = nested.exec(name) ?? []
      if (expandName.test(name)) paths.push(value)
      else if (name === "created") created.push(["", value])
      else if (base === "created" && /^(gte?|lte?)$/.test(inner ?? "")) created.push([inner ?? "", value])
      else if (isText(name)) given[name] = value
      else if (base !== undefined && isText(base)) {
        return yield* Result.fail(Errors.invalidString(base, { [inner ?? ""]: value }))
      } else return yield* Result.fail(Errors.unknownParameter(name))
      if (value === "") return yield* Result.fail(Errors.emptyParameter(name))
    }
    const limit = given.limit === undefined ? 10 : yield* parseInteger("limit", given.limit)
    if (given.status !== undefined && !statuses.includes(given.status)) return yield* Result.fail(Errors.invalidStatus)
    if (given.related_customer !== undefined && given.related_customer_account !== undefined) {
      return yield* Result.fail(Errors.oneCustomer)
    }
    let from = -Infinity
    let to = Infinity
    for (const [operator, value] of created) {
      const second = yield* parseInteger(operator === "" ? "created" : `created[${operator}]`, value)
      if (operator === "" || operator.startsWith("g")) from = Math.max(from, operator === "gt" ? second + 1 : second)
      if (operator === "" || operator.startsWith("l")) to = Math.min(to, operator === "lt" ? second - 1 : second)
    }
    const expansion = yield* Expansion.make(paths, "list")
    return {
      filter: {
        from,
        to,
        status: given.status,
        client_reference_id: given.client_reference_id,
        related_customer: given.related_customer,
        related_customer_account: given.related_customer_account
      },
      // Out of range is not an error: it is brought into range without a word.
      limit: Math.min(Math.max(limit, 1), 100),
      startingAfter: given.starting_after,
      endingBefore: given.ending_before,
      expansion
    }
  })

/** The parameters of the retrieve call: only `expand[]`. */
export const retrieve = (query: Query): Result.Result<Expansion.Expansion, Errors.Refusal> => {
  const stranger = query.find(([name]) => !expandName.test(name))
  return stranger === undefined
    ? Expansion.make(
        query.map(([, value]) => value),
        "retrieve"
      )
    : Result.fail(Errors.unknownParameter(stranger[0]))
}

const parseInteger = (param: string, value: string): Result.Result<number, Errors.Refusal> =>
  integer.test(value) ? Result.succeed(Number(value)) : Result.fail(Errors.invalidInteger(param, value))
