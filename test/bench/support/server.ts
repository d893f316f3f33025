// A server with little work of its own: node server.ts ROWS LATENCY REPLIES UNKNOWN. One page is made before the first request,
// and each reply is that text with other ids and another end. Ids count downwards, so that a cursor says where the next page
// starts. REPLIES is "indented", with a content-length, or "compact", chunked and without one. With
// UNKNOWN each row has a key that no schema names. GET /served says what went over the wire since it was asked before.
import { Effect, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { createServer } from "node:http"
import * as Sandbox from "../../../src/Sandbox.ts"

const [rows = 0, latency = 0] = process.argv.slice(2, 4).map(Number)
const [replies = "indented", unknown = ""] = process.argv.slice(4)
const isCompact = replies === "compact"

const digits = 24
const toId = (index: number) => `vs_${String(index).padStart(digits, "0")}`
const fromId = (id: string) => Number(id.slice("vs_".length))

// One hundred rows as the sandbox prints them, cut where the ids are.
const sample = await Effect.runPromise(
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const response = yield* client.get("https://api.stripe.com/v1/identity/verification_sessions?limit=100", {
      headers: { authorization: `Bearer ${Redacted.value(Sandbox.apiKey)}` }
    })
    // Type boundary: the sandbox answers as Stripe does.
    return JSON.parse(yield* response.text) as { data: Array<{ id: string; created: number }> }
  }).pipe(Effect.provide(Sandbox.layer({ sessions: 100 })))
)
const compact = (text: string) => (isCompact ? JSON.stringify(JSON.parse(text)) : text)
const [createdField, separator] = isCompact ? ['"created":', ","] : ['"created": ', ",\n    "]
const texts = sample.data.map((row) => {
  const added = unknown === "" ? {} : { from_the_future: "x" }
  const text = compact(JSON.stringify({ ...row, id: "ID", created: 0, ...added }, null, 2)).replaceAll("\n", "\n    ")
  const [before = "", rest = ""] = text.split('"ID"')
  const [between = "", after = ""] = rest.split(`${createdField}0`)
  return { before, between, after }
})
const [head = "", tail = ""] = compact(
  '{\n  "object": "list",\n  "data": [\n    "ROWS"\n  ],\n  "has_more": "MORE",\n  "url": "/v1/identity/verification_sessions"\n}'
).split('"ROWS"')

// One session a second, the newest first.
const lastSecond = 1_767_225_600

const page = (from: number, to: number, limit: number): string => {
  const end = Math.min(from + limit, to)
  let body = head
  for (let index = from; index < end; index++) {
    const { after, before, between } = texts[index % texts.length] ?? { after: "", before: "", between: "" }
    body += `${index === from ? "" : separator}${before}"${toId(index)}"${between}${createdField}${lastSecond - index}${after}`
  }
  return body + tail.replace('"MORE"', String(end < to))
}

let rowsServed = 0
let arrivals: Array<number> = []

const server = createServer({ keepAlive: true }, (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://x")
  if (pathname === "/served") {
    response.end(JSON.stringify({ rows: rowsServed, arrivals }))
    rowsServed = 0
    arrivals = []
    return
  }
  const cursor = searchParams.get("starting_after")
  const lt = searchParams.get("created[lt]")
  const gte = searchParams.get("created[gte]")
  const from = Math.max(cursor === null ? 0 : fromId(cursor) + 1, lt === null ? 0 : lastSecond - Number(lt) + 1)
  const to = Math.max(from, gte === null ? rows : Math.min(rows, lastSecond - Number(gte) + 1))
  const limit = Number(searchParams.get("limit") ?? 10)
  const body = page(from, to, limit)
  rowsServed += Math.min(limit, to - from)
  arrivals.push(performance.now())
  const length = isCompact ? {} : { "content-length": body.length }
  const headers = { "content-type": "application/json", ...length, "request-id": "req_bench" }
  const send = () => response.writeHead(200, headers).end(body)
  // The latency varies by three tenths, the same way in every run.
  const wait = latency * (0.7 + (0.6 * ((fromId(toId(from)) * 7919) % 1000)) / 1000)
  if (latency === 0) send()
  else setTimeout(send, wait)
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (typeof address === "object" && address !== null) process.send?.(address.port)
})
