/**
 * The keys of the sandbox, and the account that no key can access. Public through `Sandbox`.
 */
import * as Redacted from "effect/Redacted"
import * as Authentication from "./authentication.ts"

/**
 * The default key of the sandbox: it may list and retrieve. It is a fake and opens nothing else.
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
 * A restricted key that may read sessions and reports, but not events (403). See {@link apiKey}.
 *
 * @category keys
 * @since 0.1.0
 */
export const eventlessApiKey: Redacted.Redacted<string> = Redacted.make(Authentication.eventlessKey)

/**
 * A restricted key that is also restricted to IP addresses. It may expand the sensitive fields of every verification:
 * dates of birth, ID numbers, numbers and expiration dates of documents. See {@link apiKey}.
 *
 * @category keys
 * @since 0.1.0
 */
export const sensitiveApiKey: Redacted.Redacted<string> = Redacted.make(Authentication.sensitiveKey)

/**
 * A restricted key that may expand the sensitive fields of verifications whose report is at most 48 hours old, by
 * `Clock`. A report is created 90 seconds after its session. Compare {@link sensitiveApiKey}.
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
 * A live mode key. Live mode has no sessions in the sandbox. See {@link apiKey}.
 *
 * @category keys
 * @since 0.1.0
 */
export const liveApiKey: Redacted.Redacted<string> = Redacted.make(Authentication.liveKey)

/**
 * A connected account that no key can access: 403 `account_invalid`. Any other `acct_…` in `Stripe-Account` is accepted
 * and has its own history, unless the option `accounts` says otherwise. Read it with `StripeClient.CurrentAccount`.
 *
 * @category keys
 * @since 0.1.0
 */
export const unreachableAccount: string = Authentication.unreachableAccount
