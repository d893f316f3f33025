/**
 * Delivers webhooks to a URL as Stripe does: concurrently, and again until the answer is a 2xx.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { Delivery, DeliveryOptions } from "./deliveries.ts"
import type { Service } from "./service.ts"

/**
 * Options of `deliver`: the URL, and which webhooks it receives.
 *
 * @category options
 * @since 0.1.0
 */
export interface EndpointOptions extends Pick<DeliveryOptions, "secrets" | "types" | "thin" | "account"> {
  /** The URL that each webhook is posted to. */
  readonly url: string
  /** Called after each attempt. `status` is `undefined` if there was no answer within ten seconds. */
  readonly onAttempt?:
    ((attempt: { readonly delivery: Delivery; readonly status: number | undefined }) => Effect.Effect<void>) | undefined
}

// Stripe retries for three days. Here seven attempts take 13 seconds.
const pauses = [200, 400, 800, 1600, 3200, 6400]
const patience = "10 seconds"
const interval = 50

// Stripe takes a redirect for a failure, and fetch would follow it. The client's own options of fetch are known only while a
// request runs.
const withoutRedirects = (client: HttpClient.HttpClient) =>
  HttpClient.tapRequest(client, () =>
    Effect.withFiber((fiber) => {
      const own = Context.getOrUndefined(fiber.context, FetchHttpClient.RequestInit)
      fiber.setContext(Context.add(fiber.context, FetchHttpClient.RequestInit, { ...own, redirect: "manual" }))
      return Effect.void
    })
  )

/** Posts every stored event, and later ones as they happen. Never ends. */
export const deliver = (
  sandbox: Pick<Service, "deliveries">,
  client: HttpClient.HttpClient,
  options: EndpointOptions
): Effect.Effect<never> => {
  const { onAttempt, url, ...how } = options

  const post = Effect.fnUntraced(function* (delivery: Delivery) {
    const { "content-type": contentType, ...headers } = delivery.headers
    const status = yield* HttpClientRequest.post(url).pipe(
      HttpClientRequest.setHeaders(headers),
      HttpClientRequest.bodyText(delivery.body, contentType),
      withoutRedirects(client).execute,
      Effect.map((response) => response.status),
      Effect.timeout(patience),
      Effect.orElseSucceed(() => undefined)
    )
    if (onAttempt !== undefined) yield* onAttempt({ delivery, status })
    return status !== undefined && status >= 200 && status < 300
  })

  const insist = Effect.fnUntraced(function* (first: Delivery) {
    if (yield* post(first)) return
    for (const pause of pauses) {
      yield* Effect.sleep(pause)
      // Signed again, so that the signature is never too old.
      const again = yield* sandbox.deliveries({ ...how, after: first.position - 1, limit: 1 })
      for (const delivery of again) if (yield* post(delivery)) return
    }
  })

  return Effect.gen(function* () {
    let after = 0
    while (true) {
      for (const delivery of yield* sandbox.deliveries({ ...how, after })) {
        after = delivery.position
        yield* Effect.forkChild(insist(delivery))
      }
      yield* Effect.sleep(interval)
    }
  })
}
