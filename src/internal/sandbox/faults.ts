/**
 * The faults that can be injected into replies. A fault is plain data.
 */
import type * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import type { SessionPatch } from "./session.ts"
import { names, assert } from "./assertions.ts"

/** See the constructors in {@link Fault} for what each one does. */
export type Fault =
  | {
      readonly _tag: "Reply"
      readonly status?: number | undefined
      readonly headers?: Readonly<Record<string, string>> | undefined
      readonly body?: unknown
    }
  | {
      readonly _tag: "RateLimited"
      readonly retryAfter?: number | string | undefined
      readonly reason?: RateLimitReason | undefined
    }
  | { readonly _tag: "LockTimeout" }
  | {
      readonly _tag: "ServerError"
      readonly status?: number | undefined
      readonly format?: "html" | "json" | undefined
    }
  | { readonly _tag: "Conflict" }
  | { readonly _tag: "ShouldRetry"; readonly status: number; readonly retry: boolean }
  | { readonly _tag: "CursorNotFound"; readonly param?: "starting_after" | "ending_before" | undefined }
  | { readonly _tag: "Redirect"; readonly location?: string | undefined; readonly status?: number | undefined }
  | { readonly _tag: "ResetBeforeHeaders" }
  | { readonly _tag: "ResetMidBody"; readonly at?: number | undefined }
  | { readonly _tag: "Hang" }
  | { readonly _tag: "StalledBody"; readonly at?: number | undefined }
  | { readonly _tag: "Latency"; readonly duration: Duration.Input }
  | { readonly _tag: "TruncatedJson"; readonly at?: number | undefined }
  | { readonly _tag: "GzipCutShort" }
  | { readonly _tag: "HugeBody"; readonly bytes: number; readonly chunked?: boolean | undefined }
  | { readonly _tag: "HtmlPage" }
  | { readonly _tag: "EmptyBody" }
  | { readonly _tag: "WrongContentType"; readonly contentType?: string | undefined }
  | { readonly _tag: "RepeatedPage" }
  | { readonly _tag: "EmptyPageWithMore" }
  | { readonly _tag: "RowsOutOfOrder" }
  | { readonly _tag: "OversizedPage"; readonly extra?: number | undefined }
  | {
      readonly _tag: "BadRow"
      readonly at?: number | undefined
      readonly patch?: Readonly<Record<string, unknown>> | SessionPatch | undefined
      readonly replacement?: unknown
    }
  | { readonly _tag: "AddedFields"; readonly fields?: Readonly<Record<string, unknown>> | undefined }
  | { readonly _tag: "IgnoredFilter"; readonly parameters?: ReadonlyArray<string> | undefined }
  | { readonly _tag: "MissingData" }
  | { readonly _tag: "NotAList" }

/**
 * The values of the `Stripe-Rate-Limited-Reason` header.
 *
 * @category faults
 * @since 0.1.0
 */
export type RateLimitReason = (typeof rateLimitReasons)[number]

/** The reasons, to check one. */
export const rateLimitReasons = [
  "global-rate",
  "endpoint-rate",
  "global-concurrency",
  "endpoint-concurrency",
  "resource-specific"
] as const

// The options of each fault, to check faults from plain JavaScript.
const fields: { readonly [Tag in Fault["_tag"]]: ReadonlyArray<Exclude<keyof Extract<Fault, { _tag: Tag }>, "_tag">> } =
  {
    Reply: ["status", "headers", "body"],
    RateLimited: ["retryAfter", "reason"],
    LockTimeout: [],
    ServerError: ["status", "format"],
    Conflict: [],
    ShouldRetry: ["status", "retry"],
    CursorNotFound: ["param"],
    Redirect: ["location", "status"],
    ResetBeforeHeaders: [],
    ResetMidBody: ["at"],
    Hang: [],
    StalledBody: ["at"],
    Latency: ["duration"],
    TruncatedJson: ["at"],
    GzipCutShort: [],
    HugeBody: ["bytes", "chunked"],
    HtmlPage: [],
    EmptyBody: [],
    WrongContentType: ["contentType"],
    RepeatedPage: [],
    EmptyPageWithMore: [],
    RowsOutOfOrder: [],
    OversizedPage: ["extra"],
    BadRow: ["at", "patch", "replacement"],
    AddedFields: ["fields"],
    IgnoredFilter: ["parameters"],
    MissingData: [],
    NotAList: []
  }

/** Throws what is wrong with something that was injected: not a fault, or a fault with an unknown option. */
export const check = (fault: Fault): void => {
  const tag: unknown = Predicate.hasProperty(fault, "_tag") ? fault._tag : undefined
  assert(
    Predicate.isString(tag) && Object.hasOwn(fields, tag),
    "the fault of inject must be made with Fault, such as Fault.Hang()"
  )
  const { _tag, ...said } = fault
  names(`the fault ${_tag}`, said, fields[_tag])
}

type Options<Tag extends Fault["_tag"]> = Omit<Extract<Fault, { readonly _tag: Tag }>, "_tag">

/**
 * The faults for `inject`.
 *
 * **Details**
 *
 * Faults of pages (`RepeatedPage` to `NotAList`) do not change other replies, such as an error or a retrieved session.
 *
 * **Example** (Two failures, then a normal reply)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { HttpClient } from "effect/http"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const statuses = await Effect.gen(function*() {
 *   const sandbox = yield* Sandbox.Sandbox
 *   yield* sandbox.inject(Sandbox.Fault.RateLimited({ retryAfter: 2 }))
 *   yield* sandbox.inject(Sandbox.Fault.ServerError({ status: 503 }))
 *   const client = yield* HttpClient.HttpClient
 *   const get = client.get("https://api.stripe.com/v1/identity/verification_sessions")
 *   const responses = yield* Effect.all([get, get, get])
 *   return responses.map((response) => response.status)
 * }).pipe(Effect.provide(Sandbox.layer()), Effect.runPromise)
 *
 * statuses // => [429, 503, 401]
 * ```
 *
 * @category faults
 * @since 0.1.0
 */
export const Fault = {
  /** Any reply. A string `body` is sent as it is, anything else as JSON. Default status 200. */
  Reply: (options: Options<"Reply">): Fault => ({ _tag: "Reply", ...options }),
  /** 429 `rate_limit`. `retryAfter` is in seconds or an HTTP date. Default `reason` "endpoint-rate". */
  RateLimited: (options: Options<"RateLimited"> = {}): Fault => ({ _tag: "RateLimited", ...options }),
  /** 429 `lock_timeout` with `Stripe-Should-Retry: true`: another request holds the object. */
  LockTimeout: (): Fault => ({ _tag: "LockTimeout" }),
  /** A server error (default 500) as an HTML page, or with `format: "json"` as Stripe's `api_error`. */
  ServerError: (options: Options<"ServerError"> = {}): Fault => ({ _tag: "ServerError", ...options }),
  /** 409. */
  Conflict: (): Fault => ({ _tag: "Conflict" }),
  /** An `api_error` of any status with `Stripe-Should-Retry` set to `retry`. */
  ShouldRetry: (options: Options<"ShouldRetry">): Fault => ({ _tag: "ShouldRetry", ...options }),
  /** 400 `resource_missing` for the cursor of the request (or for `param`), as when its row left the filter. */
  CursorNotFound: (options: Options<"CursorNotFound"> = {}): Fault => ({ _tag: "CursorNotFound", ...options }),
  /** A redirect (default 302) to `location` (default "https://example.com/"). */
  Redirect: (options: Options<"Redirect"> = {}): Fault => ({ _tag: "Redirect", ...options }),
  /** The connection is reset before the first byte of the reply. */
  ResetBeforeHeaders: (): Fault => ({ _tag: "ResetBeforeHeaders" }),
  /** The connection is reset after the fraction `at` (default 0.5) of the body. */
  ResetMidBody: (options: Options<"ResetMidBody"> = {}): Fault => ({ _tag: "ResetMidBody", ...options }),
  /** No reply. The request is recorded as "aborted" when the client gives up. */
  Hang: (): Fault => ({ _tag: "Hang" }),
  /** The headers and the fraction `at` (default 0.5) of the body, then nothing more. */
  StalledBody: (options: Options<"StalledBody"> = {}): Fault => ({ _tag: "StalledBody", ...options }),
  /** The normal reply, `duration` later. */
  Latency: (options: Options<"Latency">): Fault => ({ _tag: "Latency", ...options }),
  /** The fraction `at` (default 0.5) of the JSON, as a complete HTTP reply. */
  TruncatedJson: (options: Options<"TruncatedJson"> = {}): Fault => ({ _tag: "TruncatedJson", ...options }),
  /**
   * A gzip stream that ends early. Node's fetch does not notice, and returns the beginning of the JSON. The in-process
   * client, which does not compress, returns the same.
   */
  GzipCutShort: (): Fault => ({ _tag: "GzipCutShort" }),
  /**
   * The normal reply after whitespace, so that the body has at least `bytes` bytes; streamed. With `chunked: true` it
   * has no `content-length`.
   */
  HugeBody: (options: Options<"HugeBody">): Fault => ({ _tag: "HugeBody", ...options }),
  /** An HTML page with status 200, as from a proxy or a captive portal. */
  HtmlPage: (): Fault => ({ _tag: "HtmlPage" }),
  /** Status 200 and no body. */
  EmptyBody: (): Fault => ({ _tag: "EmptyBody" }),
  /** The normal body with another `content-type` (default "text/plain"). */
  WrongContentType: (options: Options<"WrongContentType"> = {}): Fault => ({ _tag: "WrongContentType", ...options }),
  /** The previous page of this read (the same query except for the cursor). A first page stays as it is. */
  RepeatedPage: (): Fault => ({ _tag: "RepeatedPage" }),
  /** No rows, and `has_more: true`. */
  EmptyPageWithMore: (): Fault => ({ _tag: "EmptyPageWithMore" }),
  /** The rows of the page, oldest first. */
  RowsOutOfOrder: (): Fault => ({ _tag: "RowsOutOfOrder" }),
  /** `extra` more rows than requested. Default: twice as many rows. */
  OversizedPage: (options: Options<"OversizedPage"> = {}): Fault => ({ _tag: "OversizedPage", ...options }),
  /**
   * Changes the row at position `at` (default 0) by `patch`, or replaces it with `replacement`. A page without such a
   * row stays as it is. A `patch` of `status` or `client_reference_id` makes a row that does not match the request's
   * filter.
   */
  BadRow: (options: Options<"BadRow">): Fault => ({ _tag: "BadRow", ...options }),
  /**
   * Adds `fields` to each row, and to each object in it except `metadata`, as when Stripe adds fields. Default: one
   * field `from_the_future`.
   */
  AddedFields: (options: Options<"AddedFields"> = {}): Fault => ({ _tag: "AddedFields", ...options }),
  /**
   * Ignores these `parameters`, such as `["status"]` or `["created"]`. Default: every filter. Inject it with
   * `times: Infinity` for a server that never filters.
   */
  IgnoredFilter: (options: Options<"IgnoredFilter"> = {}): Fault => ({ _tag: "IgnoredFilter", ...options }),
  /** The envelope without `data`. */
  MissingData: (): Fault => ({ _tag: "MissingData" }),
  /** The first session of the page instead of a list. */
  NotAList: (): Fault => ({ _tag: "NotAList" })
} as const
