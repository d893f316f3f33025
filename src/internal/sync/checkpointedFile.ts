/**
 * An append-only file with a sidecar file, which has the checkpoint and the length of the file that it covers. Anything
 * after that length was being written when the program was stopped, and is truncated before the next append.
 */
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as Checkpoint from "../../Checkpoint.ts"
import type { HasCheckpoint, Destination, Run } from "../../Destination.ts"
import { CheckpointMismatchError } from "../../StripeError.ts"
import { name } from "../withoutSecrets.ts"

/**
 * A file cannot be written or resumed. Its content stays as it was.
 *
 * @category errors
 * @since 0.1.0
 */
export class FileDestinationError extends Schema.TaggedError<FileDestinationError>(
  "effect-stripe-identity/FileDestinationError"
)("FileDestinationError", {
  path: Schema.String,
  /**
   * `system`: the file system failed, for example because the disk is full. `unrelated`: the file is not empty and has
   * no checkpoint. `shorter`: the file lost rows that its checkpoint counts. `format`: it was started in another format
   * or with other columns. `shared`: another program or run modified it. `not-a-file`: it or its checkpoint is a folder, a
   * device, a pipe, or a link to a missing file.
   */
  problem: Schema.Literals(["system", "unrelated", "shorter", "format", "shared", "not-a-file"]),
  /** What was expected, what was found, and what to do. */
  description: Schema.String,
  /** The error of the file system. */
  cause: Schema.optional(Schema.Defect())
}) {
  override get message(): string {
    return `${this.path}: ${this.description}`
  }
}

/** The content of the sidecar file; `checkpoint` is null before the first one. */
const Sidecar = Schema.Struct({
  bytes: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  format: Schema.String,
  checkpoint: Schema.Unknown
})

const encodeCheckpoint = Schema.encodeSync(Checkpoint.Checkpoint)
const decodeSidecar = Schema.decodeUnknownEffect(Schema.fromJsonString(Sidecar))

const encoder = new TextEncoder()

/** How a file is written. */
export interface Options<in Batch> {
  readonly path: string
  /** Tells files of different formats apart. It is stored in the sidecar. */
  readonly format: string
  /** The lines at the beginning of the file. */
  readonly header?: Stream.Stream<string> | undefined
  readonly toLines: (batch: Batch) => Stream.Stream<string>
}

/** One file, opened twice. */
interface Opened {
  /** To truncate it. */
  readonly file: FileSystem.File
  /** To append to it. */
  readonly end: FileSystem.File
}

/** The file as a destination. */
export const make = <Batch extends HasCheckpoint>(
  options: Options<Batch>
): Effect.Effect<Destination<Batch, FileDestinationError | CheckpointMismatchError>, never, FileSystem.FileSystem> =>
  Effect.map(FileSystem.FileSystem, (fileSystem) => ({ open: begin(fileSystem, options) }))

/** A run. The file is open only while writing, because somebody may replace it. */
const begin = Effect.fnUntraced(function* <Batch extends HasCheckpoint>(
  fileSystem: FileSystem.FileSystem,
  options: Options<Batch>
): Effect.fn.Return<Run<Batch, FileDestinationError>, FileDestinationError | CheckpointMismatchError> {
  const { format, header, path, toLines } = options
  const sidecarPath = `${path}.checkpoint`
  // Each save begins where the one before has ended.
  const inTurn = Semaphore.withPermit(Semaphore.makeUnsafe(1))
  // Whether another writer was noticed.
  let isShared = false
  // How much of the file its checkpoint covers.
  let covered = 0

  const failure = (problem: FileDestinationError["problem"], description: string, cause?: unknown) =>
    new FileDestinationError({ path, problem, description, ...(cause === undefined ? {} : { cause }) })

  const shared = (cause?: PlatformError) => {
    isShared = true
    const found = "expected no other writer, but another program or run modified the file."
    return failure("shared", `${found} Run one writer at a time; run this one again to resume.`, cause)
  }

  const system = <A, R>(effect: Effect.Effect<A, PlatformError, R>): Effect.Effect<A, FileDestinationError, R> =>
    Effect.mapError(effect, (error) => {
      if (isRace(error)) return shared(error)
      const kept = covered > 0 ? "Rows stored before are kept. " : ""
      return failure("system", `${inWords(error)}. ${kept}Fix the cause and run it again to resume.`, error)
    })

  const ifExists = <A>(effect: Effect.Effect<A, PlatformError>): Effect.Effect<A | undefined, FileDestinationError> =>
    system(Effect.catchReason(effect, "PlatformError", "NotFound", () => Effect.undefined))

  /** The length of a regular file, also through a link. Opening anything else, such as a pipe, may block. */
  const sizeOf = Effect.fnUntraced(function* (file: string) {
    const refuse = (kind: string) => {
      const [at, advice] = file === path ? ["", "Write to another file."] : [` at ${file}`, "Remove it."]
      return failure("not-a-file", `expected a regular file${at}, got ${kind}. ${advice}`)
    }
    const info = yield* ifExists(fileSystem.stat(file))
    if (info?.type === "File") return ByteSize.toNumberUnsafe(info.size)
    if (info !== undefined) return yield* refuse(kinds[info.type] ?? "another kind of file")
    // A link to a missing file often points to a disk that is not mounted, so the file is not created there.
    const target = yield* Effect.orElseSucceed(fileSystem.readLink(file), () => undefined)
    return target === undefined ? undefined : yield* refuse(`a link to ${target}, which does not exist`)
  })

  const size = sizeOf(path)

  const readSidecar = Effect.flatMap(sizeOf(sidecarPath), (found) =>
    found === undefined ? Effect.undefined : ifExists(fileSystem.readFileString(sidecarPath))
  )

  const look = Effect.gen(function* () {
    const text = yield* readSidecar
    const found = (yield* size) ?? 0
    if (text === undefined) {
      if (found === 0) return { bytes: 0, text, from: undefined }
      return yield* failure(
        "unrelated",
        `expected a new file or one with a checkpoint, got rows without ${sidecarPath}. Write to another file, or remove this one.`
      )
    }
    const damaged = (actual: string) =>
      new CheckpointMismatchError({ problem: "damaged", expected: `the checkpoint of ${path}`, actual })
    const sidecar = yield* Effect.mapError(decodeSidecar(text), () =>
      damaged(`${text.length} characters of something else in ${sidecarPath}`)
    )
    const { bytes, checkpoint: json } = sidecar
    if (json === null && bytes !== 0) return yield* damaged(`${bytes} bytes without a checkpoint in ${sidecarPath}`)
    const from = json === null ? undefined : yield* Effect.fromResult(Checkpoint.fromJson(json))
    if (sidecar.format !== format) {
      return yield* failure(
        "format",
        `expected a file of ${format}, got one of ${name(sidecar.format)}. Write to another file.`
      )
    }
    if (found < bytes) {
      return yield* failure(
        "shorter",
        `expected at least ${bytes} bytes, as its checkpoint says, got ${found}: rows were removed. Restore the file, or remove it and ${sidecarPath} to start over.`
      )
    }
    // Only whole lines are written, so anything else is a modification.
    if (bytes > 0 && (yield* byteAt(bytes - 1)) !== lineFeed) {
      return yield* failure(
        "shared",
        `expected a line to end at byte ${bytes}, as ${sidecarPath} says: one of the two was modified. Restore both, or remove both to start over.`
      )
    }
    return { bytes, text, from }
  })

  const byteAt = (offset: number) =>
    Effect.map(system(Stream.mkUint8Array(fileSystem.stream(path, { offset, bytesToRead: 1 }))), ([byte]) => byte)

  /** How much of the file is covered. Fails if another writer modified it: two would overwrite each other. */
  const ensureExclusive = Effect.fnUntraced(function* (expected: number | undefined) {
    const text = yield* readSidecar
    const found = yield* size
    const isOurs = text === seen && (expected === undefined ? (found ?? 0) >= covered : found === expected)
    return isShared || !isOurs ? yield* shared() : covered
  })

  /** The file, truncated to what its checkpoint covers, and the same file opened at its end. */
  const ready = Effect.gen(function* () {
    const bytes = yield* ensureExclusive(length)
    const exists = (yield* size) !== undefined
    // The rows describe people, so only their owner may read them.
    const flags = { flag: exists ? "r+" : "wx+", mode: 0o600 } as const
    const file = yield* system(fileSystem.open(path, flags))
    // The file needs its sidecar from the first byte. But not before the file exists: a file that appears there later
    // would be truncated.
    if (seen === undefined) yield* keep(undefined, 0)
    yield* system(file.truncate(bytes))
    // Bun ignores where to write, and would write over the first rows (https://github.com/oven-sh/bun/pull/37647). A file that
    // is opened for appending has no such place, but Windows does not truncate it.
    const opened: Opened = { file, end: yield* system(fileSystem.open(path, { flag: "a", mode: 0o600 })) }
    length = bytes
    if (bytes === 0 && header !== undefined) length = yield* append(opened, header)
    return opened
  })

  /** Appends whole lines, or nothing if the file system allows, and returns the new length. */
  const append = ({ end, file }: Opened, lines: Stream.Stream<string>) =>
    Effect.flatMap(Stream.mkString(lines), (text) => {
      const before = length ?? 0
      const chunk = encoder.encode(text)
      // Until all of it is written and counted, the file must be truncated before the next append.
      length = undefined
      return end.writeAll(chunk).pipe(
        Effect.andThen(end.sync),
        Effect.as(before + chunk.length),
        Effect.tapError(() => Effect.ignore(file.truncate(before))),
        system
      )
    })

  /**
   * Replaces the sidecar atomically. It is written to a new file first: through a link it could overwrite another file.
   */
  const keep = (checkpoint: Checkpoint.Checkpoint | undefined, bytes: number) => {
    const json = checkpoint === undefined ? null : encodeCheckpoint(checkpoint)
    const text = `${JSON.stringify({ bytes, format, checkpoint: json })}\n`
    const fresh = `${sidecarPath}.new`
    return Effect.gen(function* () {
      yield* fileSystem.remove(fresh, { force: true })
      const file = yield* fileSystem.open(fresh, { flag: "wx", mode: 0o600 })
      yield* file.writeAll(encoder.encode(text))
      yield* file.sync
    }).pipe(
      Effect.scoped,
      Effect.andThen(fileSystem.rename(fresh, sidecarPath)),
      Effect.andThen(Effect.sync(() => (seen = text))),
      system
    )
  }

  const save = Effect.fnUntraced(
    function* (batch: Batch) {
      // A timeout around a save ends only with it, and fails although the batch is stored. A retry saves it again.
      if (batch === saved) return
      const opened = yield* ready
      const bytes = yield* append(opened, toLines(batch))
      yield* ensureExclusive(bytes)
      yield* keep(batch.checkpoint, bytes)
      covered = bytes
      length = bytes
      saved = batch
    },
    Effect.scoped,
    Effect.uninterruptible,
    inTurn
  )

  const { bytes, from, text } = yield* look
  covered = bytes
  // The length of the file while it is known to hold what its checkpoint counts, and nothing more.
  let length: number | undefined
  // The text of the sidecar when it was read or written last.
  let seen = text
  let saved: Batch | undefined

  return { from, save, finish: ready.pipe(Effect.scoped, Effect.asVoid, Effect.uninterruptible, inTurn) }
})

const lineFeed = 0x0a

const kinds: { readonly [Type in FileSystem.File.Type]?: string } = {
  Directory: "a folder",
  BlockDevice: "a device",
  CharacterDevice: "a device",
  FIFO: "a pipe",
  Socket: "a socket"
}

/** A file is created only where none was, and renamed right after: only another writer can come between. */
const isRace = ({ reason }: PlatformError): boolean =>
  reason._tag === "AlreadyExists" || (reason._tag === "NotFound" && reason.method === "rename")

// The cause has the file system's message, such as "no space left on device".
const inWords = (error: PlatformError): string =>
  Predicate.hasProperty(error.cause, "message") && Predicate.isString(error.cause.message)
    ? error.cause.message
    : error.message
