/**
 * What can be seen of one account and done in it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { State } from "./accounts.ts"
import type * as Changes from "./changes.ts"
import * as Deliveries from "./deliveries.ts"
import type * as Errors from "./errors.ts"
import * as Resources from "./resources.ts"
import type { AccountControls } from "./service.ts"
import type { Session } from "./session.ts"

/** The controls of an account. `change` gives it to be changed. */
export const make = (find: () => State, change: () => State): AccountControls => {
  /** What is so at the present time, with everything that is due. */
  const seen = <A>(of: (state: State, at: number) => A): Effect.Effect<A> =>
    Effect.map(Clock.currentTimeMillis, (at) => {
      const state = find()
      state.changes.settle(at)
      return of(state, at)
    })

  const done = <A>(of: (state: State, at: number) => A): Effect.Effect<A> =>
    Effect.map(Clock.currentTimeMillis, (at) => {
      const state = change()
      state.changes.settle(at)
      return of(state, at)
    })

  const changed = (
    change: (changes: Changes.Changes, occasion: Changes.Occasion) => Result.Result<Session, Errors.Refusal>
  ): Effect.Effect<Session> =>
    done(({ changes }, at) =>
      Result.getOrThrowWith(change(changes, { at }), ({ message }) => new Error(`Sandbox: ${message}`))
    )

  return {
    sessions: seen(({ account }, at) => Resources.all(Resources.sessions, account.test, at)),
    reports: seen(({ account }, at) => Resources.all(Resources.reports, account.test, at)),
    events: seen(({ account }, at) => Resources.all(Resources.events, account.test, at)),
    insert: (patch = {}) =>
      done(({ account: { test }, changes }, at) => {
        if (patch.id !== undefined && test.listing.find(patch.id) !== undefined) {
          throw new Error(`Sandbox: there already is a session ${patch.id}`)
        }
        const created = patch.created ?? Math.floor(at / 1000)
        // Nobody has tried a new session yet.
        const untried = patch.status === undefined ? { last_error: null, last_verification_report: null } : undefined
        const session = test.listing.insert({ ...untried, ...patch }, created)
        changes.created(session, { at: patch.created === undefined ? at : created * 1000 })
        return session
      }),
    update: (id, patch) =>
      done(({ account: { test } }) => {
        if (!test.listing.update(id, patch)) throw new Error(`Sandbox: there is no session ${id}`)
      }),
    submit: (id) => changed((changes, occasion) => changes.submit(id, occasion)),
    pass: (id) => changed((changes, occasion) => changes.pass(id, occasion)),
    fail: (id, failure = {}) => changed((changes, occasion) => changes.fail(id, failure, occasion)),
    cancel: (id) => changed((changes, occasion) => changes.cancel(id, occasion)),
    override: (id, status) => changed((changes, occasion) => changes.override(id, status, occasion)),
    redact: (id) => changed((changes, occasion) => changes.redact(id, occasion)),
    editMetadata: (id, metadata) => changed((changes, occasion) => changes.editMetadata(id, metadata, occasion)),
    deliveries: (options) =>
      Effect.flatMap(
        seen(({ account: { seed, test } }, at) => ({ at, log: test.log, seed })),
        ({ at, log, seed }) => Effect.promise(() => Deliveries.make(log, seed, at, options))
      ),
    injectEvent: (fault, options) => done(({ account: { test } }) => test.log.inject(fault, options))
  }
}
