import { Clock, Duration, Effect, Predicate, Result, Stream } from "effect"
import { RetryPolicy, StripeClient, StripeError, VerificationSessions } from "effect-stripe-identity"
import { HttpClient } from "effect/http"
import { choices } from "./syncHistory.ts"

// Stripe in memory: sessions that change, and the events about it, which are listed late, twice, in any order, or never.
// It answers `StripeClient.get` itself, and a request takes a moment of its clock, so that thousands of lives take seconds.

type Choices = ReturnType<typeof choices>

export interface Options {
  /** The longest time from a change to its event in the list, in seconds. */
  readonly lag: number
  /** The chance that an event is never listed. */
  readonly loss: number
  /** How far Stripe's clock is ahead of ours, in seconds. */
  readonly skew: number
  /** The most rows that a page holds, whatever was asked for. */
  readonly pageSize: number
  /** How many changes there are between two requests. */
  readonly busy: number
  /** Whether every page of events is the first one, and says that there are more. */
  readonly goesRound?: boolean | undefined
}

export interface Session {
  readonly id: string
  readonly created: number
  readonly listed: number
  status: "canceled" | "processing" | "requires_input" | "verified"
  /** What a person wrote; a redaction replaces it. */
  client_reference_id: string
  redaction: { status: "processing" | "redacted" } | null
  metadata: Record<string, string>
}

export interface Event {
  readonly id: string
  readonly type: string
  readonly created: number
  readonly listed: number
  readonly order: number
  readonly object: unknown
}

export interface Asked {
  readonly path: string
  readonly query: ReadonlyMap<string, string>
  /** The ids of the sessions in the reply, or those that events in it are about. */
  readonly sessions: ReadonlyArray<string>
}

const prefix = "identity.verification_session"
const listPath = "/v1/identity/verification_sessions"

/** A session as Stripe shows it. */
export const toWire = ({ listed: _, ...session }: Session) => ({
  ...session,
  metadata: { ...session.metadata },
  redaction: session.redaction === null ? null : { ...session.redaction },
  object: "identity.verification_session",
  livemode: false,
  type: "document"
})

export const make = ({ below, chance, one }: Choices, options: Options) => {
  let now = Date.UTC(2026, 0, 1)
  const sessions: Array<Session> = []
  const events: Array<Event> = []
  const asked: Array<Asked> = []
  let quiet = false
  // The next answers to requests with this path, instead of what is there.
  const refusals: Array<{
    readonly path: string
    readonly reason: StripeError.Reason
    /** Whether only requests with a cursor are refused. */
    readonly after?: boolean | undefined
  }> = []
  let eventsAPage = options.pageSize
  // A path, and how long the next request for it takes, in milliseconds.
  let slow: { readonly path: string; readonly millis: number } | undefined

  const stripeNow = () => Math.floor(now / 1000) + options.skew

  const emit = (session: Session, type: string) => {
    for (let copies = chance(0.1) ? 2 : 1; copies > 0; copies--) {
      if (chance(options.loss)) continue
      const lag = chance(0.5) ? 0 : below(options.lag * 1000 + 1)
      events.push({
        // Ids say nothing of the order.
        id: `evt_${below(1e9)}${events.length}`,
        type: `${prefix}.${type}`,
        created: stripeNow(),
        listed: now + lag,
        order: below(1e9),
        object: toWire(session)
      })
    }
  }

  const create = (): Session => {
    const id = `vs_${sessions.length}`
    const listed = now + below(20_000)
    const session: Session = {
      id,
      created: stripeNow(),
      listed,
      status: "requires_input",
      client_reference_id: `text of ${id}`,
      redaction: null,
      metadata: {}
    }
    sessions.push(session)
    emit(session, "created")
    return session
  }

  /** An event, whatever is true of the session. */
  const tell = (id: string, type: string, object: unknown = { id }, whole = `${prefix}.${type}`) => {
    const place = events.length
    events.push({ id: `evt_${place}`, type: whole, created: stripeNow(), listed: now, order: below(1e9), object })
  }

  const to = (session: Session, status: Session["status"]) => {
    session.status = status
    session.client_reference_id += "."
    emit(session, status)
  }

  /** Something that may happen to a session. */
  const change = (session: Session) => {
    if (session.redaction?.status === "redacted") return
    if (session.redaction !== null) {
      session.redaction = { status: "redacted" }
      session.client_reference_id = "[redacted]"
      session.metadata = {}
      return emit(session, "redacted")
    }
    if (chance(0.1)) {
      session.metadata = { edit: String(below(1000)) }
      return
    }
    switch (session.status) {
      case "requires_input":
        if (chance(0.15)) return to(session, "canceled")
        if (chance(0.15)) return redact(session)
        return to(session, "processing")
      case "processing":
        return to(session, one(["verified", "requires_input"]))
      case "verified":
        return chance(0.3) ? redact(session) : to(session, one(["requires_input", "verified"]))
      case "canceled":
        if (chance(0.3)) redact(session)
    }
  }

  const redact = (session: Session) => {
    if (session.status === "requires_input") session.status = "canceled"
    session.redaction = { status: "processing" }
    emit(session, "canceled")
  }

  const happen = (count: number) => {
    // More than a reader with pages of one row keeps up with would make lives that do not end.
    if (quiet || events.length > 120) return
    for (let left = count; left > 0; left--) {
      const session = sessions[chance(0.5) ? below(sessions.length) : Math.max(0, sessions.length - 1 - below(4))]
      if (session === undefined || chance(0.2)) create()
      else change(session)
    }
  }

  const page = <Row extends { readonly id: string }>(
    rows: ReadonlyArray<Row>,
    query: ReadonlyMap<string, string>,
    most = options.pageSize
  ) => {
    const limit = Math.min(Number(query.get("limit") ?? 10), most)
    const after = query.get("starting_after")
    const before = query.get("ending_before")
    const place = rows.findIndex(({ id }) => id === (after ?? before))
    if ((after ?? before) !== undefined && place < 0) return undefined
    const [from, to] = before === undefined ? [place + 1, place + 1 + limit] : [Math.max(0, place - limit), place]
    return { data: rows.slice(from, to), has_more: before === undefined ? to < rows.length : from > 0 }
  }

  /** What was listed of a range of `created`, newest first. Both kinds are made in the order of `created`. */
  const select = <Row extends { readonly created: number; readonly listed: number }>(
    rows: ReadonlyArray<Row>,
    query: ReadonlyMap<string, string>,
    oldest = 0
  ): Array<Row> => {
    for (const [name, value] of query) {
      if (name.startsWith("created") && !/^\d+$/.test(value)) throw new Error(`${name}: Invalid integer: ${value}`)
    }
    const gte = Math.max(oldest, Number(query.get("created[gte]") ?? 0))
    const lt = Number(query.get("created[lt]") ?? Infinity)
    const found: Array<Row> = []
    for (let index = rows.length - 1; index >= 0; index--) {
      const row = rows[index]
      if (row === undefined || row.created < gte) break
      if (row.created < lt && row.listed <= now) found.push(row)
    }
    return found
  }

  const answer = (path: string, query: ReadonlyMap<string, string>): Result.Result<object, StripeError.Reason> => {
    const refused = refusals.findIndex(
      (one) => one.path === path && (one.after !== true || query.has("starting_after"))
    )
    const [refusal] = refused < 0 ? [] : refusals.splice(refused, 1)
    if (refusal !== undefined) return Result.fail(refusal.reason)
    if (path === "/v1/events") {
      if (query.get("type") !== `${prefix}.*`) throw new Error(`asked for events of ${query.get("type")}`)
      const kept = select(events, query, now / 1000 - 30 * 86_400).sort(
        (one, other) => other.created - one.created || one.order - other.order
      )
      const found = options.goesRound === true ? { data: kept, has_more: true } : page(kept, query, eventsAPage)
      if (found === undefined) {
        const description = "This event is outside of the retention period."
        return Result.fail(new StripeError.InvalidRequestError({ status: 400, param: "starting_after", description }))
      }
      const about = ({ object }: Event) => (Predicate.hasProperty(object, "id") ? String(object.id) : "")
      asked.push({ path, query, sessions: found.data.map(about) })
      return Result.succeed({
        object: "list",
        has_more: found.has_more,
        data: found.data.map(({ created, id, object, type }) => ({ id, created, type, data: { object } }))
      })
    }
    if (path === listPath) {
      const found = page(select(sessions, query), query)
      if (found === undefined) return Result.fail(new StripeError.CursorNotFoundError({ status: 400 }))
      asked.push({ path, query, sessions: found.data.map(({ id }) => id) })
      return Result.succeed({ object: "list", has_more: found.has_more, data: found.data.map(toWire) })
    }
    const id = path.slice(listPath.length + 1)
    const session = sessions[Number(id.slice("vs_".length))]
    asked.push({ path, query, sessions: [id] })
    return session === undefined
      ? Result.fail(new StripeError.NotFoundError({ status: 404, code: "resource_missing" }))
      : Result.succeed(toWire(session))
  }

  const inFlight = { now: 0, most: 0 }
  const policies: Array<RetryPolicy.RetryPolicy> = []
  const get: StripeClient.Service["get"] = ({ cursor, decode, operation, path, query }) =>
    Effect.suspend(() => {
      inFlight.most = Math.max(inFlight.most, ++inFlight.now)
      // Every read takes time, and things change before and after its answer is made.
      now += 1 + below(400)
      if (slow?.path === path) {
        now += slow.millis
        slow = undefined
      }
      happen(below(options.busy + 1))
      const reply = answer(path, new Map(query.map(([name, value]) => [name, String(value)])))
      now += 1 + below(400)
      happen(below(options.busy + 1))
      return Effect.fromResult(Result.flatMap(reply, (body) => decode(body, undefined)))
    }).pipe(
      Effect.mapError((reason) => new StripeError.StripeError({ operation, reason, cursor })),
      // Others may end while a reply is on its way.
      Effect.tap(() => Effect.repeat(Effect.yieldNow, { times: inFlight.now > 1 ? below(12) : 0 })),
      Effect.tap(() => Effect.map(RetryPolicy.Current, (policy) => policies.push(policy))),
      Effect.ensuring(Effect.sync(() => inFlight.now--))
    )

  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: () => BigInt(now) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(now) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
    // Whoever waits for something else than a request waits alone.
    sleep: (duration) =>
      Effect.sync(() => {
        now += Duration.toMillis(duration)
        happen(below(options.busy + 1))
      })
  }

  const client = StripeClient.StripeClient.of({
    get,
    account: Effect.succeed({ livemode: undefined }),
    client: HttpClient.make(() => Effect.die("not used"))
  })

  return {
    client,
    clock,
    sessions,
    events,
    asked,
    inFlight,
    policies,
    refusals,
    tell,
    /** Lists events in another order within each second, so many a page. */
    shuffle: (pageSize: number) => {
      for (const [index, event] of events.entries()) events[index] = { ...event, order: below(1e9) }
      eventsAPage = pageSize
    },
    create,
    change,
    happen,
    /** Nothing changes any more. */
    rest: () => {
      quiet = true
    },
    wait: (seconds: number) => {
      now += seconds * 1000
    },
    /** The next request for this path is answered so many seconds later. */
    outage: (path: string, seconds: number) => {
      slow = { path, millis: seconds * 1000 }
    },
    now: () => now
  }
}

/** A quiet Stripe with so many sessions, ten seconds apart, and the service on it, with its clock. */
export const quietWorld = (count: number, options: Partial<Options> = {}) =>
  Effect.gen(function* () {
    const stripe = make(choices(1), { lag: 0, loss: 0, skew: 0, pageSize: 100, busy: 0, ...options })
    for (let left = count; left > 0; left--) {
      stripe.create()
      stripe.wait(10)
    }
    stripe.wait(3600)
    const service = yield* Effect.provideService(VerificationSessions.make, StripeClient.StripeClient, stripe.client)
    return { stripe, service }
  })

/** What a stream gives, by the clock of a Stripe. */
export const collect = <A, E>(
  stripe: ReturnType<typeof make>,
  stream: Stream.Stream<A, E>
): Effect.Effect<Array<A>, E> => Effect.provideService(Stream.runCollect(stream), Clock.Clock, stripe.clock)
