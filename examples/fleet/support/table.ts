// What a fleet is at, as a person at a terminal wants to read it.
import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { columns, visible } from "../../support/text.ts"

interface Row {
  readonly account: string
  readonly state: string
  readonly error: string | null
  readonly ended_at: number | bigint | null
  readonly current_at: number | bigint | null
  readonly due_at: number | bigint | null
}

/** How long, in the two largest units: `3m 20s`. */
const duration = (millis: number): string => {
  const { days, hours, minutes, seconds } = Duration.parts(Duration.millis(Math.max(0, millis)))
  const units = [`${days}d`, `${hours}h`, `${minutes}m`, `${seconds}s`]
  const first = [days, hours, minutes].findIndex((count) => count > 0)
  return first < 0 ? `${seconds}s` : units.slice(first, first + 2).join(" ")
}

const since = (then: number | bigint | null, now: number): string =>
  then === null ? "never" : duration(now - Number(then))

/** What others wrote, such as the text of an error, cut and made harmless. */
const cell = (text: string, longest: number): string => {
  const shown = visible(text)
  return shown.length > longest ? `${shown.slice(0, longest - 1)}…` : shown
}

/** The accounts, those with a problem first and then those whose copies are oldest, and all of them in one line. */
export const table = Effect.fn("fleet.table")(function* (limit: number, now: number) {
  const sql = yield* SqlClient.SqlClient
  const counted = yield* sql<{ readonly state: string; readonly count: number }>`
    SELECT state, count(*) AS count FROM fleet_accounts GROUP BY state`
  const counts = new Map(counted.map(({ count, state }) => [state, Number(count)]))
  const total = Array.from(counts.values()).reduce((sum, count) => sum + count, 0)
  const [sessions] = yield* sql`SELECT count(*) AS rows FROM verification_sessions`
  // Those that were never read to the end have no time, and SQL leaves them out of the oldest.
  const [copies] = yield* sql<{ readonly oldest: number | bigint | null; readonly unread: number | bigint }>`
    SELECT min(current_at) AS oldest, count(*) - count(current_at) AS unread
    FROM fleet_accounts WHERE state <> 'refused'`
  const found = yield* sql<Row>`
    SELECT account, state, error, ended_at, current_at, due_at FROM fleet_accounts
    ORDER BY CASE state WHEN 'refused' THEN 0 WHEN 'failing' THEN 1 ELSE 2 END, current_at NULLS FIRST, account
    LIMIT ${limit}`
  const stored = yield* sql<{ readonly account: string; readonly rows: number }>`
    SELECT account, count(*) AS rows FROM verification_sessions
    WHERE ${sql.in("account", ["", ...found.map(({ account }) => account)])} GROUP BY account`
  const rows = new Map(stored.map(({ account, rows }) => [account, String(rows)]))

  const { oldest = null, unread = 0 } = copies ?? {}
  const behind =
    Number(unread) > 0
      ? `, ${unread} ${Number(unread) === 1 ? "account" : "accounts"} never read to the end`
      : oldest === null
        ? ""
        : `, at most ${since(oldest, now)} behind`
  const parts = ["new", "reading", "current", "failing", "refused"].flatMap((state) =>
    counts.has(state) ? [`${counts.get(state)} ${state}`] : []
  )
  const summary = `${total} accounts: ${parts.join(", ") || "none"}; ${Number(sessions?.["rows"])} rows${behind}`
  const lines = found.map(({ account, current_at, due_at, ended_at, error, state }) => [
    cell(account, 30),
    cell(state, 10),
    since(ended_at, now),
    rows.get(account) ?? "0",
    since(current_at, now),
    due_at === null || Number(due_at) <= now ? "now" : `in ${duration(Number(due_at) - now)}`,
    cell(error ?? "", 100)
  ])
  const hidden = total - found.length
  return [
    summary,
    "",
    columns([["account", "state", "last run", "rows", "behind by", "next run", "why"], ...lines]),
    ...(hidden > 0 ? [`… and ${hidden} more`] : [])
  ].join("\n")
})
