import { readdirSync, readFileSync, statSync } from "node:fs"
import { join, posix } from "node:path"
import ts from "typescript-6"

/** The text of every source file, by its path below `src`. */
export type Sources = ReadonlyMap<string, string>

/**
 * The modules of the library from the top down. A module imports only what stands below it.
 */
export const order: ReadonlyArray<string> = [
  "index.ts",
  "VerificationSessions.ts",
  "VerificationReports.ts",
  "SessionFlags.ts",
  "FileDestination.ts",
  "Destination.ts",
  "Progress.ts",
  "Sync.ts",
  "ParallelPagination.ts",
  "Pagination.ts",
  "Checkpoint.ts",
  "StripeClient.ts",
  "RetryPolicy.ts",
  "SessionFilter.ts",
  "StripeError.ts",
  "VerificationSession.ts",
  "VerificationReport.ts"
]

/** Modules that only their own path gives, because few programs need what they load. */
export const apart: ReadonlyArray<string> = ["Sandbox.ts", "SessionFlags.ts"]

/** The list engine reads any list of Stripe, so it knows nothing of these. */
const engine = ["Destination.ts", "Sync.ts", "ParallelPagination.ts", "Pagination.ts", "Checkpoint.ts"]
const identity = ["SessionFilter.ts", "VerificationSession.ts", "VerificationReport.ts"]

export const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => statSync(join(folder, file)).isFile())

export const readSources = (folder: string): Sources =>
  new Map(
    filesBelow(folder)
      .filter((file) => file.endsWith(".ts"))
      .map((file) => [file, readFileSync(join(folder, file), "utf8")])
  )

/** What a file imports: other sources by their path below `src`, anything else as it is written. */
export const importsOf = (file: string, text: string): ReadonlyArray<string> =>
  ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) =>
      fileName.startsWith(".") ? posix.join(posix.dirname(file), fileName) : fileName
    )

const isInternal = (file: string) => file.startsWith("internal/")
const isSandbox = (file: string) => file === "Sandbox.ts" || file.startsWith("internal/sandbox/")

/** Why a file may not import another, or undefined where it may. */
const objection = (from: string, to: string): string | undefined => {
  if (isSandbox(from)) return isSandbox(to) ? undefined : "the sandbox shares no code with what it is there to test"
  if (isSandbox(to)) return "nobody imports the sandbox unless they ask for it by name"
  if (isInternal(from) || isInternal(to)) return undefined
  if (engine.includes(from) && identity.includes(to)) return "the list engine knows nothing of Identity"
  return order.indexOf(from) < order.indexOf(to) ? undefined : "imports run downward only"
}

/**
 * What a module imports, with what it reaches through `internal`: a file there is a part of every module that uses it,
 * so it may import only what stands below all of them.
 */
const reach = (sources: Sources, from: string): ReadonlyArray<ReadonlyArray<string>> => {
  const seen = new Set<string>()
  const walk = (file: string, path: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
    importsOf(file, sources.get(file) ?? "")
      .filter((next) => sources.has(next) && !seen.has(next))
      .flatMap((next) => {
        seen.add(next)
        const onward = isInternal(next) && !isSandbox(next) ? walk(next, [...path, next]) : []
        return [[...path, next], ...onward]
      })
  return walk(from, [from])
}

export const importProblems = (sources: Sources): ReadonlyArray<string> =>
  Array.from(sources.keys())
    .filter((file) => !isInternal(file) || isSandbox(file))
    .flatMap((from) =>
      reach(sources, from).flatMap((path) => {
        const reason = objection(from, path.at(-1) ?? from)
        return reason === undefined ? [] : [`${path.join(" > ")}: ${reason}`]
      })
    )

/** Every cycle of imports, as the path from a file back to itself. */
export const cycles = (sources: Sources): ReadonlyArray<string> => {
  const finished = new Set<string>()
  const walk = (file: string, path: ReadonlyArray<string>): ReadonlyArray<string> => {
    if (path.includes(file)) return [[...path.slice(path.indexOf(file)), file].join(" > ")]
    const text = sources.get(file)
    if (text === undefined || finished.has(file)) return []
    const found = importsOf(file, text).flatMap((next) => walk(next, [...path, file]))
    finished.add(file)
    return found
  }
  return Array.from(sources.keys()).flatMap((file) => walk(file, []))
}

/**
 * What the public modules declare and export without `@category` and `@since` in its docstring. `@internal` is not
 * public, and what a module passes on from `internal` is documented there.
 */
export const undocumented = (sources: Sources): ReadonlyArray<string> =>
  Array.from(sources)
    .filter(([file]) => !isInternal(file) && file !== "index.ts")
    .flatMap(([file, text]) => {
      const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
      return source.statements
        .filter((statement) => !ts.isExportDeclaration(statement) && /^export\b/.test(statement.getText()))
        .filter((statement) => {
          const tags = ts.getJSDocTags(statement).map((tag) => tag.tagName.text)
          return !tags.includes("internal") && !(tags.includes("category") && tags.includes("since"))
        })
        .map((statement) => `${file}: ${statement.getText().split("\n")[0]}`)
    })
