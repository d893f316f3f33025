/**
 * What is counted and measured, and what spans say. Names are OpenTelemetry's where it has one; the others are formed as its
 * own are (`messaging.client.consumed.messages`, `db.client.connection.wait_time`, `aws.request_id`), below `stripe.`.
 *
 * All of it happens once a request or once a page. Nothing comes out of a row, and an attribute of a metric has few values.
 * Functions that take a fiber write at once to the metrics and the span of that fiber.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"
import type { Reason, StripeError } from "../StripeError.ts"
import * as StripeReply from "./client/reply.ts"
import type { FetchedPage, PageRequest } from "./list/model.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

type Attributes = Readonly<Record<string, string>>

/**
 * The series of a metric by operation and other attributes. Each is made once, because Effect looks for one that it has
 * seen before without building its key again.
 */
const seriesOf = <State>(metric: Metric.Metric<number, State>) => {
  const made = new Map<string, Metric.Metric<number, State>>()
  return (operation: string, attributes: Attributes = {}): Metric.Metric<number, State> => {
    const id = `${operation} ${Object.values(attributes).join(" ")}`
    const series = made.get(id) ?? Metric.withAttributes(metric, { "stripe.operation.name": operation, ...attributes })
    made.set(id, series)
    return series
  }
}

// What OpenTelemetry advises for `http.client.request.duration`.
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

// Effect's exporter for OpenTelemetry reads the unit of a metric from its attributes.
const seconds = (name: string, description: string) =>
  seriesOf(Metric.histogram(name, { description, boundaries, attributes: { unit: "s" } }))
const counted = (name: string, unit: string, description: string) =>
  seriesOf(Metric.counter(name, { description, incremental: true, attributes: { unit } }))

const requestDuration = seconds(
  "http.client.request.duration",
  "Duration of HTTP client requests, from sending to the decoded body."
)
const waitTime = seconds(
  "stripe.client.rate_limiter.wait_time",
  "How long a request waited for the rate limiter before it was sent."
)
const limiterFailures = counted(
  "stripe.client.rate_limiter.failures",
  "{failure}",
  "Failures of the rate limiter that was given to the client."
)
const retries = counted("stripe.client.retries", "{retry}", "Requests that were sent again, by the reason why.")
const pages = counted("stripe.client.consumed.pages", "{page}", "Pages that were read.")
const rows = counted("stripe.client.consumed.rows", "{row}", "Rows on the pages that were read.")

/** The span of a fiber, if there is one that has not ended. */
const spanOf = ({ context }: AnyFiber): Tracer.Span | undefined => {
  const span = Context.getOrUndefined(context, Tracer.ParentSpan)
  return span?._tag === "Span" && span.status._tag !== "Ended" ? span : undefined
}

// A span lasts as long as an outage does, and a mark of each retry would stay in memory. OpenTelemetry keeps 128 marks too.
const markedAttempts = 128

/** Puts a mark on the span of a fiber. */
const mark = (fiber: AnyFiber, name: string, attributes: Record<string, unknown>): void => {
  const span = spanOf(fiber)
  if (span === undefined || Number(span.attributes.get("stripe.request.attempts") ?? 0) > markedAttempts) return
  span.event(name, fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(), attributes)
}

/** Where requests go, as attributes. */
export const server = (base: string): Attributes => {
  const { hostname, port, protocol } = new URL(base)
  return { "server.address": hostname, "server.port": port !== "" ? port : protocol === "http:" ? "80" : "443" }
}

/**
 * Measures a request, from sending to what its reply is judged to be, and says on the span which reply it was. A request that
 * was given up was sent all the same, and counts.
 */
export const request = Effect.fnUntraced(function* <A>(
  server: Attributes,
  operation: string,
  send: Effect.Effect<StripeReply.Reply, Reason>,
  judge: (reply: StripeReply.Reply, clock: Clock.Clock) => Result.Result<A, Reason>
): Effect.fn.Return<A, Reason> {
  const fiber = yield* Effect.fiber
  const clock = fiber.getRef(Clock.Clock)
  const start = clock.monotonicTimeNanosUnsafe()
  let replied: number | undefined
  const judged = Effect.flatMap(send, (reply) => {
    replied = reply.status
    const requestId = StripeReply.requestId(reply.headers)
    if (requestId !== undefined) spanOf(fiber)?.attribute("stripe.request.id", requestId)
    return Effect.fromResult(judge(reply, clock))
  })
  return yield* Effect.onExit(judged, (exit) => {
    const reason = Option.getOrUndefined(Exit.findErrorOption(exit))
    const status = replied ?? (reason !== undefined && "status" in reason ? reason.status : undefined)
    const error = Exit.isSuccess(exit)
      ? undefined
      : (reason?._tag ?? (Exit.hasInterrupts(exit) ? "Interrupt" : "_OTHER"))
    const series = requestDuration(operation, {
      ...server,
      "http.request.method": "GET",
      ...(status === undefined ? {} : { "http.response.status_code": String(status) }),
      ...(error === undefined ? {} : { "error.type": error })
    })
    series.updateUnsafe(Number(clock.monotonicTimeNanosUnsafe() - start) / 1e9, fiber.context)
    return Effect.void
  })
})

/** Measures how long a request waited for its turn, with a mark on the span where it had to. */
export const waited = (fiber: AnyFiber, operation: string, start: bigint): void => {
  const seconds = Number(fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe() - start) / 1e9
  waitTime(operation).updateUnsafe(seconds, fiber.context)
  // Less is the time that it takes to ask.
  if (seconds >= 0.001) mark(fiber, "stripe.rate_limiter.wait", { "stripe.rate_limiter.wait_time": seconds })
}

/** Counts a failure of the limiter that the caller gave. */
export const limiterFailed = (operation: string): Effect.Effect<void> => Metric.update(limiterFailures(operation), 1)

/** Says which attempt begins, and counts it as a retry of what failed before, with a mark on the span. */
export const attempt = (fiber: AnyFiber, operation: string, attempts: number, failed: Reason | undefined): void => {
  spanOf(fiber)?.attribute("stripe.request.attempts", attempts)
  if (failed === undefined) return
  const error = { "error.type": failed._tag }
  const requestId = "requestId" in failed ? failed.requestId : undefined
  retries(operation, error).updateUnsafe(1, fiber.context)
  mark(fiber, "stripe.request.retry", {
    ...error,
    ...(requestId === undefined ? {} : { "stripe.request.id": requestId })
  })
}

/** Says on the current span why it failed. */
export const failed = ({ reason }: StripeError): Effect.Effect<void> =>
  Effect.annotateCurrentSpan("error.type", reason._tag)

/** Counts a page, and says on the span what came. */
export const page = (fiber: AnyFiber, operation: string, { data, entries, limit }: FetchedPage<unknown>): void => {
  const count = (entries ?? data).length
  const span = spanOf(fiber)
  span?.attribute("stripe.page.rows", count)
  // A page that kept failing was asked for with fewer rows.
  if (limit !== undefined) span?.attribute("stripe.page.limit", limit)
  pages(operation).updateUnsafe(1, fiber.context)
  rows(operation).updateUnsafe(count, fiber.context)
}

/** One page of a read as a span of its own. */
export const pageSpan = Effect.fnUntraced(function* <A extends FetchedPage<unknown>>(
  name: string,
  operation: string,
  { ending_before, limit, page: number, starting_after: cursor = ending_before }: PageRequest,
  fetch: Effect.Effect<A, StripeError>
): Effect.fn.Return<A, StripeError> {
  const fiber = yield* Effect.fiber
  let fetched = Option.none<A>()
  // A span keeps what it ends with, so it is not given the page: its rows would live as long as the span.
  const counted = Effect.map(fetch, (reply) => {
    fetched = Option.some(reply)
    page(fiber, operation, reply)
  })
  const attributes = {
    "stripe.page.number": number,
    "stripe.page.limit": limit,
    ...(cursor === undefined ? {} : { "stripe.page.cursor": cursor })
  }
  // A stack trace would show this line for every page.
  yield* Effect.withSpan(Effect.tapError(counted, failed), name, { attributes, captureStackTrace: false })
  return Option.getOrThrow(fetched)
})

const everyNanos = BigInt(60_000_000_000)

/**
 * Makes a place for warnings about something that lasts, such as an outage: it concerns many requests, and one line a minute
 * is enough.
 */
export const warnings = (): ((message: string) => Effect.Effect<void>) => {
  let logged: bigint | undefined
  return (message) =>
    Effect.flatMap(Clock.monotonicTimeNanos, (now) => {
      if (logged !== undefined && now - logged < everyNanos) return Effect.void
      logged = now
      return Effect.logWarning(message)
    })
}
