/**
 * Limits on the rate of requests. Each is a token bucket: `limit` requests at once, refilled evenly over `window`
 * milliseconds.
 */

/** A limit, over all requests or of each account, and how Stripe calls it. */
export interface Limit {
  readonly limit: number
  readonly window: number
  readonly per: "account" | undefined
  readonly reason: string
}

interface Bucket {
  tokens: number
  updated: number
}

/** Makes full buckets. */
export const make = (limits: ReadonlyArray<Limit>) => {
  const buckets = limits.map(() => new Map<string, Bucket>())

  const bucketOf = (index: number, { limit, per, window }: Limit, account: string, now: number): Bucket => {
    const key = per === undefined ? "" : account
    const bucket = buckets[index]?.get(key) ?? { tokens: limit, updated: now }
    bucket.tokens = Math.min(limit, bucket.tokens + (Math.max(now - bucket.updated, 0) / window) * limit)
    bucket.updated = now
    buckets[index]?.set(key, bucket)
    return bucket
  }

  return {
    /** Takes a token of each limit, or of none and says which limit has none left. Milliseconds. */
    take: (account: string, now: number): string | undefined => {
      const taken = limits.map((limit, index) => ({ limit, bucket: bucketOf(index, limit, account, now) }))
      const refused = taken.find(({ bucket }) => bucket.tokens < 1)
      if (refused !== undefined) return refused.limit.reason
      for (const { bucket } of taken) bucket.tokens--
      return undefined
    }
  }
}
