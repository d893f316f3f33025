import type { Schema, Stream } from "effect"
import {
  type Checkpoint,
  Destination,
  type FileDestination,
  type StripeError,
  type VerificationSession,
  VerificationSessions
} from "effect-stripe-identity"
import { expect, test } from "tstyche"

type Batches<Session> = Stream.Stream<
  VerificationSessions.Batch<Session>,
  StripeError.StripeError,
  VerificationSessions.VerificationSessions
>

test("sync and tail give batches of sessions as they were asked for, and fail with StripeError alone", () => {
  expect(VerificationSessions.sync()).type.toBe<Batches<VerificationSession.VerificationSession>>()
  expect(VerificationSessions.sync({}, { expand: ["data.last_verification_report"] })).type.toBe<
    Batches<VerificationSession.Expanded<["last_verification_report"]>>
  >()
  expect(VerificationSessions.tail({}, { expand: ["data.verified_outputs"] })).type.toBe<
    Batches<VerificationSession.Expanded<["verified_outputs"]>>
  >()
  expect<Stream.Success<ReturnType<typeof verified>>["sessions"][number]["status"]>().type.toBe<"verified">()
})

const verified = () => VerificationSessions.sync({ status: "verified" })

test("there are no cursors to choose, because the checkpoint has them", () => {
  expect(VerificationSessions.sync).type.not.toBeCallableWith({}, { startingAfter: "vs_1" })
  expect(VerificationSessions.sync).type.not.toBeCallableWith({}, { from: "vs_1" })
})

test("a checkpoint is encoded as plain JSON, of which the fields are known", () => {
  expect<Schema.Codec.Encoded<typeof Checkpoint.Checkpoint>>().type.toBe<Checkpoint.Encoded>()
  expect<Checkpoint.Encoded["version"]>().type.toBe<1>()
  expect<NonNullable<Checkpoint.Encoded["covered"]>["newest"]>().type.toBe<{
    readonly id: string
    readonly created: number
  }>()
})

test("a destination of sessions takes expanded ones, too, and adds its errors", () => {
  const read = (from: Checkpoint.Checkpoint | undefined) =>
    VerificationSessions.sync({}, { from, expand: ["data.verified_outputs"] })
  const stream = (file: FileDestination.FileDestination) => Destination.stream(file, read)
  expect<Stream.Error<ReturnType<typeof stream>>>().type.toBe<
    StripeError.StripeError | StripeError.CheckpointMismatchError | FileDestination.FileDestinationError
  >()
})
