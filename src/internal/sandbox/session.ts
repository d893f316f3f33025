/**
 * The shapes the sandbox puts on the wire. They are written out here, and not taken from the library's Schemas, because
 * the sandbox is what those Schemas are tested against.
 */

/** A text with some known values; any other is possible. */
export type Open<Known extends string> = Known | (string & {})

/** The statuses a session has had so far. */
export type Status = "canceled" | "processing" | "requires_input" | "verified"

/** A date as Stripe writes it inside identity data. */
export interface CalendarDate {
  readonly day: number | null
  readonly month: number | null
  readonly year: number | null
}

/** A postal address. */
export interface Address {
  readonly city: string | null
  readonly country: string | null
  readonly line1: string | null
  readonly line2: string | null
  readonly postal_code: string | null
  readonly state: string | null
}

/** Why a check failed. */
export interface CheckError {
  readonly code: string | null
  readonly reason: string | null
}

/** What was verified about the person. On the wire only when expanded. */
export interface VerifiedOutputs {
  readonly address?: Address | null
  readonly dob?: CalendarDate | null
  readonly email?: string | null
  readonly first_name?: string | null
  readonly id_number?: string | null
  readonly id_number_type?: string | null
  readonly last_name?: string | null
  readonly phone?: string | null
  readonly sex?: string | null
  readonly unparsed_place_of_birth?: string | null
  readonly unparsed_sex?: string | null
}

/** What `last_verification_report` is when it is expanded. */
export interface Report {
  readonly id: string
  readonly object: "identity.verification_report"
  readonly client_reference_id: string | null
  readonly created: number
  readonly document?: Readonly<Record<string, unknown>>
  readonly email?: Readonly<Record<string, unknown>>
  readonly id_number?: Readonly<Record<string, unknown>>
  readonly livemode: boolean
  readonly options: Readonly<Record<string, unknown>>
  readonly phone?: Readonly<Record<string, unknown>>
  readonly selfie?: Readonly<Record<string, unknown>>
  readonly type: string
  readonly verification_flow?: string
  readonly verification_session: string
}

/** One verification session as the wire shows it, fields named and ordered as Stripe does. */
export interface Session {
  readonly id: string
  readonly object: "identity.verification_session"
  readonly client_reference_id: string | null
  readonly client_secret: string | null
  /** Epoch seconds. */
  readonly created: number
  readonly last_error: CheckError | null
  readonly last_verification_report: string | Report | null
  readonly livemode: boolean
  readonly metadata: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, unknown>> | null
  readonly provided_details?: { readonly email?: string; readonly phone?: string } | null
  readonly redaction: { readonly status: Open<"processing" | "redacted" | "validated"> } | null
  readonly related_customer: string | null
  readonly related_customer_account: string | null
  readonly related_person?: { readonly account: string; readonly person: string }
  readonly status: Open<Status>
  readonly type: Open<"document" | "id_number" | "verification_flow">
  readonly url: string | null
  readonly verification_flow?: string
  readonly verified_outputs?: VerifiedOutputs | null
}

/** What a test may say about a session; all else is made up. */
export type SessionPatch = { readonly [Key in Exclude<keyof Session, "object">]?: Session[Key] | undefined }

/** A connected account as the wire shows it, without what nobody asks here. */
export interface ConnectedAccount {
  readonly id: string
  readonly object: "account"
  readonly business_type: null
  readonly capabilities: {}
  readonly charges_enabled: boolean
  readonly country: string
  /** Epoch seconds. */
  readonly created: number
  readonly default_currency: string
  readonly details_submitted: boolean
  readonly email: null
  readonly metadata: {}
  readonly payouts_enabled: boolean
  readonly type: "standard"
}

/** One of the six types that sessions have. */
export type EventType =
  | "identity.verification_session.canceled"
  | "identity.verification_session.created"
  | "identity.verification_session.processing"
  | "identity.verification_session.redacted"
  | "identity.verification_session.requires_input"
  | "identity.verification_session.verified"

/** An event as the wire shows it. Its object is the session as it was then. */
export interface Event {
  readonly id: string
  readonly object: "event"
  /** The connected account, in webhooks of Connect. */
  readonly account?: string
  readonly api_version: string | null
  /** Epoch seconds. */
  readonly created: number
  readonly data: { readonly object: Partial<Session> }
  readonly livemode: boolean
  readonly pending_webhooks: number
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null } | null
  readonly type: EventType
}
