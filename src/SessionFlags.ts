/**
 * A filter as flags of a command line, for `effect/cli`. Flags only collect text. {@link decode} gives it its meaning and
 * reports every problem at once.
 *
 * It has a path of its own, `effect-stripe-identity/SessionFlags`, so that only command lines load `effect/cli`.
 *
 * @module
 * @category Filter
 * @since 0.1.0
 */
import * as Flag from "effect/cli/Flag"
import * as Param from "effect/cli/Param"
import * as Primitive from "effect/cli/Primitive"
import * as Effect from "effect/Effect"
import * as HttpParams from "effect/http/UrlParams"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { getSomes } from "effect/Record"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as Arguments from "./internal/arguments.ts"
import { Filter, lastErrorCodes, redactionStatuses } from "./internal/filter/fields.ts"
import type { UrlRecord } from "./internal/filter/urlParams.ts"
import type * as Model from "./internal/filter/model.ts"
import { statuses, types } from "./internal/session/wire.ts"
import * as SessionFilter from "./SessionFilter.ts"
import type { InvalidArgumentError } from "./StripeError.ts"

const one = (name: string, metavar: string, description: string): Flag.Flag<Option.Option<string>> =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.optional)

const many = (name: string, metavar: string, description: string): Flag.Flag<ReadonlyArray<string>> =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.atLeast(0))

/** Known words, which help shows and a shell completes. Others are let through, for the schema to say which was meant. */
const words = (name: string, known: ReadonlyArray<string>, description: string): Flag.Flag<ReadonlyArray<string>> => {
  const choice = Primitive.Choice(known.map((word) => [word, word] as const))
  // A flag of choices refuses by itself, alone and without a suggestion. This one is new, so it can be changed.
  const primitiveType = Object.assign(choice, { parse: (text: string) => Effect.succeed(text) })
  return Param.makeSingle({ kind: Param.flagKind, name, primitiveType }).pipe(
    Flag.withDescription(description),
    Flag.atLeast(0)
  )
}

/**
 * The flags of a filter, for the configuration of a `Command`. Decode what they collect with {@link decode}, or with the
 * schema {@link Flags}.
 *
 * `--status`, `--type`, `--last-error` and `--redaction` may be repeated to accept several values, and
 * `--metadata key=value` for several entries. `--created` is a range such as `7d`, or is given once for each bound, as in
 * `--created gte=2026-01-01 --created lt=2026-02-01`. Write `%3D` for a `=` inside a metadata key, and `%25` for a `%`.
 *
 * @category command line
 * @since 0.1.0
 */
export const flags = {
  client_reference_id: one("client-reference-id", "reference", "With exactly this client_reference_id"),
  created: many(
    "created",
    "range",
    "Created in a range (7d, yesterday, 2026-01, 2026-01..2026-03) or within bounds (gte=2026-01-01)"
  ),
  related_customer: one("related-customer", "cus_…", "Of this Customer"),
  related_customer_account: one("related-customer-account", "acct_…", "Of this Account, which is a customer"),
  status: words("status", statuses, "With this status; repeat it for several"),
  type: words("type", types, "With this type; repeat it for several"),
  livemode: Flag.Boolean("livemode").pipe(
    Flag.withDescription("In live mode, or with --no-livemode in test mode"),
    Flag.optional
  ),
  last_error: words("last-error", lastErrorCodes, "With this code in last_error; repeat it for several"),
  metadata: many("metadata", "key=value", "With this metadata; repeat it for several"),
  redaction: words("redaction", redactionStatuses, "With this redaction status; repeat it for several")
} as const

const Values = Schema.Struct({
  client_reference_id: Schema.Option(Schema.String),
  created: Schema.Array(Schema.String),
  related_customer: Schema.Option(Schema.String),
  related_customer_account: Schema.Option(Schema.String),
  status: Schema.Array(Schema.String),
  type: Schema.Array(Schema.String),
  livemode: Schema.Option(Schema.Boolean),
  last_error: Schema.Array(Schema.String),
  metadata: Schema.Array(Schema.String),
  redaction: Schema.Array(Schema.String)
})

/**
 * What {@link flags} collect.
 *
 * @category command line
 * @since 0.1.0
 */
export interface FlagValues extends Schema.Struct.Type<typeof Values.fields> {}

const isFlagValues: (input: unknown) => boolean = Schema.is(Values)

// The first `=` ends the key, so one within the key is written as in a URL, and so is what that is written with.
const toKey = (key: string): string => key.replaceAll("%", "%25").replaceAll("=", "%3D")
const fromKey = (text: string): string => text.replaceAll(/%3d/gi, "=").replaceAll("%25", "%")

/** `key=value` parts as an object; a part without `=` has an empty value, and a key that came twice has a list. */
const fromPairs = (pairs: ReadonlyArray<string>): UrlRecord => {
  const entries = pairs.map((pair) => {
    const [key = "", ...value] = pair.split("=")
    return [fromKey(key), value.join("=")] as const
  })
  return HttpParams.toRecord(HttpParams.make(entries))
}

const some = (list: ReadonlyArray<string>): unknown => (list.length === 1 ? list[0] : list)

const toPairs = (object: unknown): ReadonlyArray<string> =>
  Predicate.isObject(object) ? Object.entries(object).map(([key, value]) => `${toKey(key)}=${String(value)}`) : []

/** What was collected as what a filter is decoded from: a flag that was not given leaves no field. */
const toObject = (values: FlagValues): object => {
  const { created } = values
  const list = <A>(values: ReadonlyArray<A>, toValue: (values: ReadonlyArray<A>) => unknown): Option.Option<unknown> =>
    values.length === 0 ? Option.none() : Option.some(toValue(values))
  const fields: Record<keyof FlagValues, Option.Option<unknown>> = {
    client_reference_id: values.client_reference_id,
    created: list(created, created.every((text) => text.includes("=")) ? fromPairs : some),
    related_customer: values.related_customer,
    related_customer_account: values.related_customer_account,
    status: list(values.status, some),
    type: list(values.type, some),
    livemode: values.livemode,
    last_error: list(values.last_error, (codes) => ({ code: some(codes) })),
    metadata: list(values.metadata, fromPairs),
    redaction: list(values.redaction, (statuses) => ({ status: some(statuses) }))
  }
  return getSomes(fields)
}

const fromEncoded = (encoded: Model.JsonInput): FlagValues => {
  const list = (value: Model.OneOrMore<string> = []) => (typeof value === "string" ? [value] : value)
  const { created } = encoded
  return {
    client_reference_id: Option.fromUndefinedOr(encoded.client_reference_id),
    created: created === undefined ? [] : Predicate.isObject(created) ? toPairs(created) : [String(created)],
    related_customer: Option.fromUndefinedOr(encoded.related_customer),
    related_customer_account: Option.fromUndefinedOr(encoded.related_customer_account),
    status: list(encoded.status),
    type: list(encoded.type),
    livemode: Option.fromUndefinedOr(encoded.livemode),
    last_error: list(encoded.last_error?.code),
    metadata: toPairs(encoded.metadata),
    redaction: list(encoded.redaction?.status)
  }
}

/**
 * The codec between a filter and what {@link flags} collect from a command line. {@link decode} does the same and returns
 * the library's own error messages.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Flags: Schema.Codec<SessionFilter.SessionFilter, FlagValues> = Values.pipe(
  Schema.decodeTo(Filter, {
    decode: SchemaGetter.transform(toObject),
    // Type boundary: what a filter encodes to is JSON.
    encode: SchemaGetter.transform((encoded) => fromEncoded(encoded as Model.JsonInput))
  })
)

/**
 * Like `SessionFilter.decode`, for what {@link flags} collected: it makes a filter, or says everything that is wrong.
 *
 * **Example** (A filter from the arguments of a command)
 *
 * ```ts
 * import { NodeServices } from "@effect/platform-node"
 * import { Effect } from "effect"
 * import { Command } from "effect/cli"
 * import * as SessionFlags from "effect-stripe-identity/SessionFlags"
 *
 * let metadata: unknown
 *
 * const command = Command.make("sessions", { filter: SessionFlags.flags }, ({ filter }) =>
 *   Effect.map(SessionFlags.decode(filter), (filter) => {
 *     metadata = filter.metadata
 *   })
 * )
 *
 * const run = Command.runWith(command, { version: "1.0.0" })
 *
 * await Effect.runPromise(run(["--metadata", "plan=pro"]).pipe(Effect.provide(NodeServices.layer)))
 *
 * metadata // => { plan: "pro" }
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (values: FlagValues): Effect.Effect<SessionFilter.SessionFilter, InvalidArgumentError> =>
  isFlagValues(values)
    ? SessionFilter.decode(toObject(values))
    : Effect.fromResult(Arguments.refuse("flags", Arguments.show(values), "the values of SessionFlags.flags"))
