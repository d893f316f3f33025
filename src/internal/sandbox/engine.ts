/**
 * The simulated Stripe: its rows, its record of requests, its clockwork. The two fronts hand requests in and take
 * replies out.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as Accounts from "./accounts.ts"
import * as Handler from "./handler.ts"
import * as ControlPath from "./controlPath.ts"
import * as Controls from "./controls.ts"
import * as Errors from "./errors.ts"
import * as FaultResponses from "./faultResponses.ts"
import * as RateLimit from "./rateLimit.ts"
import * as Recording from "./recording.ts"
import type { ConnectionReset, ListEnvelope, Reply } from "./reply.ts"
import * as Resources from "./resources.ts"
import { fraction } from "./prng.ts"
import type { Service } from "./service.ts"
import * as Traffic from "./traffic.ts"
import { assert, word } from "./assertions.ts"

/** The options of `Sandbox.make`, with every default in place. */
export interface Settings extends Accounts.Settings {
  readonly latency: { readonly base: number; readonly jitter: number }
  readonly rateLimits: ReadonlyArray<RateLimit.Limit>
  readonly recordedRequests: number
}

// A repeated page can be asked of as many interleaved reads as this.
const rememberedReads = 64

/** Starts a sandbox. Takes no time, whatever the number of sessions. */
export const make = (settings: Settings): Service => {
  const { seed } = settings
  const accounts = Accounts.make(settings)
  const recording = Recording.make(settings.recordedRequests)
  const limits = RateLimit.make(settings.rateLimits)
  const traffic = Traffic.make()
  const pagesByRead = new Map<string, ListEnvelope>()

  const remember = (incoming: Recording.Incoming, page: ListEnvelope | undefined): void => {
    if (page === undefined) return
    const read = readOf(incoming)
    pagesByRead.delete(read)
    pagesByRead.set(read, page)
    const [oldest] = pagesByRead.keys()
    if (pagesByRead.size > rememberedReads && oldest !== undefined) pagesByRead.delete(oldest)
  }

  const answer = Effect.fnUntraced(function* (
    incoming: Recording.Incoming,
    request: Recording.OpenRequest,
    clock: Clock.Clock
  ) {
    const fault = recording.takeFault(request)
    const id = Accounts.named(incoming.headers)
    // The time of an answer is when it is given, not when the request came. A POST may change the account, which is kept
    // from then on.
    const arrive = (): Arrival => {
      const now = clock.currentTimeMillisUnsafe()
      const { account, changes } = incoming.method === "POST" ? accounts.change(id) : accounts.find(id)
      changes.settle(now)
      return [account, { incoming, index: request.index, now, isRevoked: accounts.isRevoked }]
    }
    const limited = fault === undefined ? limits.take(id ?? "", request.receivedAt) : undefined
    traffic.note(id ?? "", request.receivedAt, limited !== undefined)
    const refused = limited === undefined ? undefined : Handler.refuse(...arrive(), Errors.rateLimited(limited))
    const { base, jitter } = settings.latency
    if (base > 0) yield* Effect.sleep(base * (1 + jitter * (2 * fraction(seed, request.index, 91) - 1)))
    if (refused !== undefined) return refused
    if (fault === undefined) {
      const reply = Handler.respond(...arrive())
      remember(incoming, reply.page)
      return reply
    }
    const param = ["starting_after", "ending_before"].find((name) => incoming.url.searchParams.has(name))
    // A fault may look at the reply several times, but what a request changes is changed once.
    const respond = once(() => Handler.respond(...arrive()))
    const reads = incoming.method !== "POST"
    return yield* FaultResponses.reply(fault, {
      respond,
      unfiltered: (names) =>
        reads ? Handler.respond(...withIncoming(arrive(), withoutParameters(incoming, names))) : respond(),
      enlarged: (extra) => (reads ? Handler.respond(...arrive(), extra) : respond()),
      refuse: (refusal) => Handler.refuse(...arrive(), refusal),
      answer: (status, body, headers) => Handler.answer(...arrive(), status, body, headers),
      previous: pagesByRead.get(readOf(incoming)),
      noun: (Resources.at(incoming.url.pathname)?.resource ?? Resources.sessions).noun,
      cursor: param === undefined ? undefined : { param, id: incoming.url.searchParams.get(param) ?? "" },
      compresses: incoming.compresses
    })
  })

  const end = (request: Recording.OpenRequest, exit: Exit.Exit<unknown, unknown>): void => {
    if (request.outcome !== "open") return
    request.outcome = Exit.isSuccess(exit) ? "answered" : Cause.hasInterruptsOnly(exit.cause) ? "aborted" : "reset"
  }

  const respond = (incoming: Recording.Incoming): Effect.Effect<Reply, ConnectionReset> =>
    Effect.clockWith((clock) => {
      if (ControlPath.owns(incoming)) return ControlPath.answer(incoming, service)
      return Effect.acquireUseRelease(
        Effect.sync(() => recording.open(incoming, clock.currentTimeMillisUnsafe())),
        (request) =>
          Effect.map(answer(incoming, request, clock), (reply) => {
            request.status = reply.status
            const { body } = reply
            if (typeof body !== "string") {
              return { ...reply, body: Stream.onExit(body, (exit) => Effect.sync(() => end(request, exit))) }
            }
            end(request, Exit.void)
            return reply
          }),
        (request, exit) => Effect.sync(() => (Exit.isSuccess(exit) ? undefined : end(request, exit)))
      )
    })

  const controls = (id?: string) =>
    Controls.make(
      () => accounts.find(id),
      () => accounts.change(id)
    )
  const service: Service = {
    ...controls(),
    account: (id) => ({
      ...controls(accountId(id)),
      setAccess: (access) =>
        Effect.sync(() => {
          word("access", access ?? null, Accounts.accesses)
          accounts.setAccess(accountId(id), access)
        })
    }),
    requests: Effect.sync(recording.requests),
    requestCount: Effect.sync(recording.count),
    clearRequests: Effect.sync(recording.clear),
    traffic: Effect.sync(traffic.read),
    inject: (fault, options) => Effect.sync(() => recording.inject(fault, options)),
    clearFaults: Effect.sync(() => {
      recording.clearFaults()
      accounts.clearFaults()
    }),
    respond
  }
  return service
}

/** Whom a request reaches, and when. */
type Arrival = readonly [account: Handler.Account, visit: Handler.RequestContext]

const withIncoming = ([account, visit]: Arrival, incoming: Recording.Incoming): Arrival => [
  account,
  { ...visit, incoming }
]

const accountId = (id: string): string => {
  assert(Accounts.isAccount(id), `${id.slice(0, 100)} is not the id of an account (acct_…)`)
  return id
}

/** The request as a server reads it that overlooks some parameters. */
const withoutParameters = (incoming: Recording.Incoming, names: ReadonlyArray<string>): Recording.Incoming => {
  const url = new URL(incoming.url)
  for (const [name] of Array.from(url.searchParams)) {
    if (names.includes(name.replace(/\[.*$/, ""))) url.searchParams.delete(name)
  }
  return { ...incoming, url }
}

// A read is the requests of one caller that differ only in their cursor.
const readOf = (incoming: Recording.Incoming): string => {
  const query = Array.from(incoming.url.searchParams).filter(
    ([name]) => name !== "starting_after" && name !== "ending_before"
  )
  return JSON.stringify([
    incoming.url.pathname,
    incoming.headers["authorization"],
    incoming.headers["stripe-account"],
    query
  ])
}

/** Makes a value when it is first asked for, and no second time. */
const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}
