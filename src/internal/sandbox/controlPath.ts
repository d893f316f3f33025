/**
 * The controls over HTTP, for those who drive a sandbox from another process: `POST /_sandbox/NAME` with a JSON object. Not
 * a part of Stripe: no key, no limit, no record.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import type { Service } from "./service.ts"
import type { Incoming } from "./recording.ts"
import { print, type Reply } from "./reply.ts"
import { assert, word } from "./assertions.ts"

const prefix = "/_sandbox/"

type Body = Readonly<Record<string, unknown>>

/** The controls that a path can name. */
const controls: Readonly<Record<string, (sandbox: Controls, body: Body) => Effect.Effect<unknown>>> = {
  insert: (sandbox, body) => sandbox.insert(body),
  update: (sandbox, { id, ...patch }) => sandbox.update(text("id", id), patch),
  submit: (sandbox, { id }) => sandbox.submit(text("id", id)),
  pass: (sandbox, { id }) => sandbox.pass(text("id", id)),
  fail: (sandbox, { code, id, reason }) =>
    sandbox.fail(text("id", id), { code: optional("code", code), reason: optional("reason", reason) }),
  cancel: (sandbox, { id }) => sandbox.cancel(text("id", id)),
  override: (sandbox, { id, status }) => {
    word("status", status ?? null, ["verified", "requires_input"])
    return sandbox.override(text("id", id), status === "verified" ? status : "requires_input")
  },
  redact: (sandbox, { id }) => sandbox.redact(text("id", id)),
  editMetadata: (sandbox, { id, metadata }) => {
    assert(Predicate.isObject(metadata), "metadata must be an object")
    const pairs = Object.entries(Object(metadata)).map(([key, value]) => [key, text(`metadata.${key}`, value)])
    return sandbox.editMetadata(text("id", id), Object.fromEntries(pairs))
  }
}

/** What the path can do. */
export type Controls = Pick<
  Service,
  "insert" | "update" | "submit" | "pass" | "fail" | "cancel" | "override" | "redact" | "editMetadata"
>

const text = (what: string, value: unknown): string => {
  assert(Predicate.isString(value), `${what} must be a text`)
  return String(value)
}

const optional = (what: string, value: unknown): string | undefined =>
  value === undefined ? undefined : text(what, value)

/** Whether a request is one for the controls. */
export const owns = ({ url }: Incoming): boolean => url.pathname.startsWith(prefix)

/** Answers with what the control gives, or with 400 and why it does not. */
export const answer = ({ body = "", method, url }: Incoming, sandbox: Controls): Effect.Effect<Reply> =>
  Effect.suspend((): Effect.Effect<unknown> => {
    const name = url.pathname.slice(prefix.length)
    const control = Object.hasOwn(controls, name) ? controls[name] : undefined
    if (method !== "POST" || control === undefined) {
      throw new RangeError(
        `Sandbox: expected POST ${prefix} and one of ${Object.keys(controls).join(", ")}, ` +
          `found ${method} ${url.pathname.slice(0, 100)}`
      )
    }
    let parsed: unknown
    try {
      parsed = JSON.parse(body === "" ? "{}" : body)
    } catch {
      throw new RangeError("Sandbox: the body must be a JSON object")
    }
    assert(Predicate.isObject(parsed) && !Array.isArray(parsed), "the body must be a JSON object")
    // Type boundary: an object, as was just checked; each control checks the fields that it reads.
    return control(sandbox, parsed as Body)
  }).pipe(
    Effect.exit,
    Effect.map((exit) => {
      if (Exit.isSuccess(exit)) return reply(200, exit.value ?? {})
      const cause = Cause.squash(exit.cause)
      return reply(400, { error: { message: cause instanceof Error ? cause.message : String(cause) } })
    })
  )

const reply = (status: number, body: unknown): Reply => ({
  status,
  headers: { "content-type": "application/json" },
  body: print(body)
})
