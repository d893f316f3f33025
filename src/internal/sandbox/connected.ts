/**
 * The list of connected accounts, newest first: those that the options name, and those whose access was set later.
 */
import type { ConnectedAccount } from "./session.ts"
import * as Timeline from "./timeline.ts"

/** The place of an account in the list. */
export interface ConnectedEntry extends Timeline.Entry {
  readonly id: string
}

/** The list of one platform. */
export type Connected = ReturnType<typeof make>

/** Makes a list. Accounts are added a second apart, from an epoch second on. An account that was revoked is not listed. */
export const make = (from: number, isRevoked: (id: string) => boolean) => {
  const added = Timeline.added<ConnectedEntry>()
  const byId = new Map<string, ConnectedEntry>()
  return {
    add: (id: string): void => {
      if (byId.has(id)) return
      const index = byId.size
      const created = from + index
      const entry: ConnectedEntry = { id, index, created, second: created, rank: index, listedAt: -Infinity }
      byId.set(id, entry)
      added.add(entry)
    },
    find: (id: string): ConnectedEntry | undefined => (isRevoked(id) ? undefined : byId.get(id)),
    isListed: ({ id }: ConnectedEntry): boolean => !isRevoked(id),
    page: (
      selection: Timeline.Selection<ConnectedEntry>,
      cursor: Timeline.Cursor,
      limit: number,
      now: number
    ): Timeline.Page<ConnectedEntry> => Timeline.page([added], selection, cursor, limit, now)
  }
}

/** An account, as far as anybody asks about it. */
export const render = ({ created, id }: ConnectedEntry): ConnectedAccount => ({
  id,
  object: "account",
  business_type: null,
  capabilities: {},
  charges_enabled: false,
  country: "US",
  created,
  default_currency: "usd",
  details_submitted: false,
  email: null,
  metadata: {},
  payouts_enabled: false,
  type: "standard"
})
