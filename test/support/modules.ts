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
  "Webhook.ts",
  "SqlDestination.ts",
  "FileDestination.ts",
  "Destination.ts",
  "Progress.ts",
  "Sync.ts",
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
export const apart: ReadonlyArray<string> = ["Sandbox.ts", "SessionFlags.ts", "SqlDestination.ts"]

/** The list engine reads any list of Stripe, so it knows nothing of these. */
const engine = ["Destination.ts", "Sync.ts", "Pagination.ts", "Checkpoint.ts"]
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

type Named = ts.Statement | ts.ExportSpecifier

/** A name that a public module exports, where it is declared. */
interface Exported {
  readonly module: string
  readonly name: string
  readonly file: string
  readonly statement: Named
  /** Whether it is a function, a class or a constant, and exported as one. */
  readonly value: boolean
}

const parse = (file: string, text: string) => ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)

const declaredNames = (statement: ts.Statement): ReadonlyArray<string> => {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText())
  const declares =
    ts.isClassDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
  return declares && statement.name !== undefined ? [statement.name.text] : []
}

/** Where the names come from that a file imports, or passes on. */
const origins = (file: string, source: ts.SourceFile): ReadonlyMap<string, string> =>
  new Map(
    source.statements.flatMap((statement) => {
      if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return []
      const bindings = statement.importClause?.namedBindings
      const from = posix.join(posix.dirname(file), statement.moduleSpecifier.text)
      return bindings !== undefined && ts.isNamedImports(bindings)
        ? bindings.elements.map((element) => [element.name.text, from] as const)
        : []
    })
  )

/**
 * Everything that the public modules export. What they pass on from `internal` is followed to where it is declared,
 * unless its docstring stands where it is passed on.
 */
const exportsOf = (sources: Sources): ReadonlyArray<Exported> =>
  Array.from(sources)
    .filter(([file]) => !isInternal(file) && file !== "index.ts")
    .flatMap(([file, text]) => {
      const module = file.slice(0, -3)
      const source = parse(file, text)
      const imported = origins(file, source)
      const declaredIn = (from: string, name: string): ReadonlyArray<Exported> =>
        parse(from, sources.get(from) ?? "")
          .statements.filter((statement) => declaredNames(statement).includes(name))
          .map((statement) => ({ module, name, file: from, statement, value: isValue(statement) }))
      return source.statements.flatMap((statement): ReadonlyArray<Exported> => {
        if (!ts.isExportDeclaration(statement)) {
          return /^export\b/.test(statement.getText())
            ? declaredNames(statement).map((name) => ({ module, name, file, statement, value: isValue(statement) }))
            : []
        }
        const from = statement.moduleSpecifier
        if (statement.exportClause === undefined && from !== undefined && ts.isStringLiteral(from)) {
          const origin = posix.join(posix.dirname(file), from.text)
          return parse(origin, sources.get(origin) ?? "")
            .statements.filter((statement) => /^export\b/.test(statement.getText()))
            .flatMap((statement) =>
              declaredNames(statement).map((name) => ({ module, name, file: origin, statement, value: false }))
            )
        }
        if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause)) return []
        return statement.exportClause.elements.flatMap((element): ReadonlyArray<Exported> => {
          const name = element.name.text
          const origin =
            from !== undefined && ts.isStringLiteral(from)
              ? posix.join(posix.dirname(file), from.text)
              : imported.get(name)
          const typeOnly = statement.isTypeOnly || element.isTypeOnly
          const own = [element, statement].find((node) => docstring(node) !== "")
          return (origin === undefined ? [] : declaredIn(origin, name)).map((each) => ({
            ...each,
            value: each.value && !typeOnly,
            statement: own === undefined || docstring(each.statement).includes("@category") ? each.statement : own
          }))
        })
      })
    })

const docstring = (node: ts.Node): string =>
  ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map((comment) => comment.getText())
    .join("\n")

const tagsOf = ({ statement }: Exported): ReadonlyArray<string> =>
  ts.getJSDocTags(statement).map((tag) => tag.tagName.text)

const isValue = (statement: Named): boolean =>
  ts.isVariableStatement(statement) || ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement)

/** What the public modules export without `@category` and `@since` in its docstring, wherever it is declared. */
export const undocumented = (sources: Sources): ReadonlyArray<string> =>
  exportsOf(sources)
    .filter((one) => !["category", "since"].every((tag) => tagsOf(one).includes(tag)))
    .map(({ file, statement }) => `${file}: ${statement.getText().split("\n")[0]}`)

/** Values that need no example, and why. */
const needsNoExample = (one: Exported): boolean =>
  // An error is met and not made. That of `StripeError` shows how to recover from a reason.
  (docstring(one.statement).includes("@category errors") && one.name !== "StripeError") ||
  // A constant says itself what it is.
  docstring(one.statement).includes("@category constants") ||
  // A part of a session or a report is met in it, and the examples of the two decode one.
  ["internal/session/wire.ts", "internal/report/wire.ts"].includes(one.file)

const withExample = (text: string): boolean => text.includes("* ```ts\n")

/**
 * The functions, classes and constants without an example. An example stands in the docstring, or in that of a name that
 * the docstring refers to, or at the type that a constant is declared with.
 */
export const withoutExample = (sources: Sources): ReadonlyArray<string> => {
  const all = exportsOf(sources)
  const shown = new Set<string>()
  for (const { module, name, statement } of all) {
    if (withExample(docstring(statement))) shown.add(`${module}.${name}`)
  }
  const types = new Set(
    Array.from(sources).flatMap(([file, text]) =>
      parse(file, text).statements.flatMap((statement) =>
        ts.isTypeAliasDeclaration(statement) && withExample(docstring(statement)) ? [statement.name.text] : []
      )
    )
  )
  const refersToOne = ({ module, statement }: Exported): boolean =>
    Array.from(docstring(statement).matchAll(/(?:\{@link |`)([\w.]+)[}`]/g)).some(([, name = ""]) =>
      shown.has(name.includes(".") ? name : `${module}.${name}`)
    )
  const typeHasOne = ({ statement }: Exported): boolean => {
    const type = ts.isVariableStatement(statement) ? statement.declarationList.declarations[0]?.type : undefined
    return (
      type !== undefined && ts.isTypeReferenceNode(type) && types.has(type.typeName.getText().split(".").at(-1) ?? "")
    )
  }
  return all
    .filter((one) => one.value && !needsNoExample(one))
    .filter((one) => !withExample(docstring(one.statement)) && !refersToOne(one) && !typeHasOne(one))
    .map(({ module, name }) => `${module}.${name}`)
}

/**
 * Options without a word on what they mean, in what unit, and what holds without them. An option that has the name of a
 * documented one of the same module means the same.
 */
export const undocumentedOptions = (sources: Sources): ReadonlyArray<string> => {
  const members = exportsOf(sources)
    .filter(({ statement }) => docstring(statement).includes("@category options"))
    .flatMap(({ module, statement }) =>
      ts.isInterfaceDeclaration(statement)
        ? statement.members.map((member) => ({
            option: `${module}: ${member.name?.getText()}`,
            documented: docstring(member) !== ""
          }))
        : []
    )
  const documented = new Set(members.filter((member) => member.documented).map(({ option }) => option))
  return members.map(({ option }) => option).filter((option) => !documented.has(option))
}
