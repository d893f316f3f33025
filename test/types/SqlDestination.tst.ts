import type { Effect, Stream } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { type Checkpoint, Destination, type StripeError, VerificationSessions } from "effect-stripe-identity"
import * as SqlDestination from "effect-stripe-identity/SqlDestination"
import { expect, test } from "tstyche"

type Failure = SqlDestination.SqlDestinationError | SqlError.SqlError

test("a table is a destination of sync, of expanded sessions too, and adds its errors", () => {
  expect(SqlDestination.make()).type.toBe<Effect.Effect<SqlDestination.SqlDestination, Failure, SqlClient.SqlClient>>()
  const read = (from: Checkpoint.Checkpoint | undefined) =>
    VerificationSessions.sync({}, { from, expand: ["data.verified_outputs"] })
  const stream = (table: SqlDestination.SqlDestination) => Destination.stream(table, read)
  expect<Stream.Error<ReturnType<typeof stream>>>().type.toBe<
    StripeError.StripeError | StripeError.CheckpointMismatchError | Failure
  >()
})

test("only secret fields can be revealed", () => {
  expect(SqlDestination.make).type.toBeCallableWith({ reveal: ["url"] })
  expect(SqlDestination.make).type.not.toBeCallableWith({ reveal: ["status"] })
})
