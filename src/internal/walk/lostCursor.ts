import { isStripeError } from "../../StripeError.ts"

/** Whether Stripe did not find the cursor. Any list of Stripe's fails like this, whatever its rows are. */
export const isLostCursor = (error: unknown): boolean =>
  isStripeError(error) && error.reason._tag === "CursorNotFoundError"
