import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Stream } from "effect"
import { HttpServer } from "effect/http"
import { type SessionFilter, VerificationSessions } from "effect-stripe-identity"
import { Stripe } from "stripe"
// The server imports the sources, and its service must be the same one.
import * as Sandbox from "../src/Sandbox.ts"
import { server } from "./support/sandboxServer.ts"

// The same filter through Stripe's own client and through this library, on the same server.

type Both = SessionFilter.StripeInput &
  Pick<Stripe.Identity.VerificationSessionListParams, keyof SessionFilter.StripeInput>

const filters: Record<string, Both> = {
  "no filter": {},
  "a status": { status: "verified" },
  "a reference": { client_reference_id: "user_000101" },
  "a reference that needs encoding": { client_reference_id: "ä&status=verified [#?=+%] 私" },
  "a customer": { related_customer: "cus_SANDBOX" },
  "an account": { related_customer_account: "acct_SANDBOX" },
  "a second": { created: 1_745_000_000 },
  "a range": { created: { gte: 1_745_000_000, lt: 1_755_000_000 } },
  "all four bounds": { created: { gt: 1_744_999_999, gte: 1_745_000_000, lt: 1_755_000_000, lte: 1_754_999_999 } },
  "all of it": {
    client_reference_id: "user_000101",
    created: { gt: 1_745_000_000 },
    related_customer: "cus_SANDBOX",
    status: "canceled"
  }
}

describe("a filter with pushed-down parts alone", () => {
  it.live("sends what stripe-node sends for it, and gets the same rows", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const address = yield* HttpServer.addressFormattedWith(Effect.succeed)
      const url = new URL(address)
      const stripe = new Stripe(Redacted.value(Sandbox.apiKey), {
        host: url.hostname,
        port: url.port,
        protocol: "http",
        maxNetworkRetries: 0,
        telemetry: false
      })
      const ours = VerificationSessions.layer({ apiKey: Sandbox.apiKey, apiBase: address, rateLimit: false }).pipe(
        Layer.provide(NodeHttpClient.layerNodeHttp)
      )
      const walk = Effect.fnUntraced(function* <E>(read: Effect.Effect<ReadonlyArray<string>, E>) {
        yield* sandbox.clearRequests
        const ids = yield* read
        const sent = (yield* sandbox.requests).map(({ method, path, query }) => [
          method,
          path,
          query.map((pair) => pair.join("=")).sort()
        ])
        return { ids, sent }
      })
      for (const [name, filter] of Object.entries(filters)) {
        const theirs = yield* walk(
          Effect.promise(async () => {
            const ids: Array<string> = []
            for await (const { id } of stripe.identity.verificationSessions.list({ ...filter, limit: 40 })) ids.push(id)
            return ids
          })
        )
        const read = VerificationSessions.stream(filter, { pageSize: 40 }).pipe(
          Stream.map(({ id }) => id),
          Stream.runCollect,
          Effect.provide(ours)
        )
        assert.deepStrictEqual(yield* walk(read), theirs, name)
        const page = Effect.promise(() => stripe.identity.verificationSessions.list(filter)).pipe(
          Effect.map(({ data }) => data.map(({ id }) => id))
        )
        const list = VerificationSessions.list(filter).pipe(
          Effect.map(({ data }) => data.map(({ id }) => id)),
          Effect.provide(ours)
        )
        assert.deepStrictEqual(yield* walk(list), yield* walk(page), name)
      }
    }).pipe(Effect.provide(server({ sessions: 250 })))
  )
})
