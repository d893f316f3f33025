/**
 * Options and results of the report calls. Public through `VerificationReports`.
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as Pagination from "../../Pagination.ts"
import type * as SessionFilter from "../../SessionFilter.ts"
import type { StripeError } from "../../StripeError.ts"
import type * as VerificationReport from "../../VerificationReport.ts"
import type { PageParameters } from "../list/resource.ts"

/**
 * Selects reports. A report must match every field; `{}` selects the whole list. A field that is `undefined` is an error,
 * because leaving it out would select everything. Stripe applies all fields.
 *
 * Source: https://docs.stripe.com/api/identity/verification_reports/list
 *
 * @category options
 * @since 0.1.0
 */
export interface Filter {
  /** Reports of sessions that were created with exactly this reference, 1 to 5000 characters. */
  readonly client_reference_id?: string
  /** Reports made at this second or in this range, written as in `SessionFilter`. */
  readonly created?: SessionFilter.Instant | SessionFilter.CreatedRange
  /**
   * Reports of this type. Stripe cannot select the third type, `verification_flow`, whose reports may have a document too:
   * for every document, leave `type` out and read `report.document`.
   */
  readonly type?: "document" | "id_number"
  /** Reports on this session's attempts: its id, `vs_…`. */
  readonly verification_session?: string
}

/**
 * The paths that a list can expand, as Stripe writes them. `VerificationReport.ExpandPath` says what each needs.
 *
 * @category models
 * @since 0.1.0
 */
export type ListExpandPath =
  // A union keeps its name where types are shown.
  "data.document.dob" | `data.${VerificationReport.ExpandPath}`

/**
 * Parameters of `list`, with Stripe's names.
 *
 * @category options
 * @since 0.1.0
 */
export type ListParams = Filter &
  PageParameters & {
    /**
     * Fields that Stripe sends only on request, such as `"data.document.number"`. The type of the reports stays the same.
     *
     * @default nothing
     */
    readonly expand?: ReadonlyArray<ListExpandPath> | undefined
  }

/**
 * Options of `stream` and `pages`.
 *
 * @category options
 * @since 0.1.0
 */
export type ReadOptions<E = never, R = never> = Pagination.ReadOptions<E, R> & {
  /**
   * Fields that Stripe sends only on request, such as `"data.document.number"`. The type of the reports stays the same.
   *
   * @default nothing
   */
  readonly expand?: ReadonlyArray<ListExpandPath> | undefined
}

/**
 * The calls of `VerificationReports`. Every call fails with `StripeError` only. `Requires` is what a call needs to be
 * provided: nothing, or the service itself for the functions of the module.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service<out Requires = never> {
  /** One page of the list: one request and its retries, newest report first. */
  readonly list: (
    params?: ListParams
  ) => Effect.Effect<Pagination.Page<VerificationReport.RedactedReport>, StripeError, Requires>

  /** One report by its id. Fails with `NotFoundError` if there is no such report. */
  readonly retrieve: (
    id: string,
    options?: {
      /** Fields that Stripe sends only on request, such as `"document.number"`. The type of the report stays the same. */
      readonly expand?: ReadonlyArray<VerificationReport.ExpandPath> | undefined
    }
  ) => Effect.Effect<VerificationReport.RedactedReport, StripeError, Requires>

  /** Every page of the list, newest first, one request at a time and only when needed. */
  readonly pages: <E = never, R = never>(
    filter?: Filter,
    options?: ReadOptions<E, R>
  ) => Stream.Stream<Pagination.Page<VerificationReport.RedactedReport>, StripeError | E, R | Requires>

  /**
   * Every report that matches the filter, newest first, one request at a time and only when needed; one chunk a page. Each
   * request is retried inside, so no report comes twice. `Stream.retry` around it would start again at the first page.
   */
  readonly stream: <E = never, R = never>(
    filter?: Filter,
    options?: ReadOptions<E, R>
  ) => Stream.Stream<VerificationReport.RedactedReport, StripeError | E, R | Requires>
}
