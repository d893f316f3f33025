/**
 * The list of sessions as something to sync, and the calls that do so. The types are public through
 * `VerificationSessions`.
 *
 * @module
 */
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Stream from "effect/Stream"
import type * as Checkpoint from "../Checkpoint.ts"
import * as SessionFilter from "../SessionFilter.ts"
import type * as StripeClient from "../StripeClient.ts"
import type { InvalidArgumentError, StripeError } from "../StripeError.ts"
import type * as SyncEngine from "../Sync.ts"
import * as Fingerprint from "./fingerprint.ts"
import * as ListFetch from "./listFetch.ts"
import type { Walk } from "./listRequests.ts"
import type { Expanded, ListExpandPath } from "./sessionCalls.ts"
import { requests } from "./sessionList.ts"
import type { Any } from "./sessionModel.ts"

/**
 * The sessions of one page, and the checkpoint that is true as soon as they are stored.
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch<out Session> {
  /**
   * Oldest first while catching up, newest first after that. There may be none, where rows were read that the filter does
   * not let through: the checkpoint is worth storing all the same.
   */
  readonly sessions: ReadonlyArray<Session>
  /** What is behind us with these sessions. Store it with them, or after them, and never before. */
  readonly checkpoint: Checkpoint.Checkpoint
}

/**
 * How `sync` reads the list.
 *
 * @category options
 * @since 0.1.0
 */
export interface SyncOptions<
  Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never
> extends SyncEngine.Options<E, R> {
  /**
   * What Stripe is to send in full. It changes the type of the sessions.
   *
   * @default nothing
   */
  readonly expand?: Paths | undefined
}

/**
 * How `tail` reads the list.
 *
 * @category options
 * @since 0.1.0
 */
export interface TailOptions<
  Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never
> extends SyncOptions<Paths, E, R> {
  /**
   * When to look for new sessions again, after each look.
   *
   * @default 30 seconds later
   */
  readonly schedule?: Schedule.Schedule<unknown, void, E, R> | undefined
}

/** `sync`. */
export type Sync<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never,
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  filter?: SessionFilter.Narrowing<Choice>,
  options?: SyncOptions<Paths, E, R>
) => Stream.Stream<Batch<SessionFilter.Narrowed<Expanded<Paths>, Choice>>, StripeError | E, Needs | R>

/**
 * `tail`: `sync`, and then again on a schedule.
 *
 * **Example** (The first look of many)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const seen = await VerificationSessions.tail({ status: "verified" }).pipe(
 *   Stream.flatMap((batch) => Stream.fromIterable(batch.sessions)),
 *   Stream.take(136),
 *   Stream.runCount,
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.runPromise
 * )
 *
 * seen // => 136
 * ```
 */
export type Tail<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never,
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  filter?: SessionFilter.Narrowing<Choice>,
  options?: TailOptions<Paths, E, R>
) => Stream.Stream<Batch<SessionFilter.Narrowed<Expanded<Paths>, Choice>>, StripeError | E, Needs | R>

/**
 * The list to sync, and which rows to keep where Stripe could not decide that.
 *
 * @internal
 */
export interface Target {
  readonly source: SyncEngine.Source<Any, StripeError>
  readonly keep: ((session: Any) => boolean) | undefined
}

/**
 * What a filter selects, as something to sync.
 *
 * @internal
 */
export const target = Effect.fnUntraced(function* (
  client: StripeClient.Service,
  operation: string,
  input: SessionFilter.Input,
  expand: ReadonlyArray<string> | undefined
): Effect.fn.Return<Target, InvalidArgumentError> {
  // Relative dates are taken once, so that all requests are for the same list.
  const filter = yield* SessionFilter.decode(input)
  const fetch = (toQuery: Walk<Any>["toQuery"]) => ListFetch.make(client, requests, operation, toQuery, expand)
  const { keep, toQuery } = yield* requests.walk(filter, { expand })
  const { pushedDown } = SessionFilter.split(filter)
  const { status, ...rest } = pushedDown
  // The status is the one thing that Stripe filters by and that changes.
  const whole =
    status === undefined
      ? undefined
      : {
          fetch: fetch((yield* requests.walk(rest, { expand })).toQuery),
          includes: SessionFilter.matches(pushedDown)
        }
  const subject = { filter: Fingerprint.make(requests.path, filter), ...(yield* client.reads) }
  return { source: { fetch: fetch(toQuery), whole, subject }, keep }
})
