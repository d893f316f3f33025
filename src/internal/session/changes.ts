/**
 * Sessions that changed, by Stripe's events: windows of events, oldest first, and the sessions of each window read again.
 *
 * Events are hints. Of an event only its id, type and moment are read, and which session it is about: the session in it is
 * one of the past, as an older version of the API wrote it.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import type * as StripeClient from "../../StripeClient.ts"
import {
  type DecodeError,
  EventsExpiredError,
  isStripeError,
  PaginationStalledError,
  PermissionError,
  StripeError
} from "../../StripeError.ts"
import * as Arguments from "../arguments.ts"
import * as Fetch from "../list/fetch.ts"
import type { FetchPage, Row, Window } from "../list/model.ts"
import * as Cursor from "../pagination/cursor.ts"
import type { OnDecodeError } from "../pagination/options.ts"
import * as Read from "../pagination/read.ts"
import * as Runs from "../sync/runs.ts"
import * as Windows from "../sync/windows.ts"
import * as Telemetry from "../telemetry.ts"
import type { DecodeRow } from "../wire/fastPath.ts"
import { EpochSeconds, isEpochSeconds } from "../wire/fields.ts"
import type { ChangesOptions } from "./mirrorModel.ts"
import * as Reread from "./reread.ts"

export const fields = Struct.assign(Reread.fields, {
  from: Runs.from,
  settle: Runs.settle,
  overlap: Schema.optional(
    Arguments.duration("a duration of at most 1 day", "10 minutes", (seconds) => seconds >= 0 && seconds <= 86_400)
  ),
  window: Schema.optional(Arguments.duration("a duration of at least 1 second", "1 day", (seconds) => seconds >= 1))
})

export const checkOptions = Arguments.options(fields)

/** The options with their defaults. They were checked before. */
export const lengths = (options: Pick<ChangesOptions, "settle" | "overlap" | "window">): Windows.Lengths => ({
  settle: Duration.toSeconds(options.settle ?? "1 minute"),
  overlap: Duration.toSeconds(options.overlap ?? "10 minutes"),
  window: Duration.toSeconds(options.window ?? "1 day")
})

/** An event about a session. */
interface SessionEvent extends Row {
  readonly session: { readonly id: string; readonly created: number | undefined }
}

/** An event, which may be about something else. */
type AnyEvent = Row & Partial<SessionEvent>

/** Everything that Stripe says of sessions, what it adds later too. */
const prefix = "identity.verification_session."

const decodeAny = Schema.decodeUnknownResult(
  Schema.Struct({ id: Schema.NonEmptyString, type: Schema.String, created: EpochSeconds })
)

const SessionId = Schema.String.check(Schema.makeFilter(Reread.isId, { expected: "the id of a session (vs_…)" }))

const decodeOurs = Schema.decodeUnknownResult(
  Schema.Struct({
    data: Schema.Struct({ object: Schema.Struct({ id: SessionId, created: Schema.optionalKey(Schema.Unknown) }) })
  })
)

const decodeRow: DecodeRow<AnyEvent> = (row) =>
  Result.flatMap(decodeAny(row), ({ created, id, type }): ReturnType<DecodeRow<AnyEvent>> => {
    const event = { id, created: DateTime.fromEpochSeconds(created) }
    if (!type.startsWith(prefix)) return Result.succeed(event)
    return Result.map(decodeOurs(row), ({ data: { object } }) => ({
      ...event,
      // It only helps to find sessions that lie together.
      session: { id: object.id, created: isEpochSeconds(object.created) ? object.created : undefined }
    }))
  })

const isOurs = (event: AnyEvent): event is SessionEvent => event.session !== undefined

/** Fetches pages of the events about sessions. */
export const fetchEvents = (client: StripeClient.Service, operation: string): FetchPage<SessionEvent, StripeError> => {
  const selection: Fetch.Selection<AnyEvent, SessionEvent> = {
    service: "VerificationSessions",
    operation,
    path: "/v1/events",
    query: [["type", `${prefix}*`]],
    decodeRow,
    matches: isOurs,
    isPartial: false
  }
  return (request) =>
    Telemetry.pageSpan(
      "VerificationSessions.events",
      operation,
      request,
      Effect.mapError(client.get(Fetch.toRequest(selection, request)), explain)
    )
}

const explain = (error: StripeError): StripeError =>
  error.reason._tag === "PermissionError"
    ? new StripeError({ ...error, reason: new PermissionError({ ...error.reason, needs: "Events: read" }) })
    : error

/**
 * The events of a window. Their order says nothing, so none is asked for: a read that goes round is one whose page brings
 * nothing new.
 */
const readEvents = Effect.fnUntraced(function* <E, R>(
  fetch: FetchPage<SessionEvent, StripeError>,
  within: Window,
  onDecodeError: OnDecodeError<E, R> | undefined
): Effect.fn.Return<ReadonlyArray<SessionEvent>, StripeError | DecodeError | PaginationStalledError | E, R> {
  const events: Array<SessionEvent> = []
  const seen = new Set<string>()
  let cursor: string | undefined
  for (let page = 1; ; page++) {
    const reply = yield* fetch({ page, limit: 100, starting_after: cursor, within })
    const entries = Cursor.entriesOf(reply)
    for (const { error } of entries) if (error !== undefined) yield* Read.report(error, onDecodeError)
    events.push(...reply.data)
    if (!reply.has_more) return events
    const ids = entries.flatMap(({ id }) => id ?? [])
    if (ids.every((id) => seen.has(id))) {
      const description = "has_more is true, but every event on the page was returned before"
      return yield* new PaginationStalledError({ description, page, cursor, requestId: reply.requestId })
    }
    for (const id of ids) seen.add(id)
    cursor = ids.at(-1)
  }
})

/** Whether an event that was a cursor is no longer kept, so that its window has to be read from its beginning. */
const isCursorExpired = (error: unknown): boolean =>
  isStripeError(error) &&
  error.cursor !== undefined &&
  (error.reason._tag === "CursorNotFoundError" ||
    (error.reason._tag === "InvalidRequestError" && /retention/i.test(error.reason.description ?? "")))

/** What is read, and how. */
export interface Source<Sent extends Row, A extends Row, E, R> {
  readonly reader: Reread.Reader<Sent, A>
  readonly events: FetchPage<SessionEvent, StripeError>
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
    Windows.isKept(position, DateTime.toEpochSeconds(now), lengths)
      ? Effect.void
      : Effect.fail(new EventsExpiredError({ position: DateTime.fromEpochSeconds(position) }))

  const readWindow = Effect.fnUntraced(function* ({ gte, lt, position }: Windows.EventWindow) {
    const readAt = yield* DateTime.now
    const found = yield* readEvents(events, { gte, lt }, options.onDecodeError)
    // Stripe may have answered after days, without the events that it kept no longer.
    yield* ensureKept(position, yield* DateTime.now)
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
    const start = DateTime.toEpochSeconds(checkpoint.events)
    yield* ensureKept(start, now)
    return Stream.unfold(start, (position) => {
      const window = Windows.next(position, until, lengths)
      return Effect.succeed(window && ([window, window.lt] as const))
    })
  })
  return Stream.unwrap(windows).pipe(
    // An event that was a cursor may have expired when the next page is read. Then the window is read again.
    Stream.mapEffect((window) => Effect.retry(readWindow(window), { times: 3, while: isCursorExpired })),
    Stream.flatten()
  )
}
