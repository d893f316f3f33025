/**
 * The list of sessions as something to sync, and the calls that do so.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as SessionFilter from "../../SessionFilter.ts"
import type * as StripeClient from "../../StripeClient.ts"
import type { StripeError } from "../../StripeError.ts"
import * as Sync from "../../Sync.ts"
import * as Arguments from "../arguments.ts"
import type { Row } from "../list/model.ts"
import type { Rows } from "../list/resource.ts"
import { tagHandlerError, withOperation } from "../operation.ts"
import * as Fingerprint from "../sync/fingerprint.ts"
import * as FollowOptions from "../sync/options.ts"
import { retryForever, poll } from "../sync/poll.ts"
import type { ListExpandPath } from "./model.ts"
import { path, resource } from "./resource.ts"
import type { Batch, SyncOptions, TailOptions } from "./service.ts"

type SessionRows<Sent extends Row, A extends Row> = Rows<Sent, A, SessionFilter.SessionFilter>

type Paths = ReadonlyArray<ListExpandPath>

/** One run from a checkpoint. `tail` is runs that follow each other, under its own name. */
const run = <Sent extends Row, A extends Row, E, R>(
  client: StripeClient.Service,
  operation: string,
  rows: SessionRows<Sent, A>,
  input: SessionFilter.Input = {},
  options: SyncOptions<Paths, E, R> = {}
): Stream.Stream<Batch<A>, StripeError | E, R> => {
  const batches = Effect.gen(function* () {
    const { expand, onDecodeError, ...read } = yield* Effect.fromResult(Arguments.object(options, "options"))
    // Relative dates are taken once, so that all requests are for the same list.
    const { fetch, filter, range } = yield* resource.select(client, rows, operation, input, { expand })
    const account = yield* client.account
    const subject = { filter: Fingerprint.make(path, filter), ...account }
    return Stream.map(
      Sync.batches({ fetch, range, subject }, { ...read, onDecodeError: tagHandlerError(onDecodeError) }),
      ({ rows, ...batch }): Batch<A> => ({ sessions: rows, ...batch })
    )
  })
  return withOperation(operation, Stream.unwrap(batches))
}

export const sync = <Sent extends Row, A extends Row, E, R>(
  client: StripeClient.Service,
  rows: SessionRows<Sent, A>,
  filter?: SessionFilter.Input,
  options?: SyncOptions<Paths, E, R>
): Stream.Stream<Batch<A>, StripeError | E, R> => run(client, "VerificationSessions.sync", rows, filter, options)

export const tail = <Sent extends Row, A extends Row, E, R>(
  client: StripeClient.Service,
  rows: SessionRows<Sent, A>,
  input: SessionFilter.Input = {},
  options: TailOptions<Paths, E, R> = {}
): Stream.Stream<Batch<A>, StripeError | E, R> => {
  const operation = "VerificationSessions.tail"
  const runs = Effect.gen(function* () {
    const { from, schedule, ...read } = yield* Effect.fromResult(Arguments.object(options, "options"))
    yield* Effect.fromResult(FollowOptions.decode({ from, schedule }))
    // Relative dates are taken once, so that all runs are over the same list.
    const filter = yield* SessionFilter.decode(input)
    return retryForever(poll((from) => run(client, operation, rows, filter, { ...read, from }), from, schedule))
  })
  return Stream.unwrap(Effect.catch(runs, (refused) => Effect.succeed(withOperation(operation, Stream.fail(refused)))))
}
