/**
 * What is counted and measured, and what spans say. Names are OpenTelemetry's where it has one; the others are formed as its
 * own are (`messaging.client.consumed.messages`, `db.client.connection.wait_time`, `aws.request_id`), below `stripe.`.
 *
 * All of it happens once a request or once a page. Nothing comes out of a row, and an attribute of a metric has few values.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type { Reason, StripeError } from "../StripeError.ts"
import * as StripeReply from "./client/reply.ts"

type Attributes = Readonly<Record<string, string>>

/**
 * Records into the series of a metric that has these attributes. Each is made once, because Effect looks for one that it
 * has seen before without building its key again.
 */
const recorder = <State>(metric: Metric.Metric<number, State>) => {
  const made = new Map<string, Metric.Metric<number, State>>()
  return (attributes: Attributes, value: number): Effect.Effect<void> => {
    const key = JSON.stringify(attributes)
    let series = made.get(key)
    if (series === undefined) {
      series = Metric.withAttributes(metric, attributes)
      made.set(key, series)
    }
    return Metric.update(series, value)
  }
}

// What OpenTelemetry advises for `http.client.request.duration`.
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

const requestDuration = recorder(
  Metric.histogram("http.client.request.duration", {
    description: "Duration of HTTP client requests, from sending to the decoded body.",
    boundaries,
    // Effect's exporter for OpenTelemetry reads the unit of a metric from here.
    attributes: { unit: "s" }
  })
)

const waitTime = recorder(
  Metric.histogram("stripe.client.rate_limiter.wait_time", {
    description: "How long a request waited for the rate limiter before it was sent.",
    boundaries,
    attributes: { unit: "s" }
  })
)

const limiterFailures = recorder(
  Metric.counter("stripe.client.rate_limiter.failures", {
    description: "Failures of the rate limiter that was given to the client.",
    incremental: true,
    attributes: { unit: "{failure}" }
  })
)

const retries = recorder(
  Metric.counter("stripe.client.retries", {
    description: "Requests that were sent again, by the reason why.",
    incremental: true,
    attributes: { unit: "{retry}" }
  })
)

const pages = recorder(
  Metric.counter("stripe.client.consumed.pages", {
    description: "Pages that were read.",
    incremental: true,
    attributes: { unit: "{page}" }
  })
)

const rows = recorder(
  Metric.counter("stripe.client.consumed.rows", {
    description: "Rows on the pages that were read.",
    incremental: true,
    attributes: { unit: "{row}" }
  })
)

const ofOperation = (operation: string): Attributes => ({ "stripe.operation.name": operation })

/** Where requests go, as attributes. */
export const server = (base: string): Attributes => {
  const { hostname, port, protocol } = new URL(base)
  return { "server.address": hostname, "server.port": port !== "" ? port : protocol === "http:" ? "80" : "443" }
}

/** How a request ended, as attributes. A request that was given up was sent all the same. */
const outcome = (exit: Exit.Exit<unknown, Reason>, replied: number | undefined): Attributes => {
  const reason = Option.getOrUndefined(Exit.findErrorOption(exit))
  const status = replied ?? (reason !== undefined && "status" in reason ? reason.status : undefined)
  const errorType = Exit.isSuccess(exit)
    ? undefined
    : (reason?._tag ?? (Exit.hasInterrupts(exit) ? "Interrupt" : "_OTHER"))
  return {
    "http.request.method": "GET",
    ...(status === undefined ? {} : { "http.response.status_code": String(status) }),
    ...(errorType === undefined ? {} : { "error.type": errorType })
  }
}

/** Measures one request from sending to what its reply is judged to be, and says on the current span which reply it was. */
export const request =
  <A>(operation: string, server: Attributes, judge: (reply: StripeReply.Reply) => Effect.Effect<A, Reason>) =>
  (send: Effect.Effect<StripeReply.Reply, Reason>): Effect.Effect<A, Reason> =>
    Effect.flatMap(Clock.monotonicTimeNanos, (start) => {
      let status: number | undefined
      return send.pipe(
        Effect.flatMap((reply) => {
          status = reply.status
          const id = StripeReply.requestId(reply.headers)
          const judged = judge(reply)
          return id === undefined ? judged : Effect.andThen(Effect.annotateCurrentSpan("stripe.request.id", id), judged)
        }),
        Effect.onExit((exit) =>
          Effect.flatMap(Clock.monotonicTimeNanos, (now) =>
            requestDuration(
              { ...ofOperation(operation), ...server, ...outcome(exit, status) },
              Number(now - start) / 1e9
            )
          )
        )
      )
    })

/** Puts a mark on the current span, if there is one. */
const mark = (name: string, attributes: Record<string, unknown>): Effect.Effect<void> =>
  Effect.flatMap(Effect.option(Effect.currentSpan), (span) =>
    Option.isNone(span)
      ? Effect.void
      : Effect.map(Clock.currentTimeNanos, (now) => span.value.event(name, now, attributes))
  )

/** Measures how long a request waits for its turn, with a mark on the span where it had to. */
export const waiting = (operation: string, wait: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.flatMap(Clock.monotonicTimeNanos, (start) =>
    wait.pipe(
      Effect.andThen(Clock.monotonicTimeNanos),
      Effect.flatMap((now) => {
        const seconds = Number(now - start) / 1e9
        const recorded = waitTime(ofOperation(operation), seconds)
        // Less is the time that it takes to ask.
        return seconds < 0.001
          ? recorded
          : Effect.andThen(recorded, mark("stripe.rate_limiter.wait", { "stripe.rate_limiter.wait_time": seconds }))
      })
    )
  )

/** Counts a failure of the limiter that the caller gave. */
export const limiterFailed = (operation: string): Effect.Effect<void> => limiterFailures(ofOperation(operation), 1)

/** Says which attempt begins, and counts it as a retry of what failed before, with a mark on the span. */
export const attempt = (operation: string, attempts: number, failed: Reason | undefined): Effect.Effect<void> => {
  const annotate = Effect.annotateCurrentSpan("stripe.request.attempts", attempts)
  if (failed === undefined) return annotate
  const error = { "error.type": failed._tag }
  const requestId = "requestId" in failed ? failed.requestId : undefined
  return annotate.pipe(
    Effect.andThen(retries({ ...ofOperation(operation), ...error }, 1)),
    Effect.andThen(
      mark("stripe.request.retry", { ...error, ...(requestId === undefined ? {} : { "stripe.request.id": requestId }) })
    )
  )
}

/** Says on the current span why it failed. */
export const failed = ({ reason }: StripeError): Effect.Effect<void> =>
  Effect.annotateCurrentSpan("error.type", reason._tag)

interface Page {
  readonly data: ReadonlyArray<unknown>
  readonly invalid?: ReadonlyArray<unknown> | undefined
  readonly excluded?: ReadonlyArray<unknown> | undefined
  readonly limit?: number | undefined
}

/** Counts a page, and says on the current span what came. */
export const page = (operation: string, { data, excluded = [], invalid = [], limit }: Page): Effect.Effect<void> => {
  const count = data.length + invalid.length + excluded.length
  const attributes = ofOperation(operation)
  return Effect.annotateCurrentSpan({
    "stripe.page.rows": count,
    // A page that kept failing was asked for with fewer rows.
    ...(limit === undefined ? {} : { "stripe.page.limit": limit })
  }).pipe(Effect.andThen(pages(attributes, 1)), Effect.andThen(rows(attributes, count)))
}

/** One page of a read as a span of its own. */
export const pageSpan = <A extends Page>(
  name: string,
  operation: string,
  asked: { readonly page: number; readonly limit: number; readonly cursor: string | undefined },
  fetch: Effect.Effect<A, StripeError>
): Effect.Effect<A, StripeError> =>
  fetch.pipe(
    Effect.tap((fetched) => page(operation, fetched)),
    Effect.tapError(failed),
    Effect.withSpan(
      name,
      {
        attributes: {
          "stripe.page.number": asked.page,
          "stripe.page.limit": asked.limit,
          ...(asked.cursor === undefined ? {} : { "stripe.page.cursor": asked.cursor })
        }
      },
      // Where a page was asked for from is always here.
      { captureStackTrace: false }
    )
  )
