/**
 * The controls over HTTP, for those who drive a sandbox from another process: `POST /_sandbox/NAME` with a JSON object, whose
 * `account` names a connected account. Not a part of Stripe: no key, no limit, no record.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import type { Access } from "./accounts.ts"
import type { AccountControls, Service } from "./service.ts"
import type { Incoming } from "./recording.ts"
import { print, type Reply } from "./reply.ts"
import { assert, word } from "./assertions.ts"

const prefix = "/_sandbox/"

type Body = Readonly<Record<string, unknown>>

type Control<Sandbox> = (sandbox: Sandbox, body: Body) => Effect.Effect<unknown>

/** The controls of an account that a path can name. */
const accountControls: Readonly<Record<string, Control<AccountControls>>> = {
  sessions: (account) => account.sessions,
  insert: (account, body) => account.insert(body),
  update: (account, { id, ...patch }) => account.update(text("id", id), patch),
  submit: (account, { id }) => account.submit(text("id", id)),
  pass: (account, { id }) => account.pass(text("id", id)),
  fail: (account, { code, id, reason }) =>
    account.fail(text("id", id), { code: optional("code", code), reason: optional("reason", reason) }),
  cancel: (account, { id }) => account.cancel(text("id", id)),
  override: (account, { id, status }) => {
    word("status", status ?? null, ["verified", "requires_input"])
    return account.override(text("id", id), status === "verified" ? status : "requires_input")
  },
  redact: (account, { id }) => account.redact(text("id", id)),
  editMetadata: (account, { id, metadata }) => {
    assert(Predicate.isObject(metadata), "metadata must be an object")
    const pairs = Object.entries(Object(metadata)).map(([key, value]) => [key, text(`metadata.${key}`, value)])
    return account.editMetadata(text("id", id), Object.fromEntries(pairs))
  }
}

/** The other controls that a path can name. */
const sandboxControls: Readonly<Record<string, Control<Controls>>> = {
  traffic: (sandbox) => sandbox.traffic,
  setAccess: (sandbox, { access, account }) =>
    // Type boundary: the control itself says which words it takes.
    sandbox.account(text("account", account)).setAccess(access as Access)
}

/** The control of a name, if there is one. */
const find = (name: string): Control<Controls> | undefined => {
  const control = Object.hasOwn(accountControls, name) ? accountControls[name] : undefined
  if (control === undefined) return Object.hasOwn(sandboxControls, name) ? sandboxControls[name] : undefined
  return (sandbox, { account, ...body }) =>
    control(account === undefined ? sandbox : sandbox.account(text("account", account)), body)
}

const known = (): string => [accountControls, sandboxControls].flatMap(Object.keys).join(", ")

/** What the path can do. */
export type Controls = Pick<Service, keyof AccountControls | "account" | "traffic">

const text = (what: string, value: unknown): string => {
  assert(Predicate.isString(value), `${what} must be a string`)
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
    const control = find(name)
    if (method !== "POST" || control === undefined) {
      throw new RangeError(
        `Sandbox: expected POST ${prefix} and one of ${known()}, found ${method} ${url.pathname.slice(0, 100)}`
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
