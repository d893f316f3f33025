/**
 * Webhooks: events as Stripe delivers them, signed with the secret of an endpoint.
 */
import * as Duration from "effect/Duration"
import * as Hex from "effect/encoding/Hex"
import * as Redacted from "effect/Redacted"
import type { EventEntry, EventLog } from "./eventLog.ts"
import { fraction } from "./prng.ts"
import type { Event, EventType } from "./session.ts"
import { names, assert, word } from "./assertions.ts"

/**
 * Which events to deliver, and how.
 *
 * @category options
 * @since 0.1.0
 */
export interface DeliveryOptions {
  /** The signing secrets of the endpoint, `whsec_…`: one, or two while a secret is rolled. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
  /** Only events after this one: the `position` of a delivery. @default 0 (all) */
  readonly after?: number | undefined
  /** How many events at most. @default Infinity */
  readonly limit?: number | undefined
  /** The types that the endpoint names. @default all but "redacted", which reaches only endpoints that name it */
  readonly types?: ReadonlyArray<EventType> | undefined
  /** @default "happened" (the order in which things happened) */
  readonly order?: "happened" | "reversed" | "shuffled" | undefined
  /** How often each is delivered. @default 1 */
  readonly times?: number | undefined
  /** How long ago they were signed. @default 0 */
  readonly age?: Duration.Input | undefined
  /** Whether the body was changed after it was signed. @default false */
  readonly tampered?: boolean | undefined
  /** Thin events: `v1.identity.verification_session.*`, which name the session and do not hold it. @default false */
  readonly thin?: boolean | undefined
  /** The connected account that the events are of, for an endpoint of Connect. @default undefined (none) */
  readonly account?: string | undefined
}

/** A webhook, to be handed to whoever receives it. */
export interface Delivery {
  /** Grows by the order in which things happened. */
  readonly position: number
  readonly eventId: string
  /** Of a thin event, the same type without the `v1.` before it. */
  readonly type: EventType
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

const optionNames: { readonly [Name in keyof DeliveryOptions]-?: true } = {
  secrets: true,
  after: true,
  limit: true,
  types: true,
  order: true,
  times: true,
  age: true,
  tampered: true,
  thin: true,
  account: true
}

const encoder = new TextEncoder()
const algorithm = { name: "HMAC", hash: "SHA-256" }

/** The header over `<t>.<body>`, with a signature for each secret. */
const sign = async (body: string, seconds: number, secrets: DeliveryOptions["secrets"]): Promise<string> => {
  const bytes = encoder.encode(`${seconds}.${body}`)
  const signatures = await Promise.all(
    secrets.map(async (secret) => {
      const raw = encoder.encode(Redacted.value(secret))
      const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"])
      return Hex.encode(new Uint8Array(await crypto.subtle.sign(algorithm, key, bytes)))
    })
  )
  // Real headers have a v0 in test mode, which nobody may rely on.
  const schemes = [...signatures.map((signature) => `v1=${signature}`), `v0=${"0".repeat(64)}`]
  return [`t=${seconds}`, ...schemes].join(",")
}

const whole = (event: Event, account: string | undefined): object => {
  const { id, object, ...rest } = event
  return { id, object, ...(account === undefined ? undefined : { account }), ...rest, pending_webhooks: 1 }
}

const thin = (event: Event, account: string | undefined): object => ({
  id: event.id,
  object: "v2.core.event",
  ...(account === undefined ? undefined : { context: account }),
  created: new Date(event.created * 1000).toISOString(),
  livemode: event.livemode,
  reason: null,
  related_object: {
    id: event.data.object.id,
    type: "identity.verification_session",
    url: `/v1/identity/verification_sessions/${event.data.object.id}`
  },
  type: `v1.${event.type}`
})

const check = (options: DeliveryOptions): void => {
  names("the options of deliveries", options, Object.keys(optionNames))
  const { after = 0, limit = Infinity, secrets, times = 1 } = options
  assert(
    Array.isArray(secrets) && secrets.length > 0 && secrets.every(Redacted.isRedacted),
    "secrets must be a list of at least one Redacted string"
  )
  word("order", options.order, ["happened", "reversed", "shuffled"])
  assert(Number.isInteger(after) && after >= 0, "after must be the position of a delivery, or 0")
  assert(limit >= 0, "limit must not be negative")
  assert(Number.isInteger(times) && times >= 0, "times must be a whole number")
  assert(Duration.toMillis(options.age ?? 0) >= 0, "age must not be negative")
}

/** The deliveries of stored events, signed at `now` (epoch milliseconds) unless they are stale. Rejects wrong options. */
export const make = async (
  log: EventLog,
  seed: number,
  now: number,
  options: DeliveryOptions
): Promise<ReadonlyArray<Delivery>> => {
  check(options)
  const { account, after = 0, limit = Infinity, order = "happened", secrets, times = 1, types } = options
  const seconds = Math.floor((now - Duration.toMillis(options.age ?? 0)) / 1000)
  const deliver = async (entry: EventEntry, position: number): Promise<Delivery> => {
    const event = log.render(entry)
    const body = JSON.stringify(options.thin === true ? thin(event, account) : whole(event, account), null, 2)
    const signature = await sign(body, seconds, secrets)
    return {
      position,
      eventId: event.id,
      type: event.type,
      body: options.tampered === true ? body.replace(/"livemode": false/, '"livemode": true') : body,
      headers: {
        accept: "*/*; q=0.5, application/xml",
        "cache-control": "no-cache",
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": signature,
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
      }
    }
  }
  const named = (type: EventType | undefined): boolean =>
    type !== undefined && (types?.includes(type) ?? !type.endsWith(".redacted"))
  const chosen = log
    .since(after)
    .map((entry, at) => ({ entry, position: after + at + 1 }))
    .filter(({ entry }) => named(log.typeOf(entry)))
    .slice(0, limit)
    .flatMap((one) => Array.from({ length: times }, (_, again) => ({ ...one, again })))
  if (order === "reversed") chosen.reverse()
  if (order === "shuffled") {
    const place = ({ again, position }: (typeof chosen)[number]) => fraction(seed, position * 16 + again, 88)
    chosen.sort((left, right) => place(left) - place(right))
  }
  return Promise.all(chosen.map(({ entry, position }) => deliver(entry, position)))
}
