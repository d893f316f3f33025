/**
 * The accounts of a sandbox: that of the key, and any number of connected ones. An account is a function of its id, so it
 * takes memory only while it is read, or once something has happened in it.
 */
import type { Account } from "./handler.ts"
import * as Changes from "./changes.ts"
import * as Connected from "./connected.ts"
import * as EventLog from "./eventLog.ts"
import * as History from "./history.ts"
import * as Listing from "./listing.ts"
import type { Mode } from "./resources.ts"
import { makeIdCodec, mix } from "./prng.ts"
import * as Writing from "./writing.ts"

/** What an account lets a valid key do. */
export const accesses = ["full", "identity-not-enabled", "revoked"] as const

/** What an account lets a valid key do. */
export type Access = (typeof accesses)[number]

/** Whether a text is the id of an account. */
export const isAccount = (id: string): boolean => /^acct_\w+$/.test(id)

/** What every account is made of. */
export interface Settings {
  readonly sessions: number
  readonly seed: number
  readonly history: History.Shape
  /** Epoch seconds, the second exclusive. */
  readonly from: number
  readonly to: number
  readonly visibilityLag: number
  readonly identityEnabled: boolean
  readonly cursorsMustMatch: boolean
  readonly shuffled: boolean
  /** Seconds. */
  readonly disorder: number
  /** Milliseconds. */
  readonly eventLag: number
  readonly redactionTime: number
  readonly apiVersion: string
  /** Connected accounts that are not as the others are. */
  readonly accounts: ReadonlyMap<
    string,
    { readonly sessions?: number | undefined; readonly access?: Access | undefined }
  >
}

/** An account and what can happen in it. */
export interface State {
  readonly account: Account
  readonly changes: Changes.Changes
}

/** How many accounts in which nothing has happened are kept ready. */
const ready = 100

/** A number out of an id, for everything in the account that looks random. */
const seedOf = (seed: number, id: string): number => {
  let hash = seed
  for (let position = 0; position < id.length; position++) hash = mix(hash, id.charCodeAt(position), 88)
  return hash
}

// No account but that of the key has connected ones, and that one has them in test mode.
const nobody = Connected.make(0, () => true)

const makeState = (
  settings: Settings,
  seed: number,
  size: number,
  identityEnabled: boolean,
  connected = nobody
): State => {
  const mode = (size: number, connected: Connected.Connected): Mode => {
    const listing = Listing.make({
      history: History.make({ shape: settings.history, size, seed, from: settings.from, to: settings.to }),
      ids: makeIdCodec("vs_", seed),
      reportIds: makeIdCodec("vr_", seed, 1),
      seed,
      visibilityLag: settings.visibilityLag,
      shuffled: settings.shuffled,
      disorder: settings.disorder
    })
    const log = EventLog.make({
      listing,
      ids: makeIdCodec("evt_", seed, 2),
      seed,
      lag: settings.eventLag,
      version: settings.apiVersion
    })
    return { listing, log, connected, seed }
  }
  const test = mode(size, connected)
  const changes = Changes.make(test, settings.redactionTime)
  return {
    account: {
      seed,
      identityEnabled,
      cursorsMustMatch: settings.cursorsMustMatch,
      version: settings.apiVersion,
      test,
      live: mode(0, nobody),
      write: Writing.make(changes),
      answered: new Map()
    },
    changes
  }
}

/** The accounts, each made when it is first asked for. `undefined` is that of the key. */
export const make = (settings: Settings) => {
  const untouched = new Map<string, State>()
  const changed = new Map<string, State>()
  const access = new Map(Array.from(settings.accounts, ([id, { access = "full" }]) => [id, access] as const))

  const isRevoked = (id: string): boolean => access.get(id) === "revoked"
  const connected = Connected.make(settings.from, isRevoked)
  for (const id of settings.accounts.keys()) connected.add(id)
  const own = makeState(settings, settings.seed, settings.sessions, settings.identityEnabled, connected)

  const accessOf = (id: string): Access =>
    access.get(id) ?? (settings.identityEnabled ? "full" : "identity-not-enabled")

  const find = (id: string | undefined): State => {
    if (id === undefined) return own
    const found = changed.get(id) ?? untouched.get(id)
    if (found !== undefined) return found
    const size = settings.accounts.get(id)?.sessions ?? settings.sessions
    const made = makeState(settings, seedOf(settings.seed, id), size, accessOf(id) !== "identity-not-enabled")
    untouched.set(id, made)
    const [oldest] = untouched.keys()
    if (untouched.size > ready && oldest !== undefined) untouched.delete(oldest)
    return made
  }

  return {
    own,
    find,
    /** The same, to be changed: it is kept from now on. */
    change: (id: string | undefined): State => {
      const found = find(id)
      if (id !== undefined) {
        untouched.delete(id)
        changed.set(id, found)
      }
      return found
    },
    /** Withdraws the faults of events that nobody met. */
    clearFaults: (): void => {
      for (const { account } of [own, ...changed.values()]) account.test.log.clearFaults()
    },
    isRevoked,
    setAccess: (id: string, to: Access): void => {
      access.set(id, to)
      connected.add(id)
      // What happened in it stays, and whether Identity is on is a part of the account.
      for (const states of [untouched, changed]) {
        const found = states.get(id)
        if (found !== undefined) {
          states.set(id, { ...found, account: { ...found.account, identityEnabled: to !== "identity-not-enabled" } })
        }
      }
    }
  }
}

/** The accounts of one sandbox. */
export type Accounts = ReturnType<typeof make>

/** The connected account that a request names: at the end of a path of them, where its key is an organization's. */
export const named = (headers: Readonly<Record<string, string | undefined>>): string | undefined =>
  (headers["stripe-account"] ?? headers["stripe-context"])?.split("/").at(-1)
