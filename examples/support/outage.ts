// For programs that follow the list for ever: what they do while Stripe does not answer.
import { Effect, Schedule } from "effect"
import { RetryPolicy } from "effect-stripe-identity"

const forEver = RetryPolicy.make({ times: Infinity })

/**
 * Tries again for ever what may pass; a wrong key, which does not, ends the program as ever. It says so at the third
 * failure of a request, and once: one or two are nothing to hear about.
 */
export const outlastOutages = (say: (text: string) => Effect.Effect<void>): RetryPolicy.RetryPolicy => ({
  ...forEver,
  schedule: Schedule.tap(forEver.schedule, ({ input }) =>
    input.attempts === 3 ? say(`Stripe cannot be read now; this goes on trying. ${input.message}`) : Effect.void
  )
})
