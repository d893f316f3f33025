/**
 * Sessions that changed, by Stripe's events: windows of events, oldest first, and the sessions of each window read again.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import { EventsExpiredError, type StripeError } from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import type { FetchPage, Row } from "../list/model.ts"
import * as Runs from "../sync/runs.ts"
import * as Windows from "../sync/windows.ts"
import * as Events from "./events.ts"
import type { ChangesOptions } from "./mirrorModel.ts"
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
export interface Source<Sent extends Row, A extends Row, E, R> {
  readonly reader: Reread.Reader<Sent, A>
  readonly events: FetchPage<Events.SessionEvent, StripeError>
  readonly lengths: Windows.Lengths
  readonly options: Reread.Options<E, R>
  /** The events that were handled, with their moment in seconds. The overlap brings them again. */
  readonly handled: Map<string, number>
}

/** From the position of a checkpoint up to now. */
export const run = <Sent extends Row, A extends Sent, E, R>(
  { events, handled, lengths, options, reader }: Source<Sent, A, E, R>,
  checkpoint: Windows.Positioned
) => {
  const ensureKept = (position: number, now: DateTime.Utc): Effect.Effect<void, EventsExpiredError> =>
    Windows.isKept(position, Windows.seconds(now), lengths.settle)
      ? Effect.void
      : Effect.fail(new EventsExpiredError({ position: DateTime.fromEpochSeconds(position) }))

  const readWindow = Effect.fnUntraced(function* ({ gte, lt, position }: Windows.EventWindow) {
    const readAt = yield* DateTime.now
    yield* ensureKept(position, readAt)
    const found = yield* Events.read(events, { gte, lt }, options.onDecodeError)
    const ids = new Map<string, number | undefined>()
    for (const { id, session } of found) {
      if (!handled.has(id)) ids.set(session.id, session.created ?? ids.get(session.id))
    }
    const remember = Effect.sync(() => {
      for (const { created, id } of found) handled.set(id, DateTime.toEpochSeconds(created))
      for (const [id, created] of handled) if (created < lt - lengths.overlap) handled.delete(id)
    })
    const nothing = Stream.make({ sessions: [], missing: [], readAt, end: true })
    return (ids.size === 0 ? nothing : Reread.read(reader, ids, options)).pipe(
      Stream.map(({ end, ...batch }) => ({ ...batch, checkpoint: Windows.moveTo(checkpoint, end ? lt : position) })),
      Stream.onEnd(remember)
    )
  })

  // The end of a run is fixed when it starts, so that it ends however much changes meanwhile.
  const windows = Effect.gen(function* () {
    const now = yield* DateTime.now
    const until = Windows.settledBefore(now, lengths.settle)
    const start = Windows.seconds(checkpoint.events)
    yield* ensureKept(start, now)
    return Stream.unfold(start, (position) =>
      Effect.sync(() => {
        const window = Windows.next(position, until, lengths)
        return window && ([window, window.lt] as const)
      })
    )
  })
  return Stream.unwrap(windows).pipe(
    // An event that was a cursor may have expired when the next page is read. The window is read again, as long as Stripe has its events.
    Stream.mapEffect((window) => Effect.retry(readWindow(window), { times: 3, while: Events.isCursorExpired })),
    Stream.flatten()
  )
}
