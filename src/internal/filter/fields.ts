/**
 * The schema of a session filter: it decodes any value to a valid filter, or to everything that is wrong with it.
 */
import * as Arr from "effect/Array"
import type * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as Arguments from "../arguments.ts"
import * as Wire from "../session/wire.ts"
import { CreatedFromUnknown } from "./created.ts"
import type * as Model from "./model.ts"
import { exact, isText, text, words } from "./parts.ts"

/**
 * A valid filter, in one form: times are whole seconds in UTC, relative text is an absolute range, and a list has at
 * least two values, each once, in a fixed order. A list of one value becomes the value.
 *
 * A bound between two seconds moves to the second that selects the same sessions: up for `gte` and `lt`, down for `gt`
 * and `lte`.
 *
 * It is also an `Input`, so it can be passed to every call.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionFilter extends Omit<Model.Input, "created"> {
  readonly created?: DateTime.Utc | Model.CreatedRange<DateTime.Utc>
}

/**
 * A filter that carries its status, or its statuses, in its type.
 *
 * @category models
 * @since 0.1.0
 */
export interface WithStatus<One extends Model.Status> extends Omit<SessionFilter, "status"> {
  readonly status: Model.OneOrMore<One>
}

export const lastErrorCodes = Arr.append(Wire.lastErrorCodes, "none" as const)

export const redactionStatuses = Arr.prepend(Wire.redactionStatuses, "none" as const)

const Key = Schema.String.check(Schema.makeFilter((key) => isText(key, 40) && !/[[\]]/.test(key)))

const Metadata = Schema.Record(Key, text("a string of 1 to 500 characters", undefined, 500))
  .annotate({ messageUnexpectedKey: "a key of 1 to 40 characters without square brackets" })
  .check(Schema.isMinProperties(1, { expected: "at least one key and value" }))
  .annotate({ identifier: 'an object such as { plan: "pro" }' })

/** The fields of a filter. */
export const filterFields = {
  client_reference_id: Schema.optionalKey(text("a string of 1 to 5000 characters")),
  created: Schema.optionalKey(CreatedFromUnknown),
  related_customer: Schema.optionalKey(text("the id of a Customer (cus_…)")),
  related_customer_account: Schema.optionalKey(text("the id of an Account (acct_…)")),
  status: Schema.optionalKey(words(Wire.statuses)),
  type: Schema.optionalKey(words(Wire.types)),
  livemode: Schema.optionalKey(Schema.Boolean.annotate({ identifier: "true or false" })),
  last_error: Schema.optionalKey(
    Schema.Struct({ code: words(lastErrorCodes) }).annotate({ identifier: "an object with code" })
  ),
  metadata: Schema.optionalKey(Metadata),
  redaction: Schema.optionalKey(
    Schema.Struct({ status: words(redactionStatuses) }).annotate({ identifier: "an object with status" })
  )
}

/** The filter. */
export const Filter: Schema.Codec<SessionFilter, unknown> = exact(
  Schema.Struct(filterFields).check(Arguments.onlyOne("related_customer", "related_customer_account"))
)

/**
 * The Schema of a filter, for use within other Schemas. It decodes an `Input`, refuses unknown names, and reports every
 * problem, whatever the parse options. It encodes times to whole seconds since 1970, and the few
 * that would read as a date or a year, such as 20260131, to text.
 *
 * `Clock` decides what relative text such as `7d` means. Days are in UTC.
 *
 * **Example** (Decode and encode a filter)
 *
 * ```ts
 * import { Schema } from "effect"
 * import { SessionFilter } from "effect-stripe-identity"
 *
 * const filter = Schema.decodeSync(SessionFilter.SessionFilter)({ created: "2026-01-31" })
 *
 * Schema.encodeSync(SessionFilter.SessionFilter)(filter) // => { created: { gte: 1769817600, lt: 1769904000 } }
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const SessionFilter: Schema.Codec<SessionFilter, Model.Input> =
  // Type boundary: decoding accepts anything, and refuses what is not an Input.
  Filter as Schema.Codec<SessionFilter, Model.Input>
