import { Effect, Redacted } from "effect"
import { Webhook } from "effect-stripe-identity"
import { expect, test } from "tstyche"

const secrets = [Redacted.make("whsec_1")]

test("verify gives a hint, fails with WebhookError alone, and needs nothing", () => {
  expect(Webhook.verify({ body: "", header: null, secrets })).type.toBe<
    Effect.Effect<Webhook.Hint, Webhook.WebhookError>
  >()
  expect<Webhook.Hint["sessionId"]>().type.toBe<string>()
})

test("the body is raw, and secrets are Redacted, several of them", () => {
  expect(Webhook.verify).type.toBeCallableWith({ body: new ArrayBuffer(0), header: undefined, secrets })
  expect(Webhook.verify).type.toBeCallableWith({ body: Buffer.from(""), header: ["t=1"], secrets })
  expect(Webhook.verify).type.not.toBeCallableWith({ body: { id: "evt_1" }, header: "", secrets })
  expect(Webhook.verify).type.not.toBeCallableWith({ body: "", header: "", secrets: ["whsec_1"] })
  expect(Webhook.verify).type.not.toBeCallableWith({ body: "", header: "", secrets: secrets[0] })
  expect(Webhook.verify).type.not.toBeCallableWith({ body: "", header: "", secrets, receivedAt: 1767225600 })
})

test("one reason can be recovered from, and the others stay", () => {
  const recovered = Webhook.verify({ body: "", header: "", secrets }).pipe(
    Effect.catchReason("WebhookError", "UnrelatedEventError", ({ type }) => Effect.succeed(type))
  )
  expect(recovered).type.toBe<Effect.Effect<Webhook.Hint | string, Webhook.WebhookError>>()
})
