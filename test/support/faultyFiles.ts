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

/** The same files, noting what is synced to the disk and what is renamed. */
export const noting = (calls: Array<string>): Layer.Layer<FileSystem.FileSystem, never, FileSystem.FileSystem> =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (fileSystem) => ({
      ...fileSystem,
      open: (path, options) =>
        Effect.map(fileSystem.open(path, options), (file) => {
          const sync = Effect.tap(file.sync, () => Effect.sync(() => calls.push(`sync ${path}`)))
          return Object.defineProperty(file, "sync", { value: sync })
        }),
      rename: (from, to) =>
        Effect.tap(fileSystem.rename(from, to), () => Effect.sync(() => calls.push(`rename ${from}`)))
    }))
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

/**
 * The same files as Bun writes them: unless a file is opened for appending, Bun ignores where to write, and writes behind what
 * it wrote last, at first at the beginning. https://github.com/oven-sh/bun/pull/37647
 */
export const withoutPositions: Layer.Layer<FileSystem.FileSystem, never, FileSystem.FileSystem> = Layer.effect(
  FileSystem.FileSystem,
  Effect.map(FileSystem.FileSystem, (fileSystem) => ({
    ...fileSystem,
    open: (path, options) =>
      Effect.map(fileSystem.open(path, options), (file) => {
        if (options?.flag?.startsWith("a")) return file
        const writeAll = file.writeAll.bind(file)
        let written = 0
        return Object.assign(file, {
          writeAll: (bytes: Uint8Array) =>
            file.seek(BigInt(written), "start").pipe(
              Effect.andThen(writeAll(bytes)),
              Effect.tap(() => Effect.sync(() => (written += bytes.length)))
            )
        })
      })
  }))
)

/** The same files, where another program creates each new file just before, or moves it away before it is renamed. */
export const raced = (what: "open" | "rename"): Layer.Layer<FileSystem.FileSystem, never, FileSystem.FileSystem> =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (fileSystem) => ({
      ...fileSystem,
      open: (path, options) =>
        Effect.andThen(
          what === "open" && options?.flag?.startsWith("wx") ? fileSystem.writeFileString(path, "") : Effect.void,
          fileSystem.open(path, options)
        ),
      rename: (from, to) =>
        Effect.andThen(what === "rename" ? fileSystem.remove(from) : Effect.void, fileSystem.rename(from, to))
    }))
  )

/**
 * The same files, where one call of the file system fails, before it did anything or after it did all. The first call is
 * number 0.
 */
export const failingAt = (
  number: number,
  when: "before" | "after"
): Layer.Layer<FileSystem.FileSystem, never, FileSystem.FileSystem> =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (fileSystem) => {
      let calls = 0
      const counted = <A, R>(method: string, call: Effect.Effect<A, PlatformError.PlatformError, R>) =>
        Effect.suspend(() => {
          if (calls++ !== number) return call
          const failure = Effect.fail(error("Unknown", method, "a file", "EIO: i/o error"))
          return when === "before" ? failure : Effect.andThen(call, failure)
        })
      return {
        ...fileSystem,
        readFileString: (path) => counted("readFileString", fileSystem.readFileString(path)),
        stat: (path) => counted("stat", fileSystem.stat(path)),
        rename: (from, to) => counted("rename", fileSystem.rename(from, to)),
        open: (path, options) =>
          Effect.map(counted("open", fileSystem.open(path, options)), (file) => {
            const truncate = file.truncate.bind(file)
            const writeAll = file.writeAll.bind(file)
            return Object.assign(file, {
              truncate: (bytes?: number) => counted("truncate", truncate(bytes)),
              writeAll: (bytes: Uint8Array) => counted("writeAll", writeAll(bytes))
            })
          })
      }
    })
  )
