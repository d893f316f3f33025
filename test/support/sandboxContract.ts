import { Ajv, type ValidateFunction } from "ajv"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** Stripe's own description of the two calls and its fixtures. They are its data, so they lie beside the project. */
export const folder = fileURLToPath(new URL("../../../shared/stripe/", import.meta.url))

/** Whether there is something to check against. Where there must be (in CI), its absence is an error. */
export const isPresent = (): boolean => {
  if (existsSync(folder)) return true
  const message = `Stripe's API description is missing, so replies are NOT checked against it: ${folder}`
  if (process.env["CI"] !== undefined && process.env["CI"] !== "") throw new Error(message)
  console.warn(message)
  return false
}

type Json = { readonly [key: string]: Json } | ReadonlyArray<Json> | string | number | boolean | null

const read = (name: string): Json => JSON.parse(readFileSync(folder + name, "utf8"))

/** The official fixtures by the name of their object. */
export const fixtures = (): Readonly<Record<string, Json>> => {
  const all = read("fixture.json")
  return typeof all === "object" && all !== null && !Array.isArray(all) ? (all as Record<string, Json>) : {}
}

/**
 * OpenAPI 3.0 says `nullable` where JSON Schema says `null`; and it leaves every object open, so that a misspelt field
 * would pass: here an object may have only the fields that are described.
 */
const toJsonSchema = (schema: Json): Json => {
  if (Array.isArray(schema)) return schema.map(toJsonSchema)
  if (typeof schema !== "object" || schema === null) return schema
  const { nullable, ...rest } = schema as Record<string, Json>
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

/** The checks of a list reply, a retrieve reply, an error reply and of any named schema. */
export const validators = () => {
  const document = toJsonSchema(read("verification_sessions.openapi.json")) as Record<string, Json>
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
