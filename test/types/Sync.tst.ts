import { Effect, type Schedule, type Schema, type Stream } from "effect"
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

test("reread, changes and mirror give sessions as they were asked for, and fail with StripeError alone", () => {
  type Of<Batch> = Stream.Stream<Batch, StripeError.StripeError, VerificationSessions.VerificationSessions>
  type Session = VerificationSession.VerificationSession
  type WithOutputs = VerificationSession.Expanded<["verified_outputs"]>
  const expand = ["data.verified_outputs"] as const
  expect(VerificationSessions.reread(["vs_1"])).type.toBe<Of<VerificationSessions.RereadBatch<Session>>>()
  expect(VerificationSessions.reread([], { expand })).type.toBe<Of<VerificationSessions.RereadBatch<WithOutputs>>>()
  expect(VerificationSessions.changes({ expand })).type.toBe<Of<VerificationSessions.ChangesBatch<WithOutputs>>>()
  expect(VerificationSessions.mirror({ expand })).type.toBe<Of<VerificationSessions.MirrorBatch<WithOutputs>>>()
  expect(VerificationSessions.reread).type.not.toBeCallableWith(["vs_1"], { from: undefined })
  expect(VerificationSessions.reread).type.toBeCallableWith(new Set(["vs_1"]))
  expect(VerificationSessions.reread).type.not.toBeCallableWith(new Set(["vs_1"]).values())
  expect(VerificationSessions.reread).type.not.toBeCallableWith("vs_1")
})

test("tail and mirror have the errors and requirements of their handler and of their schedule", () => {
  type Both = Stream.Stream<unknown, StripeError.StripeError | "handler" | "schedule", A | B>
  expect(service.tail({}, { onDecodeError, schedule })).type.toBeAssignableTo<Both>()
  expect(service.mirror({ onDecodeError, schedule })).type.toBeAssignableTo<Both>()
  expect(service.mirror({ onDecodeError, schedule })).type.not.toBeAssignableTo<
    Stream.Stream<unknown, StripeError.StripeError | "handler", A>
  >()
})

test("a file takes batches of sync and tail, and none of mirror, which may repeat a session", () => {
  expect(Destination.stream).type.toBeCallableWith(file, (from?: Checkpoint.Checkpoint) => service.sync({}, { from }))
  expect(Destination.stream).type.toBeCallableWith(file, (from?: Checkpoint.Checkpoint) => service.tail({}, { from }))
  expect(Destination.stream).type.not.toBeCallableWith(file, (from?: Checkpoint.Checkpoint) => service.mirror({ from }))
  expect(Destination.stream).type.not.toBeCallableWith(file, (from?: Checkpoint.Checkpoint) =>
    service.changes({ from })
  )
})

declare const file: FileDestination.FileDestination

test("a destination of your own may fail to open and to save in different ways, with different requirements", () => {
  expect(Destination.stream(destination, () => service.sync())).type.toBe<
    Stream.Stream<
      VerificationSessions.Batch<VerificationSession.VerificationSession>,
      StripeError.StripeError | StripeError.CheckpointMismatchError | Lost,
      A | B
    >
  >()
})

test("a destination of your own may open what the stream closes, and needs no scope for it", () => {
  expect(
    Destination.stream({ open: Effect.acquireRelease(destination.open, () => Effect.void) }, () => service.sync())
  ).type.toBe<
    Stream.Stream<
      VerificationSessions.Batch<VerificationSession.VerificationSession>,
      StripeError.StripeError | StripeError.CheckpointMismatchError | Lost,
      A | B
    >
  >()
})

declare const destination: {
  readonly open: Effect.Effect<
    { readonly from: undefined; readonly save: (batch: Destination.HasCheckpoint) => Effect.Effect<void, Lost, A> },
    StripeError.CheckpointMismatchError,
    B
  >
}
interface Lost {
  readonly _tag: "Lost"
}
interface A {
  readonly a: 1
}
interface B {
  readonly b: 1
}
declare const service: VerificationSessions.Service
declare const onDecodeError: (error: StripeError.DecodeError) => Effect.Effect<void, "handler", A>
declare const schedule: Schedule.Schedule<unknown, void, "schedule", B>

test("sessions can be read again as they are", () => {
  const sessions: ReadonlyArray<VerificationSession.AnyExpansion> = []
  expect(VerificationSessions.reread).type.toBeCallableWith(sessions)
})

test("there are no cursors to choose, because the checkpoint has them", () => {
  expect(VerificationSessions.sync).type.not.toBeCallableWith({}, { startingAfter: "vs_1" })
  expect(VerificationSessions.sync).type.not.toBeCallableWith({}, { from: "vs_1" })
})

test("a checkpoint is encoded as plain JSON with known fields", () => {
  expect<Schema.Codec.Encoded<typeof Checkpoint.Checkpoint>>().type.toBe<Checkpoint.Encoded>()
  expect<Checkpoint.Encoded["version"]>().type.toBe<1>()
  expect<NonNullable<Checkpoint.Encoded["range"]>["newest"]>().type.toBe<{
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
