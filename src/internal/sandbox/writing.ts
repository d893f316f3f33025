/**
 * Stripe's own calls that change a session: update (metadata alone), cancel and redact.
 */
import type * as Result from "effect/Result"
import type { Changes } from "./changes.ts"
import type * as Errors from "./errors.ts"
import type { Query } from "./parameters.ts"
import type { Event, Session } from "./session.ts"

/** What a POST does. */
export type Control = "cancel" | "redact" | "update"

/** A POST, and the session that it is for as the path has it. */
export interface Call {
  readonly control: Control
  readonly segment: string
}

/** Keys of the metadata and their values. An empty value takes the key away. */
export type Form = Readonly<Record<string, string>>

/** Changes a session on behalf of a request. */
export type Write = (
  control: Control,
  id: string,
  metadata: Form,
  now: number,
  request: Event["request"]
) => Result.Result<Session, Errors.Refusal>

const path = /^\/v1\/identity\/verification_sessions\/([^/]+)(?:\/(cancel|redact))?$/

/** The call that a path stands for. */
export const at = (pathname: string): Call | undefined => {
  const [, segment, control] = path.exec(pathname) ?? []
  return segment === undefined
    ? undefined
    : { segment, control: control === "cancel" || control === "redact" ? control : "update" }
}

/** What a body says: the metadata that an update sets, and the other parameters. */
export const form = (body: string, control: Control): { readonly metadata: Form; readonly rest: Query } => {
  const metadata: Record<string, string> = {}
  const rest: Array<Query[number]> = []
  for (const [name, value] of new URLSearchParams(body)) {
    const [, key] = /^metadata\[([^[\]]+)\]$/.exec(name) ?? []
    if (control === "update" && key !== undefined) metadata[key] = value
    else rest.push([name, value])
  }
  return { metadata, rest }
}

/** Makes the calls out of the changes. */
export const make =
  (changes: Changes): Write =>
  (control, id, metadata, at, request) => {
    const occasion = { at, request }
    switch (control) {
      case "cancel":
        return changes.cancel(id, occasion)
      case "redact":
        return changes.redact(id, occasion)
      case "update":
        return changes.editMetadata(id, metadata, occasion)
    }
  }
