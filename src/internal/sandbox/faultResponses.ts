/**
 * How each fault turns an normal reply into a bad one.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Errors from "./errors.ts"
import type { Fault } from "./faults.ts"
import { ConnectionReset, print, type ListEnvelope, type Reply } from "./reply.ts"

/** What a fault may work with. */
export interface Situation {
  /** The normal reply to the request, worked out when it is asked for. */
  readonly respond: () => Reply
  /** The normal reply to the request without these parameters. */
  readonly unfiltered: (names: ReadonlyArray<string>) => Reply
  /** The normal reply with this many more rows on the page. */
  readonly enlarged: (extra: number) => Reply
  readonly refuse: (refusal: Errors.Refusal) => Reply
  /** A body under the ordinary headers. */
  readonly answer: (status: number, body: string, headers?: Readonly<Record<string, string>>) => Reply
  /** The page that this read got before. */
  readonly previous: ListEnvelope | undefined
  /** What the resource is called that was asked for. */
  readonly noun: string
  /** The cursor of the request, if it has one. */
  readonly cursor: { readonly param: string; readonly id: string } | undefined
  readonly compresses: boolean
}

const html = { "content-type": "text/html" }

const htmlPage = (title: string): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`

/** The answer of a misbehaving server. */
export const reply = (fault: Fault, situation: Situation): Effect.Effect<Reply, ConnectionReset> => {
  const { respond } = situation
  switch (fault._tag) {
    case "Hang":
      return Effect.never
    case "ResetBeforeHeaders":
      return Effect.fail(new ConnectionReset())
    case "Latency":
      return Effect.delay(Effect.sync(respond), fault.duration)
    case "GzipCutShort":
      return situation.compresses
        ? Effect.suspend(() => gzipped(respond()))
        : Effect.sync(() => truncated(respond(), 0.5))
    default:
      return Effect.sync(() => replaced(fault, situation))
  }
}

type ReplyFault = Exclude<Fault, { _tag: "Hang" | "ResetBeforeHeaders" | "Latency" | "GzipCutShort" }>

/** What is sent in place of the normal reply. */
const replaced = (fault: ReplyFault, situation: Situation): Reply => {
  const { answer, refuse, respond } = situation
  switch (fault._tag) {
    case "Reply": {
      const body = fault.body === undefined ? "" : typeof fault.body === "string" ? fault.body : print(fault.body)
      return answer(fault.status ?? 200, body, fault.headers)
    }
    case "RateLimited": {
      const refused = refuse(Errors.rateLimited(fault.reason ?? "endpoint-rate"))
      return fault.retryAfter === undefined
        ? refused
        : { ...refused, headers: { ...refused.headers, "retry-after": String(fault.retryAfter) } }
    }
    case "LockTimeout":
      return refuse(Errors.lockTimeout)
    case "ServerError": {
      const status = fault.status ?? 500
      return fault.format === "json"
        ? refuse(Errors.unknownError(status))
        : answer(status, htmlPage(`${status} Server Error`), html)
    }
    case "Conflict":
      return refuse(Errors.conflict)
    case "ShouldRetry":
      return refuse({ ...Errors.unknownError(fault.status), headers: { "stripe-should-retry": String(fault.retry) } })
    case "CursorNotFound": {
      const { cursor, noun } = situation
      return refuse(Errors.noSuchObject(noun, cursor?.id ?? "", fault.param ?? cursor?.param ?? "starting_after"))
    }
    case "Redirect":
      return answer(fault.status ?? 302, "", { location: fault.location ?? "https://example.com/" })
    case "HtmlPage":
      return answer(200, htmlPage("Sign in to continue"), html)
    case "EmptyBody":
      return answer(200, "")
    case "ResetMidBody":
      return cut(respond(), fault.at ?? 0.5, Stream.fail(new ConnectionReset()))
    case "StalledBody":
      return cut(respond(), fault.at ?? 0.5, Stream.never)
    case "TruncatedJson":
      return truncated(respond(), fault.at ?? 0.5)
    case "HugeBody":
      return padded(respond(), fault.bytes, fault.chunked)
    case "WrongContentType": {
      const whole = respond()
      return { ...whole, headers: { ...whole.headers, "content-type": fault.contentType ?? "text/plain" } }
    }
    case "IgnoredFilter":
      return situation.unfiltered(fault.parameters ?? filters)
    case "OversizedPage":
      return situation.enlarged(fault.extra ?? respond().page?.data.length ?? 0)
    default: {
      const whole = respond()
      const { page } = whole
      return page === undefined ? whole : { ...whole, body: print(mangled(fault, page, situation.previous)) }
    }
  }
}

type PageFault = Extract<
  Fault,
  {
    _tag:
      "RepeatedPage" | "EmptyPageWithMore" | "RowsOutOfOrder" | "BadRow" | "AddedFields" | "MissingData" | "NotAList"
  }
>

const mangled = (fault: PageFault, page: ListEnvelope, previous: ListEnvelope | undefined): unknown => {
  switch (fault._tag) {
    case "RepeatedPage":
      return previous ?? page
    case "EmptyPageWithMore":
      return { ...page, data: [], has_more: true }
    case "RowsOutOfOrder":
      return { ...page, data: page.data.toReversed() }
    case "AddedFields": {
      const fields = fault.fields ?? { from_the_future: { since: "2027-01-27.future" } }
      return { ...page, data: page.data.map((row) => widened(row, fields)) }
    }
    case "MissingData": {
      const { data: _, ...rest } = page
      return rest
    }
    case "NotAList":
      return page.data[0] ?? {}
    case "BadRow":
      return {
        ...page,
        data: page.data.map((row, position) =>
          position !== (fault.at ?? 0) ? row : "replacement" in fault ? fault.replacement : { ...row, ...fault.patch }
        )
      }
  }
}

/** The row with more fields, in it and in each of its objects but `metadata`, whose keys are not Stripe's. */
const widened = (value: unknown, fields: Readonly<Record<string, unknown>>): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map((item) => widened(item, fields))
  const own = Object.entries(value).map(([key, field]) => [key, key === "metadata" ? field : widened(field, fields)])
  return { ...Object.fromEntries(own), ...fields }
}

const filters = [
  "status",
  "created",
  "client_reference_id",
  "related_customer",
  "related_customer_account",
  "type",
  "verification_session",
  "types",
  "delivery_success"
]

const encoder = new TextEncoder()

const text = (whole: Reply): string => (typeof whole.body === "string" ? whole.body : "")

const truncated = (whole: Reply, at: number): Reply => {
  const body = text(whole)
  return { ...whole, body: body.slice(0, Math.floor(body.length * at)), page: undefined }
}

// Announces the whole length, so that a client can tell that something is missing.
const cut = (whole: Reply, at: number, rest: Stream.Stream<never, ConnectionReset>): Reply => {
  const bytes = encoder.encode(text(whole))
  const beginning = bytes.slice(0, Math.floor(bytes.length * at))
  return {
    ...whole,
    headers: { ...whole.headers, "content-length": String(bytes.length) },
    // The pause lets the beginning reach the wire before the connection breaks.
    body: Stream.make(beginning).pipe(
      Stream.concat(Stream.drain(Stream.fromEffect(Effect.yieldNow))),
      Stream.concat(rest)
    ),
    page: undefined
  }
}

const padded = (whole: Reply, size: number, chunked = false): Reply => {
  const body = encoder.encode(text(whole))
  const block = new Uint8Array(0x10000).fill(0x20)
  const blocks = Math.ceil(Math.max(size - body.length, 0) / block.length)
  return {
    ...whole,
    headers: chunked
      ? whole.headers
      : { ...whole.headers, "content-length": String(blocks * block.length + body.length) },
    body: Stream.range(1, blocks).pipe(
      Stream.map(() => block),
      Stream.concat(Stream.make(body))
    ),
    page: undefined
  }
}

const gzipped = (whole: Reply): Effect.Effect<Reply> =>
  Effect.promise(async () => {
    const packed = new Response(new Blob([text(whole)]).stream().pipeThrough(new CompressionStream("gzip")))
    const bytes = new Uint8Array(await packed.arrayBuffer())
    const beginning = bytes.slice(0, Math.floor(bytes.length / 2))
    return {
      ...whole,
      headers: { ...whole.headers, "content-encoding": "gzip", "content-length": String(beginning.length) },
      body: Stream.make(beginning),
      page: undefined
    }
  })
