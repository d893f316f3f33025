/**
 * The service of sessions as something to provide and ask for, and its accessors that resume, poll and mirror. Public through
 * `VerificationSessions`.
 */
import * as Context from "effect/Context"
import * as Stream from "effect/Stream"
import type { Service } from "./service.ts"

/**
 * The service. Provide it with `VerificationSessions.layer` or `VerificationSessions.layerConfig`; with
 * `VerificationSessions.layerFromClient` where several services share one client; and in tests with
 * `VerificationSessions.layerTest`, or on the sandbox.
 *
 * @category services
 * @since 0.1.0
 */
export class VerificationSessions extends Context.Service<VerificationSessions, Service>()(
  "effect-stripe-identity/VerificationSessions"
) {}

/**
 * Exports the list in resumable batches: one a page, each with the checkpoint to store with its sessions. Pass the last
 * stored checkpoint as `from`, and the next run reads only what is missing: first the sessions newer than the checkpoint,
 * then the older ones. Over all runs each session comes once.
 *
 * A list shows new sessions, not changes to old ones, and a filter with a `status` misses sessions that reach this status
 * later. For a copy that follows changes, use {@link mirror}. Fails with `CheckpointMismatchError` if `from` was made for
 * another filter.
 *
 * **Example** (A second run that reads only what is new)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   const first = yield* Stream.runCollect(VerificationSessions.sync())
 *   const from = first.at(-1)?.checkpoint
 *   const sandbox = yield* Sandbox.Sandbox
 *   const created = DateTime.toEpochSeconds(DateTime.makeUnsafe("2026-02-01T00:00:00Z"))
 *   yield* sandbox.insert({ id: "vs_new", status: "verified", created })
 *   const second = yield* Stream.runCollect(VerificationSessions.sync({}, { from }))
 *   return second.flatMap(({ sessions }) => sessions.map(({ id }) => id))
 * }).pipe(
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer({ sessions: 250 }))
 * )
 *
 * await Effect.runPromise(program) // => ["vs_new"]
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const sync: Service<VerificationSessions>["sync"] = (filter, options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.sync(filter, options)))

/**
 * Runs {@link sync}, then keeps polling for new sessions: every 5 minutes, or by `schedule`. The stream does not end.
 *
 * Outages do not end it either: unless another policy is provided, `RetryPolicy.forever` retries each request, with a
 * warning in the log. An error that no retry can fix, such as a wrong key, fails the stream at once.
 *
 * **Example** (The first poll of many)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const seen = await VerificationSessions.tail({ status: "verified" }).pipe(
 *   Stream.flatMap(({ sessions }) => Stream.fromIterable(sessions)),
 *   Stream.take(136),
 *   Stream.runCount,
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * seen // => 136
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const tail: Service<VerificationSessions>["tail"] = (filter, options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.tail(filter, options)))

/**
 * Reads sessions by their ids, as they are now, in batches and each id once. An id that Stripe does not know is in
 * `missing`; the call does not fail.
 *
 * It sends at most one request per id. Pass sessions, or `{ id, created }`, and one page of the list answers for many that
 * are close together in it. A wrong `created` costs one more request.
 *
 * **Example** (Two sessions, and an id that Stripe does not know)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   const { data } = yield* VerificationSessions.list({ limit: 2 })
 *   const batches = yield* Stream.runCollect(VerificationSessions.reread([...data, "vs_unknown"]))
 *   return [batches.flatMap(({ sessions }) => sessions).length, batches.flatMap(({ missing }) => missing)]
 * }).pipe(
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer())
 * )
 *
 * await Effect.runPromise(program) // => [2, ["vs_unknown"]]
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const reread: Service<VerificationSessions>["reread"] = (ids, options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.reread(ids, options)))

/**
 * Every session that changed since a checkpoint, according to Stripe's events: each is read again and given as it is now,
 * at least once after its last change. The stream is one run, oldest changes first. Without `from` it gives one batch
 * without sessions, whose checkpoint is the start. For a copy, take this start first, and then read the list.
 *
 * Stripe keeps events for 30 days: fails with `EventsExpiredError`, before the first session, if `from` is older than 29
 * days or in the future. A restricted key needs the permission "Events: read", else it fails with `PermissionError`.
 *
 * **Example** (A session that was canceled)
 *
 * ```ts
 * import { Effect, Layer, Stream } from "effect"
 * import { TestClock } from "effect/testing"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   yield* TestClock.setTime(Date.UTC(2026, 0, 2))
 *   const sandbox = yield* Sandbox.Sandbox
 *   const { id } = yield* sandbox.insert()
 *   yield* TestClock.adjust("1 hour")
 *   // Store its checkpoint.
 *   const [start] = yield* Stream.runCollect(VerificationSessions.changes())
 *
 *   yield* sandbox.cancel(id)
 *   yield* TestClock.adjust("5 minutes")
 *   const [batch] = yield* Stream.runCollect(VerificationSessions.changes({ from: start?.checkpoint }))
 *   return batch?.sessions.map(({ status }) => status)
 * })
 * const sessions = VerificationSessions.layer({ apiKey: Sandbox.apiKey, rateLimit: false })
 * const layer = Layer.provideMerge(sessions, Layer.provideMerge(Sandbox.layer(), TestClock.layer()))
 *
 * await Effect.runPromise(Effect.provide(program, layer)) // => ["canceled"]
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const changes: Service<VerificationSessions>["changes"] = (options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.changes(options)))

/**
 * Keeps a copy of all sessions up to date: the whole list first, then in each run the new sessions, the changed ones
 * (according to Stripe's events) and, every 7 days, the whole list again. If events were lost, or a clock that was ahead
 * left a position in the future, it reads the whole list again at once. With a `schedule` it keeps polling.
 *
 * Store the sessions of a batch by id, a newer `readAt` over an older one, and then its checkpoint: the `from` of the next
 * run. It also resumes a checkpoint of `sync` without a filter. A session may come more than once. `Destination.stream`
 * stores batches for you. To store only some sessions, filter each batch by a field that never changes, such as `created`,
 * and keep the batches that become empty.
 *
 * **Example** (A copy in memory, of a session that was redacted)
 *
 * ```ts
 * import { Effect, Layer, Stream } from "effect"
 * import { TestClock } from "effect/testing"
 * import { type Checkpoint, type VerificationSession, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const copy = new Map<string, VerificationSession.VerificationSession>()
 * let stored: Checkpoint.Checkpoint | undefined
 * const run = Effect.suspend(() =>
 *   Stream.runForEach(VerificationSessions.mirror({ from: stored }), ({ checkpoint, sessions }) =>
 *     Effect.sync(() => {
 *       for (const session of sessions) copy.set(session.id, session)
 *       stored = checkpoint
 *     })
 *   )
 * )
 *
 * const program = Effect.gen(function*() {
 *   yield* TestClock.setTime(Date.UTC(2026, 0, 2))
 *   const sandbox = yield* Sandbox.Sandbox
 *   const { id } = yield* sandbox.insert()
 *   yield* TestClock.adjust("1 hour")
 *   yield* run
 *   yield* sandbox.redact(id)
 *   yield* TestClock.adjust("5 days")
 *   yield* run
 *   return [copy.size, copy.get(id)?.redaction?.status]
 * })
 * const sessions = VerificationSessions.layer({ apiKey: Sandbox.apiKey, rateLimit: false })
 * const layer = Layer.provideMerge(sessions, Layer.provideMerge(Sandbox.layer({ sessions: 250 }), TestClock.layer()))
 *
 * await Effect.runPromise(Effect.provide(program, layer)) // => [251, "redacted"]
 * ```
 *
 * @category accessors
 * @since 0.1.0
 * @function
 */
export const mirror: Service<VerificationSessions>["mirror"] = (options) =>
  Stream.unwrap(VerificationSessions.useSync((service) => service.mirror(options)))
