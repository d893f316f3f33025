/**
 * The simulated Stripe: its rows, its record of requests, its clockwork. The two fronts hand requests in and take
 * replies out. Public through `Sandbox`.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as Result from "effect/Result"
import * as Answering from "./answering.ts"
import * as Changes from "./changes.ts"
import * as Errors from "./errors.ts"
import type { EventFault, InjectEventOptions } from "./eventFaults.ts"
import * as EventLog from "./eventLog.ts"
import type { Fault } from "./faults.ts"
import * as History from "./history.ts"
import * as Listing from "./listing.ts"
import * as Misbehaving from "./misbehaving.ts"
import * as RateLimit from "./rateLimit.ts"
import * as Recording from "./recording.ts"
import type { ConnectionReset, ListEnvelope, Reply } from "./reply.ts"
import * as Resources from "./resources.ts"
import { fraction, makeIdCodec } from "./scramble.ts"
import type { Event, Report, Session, SessionPatch } from "./session.ts"
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

/**
 * The controls of a sandbox: what was asked of it, and what is to happen next.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The requests so far, in order of arrival: the last `recordedRequests` of them, 10,000 by default. */
  readonly requests: Effect.Effect<ReadonlyArray<Recording.RecordedRequest>>
  /** How many requests there were, cleared ones and those that are no longer kept included. */
  readonly requestCount: Effect.Effect<number>
  /** Forgets the requests so far. Numbering and `requestCount` continue. */
  readonly clearRequests: Effect.Effect<void>
  /** The whole list as it is listed now, newest first, unexpanded: exactly what a walk over the pages must give. */
  readonly sessions: Effect.Effect<ReadonlyArray<Session>>
  /**
   * The reports in the same way. Each session of the start has at most one, made 90 seconds after the session. `pass` and
   * `fail` make one now; a report that `insert` or `update` gives is made 90 seconds after the session. None is ever
   * deleted.
   */
  readonly reports: Effect.Effect<ReadonlyArray<Report>>
  /**
   * The events as they are listed now, newest first: those of the last 30 days by `Clock`, whose lag is over. Within a
   * second they come in any order.
   */
  readonly events: Effect.Effect<ReadonlyArray<Event>>
  /**
   * Adds a session, and the event of its creation. Its `created` is now by `Clock` (beware: a `TestClock` starts in 1970) and its status is
   * "requires_input", unless given; what else is not given is made up. Dies if the id is taken.
   */
  readonly insert: (patch?: SessionPatch) => Effect.Effect<Session>
  /**
   * Changes a session. A new `status` brings the fields that belong to it (secret, url, error, report), unless they are
   * given too. `id` and `created` never change. No event tells of it: `submit` to `redact` change a session as Stripe
   * does. Dies if there is no such session.
   */
  readonly update: (id: string, patch: SessionPatch) => Effect.Effect<void>
  /** The person submits: "requires_input" becomes "processing". Dies in any other status, as all of these do. */
  readonly submit: (id: string) => Effect.Effect<Session>
  /** The checks pass: "processing" becomes "verified", with a new report. */
  readonly pass: (id: string) => Effect.Effect<Session>
  /**
   * A check fails: "processing" becomes "requires_input", with a `last_error`, a new link and, unless nothing was checked
   * (as with the code "abandoned"), a new report.
   */
  readonly fail: (id: string, failure?: Changes.Failure) => Effect.Effect<Session>
  /** "requires_input" becomes "canceled", for good. */
  readonly cancel: (id: string) => Effect.Effect<Session>
  /** Somebody changes "verified" to "requires_input" in the Dashboard, or back. */
  readonly override: (id: string, status: "verified" | "requires_input") => Effect.Effect<Session>
  /**
   * Begins a redaction, of a session that is "requires_input" (which cancels it) or "verified" (which it stays). After
   * `redactionTime` it is done: session, reports and old events have placeholders for what was collected.
   */
  readonly redact: (id: string) => Effect.Effect<Session>
  /** Sets keys of the metadata; an empty value takes its key away. Stripe has no event for it. */
  readonly editMetadata: (id: string, metadata: Readonly<Record<string, string>>) => Effect.Effect<Session>
  /** Arranges a fault for events of changes to come. Of several that are due, the one injected first is taken. */
  readonly injectEvent: (fault: EventFault, options?: InjectEventOptions) => Effect.Effect<void>
  /**
   * Arranges a fault for requests to come. Of several that are due, the one injected first is taken. Dies if it is no fault,
   * or if it or the options say what nobody would read.
   */
  readonly inject: (fault: Fault, options?: Recording.InjectOptions) => Effect.Effect<void>
  /** Withdraws the faults that nobody met, those of events included. */
  readonly clearFaults: Effect.Effect<void>
  /** Answers a request. This is what both fronts call; only needed to write another front. */
  readonly respond: (incoming: Recording.Incoming) => Effect.Effect<Reply, ConnectionReset>
}

// A repeated page can be asked of as many interleaved walks as this.
const rememberedWalks = 64

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
  const account: Answering.Account = {
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
  const walks = new Map<string, ListEnvelope>()

  const remember = (incoming: Recording.Incoming, page: ListEnvelope | undefined): void => {
    if (page === undefined) return
    const walk = walkOf(incoming)
    walks.delete(walk)
    walks.set(walk, page)
    const [oldest] = walks.keys()
    if (walks.size > rememberedWalks && oldest !== undefined) walks.delete(oldest)
  }

  const answer = Effect.fnUntraced(function* (
    incoming: Recording.Incoming,
    request: Recording.OpenRequest,
    clock: Clock.Clock
  ) {
    const fault = recording.takeFault(request)
    // The time of an answer is when it is given, not when the request came.
    const visit = (): Answering.Visit => {
      const now = clock.currentTimeMillisUnsafe()
      changes.settle(now)
      return { incoming, index: request.index, now }
    }
    const refused =
      fault === undefined && bucket !== undefined && !bucket.take(request.receivedAt)
        ? Answering.refuse(account, visit(), Errors.rateLimited("endpoint-rate"))
        : undefined
    const { base, jitter } = settings.latency
    if (base > 0) yield* Effect.sleep(base * (1 + jitter * (2 * fraction(seed, request.index, 91) - 1)))
    if (refused !== undefined) return refused
    if (fault === undefined) {
      const reply = Answering.honest(account, visit())
      remember(incoming, reply.page)
      return reply
    }
    const param = ["starting_after", "ending_before"].find((name) => incoming.url.searchParams.has(name))
    return yield* Misbehaving.reply(fault, {
      honest: once(() => Answering.honest(account, visit())),
      unfiltered: (names) => Answering.honest(account, { ...visit(), incoming: withoutParameters(incoming, names) }),
      enlarged: (extra) => Answering.honest(account, visit(), extra),
      refuse: (refusal) => Answering.refuse(account, visit(), refusal),
      answer: (status, body, headers) => Answering.answer(account, visit(), status, body, headers),
      previous: walks.get(walkOf(incoming)),
      noun: (Resources.at(incoming.url.pathname)?.resource ?? Resources.sessions).noun,
      cursor: param === undefined ? undefined : { param, id: incoming.url.searchParams.get(param) ?? "" },
      compresses: incoming.compresses
    })
  })

  const respond = (incoming: Recording.Incoming): Effect.Effect<Reply, ConnectionReset> =>
    Effect.clockWith((clock) => {
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

  /** What is so at the present time, with everything that is due. */
  const now = <A>(of: (at: number) => A): Effect.Effect<A> =>
    Effect.map(Clock.currentTimeMillis, (at) => {
      changes.settle(at)
      return of(at)
    })
  const changed = (change: (at: number) => Result.Result<Session, Errors.Refusal>): Effect.Effect<Session> =>
    now((at) => Result.getOrThrowWith(change(at), ({ message }) => new Error(`Sandbox: ${message}`)))

  return {
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
    injectEvent: (fault, options) => Effect.sync(() => test.log.inject(fault, options)),
    inject: (fault, options) => Effect.sync(() => recording.inject(fault, options)),
    clearFaults: Effect.sync(() => {
      recording.clearFaults()
      test.log.clearFaults()
    }),
    respond
  }
}

/** The request as a server reads it that overlooks some parameters. */
const withoutParameters = (incoming: Recording.Incoming, names: ReadonlyArray<string>): Recording.Incoming => {
  const url = new URL(incoming.url)
  for (const [name] of Array.from(url.searchParams)) {
    if (names.includes(name.replace(/\[.*$/, ""))) url.searchParams.delete(name)
  }
  return { ...incoming, url }
}

// A walk is the requests of one caller that differ only in their cursor.
const walkOf = (incoming: Recording.Incoming): string => {
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

// A fault may look at the honest answer several times, but what a request changes is changed once.
const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}
