/**
 * A token bucket: `limit` requests at once, refilled evenly over `window` milliseconds.
 */
export const make = (options: { readonly limit: number; readonly window: number }) => {
  let tokens = options.limit
  let updated: number | undefined
  return {
    /** Takes a token if there is one, at the given time in milliseconds. */
    take: (now: number): boolean => {
      const elapsed = updated === undefined ? 0 : Math.max(now - updated, 0)
      tokens = Math.min(options.limit, tokens + (elapsed / options.window) * options.limit)
      updated = now
      if (tokens < 1) return false
      tokens--
      return true
    }
  }
}
