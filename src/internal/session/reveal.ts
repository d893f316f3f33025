/**
 * The option `reveal`: which secret fields to write.
 */
import * as Schema from "effect/Schema"
import * as Arguments from "../arguments.ts"
import { alternatives, suggest } from "../nearest.ts"
import { secretFields } from "./codec.ts"

const isSecret = (field: unknown): boolean => secretFields.some((secret) => secret === field)

export const reveal = Schema.optional(
  Arguments.list("secret fields", (field) =>
    isSecret(field) ? undefined : suggest(alternatives(secretFields), field, secretFields)
  )
)
