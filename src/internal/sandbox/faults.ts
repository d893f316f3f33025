/**
 * What the sandbox can do wrong on demand. A fault is plain data that names one misbehaviour.
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
 * What `Stripe-Rate-Limited-Reason` may say.
 *
 * @category faults
 * @since 0.1.0
 */
export type RateLimitReason = (typeof rateLimitReasons)[number]

/** The reasons, for those who check one. */
export const rateLimitReasons = [
  "global-rate",
  "endpoint-rate",
  "global-concurrency",
  "endpoint-concurrency",
  "resource-specific"
] as const

// What each fault may say, for callers that no compiler looks at.
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
 * The faults, to be handed to `inject`.
 *
 * **Details**
 *
 * Faults that need a page (`RepeatedPage` to `NotAList`) leave a reply alone that is not a page, such as a refusal or a
 * retrieved session.
 *
 * **Example** (Two bad replies, then good ones)
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
  /** Any answer at all. `body` is sent as it is when it is a text, and as JSON otherwise; status 200 unless given. */
  Reply: (options: Options<"Reply">): Fault => ({ _tag: "Reply", ...options }),
  /** 429 `rate_limit`. `retryAfter` in seconds or as an HTTP date; `reason` "endpoint-rate" unless given. */
  RateLimited: (options: Options<"RateLimited"> = {}): Fault => ({ _tag: "RateLimited", ...options }),
  /** 429 `lock_timeout` with `Stripe-Should-Retry: true`: another request holds the object. */
  LockTimeout: (): Fault => ({ _tag: "LockTimeout" }),
  /** A server error (500 unless given) as a page of HTML, or with `format: "json"` as Stripe's `api_error`. */
  ServerError: (options: Options<"ServerError"> = {}): Fault => ({ _tag: "ServerError", ...options }),
  /** 409. */
  Conflict: (): Fault => ({ _tag: "Conflict" }),
  /** An `api_error` of any status with `Stripe-Should-Retry` set to `retry`. */
  ShouldRetry: (options: Options<"ShouldRetry">): Fault => ({ _tag: "ShouldRetry", ...options }),
  /** 400 `resource_missing` for the cursor of the request (or for `param`), as when its row left the filter. */
  CursorNotFound: (options: Options<"CursorNotFound"> = {}): Fault => ({ _tag: "CursorNotFound", ...options }),
  /** 302 (unless given) to `location`, "https://example.com/" unless given. */
  Redirect: (options: Options<"Redirect"> = {}): Fault => ({ _tag: "Redirect", ...options }),
  /** The connection breaks before a byte of the answer. */
  ResetBeforeHeaders: (): Fault => ({ _tag: "ResetBeforeHeaders" }),
  /** The connection breaks after the share `at` (0.5 unless given) of the body. */
  ResetMidBody: (options: Options<"ResetMidBody"> = {}): Fault => ({ _tag: "ResetMidBody", ...options }),
  /** No answer, ever. The request is recorded as "aborted" when the client gives up. */
  Hang: (): Fault => ({ _tag: "Hang" }),
  /** The head and the share `at` (0.5 unless given) of the body, then nothing more, ever. */
  StalledBody: (options: Options<"StalledBody"> = {}): Fault => ({ _tag: "StalledBody", ...options }),
  /** The normal reply, `duration` later. */
  Latency: (options: Options<"Latency">): Fault => ({ _tag: "Latency", ...options }),
  /** The share `at` (0.5 unless given) of the JSON, complete as far as HTTP is concerned. */
  TruncatedJson: (options: Options<"TruncatedJson"> = {}): Fault => ({ _tag: "TruncatedJson", ...options }),
  /**
   * A gzip stream that ends early. Node's fetch does not notice and hands over the beginning of the JSON, so that is what
   * the in-process client, which does not compress, hands over too.
   */
  GzipCutShort: (): Fault => ({ _tag: "GzipCutShort" }),
  /**
   * The normal reply behind so much white space that the body has at least `bytes` bytes; streamed. With `chunked: true`
   * its length is not announced.
   */
  HugeBody: (options: Options<"HugeBody">): Fault => ({ _tag: "HugeBody", ...options }),
  /** A page of HTML with status 200, as a proxy or a captive portal sends it. */
  HtmlPage: (): Fault => ({ _tag: "HtmlPage" }),
  /** Status 200 and no body. */
  EmptyBody: (): Fault => ({ _tag: "EmptyBody" }),
  /** The normal body under another `content-type`, "text/plain" unless given. */
  WrongContentType: (options: Options<"WrongContentType"> = {}): Fault => ({ _tag: "WrongContentType", ...options }),
  /** The page that this read (the same query but for the cursor) got before. Nothing is wrong with a first page. */
  RepeatedPage: (): Fault => ({ _tag: "RepeatedPage" }),
  /** No rows, and `has_more: true`. */
  EmptyPageWithMore: (): Fault => ({ _tag: "EmptyPageWithMore" }),
  /** The rows of the page, oldest first. */
  RowsOutOfOrder: (): Fault => ({ _tag: "RowsOutOfOrder" }),
  /** `extra` more rows than were asked for, as many again unless given. */
  OversizedPage: (options: Options<"OversizedPage"> = {}): Fault => ({ _tag: "OversizedPage", ...options }),
  /**
   * The row at position `at` (0 unless given) with the fields of `patch`, or `replacement` in its place. Nothing is wrong with
   * a page that has no such row. With a `patch` of `status` or `client_reference_id`, it is a row that the filter of the
   * request does not select.
   */
  BadRow: (options: Options<"BadRow">): Fault => ({ _tag: "BadRow", ...options }),
  /**
   * Each row with more `fields`, as when Stripe adds some: in the row and in each object in it but `metadata`. One field
   * `from_the_future` unless given.
   */
  AddedFields: (options: Options<"AddedFields"> = {}): Fault => ({ _tag: "AddedFields", ...options }),
  /**
   * The page as if these `parameters` were not sent, such as `["status"]` or `["created"]`; every filter unless given.
   * Inject it with `times: Infinity` for a server that never filters.
   */
  IgnoredFilter: (options: Options<"IgnoredFilter"> = {}): Fault => ({ _tag: "IgnoredFilter", ...options }),
  /** The envelope without `data`. */
  MissingData: (): Fault => ({ _tag: "MissingData" }),
  /** The first session of the page alone, where a list was asked for. */
  NotAList: (): Fault => ({ _tag: "NotAList" })
} as const
