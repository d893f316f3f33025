/**
 * The keys that the sandbox knows, and the account that none of them reaches. Public through `Sandbox`.
 */
import * as Redacted from "effect/Redacted"
import * as Authentication from "./authentication.ts"

/**
 * The key that may list and retrieve. A fake: it opens nothing but the sandbox.
 *
 * **Example** (What each key may do)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const { apiKey, expiredApiKey, liveApiKey, recentSensitiveApiKey, restrictedApiKey, sensitiveApiKey } = Sandbox
 * const keys = [apiKey, sensitiveApiKey, recentSensitiveApiKey, liveApiKey, restrictedApiKey, expiredApiKey]
 * const outcomes = Effect.forEach(keys, (apiKey) =>
 *   VerificationSessions.list().pipe(
 *     Effect.match({ onSuccess: ({ data }) => data.length, onFailure: ({ reason }) => reason._tag }),
 *     Effect.provide(VerificationSessions.layer({ apiKey }))
 *   )
 * ).pipe(Effect.provide(Sandbox.layer()))
 *
 * await Effect.runPromise(outcomes) // => [10, 10, 10, 0, "PermissionError", "AuthenticationError"]
 * ```
 *
 * @category keys
 * @since 0.1.0
 */
export const apiKey: Redacted.Redacted<string> = Redacted.make(Authentication.fullAccessKey)

/**
 * A restricted key without the permission to read sessions: 403. See {@link apiKey}.
 *
 * @category keys
 * @since 0.1.0
 */
export const restrictedApiKey: Redacted.Redacted<string> = Redacted.make(Authentication.restrictedKey)

/**
 * A restricted key that may read sessions and reports, but no events: 403 for these. See {@link apiKey}.
 *
 * @category keys
 * @since 0.1.0
 */
export const eventlessApiKey: Redacted.Redacted<string> = Redacted.make(Authentication.eventlessKey)

/**
 * A restricted key that is bound to IP addresses: it may read the sensitive fields of every verification (dates of birth,
 * ID numbers, numbers and expiration dates of documents), when they are named in `expand[]`. See {@link apiKey}.
 *
 * @category keys
 * @since 0.1.0
 */
export const sensitiveApiKey: Redacted.Redacted<string> = Redacted.make(Authentication.sensitiveKey)

/**
 * A restricted key that may read the sensitive fields of the verifications of the last 48 hours: those with a report that
 * is not older, by `Clock`. A report is made 90 seconds after its session. Compare {@link sensitiveApiKey}.
 *
 * **Example** (Sensitive fields are absent after 48 hours)
 *
 * ```ts
 * import { Effect, Redacted } from "effect"
 * import { TestClock } from "effect/testing"
 * import { VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const program = Effect.gen(function*() {
 *   const sandbox = yield* Sandbox.Sandbox
 *   const { id } = yield* sandbox.insert({ status: "verified" })
 *   const hasDob = VerificationSessions.retrieve(id, { expand: ["verified_outputs.dob"] }).pipe(
 *     Effect.map(({ verified_outputs: outputs }) => outputs ? "dob" in Redacted.value(outputs) : false)
 *   )
 *   const atOnce = yield* hasDob
 *   yield* TestClock.adjust("49 hours")
 *   return [atOnce, yield* hasDob]
 * }).pipe(
 *   Effect.provide(VerificationSessions.layer({ apiKey: Sandbox.recentSensitiveApiKey })),
 *   Effect.provide(Sandbox.layer()),
 *   Effect.provide(TestClock.layer())
 * )
 *
 * await Effect.runPromise(program) // => [true, false]
 * ```
 *
 * @category keys
 * @since 0.1.0
 */
export const recentSensitiveApiKey: Redacted.Redacted<string> = Redacted.make(Authentication.recentSensitiveKey)

/**
 * A key that has expired: 401 `api_key_expired`. See {@link apiKey}.
 *
 * @category keys
 * @since 0.1.0
 */
export const expiredApiKey: Redacted.Redacted<string> = Redacted.make(Authentication.expiredKey)

/**
 * A live mode key. Live mode has no sessions, and says so when it is asked for one of test mode. See {@link apiKey}.
 *
 * @category keys
 * @since 0.1.0
 */
export const liveApiKey: Redacted.Redacted<string> = Redacted.make(Authentication.liveKey)

/**
 * A connected account that no key has access to: 403 `account_invalid`. Any other `acct_…` in `Stripe-Account` is let in and
 * has a history of its own, unless the option `accounts` says otherwise. `StripeClient.CurrentAccount` names one.
 *
 * @category keys
 * @since 0.1.0
 */
export const unreachableAccount: string = Authentication.unreachableAccount
