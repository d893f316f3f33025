/**
 * The events of one list of sessions: those of the start, which follow from it, and those of what was changed since, which
 * are stored. Neither their ids nor the order within a second tell which came first.
 */
import * as EventFaults from "./eventFaults.ts"
import * as Expansion from "./expansion.ts"
import * as Life from "./lifecycle.ts"
import type { Listing } from "./listing.ts"
import * as Redaction from "./redaction.ts"
import { fraction, type IdCodec } from "./prng.ts"
import type { Event, EventType, Session } from "./session.ts"
import * as Timeline from "./timeline.ts"

/** How long events are kept, in seconds: 30 days. */
export const retention = 30 * 86_400

/** A place in the list of events. `index` is the number of its session. */
export interface EventEntry extends Timeline.Entry {
  /** What its id is made from. */
  readonly number: number
  readonly stored: Stored | undefined
}

/** What cannot be worked out again. */
interface Stored {
  readonly type: EventType
  readonly session: Session
  readonly request: Event["request"]
  readonly drift: EventFaults.Drift | undefined
}

/** A change that has an event. */
export interface Change {
  readonly type: EventType
  readonly session: Session
  /** Epoch milliseconds. */
  readonly at: number
  readonly request?: Event["request"] | undefined
}

/** The log and the means to write to it. */
export type EventLog = ReturnType<typeof make>

// Far from the numbers of the events of the start.
const firstStored = 0x8000000000
const stepsApart = 8

/** Makes the log of one list. Milliseconds for the lag. */
export const make = (options: {
  readonly listing: Listing
  readonly ids: IdCodec
  readonly seed: number
  readonly lag: number
  readonly version: string
}) => {
  const { ids, lag, listing, seed, version } = options
  const { history } = listing
  const faults = EventFaults.make()
  const stored = Timeline.added<EventEntry>()
  const inOrder: Array<EventEntry> = []

  const listedAt = (number: number, at: number): number => at + lag * fraction(seed, number, 83)

  const derived = (index: number, step: number, after: number): EventEntry => {
    const number = index * stepsApart + step
    const created = history.created(index) + after
    return {
      index,
      created,
      second: created,
      rank: number / stepsApart,
      listedAt: listedAt(number, created * 1000),
      number,
      stored: undefined
    }
  }

  const sources: ReadonlyArray<Timeline.Source<EventEntry>> = [
    ...Life.steps.map(({ after }, step): Timeline.Source<EventEntry> => ({
      at: (position) => (position >= 0 && position < history.size ? derived(position, step, after) : undefined),
      before: (second, rank) => {
        const first = history.countBefore(second - after)
        const end = history.countBefore(second - after + 1)
        return Math.min(Math.max(Math.ceil(rank - step / stepsApart), first), end)
      }
    })),
    stored
  ]

  const told = (entry: EventEntry): { readonly type: EventType; readonly session: Session } | undefined => {
    if (entry.stored !== undefined) return entry.stored
    const owner = listing.at(entry.index)
    return owner === undefined ? undefined : Life.at(listing, owner, entry.number % stepsApart)
  }

  const find = (id: string, now: number): EventEntry | undefined => {
    const number = ids.decode(id)
    if (number === undefined) return undefined
    if (number >= firstStored) return inOrder[number - firstStored]
    const step = number % stepsApart
    const index = Math.floor(number / stepsApart)
    const after = Life.steps[step]?.after
    if (after === undefined || index >= history.size) return undefined
    const entry = derived(index, step, after)
    return entry.created * 1000 <= now && told(entry) !== undefined ? entry : undefined
  }

  const render = (entry: EventEntry): Event => {
    const { stored } = entry
    const change = told(entry)
    // Only entries of steps that were taken are ever found or selected.
    if (change === undefined) throw new Error(`Sandbox: there is no event ${entry.number}`)
    const owner = listing.at(entry.index)
    const gone = owner !== undefined && listing.session(owner).redaction?.status === "redacted"
    // A redaction goes through old events too.
    const session = Expansion.unexpanded(gone ? Redaction.session(change.session) : change.session)
    return {
      id: ids.encode(entry.number),
      object: "event",
      api_version: stored?.drift?.version ?? version,
      created: entry.created,
      data: { object: EventFaults.drifted(session, stored?.drift) },
      livemode: session.livemode,
      pending_webhooks: 0,
      request: stored?.request ?? { id: null, idempotency_key: null },
      type: change.type
    }
  }

  const add = (
    owner: Timeline.Entry,
    change: Change,
    drift: EventFaults.Drift | undefined,
    late: number
  ): EventEntry => {
    const number = firstStored + inOrder.length
    const created = Math.floor(change.at / 1000)
    const { request = null, session, type } = change
    const entry: EventEntry = {
      index: owner.index,
      created,
      second: created,
      // All the bits a number has, so that no two share a place; and below zero, away from the events of the start.
      rank: -fraction(seed, number, 84) - fraction(seed, number, 85) / 0x100000000,
      listedAt: listedAt(number, change.at) + late,
      number,
      stored: { type, session, request, drift }
    }
    inOrder.push(entry)
    stored.add(entry)
    return entry
  }

  return {
    find,
    render,
    typeOf: (entry: EventEntry): EventType | undefined => told(entry)?.type,
    page: (
      selection: Timeline.Selection<EventEntry>,
      cursor: Timeline.Cursor,
      limit: number,
      now: number
    ): Timeline.Page<EventEntry> =>
      Timeline.page(
        sources,
        {
          ...selection,
          from: Math.max(selection.from, Math.ceil(now / 1000) - retention),
          to: Math.min(selection.to, Math.floor(now / 1000))
        },
        cursor,
        limit,
        now
      ),
    /** Writes down a change, unless a fault takes its event. */
    append: (owner: Timeline.Entry, change: Change): void => {
      const fault = faults.take({ type: change.type, session: change.session.id })
      if (fault?._tag === "Lost") return
      add(owner, change, fault?._tag === "Drifted" ? fault : undefined, fault?._tag === "Late" ? fault.by : 0)
      if (fault?._tag === "Duplicated") add(owner, change, undefined, 0)
    },
    /** The stored events from a position on, in the order in which things happened. */
    since: (position: number): ReadonlyArray<EventEntry> => inOrder.slice(position),
    inject: faults.inject,
    clearFaults: faults.clear
  }
}
