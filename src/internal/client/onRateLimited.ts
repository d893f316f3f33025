/**
 * How a request says that there are too many of them.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * Run by whoever sends the requests when the server refuses one for being one too many. The request itself is waited for
 * and sent again by its own policy; this is for those who decide how many are sent at once.
 */
export const OnRateLimited = Context.Reference<Effect.Effect<void>>("effect-stripe-identity/internal/OnRateLimited", {
  defaultValue: () => Effect.void
})
