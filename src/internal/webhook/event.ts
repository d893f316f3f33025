/**
 * Decodes which session an event is about, and when. The session in the event is not decoded: it has the form of the
 * account's API version, may be older than that of another event, and has personal data.
 */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Issues from "../issues.ts"
import { EpochSeconds, id as Id, optionalNullOr } from "../wire/fields.ts"
import { NotAnEventError, UnrelatedEventError } from "./reasons.ts"

/**
 * A session that may have changed. Read the session to see how.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hint {
  /** The id of the session, `vs_…`. */
  readonly sessionId: string
  /**
   * The type of the event, such as `identity.verification_session.verified`. The type of a thin event begins with
   * `v1.`. Types that Stripe adds later are passed through.
   */
  readonly type: string
  /** The id of the event, `evt_…`. It is the same for each delivery of the event. */
  readonly eventId: string
  /** When the event was created. Events may be delivered in another order. */
  readonly created: DateTime.Utc
  /** Whether the session is of live mode. */
  readonly livemode: boolean
  /** The connected account of the session; unset if it is the endpoint's own account. */
  readonly account?: string | undefined
  /**
   * The path to this account for the key of an organization: `acct_1`, or `acct_1/acct_2` for a connected account of
   * `acct_1`. Pass it to `StripeClient.CurrentAccount` in place of `account`. Unset if the event names no path to it.
   */
  readonly context?: string | undefined
}

// A type is shown as ids are, and has no other characters.
const Event = Schema.Struct({ id: Id, type: Id, livemode: Schema.Boolean })

/** An event with the session as it was. */
const Snapshot = Schema.Struct({
  created: EpochSeconds,
  account: optionalNullOr(Id),
  context: optionalNullOr(Schema.String),
  data: Schema.Struct({ object: Schema.Struct({ id: Id }) })
})

/** A thin event, with only the id of the session. */
const Thin = Schema.Struct({
  created: Schema.DateTimeUtcFromString,
  context: optionalNullOr(Schema.String),
  related_object: Schema.Struct({ id: Id })
})

const decodeJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))
const decodeEvent = Schema.decodeUnknownResult(Event, { errors: "all" })
const decodeSnapshot = Schema.decodeUnknownResult(Snapshot, { errors: "all" })
const decodeThin = Schema.decodeUnknownResult(Thin, { errors: "all" })

const notAnEvent = (eventId: string | undefined) => (error: Schema.SchemaError) =>
  new NotAnEventError({
    description: Issues.expectations(error.issue)
      .map((wrong) => (wrong.path.length === 0 ? "" : `${Issues.showPath(wrong.path)}: `) + Issues.say(wrong))
      .join("; "),
    eventId
  })

/** Decodes a body whose signature is valid. */
export const decode = (text: string): Result.Result<Hint, NotAnEventError | UnrelatedEventError> =>
  Result.gen(function* () {
    const json = yield* Result.mapError(decodeJson(text), () => new NotAnEventError({ description: "expected JSON" }))
    const { id, livemode, type } = yield* Result.mapError(decodeEvent(json), notAnEvent(undefined))
    const common = { eventId: id, type, livemode }
    if (type.startsWith("identity.verification_session.")) {
      const { account, context, created, data } = yield* Result.mapError(decodeSnapshot(json), notAnEvent(id))
      const about = { ...common, sessionId: data.object.id, created: DateTime.fromEpochSeconds(created) }
      return hint(about, context, account)
    }
    if (type.startsWith("v1.identity.verification_session.")) {
      const { context, created, related_object: session } = yield* Result.mapError(decodeThin(json), notAnEvent(id))
      return hint({ ...common, sessionId: session.id, created }, context)
    }
    return yield* Result.fail(new UnrelatedEventError({ eventId: id, type }))
  })

/** A context is a path; the account at its end has the session. It may begin with an organization, which is no account. */
const accountsOf = (context: string): ReadonlyArray<string> => {
  const steps = context.split("/")
  return steps.slice(steps.findLastIndex((step) => !/^acct_\w+$/.test(step)) + 1)
}

const hint = (hint: Hint, context: string | null | undefined, named?: string | null): Hint => {
  const accounts = accountsOf(context ?? "")
  const account = named ?? accounts.at(-1)
  if (account === undefined) return hint
  return { ...hint, account, ...(accounts.at(-1) === account ? { context: accounts.join("/") } : undefined) }
}
