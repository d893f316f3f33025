/**
 * The calls that resume: the list in batches, sessions read again, changes by events, and a copy that stays up to date.
 * A copy takes new sessions from the list, changed ones by their events, and from time to time the whole list again.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import * as Checkpoint from "../../Checkpoint.ts"
import type * as SessionFilter from "../../SessionFilter.ts"
import type * as StripeClient from "../../StripeClient.ts"
import type { InvalidArgumentError, StripeError } from "../../StripeError.ts"
import * as Sync from "../../Sync.ts"
import * as Arguments from "../arguments.ts"
import { AllowRelative } from "../filter/timeExpression.ts"
import type { Row } from "../list/model.ts"
import type { Call } from "../list/resource.ts"
import { tagHandlerError, withOperation } from "../operation.ts"
import * as CreatedWithin from "../pagination/createdWithin.ts"
import * as Fingerprint from "../sync/fingerprint.ts"
import * as Pass from "../sync/pass.ts"
import * as Runs from "../sync/runs.ts"
import * as Windows from "../sync/windows.ts"
import * as Changes from "./changes.ts"
import type * as Model from "./mirrorModel.ts"
import type { ListExpand } from "./model.ts"
import * as Reread from "./reread.ts"
import { call, path, resource } from "./resource.ts"
import type { Service, SyncOptions } from "./service.ts"

const syncFields = Struct.assign(Runs.fields, Struct.pick(resource, ["expand"]))

const checkSync = Arguments.options(syncFields)

const checkTail = Arguments.options(Struct.assign(syncFields, { schedule: Runs.schedule }))

const checkMirror = Arguments.options(
  Struct.assign(Changes.fields, {
    audit: Schema.optional(
      Schema.Union([
        Schema.Literal(false),
        Arguments.duration("false, or a duration above zero", "7 days", (audit) => audit > 0)
      ])
    ),
    schedule: Runs.schedule
  })
)

/** To begin at now would leave out what changed since the rows of the checkpoint were read. */
const refusePosition = () =>
  Arguments.refuse(
    "from",
    "one without a position in Stripe's events",
    "a checkpoint from changes or mirror. To resume a checkpoint of sync, use mirror."
  )

/** How sessions and events are read, and which list it is, if the arguments passed their check. */
const prepare = Effect.fnUntraced(function* <Sent extends Row, A extends Row, E, R>(
  call: Call<Sent, A, SessionFilter.SessionFilter>,
  operation: string,
  options: Omit<Model.ChangesOptions<ListExpand, E, R>, "from">,
  checked: Result.Result<unknown, InvalidArgumentError>
) {
  const { fetch, filter, retrieve, selection } = yield* resource.select(call, operation, checked)
  const { concurrency, onDecodeError } = options
  const account = yield* call.client.account
  return {
    list: {
      fetch,
      range: CreatedWithin.windowOf(selection.query),
      key: { filter: Fingerprint.make(path, filter), ...account }
    },
    reader: { fetch, retrieve },
    events: Changes.fetchEvents(call.client, operation),
    lengths: Changes.lengths(options),
    options: { concurrency, onDecodeError: onDecodeError && tagHandlerError(onDecodeError) },
    handled: new Map<string, number>()
  }
})

/** How the list is read from a checkpoint. Relative dates are taken once, so that all runs are over the same list. */
const prepareSync = Effect.fnUntraced(function* <Paths extends ListExpand, const Filter, E, R>(
  client: StripeClient.Service,
  operation: string,
  filter: Filter | undefined,
  options: SyncOptions<Paths, E, R>,
  check: typeof checkSync
) {
  const source = yield* prepare(call(client, filter, options), operation, options, check(options))
  const { onDecodeError } = source.options
  const read = { ...Struct.pick(options, ["settle", "pageSize", "prefetch", "concurrency"]), onDecodeError }
  return (from: Checkpoint.Checkpoint | undefined) =>
    withOperation(
      operation,
      Stream.map(Sync.batches(source.list, { ...read, from }), ({ rows, ...batch }) => ({ sessions: rows, ...batch }))
    )
})

/** Runs that have the name of the call, each for itself. So has what is refused before the first. */
const inRuns = <A, E, R>(
  operation: string,
  runs: Effect.Effect<Stream.Stream<A, StripeError | E, R>, InvalidArgumentError, R>
): Stream.Stream<A, StripeError | E, R> =>
  Stream.unwrap(Effect.catch(runs, (refused) => Effect.succeed(withOperation(operation, Stream.fail(refused)))))

/** The calls of the service that resume. */
export const make = (
  client: StripeClient.Service
): Pick<Service, "sync" | "tail" | "reread" | "changes" | "mirror"> => ({
  sync: (filter, options = {}) => {
    const operation = "VerificationSessions.sync"
    const prepared = prepareSync(client, operation, filter, options, checkSync)
    const runs = Effect.map(prepared, (run) => run(options.from))
    // A checkpoint is of one range, so the next run could not resume that of a relative one.
    return inRuns(operation, Effect.provideService(runs, AllowRelative, false))
  },

  tail: (filter, options = {}) => {
    const operation = "VerificationSessions.tail"
    const prepared = prepareSync(client, operation, filter, options, checkTail)
    const runs = Effect.map(prepared, (run) => Runs.poll(run, options.from, options.schedule))
    return inRuns(operation, runs)
  },

  reread: (wanted, options = {}) => {
    const operation = "VerificationSessions.reread"
    const batches = Effect.gen(function* () {
      const ids = Reread.toIds(wanted)
      const checked = Arguments.all([ids, Reread.checkOptions(options)])
      const source = yield* prepare(call(client, undefined, options), operation, options, checked)
      const read = Reread.read(source.reader, yield* Effect.fromResult(ids), source.options)
      return Stream.map(read, ({ end: _, ...batch }) => batch)
    })
    return withOperation(operation, Stream.unwrap(batches))
  },

  changes: (options = {}) => {
    const operation = "VerificationSessions.changes"
    const batches = Effect.gen(function* () {
      const source = yield* prepare(call(client, undefined, options), operation, options, Changes.checkOptions(options))
      const { key } = source.list
      const from = options.from ?? Checkpoint.start(key)
      yield* Effect.fromResult(Checkpoint.check(from, key))
      if (Windows.isPositioned(from)) return Changes.run(source, from)
      if (options.from !== undefined) return yield* Effect.fromResult(refusePosition())
      const readAt = yield* DateTime.now
      const checkpoint = Windows.moveTo(from, DateTime.toEpochSeconds(readAt))
      return Stream.make({ sessions: [], missing: [], readAt, checkpoint })
    })
    return withOperation(operation, Stream.unwrap(batches))
  },

  mirror: (options = {}) => {
    const operation = "VerificationSessions.mirror"
    const runs = Effect.gen(function* () {
      const source = yield* prepare(call(client, undefined, options), operation, options, checkMirror(options))
      const { audit = "7 days", schedule } = options
      const interval = audit === false ? undefined : Duration.toSeconds(audit)
      const nothing = Checkpoint.start(source.list.key)
      const run = (from = nothing) => withOperation(operation, runOnce(source, from, interval))
      return schedule === undefined ? run(options.from) : Runs.poll(run, options.from, schedule)
    })
    return inRuns(operation, runs)
  }
})

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
  interval: number | undefined
) => {
  const { lengths, list, options } = source
  const settle = Duration.seconds(lengths.settle)
  let latest = from

  const part = <B extends { readonly checkpoint: Checkpoint.Checkpoint }, E, R>(
    kind: Model.MirrorBatch<Sent>["kind"],
    read: (checkpoint: Windows.Positioned, now: DateTime.Utc) => Stream.Stream<B, E, R>
  ): Stream.Stream<B & { readonly kind: typeof kind }, E, R> =>
    Stream.unwrap(
      Effect.map(DateTime.now, (now) =>
        Stream.map(read(Windows.plan(latest, now, interval, lengths), now), (batch) => {
          latest = batch.checkpoint
          return { ...batch, kind }
        })
      )
    )

  const created = part("new", (checkpoint) =>
    Stream.map(Sync.batches(list, { ...options, settle, from: checkpoint }), ({ rows, ...batch }) => ({
      ...batch,
      sessions: rows,
      missing: []
    }))
  )
  const changed = part("changed", (checkpoint) =>
    // Events are lost meanwhile if whoever stores the batches takes that long. Then an audit is due.
    Stream.catchTag(Changes.run(source, checkpoint), "EventsExpiredError", () => Stream.empty)
  )
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
  const until = Windows.settledBefore(now, lengths.settle)
  return Stream.mapAccum(
    Pass.steps(list, options, { direction: "older", from, until }),
    (): Checkpoint.Checkpoint => ({ ...Checkpoint.start(list.key), range: from }),
    (before, { advance, readAt, rows }) => {
      const position = Checkpoint.advance(before, advance)
      const audit = { began, reached: position.range?.oldest }
      const after = advance.end ? { ...Struct.omit(checkpoint, ["audit"]), audited: began } : { ...checkpoint, audit }
      return [position, [{ sessions: rows, missing: [], readAt, checkpoint: after }]] as const
    }
  )
}
