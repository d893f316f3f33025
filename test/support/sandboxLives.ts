import { Effect } from "effect"
import * as Sandbox from "effect-stripe-identity/Sandbox"
import type { choices } from "./syncHistory.ts"

// What may happen to the sessions of a sandbox.

/** A change a time: a new session, or what may come next for one that is there. */
export const makeChange = Effect.fnUntraced(function* ({ below, one }: ReturnType<typeof choices>) {
  const sandbox = yield* Sandbox.Sandbox
  const open = (yield* sandbox.sessions).flatMap(({ id, redaction, status }) =>
    redaction === null && status !== "canceled" ? [{ id, status }] : []
  )
  const change = Effect.fnUntraced(function* () {
    const place = below(open.length)
    const session = open[place]
    if (session === undefined || below(10) === 0) {
      const { id, status } = yield* sandbox.insert()
      open.push({ id, status })
      return
    }
    const { id, status } = session
    const after =
      status === "requires_input"
        ? one([sandbox.submit, sandbox.submit, sandbox.cancel, sandbox.redact])
        : status === "processing"
          ? one([sandbox.pass, sandbox.fail])
          : one([sandbox.redact, (id: string) => sandbox.override(id, "requires_input")])
    const { redaction, status: now } = yield* after(id)
    if (redaction !== null || now === "canceled") open.splice(place, 1)
    else session.status = now
  })
  return Effect.suspend(change)
})

/** Every session as a line: what a copy has to agree on. */
export const lines = Effect.map(
  Sandbox.Sandbox.use((sandbox) => sandbox.sessions),
  (sessions) => sessions.map(({ id, redaction, status }) => `${id} ${status} ${redaction?.status ?? ""}`)
)
