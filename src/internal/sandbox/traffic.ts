/**
 * Counts requests per second and per account, to check a rate limit.
 */

/** The requests of one second. */
export interface TrafficSecond {
  /** Seconds since 1970, by `Clock`. */
  readonly second: number
  readonly requests: number
  /** How many of them a rate limit answered with 429. */
  readonly limited: number
}

/**
 * The requests of a sandbox.
 */
export interface Traffic {
  readonly requests: number
  readonly limited: number
  /** The most requests within any 1000 milliseconds. */
  readonly mostInASecond: number
  /** The last 3600 seconds that had requests, oldest first. */
  readonly seconds: ReadonlyArray<TrafficSecond>
  /** The requests of each connected account; those of the key's own account are under "". */
  readonly accounts: Readonly<Record<string, number>>
}

const longestMemory = 3600

/** Starts to count. */
export const make = () => {
  const accounts = new Map<string, number>()
  let seconds: Array<{ -readonly [Key in keyof TrafficSecond]: TrafficSecond[Key] }> = []
  let requests = 0
  let limited = 0
  let mostInASecond = 0
  // The arrival times of the requests of the last second.
  let recent: Array<number> = []
  let first = 0

  const note = (account: string, at: number, isLimited: boolean): void => {
    requests++
    accounts.set(account, (accounts.get(account) ?? 0) + 1)
    recent.push(at)
    while ((recent[first] ?? at) <= at - 1000) first++
    mostInASecond = Math.max(mostInASecond, recent.length - first)
    if (first > 1000) {
      recent = recent.slice(first)
      first = 0
    }
    const second = Math.floor(at / 1000)
    let last = seconds.at(-1)
    if (last === undefined || last.second !== second) {
      last = { second, requests: 0, limited: 0 }
      seconds.push(last)
      if (seconds.length > 2 * longestMemory) seconds = seconds.slice(-longestMemory)
    }
    last.requests++
    if (isLimited) {
      limited++
      last.limited++
    }
  }

  return {
    note,
    read: (): Traffic => ({
      requests,
      limited,
      mostInASecond,
      seconds: seconds.slice(-longestMemory).map((second) => ({ ...second })),
      accounts: Object.fromEntries(accounts)
    })
  }
}
