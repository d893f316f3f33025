/**
 * What a client accepts as its options. They come from configuration as often as from code, so the compiler has not seen
 * all of them; and an HTTP client would refuse some too late, or repeat a key in the words of its refusal.
 */
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Arguments from "../arguments.ts"

const isPrintable = (value: unknown): value is string => Predicate.isString(value) && /^[\x21-\x7e]+$/.test(value)

const baseForm =
  "a URL such as https://api.stripe.com, without user name, query, fragment and /v1, which the client adds"

/**
 * Whether the path of a request can follow an address. Much else is a valid URL: a query or a fragment swallows the path, so
 * that the key goes elsewhere, and a space fails only as the request is sent.
 */
const isBase = (base: unknown): boolean => {
  if (!Predicate.isString(base) || !/^https?:\/\/[^\s?#]+$/i.test(base) || /\/v1\/*$/.test(base)) return false
  if (!URL.canParse(base)) return false
  const { password, username } = new URL(base)
  return username === "" && password === ""
}

/**
 * An address without who logs in there, as a message may show it. Nobody knows where a password ends in one that is no
 * address, so everything goes up to the last `@`.
 */
const withoutLogin = (base: string): string => base.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@/i, "$1<redacted>@")

const apiBase = Arguments.unseen(baseForm, (base) =>
  isBase(base) ? undefined : Arguments.show(Predicate.isString(base) ? withoutLogin(base) : base)
)

const takesTime = (seconds: number): boolean => seconds > 0

// In an infinite window each wait would be NaN, and nothing would wait.
const ends = (seconds: number): boolean => seconds > 0 && Number.isFinite(seconds)

// As long as Stripe's ids may be: a checkpoint holds it.
const text = (pattern: RegExp) => (value: unknown) =>
  Predicate.isString(value) && value.length <= 255 && pattern.test(value)

const account = Arguments.accepts("an account id (acct_…)", text(/^acct_\w+$/))

const context = Arguments.accepts(
  "an account id (acct_…) or a path of them (acct_…/acct_…)",
  text(/^acct_\w+(\/acct_\w+)*$/)
)

const oneAccount = Arguments.onlyOne(
  "account",
  "context",
  '. For a connected account of an account, pass context: "acct_…/acct_…" alone.'
)

const oneOf = (first: string, second: string) =>
  Arguments.accepts(`"${first}" or "${second}"`, (value) => value === first || value === second)

const isLimiter = (value: unknown) => Predicate.hasProperty(value, "consume") && Predicate.isFunction(value.consume)

const limitForm = 'an object such as { limit: 25, window: "1 second" }'

const limit = Schema.Struct({
  limit: Schema.optional(Arguments.wholeNumber(1)),
  window: Schema.optional(Arguments.duration("a finite duration above zero", "1 second", ends)),
  algorithm: Schema.optional(oneOf("fixed-window", "token-bucket")),
  limiter: Schema.optional(Arguments.accepts("a RateLimiter from effect/persistence", isLimiter)),
  onLimiterError: Schema.optional(oneOf("own-limit", "wait")),
  key: Schema.optional(Schema.String.annotate({ identifier: "a string" })),
  per: Schema.optional(Schema.Literal("account"))
}).annotate({ identifier: limitForm })

/** What a limiter counts under, unless an option says otherwise. */
export const defaultKey = "effect-stripe-identity"

// Two limits that count under one key would count each request twice.
const areDistinct = Schema.makeFilter((limits: ReadonlyArray<typeof limit.Type>) => {
  const counted = limits.map(({ key = defaultKey, per = "" }) => `${per} ${key}`)
  const again = counted.findIndex((key, index) => counted.indexOf(key) < index)
  if (again < 0) return undefined
  const advice =
    limits[again]?.key === undefined ? `. Limits without a key share "${defaultKey}". Pass one, such as "burst".` : ""
  return { path: [again, "key"], issue: `a key that no other limit uses${advice}` }
})

const rateLimit = Schema.Union([
  Schema.Literal(false),
  limit,
  Schema.Array(limit).check(
    Schema.isMinLength(1, { expected: "at least one limit, or false for no limit" }),
    areDistinct
  )
]).annotate({ expected: `false, or ${limitForm}` })

// What stands in the same places of the dashboard, or in the same file of secrets, and what it is called.
const otherKeys = new Map([
  ["pk", "a publishable key (pk_…), which cannot read"],
  ["ek", "an ephemeral key (ek_…), which cannot read"],
  ["whsec", "a webhook secret (whsec_…)"],
  ["acct", "an account id (acct_…)"]
])

/** What was given instead of a key. In words only, because anything that is given as a key may be one. */
const insteadOfKey = (key: unknown): string | undefined => {
  if (key === undefined) return "nothing"
  if (!Redacted.isRedacted(key)) return "a value that is not Redacted"
  if (Arguments.isWiped(key)) return "a Redacted that was wiped"
  const text = Redacted.value(key)
  if (text === undefined) return "a Redacted that holds undefined"
  if (text === "") return "an empty string"
  if (!isPrintable(text)) return "a string with whitespace or characters outside ASCII"
  return otherKeys.get(/^[a-z]{1,5}(?=_)/.exec(text)?.[0] ?? "")
}

/** Checks the options of a client. In words only, because a text in the place of the options may be a key. */
export const check = Arguments.decoder(
  Schema.Struct({
    apiKey: Arguments.unseen("a secret key (sk_…) or restricted key (rk_…), as Redacted.make(key)", insteadOfKey),
    apiBase: Schema.optional(apiBase),
    apiVersion: Schema.optional(Arguments.accepts("an API version, such as 2026-10-28.endive", isPrintable)),
    account: Schema.optional(account),
    context: Schema.optional(context),
    timeout: Schema.optional(Arguments.duration("a duration above zero", "80 seconds", takesTime)),
    rateLimit: Schema.optional(rateLimit),
    transformClient: Schema.optional(
      Arguments.accepts("a function that takes and returns an HttpClient", Predicate.isFunction)
    )
  }).check(oneAccount),
  "options",
  undefined,
  () => "a value that is not one"
)

/** An account that was given for one effect or stream, if it can be one. */
export const checkAccount = Arguments.decoder(
  Schema.Struct({ account: Schema.optionalKey(account), context: Schema.optionalKey(context) }).check(oneAccount),
  "CurrentAccount"
)
