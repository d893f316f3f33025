/**
 * Records requests, and keeps the faults for later requests.
 */
import * as Authentication from "./authentication.ts"
import * as Faults from "./faults.ts"
import type { Fault } from "./faults.ts"
import type { Query } from "./parameters.ts"
import { names, assert } from "./assertions.ts"

/** A request that reached the sandbox, and how it ended. */
export interface RecordedRequest {
  /** 0 for the first request. The numbering continues after `clearRequests`. */
  readonly index: number
  readonly method: string
  readonly path: string
  /** The decoded query parameters, in the order in which they were sent. */
  readonly query: Query
  /** By lower-case names. The key in `authorization` is masked as Stripe masks it. */
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970, by `Clock`. */
  readonly receivedAt: number
  /** The status that was sent; `undefined` before, and after a reset before the headers. */
  readonly status: number | undefined
  /**
   * "open" until the reply is complete; then "answered", "reset" if the sandbox reset the connection, or "aborted" if
   * the client gave up first.
   */
  readonly outcome: "open" | "answered" | "reset" | "aborted"
}

/** A request whose end is not known yet. */
export type OpenRequest = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] }

/** A request to the sandbox. */
export interface Incoming {
  readonly method: string
  readonly url: URL
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body of a POST. @default "" */
  readonly body?: string | undefined
  /** Whether replies to this client may be compressed. */
  readonly compresses: boolean
}

/** Which requests a fault applies to. */
export interface InjectOptions {
  /** How many requests get the fault; `Infinity` for all. @default 1 */
  readonly times?: number | undefined
  /** How many matching requests pass first. @default 0 */
  readonly skip?: number | undefined
  /** Which requests match. @default all */
  readonly when?: ((request: RecordedRequest) => boolean) | undefined
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0

/** Makes an empty record that keeps the last `limit` requests. */
export const make = (limit: number) => {
  let requests: Array<OpenRequest> = []
  let count = 0
  let waiting: Array<{ readonly fault: Fault; readonly when: InjectOptions["when"]; times: number; skip: number }> = []

  const open = (incoming: Incoming, receivedAt: number): OpenRequest => {
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(incoming.headers)) {
      if (value !== undefined) headers[name] = name === "authorization" ? Authentication.maskHeader(value) : value
    }
    const request: OpenRequest = {
      index: count++,
      method: incoming.method,
      path: incoming.url.pathname,
      query: Array.from(incoming.url.searchParams),
      headers,
      receivedAt,
      status: undefined,
      outcome: "open"
    }
    requests.push(request)
    // Dropping half at a time keeps the cost per request constant.
    if (requests.length >= 2 * limit) requests = last(requests)
    return request
  }

  const last = <A>(all: ReadonlyArray<A>): Array<A> => all.slice(Math.max(all.length - limit, 0))

  // Every fault counts every matching request, so `skip` does not depend on other faults.
  const takeFault = (request: RecordedRequest): Fault | undefined => {
    let taken: Fault | undefined
    for (const candidate of waiting) {
      if (candidate.when !== undefined && !candidate.when(request)) continue
      if (candidate.skip > 0) candidate.skip--
      else if (taken === undefined) {
        taken = candidate.fault
        candidate.times--
      }
    }
    if (taken !== undefined) waiting = waiting.filter(({ times }) => times > 0)
    return taken
  }

  return {
    open,
    takeFault,
    requests: (): ReadonlyArray<RecordedRequest> => last(requests).map((request) => ({ ...request })),
    count: (): number => count,
    clear: (): void => {
      requests = []
    },
    inject: (fault: Fault, options: InjectOptions = {}): void => {
      Faults.check(fault)
      names("the options of inject", options, ["times", "skip", "when"])
      const { skip = 0, times = 1, when } = options
      assert(times === Infinity || isCount(times), "times must be a whole number or Infinity")
      assert(isCount(skip), "skip must be a whole number")
      assert(when === undefined || typeof when === "function", "when must be a function of the request")
      if (times > 0) waiting.push({ fault, when, times, skip })
    },
    clearFaults: (): void => {
      waiting = []
    }
  }
}
