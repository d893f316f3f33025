// The files that the examples write, and the message when that fails.
import { Effect, FileSystem, Option, Path, Predicate } from "effect"

/** An error in one line. The system's text, such as "no space left on device", is in the cause. */
export const inWords = (error: {
  readonly message: string
  readonly _tag?: string
  readonly cause?: unknown
}): string =>
  error._tag === "PlatformError" && Predicate.hasProperty(error.cause, "message")
    ? `The file system refused: ${String(error.cause.message)}. Nothing was overwritten. Make room for it, or name another file.`
    : error.message

/**
 * Prepares to write a file: creates its folder, and refuses a folder, a device or a pipe before anything is read, because
 * the export would replace it. Returns the path, or for a link the path that it points to.
 */
export const prepareFile = Effect.fnUntraced(function* (file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const refuse = (what: string) => Effect.fail(new Error(`${file} ${what}`))
  if (file.trim() === "") return yield* Effect.fail(new Error("The name of the file is empty."))
  yield* fileSystem.makeDirectory(path.dirname(file), { recursive: true })
  const isLink = Option.isSome(yield* Effect.option(fileSystem.readLink(file)))
  if (!(yield* fileSystem.exists(file))) {
    return isLink ? yield* refuse("is a link to what is not there. Name a file.") : file
  }
  const { type } = yield* fileSystem.stat(file)
  if (type === "Directory") return yield* refuse("is a folder. Name a file in it.")
  if (type !== "File") return yield* refuse("is a device or a pipe. Name a file.")
  return isLink ? yield* fileSystem.realPath(file) : file
})
