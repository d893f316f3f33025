import { Effect, FileSystem, Layer, PlatformError } from "effect"

const error = (tag: "PermissionDenied" | "Unknown", method: string, path: string, words: string) =>
  PlatformError.systemError({
    _tag: tag,
    module: "FileSystem",
    method,
    pathOrDescriptor: path,
    cause: new Error(words)
  })

/**
 * The same files on a disk that has room for so many bytes more: a write beyond them stores what fits and then fails, so
 * many times.
 */
export const fullAfter = (
  room: number,
  times = Infinity
): Layer.Layer<FileSystem.FileSystem, never, FileSystem.FileSystem> =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (fileSystem) => {
      let left = room
      let failures = 0
      return {
        ...fileSystem,
        open: (path, options) =>
          Effect.map(fileSystem.open(path, options), (file) => {
            const writeAll = file.writeAll.bind(file)
            return Object.assign(file, {
              writeAll: (bytes: Uint8Array) => {
                const fits = failures < times ? bytes.subarray(0, left) : bytes
                left -= fits.length
                const full = error("Unknown", "writeAll", path, "ENOSPC: no space left on device, write")
                if (fits.length === bytes.length) return writeAll(bytes)
                failures++
                return Effect.andThen(writeAll(fits), Effect.fail(full))
              }
            })
          })
      }
    })
  )

/** The same files in a folder in which nothing may be made or changed. */
export const readOnly: Layer.Layer<FileSystem.FileSystem, never, FileSystem.FileSystem> = Layer.effect(
  FileSystem.FileSystem,
  Effect.map(FileSystem.FileSystem, (fileSystem) => {
    const refuse = (method: string) => (path: string) =>
      Effect.fail(error("PermissionDenied", method, path, "EACCES: permission denied, open"))
    return {
      ...fileSystem,
      open: (path, options) =>
        options?.flag === undefined || options.flag === "r" ? fileSystem.open(path, options) : refuse("open")(path),
      rename: refuse("rename"),
      remove: refuse("remove"),
      truncate: refuse("truncate")
    }
  })
)
