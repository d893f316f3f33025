import { Effect, type Redacted } from "effect"
import * as Sandbox from "../../src/Sandbox.ts"
import type * as StripeClient from "../../src/StripeClient.ts"
import { expectations } from "./faultExpectations.ts"

const { Fault } = Sandbox

// What can go wrong with a read of 250 sessions in pages of 100. Unless a case says otherwise, the fault applies to one
// request: the second, which is the first for page 2.

export interface Injection {
  readonly fault: Sandbox.Fault
  readonly skip?: number | undefined
  readonly times?: number | undefined
  readonly when?: Sandbox.InjectOptions["when"]
}

/** Something that happens to the list after so many rows were read. */
export interface Meanwhile {
  readonly after: number
  readonly change: (sandbox: Sandbox.Service, list: ReadonlyArray<Sandbox.Session>) => Effect.Effect<void>
}

export interface Read {
  readonly status?: "verified" | undefined
  readonly created?: { readonly gte: number; readonly lte: number } | undefined
  readonly client_reference_id?: string | undefined
  readonly startingAfter?: string | undefined
  /** Read oldest-first, from the oldest row. */
  readonly backwards?: boolean | undefined
  /** Hand rows that cannot be decoded to a handler, and continue. */
  readonly onDecodeError?: boolean | undefined
}

export interface Case {
  readonly group: string
  readonly name: string
  readonly injections: ReadonlyArray<Injection>
  readonly sandbox?: Sandbox.Options | undefined
  readonly apiKey?: Redacted.Redacted<string> | undefined
  readonly read: Read
  readonly meanwhile: ReadonlyArray<Meanwhile>
  /** The row at this place of the list is not to come, because a fault made another row of it. */
  readonly without?: number | undefined
  /** A limiter of the caller's own, for one request a second. */
  readonly limiter?: LimiterFault | undefined
  /** Whether requests run into their time limit, which is short then. */
  readonly stalls: boolean
}

/** What a limiter does, and what the client was told to do about it. */
export interface LimiterFault {
  /** How many answers it gives before it fails, and how often it fails then. */
  readonly after: number
  readonly times: number
  readonly onLimiterError?: StripeClient.RateLimit["onLimiterError"]
}

/** How a read ended. */
export interface Outcome {
  /** How many of the list's rows came, from its beginning and in its order. */
  readonly rows: number
  readonly requests: number
  /** "complete", the tag of the reason, or the class of stripe-node's error. */
  readonly end: string
}

export interface Expectation {
  /** `waits` are the pauses between requests, in milliseconds. */
  readonly ours: Outcome & { readonly waits: ReadonlyArray<number> }
  /** Unset where stripe-node has nothing of the kind. */
  readonly stripeNode: Outcome | undefined
}

const group = (group: string, cases: Readonly<Record<string, Sandbox.Fault | Partial<Case>>>): ReadonlyArray<Case> =>
  Object.entries(cases).map(([name, given]) => ({
    group,
    name,
    injections: "_tag" in given ? [{ fault: given }] : [],
    read: {},
    meanwhile: [],
    stalls: false,
    ...("_tag" in given ? {} : given)
  }))

const always = (fault: Sandbox.Fault): Partial<Case> => ({ injections: [{ fault, times: Infinity }] })
const stalling = (fault: Sandbox.Fault, times = 1): Partial<Case> => ({ injections: [{ fault, times }], stalls: true })

const limitOf = ({ query }: Sandbox.RecordedRequest) => Number(query.find(([name]) => name === "limit")?.[1])
const hasCursor = ({ query }: Sandbox.RecordedRequest) =>
  query.some(([name]) => name === "starting_after" || name === "ending_before")

const refusal = (status: number, error: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>) =>
  Fault.Reply({ status, headers, body: { error: { type: "invalid_request_error", message: "No.", ...error } } })

/** These rows of the list, by their position in the order of the read, get another status after `after` rows were read. */
const leave = (after: number, from: number, to = from): Meanwhile => ({
  after,
  change: (sandbox, list) =>
    Effect.forEach(list.slice(from, to + 1), ({ id }) => sandbox.update(id, { status: "canceled" }), { discard: true })
})

const strict = { sessions: 700, cursorPolicy: "must-match-filter" } as const
const vanishing = (meanwhile: ReadonlyArray<Meanwhile>, read: Read = {}, sandbox: Sandbox.Options = {}) => ({
  read: { status: "verified", ...read } as const,
  sandbox: { ...strict, ...sandbox },
  meanwhile
})

const ignored = (read: Read, parameters?: ReadonlyArray<string>, times = Infinity): Partial<Case> => ({
  read,
  injections: [{ fault: Fault.IgnoredFilter({ parameters }), skip: times === Infinity ? 0 : 1, times }]
})

const someTime = { gte: 1_740_000_000, lte: 1_764_000_000 }

export const matrix: ReadonlyArray<Case> = [
  ...group("Rate limits and refusals that pass", {
    "429, endpoint-rate": Fault.RateLimited({ reason: "endpoint-rate" }),
    "429, global-rate": Fault.RateLimited({ reason: "global-rate" }),
    "429, endpoint-concurrency": Fault.RateLimited({ reason: "endpoint-concurrency" }),
    "429, global-concurrency": Fault.RateLimited({ reason: "global-concurrency" }),
    "429, resource-specific": Fault.RateLimited({ reason: "resource-specific" }),
    "429 with `Retry-After: 3`": Fault.RateLimited({ retryAfter: 3 }),
    "429 with `Retry-After: 2.5`": Fault.RateLimited({ retryAfter: "2.5" }),
    "429 with `Retry-After: 2, 2`": Fault.RateLimited({ retryAfter: "2, 2" }),
    "429 with `Retry-After` as a date": Fault.RateLimited({ retryAfter: "Thu, 01 Jan 1970 00:00:07 GMT" }),
    "429 with `Retry-After` of an hour": Fault.RateLimited({ retryAfter: 3600 }),
    "429 `lock_timeout` with `Stripe-Should-Retry: true`": Fault.LockTimeout(),
    "400 `rate_limit`": refusal(400, { code: "rate_limit" }),
    "400 with `Stripe-Should-Retry: true`": Fault.ShouldRetry({ status: 400, retry: true }),
    "400 whose body is cut short": Fault.Reply({ status: 400, body: `{"error": {"message": "No such` }),
    "408, a timeout of the server": Fault.Reply({ status: 408, body: "<html>408 Request Time-out</html>" }),
    "409, a conflict": Fault.Conflict(),
    "429, again and again": always(Fault.RateLimited())
  }),
  ...group("Server errors", {
    "500 as HTML": Fault.ServerError(),
    "500 as JSON": Fault.ServerError({ format: "json" }),
    "502 as HTML": Fault.ServerError({ status: 502 }),
    "503 with `Retry-After: 3`": Fault.Reply({
      status: 503,
      headers: { "retry-after": "3" },
      body: "<html>later</html>"
    }),
    "504 as HTML": Fault.ServerError({ status: 504 }),
    "500 with `Stripe-Should-Retry: false`": Fault.ShouldRetry({ status: 500, retry: false }),
    "503, four times": { injections: [{ fault: Fault.ServerError({ status: 503 }), times: 4 }] },
    "500, four times": { injections: [{ fault: Fault.ServerError(), times: 4 }] },
    "503, again and again": always(Fault.ServerError({ status: 503 })),
    "500 for every page of more than 30 rows": {
      injections: [{ fault: Fault.ServerError(), skip: 0, times: Infinity, when: (request) => limitOf(request) > 30 }]
    }
  }),
  ...group("The network", {
    "reset before the headers": Fault.ResetBeforeHeaders(),
    "reset in the body": Fault.ResetMidBody(),
    "reset at the end of the body": Fault.ResetMidBody({ at: 0.99 }),
    "no answer": stalling(Fault.Hang()),
    "a body that stalls": stalling(Fault.StalledBody()),
    "reset in the body, again and again": always(Fault.ResetMidBody()),
    "a body that stalls, again and again": stalling(Fault.StalledBody(), Infinity)
  }),
  ...group("Bodies", {
    "JSON cut short, of the announced length": Fault.TruncatedJson(),
    "gzip cut short": Fault.GzipCutShort(),
    "HTML with 200": Fault.HtmlPage(),
    "an empty 200": Fault.EmptyBody(),
    "JSON as text/plain": Fault.WrongContentType(),
    "204, no content": Fault.Reply({ status: 204 }),
    "200 MB, announced": Fault.HugeBody({ bytes: 200_000_000 }),
    "200 MB, chunked": Fault.HugeBody({ bytes: 200_000_000, chunked: true }),
    "a redirect to another host": Fault.Redirect({ location: "https://example.invalid/v1/identity" }),
    "a redirect on the same host": Fault.Redirect({ location: "/v1/identity/verification_sessions" }),
    "HTML with 200, again and again": always(Fault.HtmlPage())
  }),
  ...group("Stalled and invalid lists", {
    "the same page again": Fault.RepeatedPage(),
    "the same page every time": always(Fault.RepeatedPage()),
    "more announced, no rows": Fault.EmptyPageWithMore(),
    "rows out of order": Fault.RowsOutOfOrder(),
    "more rows than asked for": Fault.OversizedPage(),
    "no `data`": Fault.MissingData(),
    "an object that is not a list": Fault.NotAList(),
    "`null`": Fault.Reply({ body: "null" })
  }),
  ...group("Rows", {
    "an unknown status": Fault.BadRow({ at: 3, patch: { status: "on_hold" } }),
    "`status: 123`": Fault.BadRow({ at: 3, patch: { status: 123 } }),
    '`created: "yesterday"`': Fault.BadRow({ at: 3, patch: { created: "yesterday" } }),
    "no id": Fault.BadRow({ at: 3, patch: { id: null } }),
    "`null` as a row": Fault.BadRow({ at: 3, replacement: null }),
    "`status: 123`, with `onDecodeError`": {
      injections: [{ fault: Fault.BadRow({ at: 3, patch: { status: 123 } }) }],
      read: { onDecodeError: true }
    },
    "`status: 123` in the last row, with `onDecodeError`": {
      injections: [{ fault: Fault.BadRow({ at: 99, patch: { status: 123 } }) }],
      read: { onDecodeError: true }
    },
    "no id in the last row, with `onDecodeError`": {
      injections: [
        { fault: Fault.BadRow({ at: 99, patch: { id: null } }) },
        // The page after starts behind the row before, and so with the same row.
        { fault: Fault.BadRow({ at: 0, patch: { id: null } }), skip: 2 }
      ],
      read: { onDecodeError: true }
    }
  }),
  ...group("Servers that do not filter, or not in order", {
    "`status` is ignored for one page": ignored({ status: "verified" }, ["status"], 1),
    "`status` is ignored": ignored({ status: "verified" }, ["status"]),
    "`created` is ignored": ignored({ created: someTime }, ["created"]),
    "`client_reference_id` is ignored": ignored({ client_reference_id: "user_000150" }, ["client_reference_id"]),
    "every filter is ignored": ignored({ status: "verified", created: someTime }),
    "`status` is ignored for one page, and its last row is no cursor after": {
      ...ignored({ status: "verified" }, ["status"], 1),
      sandbox: strict
    },
    'one `canceled` row under `status: "verified"`': {
      injections: [{ fault: Fault.BadRow({ at: 3, patch: { status: "canceled" } }) }],
      read: { status: "verified" },
      without: 103
    },
    "rows a second out of order": { sandbox: { history: "import", disorder: "1 second" } },
    "rows a second out of order, oldest first": {
      sandbox: { history: "import", disorder: "1 second" },
      read: { backwards: true }
    },
    "fields that Stripe adds": always(Fault.AddedFields())
  }),
  ...group("Limiters of your own, for one request a second", {
    "one that fails": { limiter: { after: 0, times: Infinity } },
    "one that fails after the first request": { limiter: { after: 1, times: Infinity } },
    'one that fails once, with `onLimiterError: "wait"`': { limiter: { after: 1, times: 1, onLimiterError: "wait" } }
  }),
  ...group("Cursors that vanish from a filter", {
    "the cursor's row": vanishing([leave(100, 99)]),
    "every row of the page": vanishing([leave(100, 0, 99)]),
    "twice in a row": vanishing([leave(100, 99), leave(200, 199)]),
    "the cursor's row, with a `created` range": vanishing([leave(100, 99)], {
      created: someTime
    }),
    "the cursor's row, one second for all": vanishing([leave(100, 99)], {}, { history: "one-second" }),
    "every row of the page, one second for all": vanishing([leave(100, 0, 99)], {}, { history: "one-second" }),
    "the cursor's row, oldest first": vanishing([leave(100, 99)], { backwards: true }),
    "every row of the page, oldest first": vanishing([leave(100, 0, 99)], { backwards: true }),
    "every row of the page, oldest first, in an import": vanishing(
      [leave(100, 0, 99)],
      { backwards: true },
      { history: "import" }
    ),
    "a cursor that is never found": {
      injections: [{ fault: Fault.CursorNotFound(), times: Infinity, skip: 0, when: hasCursor }]
    },
    "a cursor that is never found, one second for all": {
      sandbox: { history: "one-second" },
      injections: [{ fault: Fault.CursorNotFound(), times: Infinity, skip: 0, when: hasCursor }]
    },
    "a start that never existed": { read: { startingAfter: "vs_never" } }
  }),
  ...group("Refusals that stay", {
    "401": { apiKey: Sandbox.expiredApiKey },
    "401 on page 2": refusal(401, {}),
    "403": { apiKey: Sandbox.restrictedApiKey },
    "404": refusal(404, {}),
    "400 `parameter_unknown`": refusal(400, { code: "parameter_unknown", param: "wat" }),
    "Identity not enabled": { sandbox: { account: "identity-not-enabled" } }
  })
]

export const keyOf = ({ group, name }: Case): string => `${group}: ${name}`

export const expectationOf = (one: Case): Expectation => {
  const expected = expectations[keyOf(one)]
  if (expected === undefined) throw new Error(`Say what is expected of "${keyOf(one)}" in faultExpectations.ts`)
  return expected
}
