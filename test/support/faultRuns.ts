import { Duration, Effect, Layer, Redacted, Stream } from "effect"
import type { HttpClient } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { RetryPolicy, type StripeClient, type StripeError, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { Stripe } from "stripe"
import type { Case, Outcome } from "./faultMatrix.ts"
import { given } from "./filters.ts"
import { baseUrl, server } from "./sandboxServer.ts"

/** The list that a case reads, in the order in which it reads it. */
export const listOf = Effect.fnUntraced(function* ({ read }: Case) {
  const sandbox = yield* Sandbox.Sandbox
  const list = (yield* sandbox.sessions).filter(
    ({ client_reference_id, created, status }) =>
      (read.status === undefined || status === read.status) &&
      (read.client_reference_id === undefined || client_reference_id === read.client_reference_id) &&
      (read.created === undefined || (created >= read.created.gte && created <= read.created.lte))
  )
  if (read.backwards !== true) return { list, oldest: undefined }
  return { list: list.slice(0, -1).reverse(), oldest: list.at(-1)?.id ?? "" }
})

export const arrange = Effect.fnUntraced(function* ({ injections }: Case) {
  const sandbox = yield* Sandbox.Sandbox
  for (const { fault, skip = 1, times, when } of injections) yield* sandbox.inject(fault, { skip, times, when })
})

/** What happens meanwhile, told after each row that was read. */
export const meanwhile =
  (one: Case, sandbox: Sandbox.Service, list: ReadonlyArray<Sandbox.Session>) => (rows: number) =>
    Effect.forEach(
      one.meanwhile.filter(({ after }) => after === rows),
      ({ change }) => change(sandbox, list),
      { discard: true }
    )

/** How many rows came, all of them right: in order from the beginning, and without what was left out. */
const prefix = (list: ReadonlyArray<Sandbox.Session>, ids: ReadonlyArray<string>, leftOut: ReadonlyArray<string>) => {
  const expected = list.filter(({ id }) => !leftOut.includes(id))
  const wrong = ids.findIndex((id, index) => id !== expected[index]?.id)
  if (wrong >= 0) throw new Error(`row ${wrong} is ${ids[wrong]}, expected was ${expected[wrong]?.id}`)
  return { rows: ids.length, whole: ids.length === expected.length }
}

/** Our own read. Needs the service, and says when each request came. */
const readOurs = Effect.fnUntraced(function* (one: Case, expand?: ReadonlyArray<VerificationSessions.ListExpandPath>) {
  const sandbox = yield* Sandbox.Sandbox
  const { list, oldest } = yield* listOf(one)
  yield* arrange(one)
  const happen = meanwhile(one, sandbox, list)
  const { client_reference_id, created, onDecodeError, startingAfter, status } = one.read
  const ids: Array<string> = []
  const invalid: Array<StripeError.DecodeError> = []
  const handler =
    onDecodeError === true ? (error: StripeError.DecodeError) => Effect.sync(() => void invalid.push(error)) : undefined
  const error = yield* VerificationSessions.stream(
    given({ status, created, client_reference_id }),
    oldest === undefined
      ? { startingAfter, onDecodeError: handler, expand }
      : { endingBefore: oldest, onDecodeError: handler, expand }
  ).pipe(
    Stream.runForEach(({ id }) => happen(ids.push(id))),
    Effect.match({ onFailure: (error): StripeError.StripeError | undefined => error, onSuccess: () => undefined })
  )
  const requests = yield* sandbox.requests
  // A row that was handed over, with its id or without, is not among the rows.
  const placeOf = (cursor: string | undefined) => list.findIndex(({ id }) => id === cursor) + 1
  const leftOut = invalid.map(
    ({ cursor, position, rowId }) => rowId ?? list[placeOf(cursor) + (position ?? 0)]?.id ?? ""
  )
  const foreign = one.without === undefined ? [] : [list[one.without]?.id ?? ""]
  const { rows, whole } = prefix(list, ids, [...leftOut, ...foreign])
  if (error === undefined && !whole) throw new Error(`${list.length} rows were to come and ${rows} came`)
  return {
    rows,
    requests: requests.length,
    end: error === undefined ? "complete" : error.reason._tag,
    waits: requests
      .map(({ receivedAt }, index) => receivedAt - (requests[index - 1]?.receivedAt ?? receivedAt))
      .filter((wait) => wait > 0),
    error,
    invalid
  }
})

/** A limiter that says to send at once, and fails after so many answers. */
const rateLimit = ({ limiter }: Case, window: Duration.Input): StripeClient.RateLimit | false => {
  if (limiter === undefined) return false
  let asked = 0
  const { after, onLimiterError, times } = limiter
  const fails = () => asked > after && asked <= after + times
  return {
    limit: 1,
    window,
    onLimiterError,
    limiter: {
      [RateLimiter.TypeId]: RateLimiter.TypeId,
      consume: () =>
        Effect.suspend(() => {
          asked++
          return fails()
            ? Effect.fail(
                new RateLimiter.RateLimiterError({ reason: new RateLimiter.RateLimitStoreError({ message: "away" }) })
              )
            : Effect.succeed({ delay: Duration.zero, remaining: 1, limit: 1, resetAfter: Duration.zero })
        }),
      adaptiveConsume: () => Effect.die("not used"),
      adaptiveFeedback: () => Effect.die("not used")
    }
  }
}

export const sandboxOf = ({ sandbox }: Case): Sandbox.Options => ({ sessions: 250, ...sandbox })

/** In process: the default policy without jitter, under whatever `Clock` there is. */
export const inProcess = (one: Case, expand?: ReadonlyArray<VerificationSessions.ListExpandPath>) =>
  readOurs(one, expand).pipe(
    Effect.provide(
      VerificationSessions.layer({
        apiKey: one.apiKey ?? Sandbox.apiKey,
        timeout: one.stalls ? "10 seconds" : undefined,
        rateLimit: rateLimit(one, "1 second")
      }).pipe(Layer.provideMerge(Sandbox.layer(sandboxOf(one))))
    ),
    Effect.provideService(RetryPolicy.Current, RetryPolicy.makeUnsafe({ jitter: false }))
  )

/** Over a socket of this machine: the same policy, a hundred times as fast. */
export const overSocket = (one: Case, client: Layer.Layer<HttpClient.HttpClient>) =>
  readOurs(one).pipe(
    Effect.provide(
      Layer.unwrap(
        Effect.map(baseUrl, (apiBase) =>
          VerificationSessions.layer({
            apiKey: one.apiKey ?? Sandbox.apiKey,
            apiBase,
            timeout: one.stalls ? "1 second" : undefined,
            rateLimit: rateLimit(one, "10 millis")
          })
        )
      ).pipe(Layer.provideMerge(client), Layer.provideMerge(server(sandboxOf(one))))
    ),
    Effect.provideService(
      RetryPolicy.Current,
      RetryPolicy.makeUnsafe({
        jitter: false,
        baseDelay: "5 millis",
        maxDelay: "80 millis",
        maxRetryAfter: "100 millis"
      })
    )
  )

// A read that needs so many requests for three pages does not end.
export const enough = 30

/** Stripe's own client, as its documentation has it, but for pages of 100. */
export const stripeNode = (one: Case) =>
  Effect.gen(function* () {
    const sandbox = yield* Sandbox.Sandbox
    const { list, oldest } = yield* listOf(one)
    yield* arrange(one)
    const happen = meanwhile(one, sandbox, list)
    const url = new URL(yield* baseUrl)
    const stripe = new Stripe(Redacted.value(one.apiKey ?? Sandbox.apiKey), {
      host: url.hostname,
      port: url.port,
      protocol: "http",
      telemetry: false,
      ...(one.stalls ? { timeout: Duration.toMillis("3 seconds") } : {})
    })
    const { client_reference_id, created, startingAfter, status } = one.read
    const pages = stripe.identity.verificationSessions.list({
      limit: 100,
      ...(status === undefined ? {} : { status }),
      ...(created === undefined ? {} : { created }),
      ...(client_reference_id === undefined ? {} : { client_reference_id }),
      ...(startingAfter === undefined ? {} : { starting_after: startingAfter }),
      ...(oldest === undefined ? {} : { ending_before: oldest })
    })
    const context = yield* Effect.context<never>()
    const ids: Array<string> = []
    let wrongRow = false
    const end = yield* Effect.promise(async () => {
      try {
        for await (const { created, id, status } of pages) {
          if (one.without !== undefined && status !== one.read.status) wrongRow = true
          // Its types say that they cannot be anything else.
          if (typeof id !== "string" || typeof created !== "number" || typeof status !== "string") wrongRow = true
          await Effect.runPromiseWith(context)(happen(ids.push(id)))
          if (ids.length >= enough * 100) return "never ends"
        }
        return wrongRow ? "complete, with a wrong row" : "complete"
      } catch (error) {
        return error instanceof Error ? error.constructor.name : "something thrown"
      }
    })
    const requests = (yield* sandbox.requests).length
    const right = ids.findIndex((id, index) => id !== list[index]?.id)
    const rows = right < 0 ? ids.length : right
    const wrong = end === "complete" && (right >= 0 || rows < list.length)
    const outcome: Outcome = { rows, requests, end: wrong ? "wrong, as if complete" : end }
    return outcome
  }).pipe(Effect.provide(server(sandboxOf(one))))
