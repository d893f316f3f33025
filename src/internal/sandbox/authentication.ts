/**
 * Who is asking: the keys the sandbox knows, how they are sent, and how they are masked when they are shown.
 */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import * as Errors from "./errors.ts"

// Not secrets: these keys open nothing but a simulation, and their text says so.
// The underscores keep secret scanners from taking them for real ones.
export const fullAccessKey = "sk_test_SANDBOX_full_access_key"
export const restrictedKey = "rk_test_SANDBOX_key_without_permission"
export const sensitiveKey = "rk_test_SANDBOX_sensitive_data_key"
export const recentSensitiveKey = "rk_test_SANDBOX_recent_sensitive_data_key"
export const eventlessKey = "rk_test_SANDBOX_key_without_events"
export const expiredKey = "rk_test_SANDBOX_expired_key"
export const liveKey = "sk_live_SANDBOX_live_mode_key"
export const account = "acct_SANDBOX000000001"
export const unreachableAccount = "acct_SANDBOX000000404"

/** What a request asks the right for, and what the Dashboard calls it. */
const permissions = {
  identity_product_read: "Identity Verification Sessions and Reports Read",
  identity_product_write: "Identity Verification Sessions and Reports Write",
  event_read: "Events Read",
  accounts_kyc_basic_read: "Basic Business Contact Information Read"
} as const

/** What a request asks the right for. */
export type Permission = keyof typeof permissions

/** What the holder of a valid key may do. */
export interface Caller {
  /** The key as refusals show it. */
  readonly masked: string
  readonly livemode: boolean
  /** Whose sensitive results may be read. "recent" is the last {@link recentSeconds}. */
  readonly sensitive: "none" | "recent" | "all"
}

/** How long a restricted key that is not bound to IP addresses may read sensitive results: 48 hours. */
export const recentSeconds = 48 * 60 * 60

// A key bound to IP addresses may read all of them (docs.stripe.com/identity/access-verification-results).
const sensitiveOf = (key: string): Caller["sensitive"] =>
  key === sensitiveKey ? "all" : key === recentSensitiveKey ? "recent" : "none"

/** Stripe's mask: the first eight characters, a star for each hidden one, the last four (six of a 107-character key). */
const mask = (key: string): string => {
  const tail = key.length >= 107 ? 6 : 4
  return key.length <= 8 + tail
    ? "*".repeat(key.length)
    : key.slice(0, 8) + "*".repeat(key.length - 8 - tail) + key.slice(-tail)
}

// Bearer, or Basic with the key as the user name.
const keyOf = (header: string | undefined): string | undefined => {
  const [, scheme, credentials] = /^(\S+)\s+(\S+)\s*$/.exec(header ?? "") ?? []
  switch (scheme?.toLowerCase()) {
    case "bearer":
      return credentials
    case "basic": {
      const decoded = Result.getOrElse(Base64.decodeString(credentials ?? ""), () => "")
      const colon = decoded.indexOf(":")
      return (colon < 0 ? decoded : decoded.slice(0, colon)) || undefined
    }
    default:
      return undefined
  }
}

/** The header as it may be recorded: the scheme and the masked key. */
export const maskHeader = (header: string): string => {
  const key = keyOf(header)
  return key === undefined ? "*".repeat(header.length) : `${header.split(/\s/)[0]} ${mask(key)}`
}

const may = (key: string, permission: Permission): boolean =>
  key !== restrictedKey &&
  (permission !== "event_read" || key !== eventlessKey) &&
  (permission !== "identity_product_write" || !key.startsWith("rk_"))

/** Decides from the request's headers (lower-case names) who is calling. */
export const authenticate = (
  headers: Readonly<Record<string, string | undefined>>,
  permission: Permission,
  isRevoked: (account: string) => boolean
): Result.Result<Caller, Errors.Refusal> => {
  const isClosed = (account: string): boolean => account === unreachableAccount || isRevoked(account)
  const key = keyOf(headers["authorization"])
  if (key === undefined) return Result.fail(Errors.apiKeyMissing)
  if (key.startsWith("pk_")) return Result.fail(Errors.publishableKey)
  if (key === expiredKey) return Result.fail(Errors.apiKeyExpired(mask(key)))
  if (![fullAccessKey, restrictedKey, eventlessKey, sensitiveKey, recentSensitiveKey, liveKey].includes(key)) {
    return Result.fail(Errors.apiKeyInvalid(mask(key)))
  }
  const connected = headers["stripe-account"] ?? headers["stripe-context"]
  if (connected !== undefined && (!/^acct_\w+(\/acct_\w+)*$/.test(connected) || connected.split("/").some(isClosed))) {
    return Result.fail(Errors.accountAccess(mask(key), connected))
  }
  if (!may(key, permission)) {
    return Result.fail(Errors.permissionDenied(key, connected ?? account, permission, permissions[permission]))
  }
  return Result.succeed({ masked: mask(key), livemode: key === liveKey, sensitive: sensitiveOf(key) })
}
