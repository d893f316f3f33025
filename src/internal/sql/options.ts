/**
 * The options of `SqlDestination`, checked.
 */
import * as Schema from "effect/Schema"
import * as Arguments from "../arguments.ts"
import { reveal } from "../session/reveal.ts"

export const defaultTable = "verification_sessions"

// It is written into statements between quotes, so nothing else is let through.
const table = Schema.optional(
  Arguments.accepts(
    "1 to 40 lower-case letters, digits and _, not starting with a digit. For a schema of Postgres, set the connection's search_path.",
    (value) => typeof value === "string" && /^[a-z_][a-z0-9_]{0,39}$/.test(value)
  )
)

const isKey = (value: unknown): boolean => typeof value === "string" && value.length <= 255

export const decode = Arguments.options({
  account: Schema.optional(Arguments.accepts("the id of an account, such as acct_1", isKey)),
  table,
  name: Schema.optional(Arguments.accepts("a string of at most 255 characters", isKey)),
  reveal
})

export const decodeTable = Arguments.options({ table })
