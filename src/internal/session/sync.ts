/**
 * The list of sessions as something to sync, and the calls that do so.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as SessionFilter from "../../SessionFilter.ts"
import type * as StripeClient from "../../StripeClient.ts"
import type { InvalidArgumentError, StripeError } from "../../StripeError.ts"
import * as Sync from "../../Sync.ts"
import * as Arguments from "../arguments.ts"
import * as FollowOptions from "../sync/options.ts"
import * as Fingerprint from "../sync/fingerprint.ts"
import * as ListFetch from "../list/fetch.ts"
import type { Walk } from "../list/requests.ts"
import { callers, named } from "../operation.ts"
import type { SyncOptions, TailOptions } from "./calls.ts"
import { requests } from "./list.ts"
import type { Any, ListExpandPath } from "./model.ts"

/** The list to sync, and which rows to keep where Stripe could not decide that. */
interface Target {
  readonly source: Sync.Source<Any, StripeError>
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
  const subject = { filter: Fingerprint.make(requests.path, filter), ...(yield* client.account) }
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
        return Stream.map(Sync.batches(source, { ...walk, onInvalid: callers(onInvalid) }), ({ checkpoint, rows }) => ({
          sessions: keep === undefined ? rows : rows.filter(keep),
          checkpoint
        }))
      })
      return named(operation, Stream.unwrap(batches))
    }

  const tail = <E, R>(filter: SessionFilter.Input = {}, options: TailOptions<Paths, E, R> = {}) => {
    const operation = "VerificationSessions.tail"
    const runs = Effect.gen(function* () {
      const { from, schedule, ...rest } = yield* Effect.fromResult(Arguments.object(options, "options"))
      yield* Effect.fromResult(FollowOptions.decode({ from, schedule }))
      // Relative dates are taken once, so that all runs are over the same list.
      const list = yield* SessionFilter.decode(filter)
      const followed = Sync.follow((from) => run(operation)(list, { ...rest, from }), { from, schedule })
      // Type boundary: of its own `follow` fails with wrong options alone, and these were just checked.
      return followed as Stream.Stream<Stream.Success<typeof followed>, StripeError | E, R>
    })
    return Stream.unwrap(Effect.catch(runs, (refused) => Effect.succeed(named(operation, Stream.fail(refused)))))
  }

  return { sync: run("VerificationSessions.sync"), tail }
}
