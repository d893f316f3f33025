/**
 * What a reply of Stripe's says apart from its rows: the reason behind an error status, in texts that are safe to show.
 */
import * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Redacted from "effect/Redacted"
import * as RegExp from "effect/RegExp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DecodeError } from "../../StripeError.ts"
import type { Query } from "./model.ts"
import * as Reasons from "./reasons.ts"
import { beginning, name, sentence, withoutSecrets } from "../withoutSecrets.ts"

/** The head and the text of one reply. */
export interface Reply {
  readonly status: number
  readonly headers: Headers.Headers
  readonly text: string
}

// Fields are taken as they come: one of a wrong type counts as absent, because the status alone still decides.
const decodeErrorBody = Schema.decodeUnknownResult(
  Schema.fromJsonString(Schema.Struct({ error: Schema.Record(Schema.String, Schema.Unknown) }))
)

const excerptLength = 200

const entities: { readonly [name: string]: string } = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " }

const withoutEntities = (html: string): string =>
  html.replace(/&(\w{2,4}|#\w{2,7});/g, (entity, name: string) => {
    const [, hex, decimal] = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(name) ?? []
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : (entities[name.toLowerCase()] ?? entity)
  })

/** Bytes as text, as a client reads them. */
export const utf8 = new TextDecoder()

/** A text as it was before somebody wrote it into an address, HTML or JSON, or into one of them within another. */
const unescaped = (text: string): string => {
  let plain = text
  for (let depth = 0; depth < 3; depth++) {
    const decoded = plain
      .replace(/(?:%[\da-f]{2})+/gi, (bytes) =>
        utf8.decode(Uint8Array.from(bytes.slice(1).split("%"), (byte) => Number.parseInt(byte, 16)))
      )
      .replace(/\\(?:u([\da-f]{4})|x([\da-f]{2}))/gi, "&#x$1$2;")
      .replace(/\\[bfnrt]?/g, (escape) => (escape === "\\" ? "" : " "))
    plain = withoutEntities(decoded)
  }
  return plain
}

/**
 * The first bytes of a body that is no JSON, for a person to recognise the proxy or the page that sent it. Whatever
 * may be a part of sessions is not shown, and neither are bytes that are no text.
 */
export const excerpt = (text: string, sent: Query = []): string | undefined => {
  const start = text.trimStart()
  // A control character, or the character that stands for bytes that are no text.
  if (/^[[{"]|"\s*:|[^\P{Cc}\s]|\uFFFD/u.test(start.slice(0, excerptLength))) return undefined
  // Of a page of HTML the words are enough.
  const words = withoutEntities(beginning(start, 16 * mostSearched).replace(/<[^<>]*>/g, " ")).trimStart()
  return sentence(beginning(withoutSent(words, sent), excerptLength)) || undefined
}

// How much of a text is searched, and how much of a value is looked for: an expression must not be of any length.
const mostSearched = 4000
const longestForm = 64

/**
 * A text without what the request sent as personal or secret, however it is escaped: a refusal may repeat it. With a long
 * value, all that follows its beginning goes.
 */
const withoutSent = (text: string, sent: Query): string => {
  const patterns = sent
    .flatMap(([, value]) => (Redacted.isRedacted(value) ? unescaped(Redacted.value(value)) : []))
    .filter((value) => /[^\s+]/.test(value))
    .map((value) => {
      const end = value.length > longestForm ? "[^]*" : "(?!\\w)"
      // Lines are wrapped, and the query of an address has a plus for a space.
      const words = value
        .slice(0, longestForm)
        .split(/[\s+]+/)
        .map(RegExp.escape)
        .join("[\\s+]+")
      return new RegExp.RegExp(`(?<!\\w)${words}${end}`, "gi")
    })
  const without = (text: string) => patterns.reduce((rest, pattern) => rest.replace(pattern, "<redacted>"), text)
  // The values of queries have to go while they are escaped: else nobody knows where they end.
  const escaped = withoutSecrets(without(text.slice(0, mostSearched)))
  const plain = unescaped(escaped)
  const found = without(plain)
  // As it was written, unless something was found: a path or a pattern says less without its escapes.
  const rest = found === plain ? escaped : found
  // Where the text was cut, its end may be the beginning of a value.
  return text.length <= mostSearched || rest.endsWith("<redacted>") ? rest : rest.slice(0, -2 * longestForm)
}

/** Stripe's id of the request. Nearly always it is of Stripe's own form, in which no secret has room. */
export const requestId = (headers: Headers.Headers): string | undefined => {
  const id = headers["request-id"]
  return id === undefined || /^req_[A-Za-z0-9]{1,64}$/.test(id) ? id : name(id)
}

const shouldRetry = (headers: Headers.Headers): boolean | undefined => {
  const value = headers["stripe-should-retry"]
  return value === "true" ? true : value === "false" ? false : undefined
}

/**
 * The least wait that `Retry-After` asks for. Apart from whole seconds and a date it may be what some proxies write: fractions
 * of a second, or several numbers, where it was sent more than once. The longest of them holds for all who sent one.
 */
const retryAfter = (headers: Headers.Headers, now: number): Duration.Duration | undefined => {
  const value = headers["retry-after"] ?? ""
  const parsed = Headers.parseRetryAfter(value)
  if (Result.isSuccess(parsed)) return Headers.retryAfterDelay(parsed.success, now)
  return /^\s*\d{1,9}(\.\d{1,9})?(\s*,\s*\d{1,9}(\.\d{1,9})?){0,9}\s*$/.test(value)
    ? Duration.seconds(Math.max(...value.split(",").map(Number)))
    : undefined
}

const notJson = (reply: Reply, sent: Query): DecodeError => {
  const seen = excerpt(reply.text, sent)
  const encoding = reply.headers["content-encoding"]
  // Not every client unpacks, as fetch does. Stripe sends nothing packed that was not asked for, but a proxy may.
  const packed = encoding === undefined ? "" : ` with content encoding ${shown(encoding, sent)}`
  const type = shown(reply.headers["content-type"], sent) ?? "no content type"
  const size = `${reply.text.length} characters of ${type}${packed}`
  return wrongBody(reply, `expected JSON, got ${size}${seen === undefined ? "" : ` that start with "${seen}"`}`)
}

/** What is wrong with a body that nobody can read as JSON. */
export const wrongBody = ({ headers, status }: Omit<Reply, "text">, description: string): DecodeError =>
  new DecodeError({ part: "body", status, requestId: requestId(headers), description })

/** The JSON of a 2xx reply, or what arrived instead. */
export const parse = (reply: Reply, sent: Query = []): Result.Result<unknown, DecodeError> => {
  try {
    return Result.succeed(JSON.parse(reply.text))
  } catch {
    return Result.fail(notJson(reply, sent))
  }
}

// Only the host, because the rest of the address may repeat the query or the key.
const redirect = (location: string, sent: Query): string => {
  const [, to] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#@]+)/i.exec(location) ?? []
  return to === undefined ? "It redirects elsewhere." : `It redirects to ${shown(to, sent)}.`
}

/**
 * What is wrong with a 400 that was cut short: only its body says which of many refusals it is, so it has to be asked
 * for again.
 */
export const cutShort = (reply: Reply): DecodeError | undefined =>
  reply.status === 400 && reply.text.trimStart().startsWith("{")
    ? Result.getOrUndefined(Result.flip(parse(reply)))
    : undefined

const asText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

const shown = (value: unknown, sent: Query): string | undefined =>
  typeof value === "string" ? name(withoutSent(value, sent)) : undefined

// The one query that a log's address has is when the request was.
const asLogUrl = (value: unknown, sent: Query): string | undefined => {
  const url = asText(value) ?? ""
  const [time = ""] = /\?t=\d{1,16}$/.exec(url.slice(-20)) ?? []
  const address = url.slice(0, url.length - time.length)
  return address === "" ? undefined : name(withoutSent(address, sent)) + time
}

// Stripe says in its own JSON why it refuses. Anything else is of a proxy, which knows nothing of the key.
const isForeign = (reply: Reply): boolean =>
  /^\s*[^\s{]/.test(reply.text.slice(0, excerptLength)) || Result.isSuccess(parse(reply))

const isCursor = (param: string | undefined): boolean => param === "starting_after" || param === "ending_before"

/**
 * The reason behind a reply whose status is not 2xx, by status, then code, then param. `now` is the time of its
 * arrival in epoch milliseconds, from which a `Retry-After` date is counted.
 */
export const toReason = (reply: Reply, now: number, sent: Query = []) => {
  const { headers, status, text } = reply
  // A 304, which has no address, sends nowhere.
  const location = status >= 300 && status < 400 ? headers["location"] : undefined
  const error = Result.getOrUndefined(decodeErrorBody(text))?.error
  const message = asText(error?.message)
  const code = asText(error?.code)
  const param = asText(error?.param)
  const fields = {
    status,
    code: shown(code, sent),
    param: shown(param, sent),
    description:
      message !== undefined
        ? sentence(withoutSent(message, sent))
        : location !== undefined
          ? redirect(location, sent)
          : excerpt(text, sent),
    requestId: requestId(headers),
    docUrl: shown(error?.doc_url, sent),
    requestLogUrl: asLogUrl(error?.request_log_url, sent),
    shouldRetry: shouldRetry(headers),
    retryAfter: retryAfter(headers, now)
  }
  const limitedBy = shown(headers["stripe-rate-limited-reason"], sent)
  // Another request holds the object. Stripe answers as for too many requests, and says no limit.
  if (status === 429 && code === "lock_timeout" && limitedBy === undefined) return new Reasons.ConflictError(fields)
  if (status === 429 || code === "rate_limit") return new Reasons.RateLimitError({ ...fields, limitedBy })
  const refuses = status === 401 || status === 403
  const isOfProxy = status === 407 || (refuses && error === undefined && isForeign(reply))
  if (status === 401 && !isOfProxy) return new Reasons.AuthenticationError(fields)
  if (status === 403 && !isOfProxy) return new Reasons.PermissionError(fields)
  if (status === 409) return new Reasons.ConflictError(fields)
  // Older accounts get no code, so the words have to do.
  const isMissing = code === "resource_missing" || message?.startsWith("No such ") === true
  // Any other 404 comes from something between, or is about a wrong apiBase, and says nothing of the object.
  if (status < 400 || status === 408 || status >= 500 || isOfProxy || (status === 404 && !isMissing)) {
    return new Reasons.ApiError(fields)
  }
  if (isMissing && isCursor(param)) return new Reasons.CursorNotFoundError(fields)
  if (status === 404) return new Reasons.NotFoundError(fields)
  // Most bodies have neither code nor param here, so the words have to do, as they do for Stripe's own sync engine.
  if (code === "identity_api_invalid_application" || message?.includes("not set up to use Identity")) {
    return new Reasons.IdentityNotEnabledError(fields)
  }
  return new Reasons.InvalidRequestError(fields)
}
