/**
 * Stripe Identity's verification sessions and reports for Effect, with a namespace for each module. Three modules have
 * paths of their own, because few programs need what they load: `effect-stripe-identity/Sandbox`,
 * `effect-stripe-identity/SessionFlags` and `effect-stripe-identity/SqlDestination`.
 *
 * @module
 * @since 0.1.0
 */
export * as Checkpoint from "./Checkpoint.ts"
export * as Destination from "./Destination.ts"
export * as FileDestination from "./FileDestination.ts"
export * as Pagination from "./Pagination.ts"
export * as Progress from "./Progress.ts"
export * as RetryPolicy from "./RetryPolicy.ts"
export * as SessionFilter from "./SessionFilter.ts"
export * as StripeClient from "./StripeClient.ts"
export * as StripeError from "./StripeError.ts"
export * as Sync from "./Sync.ts"
export * as VerificationReport from "./VerificationReport.ts"
export * as VerificationReports from "./VerificationReports.ts"
export * as VerificationSession from "./VerificationSession.ts"
export * as VerificationSessions from "./VerificationSessions.ts"
export * as Webhook from "./Webhook.ts"
