/**
 * The answers that a test gives in place of the service. Public through `VerificationSessions`.
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as SessionFilter from "../../SessionFilter.ts"
import type { StripeError } from "../../StripeError.ts"
import type { Page } from "../list/model.ts"
import type { Batch, ListParams, ReadOptions, SyncOptions, TailOptions } from "./calls.ts"
import type { Any, ExpandPath, ListExpandPath } from "./model.ts"

/**
 * What `layerTest` answers with.
 *
 * **Example** (Your own code, with one fixed answer)
 *
 * ```ts
 * import { DateTime, Effect, Stream } from "effect"
 * import { VerificationSession, VerificationSessions } from "effect-stripe-identity"
 *
 * const created = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
 * const answers = VerificationSessions.layerTest({
 *   stream: () => Stream.make(VerificationSession.make({ id: "vs_1", status: "verified", created }))
 * })
 *
 * const yours = VerificationSessions.stream().pipe(Stream.map(({ id }) => id), Stream.runCollect)
 *
 * await Effect.runPromise(Effect.provide(yours, answers)) // => ["vs_1"]
 * ```
 *
 * @category testing
 * @since 0.1.0
 */
export interface TestHandlers {
  /** Answers `VerificationSessions.list`. @default a defect, for a call that nobody expected */
  readonly list?:
    ((params?: ListParams<ReadonlyArray<ListExpandPath>>) => Effect.Effect<Page<Any>, StripeError>) | undefined
  /** Answers `VerificationSessions.retrieve`. @default a defect, for a call that nobody expected */
  readonly retrieve?:
    | ((
        id: string,
        options?: { readonly expand?: ReadonlyArray<ExpandPath> | undefined }
      ) => Effect.Effect<Any, StripeError>)
    | undefined
  /** Answers `VerificationSessions.pages`. @default a defect, for a call that nobody expected */
  readonly pages?:
    | ((
        filter?: SessionFilter.Input,
        options?: ReadOptions<ReadonlyArray<ListExpandPath>>
      ) => Stream.Stream<Page<Any>, StripeError>)
    | undefined
  /** Answers `VerificationSessions.stream`. @default a defect, for a call that nobody expected */
  readonly stream?:
    | ((
        filter?: SessionFilter.Input,
        options?: ReadOptions<ReadonlyArray<ListExpandPath>>
      ) => Stream.Stream<Any, StripeError>)
    | undefined
  /** Answers `VerificationSessions.sync`. @default a defect, for a call that nobody expected */
  readonly sync?:
    | ((
        filter?: SessionFilter.Input,
        options?: SyncOptions<ReadonlyArray<ListExpandPath>>
      ) => Stream.Stream<Batch<Any>, StripeError>)
    | undefined
  /** Answers `VerificationSessions.tail`. @default a defect, for a call that nobody expected */
  readonly tail?:
    | ((
        filter?: SessionFilter.Input,
        options?: TailOptions<ReadonlyArray<ListExpandPath>>
      ) => Stream.Stream<Batch<Any>, StripeError>)
    | undefined
}
