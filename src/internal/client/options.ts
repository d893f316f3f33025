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
import type { InvalidArgumentError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"

const isPrintable = (value: unknown): value is string => Predicate.isString(value) && /^[\x21-\x7e]+$/.test(value)

const isBase = (value: unknown): boolean => {
  if (!Predicate.isString(value) || !URL.canParse(value)) return false
  const { password, protocol, username } = new URL(value)
  return (protocol === "https:" || protocol === "http:") && username === "" && password === ""
}

/**
 * An address without who logs in there, as a message may show it. Nobody knows where a password ends in one that is no
 * address, so everything goes up to the last `@`.
 */
const withoutLogin = (base: string): string => base.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@/i, "$1<redacted>@")

const baseForm = "an address that starts with https:// or http://, without a password"

const checkBase = (base: unknown): Result.Result<void, InvalidArgumentError> =>
  base === undefined || isBase(base)
    ? Predicate.isString(base) && /\/v1\/*$/.test(base)
      ? Arguments.refuse("apiBase", Arguments.show(base), "the address without the /v1, which every request adds")
      : Result.void
    : Arguments.refuse("apiBase", Arguments.show(Predicate.isString(base) ? withoutLogin(base) : base), baseForm)

const takesTime = Duration.isGreaterThan(Duration.zero)

const isAccount = (value: unknown): boolean => Predicate.isString(value) && /^acct_\w+$/.test(value)

const accountForm = "the id of an account (acct_…)"

const RateLimit = Schema.Struct({
  limit: Schema.optional(Arguments.wholeNumber(1)),
  window: Schema.optional(Arguments.duration("1 second", takesTime)),
  limiter: Schema.optional(Schema.Unknown),
  key: Schema.optional(Schema.String)
})

const decodeRateLimit = Arguments.decoder(RateLimit, "rateLimit")

const checkRateLimit = (rateLimit: unknown): Result.Result<unknown, InvalidArgumentError> => {
  if (rateLimit === undefined || rateLimit === false) return Result.void
  if (!Predicate.isObject(rateLimit)) {
    const form = 'false, or an object such as { limit: 25, window: "1 second" }'
    return Arguments.refuse("rateLimit", Arguments.show(rateLimit), form)
  }
  return Result.mapError(decodeRateLimit(rateLimit), Arguments.within("rateLimit"))
}

const Options = Schema.Struct({
  // Checked apart, because nothing may be said of it. It is here to be named with the others.
  apiKey: Schema.optional(Schema.Unknown),
  // Checked apart, because it may hold a password that must not be shown.
  apiBase: Schema.optional(Schema.Unknown),
  apiVersion: Schema.optional(Arguments.accepts("a version of the API, such as 2026-09-30.endive", isPrintable)),
  account: Schema.optional(Arguments.accepts(accountForm, isAccount)),
  timeout: Schema.optional(Arguments.duration("80 seconds", takesTime)),
  // Checked apart, so that what is wrong inside is said in words.
  rateLimit: Schema.optional(Schema.Unknown),
  transformClient: Schema.optional(Schema.Unknown)
})

const decodeOptions = Arguments.decoder(Options, "options")

const keyForm = "a key as the Stripe dashboard shows it (sk_… or rk_…), in a Redacted"

// In words only: whatever is given as a key may be one.
const checkKey = (key: unknown): Result.Result<void, InvalidArgumentError> => {
  if (key === undefined) return Arguments.refuse("apiKey", "nothing", keyForm)
  if (!Redacted.isRedacted(key)) return Arguments.refuse("apiKey", "a value that is not Redacted", keyForm)
  const text = Redacted.value(key)
  if (isPrintable(text)) return Result.void
  return Arguments.refuse(
    "apiKey",
    text === undefined
      ? "a Redacted of nothing"
      : text === ""
        ? "an empty text"
        : "a text with spaces, line breaks or letters outside ASCII",
    keyForm
  )
}

/** What is wrong with the options of a client, if anything. */
export const problem = <
  O extends { readonly apiKey: unknown; readonly apiBase?: unknown; readonly rateLimit?: unknown }
>(
  options: O
): Option.Option<InvalidArgumentError> =>
  // In words only, because a text in the place of the options may be a key.
  Result.flatMap(Arguments.object(options, "options", "a value that is no object"), ({ apiKey, ...rest }) =>
    Arguments.all([checkKey(apiKey), checkBase(rest.apiBase), checkRateLimit(rest.rateLimit), decodeOptions(rest)])
  ).pipe(Result.getFailure)

/** What is wrong with an account that was given for one effect or stream. */
export const accountProblem = (account: string): Option.Option<InvalidArgumentError> =>
  isAccount(account)
    ? Option.none()
    : Result.getFailure(Arguments.refuse("account", Arguments.show(account), accountForm))
