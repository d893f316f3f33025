/**
 * Sessions that changed, by Stripe's events: windows of events, oldest first, and the sessions of each window read again.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import {
  type DecodeError,
  EventsExpiredError,
  type PaginationStalledError,
  type StripeError
} from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import type { FetchPage, Row } from "../list/model.ts"
import * as Runs from "../sync/runs.ts"
import * as Windows from "../sync/windows.ts"
import * as Events from "./events.ts"
import type { ChangesBatch, ChangesOptions } from "./mirrorModel.ts"
import * as Reread from "./reread.ts"

/** A length of time, in seconds. */
export const length = (form: string, example: string, isAccepted: (seconds: number) => boolean) =>
  Arguments.duration(form, example, (time) => isAccepted(Duration.toSeconds(time)))

export const fields = Struct.assign(Reread.fields, {
  from: Runs.from,
  settle: Runs.settle,
  overlap: Schema.optional(
    length("a duration of at most 1 day", "10 minutes", (seconds) => seconds >= 0 && seconds <= 86_400)
  ),
  window: Schema.optional(length("a duration of at least 1 second", "1 hour", (seconds) => seconds >= 1))
})

export const checkOptions = Arguments.decoder(Schema.Struct(fields), "options")

/** The options with their defaults. They were checked before. */
export const lengths = (options: Pick<ChangesOptions, "settle" | "overlap" | "window">): Windows.Lengths => ({
  settle: Duration.toSeconds(options.settle ?? "1 minute"),
  overlap: Duration.toSeconds(options.overlap ?? "10 minutes"),
  window: Duration.toSeconds(options.window ?? "1 hour")
})

/** What is read, and how. */
export interface Source<Sent, A, E, R> {
  readonly reader: Reread.Reader<Sent, A>
  readonly events: FetchPage<Events.SessionEvent, StripeError>
  readonly lengths: Windows.Lengths
  readonly options: Reread.Options<E, R>
  /** The events that were handled, with their moment in seconds. The overlap brings them again. */
  readonly handled: Map<string, number>
}

type Failure<E> = StripeError | DecodeError | PaginationStalledError | EventsExpiredError | E

/** From the position of a checkpoint up to now. */
export const run = <Sent extends Row, A extends Sent, E, R>(
  { events, handled, lengths, options, reader }: Source<Sent, A, E, R>,
  checkpoint: Windows.Positioned
): Stream.Stream<ChangesBatch<Sent>, Failure<E>, R> => {
  type Batches = Stream.Stream<ChangesBatch<Sent>, Failure<E>, R>

  const readNext = Effect.fnUntraced(function* (
    position: number,
    until: number
  ): Effect.fn.Return<readonly [ReadonlyArray<Batches>, Option.Option<number>], Failure<E>, R> {
    const readAt = yield* DateTime.now
    if (Windows.isExpired(position, Windows.seconds(readAt))) {
      return yield* new EventsExpiredError({ position: DateTime.fromEpochSeconds(position) })
    }
    const window = Windows.next(position, until, lengths)
    if (window === undefined) return [[], Option.none()]
    const { lt } = window
    const found = yield* Events.read(events, window, options.onDecodeError)
    const ids = new Map<string, number | undefined>()
    for (const { id, session } of found) {
      if (!handled.has(id)) ids.set(session.id, session.created ?? ids.get(session.id))
    }
    const moved = Windows.moveTo(checkpoint, lt)
    if (ids.size === 0) {
      return [[Stream.make({ sessions: [], missing: [], readAt, checkpoint: moved })], Option.some(lt)]
    }
    const remember = Effect.sync(() => {
      for (const { created, id } of found) handled.set(id, DateTime.toEpochSeconds(created))
      for (const [id, created] of handled) if (created < lt - lengths.overlap) handled.delete(id)
    })
    const batches = Reread.read(reader, ids, options).pipe(
      Stream.map(({ end, ...batch }) => ({ ...batch, checkpoint: end ? moved : Windows.moveTo(checkpoint, position) })),
      Stream.concat(Stream.fromEffectDrain(remember))
    )
    return [[batches], Option.some(lt)]
  })

  // The end of a run is fixed when it starts, so that it ends however much changes meanwhile.
  const windows = Effect.map(DateTime.now, (now) =>
    Stream.paginate(Windows.seconds(checkpoint.events), (position) =>
      // An event that was a cursor may have expired when the next page is read. The window is read again, as long as Stripe has its events.
      Effect.retry(readNext(position, Windows.seconds(now) - lengths.settle), {
        times: 3,
        while: Events.isCursorExpired
      })
    )
  )
  return Stream.flatten(Stream.unwrap(windows))
}
