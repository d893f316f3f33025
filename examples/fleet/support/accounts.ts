// The table of accounts: whose turn it is, how the last run of each ended, and when the next one begins.
import { Clock, Duration, Effect, Layer, Option } from "effect"
import { Migrator, SqlClient } from "effect/sql"

/** How a turn ended. */
export type Outcome =
  | { readonly _tag: "More" }
  | { readonly _tag: "Done" }
  | { readonly _tag: "Refused"; readonly error: string }
  | { readonly _tag: "Failed"; readonly error: string }

/** A part of a run of one account. Each turn is taken once: whoever closes it first opens the next. */
export interface Turn {
  readonly account: string
  readonly turn: number
}

/** How long after a run the next one begins. */
export interface Pauses {
  readonly every: Duration.Duration
  /** After a run that failed: at first `every`, then twice as long each time, up to this. */
  readonly longest: Duration.Duration
  /** After a refusal, which only a person can undo. */
  readonly refused: Duration.Duration
}

const create = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Times are milliseconds since 1970, the same in both databases.
  yield* sql`CREATE TABLE fleet_accounts (
    account VARCHAR(255) PRIMARY KEY,
    turn BIGINT NOT NULL,
    state VARCHAR(10) NOT NULL DEFAULT 'new',
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    began_at BIGINT,
    ended_at BIGINT,
    current_at BIGINT,
    due_at BIGINT
  )`
})

const createOwner = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE fleet_owner (id INTEGER PRIMARY KEY, fleet VARCHAR(100) NOT NULL)`
})

/** Makes the tables. Programs that start at the same time may all have it. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const migrate = Migrator.make({})({
      loader: Migrator.fromRecord({ "1_create": create, "2_owner": createOwner }),
      table: "fleet_accounts_migrations"
    })
    // SQLite refuses a transaction that has read before another one wrote, and a migration reads first.
    yield* sql.onDialectOrElse({
      sqlite: () => Effect.provideService(migrate, SqlClient.BeginTransaction, "BEGIN IMMEDIATE"),
      orElse: () => migrate
    })
  })
)

/** Gives a database to a fleet, unless another fleet has it. Returns the name of the fleet that has it. */
export const own = Effect.fn("fleet.own")(function* (fleet: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO fleet_owner (id, fleet) VALUES (1, ${fleet}) ON CONFLICT (id) DO NOTHING`
  const [row] = yield* sql<{ readonly fleet: string }>`SELECT fleet FROM fleet_owner`
  return row?.fleet ?? fleet
})

/** Adds accounts and gives the turn of each that was not there. With `again`, also one for each that was. */
export const add = Effect.fn("fleet.add")(function* (accounts: ReadonlyArray<string>, again = false) {
  const sql = yield* SqlClient.SqlClient
  // Engines remember the turns that were taken, so an account that was removed must not begin with one of those.
  const first = yield* Clock.currentTimeMillis
  const turns: Array<Turn> = []
  for (const account of accounts) {
    const rows = yield* sql<Turn>`INSERT INTO fleet_accounts (account, turn) VALUES (${account}, ${first})
      ON CONFLICT (account) DO ${
        again ? sql`UPDATE SET turn = fleet_accounts.turn + 1, began_at = NULL, due_at = NULL` : sql`NOTHING`
      } RETURNING account, turn`
    turns.push(...rows.map(toTurn))
  }
  return turns
})

// Postgres gives a BIGINT as a bigint.
const toTurn = ({ account, turn }: Turn): Turn => ({ account, turn: Number(turn) })

/** Begins a turn, unless it is over, and gives the moment when the run began. */
export const open = Effect.fn("fleet.open")(function* ({ account, turn }: Turn) {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  const rows = yield* sql<{
    readonly began_at: number | bigint
  }>`UPDATE fleet_accounts SET began_at = coalesce(began_at, ${now})
    WHERE account = ${account} AND turn = ${turn} RETURNING began_at`
  return Option.map(Option.fromUndefinedOr(rows[0]), ({ began_at }) => Number(began_at))
})

const pauseAfter = (outcome: Outcome, failures: number, { every, longest, refused }: Pauses): Duration.Duration => {
  switch (outcome._tag) {
    case "More":
      return Duration.zero
    case "Done":
      return every
    case "Refused":
      return refused
    case "Failed":
      return Duration.min(Duration.times(every, 2 ** Math.min(failures, 20)), longest)
  }
}

const states = { More: "reading", Done: "current", Refused: "refused", Failed: "failing" } as const

/** Ends a turn and opens the next one, which is due after the pause; nothing where somebody else has ended it. */
export const close = Effect.fn("fleet.close")(function* ({ account, turn }: Turn, outcome: Outcome, pauses: Pauses) {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  const [known] = yield* sql<{ readonly failures: number }>`SELECT failures FROM fleet_accounts
    WHERE account = ${account} AND turn = ${turn}`
  if (known === undefined) return Option.none()
  const failures = outcome._tag === "Failed" ? known.failures + 1 : outcome._tag === "More" ? known.failures : 0
  const pause = pauseAfter(outcome, failures - 1, pauses)
  const due = now + Duration.toMillis(pause)
  const over = outcome._tag !== "More"
  const rows = yield* sql<Turn>`UPDATE fleet_accounts SET
      turn = turn + 1,
      state = ${states[outcome._tag]},
      failures = ${failures},
      error = ${"error" in outcome ? outcome.error : null},
      due_at = ${due},
      ${over ? sql`ended_at = ${now},` : sql``}
      ${outcome._tag === "Done" ? sql`current_at = began_at,` : sql``}
      began_at = ${over ? sql`NULL` : sql`began_at`}
    WHERE account = ${account} AND turn = ${turn} RETURNING account, turn`
  return Option.map(Option.fromUndefinedOr(rows[0]), (row) => ({ next: toTurn(row), pause }))
})

/** The turns that are due, the longest due first. */
export const due = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  const rows = yield* sql<Turn>`SELECT account, turn FROM fleet_accounts
    WHERE due_at IS NULL OR due_at <= ${now} ORDER BY coalesce(due_at, 0)`
  return rows.map(toTurn)
})

/** The turns of all accounts, and how long it is until each is due. */
export const turns = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  const rows = yield* sql<Turn & { readonly due_at: number | bigint | null }>`SELECT account, turn, due_at
    FROM fleet_accounts ORDER BY coalesce(due_at, 0)`
  return rows.map((row) => ({ turn: toTurn(row), pause: Duration.millis(Math.max(0, Number(row.due_at) - now)) }))
})

/** How many accounts there are, how many were due at a moment and have not finished that run yet, and how the runs ended. */
export const counts = Effect.fnUntraced(function* (moment: number) {
  const sql = yield* SqlClient.SqlClient
  // The next turn of a run that is not over is due after that moment.
  const [row] = yield* sql`SELECT count(*) AS accounts,
      count(CASE WHEN due_at IS NULL OR due_at <= ${moment} OR state = 'reading' THEN 1 END) AS unread,
      count(CASE WHEN state = 'current' AND ended_at >= ${moment} THEN 1 END) AS complete,
      count(CASE WHEN state = 'failing' THEN 1 END) AS failing,
      count(CASE WHEN state = 'refused' THEN 1 END) AS refused
    FROM fleet_accounts`
  return {
    accounts: Number(row?.["accounts"]),
    unread: Number(row?.["unread"]),
    complete: Number(row?.["complete"]),
    failing: Number(row?.["failing"]),
    refused: Number(row?.["refused"])
  }
})
