/**
 * The refusals of Stripe, word for word where a recording or a public report of them exists.
 */

/** A refused request: the status and the fields of `error`. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly type?: "api_error" | "invalid_request_error" | "idempotency_error" | undefined
  readonly code?: string | undefined
  readonly param?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Some refusals come from before the request got a number: no `request-id`, no `request_log_url`. */
  readonly unnumbered?: boolean | undefined
  /** Some codes have no page in the documentation. */
  readonly undocumented?: boolean | undefined
}

const help = "or we can help at https://support.stripe.com/."
const challenge = { "www-authenticate": 'Basic realm="Stripe"' }

// 414 comes from the edge, which does not know JSON.
export const uriTooLarge =
  "<html>\r\n<head><title>414 Request-URI Too Large</title></head>\r\n<body>\r\n" +
  "<center><h1>414 Request-URI Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"

export const unrecognizedUrl = (method: string, path: string): Refusal => ({
  status: 404,
  message:
    `Unrecognized request URL (${method}: ${path}). ` +
    (path.endsWith("/")
      ? "If you are trying to list objects, remove the trailing slash. If you are trying to retrieve an object, make " +
        "sure you passed a valid (non-empty) identifier in your code. "
      : "") +
    `Please see https://stripe.com/docs ${help}`
})

export const apiKeyMissing: Refusal = {
  status: 401,
  message:
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth " +
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, " +
    help,
  headers: challenge,
  unnumbered: true
}

export const apiKeyInvalid = (masked: string): Refusal => ({
  status: 401,
  message: `Invalid API Key provided: ${masked}`,
  headers: challenge,
  unnumbered: true
})

export const apiKeyExpired = (masked: string): Refusal => ({
  status: 401,
  code: "api_key_expired",
  message: `Expired API Key provided: ${masked}`,
  headers: challenge,
  unnumbered: true
})

export const publishableKey: Refusal = {
  status: 401,
  code: "secret_key_required",
  message:
    "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your " +
    "API keys at https://dashboard.stripe.com/account/apikeys.",
  unnumbered: true
}

// As many projects quote it in 2026. The refusal of 2025 had no code and named a permission such as `rak_event_read`.
export const permissionDenied = (key: string, account: string, permission: string, name: string): Refusal => ({
  status: 403,
  code: "more_permissions_required",
  message:
    `Permission denied. The provided key '${key.slice(0, 8)}...${key.slice(-4)}' does not have the required permissions ` +
    `for this endpoint on account '${account}'. Enabling ${name} ('${permission}') permissions on this key would allow ` +
    "this request to continue. You can edit permissions at " +
    `https://dashboard.stripe.com/b/${account}?destination=%2Fapikeys`,
  undocumented: true
})

export const accountAccess = (masked: string, account: string): Refusal => ({
  status: 403,
  code: "account_invalid",
  message:
    `The provided key '${masked}' does not have access to account '${account}' (or that account does not exist). ` +
    "Application access may have been revoked."
})

export const invalidVersion = (version: string): Refusal => ({
  status: 400,
  message: `Invalid Stripe API version: ${version}`,
  unnumbered: true
})

export const identityNotEnabled: Refusal = {
  status: 400,
  message:
    "Your account is not set up to use Identity. Please have an account admin visit " +
    "https://dashboard.stripe.com/identity to get started."
}

/** A body that is no form: the words for JSON, and those for another type, such as the one that fetch gives a text. */
export const notAForm = (contentType: string): Refusal => ({
  status: 400,
  message: contentType.startsWith("application/json")
    ? "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any " +
      "questions, we can help at https://support.stripe.com/."
    : `Invalid request: unsupported Content-Type ${contentType}. If error persists and you need assistance, please ` +
      "contact support@stripe.com."
})

export const unknownParameter = (param: string): Refusal => ({
  status: 400,
  code: "parameter_unknown",
  message: `Received unknown parameter: ${param}`,
  param
})

export const emptyParameter = (param: string): Refusal => ({
  status: 400,
  code: "parameter_invalid_empty",
  message:
    `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however ` +
    `'${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`,
  param
})

export const invalidInteger = (param: string, value: string): Refusal => ({
  status: 400,
  code: "parameter_invalid_integer",
  message: `Invalid integer: ${value}`,
  param
})

export const invalidString = (param: string, value: unknown): Refusal => ({
  status: 400,
  message: `Invalid string: ${JSON.stringify(value)}`,
  param
})

export const invalidArray = (param: string): Refusal => ({ status: 400, message: "Invalid array", param })

// The message was seen at other calls of Stripe's. That it has a param and no code is a guess, after invalidString.
export const textTooLong = (param: string, value: string, longest: number): Refusal => ({
  status: 400,
  message: `Invalid string: ${value.slice(0, 4)}...${value.slice(-4)}; must be at most ${longest} characters`,
  param
})

export const invalidEnum = (param: string, words: ReadonlyArray<string>): Refusal => {
  const comma = words.length > 2 ? "," : ""
  return {
    status: 400,
    message: `Invalid ${param}: must be one of ${words.slice(0, -1).join(", ")}${comma} or ${words.at(-1)}`,
    param
  }
}

export const onlyOneOf = (params: ReadonlyArray<string>): Refusal => ({
  status: 400,
  message: `You may only specify one of these parameters: ${params.join(", ")}.`
})

// No recording of it exists: the words are ours, after those of similar refusals.
export const listTooLong = (param: string, longest: number): Refusal => ({
  status: 400,
  message: `Invalid array: ${param} may have at most ${longest} elements.`,
  param
})

// Estuary's connector looks for these words in a 400 (estuary/connectors, source-stripe-native).
export const eventExpired = (id: string, param: string): Refusal => ({
  status: 400,
  message: `The event '${id}' is no longer available because it's aged out of our retention policy.`,
  param
})

// For a cancel these are Stripe's words, from a public transcript of September 2026.
export const cannotChange = (what: string, status: string, from: ReadonlyArray<string>): Refusal => ({
  status: 400,
  message:
    `You cannot ${what} this VerificationSession because it has a status of "${status}". Only a VerificationSession in ` +
    `"${from.join('" or "')}" status may be ${what === "cancel" ? "canceled" : "changed so"}.`
})

// No recording of it exists: the words are ours.
export const cannotChangeRedacted = (what: string): Refusal => ({
  status: 400,
  message: `You cannot ${what} this VerificationSession because it has been redacted, or is being redacted.`
})

export const cannotExpand = (path: string, hint: boolean): Refusal => ({
  status: 400,
  message:
    `This property cannot be expanded (${path}).` +
    (hint ? ` You may want to try expanding 'data.${path}' instead.` : "")
})

export const cannotInclude = (path: string): Refusal => ({
  status: 400,
  message: `This property cannot be included (${path})`
})

export const expandTooDeep = (path: string): Refusal => ({
  status: 400,
  code: "property_expansion_max_depth",
  message: `You cannot expand more than 4 levels of a property. Property: ${path}`,
  undocumented: true
})

export const bothCursors: Refusal = {
  status: 400,
  message: "Received both starting_after and ending_before parameters. Please pass in only one."
}

/** No such object: 400 for a cursor, 404 for a retrieve. `testMode` says it exists there and the key is a live one. */
export const noSuchObject = (
  noun: string,
  id: string,
  param: string,
  options?: { readonly testMode?: boolean }
): Refusal => ({
  status: param === "starting_after" || param === "ending_before" ? 400 : 404,
  code: "resource_missing",
  message:
    `No such ${noun}: '${id}'` +
    (options?.testMode === true
      ? "; a similar object exists in test mode, but a live mode key was used to make this request."
      : ""),
  param
})

export const rateLimited = (reason: string): Refusal => ({
  status: 429,
  code: "rate_limit",
  message:
    "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.",
  headers: { "stripe-rate-limited-reason": reason }
})

export const lockTimeout: Refusal = {
  status: 429,
  code: "lock_timeout",
  message:
    "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. " +
    "If you see this error intermittently, retry the request. If you see this error frequently and are making multiple " +
    "concurrent requests to a single object, make your requests serially or at a lower rate.",
  headers: { "stripe-should-retry": "true" }
}

export const conflict: Refusal = {
  status: 409,
  message: "There is currently another request in progress that conflicts with this one. Please try again later."
}

/** An idempotency key that was first used for another path, or with another body. */
export const keyUsedOtherwise = (key: string, path: string, first: string): Refusal => ({
  status: 400,
  type: "idempotency_error",
  message:
    "Keys for idempotent requests can only be used " +
    (path === first
      ? "with the same parameters they were first used with. "
      : `for the same endpoint they were first used for ('${path}' vs '${first}'). `) +
    `Try using a key other than '${key}' if you meant to execute a different request.`
})

export const unknownError = (status: number): Refusal => ({
  status,
  type: "api_error",
  message: "An unknown error occurred"
})

/** The body of a refusal: keys in alphabetical order, and `doc_url` only where there is a code. */
export const body = (refusal: Refusal, logUrl: string | undefined): { readonly error: Record<string, string> } => {
  const { code, message, param } = refusal
  return {
    error: {
      ...(code === undefined ? undefined : { code }),
      ...(code === undefined || refusal.undocumented === true
        ? undefined
        : { doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}` }),
      message,
      ...(param === undefined ? undefined : { param }),
      ...(logUrl === undefined || refusal.unnumbered === true ? undefined : { request_log_url: logUrl }),
      type: refusal.type ?? "invalid_request_error"
    }
  }
}
