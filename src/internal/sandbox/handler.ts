/**
 * The server without faults: from a request to the reply that Stripe would give.
 */
import * as Result from "effect/Result"
import * as Authentication from "./authentication.ts"
import * as Errors from "./errors.ts"
import type * as Expansion from "./expansion.ts"
import * as Parameters from "./parameters.ts"
import type { Incoming } from "./recording.ts"
import { print, type ListEnvelope, type Reply, type Row } from "./reply.ts"
import * as Resources from "./resources.ts"
import * as Writing from "./writing.ts"
import { letters } from "./prng.ts"
import type { Cursor } from "./timeline.ts"

const longestUrl = 16 * 1024

/** What the answers depend on apart from the request. */
export interface Account {
  readonly seed: number
  readonly identityEnabled: boolean
  readonly cursorsMustMatch: boolean
  /** Rendered at which version, where a request names none. */
  readonly version: string
  readonly test: Resources.Mode
  readonly live: Resources.Mode
  readonly write: Writing.Write
  /** The answer to the first request with each idempotency key. */
  readonly answered: Map<string, { readonly path: string; readonly body: string; readonly reply: Reply }>
}

/** What is known about a request before it is answered. */
export interface RequestContext {
  readonly incoming: Incoming
  /** The number of the request. Its `request-id` is made from it. */
  readonly index: number
  /** Epoch milliseconds. */
  readonly now: number
  /** Whether no key may read a connected account. */
  readonly isRevoked: (account: string) => boolean
}

/** An answer under the headers that every answer has. */
export const answer = (
  account: Account,
  visit: RequestContext,
  status: number,
  body: string,
  headers?: Readonly<Record<string, string>>
): Reply => {
  const sent = visit.incoming.headers
  const connected = sent["stripe-account"]?.split("/").at(-1)
  const key = visit.incoming.method === "POST" ? sent["idempotency-key"] : undefined
  const id = requestId(account, visit)
  return {
    status,
    headers: {
      server: "effect-stripe-identity-sandbox",
      date: new Date(visit.now).toUTCString(),
      "content-type": "application/json",
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET, HEAD, PUT, PATCH, POST, DELETE",
      "access-control-allow-origin": "*",
      "access-control-expose-headers":
        "Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, X-Stripe-External-Auth-Required, " +
        "X-Stripe-Privileged-Session-Required",
      "access-control-max-age": "300",
      "cache-control": "no-cache, no-store",
      ...(key === undefined ? undefined : { "idempotency-key": key, "original-request": id }),
      "request-id": id,
      ...(connected === undefined ? undefined : { "stripe-account": connected }),
      "stripe-version": sent["stripe-version"] ?? account.version,
      vary: "Origin",
      ...headers
    },
    body
  }
}

export const requestId = (account: Account, visit: RequestContext): string =>
  `req_${letters(14, account.seed, visit.index, 81)}`

/** A refusal as a reply. */
export const refuse = (account: Account, visit: RequestContext, refusal: Errors.Refusal): Reply => {
  const live = visit.incoming.headers["authorization"]?.includes("_live_") === true
  const seconds = Math.floor(visit.now / 1000)
  const log = `https://dashboard.stripe.com/${live ? "" : "test/"}logs/${requestId(account, visit)}?t=${seconds}`
  const reply = answer(account, visit, refusal.status, print(Errors.body(refusal, log)), {
    ...(refusal.status === 400 ? { "stripe-should-retry": "false" } : undefined),
    ...refusal.headers
  })
  if (refusal.unnumbered !== true) return reply
  const { "original-request": _, "request-id": __, ...headers } = reply.headers
  return { ...reply, headers }
}

/** The answer of a server in good order. `extra` rows more than asked for serve only to make a fault. */
export const respond = (account: Account, visit: RequestContext, extra = 0): Reply => {
  const { url } = visit.incoming
  if (url.pathname.length + url.search.length > longestUrl) {
    return answer(account, visit, 414, Errors.uriTooLarge, { "content-type": "text/html" })
  }
  return Result.match(attempt(account, visit, extra), {
    onFailure: (refusal) => refuse(account, visit, refusal),
    onSuccess: (found) => found
  })
}

const attempt = (account: Account, visit: RequestContext, extra: number): Result.Result<Reply, Errors.Refusal> =>
  Result.gen(function* () {
    const { headers, method, url } = visit.incoming
    const found = method === "GET" ? Resources.at(url.pathname) : undefined
    const write = method === "POST" ? Writing.at(url.pathname) : undefined
    if (found === undefined && write === undefined) {
      return yield* Result.fail(Errors.unrecognizedUrl(method, url.pathname))
    }
    const caller = yield* Authentication.authenticate(
      headers,
      write !== undefined ? "identity_product_write" : (found?.resource.permission ?? "identity_product_read"),
      visit.isRevoked
    )
    const version = headers["stripe-version"]
    if (version !== undefined && !isVersion(version)) {
      return yield* Result.fail(Errors.invalidVersion(version))
    }
    const isIdentity = found?.resource !== Resources.connected
    if (isIdentity && !account.identityEnabled) return yield* Result.fail(Errors.identityNotEnabled)
    if (write !== undefined) return yield* written(account, visit, caller, write)
    if (found === undefined) return yield* Result.fail(Errors.unrecognizedUrl(method, url.pathname))
    const asked: AuthorizedRequest = {
      account,
      visit,
      caller,
      resource: found.resource,
      query: Array.from(url.searchParams)
    }
    if (found.segment !== undefined) return yield* retrieve(asked, decoded(found.segment))
    const envelope = yield* list(asked, extra)
    return { ...answer(account, visit, 200, print(envelope)), page: envelope }
  })

// Versions have a name since 2024-09-30.acacia (docs.stripe.com/api/versioning), and had none before.
const isVersion = (version: string): boolean => {
  const [, date, name] = /^(\d{4}-\d{2}-\d{2})(\.[a-z]+)?$/.exec(version) ?? []
  return date !== undefined && date >= "2024-09-30" === (name !== undefined)
}

// A stray percent sign is part of an id that does not exist.
const decoded = (segment: string): string =>
  Result.getOrElse(
    Result.try(() => decodeURIComponent(segment)),
    () => segment
  )

/** A request that may be answered. */
interface AuthorizedRequest {
  readonly account: Account
  readonly visit: RequestContext
  readonly caller: Authentication.Caller
  readonly resource: Resources.Resource
  readonly query: Parameters.Query
}

const modeOf = ({ account, caller }: AuthorizedRequest): Resources.Mode =>
  caller.livemode ? account.live : account.test

const list = (asked: AuthorizedRequest, extra: number): Result.Result<ListEnvelope, Errors.Refusal> =>
  Result.gen(function* () {
    const { account, query, resource, visit } = asked
    const wanted = yield* Parameters.list(query, resource.rules)
    const { endingBefore, expansion, limit, startingAfter } = wanted
    // Stripe looks the cursors up before it notices that there are two of them.
    const resolve = (id: string, param: string): Result.Result<Resources.Found<unknown>, Errors.Refusal> =>
      Result.gen(function* () {
        const found = yield* find(asked, id, param)
        if (found.isExpired) return yield* Result.fail(Errors.eventExpired(id, param))
        return account.cursorsMustMatch && !found.isWanted(wanted)
          ? yield* Result.fail(Errors.noSuchObject(resource.noun, id, param))
          : found
      })
    let cursor: Cursor = { _tag: "Newest" }
    if (startingAfter !== undefined) {
      cursor = { _tag: "OlderThan", entry: (yield* resolve(startingAfter, "starting_after")).entry }
    }
    if (endingBefore !== undefined) {
      cursor = { _tag: "NewerThan", entry: (yield* resolve(endingBefore, "ending_before")).entry }
    }
    if (startingAfter !== undefined && endingBefore !== undefined) return yield* Result.fail(Errors.bothCursors)
    const page = resource.page(modeOf(asked), wanted, cursor, limit + extra, visit.now)
    return {
      object: "list",
      data: page.rows.map((row) => row.render(view(asked, expansion))),
      has_more: page.hasMore,
      url: resource.path
    }
  })

const retrieve = (asked: AuthorizedRequest, id: string): Result.Result<Reply, Errors.Refusal> =>
  Result.gen(function* () {
    const { account, query, resource, visit } = asked
    const expansion = yield* Parameters.retrieve(query, resource.rules)
    const found = yield* find(asked, id, resource.param)
    if (found.isExpired) return yield* Result.fail(Errors.noSuchObject(resource.noun, id, resource.param))
    return answer(account, visit, 200, print(found.render(view(asked, expansion))))
  })

const find = (
  asked: AuthorizedRequest,
  id: string,
  param: string
): Result.Result<Resources.Found<Row>, Errors.Refusal> => {
  const { account, caller, resource, visit } = asked
  const found = resource.find(modeOf(asked), id, visit.now)
  if (found !== undefined) return Result.succeed(found)
  // Stripe does not tell a key whether an account exists that the key may not read.
  if (resource === Resources.connected && param === resource.param) {
    return Result.fail(Errors.accountAccess(caller.masked, id))
  }
  // Whoever asks in test mode has already looked there.
  const testMode = resource.find(account.test, id, visit.now) !== undefined
  return Result.fail(Errors.noSuchObject(resource.noun, id, param, { testMode }))
}

const view = (
  { caller, visit }: Pick<AuthorizedRequest, "caller" | "visit">,
  expansion: Expansion.Expansion
): Resources.View => ({
  expansion,
  sensitive: (processed) =>
    caller.sensitive === "all" ||
    (caller.sensitive === "recent" && visit.now / 1000 <= processed + Authentication.recentSeconds)
})

/** Stripe's own calls that change a session. */
const written = (
  account: Account,
  visit: RequestContext,
  caller: Authentication.Caller,
  { control, segment }: Writing.Call
): Result.Result<Reply, Errors.Refusal> =>
  Result.gen(function* () {
    const { body = "", headers, url } = visit.incoming
    const type = headers["content-type"] ?? ""
    if (body !== "" && /^(application\/json|text\/)/.test(type)) return yield* Result.fail(Errors.notAForm(type))
    const key = headers["idempotency-key"]
    // Each mode has its own keys.
    const first = key === undefined || caller.livemode ? undefined : account.answered.get(key)
    if (key !== undefined && first !== undefined) {
      if (first.path !== url.pathname || first.body !== body) {
        return yield* Result.fail(Errors.keyUsedOtherwise(key, url.pathname, first.path))
      }
      const date = new Date(visit.now).toUTCString()
      const renewed = { date, "idempotent-replayed": "true", "request-id": requestId(account, visit) }
      return { ...first.reply, headers: { ...first.reply.headers, ...renewed } }
    }
    const id = decoded(segment)
    const resource = Resources.sessions
    const found = resource.find(account.test, id, visit.now)
    if (caller.livemode || found === undefined)
      return yield* Result.fail(
        Errors.noSuchObject(resource.noun, id, resource.param, { testMode: found !== undefined })
      )
    const { metadata, rest } = Writing.form(body, control)
    const expansion = yield* Parameters.retrieve(rest, resource.rules)
    const request = { id: requestId(account, visit), idempotency_key: key ?? null }
    // What is refused before this line is forgotten, as at Stripe: the same key may be used again.
    const reply = Result.match(account.write(control, id, metadata, visit.now, request), {
      onFailure: (refusal) => refuse(account, visit, refusal),
      onSuccess: () => answer(account, visit, 200, print(found.render(view({ caller, visit }, expansion))))
    })
    if (key !== undefined) account.answered.set(key, { path: url.pathname, body, reply })
    return reply
  })
