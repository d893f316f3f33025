/**
 * The list of sessions as something to sync, and the calls that do so. The types are public through
 * `VerificationSessions`.
 *
 * @module
 */
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type * as Checkpoint from "../Checkpoint.ts"
import * as SessionFilter from "../SessionFilter.ts"
import type * as StripeClient from "../StripeClient.ts"
import type { InvalidArgumentError, StripeError } from "../StripeError.ts"
import * as SyncEngine from "../Sync.ts"
import type * as VerificationSession from "../VerificationSession.ts"
import * as Arguments from "./arguments.ts"
import * as Fingerprint from "./fingerprint.ts"
import * as ListFetch from "./listFetch.ts"
import type { Walk } from "./listRequests.ts"
import { callers, named } from "./operation.ts"
import { requests } from "./sessionList.ts"
import type { Any, ListExpandPath } from "./sessionModel.ts"

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

/**
 * The type of `sync`. See `VerificationSessions.Pages` for what the compiler learns from the filter.
 *
 * @category models
 * @since 0.1.0
 */
export type Sync<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never,
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  filter?: SessionFilter.Narrowing<Choice>,
  options?: SyncOptions<Paths, E, R>
) => Stream.Stream<
  Batch<SessionFilter.Narrowed<VerificationSession.Expanded<Paths>, Choice>>,
  StripeError | E,
  Needs | R
>

/**
 * The type of `tail`, as {@link Sync} is that of `sync`.
 *
 * @category models
 * @since 0.1.0
 */
export type Tail<Needs = never> = <
  const Paths extends ReadonlyArray<ListExpandPath> = readonly [],
  E = never,
  R = never,
  const Choice extends SessionFilter.StatusChoice = undefined
>(
  filter?: SessionFilter.Narrowing<Choice>,
  options?: TailOptions<Paths, E, R>
) => Stream.Stream<
  Batch<SessionFilter.Narrowed<VerificationSession.Expanded<Paths>, Choice>>,
  StripeError | E,
  Needs | R
>

/** The list to sync, and which rows to keep where Stripe could not decide that. */
interface Target {
  readonly source: SyncEngine.Source<Any, StripeError>
  readonly keep: ((session: Any) => boolean) | undefined
}

/** What a filter selects, as something to sync. */
const target = Effect.fnUntraced(function* (
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

type Paths = ReadonlyArray<ListExpandPath>

/** The two calls on a client, whatever was expanded. */
export const make = (client: StripeClient.Service) => {
  /** One run from a checkpoint. `tail` is runs that follow each other, under its own name. */
  const run =
    (operation: string) =>
    <E, R>(filter: SessionFilter.Input = {}, options: SyncOptions<Paths, E, R> = {}) => {
      const batches = Effect.gen(function* () {
        const { expand, onInvalid, ...walk } = yield* Effect.fromResult(Arguments.object(options, "options"))
        const { keep, source } = yield* target(client, operation, filter, expand)
        return Stream.map(
          SyncEngine.batches(source, { ...walk, onInvalid: callers(onInvalid) }),
          ({ checkpoint, rows }) => ({ sessions: keep === undefined ? rows : rows.filter(keep), checkpoint })
        )
      })
      return named(operation, Stream.unwrap(batches))
    }

  const tail = <E, R>(filter: SessionFilter.Input = {}, options: TailOptions<Paths, E, R> = {}) => {
    const operation = "VerificationSessions.tail"
    const runs = Effect.gen(function* () {
      const { from, schedule, ...rest } = yield* Effect.fromResult(Arguments.object(options, "options"))
      // Relative dates are taken once, so that all runs are over the same list.
      const list = yield* SessionFilter.decode(filter)
      return SyncEngine.follow((from) => run(operation)(list, { ...rest, from }), { from, schedule })
    })
    return Stream.unwrap(Effect.catch(runs, (refused) => Effect.succeed(named(operation, Stream.fail(refused)))))
  }

  return { sync: run("VerificationSessions.sync"), tail }
}
