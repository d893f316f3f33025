/**
 * The simulated Stripe: its rows, its record of requests, its clockwork. The two fronts hand requests in and take
 * replies out. Public through `Sandbox`.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as Answering from "./answering.ts"
import * as Errors from "./errors.ts"
import type { Fault } from "./faults.ts"
import * as History from "./history.ts"
import * as Listing from "./listing.ts"
import * as Misbehaving from "./misbehaving.ts"
import * as RateLimit from "./rateLimit.ts"
import * as Recording from "./recording.ts"
import type { ConnectionReset, ListEnvelope, Reply } from "./reply.ts"
import * as Resources from "./resources.ts"
import { fraction, makeIdCodec } from "./scramble.ts"
import type { Report, Session, SessionPatch } from "./session.ts"

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
   * The reports in the same way: one of each session that has a `last_verification_report`, made 90 seconds after the
   * session. A session that loses its report, or gets one, changes the list there, and not at its newest end.
   */
  readonly reports: Effect.Effect<ReadonlyArray<Report>>
  /**
   * Adds a session. Its `created` is now by `Clock` (beware: a `TestClock` starts in 1970) and its status is
   * "requires_input", unless given; what else is not given is made up. Dies if the id is taken.
   */
  readonly insert: (patch?: SessionPatch) => Effect.Effect<Session>
  /**
   * Changes a session. A new `status` brings the fields that belong to it (secret, url, error, report), unless they are
   * given too. `id` and `created` never change. Dies if there is no such session.
   */
  readonly update: (id: string, patch: SessionPatch) => Effect.Effect<void>
  /**
   * Arranges a fault for requests to come. Of several that are due, the one injected first is taken. Dies if it is no fault,
   * or if it or the options say what nobody would read.
   */
  readonly inject: (fault: Fault, options?: Recording.InjectOptions) => Effect.Effect<void>
  /** Withdraws the faults that nobody met. */
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
  const test = listing(settings.sessions)
  const account: Answering.Account = {
    seed,
    identityEnabled: settings.identityEnabled,
    cursorsMustMatch: settings.cursorsMustMatch,
    test,
    live: listing(0)
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
    const visit = (): Answering.Visit => ({ incoming, index: request.index, now: clock.currentTimeMillisUnsafe() })
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
      honest: () => Answering.honest(account, visit()),
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

  return {
    requests: Effect.sync(recording.requests),
    requestCount: Effect.sync(recording.count),
    clearRequests: Effect.sync(recording.clear),
    sessions: Effect.map(Clock.currentTimeMillis, (now) => Resources.all(Resources.sessions, test, seed, now)),
    reports: Effect.map(Clock.currentTimeMillis, (now) => Resources.all(Resources.reports, test, seed, now)),
    insert: (patch = {}) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        patch.id !== undefined && test.find(patch.id) !== undefined
          ? Effect.die(new Error(`Sandbox: there already is a session ${patch.id}`))
          : Effect.succeed(test.insert(patch, patch.created ?? Math.floor(now / 1000)))
      ),
    update: (id, patch) =>
      Effect.suspend(() =>
        test.update(id, patch) ? Effect.void : Effect.die(new Error(`Sandbox: there is no session ${id}`))
      ),
    inject: (fault, options) => Effect.sync(() => recording.inject(fault, options)),
    clearFaults: Effect.sync(recording.clearFaults),
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
