/**
 * Stripe's events, as hints which sessions may have changed. Of an event only its id, type and moment are read, and which
 * session it is about: the session in it is one of the past, as an older version of the API wrote it.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as StripeClient from "../../StripeClient.ts"
import {
  type DecodeError,
  isStripeError,
  PaginationStalledError,
  PermissionError,
  StripeError
} from "../../StripeError.ts"
import * as Fetch from "../list/fetch.ts"
import type { FetchPage, Row, Window } from "../list/model.ts"
import * as Telemetry from "../telemetry.ts"
import * as Cursor from "../pagination/cursor.ts"
import type { OnDecodeError } from "../pagination/options.ts"
import * as Read from "../pagination/read.ts"
import { EpochSeconds } from "../wire/fields.ts"
import type { DecodeRow } from "../wire/fastPath.ts"
import { isId } from "./reread.ts"

interface AnyEvent extends Row {
  /** The session that it is about, unless it is about something else. */
  readonly session: { readonly id: string; readonly created: number | undefined } | undefined
}

/** An event about a session. */
export interface SessionEvent extends AnyEvent {
  readonly session: { readonly id: string; readonly created: number | undefined }
}

/** Everything that Stripe says of sessions, what it adds later too. */
const prefix = "identity.verification_session."

const decodeAny = Schema.decodeUnknownResult(
  Schema.Struct({ id: Schema.NonEmptyString, type: Schema.String, created: EpochSeconds })
)

const SessionId = Schema.String.check(Schema.makeFilter(isId, { expected: "the id of a session (vs_…)" }))

const decodeOurs = Schema.decodeUnknownResult(
  Schema.Struct({
    data: Schema.Struct({ object: Schema.Struct({ id: SessionId, created: Schema.optionalKey(Schema.Unknown) }) })
  })
)

const isSeconds = Schema.is(EpochSeconds)

const decodeRow: DecodeRow<AnyEvent> = (row) =>
  Result.flatMap(decodeAny(row), ({ created, id, type }): ReturnType<DecodeRow<AnyEvent>> => {
    const event = { id, created: DateTime.fromEpochSeconds(created) }
    if (!type.startsWith(prefix)) return Result.succeed({ ...event, session: undefined })
    return Result.map(decodeOurs(row), ({ data: { object } }) => ({
      ...event,
      // It only helps to find sessions that lie together.
      session: { id: object.id, created: isSeconds(object.created) ? object.created : undefined }
    }))
  })

const isOurs = (event: AnyEvent): event is SessionEvent => event.session !== undefined

/** Fetches pages of the events about sessions. */
export const fetch = (client: StripeClient.Service, operation: string): FetchPage<SessionEvent, StripeError> => {
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
      { page: request.page, limit: request.limit, cursor: request.starting_after },
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
export const read = Effect.fnUntraced(function* <E, R>(
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
export const isCursorExpired = (error: unknown): boolean =>
  isStripeError(error) &&
  error.cursor !== undefined &&
  (error.reason._tag === "CursorNotFoundError" ||
    (error.reason._tag === "InvalidRequestError" && /retention/i.test(error.reason.description ?? "")))
