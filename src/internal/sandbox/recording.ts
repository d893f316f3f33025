/**
 * The record of every request, and the faults that wait for one.
 */
import * as Authentication from "./authentication.ts"
import * as Faults from "./faults.ts"
import type { Fault } from "./faults.ts"
import type { Query } from "./parameters.ts"
import { names, assert } from "./assertions.ts"

/** One request as the sandbox saw it, and what became of it. */
export interface RecordedRequest {
  /** 0 for the first request. It counts on when requests are cleared or no longer kept. */
  readonly index: number
  readonly method: string
  readonly path: string
  /** The decoded pairs of the query, as they were sent. */
  readonly query: Query
  /** Lower-case names. The key in `authorization` is masked as Stripe masks it. */
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds by `Clock`. */
  readonly receivedAt: number
  /** The status that was sent; `undefined` while there is none, and for ever after a reset before the head. */
  readonly status: number | undefined
  /**
   * "open" until the answer is complete; then "answered", "reset" when the sandbox broke the connection, or "aborted" when
   * the client went away first.
   */
  readonly outcome: "open" | "answered" | "reset" | "aborted"
}

/** A request whose end is not known yet. */
export type OpenRequest = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] }

/** A request as a front hands it in. */
export interface Incoming {
  readonly method: string
  readonly url: URL
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body of a POST; empty unless given. */
  readonly body?: string | undefined
  /** Whether bodies may be compressed on the way to this client. */
  readonly compresses: boolean
}

/** Which requests a fault befalls. */
export interface InjectOptions {
  /** How many requests get the fault; 1 unless given, `Infinity` for all. */
  readonly times?: number | undefined
  /** How many matching requests pass first; 0 unless given. */
  readonly skip?: number | undefined
  /** Which requests count; all unless given. */
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
    // Cutting off half at a time costs each request the same, however many there were.
    if (requests.length >= 2 * limit) requests = last(requests)
    return request
  }

  const last = <A>(all: ReadonlyArray<A>): Array<A> => all.slice(Math.max(all.length - limit, 0))

  // Every waiting fault counts every matching request, so `skip` means the same whatever else was injected.
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
