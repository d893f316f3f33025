import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript-6"

// What the types of stripe-node say. The package follows Stripe's API within days.

const folder = join(dirname(fileURLToPath(import.meta.resolve("stripe"))), "resources")

const files = ["VerificationSessions", "VerificationReports"].map((name) => `Identity/${name}.d.ts`)
let program: ts.Program | undefined

/**
 * What one of its types says about names, kinds and known values, as the sorted lines of `describeSchema`; and which fields
 * are optional. That a field is not optional is no promise: replies leave out more than the types say.
 */
export const describeStripeType = (file: string, path: ReadonlyArray<string>): ReadonlyArray<string> => {
  const name = join(folder, file)
  program ??= ts.createProgram(
    files.map((file) => join(folder, file)),
    { lib: ["lib.es2020.d.ts"], types: [], module: ts.ModuleKind.NodeNext }
  )
  const source = program.getSourceFile(name)
  const checker = program.getTypeChecker()
  let symbol = source && checker.getSymbolAtLocation(source)
  for (const step of path) symbol = symbol && checker.getExportsOfModule(symbol).find(({ name }) => name === step)
  if (symbol === undefined) throw new Error(`stripe has no ${path.join(".")} in ${file}`)

  const lines = new Set<string>()
  const walk = (type: ts.Type, path: string): void => {
    if (type.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) return
    if (type.flags & ts.TypeFlags.BooleanLike) lines.add(`${path}: boolean`)
    else if (type.flags & ts.TypeFlags.NumberLike) lines.add(`${path}: number`)
    else if (type.isStringLiteral()) lines.add(`${path}: string`).add(`${path} = ${type.value}`)
    else if (type.isUnion()) for (const member of type.types) walk(member, path)
    // `OtherString`, for values of an enum that are not known yet.
    else if (type.flags & ts.TypeFlags.StringLike || type.isIntersection()) lines.add(`${path}: string`)
    else if (checker.isArrayType(type)) {
      lines.add(`${path}: array`)
      const item = checker.getIndexTypeOfType(type, ts.IndexKind.Number)
      if (item !== undefined) walk(item, `${path}[]`)
    } else {
      lines.add(`${path}: object`)
      const values = checker.getIndexTypeOfType(type, ts.IndexKind.String)
      if (values !== undefined) walk(values, `${path}.*`)
      for (const field of checker.getPropertiesOfType(type)) {
        const at = `${path}.${field.name}`
        if (field.flags & ts.SymbolFlags.Optional) lines.add(`${at} is optional`)
        walk(checker.getTypeOfSymbol(field), at)
      }
    }
  }
  walk(checker.getDeclaredTypeOfSymbol(symbol), "")
  return Array.from(lines).toSorted()
}

/** The types of events that begin with a text. Read without the types of what events hold, which is all of Stripe. */
export const stripeEvents = (prefix: string): ReadonlyArray<string> => {
  const file = join(folder, "Events.d.ts")
  const found = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && node.text.startsWith(prefix)) found.add(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest))
  return Array.from(found).toSorted()
}
