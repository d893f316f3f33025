import { Effect, Result, Stream } from "effect"
import { StripeClient, StripeError, VerificationSessions } from "effect-stripe-identity"
import { HttpClient } from "effect/http"
import { choices } from "./syncHistory.ts"

// A list in memory whose rows change their status between any two requests, and a server that finds a cursor only among
// the rows that the filter selects. It answers `StripeClient.get` itself, so that a hundred thousand lists take minutes.

const statuses = ["canceled", "processing", "requires_input", "verified"] as const

interface Session {
  readonly id: string
  readonly created: number
  status: (typeof statuses)[number]
}

const toWire = ({ created, id, status }: Session) => ({
  id,
  object: "identity.verification_session",
  created,
  livemode: false,
  metadata: {},
  status,
  type: "document"
})

export interface Read {
  readonly emitted: ReadonlyArray<string>
  /** The ids that matched from the first request to the last, in the order of the read. */
  readonly throughout: ReadonlyArray<string>
  /** Every id that ever matched. */
  readonly ever: ReadonlySet<string>
  readonly lost: number
  readonly requests: number
  readonly error: StripeError.StripeError | undefined
}

/** One read of one list, all of it a function of the seed. */
export const read = (seed: number, concurrency: number): Effect.Effect<Read> =>
  Effect.gen(function* () {
    const { below, chance, one } = choices(seed)
    // Few rows in one second, or many seconds with a row each.
    const span = one([1, 1, 5, 60, 3600, 1_000_000])
    const length = below(one([3, 20, 60, 200]))
    const seconds = Array.from({ length }, () => 1_700_000_000 + below(span)).sort((one, other) => other - one)
    // A list that is out of order by seconds, in the same way for every request.
    const disorder = one([0, 0, 3, 30])
    const order = seconds
      .map((created) => ({ created, key: created + (disorder === 0 ? 0 : below(disorder)) }))
      .sort((one, other) => other.key - one.key)
    const list = order.map(({ created }, index): Session => ({ id: `vs_${index}`, created, status: one(statuses) }))
    const status = one(statuses)
    const matches = (session: Session) => session.status === status
    const pageSize = 1 + below(one([3, 10, 100]))
    const busy = one([0.2, 1, 4])

    const matching = list.filter(matches)
    const oldestFirst = concurrency === 1 && matching.length > 0 && chance(0.5)
    const startsAt = oldestFirst || (matching.length > 0 && chance(0.2)) ? matching[below(matching.length)] : undefined
    const at = startsAt === undefined ? -1 : list.indexOf(startsAt)
    const ahead = oldestFirst ? list.slice(0, at).reverse() : list.slice(at + 1)
    const throughout = new Set(ahead.filter(matches).map(({ id }) => id))
    const ever = new Set(throughout)
    const emitted: Array<string> = []
    const counts = { lost: 0, requests: 0 }

    const change = () => {
      for (let left = below(busy * 4 + 1); left > 0 && list.length > 0; left--) {
        // The rows that were just read are the cursors.
        const recent = emitted.at(-1 - below(2))
        const session = (chance(0.5) ? list.find(({ id }) => id === recent) : undefined) ?? list[below(list.length)]
        if (session === undefined) continue
        session.status = one(statuses)
        if (matches(session)) ever.add(session.id)
        else throughout.delete(session.id)
      }
    }

    const lostCursor = (operation: string) =>
      Effect.fail(
        new StripeError.StripeError({ operation, reason: new StripeError.CursorNotFoundError({ status: 400 }) })
      )

    const get: StripeClient.Service["get"] = (request) =>
      Effect.suspend(() => {
        counts.requests++
        change()
        const query = new Map(request.query.map(([name, value]) => [name, String(value)]))
        const gte = Number(query.get("created[gte]") ?? 0)
        const lt = Number(query.get("created[lt]") ?? Infinity)
        const wanted = query.get("status")
        const selected = list.filter(
          (session) =>
            (wanted === undefined || session.status === wanted) && session.created >= gte && session.created < lt
        )
        const after = query.get("starting_after")
        const before = query.get("ending_before")
        const place = selected.findIndex(({ id }) => id === (after ?? before))
        if ((after ?? before) !== undefined && place < 0) {
          counts.lost++
          return lostCursor(request.operation)
        }
        const limit = Number(query.get("limit") ?? 10)
        const [from, to] = before === undefined ? [place + 1, place + 1 + limit] : [Math.max(0, place - limit), place]
        const body = {
          object: "list",
          data: selected.slice(from, to).map(toWire),
          has_more: before === undefined ? to < selected.length : from > 0,
          url: request.path
        }
        return Result.match(request.decode(body, undefined), {
          onFailure: (reason) => Effect.fail(new StripeError.StripeError({ operation: request.operation, reason })),
          onSuccess: (page) => Effect.succeed(page)
        })
      }).pipe(Effect.tap(() => (concurrency === 1 ? Effect.void : Effect.yieldNow)))

    const client = StripeClient.StripeClient.of({
      get,
      account: Effect.succeed({ id: undefined, livemode: undefined }),
      client: HttpClient.make(() => Effect.die("not used"))
    })
    const sessions = yield* Effect.provideService(VerificationSessions.make, StripeClient.StripeClient, client)
    const options = oldestFirst
      ? { endingBefore: startsAt?.id ?? "", pageSize }
      : { startingAfter: startsAt?.id, pageSize, concurrency }
    const error = yield* sessions.stream({ status }, options).pipe(
      Stream.runForEach(({ id }) => Effect.sync(() => emitted.push(id))),
      Effect.match({ onFailure: (error): StripeError.StripeError | undefined => error, onSuccess: () => undefined })
    )
    return {
      emitted,
      throughout: ahead.map(({ id }) => id).filter((id) => throughout.has(id)),
      ever,
      error,
      ...counts
    }
  })

/** What is wrong with a read, if anything is. `inOrder` is not asked where several ranges of time are read at once. */
export const verdict = ({ emitted, error, ever, throughout }: Read, inOrder: boolean): string | undefined => {
  if (error !== undefined) return `it failed: ${error.message}`
  const seen = new Set(emitted)
  if (seen.size < emitted.length) return "a row came twice"
  const foreign = emitted.find((id) => !ever.has(id))
  if (foreign !== undefined) return `${foreign} never matched`
  const missing = throughout.find((id) => !seen.has(id))
  if (missing !== undefined) return `${missing} is missing`
  const places = emitted.map((id) => Number(id.slice(3)))
  const isOrdered = places.every((place, index) => {
    const before = places[index - 1] ?? place
    return places[0] !== undefined && (places[0] <= (places.at(-1) ?? 0) ? place >= before : place <= before)
  })
  return inOrder && !isOrdered ? "rows are out of order" : undefined
}
