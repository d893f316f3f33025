/**
 * What an event says of a session: which one, and when. Nothing else of it is decoded, because the session that it holds
 * is rendered by the account's own API version, may be older than another event's, and has personal data.
 */
import * as DateTime from "effect/DateTime"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Issues from "../issues.ts"
import { EpochSeconds, optionalNullOr } from "../wire/fields.ts"
import { NotAnEventError, UnrelatedEventError } from "./reasons.ts"

/**
 * A session that may have changed. It says nothing of how: read the session.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hint {
  /** The id of the session, `vs_…`. */
  readonly sessionId: string
  /**
   * The type of the event, such as `identity.verification_session.verified`; that of a thin event begins with `v1.`. Types
   * that Stripe adds later come through, too.
   */
  readonly type: string
  /** The id of the event, `evt_…`. The same one comes again when it is delivered again. */
  readonly eventId: string
  /** When the event was made. Events are not delivered in this order. */
  readonly created: DateTime.Utc
  /** Whether it is about a session of live mode. */
  readonly livemode: boolean
  /** The connected account that the session belongs to; unset where it is the endpoint's own. */
  readonly account?: string | undefined
}

const Event = Schema.Struct({ id: Schema.NonEmptyString, type: Schema.String, livemode: Schema.Boolean })

/** An event that holds the session as it was. */
const Snapshot = Schema.Struct({
  created: EpochSeconds,
  account: optionalNullOr(Schema.String),
  data: Schema.Struct({ object: Schema.Struct({ id: Schema.NonEmptyString }) })
})

/** An event that holds the id of the session alone. */
const Thin = Schema.Struct({
  created: Schema.DateTimeUtcFromString,
  context: optionalNullOr(Schema.String),
  related_object: Schema.Struct({ id: Schema.NonEmptyString })
})

const decodeEvent = Schema.decodeUnknownResult(Event, { errors: "all" })
const decodeSnapshot = Schema.decodeUnknownResult(Snapshot, { errors: "all" })
const decodeThin = Schema.decodeUnknownResult(Thin, { errors: "all" })

const notAnEvent = (eventId: string | undefined) => (error: Schema.SchemaError) =>
  new NotAnEventError({
    description: Issues.expectations(error.issue)
      .map(({ expected, path }) => {
        const what = expected === "Missing key" ? "missing" : `expected ${expected}`
        return path.length === 0 ? what : `${Issues.showPath(path)}: ${what}`
      })
      .join("; "),
    eventId
  })

const parse = (text: string): Result.Result<unknown, NotAnEventError> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    // What JSON.parse says quotes the text.
    catch: () => new NotAnEventError({ description: "expected JSON" })
  })

/** The hint of a body whose signature is right. */
export const decode = (text: string): Result.Result<Hint, NotAnEventError | UnrelatedEventError> =>
  Result.gen(function* () {
    const json = yield* parse(text)
    const { id, livemode, type } = yield* Result.mapError(decodeEvent(json), notAnEvent(undefined))
    const common = { eventId: id, type, livemode }
    if (type.startsWith("identity.verification_session.")) {
      const { account, created, data } = yield* Result.mapError(decodeSnapshot(json), notAnEvent(id))
      return hint({ ...common, sessionId: data.object.id, created: DateTime.fromEpochSeconds(created) }, account)
    }
    if (type.startsWith("v1.identity.verification_session.")) {
      const { context, created, related_object: session } = yield* Result.mapError(decodeThin(json), notAnEvent(id))
      // A context is a path of accounts, of which the last one has the session.
      return hint({ ...common, sessionId: session.id, created }, context?.split("/").at(-1))
    }
    return yield* Result.fail(new UnrelatedEventError({ eventId: id, type }))
  })

const hint = (hint: Hint, account: string | null | undefined): Hint =>
  Predicate.isNullish(account) ? hint : { ...hint, account }
