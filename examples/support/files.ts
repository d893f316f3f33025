// The files that the examples write, and what to say when that cannot be done.
import { Effect, FileSystem, Path, Predicate } from "effect"

/** What went wrong in one line: the system's own words, such as "no space left on device", are in the cause. */
export const inWords = (error: {
  readonly message: string
  readonly _tag?: string
  readonly cause?: unknown
}): string =>
  error._tag === "PlatformError" && Predicate.hasProperty(error.cause, "message")
    ? `The file system refused: ${String(error.cause.message)}. Nothing was overwritten. Make room for it, or name another file.`
    : error.message

/** Makes the folder that a file goes to. What can be no file is refused now, and not when everything was read. */
export const makeFolderOf = Effect.fnUntraced(function* (file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (file.trim() === "") return yield* Effect.fail(new Error("The name of the file is empty."))
  yield* fileSystem.makeDirectory(path.dirname(file), { recursive: true })
  if ((yield* fileSystem.exists(file)) && (yield* fileSystem.stat(file)).type === "Directory") {
    return yield* Effect.fail(new Error(`${file} is a folder. Name a file in it.`))
  }
})
