import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option, Queue, Redacted, Result, Schema, SchemaGetter, Stream } from "effect"
import { VerificationSession, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { countRequests, world } from "./support/world.ts"

const { decodeRows, withMetadata } = VerificationSession

const Plan = Schema.Struct({ plan: Schema.Literals(["pro", "enterprise"]), team: Schema.optionalKey(Schema.String) })
const withPlan = withMetadata(Plan)

const hundred = world({ sandbox: { sessions: 240 } })

const matching = Effect.map(
  Sandbox.Sandbox.use((sandbox) => sandbox.sessions),
  (rows) => rows.filter((row) => ["pro", "enterprise"].includes(row.metadata["plan"] ?? ""))
)

const session = (id: string, metadata: Record<string, string>) =>
  VerificationSession.makeUnsafe({ id, status: "verified", created: DateTime.makeUnsafe(0), metadata })

describe("withMetadata", () => {
  const Seats = Schema.Struct({ seats: Schema.FiniteFromString })
  const schema = withMetadata(Seats)

  it("decodes the metadata, keeps every other field, and encodes back", () => {
    const before = { ...session("vs_1", { seats: "3", other: "x" }), client_reference_id: "user_1" }
    const after = Schema.decodeSync(schema)(before)
    assert.deepStrictEqual(after, { ...before, metadata: { seats: 3 } })
    assert.deepStrictEqual(Schema.encodeSync(schema)(after), { ...before, metadata: { seats: "3" } })
  })

  it("takes sessions and nothing else", () => {
    assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(schema)({ metadata: { seats: "3" } })))
    const reported = withMetadata(Seats, VerificationSession.expanded(["last_verification_report"]))
    const exact = withMetadata(Seats, VerificationSession.VerificationSession)
    const plain = { ...session("vs_1", { seats: "3" }), last_verification_report: "vr_1" }
    assert.isTrue(Result.isSuccess(Schema.decodeUnknownResult(schema)(plain)))
    assert.isTrue(Result.isSuccess(Schema.decodeUnknownResult(exact)(plain)))
    assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(reported)(plain)))
  })

  const secret = VerificationSession.makeUnsafe({
    ...session("vs_1", { seats: "3" }),
    client_secret: Redacted.make("SANDBOX-secret"),
    url: Redacted.make("SANDBOX-url")
  })

  it("leaves secrets the very values they were", () => {
    assert.strictEqual(Schema.decodeSync(schema)(secret).client_secret, secret.client_secret)
  })

  it("is written by HttpApi and Rpc with the codec of its sessions, so without secrets that Json does not name", () => {
    const row = Schema.decodeSync(schema)(secret)
    const written = (codec: Schema.Codec<VerificationSession.AnyExpansion, unknown>) =>
      Schema.encodeSync(Schema.toCodecJson(withMetadata(Seats, codec)))(row)
    const shown = { ...Schema.encodeSync(VerificationSession.Json())(secret), metadata: { seats: "3" } }
    assert.deepStrictEqual<unknown>(Schema.encodeSync(Schema.toCodecJson(schema))(row), shown)
    assert.deepStrictEqual<unknown>(written(VerificationSession.Json()), shown)
    assert.deepStrictEqual<unknown>(written(VerificationSession.expanded([])), shown)
    const withUrl = written(VerificationSession.Json({ reveal: ["url"] }))
    assert.deepStrictEqual<unknown>(withUrl, { ...shown, url: "SANDBOX-url" })
    assert.deepStrictEqual(Schema.decodeUnknownSync(Schema.toCodecJson(schema))(shown).metadata, { seats: 3 })
  })
})

const drop = { onMismatch: () => Effect.void }

const fail = ({ error }: VerificationSession.Mismatch<VerificationSession.AnyExpansion>) => Effect.fail(error)

describe("decodeRows", () => {
  it.effect("drops what does not match, and keeps one chunk a page", () =>
    Effect.gen(function* () {
      const chunks = yield* VerificationSessions.stream({}, { pageSize: 80 }).pipe(
        decodeRows(withPlan, drop),
        Stream.chunks,
        Stream.runCollect
      )
      assert.lengthOf(chunks, 3)
      assert.deepStrictEqual(
        chunks.flat().map(({ id, metadata }) => [id, metadata.plan]),
        (yield* matching).map(({ id, metadata }) => [id, metadata["plan"]])
      )
    }).pipe(Effect.provide(hundred))
  )

  it.effect("keeps sessions with whatever is expanded", () =>
    Effect.gen(function* () {
      const expand = ["data.last_verification_report", "data.verified_outputs"] as const
      const rows = yield* VerificationSessions.stream({}, { expand }).pipe(
        decodeRows(withPlan, drop),
        Stream.runCollect
      )
      assert.deepStrictEqual(
        rows.map(({ id }) => id),
        (yield* matching).map(({ id }) => id)
      )
      assert.isTrue(rows.some(({ last_verification_report }) => typeof last_verification_report === "object"))
    }).pipe(Effect.provide(hundred))
  )

  it.effect("fails with the first that does not match, after the rows before it", () =>
    Effect.gen(function* () {
      const all = yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)
      const first = all.findIndex((row) => row.metadata["plan"] === "free")
      const seen: Array<string> = []
      const result = yield* VerificationSessions.stream().pipe(
        decodeRows(withMetadata(Schema.Struct({ plan: Schema.optionalKey(Schema.Literals(["pro", "enterprise"])) })), {
          onMismatch: fail
        }),
        Stream.runForEach(({ id }) => Effect.sync(() => seen.push(id))),
        Effect.flip
      )
      assert.isAbove(first, 0)
      assert.deepStrictEqual(
        seen,
        all.slice(0, first).map(({ id }) => id)
      )
      assert.strictEqual(result._tag, "MismatchError")
      assert.strictEqual(
        result.message,
        `${all[first]?.id} does not match: metadata.plan: expected "pro" | "enterprise"`
      )
      assert.strictEqual(yield* countRequests, 1)
    }).pipe(Effect.provide(hundred))
  )

  it.effect("hands mismatches to a second stream, so that nothing is lost and the order is kept", () =>
    Effect.gen(function* () {
      const all = yield* Sandbox.Sandbox.use((sandbox) => sandbox.sessions)
      const rejected = yield* Queue.unbounded<VerificationSession.Mismatch<VerificationSession.AnyExpansion>>()
      const matched = yield* VerificationSessions.stream().pipe(
        decodeRows(withPlan, { onMismatch: (mismatch) => Queue.offer(rejected, mismatch) }),
        Stream.runCollect
      )
      const mismatches = yield* Queue.takeAll(rejected)
      assert.deepStrictEqual(
        matched.map(({ id }) => id),
        (yield* matching).map(({ id }) => id)
      )
      const wanted = new Set(matched.map(({ id }) => id))
      assert.deepStrictEqual(
        mismatches.map(({ session }) => session.id),
        all.flatMap(({ id }) => (wanted.has(id) ? [] : [id]))
      )
      for (const { error, session } of mismatches) assert.strictEqual(error.id, session.id)
    }).pipe(Effect.provide(hundred))
  )

  it.effect("fails as the handler fails, after the rows before", () =>
    Effect.gen(function* () {
      const rows = Stream.make(session("vs_1", { plan: "pro" }), session("vs_2", {}), session("vs_3", { plan: "pro" }))
      const seen: Array<string> = []
      const result = yield* rows.pipe(
        decodeRows(withPlan, { onMismatch: ({ error }) => Effect.fail(`stopped at ${error.id}`) }),
        Stream.runForEach(({ id }) => Effect.sync(() => seen.push(id))),
        Effect.result
      )
      assert.deepStrictEqual(result, Result.fail("stopped at vs_2"))
      assert.deepStrictEqual(seen, ["vs_1"])
    })
  )

  it.effect("takes any Schema over a session, with services of its own", () =>
    Effect.gen(function* () {
      const Summary = Schema.Struct({ id: Schema.String, status: Schema.Literal("verified") })
      const upper = Schema.Struct({ id: Schema.String }).pipe(
        Schema.decodeTo(Schema.Struct({ name: Schema.String }), {
          decode: SchemaGetter.transform(({ id }) => ({ name: id.toUpperCase() })),
          encode: SchemaGetter.transform(({ name }) => ({ id: name.toLowerCase() }))
        })
      )
      const rows = Stream.make(session("vs_1", {}), session("vs_2", {}))
      assert.deepStrictEqual(yield* Stream.runCollect(rows.pipe(decodeRows(upper, { onMismatch: fail }))), [
        { name: "VS_1" },
        { name: "VS_2" }
      ])
      assert.deepStrictEqual(
        yield* Stream.runHead(rows.pipe(decodeRows(Summary, drop))),
        Option.some({
          id: "vs_1",
          status: "verified"
        } as const)
      )
    })
  )

  it.effect("lists the first twenty problems of a session that has more", () =>
    Effect.gen(function* () {
      const names = Array.from({ length: 1000 }, (_, index) => `x${index}`)
      const rows = Stream.make(session("vs_1", Object.fromEntries(names.map((name) => [name, "no"]))))
      const Plans = withMetadata(Schema.Record(Schema.String, Schema.Literals(["free", "pro"])))
      const error = yield* Effect.flip(Stream.runDrain(rows.pipe(decodeRows(Plans, { onMismatch: fail }))))
      assert.deepStrictEqual(
        error.issues,
        names.slice(0, 20).map((name) => ({ path: `metadata.${name}`, expected: 'expected "free" | "pro"' }))
      )
    })
  )

  it("names no value in its error", () => {
    const error = new VerificationSession.MismatchError({ id: "vs_1", issues: [] })
    assert.deepStrictEqual(
      Object.keys(error)
        .sort()
        .filter((key) => key !== "_tag"),
      ["id", "issues"]
    )
  })
})
