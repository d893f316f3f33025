/**
 * The columns of a CSV file, as paths into a session. A column shows what it names and no more: what another column has
 * to reveal is not for this one.
 */
import * as Predicate from "effect/Predicate"
import { type EncodedAny, type SecretField, secretFields } from "./sessionCodec.ts"

// Of a report the id is no secret, so the column of that name is the id, and only what lies in it has to be revealed.
const report = "last_verification_report"

/** The secret fields that have to be revealed for these columns. */
export const secretsIn = (columns: ReadonlyArray<string>): ReadonlyArray<SecretField> =>
  secretFields.filter((field) =>
    columns.some((column) => column.startsWith(`${field}.`) || (column === field && field !== report))
  )

/** What a session has in these columns, each as a text. */
export const make = (columns: ReadonlyArray<string>): ((session: EncodedAny) => ReadonlyArray<string>) => {
  const cells = columns.map((column) => {
    const path = pathOf(column)
    return (session: EncodedAny) => toText(column === report ? reportId(session) : valueAt(session, path))
  })
  return (session) => cells.map((cell) => cell(session))
}

const reportId = ({ last_verification_report: report }: EncodedAny): unknown =>
  Predicate.isObject(report) ? report.id : report

// A key of metadata may have dots of its own, and has nothing below it.
const pathOf = (column: string): ReadonlyArray<string> =>
  column.startsWith("metadata.") ? ["metadata", column.slice("metadata.".length)] : column.split(".")

const valueAt = (session: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce(
    (value: unknown, key) =>
      Predicate.isObject(value) && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
    session
  )

const toText = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value)
