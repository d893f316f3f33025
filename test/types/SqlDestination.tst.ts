import { DateTime, type Effect, type Option, Result, type Stream } from "effect"
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

test("the checkpoint may be of another kind, with its own failure", () => {
  const checkpoint = {
    toText: (place: number) => `${place}`,
    fromText: (_: string) => Result.fail("unreadable" as const)
  }
  const destination = SqlDestination.make<number, "unreadable">({ checkpoint })
  expect<Effect.Success<typeof destination>["load"]>().type.toBe<
    Effect.Effect<Option.Option<number>, Failure | "unreadable">
  >()
  const readAt = DateTime.makeUnsafe(0)
  expect<Effect.Success<typeof destination>["save"]>().type.toBeCallableWith({ sessions: [], checkpoint: 1, readAt })
  expect<Effect.Success<typeof destination>["save"]>().type.not.toBeCallableWith({
    sessions: [],
    checkpoint: "1",
    readAt
  })
})

test("only secret fields can be revealed", () => {
  expect(SqlDestination.make).type.toBeCallableWith({ reveal: ["url"] })
  expect(SqlDestination.make).type.not.toBeCallableWith({ reveal: ["status"] })
})
