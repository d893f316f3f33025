import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { attributesOf, collector } from "./support/collector.ts"
import { runExample } from "./support/programs.ts"

const run = (env: Record<string, string> = {}) => runExample("observability.ts", [], { url: "", key: null, env })

describe("examples/observability.ts", () => {
  it.live("prints the spans as a tree, and the metrics", () =>
    Effect.gen(function* () {
      const { code, errors, output } = yield* run()
      assert.strictEqual(code, 0, errors)
      const [first, count, spans = "", metrics = ""] = output.trim().split(/\n(?:\n|(?=500 ))/)
      assert.match(first ?? "", /^Reading the sandbox/)
      assert.strictEqual(count, "500 verified sessions")
      const titles = spans.split("\n").map((line) => line.split(/ {2,}(?=\d|req_|not)/)[0])
      assert.deepStrictEqual(
        // Whether a page had to wait depends on how long the one before it took.
        titles.filter((title) => !title?.includes("wait for the rate limiter")),
        [
          "Spans",
          "VerificationSessions.stream",
          "├─ VerificationSessions.page 1",
          "│  └─ GET",
          "├─ VerificationSessions.page 2",
          "│  ├─ GET",
          "│  ├─ retry after RateLimitError",
          "│  └─ GET",
          "├─ VerificationSessions.page 3",
          "│  ├─ GET",
          "│  ├─ retry after ApiError",
          "│  └─ GET",
          "├─ VerificationSessions.page 4",
          "│  └─ GET",
          "└─ VerificationSessions.page 5",
          "   └─ GET"
        ]
      )
      assert.match(spans, /page 2 .* 100 rows, 2 attempts, after vs_\w+, req_\w+$/m)
      assert.match(metrics, /^http\.client\.request\.duration +200 +5 × /m)
      assert.match(metrics, /^ +429 RateLimitError +1 × /m)
      assert.match(metrics, /^ +500 ApiError +1 × /m)
      assert.match(metrics, /^stripe\.client\.consumed\.pages +5$/m)
      assert.match(metrics, /^stripe\.client\.consumed\.rows +500$/m)
      assert.match(metrics, /^stripe\.client\.rate_limiter\.wait_time +7 × /m)
      assert.notMatch(output, /SANDBOX_|Exported/)
    })
  )

  it.live("sends both to a collector", () =>
    Effect.gen(function* () {
      const { metrics, paths, spans, text, url } = yield* collector
      const { code, errors, output } = yield* run({ OTEL_EXPORTER_OTLP_ENDPOINT: url })
      assert.strictEqual(code, 0, errors)
      assert.include(output, `Exported to ${url}.`)
      assert.isTrue(paths().has("/v1/traces"))

      const arrived = spans()
      const operations = arrived.filter(({ name }) => name === "VerificationSessions.stream")
      const pages = arrived.filter(({ name }) => name === "VerificationSessions.page")
      const requests = arrived.filter(({ name }) => name === "GET")
      assert.deepStrictEqual([operations.length, pages.length, requests.length], [1, 5, 7])
      assert.strictEqual(new Set(arrived.map(({ traceId }) => traceId)).size, 1)
      for (const page of pages) assert.strictEqual(page.parentSpanId, operations[0]?.spanId)
      const pageIds = pages.map(({ spanId }) => spanId)
      for (const { parentSpanId } of requests) assert.include(pageIds, parentSpanId)
      assert.deepStrictEqual(
        pages
          .map(attributesOf)
          .map((said) =>
            [said["stripe.page.number"], said["stripe.page.rows"], said["stripe.request.attempts"]].map(Number)
          ),
        [1, 2, 3, 4, 5].map((number) => [number, 100, number === 2 || number === 3 ? 2 : 1])
      )
      assert.deepStrictEqual(
        pages
          .flatMap(({ events }) => events)
          .filter(({ name }) => name === "stripe.request.retry")
          .map((event) => attributesOf(event)["error.type"]),
        ["RateLimitError", "ApiError"]
      )

      const byName = new Map(metrics().map((metric) => [metric.name, metric]))
      const shown = Object.fromEntries(
        Array.from(byName.values(), ({ histogram, name, sum, unit }) => {
          const points = (histogram ?? sum)?.dataPoints ?? []
          return [name, [unit, points.reduce((total, { asDouble, count }) => total + (asDouble ?? count ?? 0), 0)]]
        })
      )
      assert.deepInclude(shown, {
        "http.client.request.duration": ["s", 7],
        "stripe.client.consumed.pages": ["{page}", 5],
        "stripe.client.consumed.rows": ["{row}", 500],
        "stripe.client.rate_limiter.wait_time": ["s", 7],
        "stripe.client.retries": ["{retry}", 2]
      })
      assert.isTrue(byName.get("stripe.client.retries")?.sum?.isMonotonic)
      assert.sameDeepMembers(
        (byName.get("http.client.request.duration")?.histogram?.dataPoints ?? [])
          .map(attributesOf)
          .map((said) => [said["http.response.status_code"], said["error.type"]]),
        [
          ["200", undefined],
          ["429", "RateLimitError"],
          ["500", "ApiError"]
        ]
      )
      assert.notMatch(text(), /sk_test_|_secret_|verify\.stripe\.com/)
    })
  )

  it.live("says so when nobody takes what it exports, and reads all the same", () =>
    Effect.gen(function* () {
      const { code, errors, output } = yield* run({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" })
      assert.strictEqual(code, 0, errors)
      assert.include(output, "500 verified sessions")
      assert.include(errors, "Nothing was exported: no collector took it at http://127.0.0.1:9.")
    })
  )
})
