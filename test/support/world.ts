import { Effect, Fiber, Layer, Stream } from "effect"
import type { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { RetryPolicy, type StripeClient, type StripeError, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"

export interface Options {
  readonly sandbox?: Sandbox.Options | undefined
  readonly client?: Partial<StripeClient.Options> | undefined
}

/** The service on a sandbox in process, and the sandbox's controls. Without rate limit, so that no test waits for it. */
export const world = (
  options?: Options
): Layer.Layer<
  VerificationSessions.VerificationSessions | Sandbox.Sandbox | HttpClient.HttpClient,
  StripeError.StripeError
> =>
  VerificationSessions.layer({ apiKey: Sandbox.apiKey, rateLimit: false, ...options?.client }).pipe(
    Layer.provideMerge(Sandbox.layer(options?.sandbox))
  )

/** The default policy with exact waits. */
export const withoutJitter = Layer.succeed(RetryPolicy.Current, RetryPolicy.makeUnsafe({ jitter: false }))

export const requests = Effect.flatMap(Sandbox.Sandbox, (sandbox) => sandbox.requests)

export const countRequests = Effect.map(requests, (requests) => requests.length)

export const ids = <E, R>(sessions: Stream.Stream<{ readonly id: string }, E, R>) =>
  Stream.runCollect(Stream.map(sessions, (session) => session.id))

/** The ids of the list as the sandbox holds it, newest first. */
export const listIds = Effect.flatMap(Sandbox.Sandbox, (sandbox) =>
  Effect.map(sandbox.sessions, (sessions) => sessions.map((session) => session.id))
)

/** The reason that an effect fails with. */
export const reason = <A, R>(
  effect: Effect.Effect<A, StripeError.StripeError, R>
): Effect.Effect<StripeError.Reason, A, R> => Effect.map(Effect.flip(effect), (error) => error.reason)

/** What a query of a recorded request says, as one value per name. */
export const query = (request: Sandbox.RecordedRequest): Record<string, string> => Object.fromEntries(request.query)

/**
 * Lets everything that waits for the event loop, and not for the clock, happen. A body that breaks off in process needs
 * it, because a web stream's error arrives by the event loop.
 */
export const settled: Effect.Effect<void> = Effect.promise(
  () => new Promise<void>((resolve) => setImmediate(resolve))
).pipe(Effect.repeat({ times: 9 }), Effect.asVoid)

/** A Stripe that takes one request a second, and a client that does not know it. */
export const slowWorld = (sessions: number) =>
  world({
    client: { rateLimit: false },
    sandbox: { sessions, rateLimit: { limit: 1, window: "1 second" }, latency: "150 millis" }
  })

/** Runs an effect, and lets as much time pass as it takes. */
export const inTime = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(self)
    for (let step = 0; fiber.pollUnsafe() === undefined && step < 1000; step++) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })
