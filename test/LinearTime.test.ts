import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { StripeClient, VerificationReports, VerificationSessions } from "effect-stripe-identity"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import { type Reader, readers, textsOf } from "./support/hostile.ts"

// Whoever writes a text decides how long it is. What it costs is measured in time of the processor, because the steps of a
// pattern cannot be counted, and on a busy machine the clock says nothing. Four times the text takes four times as long where
// time grows with the length, and sixteen times where it grows with the square of it.

const services = Layer.mergeAll(VerificationSessions.layerFromClient, VerificationReports.layerFromClient).pipe(
  Layer.provide(StripeClient.layer({ apiKey: Sandbox.apiKey, rateLimit: false })),
  Layer.provide(Sandbox.layer({ sessions: 1 }))
)

/** Each four times the one before. */
const lengths = [4096, 16_384, 65_536]

/** In milliseconds. Below this nobody waits, and a measurement says nothing. */
const soon = 150

const fill = (piece: string, length: number): string => piece.repeat(Math.ceil(length / piece.length))

const used = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

/** What is said of a text, and how many milliseconds that takes: the best of three, for others clean up in between. */
const timed = Effect.fnUntraced(function* (read: Reader, text: string) {
  let said: unknown
  let time = Infinity
  for (let tries = 0; tries < 3 && time > soon; tries++) {
    const before = used()
    said = yield* read(text)
    time = Math.min(time, used() - before)
  }
  return { said, time }
})

/** Twenty problems, each expected in a few lines. */
const longestMessage = 16_000

const check = Effect.fnUntraced(function* (read: Reader, piece: string) {
  const again = `${JSON.stringify(piece)} again and again`
  let quarter = Infinity
  for (const length of lengths) {
    const { said, time } = yield* timed(read, fill(piece, length))
    if (time > soon) assert.isBelow(time, quarter * 9, again)
    quarter = time
    for (const text of textsOf(said)) assert.isBelow(text.length, longestMessage, again)
  }
})

const pieces = [
  "a",
  "T",
  "\u{1F600}",
  "0",
  "a@a-",
  "a%40a.",
  "sk_live_",
  "vs_x_secret_",
  "//a",
  "?a=",
  "?t=1",
  "[",
  "%5B",
  "-",
  "..",
  "2026-01..",
  " ",
  "+ ",
  "\\",
  "\n",
  '"',
  "<",
  '{"a":',
  "a=&",
  "__proto__",
  "verified"
]

// Where an input is long because it is many, what each is made of matters less.
const few = ["a", "sk_live_", "[", "verified"]

describe("a long text costs time that grows with its length, and makes no long error", { concurrent: false }, () => {
  for (const [name, read] of Object.entries(readers)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        for (const piece of name.includes("many") ? few : pieces) yield* check(read, piece)
      }).pipe(Effect.provide(services))
    )
  }

  const Piece = Schema.Array(
    Schema.Literals([..."aT0_@.-:/?&=%[]{}()<>,;'\"\\ \n", "sk_live", "_secret_", "//", "vs_"])
  ).check(Schema.isMinLength(1), Schema.isMaxLength(6))

  it.effect.prop("whatever it is made of", { parts: Piece }, ({ parts }) =>
    Effect.gen(function* () {
      for (const read of Object.values(some)) yield* check(read, parts.join(""))
    }).pipe(Effect.provide(services))
  )
})

/** Each of the patterns is behind one of these. */
const some = [
  "SessionFilter.decode: created.gte",
  "SessionFilter.decode: a range of two",
  "SessionFilter.decodeUrlQuery: a name in brackets",
  "SessionFlags.decode: --metadata",
  "Stripe's words",
  "where a redirect leads",
  "a body of an error",
  "the options of a client",
  "withoutSecrets",
  "show"
].map((name) => readers[name] ?? assert.fail(name))

describe("no secret is said, wherever a text is cut", () => {
  const secrets = [
    "sk_live_PlantedPlantedPlanted",
    "rk_test_***************************Planted",
    "sk_org_live_PlantedPlantedPlanted",
    "whsec_PlantedPlantedPlanted",
    "vs_1PQRSTUVWXYZ_secret_test_PlantedPlanted",
    "https://verify.stripe.com/start/test_PlantedPlantedPlanted",
    "https://PlantedName:PlantedWord@api.stripe.com/v1",
    "Planted.Planted.Planted@example.com",
    "/v1/sessions?client_reference_id=PlantedPlantedPlanted"
  ]
  // Around each length at which texts are cut.
  const cuts = [0, 20, 35, 45, 55, 60, 180, 195, 230, 250, 254, 470, 485, 495, 500]

  for (const [name, read] of Object.entries(readers)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        for (const secret of secrets) {
          for (const [index, length] of cuts.entries()) {
            const before = ["x", "x ", "<x>"][(index + secret.length) % 3] ?? ""
            const text = `${fill(before, length).slice(0, length)}${secret}${fill(before, 600)}`
            const said = textsOf(yield* read(text)).filter((text) => text.includes("Planted"))
            assert.deepStrictEqual(said, [], `${length} of ${before}`)
          }
        }
      }).pipe(Effect.provide(services))
    )
  }
})
