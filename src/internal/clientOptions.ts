/**
 * What a client accepts as its options. They come from configuration as often as from code, so the compiler has not seen
 * all of them; and an HTTP client would refuse some too late, or repeat a key in the words of its refusal.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { InvalidArgumentError } from "../StripeError.ts"
import * as Arguments from "./arguments.ts"

const isPrintable = (value: unknown): value is string => Predicate.isString(value) && /^[\x21-\x7e]+$/.test(value)

const isBase = (value: unknown): boolean => {
  if (!Predicate.isString(value) || !URL.canParse(value)) return false
  const { password, protocol, username } = new URL(value)
  return (protocol === "https:" || protocol === "http:") && username === "" && password === ""
}

const takesTime = Duration.isGreaterThan(Duration.zero)

const isAccount = (value: unknown): boolean => Predicate.isString(value) && /^acct_\w+$/.test(value)

const accountForm = "the id of an account (acct_…)"

const RateLimit = Schema.Struct({
  limit: Schema.optional(Arguments.wholeNumber(1)),
  window: Schema.optional(Arguments.duration("1 second", takesTime)),
  limiter: Schema.optional(Schema.Unknown),
  key: Schema.optional(Schema.String)
})

const Options = Schema.Struct({
  apiBase: Schema.optional(
    Arguments.accepts("an address that starts with https:// or http://, without a password", isBase)
  ),
  apiVersion: Schema.optional(Arguments.accepts("a version of the API, such as 2026-09-30.endive", isPrintable)),
  account: Schema.optional(Arguments.accepts(accountForm, isAccount)),
  timeout: Schema.optional(Arguments.duration("80 seconds", takesTime)),
  rateLimit: Schema.optional(Schema.Union([Schema.Literal(false), RateLimit])),
  transformClient: Schema.optional(Schema.Unknown)
})

const decodeOptions = Arguments.decoder(Options, "options")

const keyForm = "a key as the Stripe dashboard shows it (sk_… or rk_…), in a Redacted"

// In words only: whatever is given as a key may be one.
const checkKey = (key: unknown): Result.Result<void, InvalidArgumentError> => {
  if (!Redacted.isRedacted(key)) return Arguments.refuse("apiKey", "a value that is not Redacted", keyForm)
  const text = Redacted.value(key)
  if (isPrintable(text)) return Result.void
  return Arguments.refuse(
    "apiKey",
    text === "" ? "an empty text" : "a text with spaces, line breaks or letters outside ASCII",
    keyForm
  )
}

/** What is wrong with the options of a client, if anything. */
export const problem = <O extends { readonly apiKey: unknown }>(options: O): Option.Option<InvalidArgumentError> =>
  // In words only, because a text in the place of the options may be a key.
  Result.flatMap(Arguments.object(options, "options", "a value that is no object"), ({ apiKey, ...rest }) =>
    Arguments.all([checkKey(apiKey), decodeOptions(rest)])
  ).pipe(Result.getFailure)

/** What is wrong with an account that was given for one effect or stream. */
export const accountProblem = (account: string): Option.Option<InvalidArgumentError> =>
  isAccount(account)
    ? Option.none()
    : Result.getFailure(Arguments.refuse("account", Arguments.show(account), accountForm))
