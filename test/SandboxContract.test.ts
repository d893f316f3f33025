import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Sandbox from "../src/Sandbox.ts"
import { ask, listUrl } from "./support/sandboxClient.ts"
import { check, complaints, fixtures } from "./support/sandboxContract.ts"
import { complainIfAbsent, isPresent } from "./support/stripeMaterial.ts"

// The sandbox against Stripe's published API description.

const everything = [
  "data.last_error",
  "data.last_verification_report",
  ...["dob", "expiration_date", "number", "sex", "unparsed_place_of_birth", "unparsed_sex"].map(
    (field) => `data.last_verification_report.document.${field}`
  ),
  ...["id_number.dob", "id_number.id_number"].map((field) => `data.last_verification_report.${field}`),
  ...["dob", "id_number", "sex", "unparsed_place_of_birth", "unparsed_sex"].map(
    (field) => `data.verified_outputs.${field}`
  )
]
const expanded = `&${everything.map((path) => `expand[]=${path}`).join("&")}`

it("there is a description to check against, or else a warning, or in CI a failure", complainIfAbsent)

describe.skipIf(!isPresent)("by Stripe's API description", () => {
  it.effect("every page is valid, plain or with everything expanded, for every kind of key", () =>
    Effect.gen(function* () {
      const fields = new Set<string>()
      for (const key of [Sandbox.apiKey, Sandbox.recentSensitiveApiKey, Sandbox.sensitiveApiKey]) {
        for (const query of ["", expanded]) {
          let cursor = ""
          for (let count = 0; count < 10; count++) {
            const { status, text } = yield* ask(`?limit=100${query}${cursor}`, { key })
            assert.strictEqual(status, 200, text)
            const body = JSON.parse(text)
            assert.deepStrictEqual(complaints(check().list, body), [])
            for (const row of body.data) Object.keys(row).forEach((field) => fields.add(field))
            cursor = `&starting_after=${body.data.at(-1).id}`
          }
        }
      }
      // Valid is also what never shows a field: all twenty must have been seen.
      assert.strictEqual(fields.size, 20)
    }).pipe(Effect.provide(Sandbox.layer({ sessions: 1001 })))
  )

  it.effect("every retrieved session is valid", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      for (const { id } of yield* sandbox.sessions) {
        const query = `?${everything.map((path) => `expand[]=${path.slice("data.".length)}`).join("&")}`
        const { text } = yield* ask(query, { key: Sandbox.sensitiveApiKey, url: `${listUrl}/${id}` })
        assert.deepStrictEqual(complaints(check().retrieve, JSON.parse(text)), [])
      }
    }).pipe(Effect.provide(Sandbox.layer({ sessions: 60 })))
  )

  it.effect("every refusal is valid", () =>
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.Sandbox
      const faults = [
        Sandbox.Fault.RateLimited(),
        Sandbox.Fault.LockTimeout(),
        Sandbox.Fault.ServerError({ format: "json" }),
        Sandbox.Fault.Conflict(),
        Sandbox.Fault.CursorNotFound(),
        Sandbox.Fault.ShouldRetry({ status: 424, retry: true })
      ]
      for (const fault of faults) yield* sandbox.inject(fault)
      const answers = yield* Effect.all(faults.map(() => ask()))
      const queries = [
        "?limit=x",
        "?starting_after=vs_none",
        "?a=b",
        "?status=x",
        "?expand[]=x",
        "?created[x]=1",
        "?limit="
      ]
      for (const query of queries) answers.push(yield* ask(query))
      for (const key of [Sandbox.restrictedApiKey, Sandbox.expiredApiKey]) answers.push(yield* ask("", { key }))
      for (const authorization of ["", "Bearer sk_test_wrong_key", "Bearer pk_test_wrong_key"]) {
        answers.push(yield* ask("", { headers: { authorization } }))
      }
      answers.push(yield* ask("", { url: `${listUrl}/` }), yield* ask("", { url: `${listUrl}/vs_none` }))
      for (const { status, text } of answers) {
        assert.isAtLeast(status, 400, text)
        assert.deepStrictEqual(complaints(check().error, JSON.parse(text)), [], text)
      }
    }).pipe(Effect.provide(Sandbox.layer()))
  )

  it("the check has teeth: it objects to wrong types, unknown statuses, missing and unknown fields", () => {
    const row = fixtures()["identity.verification_session"]
    assert.isObject(row)
    const list = (session: unknown) => ({
      object: "list",
      data: [session],
      has_more: false,
      url: "/v1/identity/verification_sessions"
    })
    assert.deepStrictEqual(complaints(check().list, list(row)), [])
    const spoilt = { ...Object(row) }
    delete spoilt.livemode
    for (const bad of [
      list({ ...Object(row), created: "1" }),
      list({ ...Object(row), status: "paused" }),
      list({ ...Object(row), client_refrence_id: null }),
      list(spoilt),
      { ...list(row), url: "/v1/other" }
    ]) {
      assert.isNotEmpty(complaints(check().list, bad))
    }
  })

  it("the official fixtures have the same shape", () => {
    const names = Object.entries(fixtures()).filter(([name]) => name.startsWith("identity."))
    assert.lengthOf(names, 2)
    for (const [name, fixture] of names) assert.deepStrictEqual(complaints(check().schema(name), fixture), [])
  })
})
