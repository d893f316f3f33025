import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { drive } from "./support/drive.ts"
import { type Case, keyOf, matrix } from "./support/faultMatrix.ts"
import { inProcess, sandboxOf } from "./support/faultRuns.ts"
import { listUrl } from "./support/sandboxClient.ts"
import { recording } from "./support/secrets.ts"

const { Fault } = Sandbox
const expand = ["data.verified_outputs", "data.last_verification_report"] as const
const secretFields = ["client_secret", "url", "provided_details", "verified_outputs"]

/** Every text below a value that is long enough to be told from others. */
const textsIn = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? value.length > 7
      ? [value]
      : []
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(textsIn)
      : []

/** What stands in the secret fields of the first page, as a server without faults sends it. */
const secretsOf = Effect.fnUntraced(function* (one: Case) {
  const sandbox = yield* Sandbox.make({ ...sandboxOf(one), account: "identity-enabled" })
  const url = `${listUrl}?limit=100&expand[]=${expand.join("&expand[]=")}`
  const { body } = yield* sandbox.respond({
    method: "GET",
    url: new URL(url),
    headers: { authorization: `Bearer ${Redacted.value(Sandbox.apiKey)}` },
    compresses: false
  })
  // Type boundary: the sandbox's replies have Stripe's form, which a test of its own checks.
  const { data } = JSON.parse(String(body)) as { readonly data: ReadonlyArray<Record<string, unknown>> }
  const found = data.flatMap((row) => secretFields.flatMap((field) => textsIn(row[field])))
  assert.isAbove(found.length, 50)
  return found
})

const keysOf = (one: Case): ReadonlyArray<string> => {
  const key = Redacted.value(one.apiKey ?? Sandbox.apiKey)
  // Not even the end, which Stripe's mask leaves.
  return [key, `*${key.slice(-4)}`]
}

const check = (one: Case, planted: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const secrets = [...keysOf(one), ...(yield* secretsOf(one)), ...planted]
    const emitted = yield* recording(({ add }) =>
      Effect.gen(function* () {
        const { error, invalid } = yield* drive(inProcess(one, expand), { step: 250, turns: 8 })
        add(invalid)
        for (const each of invalid) yield* Effect.logWarning("left out", each)
        if (error === undefined) return
        add(error)
        add(error.reason)
        return yield* Effect.fail(error)
      })
    )
    assert.include(emitted, "VerificationSessions.page")
    assert.deepStrictEqual(
      secrets.filter((secret) => emitted.includes(secret)),
      []
    )
  })

describe("neither the key nor identity data is in what is logged, traced, thrown or handed over after", () => {
  for (const one of matrix) it.effect(keyOf(one), () => check(one))

  const key = Redacted.value(Sandbox.apiKey)
  const secret = "vs_1Planted_secret_test_YWNjdF9wbGFudGVk"
  const link = "https://verify.stripe.com/start/test_planted_link"
  const page = `<p>?client_reference_id=planted-reference&x ${key} ${secret} jenny.rosen@example.com <a href="${link}">`
  const planted = [
    secret,
    link,
    "jenny.rosen",
    "planted-reference",
    "PlantedName",
    "planted-user",
    "PlantedKey",
    "PlantedEnd"
  ]

  const replies: Readonly<Record<string, Sandbox.Fault>> = {
    "a page of HTML that repeats the request": Fault.Reply({ status: 502, body: page }),
    "the same with status 200": Fault.Reply({ body: page }),
    "a page that is cut in the middle of an address": Fault.Reply({
      body: `${"x ".repeat(90)}jenny.rosen@example.com`
    }),
    "sessions whose beginning is missing": Fault.Reply({
      body: `ame": "PlantedName", "email": "jenny.rosen@example.com"`
    }),
    "sessions in another form": Fault.Reply({ body: `- first_name: PlantedName\n- "first_name" : "PlantedName"` }),
    "bytes that are no text": Fault.Reply({ body: `\u0000\u0001PlantedName` }),
    "a refusal that echoes the key as Stripe masks it": Fault.Reply({
      status: 401,
      body: { error: { message: `Invalid API Key provided: sk_test_${"*".repeat(20)}${key.slice(-4)}`, type: "x" } }
    }),
    "a refusal that echoes the key of an organization, whole and masked": Fault.Reply({
      status: 401,
      body: {
        error: { message: `Invalid API Key provided: sk_org_live_PlantedKey, sk_org_l${"*".repeat(20)}PlantedEnd` }
      }
    }),
    "a refusal that echoes everything": Fault.Reply({
      status: 400,
      body: { error: { message: `${key} ${secret} ${link} jenny.rosen@example.com`, param: "status" } }
    }),
    "a redirect that repeats the request": Fault.Redirect({
      location: `https://planted-user:${key}@example.com/?key=${key}`
    }),
    "a list with the names of people": Fault.BadRow({
      at: 1,
      patch: { metadata: { "PlantedName of example": 7 }, id: "jenny.rosen@example.com" }
    }),
    "a client secret in place of an id": Fault.BadRow({ at: 1, patch: { status: 1, id: secret } })
  }

  for (const [name, fault] of Object.entries(replies)) {
    const one: Case = {
      group: "Replies",
      name,
      injections: [{ fault, times: Infinity }],
      read: {},
      meanwhile: [],
      stalls: false
    }
    it.effect(name, () => check(one, planted))
  }
})
