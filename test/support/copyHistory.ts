import { Clock, DateTime, Deferred, Effect, Fiber, Result, Schedule, Stream } from "effect"
import { Checkpoint, StripeClient, type StripeError, VerificationSessions } from "effect-stripe-identity"
import { type Asked, make, type Session, toWire } from "./changingSessions.ts"
import { choices } from "./syncHistory.ts"

// Lives of sessions and of somebody who keeps a copy of them, each made from one number.

type Choices = ReturnType<typeof choices>

/** What is kept of a session, and the version that it is kept under. */
interface Kept {
  readonly version: number
  readonly text: string
}

export interface Lengths {
  readonly settle: number
  readonly overlap: number
  readonly window: number
}

export interface World {
  readonly stripe: ReturnType<typeof make>
  readonly sessions: VerificationSessions.Service
  readonly choices: Choices
  readonly lengths: Lengths
  readonly copy: Map<string, Kept>
  /** Stores sessions, unless newer ones are stored. */
  readonly store: (rows: ReadonlyArray<unknown>, version: number) => void
  /** What a design remembers between its runs. */
  saved: string | undefined
  /** How long after the last full read the next one is due. */
  audit: "7 days" | "1 second" | false
  /** Whether a run is many, five minutes apart. It has to be killed. */
  polls: boolean
}

/** One run that keeps the copy true, killed after so many batches. */
export type Design = (world: World, batches: number) => Effect.Effect<void, StripeError.StripeError>

const textOf = (session: unknown): string => {
  const { client_reference_id, id, metadata, redaction, status } = session as ReturnType<typeof toWire>
  return JSON.stringify({ id, status, client_reference_id, redaction, metadata })
}

const withoutMetadata = (text: string): string => text.replace(/,"metadata".*/, "")

/** What the library does. */
export const mirror: Design = (world, batches) => {
  const { choices, lengths, sessions, store } = world
  let left = batches
  const from = world.saved === undefined ? undefined : Checkpoint.fromText(world.saved)
  return Effect.flatMap(
    from === undefined ? Effect.succeed(undefined) : Effect.orDie(Effect.fromResult(from)),
    (from) =>
      sessions
        .mirror({
          from,
          settle: lengths.settle * 1000,
          overlap: lengths.overlap * 1000,
          window: lengths.window * 1000,
          audit: world.audit,
          schedule: world.polls ? Schedule.spaced("5 minutes") : undefined,
          concurrency: choices.one([1, 4])
        })
        .pipe(
          Stream.takeWhile(() => left-- > 0),
          Stream.runForEach(({ checkpoint, readAt, sessions }) =>
            Effect.sync(() => {
              // Killed before the batch was stored, or between its sessions and its checkpoint.
              const killed = left === 0 ? choices.below(3) : 2
              if (killed > 0) store(sessions, DateTime.toEpochMillis(readAt))
              if (killed > 1) world.saved = Checkpoint.toText(checkpoint)
            })
          )
        )
  )
}

/** Everything in the list, once, with what a design remembers then. */
const first = ({ sessions, store, stripe }: World) =>
  Effect.map(Stream.runCollect(sessions.stream()), (rows) => store(rows, stripe.now() - 1))

const events = ({ stripe }: World, query: ReadonlyArray<readonly [string, string]>) =>
  stripe.client.get({
    operation: "events",
    path: "/v1/events",
    query: [["type", "identity.verification_session.*"], ["limit", "100"], ...query],
    decode: (body) => Result.succeed(body as EventPage)
  })

interface EventPage {
  readonly has_more: boolean
  readonly data: ReadonlyArray<{
    readonly id: string
    readonly created: number
    readonly data: { readonly object: Session }
  }>
}

/** Wrong: the position is the id of the newest event. */
export const byEventId: Design = (world) =>
  Effect.gen(function* () {
    if (world.saved === undefined) {
      world.saved = (yield* events(world, [])).data[0]?.id
      return yield* first(world)
    }
    for (let more = true; more;) {
      const page: EventPage = yield* events(world, [["ending_before", world.saved ?? ""]])
      for (const id of new Set(page.data.map(({ data }) => data.object.id))) {
        const session = yield* world.sessions.retrieve(id)
        world.store([session], world.stripe.now())
      }
      world.saved = page.data[0]?.id ?? world.saved
      more = page.has_more
    }
  })

/** Wrong: what an event holds is stored, and the newest `created` wins. */
export const bySnapshot: Design = (world) =>
  Effect.gen(function* () {
    const { lengths } = world
    const until = Math.floor(world.stripe.now() / 1000 - lengths.settle)
    if (world.saved === undefined) {
      world.saved = String(until)
      return yield* first(world)
    }
    const from = Number(world.saved) - lengths.overlap
    const all: Array<EventPage["data"][number]> = []
    for (let page: EventPage | undefined; page?.has_more !== false;) {
      page = yield* events(world, [
        ["created[gte]", String(from)],
        ["created[lt]", String(until)],
        ...(all.length === 0 ? [] : [["starting_after", all.at(-1)?.id ?? ""] as const])
      ])
      all.push(...page.data)
    }
    for (const { created, data } of all.reverse()) world.store([data.object], created * 1000)
    world.saved = String(until)
  })

/** What of the law a life breaks on purpose. */
export interface Broken {
  readonly lag?: "above settle + overlap" | undefined
  readonly loss?: number | undefined
}

/** How a life ended: what is wrong in the end, if anything is, and what happened in it. */
export interface Life {
  readonly wrong: string | undefined
  readonly runs: number
  readonly kills: number
  readonly polls: number
  readonly gaps: number
  readonly changes: number
  readonly rereads: number
}

export const life = (seed: number, design: Design = mirror, broken: Broken = {}): Effect.Effect<Life> =>
  Effect.gen(function* () {
    const c = choices(seed)
    const { below, chance, one } = c
    const overlap = one([120, 600, 3600])
    const lengths = { settle: one([60, 90.5, 120]), overlap, window: one([overlap / 2, overlap, 3600, 86_400, 86_400]) }
    const skew = one([0, 0, below(60) - 30])
    const longest = lengths.settle + lengths.overlap - 2 + Math.min(0, skew)
    const pageSize = design === mirror ? one([100, 100, 100, 10, 2 + below(4)]) : 100
    const stripe = make(c, {
      lag: broken.lag === undefined ? one([0, 5, longest]) : longest * 4,
      loss: broken.loss ?? 0,
      skew,
      pageSize,
      busy: design === mirror ? one([0, 1, 3]) : 0
    })
    for (let count = below(one([3, 20])); count > 0; count--) {
      stripe.create()
      stripe.wait(below(one([1, 30, 3600])))
    }
    stripe.wait(below(200))

    const copy = new Map<string, Kept>()
    const store: World["store"] = (rows, version) => {
      for (const row of rows) {
        const { id } = row as { readonly id: string }
        if ((copy.get(id)?.version ?? -1) <= version) copy.set(id, { version, text: textOf(row) })
      }
    }
    const sessions = yield* Effect.provideService(VerificationSessions.make, StripeClient.StripeClient, stripe.client)
    const world: World = {
      stripe,
      sessions,
      choices: c,
      lengths,
      copy,
      store,
      saved: undefined,
      audit: one(["7 days", "7 days", false]),
      polls: false
    }
    const counts = { runs: 0, kills: 0, polls: 0, gaps: 0, changes: 0, rereads: 0 }

    const held: Array<readonly [Deferred.Deferred<void>, Fiber.Fiber<void, StripeError.StripeError>]> = []
    const run = (batches: number, polls = false) => {
      counts.runs++
      stripe.asked.length = 0
      world.polls = polls
      return design(world, batches)
    }
    /** A webhook that reads sessions and stores them, if need be long after: its first reply is on its way until then. */
    const webhook = Effect.fnUntraced(function* (arrival?: Deferred.Deferred<void>) {
      const wanted = stripe.sessions
        .filter(() => chance(0.1))
        .map(({ created, id }) => (chance(0.5) ? id : { id, created: DateTime.makeUnsafe(created * 1000) }))
      const get: StripeClient.Service["get"] = (request) =>
        Effect.tap(stripe.client.get(request), () => (arrival === undefined ? Effect.void : Deferred.await(arrival)))
      const client = { ...stripe.client, get }
      const slow = yield* Effect.provideService(VerificationSessions.make, StripeClient.StripeClient, client)
      yield* Stream.runForEach(slow.reread(wanted), ({ readAt, sessions }) =>
        Effect.sync(() => {
          counts.rereads++
          store(sessions, DateTime.toEpochMillis(readAt))
        })
      )
    })
    const arrive = Effect.fnUntraced(function* (count: number) {
      for (const [arrival, fiber] of held.splice(0, count)) {
        yield* Deferred.succeed(arrival, undefined)
        yield* Fiber.join(fiber)
      }
    })

    const failed = yield* Effect.provideService(
      Effect.gen(function* () {
        // A first run that is whole, where a design has no other.
        if (design !== mirror) yield* run(Infinity)
        for (let steps = 2 + below(5); steps > 0; steps--) {
          stripe.happen(below(one([3, 15])))
          if (design === mirror && lengths.window === 86_400 && chance(0.2)) {
            counts.gaps++
            stripe.wait(86_400 * (28 + below(5)))
          } else stripe.wait(below(one([10, 600, lengths.window * 12])))
          if (design !== mirror) yield* run(Infinity)
          else if (chance(0.3)) {
            yield* Effect.all([run(1 + below(6)), webhook()], { concurrency: 2 })
          } else if (chance(0.2) && stripe.sessions.length > 5) {
            counts.polls++
            yield* run(2 + below(10), true)
          } else {
            const batches = chance(0.3) ? 1 + below(4) : Infinity
            if (batches < Infinity) counts.kills++
            yield* run(batches)
            const problem = tooManyReads(stripe.asked, pageSize < 100 ? 1 : 0)
            if (problem !== undefined) throw new Error(`seed ${seed}: ${problem}`)
          }
          if (design === mirror && chance(0.3)) {
            const arrival = yield* Deferred.make<void>()
            held.push([arrival, yield* Effect.forkChild(webhook(arrival), { startImmediately: true })])
          }
          if (chance(0.3)) yield* arrive(below(3))
        }
        stripe.rest()
        stripe.wait(lengths.settle + lengths.overlap + 120)
        yield* run(Infinity)
        yield* arrive(held.length)
      }),
      Clock.Clock,
      stripe.clock
    ).pipe(Effect.match({ onFailure: (error) => `it failed: ${error.message}`, onSuccess: () => undefined }))

    const differs = (look: (text: string) => string): string | undefined => {
      if (copy.size !== stripe.sessions.length) return `${copy.size} of ${stripe.sessions.length} sessions`
      const wrong = stripe.sessions.find((row) => look(copy.get(row.id)?.text ?? "") !== look(textOf(toWire(row))))
      return wrong === undefined ? undefined : `${copy.get(wrong.id)?.text} is ${textOf(toWire(wrong))}`
    }
    let wrong = failed ?? differs(withoutMetadata)
    if (wrong === undefined && design === mirror) {
      world.audit = "1 second"
      yield* Effect.orDie(Effect.provideService(run(Infinity), Clock.Clock, stripe.clock))
      wrong = differs((text) => text)
      if (wrong !== undefined) wrong = `after an audit, ${wrong}`
    }
    counts.changes = stripe.events.length
    return { ...counts, wrong: wrong === undefined ? undefined : `seed ${seed}: ${wrong}` }
  })

/**
 * In each window, at most one request for each session that its events are about. Where pages are smaller than all rows of a
 * second, one of them may have none of the sessions.
 */
const tooManyReads = (asked: ReadonlyArray<Asked>, allowed: number): string | undefined => {
  let ids = new Set<string>()
  let reads = 0
  for (const { path, query, sessions } of asked) {
    if (path === "/v1/events") {
      if (!query.has("starting_after")) {
        ids = new Set()
        reads = 0
      }
      for (const id of sessions) ids.add(id)
    } else if (path.includes("/vs_") || query.has("created[gte]")) {
      reads++
      if (reads > ids.size + allowed) return `${reads} reads for ${ids.size} sessions`
    }
  }
  return undefined
}
