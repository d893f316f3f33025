import { DateTime, Duration, Effect, Layer, Random, Stream } from "effect"
import { HttpClient } from "effect/http"
import { type Pagination, type SessionFilter, type StripeError, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { drive } from "./drive.ts"
import { given } from "./filters.ts"

const { Fault } = Sandbox

// A story is one read of a list that changes while it is read, from a server on which things go wrong, all of it a
// function of the seed. `verdict` says how it must end.

const statuses = ["canceled", "processing", "requires_input", "verified"] as const

/** What a retry survives, or a look without `status`. */
const survivable: ReadonlyArray<Sandbox.Fault> = [
  Fault.RateLimited(),
  Fault.RateLimited({ retryAfter: 2, reason: "global-concurrency" }),
  Fault.LockTimeout(),
  Fault.ServerError({ status: 500 }),
  Fault.ServerError({ status: 503, format: "json" }),
  Fault.Conflict(),
  Fault.ShouldRetry({ status: 400, retry: true }),
  Fault.Reply({ status: 400, body: { error: { code: "rate_limit", type: "invalid_request_error" } } }),
  Fault.ResetBeforeHeaders(),
  Fault.ResetMidBody(),
  Fault.TruncatedJson(),
  Fault.GzipCutShort(),
  Fault.HtmlPage(),
  Fault.EmptyBody(),
  Fault.CursorNotFound(),
  Fault.IgnoredFilter(),
  Fault.IgnoredFilter({ parameters: ["status"] }),
  Fault.IgnoredFilter({ parameters: ["created"] }),
  Fault.AddedFields()
]

/** What nobody can survive: it may only end in a failure, never in a wrong success. */
const fatal: ReadonlyArray<Sandbox.Fault> = [
  Fault.RepeatedPage(),
  Fault.EmptyPageWithMore(),
  Fault.OversizedPage(),
  Fault.MissingData(),
  Fault.NotAList(),
  Fault.BadRow({ at: 0, patch: { status: 123 } }),
  Fault.BadRow({ at: 1, patch: { created: "yesterday" } })
]

export interface Story {
  readonly direction: "newest-first" | "oldest-first"
  readonly emitted: ReadonlyArray<Sandbox.Session["id"]>
  readonly error: StripeError.StripeError | undefined
  readonly start: string | undefined
  readonly maxItems: number | undefined
  /** How many seconds the list may be out of order. */
  readonly disorder: number
  readonly lies: boolean
  /** Whether the server ignored the filter once, so that a row from outside of it may have been the cursor. */
  readonly isFilterIgnored: boolean
  /** How often a cursor was not found. */
  readonly found: number
  /** The ids that were in the list, and matched, from the first request to the last, in the order of the walk. */
  readonly throughout: ReadonlyArray<string>
  /** Every id that ever matched, with its `created`. */
  readonly ever: ReadonlyMap<string, number>
}

// The longest list has a hundred-odd rows, so this many requests for it mean a loop.
const mostRequests = 20_000

const oneOf = <A>(choices: ReadonlyArray<A>) =>
  Effect.map(Random.nextIntBetween(0, choices.length - 1), (index) => {
    const chosen = choices[index]
    if (chosen === undefined) throw new Error("nothing to choose from")
    return chosen
  })

const hasNoStatus = (query: Sandbox.RecordedRequest["query"]) => query.every(([name]) => name !== "status")

const hasCursor = ({ query }: Sandbox.RecordedRequest) =>
  query.some(([name]) => name === "starting_after" || name === "ending_before")

const chance = (likelihood: number) => Effect.map(Random.next, (number) => number < likelihood)

const from = DateTime.makeUnsafe("2025-06-01T00:00:00Z")
const fromSecond = DateTime.toEpochSeconds(from)

export const tell = Effect.fnUntraced(function* (seed: number) {
  const seconds = yield* oneOf([1, 2, 5, 30, 1000, 1_000_000])
  const options: Sandbox.Options = {
    sessions: yield* Random.nextIntBetween(0, 80),
    seed,
    history: yield* oneOf(["uniform", "growing", "bursty", "import", "one-second"] as const),
    orderWithinSecond: yield* oneOf(["insertion", "shuffled"] as const),
    cursorPolicy: (yield* chance(0.8)) ? "must-match-filter" : "any-session",
    disorder: yield* oneOf([0, 0, 1000, 3000]),
    from,
    to: DateTime.addDuration(from, Duration.seconds(seconds))
  }
  const sandbox = yield* Sandbox.make(options)
  const first = yield* sandbox.sessions
  const status = (yield* chance(0.8)) ? yield* oneOf(statuses) : undefined
  const bounds = (yield* chance(0.4))
    ? {
        gte: fromSecond + Math.floor((yield* Random.next) * seconds * 0.4),
        lte: fromSecond + Math.ceil((0.6 + (yield* Random.next) * 0.4) * seconds)
      }
    : undefined
  const filter: SessionFilter.Input = given({ status, created: bounds })
  const matches = (session: { readonly status: string; readonly created: number }) =>
    (status === undefined || session.status === status) &&
    (bounds === undefined || (session.created >= bounds.gte && session.created <= bounds.lte))

  const matching = first.filter(matches)
  const direction = matching.length > 0 && (yield* chance(0.5)) ? "oldest-first" : "newest-first"
  const start =
    matching.length > 0 && (direction === "oldest-first" || (yield* chance(0.2)))
      ? (yield* oneOf(direction === "oldest-first" && (yield* chance(0.7)) ? matching.slice(-3) : matching)).id
      : undefined
  const at = matching.findIndex(({ id }) => id === start)
  const ahead = direction === "oldest-first" ? matching.slice(0, at).reverse() : matching.slice(at + 1)
  const throughout = new Set(ahead.map(({ id }) => id))
  const ever = new Map(matching.map(({ created, id }) => [id, created]))

  const maxItems = (yield* chance(0.2)) ? yield* Random.nextIntBetween(1, 30) : undefined
  const pageSize = yield* Random.nextIntBetween(1, 12)
  const prefetch = yield* oneOf([0, 0, 1, 2])
  const walk: Pagination.Options =
    direction === "oldest-first"
      ? { endingBefore: start ?? "", pageSize, maxItems, prefetch }
      : { startingAfter: start, pageSize, maxItems, prefetch }

  const badness = yield* oneOf([0, 0.1, 0.3])
  const restlessness = yield* oneOf([0, 0.5, 1])
  let lies = false
  let isFilterIgnored = false
  const emitted: Array<string> = []

  const change = Effect.gen(function* () {
    const now = yield* sandbox.sessions
    if (now.length > 0 && (yield* chance(0.8))) {
      // What was just read is what programs change, and it is the cursor.
      const recent = (yield* chance(0.5)) ? now.find(({ id }) => id === emitted.at(-1)) : undefined
      const session = recent ?? (yield* oneOf(now))
      const next = yield* oneOf(statuses)
      yield* sandbox.update(session.id, { status: next })
      if (matches({ created: session.created, status: next })) ever.set(session.id, session.created)
      else throughout.delete(session.id)
    } else {
      const created = fromSecond + Math.floor((yield* Random.next) * seconds)
      const session = yield* sandbox.insert({ created, status: yield* oneOf(statuses) })
      if (matches(session)) ever.set(session.id, session.created)
    }
  })

  let asking = 0
  const meddle = Effect.gen(function* () {
    if (++asking > mostRequests) return yield* Effect.die(new Error(`story ${seed} does not end`))
    while (yield* chance(restlessness * 0.7)) yield* change
    if (yield* chance(badness)) {
      const fault = yield* oneOf(survivable)
      if (fault._tag === "IgnoredFilter") isFilterIgnored = true
      // A cursor that was not sent cannot be missing.
      yield* sandbox.inject(fault, fault._tag === "CursorNotFound" ? { when: hasCursor } : undefined)
    }
    if (badness > 0 && (yield* chance(0.005))) {
      lies = true
      yield* sandbox.inject(yield* oneOf(fatal))
    }
  })

  const transformClient = HttpClient.mapRequestEffect<never, never>((request) => Effect.as(meddle, request))
  const error = yield* VerificationSessions.stream(filter, walk).pipe(
    Stream.runForEach((session) => Effect.sync(() => emitted.push(session.id))),
    Effect.match({ onFailure: (error): StripeError.StripeError | undefined => error, onSuccess: () => undefined }),
    drive,
    Effect.provide(
      VerificationSessions.layer({
        apiKey: Sandbox.apiKey,
        rateLimit: false,
        timeout: "1 hour",
        transformClient
      }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, Sandbox.client(sandbox))))
    )
  )
  const asked = yield* sandbox.requests
  const story: Story = {
    direction,
    emitted,
    error,
    start,
    maxItems,
    disorder: Duration.toSeconds(options.disorder ?? 0),
    lies,
    isFilterIgnored,
    found: status === undefined ? 0 : asked.filter(({ query }) => hasNoStatus(query)).length,
    throughout: ahead.map(({ id }) => id).filter((id) => throughout.has(id)),
    ever
  }
  return story
})

/** What is wrong with how a story ended, if anything is. */
export const verdict = (story: Story): string | undefined => {
  const { direction, disorder, emitted, error, ever, lies, maxItems, start, throughout } = story
  if (new Set(emitted).size < emitted.length) return "a row came twice"
  const strange = emitted.find((id) => !ever.has(id))
  if (strange !== undefined) return `${strange} never matched`
  const moments = emitted.map((id) => ever.get(id) ?? 0)
  // A server that is out of order by seconds is followed in its order.
  const inOrder = moments.every((moment, index) => {
    const before = moments[index - 1] ?? moment
    return direction === "oldest-first" ? moment >= before - 2 * disorder : moment <= before + 2 * disorder
  })
  if (!inOrder) return "rows are out of order"
  // Rows that were there all the time come one after the other, in order, and none is left out on the way.
  const seen = emitted.filter((id) => throughout.includes(id))
  if (seen.some((id, index) => throughout[index] !== id)) return "a row was left out, or came out of order"
  if (error === undefined) {
    const whole = maxItems === undefined || emitted.length < maxItems
    if (whole && seen.length < throughout.length) return `${throughout.length - seen.length} rows are missing`
    if (maxItems !== undefined && emitted.length > maxItems) return "more rows than maxItems"
    return undefined
  }
  if (lies) return undefined
  const { _tag } = error.reason
  // The caller's own cursor is only looked up once without a status.
  if (_tag === "CursorNotFoundError" && start !== undefined && emitted.length === 0) return undefined
  // A row of another time: a server that filters again does not know it.
  if (_tag === "CursorNotFoundError" && story.isFilterIgnored) return undefined
  return error.isRetryable ? undefined : `it failed without need: ${error.message}`
}
