/**
 * Which events are read next, and when the whole list is: rules without effects. Moments and lengths are in seconds.
 */
import * as DateTime from "effect/DateTime"
import type { Checkpoint } from "../../Checkpoint.ts"

/** A checkpoint that has a position in the events. */
export interface Positioned extends Checkpoint {
  readonly events: DateTime.Utc
}

export interface Lengths {
  readonly settle: number
  readonly overlap: number
  readonly window: number
}

/** Stripe keeps events for 30 days. One is left to read them in. */
const retention = 29 * 86_400

/**
 * Whether a moment is in the future: then this clock was ahead. Clocks are set back by a little all the time. A clock that
 * was ahead by more than `settle` and `overlap`, which cover a difference, left a position beyond this tolerance.
 */
const isFuture = (moment: number, now: number, { overlap, settle }: Lengths): boolean =>
  moment > now + Math.max(60, Math.min(settle, overlap))

/** Whether Stripe still has the events since a position, as far as the position can be trusted. */
export const isKept = (position: number, now: number, lengths: Lengths): boolean =>
  now - position <= retention && !isFuture(position, now, lengths)

/** The second before which everything is old enough. A second gets more rows until it is over; a test's clock may be at 0. */
export const settledBefore = (now: DateTime.Utc, settle: number): number =>
  Math.max(0, Math.floor(DateTime.toEpochMillis(now) / 1000 - settle))

export const isPositioned = (checkpoint: Checkpoint): checkpoint is Positioned => checkpoint.events !== undefined

export const moveTo = (checkpoint: Checkpoint, position: number): Positioned => ({
  ...checkpoint,
  events: DateTime.fromEpochSeconds(position)
})

/** A window of events. It reaches back before the position. When its events are handled, `lt` is the position. */
export interface EventWindow {
  readonly position: number
  readonly gte: number
  readonly lt: number
}

/** The oldest window of events before `until` that was not read, if there is one. */
export const next = (position: number, until: number, { overlap, window }: Lengths): EventWindow | undefined => {
  const lt = Math.min(position + Math.floor(window), until)
  return lt > position ? { position, gte: Math.max(0, Math.floor(position - overlap)), lt } : undefined
}

/**
 * The checkpoint to read on from: with a position, and with an audit where one is due.
 *
 * Without a position in events that Stripe still keeps, nobody knows what changed. Then events count from where the list
 * is settled, and everything that was read before is read again. The same holds if the position is in the future, because
 * a clock was ahead. A list that was never read needs no audit: its first read is one.
 */
export const plan = (
  checkpoint: Checkpoint,
  at: DateTime.Utc,
  interval: number | undefined,
  lengths: Lengths
): Positioned => {
  const { audit, ...rest } = checkpoint
  const now = DateTime.toEpochSeconds(at)
  const keepsPosition = isPositioned(checkpoint) && isKept(DateTime.toEpochSeconds(checkpoint.events), now, lengths)
  // What was read before and is younger than `settle` is in no audit, so the events that count are those since then.
  const restart = Math.max(settledBefore(at, lengths.settle), now - retention + 86_400)
  const positioned = keepsPosition ? checkpoint : moveTo(rest, rest.range === undefined ? now : restart)
  if (rest.range === undefined) return { ...rest, events: positioned.events, audited: DateTime.fromEpochSeconds(now) }
  const audited = rest.audited === undefined ? -Infinity : DateTime.toEpochSeconds(rest.audited)
  const isDue =
    audit === undefined && interval !== undefined && (isFuture(audited, now, lengths) || now - audited >= interval)
  return keepsPosition && !isDue ? positioned : { ...positioned, audit: { began: DateTime.fromEpochSeconds(now) } }
}
