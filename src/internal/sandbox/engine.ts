/**
 * The simulated Stripe: its rows, its record of requests, its clockwork. The two fronts hand requests in and take
 * replies out.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as Result from "effect/Result"
import * as Handler from "./handler.ts"
import * as Changes from "./changes.ts"
import * as ControlPath from "./controlPath.ts"
import * as Deliveries from "./deliveries.ts"
import * as Errors from "./errors.ts"
import * as EventLog from "./eventLog.ts"
import * as History from "./history.ts"
import * as Listing from "./listing.ts"
import * as FaultResponses from "./faultResponses.ts"
import * as RateLimit from "./rateLimit.ts"
import * as Recording from "./recording.ts"
import type { ConnectionReset, ListEnvelope, Reply } from "./reply.ts"
import * as Resources from "./resources.ts"
import { fraction, makeIdCodec } from "./prng.ts"
import type { Session } from "./session.ts"
import type { Service } from "./service.ts"
import * as Writing from "./writing.ts"

/** The options of `Sandbox.make`, with every default in place. */
export interface Settings {
  readonly sessions: number
  readonly seed: number
  readonly history: History.Shape
  /** Epoch seconds, the second exclusive. */
  readonly from: number
  readonly to: number
  readonly visibilityLag: number
  readonly latency: { readonly base: number; readonly jitter: number }
  readonly identityEnabled: boolean
  readonly cursorsMustMatch: boolean
  readonly rateLimit: { readonly limit: number; readonly window: number } | undefined
  readonly shuffled: boolean
  /** Seconds. */
  readonly disorder: number
  readonly recordedRequests: number
  /** Milliseconds. */
  readonly eventLag: number
  readonly redactionTime: number
  readonly apiVersion: string
}

// A repeated page can be asked of as many interleaved reads as this.
const rememberedReads = 64

/** Starts a sandbox. Takes no time, whatever the number of sessions. */
export const make = (settings: Settings): Service => {
  const { seed } = settings
  const listing = (size: number): Listing.Listing =>
    Listing.make({
      history: History.make({ shape: settings.history, size, seed, from: settings.from, to: settings.to }),
      ids: makeIdCodec("vs_", seed),
      reportIds: makeIdCodec("vr_", seed, 1),
      seed,
      visibilityLag: settings.visibilityLag,
      shuffled: settings.shuffled,
      disorder: settings.disorder
    })
  const mode = (size: number): Resources.Mode => {
    const sessions = listing(size)
    const log = EventLog.make({
      listing: sessions,
      ids: makeIdCodec("evt_", seed, 2),
      seed,
      lag: settings.eventLag,
      version: settings.apiVersion
    })
    return { listing: sessions, log, seed }
  }
  const test = mode(settings.sessions)
  const changes = Changes.make(test, settings.redactionTime)
  const account: Handler.Account = {
    seed,
    identityEnabled: settings.identityEnabled,
    cursorsMustMatch: settings.cursorsMustMatch,
    version: settings.apiVersion,
    test,
    live: mode(0),
    write: Writing.make(changes)
  }
  const recording = Recording.make(settings.recordedRequests)
  const bucket = settings.rateLimit === undefined ? undefined : RateLimit.make(settings.rateLimit)
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
    // The time of an answer is when it is given, not when the request came.
    const visit = (): Handler.RequestContext => {
      const now = clock.currentTimeMillisUnsafe()
      changes.settle(now)
      return { incoming, index: request.index, now }
    }
    const refused =
      fault === undefined && bucket !== undefined && !bucket.take(request.receivedAt)
        ? Handler.refuse(account, visit(), Errors.rateLimited("endpoint-rate"))
        : undefined
    const { base, jitter } = settings.latency
    if (base > 0) yield* Effect.sleep(base * (1 + jitter * (2 * fraction(seed, request.index, 91) - 1)))
    if (refused !== undefined) return refused
    if (fault === undefined) {
      const reply = Handler.respond(account, visit())
      remember(incoming, reply.page)
      return reply
    }
    const param = ["starting_after", "ending_before"].find((name) => incoming.url.searchParams.has(name))
    // A fault may look at the reply several times, but what a request changes is changed once.
    const respond = once(() => Handler.respond(account, visit()))
    const reads = incoming.method !== "POST"
    return yield* FaultResponses.reply(fault, {
      respond,
      unfiltered: (names) =>
        reads ? Handler.respond(account, { ...visit(), incoming: withoutParameters(incoming, names) }) : respond(),
      enlarged: (extra) => (reads ? Handler.respond(account, visit(), extra) : respond()),
      refuse: (refusal) => Handler.refuse(account, visit(), refusal),
      answer: (status, body, headers) => Handler.answer(account, visit(), status, body, headers),
      previous: pagesByRead.get(readOf(incoming)),
      noun: (Resources.at(incoming.url.pathname)?.resource ?? Resources.sessions).noun,
      cursor: param === undefined ? undefined : { param, id: incoming.url.searchParams.get(param) ?? "" },
      compresses: incoming.compresses
    })
  })

  /** What is so at the present time, with everything that is due. */
  const now = <A>(of: (at: number) => A): Effect.Effect<A> =>
    Effect.map(Clock.currentTimeMillis, (at) => {
      changes.settle(at)
      return of(at)
    })
  const changed = (change: (at: number) => Result.Result<Session, Errors.Refusal>): Effect.Effect<Session> =>
    now((at) => Result.getOrThrowWith(change(at), ({ message }) => new Error(`Sandbox: ${message}`)))

  const respond = (incoming: Recording.Incoming): Effect.Effect<Reply, ConnectionReset> =>
    Effect.clockWith((clock) => {
      if (ControlPath.owns(incoming)) return ControlPath.answer(incoming, service)
      const request = recording.open(incoming, clock.currentTimeMillisUnsafe())
      const end = (exit: Exit.Exit<unknown, unknown>): void => {
        if (request.outcome !== "open") return
        request.outcome = Exit.isSuccess(exit) ? "answered" : Cause.hasInterruptsOnly(exit.cause) ? "aborted" : "reset"
      }
      return answer(incoming, request, clock).pipe(
        Effect.map((reply) => {
          request.status = reply.status
          const { body } = reply
          if (typeof body !== "string") {
            return { ...reply, body: Stream.onExit(body, (exit) => Effect.sync(() => end(exit))) }
          }
          end(Exit.void)
          return reply
        }),
        Effect.onExit((exit) => Effect.sync(() => (Exit.isSuccess(exit) ? undefined : end(exit))))
      )
    })

  const service: Service = {
    requests: Effect.sync(recording.requests),
    requestCount: Effect.sync(recording.count),
    clearRequests: Effect.sync(recording.clear),
    sessions: now((at) => Resources.all(Resources.sessions, test, at)),
    reports: now((at) => Resources.all(Resources.reports, test, at)),
    events: now((at) => Resources.all(Resources.events, test, at)),
    insert: (patch = {}) =>
      now((at) => {
        if (patch.id !== undefined && test.listing.find(patch.id) !== undefined) {
          throw new Error(`Sandbox: there already is a session ${patch.id}`)
        }
        const created = patch.created ?? Math.floor(at / 1000)
        const session = test.listing.insert(patch, created)
        changes.created(session, { at: patch.created === undefined ? at : created * 1000 })
        return session
      }),
    update: (id, patch) =>
      now(() => {
        if (!test.listing.update(id, patch)) throw new Error(`Sandbox: there is no session ${id}`)
      }),
    submit: (id) => changed((at) => changes.submit(id, { at })),
    pass: (id) => changed((at) => changes.pass(id, { at })),
    fail: (id, failure = {}) => changed((at) => changes.fail(id, failure, { at })),
    cancel: (id) => changed((at) => changes.cancel(id, { at })),
    override: (id, status) => changed((at) => changes.override(id, status, { at })),
    redact: (id) => changed((at) => changes.redact(id, { at })),
    editMetadata: (id, metadata) => changed((at) => changes.editMetadata(id, metadata, { at })),
    deliveries: (options) =>
      Effect.flatMap(
        now((at) => at),
        (at) => Effect.promise(() => Deliveries.make(test.log, seed, at, options))
      ),
    injectEvent: (fault, options) => Effect.sync(() => test.log.inject(fault, options)),
    inject: (fault, options) => Effect.sync(() => recording.inject(fault, options)),
    clearFaults: Effect.sync(() => {
      recording.clearFaults()
      test.log.clearFaults()
    }),
    respond
  }
  return service
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
