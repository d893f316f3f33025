import { DateTime, Duration, Schema } from "effect"
import type { SessionFilter } from "effect-stripe-identity"
import type * as Sandbox from "effect-stripe-identity/Sandbox"

// Filters and histories for properties. What a filter means is said once more here, on rows as the wire shows them.

type Given<Fields> = { readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }

/** Without the fields that are `undefined`, which no filter takes. */
export const given = <Fields extends object>(fields: Fields): Given<Fields> =>
  // Type boundary: what is left out here is what the type leaves out.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<Fields>

export const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const some = <const Words extends ReadonlyArray<string>>(words: Words) =>
  Schema.NonEmptyArray(Schema.Literals(words)).check(Schema.isMaxLength(4))

const fraction = between(0, 100)

/** A filter to be, in fractions of the history and positions in the list that it is to be used on. */
export const Draft = Schema.Struct({
  status: Schema.optionalKey(some(["canceled", "processing", "requires_input", "verified"])),
  type: Schema.optionalKey(some(["document", "id_number", "verification_flow"])),
  livemode: Schema.optionalKey(Schema.Literals([false, false, true])),
  code: Schema.optionalKey(some(["none", "abandoned", "selfie_face_mismatch", "id_number_mismatch"])),
  redaction: Schema.optionalKey(some(["none", "processing", "redacted", "validated"])),
  plan: Schema.optionalKey(Schema.Literals(["free", "pro", "enterprise"])),
  team: Schema.optionalKey(Schema.Literals(["onboarding", "payments", "risk"])),
  reference: Schema.optionalKey(fraction),
  customer: Schema.optionalKey(fraction),
  at: Schema.optionalKey(fraction),
  gt: Schema.optionalKey(fraction),
  gte: Schema.optionalKey(fraction),
  lt: Schema.optionalKey(fraction),
  lte: Schema.optionalKey(fraction)
})

/** Which of the fields a case keeps: a filter with all of them would select nothing, always. */
export const Kept = Schema.NonEmptyArray(
  Schema.Literals(Object.keys(Draft.fields) as Array<keyof typeof Draft.Type>)
).check(Schema.isMaxLength(4))

export const History = Schema.Struct({
  sessions: between(0, 120),
  seed: between(1, 1000),
  history: Schema.Literals(["uniform", "growing", "daily", "bursty", "import", "one-second"]),
  orderWithinSecond: Schema.Literals(["insertion", "shuffled"]),
  seconds: Schema.Literals([1, 5, 60, 1_000_000])
})

const from = DateTime.makeUnsafe("2025-06-01T00:00:00Z")

export const sandboxOf = ({ seconds, ...options }: typeof History.Type): Sandbox.Options => ({
  ...options,
  from,
  to: DateTime.addDuration(from, Duration.seconds(seconds))
})

/** The filter of a draft, for these rows. */
export const toInput = (
  draft: typeof Draft.Type,
  kept: typeof Kept.Type,
  seconds: number,
  rows: ReadonlyArray<Sandbox.Session>
): SessionFilter.Input => {
  const has = <Name extends keyof typeof Draft.Type>(name: Name): (typeof Draft.Type)[Name] | undefined =>
    kept.includes(name) ? draft[name] : undefined
  const second = (part: number | undefined): number | undefined =>
    part === undefined ? undefined : DateTime.toEpochSeconds(from) + Math.round((part * seconds) / 100)
  const pick = <A>(part: number | undefined, values: ReadonlyArray<A | null>): A | undefined => {
    const present = values.filter((value) => value !== null)
    return part === undefined ? undefined : present[Math.floor((part * Math.max(present.length - 1, 0)) / 100)]
  }
  const bounds = { gt: second(has("gt")), gte: second(has("gte")), lt: second(has("lt")), lte: second(has("lte")) }
  const at = second(has("at"))
  const bounded = Object.values(bounds).some((bound) => bound !== undefined)
  const code = has("code")
  const redaction = has("redaction")
  const [plan, team] = [has("plan"), has("team")]
  return given({
    client_reference_id: pick(
      has("reference"),
      rows.map((row) => row.client_reference_id)
    ),
    created: at ?? (bounded ? given(bounds) : undefined),
    related_customer: pick(
      has("customer"),
      rows.map((row) => row.related_customer)
    ),
    status: has("status"),
    type: has("type"),
    livemode: has("livemode"),
    last_error: code === undefined ? undefined : { code },
    metadata: plan === undefined && team === undefined ? undefined : given({ plan, team }),
    redaction: redaction === undefined ? undefined : { status: redaction }
  })
}

/** What the documentation says of a filter whose instants are seconds and whose choices are lists. */
export const selects = (filter: SessionFilter.Input, row: Sandbox.Session): boolean => {
  const { created, last_error, metadata, redaction } = filter
  const among = (chosen: unknown, value: string) => Array.isArray(chosen) && chosen.includes(value)
  const range = typeof created === "number" ? { gte: created, lte: created } : (created ?? {})
  // Type boundary: `toInput` makes ranges of numbers.
  const { gt = -1, gte = 0, lt = Infinity, lte = Infinity } = range as Record<string, number>
  return (
    (filter.client_reference_id === undefined || row.client_reference_id === filter.client_reference_id) &&
    (filter.related_customer === undefined || row.related_customer === filter.related_customer) &&
    row.created > gt &&
    row.created >= gte &&
    row.created < lt &&
    row.created <= lte &&
    (filter.status === undefined || among(filter.status, row.status)) &&
    (filter.type === undefined || among(filter.type, row.type)) &&
    (filter.livemode === undefined || row.livemode === filter.livemode) &&
    (last_error === undefined || among(last_error.code, row.last_error?.code ?? "none")) &&
    (redaction === undefined || among(redaction.status, row.redaction?.status ?? "none")) &&
    (metadata === undefined || Object.entries(metadata).every(([key, value]) => row.metadata[key] === value))
  )
}
