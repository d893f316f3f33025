/**
 * Pictures of two runs against the sandbox, for the guides. `TestClock` moves their time, so each run draws the same SVG
 * again. They are legible on light and on dark.
 */
import { Clock, DateTime, Effect, Fiber, Layer, Schedule, Schema, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"

const width = 720
const left = 150
const right = 24
const top = 64
const inner = width - left - right

const blue = "#2f81f7"
const green = "#2da44e"
const orange = "#d4762c"
const grey = "#8b949e"

const text = (x: number, y: number, words: string, attributes = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${attributes}>${words}</text>`

const bar = (x: number, y: number, long: number, high: number, color: string, opacity = 1) =>
  `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${Math.max(long, 1).toFixed(1)}" height="${Math.max(high, 1).toFixed(1)}" fill="${color}" fill-opacity="${opacity}"/>`

const picture = (title: string, height: number, drawn: ReadonlyArray<string>): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
    "<style>text { font: 13px system-ui, sans-serif; fill: #57606a } @media (prefers-color-scheme: dark) { text { fill: #adbac7 } }</style>",
    text(12, 28, title, ' style="font-size: 15px; font-weight: 600"'),
    ...drawn,
    "</svg>",
    ""
  ].join("\n")

const decodeRows = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Struct({ data: Schema.Array(Schema.Struct({ created: Schema.Number })) }))
)

interface Sent {
  readonly from: number
  readonly to: number
  readonly newest: number
  readonly oldest: number
}

const day = (seconds: number) => DateTime.formatIsoDateUtc(DateTime.makeUnsafe(seconds * 1000))

/** Which part of the list each request of a concurrent read got, and when. */
export const parallelReading = Effect.gen(function* () {
  const sessions = 5_000
  const concurrency = 8
  const sent: Array<Sent> = []
  const delivered: Array<{ readonly at: number; readonly oldest: number }> = []
  const now = Clock.currentTimeMillis

  const watch = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    HttpClient.transform(client, (reply, request) =>
      Effect.gen(function* () {
        const from = yield* now
        const response = yield* reply
        const body = yield* response.text
        const created = decodeRows(body).data.map((row) => row.created)
        if (created.length > 0) {
          sent.push({ from, to: yield* now, newest: Math.max(...created), oldest: Math.min(...created) })
        }
        // A body is read once, so the library gets a copy.
        return HttpClientResponse.fromWeb(
          request,
          new Response(body, { status: response.status, headers: response.headers })
        )
      })
    )

  const read = VerificationSessions.pages({}, { concurrency }).pipe(
    Stream.runForEach((page) =>
      Effect.gen(function* () {
        const last = page.data.at(-1)
        if (last !== undefined) delivered.push({ at: yield* now, oldest: DateTime.toEpochSeconds(last.created) })
      })
    ),
    Effect.provide(
      VerificationSessions.layer({ apiKey: Sandbox.apiKey, rateLimit: false, transformClient: watch }).pipe(
        Layer.provide(Sandbox.layer({ sessions, history: "growing", latency: { base: "150 millis", jitter: 0.3 } }))
      )
    )
  )
  yield* TestClock.setTime(Date.UTC(2026, 0, 2))
  const start = yield* now
  const fiber = yield* Effect.forkChild(read)
  while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("5 millis")
  yield* Fiber.join(fiber)

  const duration = Math.max(...sent.map(({ to }) => to)) - start
  const newest = Math.max(...sent.map((one) => one.newest))
  const oldest = Math.min(...sent.map((one) => one.oldest))
  const x = (at: number) => left + ((at - start) / duration) * inner
  const high = 280
  const y = (created: number) => top + ((newest - created) / (newest - oldest)) * high
  const requests = sent.map((one) =>
    bar(x(one.from), y(one.newest), x(one.to) - x(one.from) - 1, y(one.oldest) - y(one.newest) - 0.5, blue, 0.55)
  )
  const line = `<polyline points="${delivered.map(({ at, oldest }) => `${x(at).toFixed(1)},${y(oldest).toFixed(1)}`).join(" ")}" fill="none" stroke="${orange}" stroke-width="2"/>`
  const title = `${sessions.toLocaleString("en-US")} sessions, ${concurrency} requests in flight, replies of 150 ms`
  return picture(title, top + high + 66, [
    text(left - 12, top + 10, `newest: ${day(newest)}`, ' text-anchor="end"'),
    text(left - 12, top + high, `oldest: ${day(oldest)}`, ' text-anchor="end"'),
    text(left, top - 12, "created"),
    ...requests,
    line,
    text(left, top + high + 22, "0 s"),
    text(width - right, top + high + 22, `${(duration / 1000).toFixed(1)} s`, ' text-anchor="end"'),
    bar(left, top + high + 38, 14, 12, blue, 0.55),
    text(left + 20, top + high + 49, `a request: when it ran, and the rows it got (${sent.length} in all)`),
    bar(left + 390, top + high + 43, 14, 2, orange),
    text(left + 410, top + high + 49, "rows delivered, in order")
  ])
})

const kinds = [
  { kind: "new", words: "new sessions", color: blue },
  { kind: "changed", words: "changed", color: green },
  { kind: "audit", words: "audit", color: orange }
] as const

/** What a polling mirror brings in ten days: the backfill, what is new, what changed, and the weekly audit. */
export const mirroring = Effect.gen(function* () {
  const days = 10
  const hour = 3_600_000
  const batches: Array<{ readonly at: number; readonly kind: string; readonly count: number }> = []
  const start = Date.UTC(2026, 0, 1)
  const now = Clock.currentTimeMillis
  yield* TestClock.setTime(start)

  const requests = yield* Effect.gen(function* () {
    const sandbox = yield* Sandbox.Sandbox
    const mirror = VerificationSessions.mirror({ schedule: Schedule.spaced("5 minutes") }).pipe(
      Stream.runForEach(({ kind, sessions }) =>
        Effect.gen(function* () {
          if (sessions.length > 0) batches.push({ at: yield* now, kind, count: sessions.length })
        })
      )
    )
    const fiber = yield* Effect.forkChild(mirror)
    for (let hours = 0; hours < days * 24; hours++) {
      // Business hours bring new sessions; each is submitted at once and decided an hour later.
      const busy = hours % 24 >= 8 && hours % 24 < 18 ? 4 + (hours % 5) : 0
      const open: Array<string> = []
      for (let index = 0; index < busy; index++) {
        const { id } = yield* sandbox.insert()
        yield* sandbox.submit(id)
        open.push(id)
      }
      yield* TestClock.adjust("40 minutes")
      yield* Effect.forEach(open, (id, index) => (index % 4 === 0 ? sandbox.fail(id) : sandbox.pass(id)))
      yield* TestClock.adjust("20 minutes")
    }
    yield* Fiber.interrupt(fiber)
    return yield* sandbox.requestCount
  }).pipe(
    Effect.provide(
      VerificationSessions.layer({ apiKey: Sandbox.apiKey, rateLimit: false }).pipe(
        Layer.provideMerge(Sandbox.layer({ sessions: 2_000 }))
      )
    )
  )

  const high = 46
  const gap = 16
  const x = (at: number) => left + ((at - start) / (days * 24 * hour)) * inner
  const tallest = Math.max(...batches.map(({ count }) => count))
  const lanes = kinds.flatMap(({ color, kind, words }, index) => {
    const base = top + (index + 1) * (high + gap) - gap
    const own = batches.filter((batch) => batch.kind === kind)
    const total = own.reduce((sum, { count }) => sum + count, 0)
    return [
      text(left - 12, base - 16, words, ' text-anchor="end"'),
      text(left - 12, base, total.toLocaleString("en-US"), ' text-anchor="end"'),
      bar(left, base, inner, 1, grey),
      ...own.map(({ at, count }) => {
        const tall = (Math.log2(count + 1) / Math.log2(tallest + 1)) * high
        return bar(x(at) - 0.75, base - tall, 1.5, tall, color)
      })
    ]
  })
  const bottom = top + kinds.length * (high + gap)
  const title = `A mirror of 2,000 sessions over ${days} days, polling every 5 minutes: ${requests.toLocaleString("en-US")} requests`
  return picture(title, bottom + 40, [
    ...lanes,
    text(left, bottom + 8, "day 1"),
    text(width - right, bottom + 8, `day ${days}`, ' text-anchor="end"'),
    text(left, bottom + 28, "A bar is a batch; its height is the number of sessions, on a logarithmic scale.")
  ])
})
