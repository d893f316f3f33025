import { Cause, Effect, Exit, Option, Redacted, Result, Schema, Stream } from "effect"
import { Headers, HttpClientError, HttpClientRequest } from "effect/http"
import {
  Checkpoint,
  Progress,
  RetryPolicy,
  SessionFilter,
  VerificationReports,
  VerificationSession,
  VerificationSessions
} from "effect-stripe-identity"
import * as SessionFlags from "effect-stripe-identity/SessionFlags"
import * as Arguments from "../../src/internal/arguments.ts"
import * as ClientOptions from "../../src/internal/client/options.ts"
import * as StripeReply from "../../src/internal/client/reply.ts"
import * as Transport from "../../src/internal/client/transport.ts"
import * as Issues from "../../src/internal/issues.ts"
import * as Fetch from "../../src/internal/list/fetch.ts"
import { nearest } from "../../src/internal/nearest.ts"
import * as CsvColumns from "../../src/internal/session/csvColumns.ts"
import { variant } from "../../src/internal/session/codec.ts"
import * as Texts from "../../src/internal/withoutSecrets.ts"

// Every place where a text from outside is looked at, and what is said of it.

type Services = VerificationSessions.VerificationSessions | VerificationReports.VerificationReports

/** What is said of a text: an error, or the texts of one. Nothing where the text was taken. */
export type Reader = (text: string) => Effect.Effect<unknown, never, Services>

const failure = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<unknown, never, R> =>
  Effect.match(effect, { onFailure: (error): unknown => error, onSuccess: () => undefined })

const refusal = <A, E>(result: Result.Result<A, E>): Effect.Effect<unknown> =>
  Effect.succeed(Result.isFailure(result) ? result.failure : undefined)

const schemaRefusal =
  <A, I>(schema: Schema.Codec<A, I>) =>
  (input: unknown): Effect.Effect<unknown> =>
    Effect.sync(() =>
      Exit.match(Schema.decodeUnknownExit(schema)(input), {
        onFailure: (cause) => String(Cause.squash(cause)),
        onSuccess: () => undefined
      })
    )

/** The same text wherever a filter can have one: as a value, as a name, alone and in lists. */
const placesInFilter: Readonly<Record<string, (text: string) => unknown>> = {
  "the filter itself": (text) => text,
  "a list as the filter": (text) => [text],
  "the name of a field": (text) => ({ [text]: "x" }),
  client_reference_id: (text) => ({ client_reference_id: text }),
  created: (text) => ({ created: text }),
  "a range of two": (text) => ({ created: `${text}..${text}` }),
  "created.gte": (text) => ({ created: { gte: text } }),
  "the name of a bound": (text) => ({ created: { [text]: 1 } }),
  related_customer: (text) => ({ related_customer: text, related_customer_account: text }),
  status: (text) => ({ status: text }),
  "a status of several": (text) => ({ status: ["verified", text] }),
  "an object as the status": (text) => ({ status: { x: text } }),
  "a name in an object as the status": (text) => ({ status: { [text]: [text, { [text]: text }] } }),
  type: (text) => ({ type: text }),
  livemode: (text) => ({ livemode: text }),
  "last_error.code": (text) => ({ last_error: { code: text } }),
  "metadata.plan": (text) => ({ metadata: { plan: text } }),
  "a key of metadata": (text) => ({ metadata: { [text]: "x" } })
}

/** Inputs that are long because they are many. */
const manyInFilter: Readonly<Record<string, (pieces: ReadonlyArray<string>) => unknown>> = {
  "names of fields": (pieces) => Object.fromEntries(pieces.map((piece, index) => [`${index}${piece}`, index])),
  statuses: (pieces) => ({ status: pieces }),
  "types that were meant": (pieces) => ({ type: pieces.map(() => "documnet") }),
  instants: (pieces) => ({ created: pieces }),
  bounds: (pieces) => ({ created: Object.fromEntries(pieces.map((piece, index) => [`${index}${piece}`, piece])) }),
  codes: (pieces) => ({ last_error: { code: pieces } }),
  "entries of metadata": (pieces) => ({
    metadata: Object.fromEntries(pieces.map((piece, index) => [`${index}[${piece}`, piece]))
  })
}

const inPieces = (text: string): ReadonlyArray<string> => text.match(/[^]{1,4}/g) ?? []

const filterReaders = (name: string, toInput: (text: string) => unknown): Readonly<Record<string, Reader>> => ({
  [`SessionFilter.decode: ${name}`]: (text) => failure(SessionFilter.decode(toInput(text))),
  [`SessionFilter.Json: ${name}`]: (text) => schemaRefusal(SessionFilter.Json)(toInput(text))
})

const encoded = encodeURIComponent

const none: SessionFlags.FlagValues = {
  client_reference_id: Option.none(),
  created: [],
  related_customer: Option.none(),
  related_customer_account: Option.none(),
  status: [],
  type: [],
  livemode: Option.none(),
  last_error: [],
  metadata: [],
  redaction: []
}

const flagReaders: Readonly<Record<string, Reader>> = Object.fromEntries(
  Object.entries<(text: string) => Partial<SessionFlags.FlagValues>>({
    "--created": (text) => ({ created: [text] }),
    "--created many times": (text) => ({ created: inPieces(text).map((piece) => `gte=${piece}`) }),
    "--client-reference-id": (text) => ({ client_reference_id: Option.some(text) }),
    "--status": (text) => ({ status: [text] }),
    "--metadata": (text) => ({ metadata: [`${text.replaceAll("=", "%3D")}=${text}`] }),
    "--metadata many times": (text) => ({ metadata: inPieces(text).map((piece) => `plan=${piece}`) }),
    "--metadata of many names": (text) => ({ metadata: inPieces(text).map((piece, index) => `${index}${piece}=`) })
  }).flatMap(([name, toValues]) => [
    [`SessionFlags.decode: ${name}`, (text: string) => failure(SessionFlags.decode({ ...none, ...toValues(text) }))],
    [`SessionFlags.Flags: ${name}`, (text: string) => schemaRefusal(SessionFlags.Flags)({ ...none, ...toValues(text) })]
  ])
)

const queries: Readonly<Record<string, (text: string) => string>> = {
  "the whole query": (text) => text,
  "a value": (text) => `created=${encoded(text)}`,
  "a name": (text) => `${encoded(text)}=1`,
  "a name in brackets": (text) => `created[${encoded(text)}]=1`,
  "a key of metadata": (text) => `metadata[${encoded(text)}]=1`,
  "one name many times": (text) =>
    inPieces(text)
      .map((piece) => `status=${encoded(piece)}`)
      .join("&"),
  "one list many times": (text) =>
    inPieces(text)
      .map((piece) => `status[]=${encoded(piece)}`)
      .join("&"),
  "many names": (text) =>
    inPieces(text)
      .map((piece, index) => `${index}${encoded(piece)}=1`)
      .join("&"),
  "many keys": (text) =>
    inPieces(text)
      .map((piece, index) => `metadata[${index}${encoded(piece)}]=1`)
      .join("&")
}

const queryReaders = Object.fromEntries(
  Object.entries(queries).flatMap(([name, toQuery]): ReadonlyArray<readonly [string, Reader]> => [
    [`SessionFilter.decodeUrlQuery: ${name}`, (text) => failure(SessionFilter.decodeUrlQuery(toQuery(text)))],
    [`SessionFilter.UrlQuery: ${name}`, (text) => schemaRefusal(SessionFilter.UrlQuery)(toQuery(text))]
  ])
)

const replied = (status: number, body: unknown, headers: Record<string, string> = {}): StripeReply.Reply => ({
  status,
  headers: Headers.fromInput(headers),
  text: typeof body === "string" ? body : JSON.stringify(body)
})

const replyReaders: Readonly<Record<string, Reader>> = {
  "Stripe's words": (text) =>
    Effect.succeed(
      StripeReply.toReason(
        replied(400, { error: { message: text, code: text, param: text, doc_url: text, request_log_url: text } }),
        0
      )
    ),
  "headers of a reply": (text) =>
    Effect.succeed(
      StripeReply.toReason(
        replied(429, "", { "request-id": text, "stripe-rate-limited-reason": text, "retry-after": text }),
        0
      )
    ),
  "where a redirect leads": (text) =>
    Effect.succeed([
      StripeReply.toReason(replied(302, "", { location: text }), 0),
      StripeReply.toReason(replied(302, "", { location: `https://${text}` }), 0)
    ]),
  "a refusal that repeats what was sent": (text) =>
    Effect.succeed(StripeReply.toReason(replied(400, `<p>${text}</p>`), 0, [["key", Redacted.make(`-${text}`)]])),
  "a refusal that nearly repeats what was sent": (text) =>
    Effect.succeed(
      StripeReply.toReason(replied(400, { error: { message: text } }), 0, [
        ["key", Redacted.make(`${text.slice(0, 60)}x`)]
      ])
    ),
  "a body of an error": (text) => Effect.succeed(StripeReply.toReason(replied(503, text), 0)),
  "a body that is no JSON": (text) =>
    refusal(StripeReply.parse(replied(200, `<${text}`, { "content-type": text, "content-encoding": text }))),
  "what the network says": (text) => {
    const request = HttpClientRequest.get("https://api.stripe.com")
    const say = (fields: { readonly cause?: unknown; readonly description?: string }) =>
      Transport.toReason(
        new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, ...fields }) })
      )
    return Effect.succeed([
      say({ description: text }),
      say({ cause: Object.assign(new Error(text), { code: text }) }),
      say({ cause: new Error("fetch failed", { cause: new AggregateError([new Error(text)], text) }) })
    ])
  },
  "an invalid list": (text) => refusal(readList({ object: text, [text]: text }, undefined)),
  "rows that are wrong": (text) =>
    refusal(
      readList(
        { object: "list", has_more: false, data: [{ id: text, object: text, status: { [text]: text }, [text]: text }] },
        undefined
      )
    ),
  "a row that has everything but a right id": (text) =>
    refusal(
      readList({ object: "list", has_more: false, data: [{ ...row, id: text, metadata: { [text]: 7 } }] }, undefined)
    )
}

/** The first thing that is wrong with a reply. */
const readList = (body: unknown, requestId: string | undefined) =>
  Result.flatMap(
    Fetch.readRows(variant([]).decodeRow, (row): row is typeof row => true, {})(body, requestId),
    ({ entries = [] }) => {
      const error = entries.find(({ error }) => error !== undefined)?.error
      return error === undefined ? Result.void : Result.fail(error)
    }
  )

const row = {
  id: "vs_1",
  object: "identity.verification_session",
  created: 1_767_225_600,
  livemode: false,
  metadata: {},
  status: "verified",
  type: "document",
  last_error: null,
  last_verification_report: null,
  options: {},
  redaction: null,
  url: null,
  client_secret: null
}

const Plan = Schema.Struct({ metadata: Schema.Record(Schema.String, Schema.Literals(["free", "pro"])) })

/** Arguments as plain JavaScript may have them. */
// Type boundary: that they are not what the types say is what is read here.
const any = (value: unknown): never => value as never

const callReaders: Readonly<Record<string, Reader>> = {
  "retrieve: the id": (text) => failure(VerificationSessions.retrieve(text)),
  "retrieve: the options": (text) =>
    failure(VerificationSessions.retrieve("vs_1", any({ [text]: text, expand: [text] }))),
  "list: the cursor": (text) => failure(VerificationSessions.list({ starting_after: text })),
  "list: a name": (text) => failure(VerificationSessions.list(any({ [text]: text }))),
  "list: many names": (text) =>
    failure(VerificationSessions.list(any(Object.fromEntries(inPieces(text).map((piece, i) => [`${i}${piece}`, i]))))),
  "stream: the filter": (text) => failure(Stream.runDrain(VerificationSessions.stream(any({ status: { x: text } })))),
  "stream: the options": (text) =>
    failure(
      Stream.runDrain(
        VerificationSessions.stream(
          {},
          any({
            startingAfter: text,
            endingBefore: text,
            direction: text,
            expand: [text, `data.${text}`],
            [text]: text
          })
        )
      )
    ),
  "sync: where to resume": (text) =>
    failure(Stream.runDrain(VerificationSessions.sync({}, { from: any({ [text]: text }) }))),
  "tail: the filter": (text) => failure(Stream.runDrain(VerificationSessions.tail(any({ type: text })))),
  "Progress: the filter": (text) => failure(Progress.make(any({ created: { gte: text }, [text]: text }))),
  "reports: the filter": (text) =>
    failure(
      Stream.runDrain(
        VerificationReports.stream(any({ verification_session: text, type: text, created: text, [text]: text }))
      )
    ),
  "SessionFilter.and": (text) =>
    Effect.succeed([
      SessionFilter.and(any({ status: text }), any({ status: text })),
      SessionFilter.and({ client_reference_id: text }, { client_reference_id: `-${text}` }),
      SessionFilter.and({ metadata: { [text]: "1" } }, { metadata: { [text]: "2" } })
    ]),
  "SessionFilter.make": (text) => refusal(SessionFilter.make({ created: { [text]: text }, [text]: text })),
  "SessionFilter.matches": (text) =>
    failure(
      Effect.try({ try: () => SessionFilter.matches(any({ [text]: text, status: text })), catch: (error) => error })
    ),
  "RetryPolicy.make": (text) =>
    failure(
      Effect.try({ try: () => RetryPolicy.make(any({ [text]: text, maxDelay: text })), catch: (error) => error })
    ),
  "the options of a client": (text) =>
    refusal(
      ClientOptions.check(
        any({
          apiKey: text,
          apiBase: text,
          apiVersion: text,
          account: text,
          rateLimit: { [text]: text },
          [text]: text
        })
      )
    ),
  "the account of a call": (text) => refusal(ClientOptions.checkAccount({ account: text, context: undefined })),
  "Checkpoint.fromText": (text) => refusal(Checkpoint.fromText(text)),
  "Checkpoint.fromText of JSON": (text) =>
    refusal(Checkpoint.fromText(JSON.stringify({ version: 1, filter: text, account: text, [text]: text }))),
  "Checkpoint.check": (text) =>
    refusal(Checkpoint.check({ version: 1, filter: "all", account: text }, { filter: "all", account: `${text}-` })),
  "the columns of a CSV": (text) => schemaRefusal(CsvColumns.Columns)([text, `metadata.${text}`, `last_error.${text}`]),
  "VerificationSession.Json": (text) =>
    schemaRefusal(VerificationSession.Json())({ ...row, id: text, status: { [text]: text }, [text]: text }),
  "VerificationSession.decodeRows": (text) =>
    failure(
      Stream.make({ id: "vs_1", metadata: { [text]: text, plan: text } }).pipe(
        (rows) => VerificationSession.decodeRows(Plan, { onMismatch: ({ error }) => Effect.fail(error) })(any(rows)),
        (rows: Stream.Stream<unknown, unknown>) => Stream.runDrain(rows)
      )
    )
}

const scrubbers: Readonly<Record<string, Reader>> = {
  withoutSecrets: (text) => Effect.sync(() => void Texts.withoutSecrets(text)),
  show: (text) =>
    Effect.sync(() => [text, [text], { [text]: text }, { a: { b: [text] } }, new Error(text)].map(Arguments.show)),
  sentence: (text) => Effect.sync(() => Texts.sentence(text)),
  name: (text) => Effect.sync(() => Texts.name(text)),
  showPath: (text) => Effect.sync(() => Issues.showPath([text, 0, ...inPieces(text)])),
  nearest: (text) => Effect.sync(() => nearest(text, ["verified", "client_reference_id", text.slice(0, 60)]))
}

/** Each place by its name. */
export const readers: Readonly<Record<string, Reader>> = Object.assign(
  {},
  ...Object.entries(placesInFilter).map(([name, toInput]) => filterReaders(name, toInput)),
  ...Object.entries(manyInFilter).map(([name, toInput]) =>
    filterReaders(`many ${name}`, (text) => toInput(inPieces(text)))
  ),
  flagReaders,
  queryReaders,
  replyReaders,
  callReaders,
  scrubbers
)

/** Every text in what was said: fields, and messages, which are no fields. */
export const textsOf = (said: unknown, depth = 0): ReadonlyArray<string> => {
  if (typeof said === "string") return [said]
  if (typeof said !== "object" || said === null || depth > 8) return []
  const message = said instanceof Error ? [said.message, String(said)] : []
  return [
    ...message,
    ...Object.entries(said).flatMap(([name, value]) => (name === "stack" ? [] : [name, ...textsOf(value, depth + 1)]))
  ]
}
