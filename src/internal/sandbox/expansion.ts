/**
 * What `expand[]` may name, and how much of a row a request then sees.
 */
import * as Result from "effect/Result"
import * as Errors from "./errors.ts"
import type { Report, Session, VerifiedOutputs } from "./session.ts"

/** The paths that were asked for, without the leading `data.` of a list. */
export type Expansion = ReadonlySet<string>

/** The fields that can be named, and what can be named below them. */
export interface Tree {
  readonly [field: string]: Tree
}

const leaf: Tree = {}
const checkError: Tree = { error: leaf }
const sensitiveOutputs = ["dob", "id_number", "sex", "unparsed_place_of_birth", "unparsed_sex"] as const
const sensitiveDocument = [
  "dob",
  "expiration_date",
  "number",
  "sex",
  "unparsed_place_of_birth",
  "unparsed_sex"
] as const
const sensitiveIdNumber = ["dob", "id_number"] as const

const leaves = (names: ReadonlyArray<string>): Tree => Object.fromEntries(names.map((name) => [name, leaf]))

// The ids of images (`document.files`, `selfie.document`, `selfie.selfie`) come with the report and have no path.
export const ofReport: Tree = {
  document: { address: leaf, issued_date: leaf, ...checkError, ...leaves(sensitiveDocument) },
  email: checkError,
  id_number: { ...checkError, ...leaves(sensitiveIdNumber) },
  options: { document: leaf, id_number: leaf },
  phone: checkError,
  selfie: checkError
}

export const ofSession: Tree = {
  last_error: leaf,
  last_verification_report: ofReport,
  options: leaves(["document", "email", "id_number", "matching", "phone"]),
  provided_details: leaf,
  redaction: leaf,
  related_person: leaf,
  verified_outputs: { address: leaf, ...leaves(sensitiveOutputs) }
}

/** Checks the named paths. A list wants them below `data`; the levels that count include it. */
export const make = (
  paths: ReadonlyArray<string>,
  endpoint: "list" | "retrieve",
  expandable: Tree
): Result.Result<Expansion, Errors.Refusal> => {
  const expansion = new Set<string>()
  for (const path of paths) {
    const steps = path.split(".")
    if (path === "total_count") return Result.fail(Errors.cannotInclude(path))
    if (steps.length > 4) return Result.fail(Errors.expandTooDeep(path))
    if (endpoint === "list") {
      if (steps[0] !== "data") return Result.fail(Errors.cannotExpand(path, true))
      steps.shift()
    }
    let tree: Tree | undefined = expandable
    for (const [depth, step] of steps.entries()) {
      tree = Object.hasOwn(tree, step) ? tree[step] : undefined
      if (tree === undefined) return Result.fail(Errors.cannotExpand(path, false))
      // Naming a field below an expandable one expands that one too.
      expansion.add(steps.slice(0, depth + 1).join("."))
    }
  }
  return Result.succeed(expansion)
}

/** The findings behind a session, made only when a request asks for them. */
export interface Findings {
  readonly verifiedOutputs: () => VerifiedOutputs | null
  readonly report: () => Report | null
}

// Sensitive fields are left out unless the key may see them and they are named one by one; naming only what contains them
// is not enough.
const visible = <A extends object>(
  value: A,
  at: string,
  guarded: ReadonlyArray<string>,
  expansion: Expansion,
  sensitive: boolean
): A => {
  const kept = Object.entries(value).filter(
    ([field]) => !guarded.includes(field) || (sensitive && expansion.has(`${at}.${field}`))
  )
  // Type boundary: the guarded fields are optional in every type this is used with.
  return Object.fromEntries(kept) as A
}

/** The report as a request sees it; `prefix` is where its fields begin in the paths that the request names. */
export const renderReport = (report: Report, prefix: string, expansion: Expansion, sensitive: boolean): Report => {
  const guard = (field: "document" | "id_number", guarded: ReadonlyArray<string>) => {
    const check = report[field]
    return check === undefined
      ? undefined
      : { [field]: visible(check, `${prefix}${field}`, guarded, expansion, sensitive) }
  }
  return {
    ...report,
    ...guard("document", sensitiveDocument),
    ...guard("id_number", sensitiveIdNumber)
  }
}

/** The session where nothing is expanded, as in every event, whatever a test said of its outputs and its report. */
export const unexpanded = ({ verified_outputs: _, ...session }: Session): Session => {
  const { last_verification_report: report } = session
  return typeof report === "object" && report !== null ? { ...session, last_verification_report: report.id } : session
}

/** The session as a request sees it. */
export const render = (session: Session, findings: Findings, expansion: Expansion, sensitive: boolean): Session => {
  const plain = unexpanded(session)
  if (expansion.size === 0) return plain
  const report = expansion.has("last_verification_report") ? findings.report() : null
  const shown: Session =
    report === null
      ? plain
      : {
          ...plain,
          last_verification_report: renderReport(report, "last_verification_report.", expansion, sensitive)
        }
  if (!expansion.has("verified_outputs")) return shown
  const outputs = findings.verifiedOutputs()
  return {
    ...shown,
    verified_outputs:
      outputs === null ? null : visible(outputs, "verified_outputs", sensitiveOutputs, expansion, sensitive)
  }
}
