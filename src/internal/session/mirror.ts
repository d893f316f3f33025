/**
 * A copy that stays true: what is new in the list, what changed by events, and from time to time the whole list again.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import * as Checkpoint from "../../Checkpoint.ts"
import type * as SessionFilter from "../../SessionFilter.ts"
import type * as StripeClient from "../../StripeClient.ts"
import type { StripeError } from "../../StripeError.ts"
import * as Sync from "../../Sync.ts"
import * as Arguments from "../arguments.ts"
import type { Row } from "../list/model.ts"
import type { Rows } from "../list/resource.ts"
import { tagHandlerError, withOperation } from "../operation.ts"
import * as Fingerprint from "../sync/fingerprint.ts"
import * as FollowOptions from "../sync/options.ts"
import * as Pass from "../sync/pass.ts"
import { retryForever, poll } from "../sync/poll.ts"
import * as Windows from "../sync/windows.ts"
import * as Changes from "./changes.ts"
import * as Events from "./events.ts"
import type {
  ChangesBatch,
  ChangesOptions,
  MirrorBatch,
  MirrorOptions,
  RereadBatch,
  RereadOptions,
  Wanted
} from "./mirrorModel.ts"
import type { ListExpandPath } from "./model.ts"
import * as Reread from "./reread.ts"
import { path, resource } from "./resource.ts"

type SessionRows<Sent extends Row, A extends Sent> = Rows<Sent, A, SessionFilter.SessionFilter>

type Paths = ReadonlyArray<ListExpandPath>

const checkMirror = Arguments.decoder(
  Schema.Struct(
    Struct.assign(Changes.fields, {
      audit: Schema.optional(
        Schema.Union([
          Schema.Literal(false),
          Changes.length("false, or a duration above zero", "7 days", (audit) => audit > 0)
        ])
      ),
      schedule: FollowOptions.schedule
    })
  ),
  "options"
)

/** To begin at now would leave out what changed since the rows of the checkpoint were read. */
const refusePosition = () =>
  Arguments.refuse(
    "from",
    "one without a position in Stripe's events",
    "a checkpoint from changes or mirror. To resume a checkpoint of sync, use mirror."
  )

/** How sessions and events are read, and which list it is. */
const prepare = Effect.fnUntraced(function* <Sent extends Row, A extends Sent, E, R>(
  client: StripeClient.Service,
  operation: string,
  rows: SessionRows<Sent, A>,
  { expand, onDecodeError, ...options }: MirrorOptions<Paths, E, R>
) {
  const { fetch, filter, range, retrieve } = yield* resource.select(client, rows, operation, {}, { expand })
  const account = yield* client.account
  return {
    list: { fetch, range, subject: { filter: Fingerprint.make(path, filter), ...account } },
    reader: { fetch, retrieve },
    events: Events.fetch(client, operation),
    lengths: Changes.lengths(options),
    options: { concurrency: options.concurrency, onDecodeError: tagHandlerError(onDecodeError) },
    handled: new Map<string, number>()
  }
})

export const reread = <Sent extends Row, A extends Sent, E, R>(
  client: StripeClient.Service,
  rows: SessionRows<Sent, A>,
  wanted: Iterable<Wanted>,
  options: RereadOptions<Paths, E, R> = {}
): Stream.Stream<RereadBatch<Sent>, StripeError | E, R> => {
  const operation = "VerificationSessions.reread"
  const batches = Effect.gen(function* () {
    const [ids] = yield* Effect.fromResult(Arguments.all([Reread.toIds(wanted), Reread.checkOptions(options)]))
    const source = yield* prepare(client, operation, rows, options)
    return Stream.map(Reread.read(source.reader, ids, source.options), ({ end: _, ...batch }) => batch)
  })
  return withOperation(operation, Stream.unwrap(batches))
}

export const changes = <Sent extends Row, A extends Sent, E, R>(
  client: StripeClient.Service,
  rows: SessionRows<Sent, A>,
  options: ChangesOptions<Paths, E, R> = {}
): Stream.Stream<ChangesBatch<Sent>, StripeError | E, R> => {
  const operation = "VerificationSessions.changes"
  const batches = Effect.gen(function* () {
    yield* Effect.fromResult(Changes.checkOptions(options))
    const source = yield* prepare(client, operation, rows, options)
    const { subject } = source.list
    const from = options.from ?? Checkpoint.start(subject)
    yield* Effect.fromResult(Checkpoint.check(from, subject))
    if (Windows.isPositioned(from)) return Changes.run(source, from)
    if (options.from !== undefined) return yield* Effect.fromResult(refusePosition())
    const readAt = yield* DateTime.now
    const checkpoint = Windows.moveTo(from, Windows.seconds(readAt))
    return Stream.make({ sessions: [], missing: [], readAt, checkpoint })
  })
  return withOperation(operation, Stream.unwrap(batches))
}

export const mirror = <Sent extends Row, A extends Sent, E, R>(
  client: StripeClient.Service,
  rows: SessionRows<Sent, A>,
  options: MirrorOptions<Paths, E, R> = {}
): Stream.Stream<MirrorBatch<Sent>, StripeError | E, R> => {
  const operation = "VerificationSessions.mirror"
  const runs = Effect.gen(function* () {
    yield* Effect.fromResult(checkMirror(options))
    const source = yield* prepare(client, operation, rows, options)
    const { subject } = source.list
    const { audit = "7 days", schedule } = options
    const interval = audit === false ? undefined : Duration.toSeconds(audit)
    const nothing = Checkpoint.start(subject)
    yield* Effect.fromResult(Checkpoint.check(options.from ?? nothing, subject))
    const run = (from = nothing) => withOperation(operation, runOnce(source, from, interval, options.settle))
    return schedule === undefined ? run(options.from) : retryForever(poll(run, options.from, schedule))
  })
  return Stream.unwrap(Effect.catch(runs, (refused) => Effect.succeed(withOperation(operation, Stream.fail(refused)))))
}

interface Source<Sent extends Row, A extends Sent, E, R> extends Changes.Source<Sent, A, E, R> {
  readonly list: Sync.Source<A, StripeError>
}

/**
 * One run from a checkpoint: what is new, what changed, and the audit if there is one. What is due is decided before each,
 * because the one before may have taken days.
 */
const runOnce = <Sent extends Row, A extends Sent, E, R>(
  source: Source<Sent, A, E, R>,
  from: Checkpoint.Checkpoint,
  interval: number | undefined,
  settle: Duration.Input | undefined
) => {
  const { list, options } = source
  let latest = from

  const part = <B extends { readonly checkpoint: Checkpoint.Checkpoint }, E, R>(
    kind: MirrorBatch<Sent>["kind"],
    read: (checkpoint: Windows.Positioned, now: DateTime.Utc) => Stream.Stream<B, E, R>
  ): Stream.Stream<B & { readonly kind: typeof kind }, E, R> =>
    Stream.unwrap(
      Effect.map(DateTime.now, (now) => {
        const planned = Windows.plan(latest, now, interval)
        latest = planned
        return Stream.map(read(planned, now), (batch) => {
          latest = batch.checkpoint
          return { ...batch, kind }
        })
      })
    )

  const created = part("new", (checkpoint) =>
    Stream.map(Sync.batches(list, { ...options, settle, from: checkpoint }), ({ rows, ...batch }) => ({
      ...batch,
      sessions: rows,
      missing: []
    }))
  )
  const changed = part("changed", (checkpoint) => Changes.run(source, checkpoint))
  const audited = part("audit", (checkpoint, now) =>
    checkpoint.audit === undefined ? Stream.empty : audit(source, checkpoint, checkpoint.audit, now)
  )
  return created.pipe(Stream.concat(changed), Stream.concat(audited))
}

/** The list from its newest settled row, or from where an audit was stopped, to its oldest. */
const audit = <Sent extends Row, A extends Sent, E, R>(
  { lengths, list, options }: Source<Sent, A, E, R>,
  checkpoint: Windows.Positioned,
  { began, reached }: Checkpoint.Audit,
  now: DateTime.Utc
) => {
  const from = reached === undefined ? undefined : { newest: reached, oldest: reached, reachedEnd: false }
  const until = Math.max(0, Windows.seconds(now) - lengths.settle)
  return Stream.mapAccum(
    Pass.steps(list, options, { direction: "older", from, until }),
    () => reached,
    (before, { end, readAt, rows, within, ...step }) => {
      const last = step.reached.at(-1)
      const reached = last === undefined || within === undefined ? (last ?? before) : { ...last, within }
      const after = end ? Windows.audited(checkpoint, began) : { ...checkpoint, audit: { began, reached } }
      return [reached, [{ sessions: rows, missing: [], readAt, checkpoint: after }]] as const
    }
  )
}
