/**
 * Reads the query of a request as Stripe does: brackets for ranges and lists, and a refusal for everything else.
 */
import * as Result from "effect/Result"
import * as Errors from "./errors.ts"
import * as Expansion from "./expansion.ts"

/** What a request for one kind of row may say. */
export interface Rules {
  /** The parameters of text, without those of every list. */
  readonly texts: ReadonlyArray<string>
  /** The parameters that are lists, and how long each may be. */
  readonly lists?: Readonly<Record<string, number>> | undefined
  /** The words that some of them have. */
  readonly choices: Readonly<Record<string, ReadonlyArray<string>>>
  /** Of these, no more than one. */
  readonly onlyOne: ReadonlyArray<string>
  readonly expandable: Expansion.Tree
}

/** The parameters that were sent, without those of every list. */
export interface Given {
  readonly texts: Readonly<Record<string, string>>
  readonly lists: Readonly<Record<string, ReadonlyArray<string>>>
}

/** A query that was understood. The cursors are still only text. */
export interface Parameters {
  /** Every bound on `created`, folded into one inclusive range of seconds. */
  readonly from: number
  readonly to: number
  readonly given: Given
  readonly limit: number
  readonly startingAfter: string | undefined
  readonly endingBefore: string | undefined
  readonly expansion: Expansion.Expansion
}

/** The pairs of a query string, decoded, in the order they were sent. */
export type Query = ReadonlyArray<readonly [name: string, value: string]>

const ofEveryList = ["ending_before", "limit", "starting_after"]
const integer = /^[+-]?\d+$/
const longestText = 5000
const expandName = /^expand\[\d*\]$/
const nested = /^([^[]+)\[(.*)\]$/

/** The parameters of the list call. */
export const list = (query: Query, rules: Rules): Result.Result<Parameters, Errors.Refusal> =>
  Result.gen(function* () {
    const isText = (name: string): boolean => ofEveryList.includes(name) || rules.texts.includes(name)
    const sent: Record<string, string> = {}
    const created: Array<readonly [operator: string, value: string]> = []
    const paths: Array<string> = []
    const lists: Record<string, Array<string>> = {}
    const longest = new Map(Object.entries(rules.lists ?? {}))
    for (const [name, value] of query) {
      const [, base, inner] = nested.exec(name) ?? []
      const most = longest.get(base ?? "")
      if (name === "expand" || longest.has(name)) return yield* Result.fail(Errors.invalidArray(name))
      if (expandName.test(name)) paths.push(value)
      else if (name === "created") created.push(["", value])
      else if (base === "created" && /^(gte?|lte?)$/.test(inner ?? "")) created.push([inner ?? "", value])
      else if (isText(name)) sent[name] = value
      else if (base !== undefined && most !== undefined && /^\d*$/.test(inner ?? "")) {
        const list = (lists[base] ??= [])
        list.push(value)
        if (list.length > most) return yield* Result.fail(Errors.listTooLong(base, most))
      } else if (base !== undefined && isText(base)) {
        return yield* Result.fail(Errors.invalidString(base, { [inner ?? ""]: value }))
      } else return yield* Result.fail(Errors.unknownParameter(name))
      if (value === "") return yield* Result.fail(Errors.emptyParameter(name))
      if (value.length > longestText) return yield* Result.fail(Errors.textTooLong(name, value, longestText))
    }
    const { ending_before: endingBefore, limit: size, starting_after: startingAfter, ...texts } = sent
    const limit = size === undefined ? 10 : yield* parseInteger("limit", size)
    for (const [name, words] of Object.entries(rules.choices)) {
      const word = texts[name]
      if (word !== undefined && !words.includes(word)) return yield* Result.fail(Errors.invalidEnum(name, words))
    }
    if (rules.onlyOne.filter((name) => texts[name] !== undefined || lists[name] !== undefined).length > 1) {
      return yield* Result.fail(Errors.onlyOneOf(rules.onlyOne))
    }
    let from = -Infinity
    let to = Infinity
    for (const [operator, value] of created) {
      const second = yield* parseInteger(operator === "" ? "created" : `created[${operator}]`, value)
      if (operator === "" || operator.startsWith("g")) from = Math.max(from, operator === "gt" ? second + 1 : second)
      if (operator === "" || operator.startsWith("l")) to = Math.min(to, operator === "lt" ? second - 1 : second)
    }
    const expansion = yield* Expansion.make(paths, "list", rules.expandable)
    return {
      from,
      to,
      given: { texts, lists },
      // Out of range is not an error: it is brought into range without a word.
      limit: Math.min(Math.max(limit, 1), 100),
      startingAfter,
      endingBefore,
      expansion
    }
  })

/** The parameters of the retrieve call: only `expand[]`. */
export const retrieve = (query: Query, rules: Rules): Result.Result<Expansion.Expansion, Errors.Refusal> => {
  const stranger = query.find(([name]) => !expandName.test(name))
  return stranger === undefined
    ? Expansion.make(
        query.map(([, value]) => value),
        "retrieve",
        rules.expandable
      )
    : Result.fail(stranger[0] === "expand" ? Errors.invalidArray("expand") : Errors.unknownParameter(stranger[0]))
}

const parseInteger = (param: string, value: string): Result.Result<number, Errors.Refusal> =>
  integer.test(value) ? Result.succeed(Number(value)) : Result.fail(Errors.invalidInteger(param, value))
