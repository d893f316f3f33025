/**
 * What can go wrong with events on demand.
 */
import * as Duration from "effect/Duration"
import type { EventType, Session } from "./session.ts"
import { names, assert } from "./assertions.ts"

/** What becomes of an event. See the constructors in {@link EventFault}. */
export type EventFault =
  | { readonly _tag: "Lost" }
  | { readonly _tag: "Duplicated" }
  | { readonly _tag: "Late"; readonly by: number }
  | ({ readonly _tag: "Drifted" } & Drift)

/** Another version of the API, and the fields that it does not have. */
export interface Drift {
  readonly version: string
  readonly without: ReadonlyArray<string>
}

/**
 * Which events to come get the fault.
 *
 * @category options
 * @since 0.1.0
 */
export interface InjectEventOptions {
  /** How many events get the fault; 1 unless given, `Infinity` for all. */
  readonly times?: number | undefined
  /** How many matching events pass first; 0 unless given. */
  readonly skip?: number | undefined
  /** Which events count; all unless given. */
  readonly when?: ((event: { readonly type: EventType; readonly session: string }) => boolean) | undefined
}

/**
 * The faults of events, to be handed to `injectEvent`. They apply to events of changes made from then on.
 *
 * **Example** (A lost event)
 *
 * ```ts
 * import { Effect } from "effect"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 *
 * const types = await Effect.gen(function*() {
 *   const sandbox = yield* Sandbox.make({ sessions: 0 })
 *   const { id } = yield* sandbox.insert()
 *   yield* sandbox.injectEvent(Sandbox.EventFault.Lost())
 *   yield* sandbox.submit(id)
 *   yield* sandbox.pass(id)
 *   return (yield* sandbox.events).map((event) => event.type).sort()
 * }).pipe(Effect.runPromise)
 *
 * types // => ["identity.verification_session.created", "identity.verification_session.verified"]
 * ```
 *
 * @category faults
 * @since 0.1.0
 */
export const EventFault = {
  /** The change causes no event: none is listed and none is delivered. */
  Lost: (): EventFault => ({ _tag: "Lost" }),
  /** The change causes two events, with ids of their own. */
  Duplicated: (): EventFault => ({ _tag: "Duplicated" }),
  /** The event is listed `by` later than its lag says. Webhooks are not held up. */
  Late: (options: { readonly by: Duration.Input }): EventFault => ({ _tag: "Late", by: Duration.toMillis(options.by) }),
  /**
   * The event's object is rendered at another version of the API ("2021-05-01" unless given), which lacks the fields
   * `without`: `provided_details`, `redaction`, `related_customer`, `related_customer_account`, `related_person` and
   * `verification_flow` unless given.
   */
  Drifted: (
    options: { readonly version?: string | undefined; readonly without?: ReadonlyArray<string> | undefined } = {}
  ): EventFault => ({
    _tag: "Drifted",
    version: options.version ?? "2021-05-01",
    without: options.without ?? [
      "provided_details",
      "redaction",
      "related_customer",
      "related_customer_account",
      "related_person",
      "verification_flow"
    ]
  })
} as const

/** The session as another version shows it. */
export const drifted = (session: Session, drift: Drift | undefined): Partial<Session> =>
  drift === undefined
    ? session
    : Object.fromEntries(Object.entries(session).filter(([field]) => !drift.without.includes(field)))

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0

/** The faults that wait for an event. */
export const make = () => {
  let waiting: Array<{
    readonly fault: EventFault
    readonly options: InjectEventOptions
    times: number
    skip: number
  }> = []
  return {
    take: (event: { readonly type: EventType; readonly session: string }): EventFault | undefined => {
      let taken: EventFault | undefined
      for (const candidate of waiting) {
        if (candidate.options.when !== undefined && !candidate.options.when(event)) continue
        if (candidate.skip > 0) candidate.skip--
        else if (taken === undefined) {
          taken = candidate.fault
          candidate.times--
        }
      }
      waiting = waiting.filter(({ times }) => times > 0)
      return taken
    },
    inject: (fault: EventFault, options: InjectEventOptions = {}): void => {
      assert(
        typeof fault === "object" && fault !== null && Object.hasOwn(EventFault, fault._tag),
        "the fault of injectEvent must be made with EventFault, such as EventFault.Lost()"
      )
      names("the options of injectEvent", options, ["times", "skip", "when"])
      const { skip = 0, times = 1, when } = options
      assert(times === Infinity || isCount(times), "times must be a whole number or Infinity")
      assert(isCount(skip), "skip must be a whole number")
      assert(when === undefined || typeof when === "function", "when must be a function of the event")
      if (times > 0) waiting.push({ fault, options, times, skip })
    },
    clear: (): void => {
      waiting = []
    }
  }
}
