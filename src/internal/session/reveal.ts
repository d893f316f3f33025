/**
 * The option `reveal`: which secret fields to write.
 */
import * as Schema from "effect/Schema"
import * as Arguments from "../arguments.ts"
import { insteadOf } from "../nearest.ts"
import { secretFields } from "./codec.ts"

export const reveal = Schema.optional(Arguments.list("secret fields", (field) => insteadOf(secretFields, field)))
