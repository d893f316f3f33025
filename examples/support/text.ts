// Text for a terminal.

/**
 * A text whose control characters, line breaks and changes of the writing direction are seen and not obeyed: an escape
 * sequence could hide a row or write a title, and a line break could forge a row. In JSON it means the same as before.
 */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
      .join("")
  )

/** The same for whole lines, as of NDJSON, which stay lines. */
export const visibleLines = (lines: string): string => lines.split("\n").map(visible).join("\n")

/** Rows as a table, each column as wide as its longest cell. */
export const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}
