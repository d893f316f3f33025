import { Ajv, type ValidateFunction } from "ajv"
import { readFileSync } from "node:fs"
import { folder } from "./stripeMaterial.ts"

type Json = { readonly [key: string]: Json } | ReadonlyArray<Json> | string | number | boolean | null

const read = (name: string): Json => JSON.parse(readFileSync(folder + name, "utf8"))

// Type boundary: TypeScript does not narrow a readonly array out of `Json` by `Array.isArray`.
const isRecord = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The official fixtures by the name of their object. */
export const fixtures = (): Readonly<Record<string, Json>> => {
  const all = read("fixture.json")
  return isRecord(all) ? all : {}
}

/**
 * OpenAPI 3.0 says `nullable` where JSON Schema says `null`; and it leaves every object open, so that a misspelt field
 * would pass: here an object may have only the fields that are described.
 */
const toJsonSchema = (schema: Json): Json => {
  if (Array.isArray(schema)) return schema.map(toJsonSchema)
  if (!isRecord(schema)) return schema
  const { nullable, ...rest } = schema
  const converted: Record<string, Json> = Object.fromEntries(
    Object.entries(rest)
      .filter(([key]) => !key.startsWith("x-") && key !== "format")
      .map(([key, value]) => [key, toJsonSchema(value)])
  )
  if (converted["type"] === "object" && converted["properties"] !== undefined)
    converted["additionalProperties"] ??= false
  // Stripe marks the enums that may grow before its description does.
  if (rest["x-stripeBypassValidation"] === true) delete converted["enum"]
  return nullable === true ? { anyOf: [converted, { type: "null" }] } : converted
}

const makeChecks = () => {
  const document = toJsonSchema(read("verification_sessions.openapi.json"))
  if (!isRecord(document)) throw new Error("Stripe's API description is not an object")
  const ajv = new Ajv({ strict: false, allErrors: true })
  ajv.addSchema(document, "stripe")
  const path = (at: string): ValidateFunction => ajv.compile({ $ref: `stripe#${at}` })
  const success = "/get/responses/200/content/application~1json/schema"
  return {
    list: path(`/paths/~1v1~1identity~1verification_sessions${success}`),
    retrieve: path(`/paths/~1v1~1identity~1verification_sessions~1%7Bsession%7D${success}`),
    error: path("/components/schemas/error"),
    schema: (name: string) => path(`/components/schemas/${name}`)
  }
}

/** What a schema has against a value; empty when nothing. */
export const complaints = (validate: ValidateFunction, value: unknown): ReadonlyArray<string> =>
  validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)

let checks: ReturnType<typeof makeChecks> | undefined

/** The checks of a list reply, a retrieve reply, an error reply and of any named schema, read when they are first used. */
export const check = () => (checks ??= makeChecks())
