/**
 * What the calls of the service of reports take and give. Public through `VerificationReports`.
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as Pagination from "../../Pagination.ts"
import type * as SessionFilter from "../../SessionFilter.ts"
import type { StripeError } from "../../StripeError.ts"
import type * as VerificationReport from "../../VerificationReport.ts"
import type { PageParameters } from "../list/resource.ts"

/**
 * Which reports to read. Fields combine; without fields it is the whole list, and a field that is there and `undefined` is
 * refused. Stripe decides all of it.
 *
 * Source: https://docs.stripe.com/api/identity/verification_reports/list
 *
 * @category options
 * @since 0.1.0
 */
export interface Filter {
  /** Reports of sessions that were created with exactly this reference, 1 to 5000 characters. */
  readonly client_reference_id?: string
  /** Reports made at this second, or in this range, in any form that the `created` of a session's filter has. */
  readonly created?: SessionFilter.Instant | SessionFilter.CreatedRange
  /** Reports of this type. For the third, `verification_flow`, Stripe documents no filter: use `Stream.filter`. */
  readonly type?: "document" | "id_number"
  /** Reports on the attempts of this session, `vs_…`. */
  readonly verification_session?: string
}

/**
 * What a list can expand, as Stripe writes it. See `VerificationReport.ExpandPath` for what each path needs.
 *
 * @category models
 * @since 0.1.0
 */
export type ListExpandPath =
  // A union keeps its name where types are shown.
  "data.document.dob" | `data.${VerificationReport.ExpandPath}`

/**
 * The parameters of one page, named as Stripe names them.
 *
 * @category options
 * @since 0.1.0
 */
export type ListParams = Filter &
  PageParameters & {
    /** @default nothing */
    readonly expand?: ReadonlyArray<ListExpandPath> | undefined
  }

/**
 * How `stream` and `pages` read the list.
 *
 * @category options
 * @since 0.1.0
 */
export type ReadOptions<E = never, R = never> = Pagination.ReadOptions<E, R> & {
  /**
   * What Stripe is to send besides what it sends anyway. The type of the reports stays the same.
   *
   * @default nothing
   */
  readonly expand?: ReadonlyArray<ListExpandPath> | undefined
}

/**
 * What `VerificationReports` offers. Every call fails with `StripeError` alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Exactly one page, with exactly one request (and its retries). Rows come newest first, as Stripe sends them. */
  readonly list: (params?: ListParams) => Effect.Effect<Pagination.Page<VerificationReport.RedactedReport>, StripeError>

  /** One report by its id. Fails with `NotFoundError` where there is none. */
  readonly retrieve: (
    id: string,
    options?: { readonly expand?: ReadonlyArray<VerificationReport.ExpandPath> | undefined }
  ) => Effect.Effect<VerificationReport.RedactedReport, StripeError>

  /** All pages of the list: one element a page. */
  readonly pages: <E = never, R = never>(
    filter?: Filter,
    options?: ReadOptions<E, R>
  ) => Stream.Stream<Pagination.Page<VerificationReport.RedactedReport>, StripeError | E, R>

  /**
   * All reports of the list: one element a report, one chunk a page. Requests are sent as their first row is asked for.
   * Retries happen inside, so no row comes twice; `Stream.retry` around it would start again from the first page.
   */
  readonly stream: <E = never, R = never>(
    filter?: Filter,
    options?: ReadOptions<E, R>
  ) => Stream.Stream<VerificationReport.RedactedReport, StripeError | E, R>
}
