/**
 * Stores sessions in Postgres or SQLite with any client of `effect/sql`: a table of sessions and a table of
 * checkpoints.
 *
 * - A batch and its checkpoint are stored in one transaction, or not at all.
 * - Storing a batch compares the checkpoint. If two programs read the same account, one of them fails with a
 *   `CheckpointMovedError` and stores nothing.
 * - A session is upserted as a whole, and never with an older read of it. Rows that reference it stay.
 * - Secret fields are not stored unless you name them. If they are stored, a redaction overwrites them.
 *
 * One table holds the sessions of many accounts. Import it from `effect-stripe-identity/SqlDestination`, so that only
 * programs with a database load `effect/sql`.
 *
 * @module
 * @category Export, sync and mirror
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import * as Checkpoint from "./Checkpoint.ts"
import type { Destination, HasCheckpoint } from "./Destination.ts"
import * as SessionCodec from "./internal/session/codec.ts"
import * as Checks from "./internal/sql/options.ts"
import * as Reasons from "./internal/sql/reasons.ts"
import * as Tables from "./internal/sql/tables.ts"
import { type CheckpointMismatchError, InvalidArgumentError } from "./StripeError.ts"
import type * as VerificationSession from "./VerificationSession.ts"

export * from "./internal/sql/reasons.ts"

/**
 * Every reason of a {@link SqlDestinationError}.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = (typeof reasons)[number]["Type"]

const reasons = [
  InvalidArgumentError,
  Reasons.CheckpointMovedError,
  Reasons.OtherAccountError,
  Reasons.OtherModeError,
  Reasons.TableMismatchError,
  Reasons.UnsupportedDialectError
] as const

/**
 * A database cannot be used, or a batch was not stored. An error of the database itself is its `SqlError`.
 *
 * @category errors
 * @since 0.1.0
 */
export class SqlDestinationError extends Schema.TaggedError<SqlDestinationError>(
  "effect-stripe-identity/SqlDestinationError"
)("SqlDestinationError", { reason: Schema.Union(reasons) }) {
  override readonly cause = this.reason

  override get message(): string {
    return `SqlDestination: ${this.reason._tag}: ${this.reason.message}`
  }
}

/** Wraps a reason in our error; the database's errors stay as they are. */
const named = <A, R>(self: Effect.Effect<A, Reason | SqlError, R>) =>
  Effect.mapError(self, (error) => (isSqlError(error) ? error : new SqlDestinationError({ reason: error })))

/** After a lost connection or on a full disk, the rollback fails too, which Effect makes a defect. */
const withoutDefects = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.catchDefect(self, (defect) => (isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect)))

/** Postgres and triggers quote the row or its values, apart from the message, and some drivers add what was sent. */
const withoutRow = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.tapError(self, (error) =>
    Effect.sync(() => {
      const cause = isSqlError(error) ? error.reason.cause : undefined
      if (!Predicate.isObject(cause)) return
      for (const field of ["detail", "hint", "where", "internalQuery", "params", "parameters"])
        Reflect.deleteProperty(cause, field)
    })
  )

/**
 * Sessions, and when they were read, as `VerificationSessions.reread` emits them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sessions {
  readonly sessions: ReadonlyArray<VerificationSession.AnyExpansion>
  /** A time just before the sessions were read. A stored session with a later `readAt` stays. */
  readonly readAt: DateTime.DateTime
}

/**
 * Sessions with their checkpoint, as `VerificationSessions.sync` emits them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch extends Sessions, HasCheckpoint {}

/**
 * A table of sessions as a destination. `save` stores sessions and checkpoint in one transaction, if the stored checkpoint is
 * still the last one that this run read or saved.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlDestination extends Destination<Batch, SqlDestinationError | SqlError | CheckpointMismatchError> {
  /**
   * Stores sessions without a checkpoint, such as a batch of `reread` in a webhook handler. `readAt` is a time **before** they
   * were read: a stored session with a later `readAt` stays, in whichever order handlers end. A time that is more than a second in
   * the future by the database's clock counts as one second from now.
   */
  readonly upsert: (batch: Sessions) => Effect.Effect<void, SqlError>
}

/**
 * The table of the sessions.
 *
 * @category options
 * @since 0.1.0
 */
export interface TableOptions {
  /**
   * The name of the table: 1 to 40 lower-case letters, digits and `_`. The tables of checkpoints and migrations have
   * the suffixes `_checkpoints` and `_migrations`. In Postgres they are in the first schema of the
   * `search_path`; a table that is only in a later one is refused, because it may be another program's.
   *
   * @default "verification_sessions"
   */
  readonly table?: string | undefined
}

/**
 * Options of {@link make}.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends TableOptions {
  /**
   * The account of the sessions, `acct_…`. It is a part of the primary key.
   *
   * @default "", the key's own account
   */
  readonly account?: string | undefined
  /**
   * The name of the checkpoint, if several reads of one account store into the same table.
   *
   * @default "default"
   */
  readonly name?: string | undefined
  /**
   * The secret fields to store in the column `session`. For `verified_outputs` and `last_verification_report`, read with
   * `expand`, in a webhook handler too, because each read replaces the whole row.
   *
   * @default []
   */
  readonly reveal?: VerificationSession.JsonOptions["reveal"]
}

/**
 * Makes a destination that stores sessions in a table, for `Destination.stream`. The tables must exist:
 * {@link layer} creates them.
 *
 * The columns are `account`, `id`, `created`, `livemode`, `status`, `type`, `client_reference_id`, `last_error_code`,
 * `last_error_reason`, `last_verification_report` (an id), `redaction_status`, `related_customer`,
 * `related_customer_account`, `related_person`, `verification_flow`, `metadata` and `session` (JSON: the whole row),
 * and `read_at`. In Postgres times are `timestamptz` and JSON is `jsonb`; in SQLite times are ISO text in UTC. The
 * primary key is `account` and `id`. You may add columns that are nullable or have a default, and indexes.
 *
 * Fails with a `SqlDestinationError` if an option is invalid, if the database is neither Postgres nor SQLite, or if the
 * tables are missing or lack columns. It does not compare the types of columns.
 *
 * **Example** (A table that resumes)
 *
 * ```ts
 * import { Effect, Layer, Stream } from "effect"
 * import { SqlClient } from "effect/sql"
 * import { Destination, VerificationSessions } from "effect-stripe-identity"
 * import * as Sandbox from "effect-stripe-identity/Sandbox"
 * import * as SqlDestination from "effect-stripe-identity/SqlDestination"
 * import * as Sqlite from "../../examples/support/sqlite.ts"
 *
 * const program = Effect.gen(function*() {
 *   const sql = yield* SqlClient.SqlClient
 *   const table = yield* SqlDestination.make()
 *   yield* Destination.stream(table, (from) => VerificationSessions.sync({}, { from })).pipe(Stream.runDrain)
 *   const [row] = yield* sql`SELECT count(*) AS sessions FROM verification_sessions`
 *   return row?.sessions
 * })
 *
 * const database = Layer.provideMerge(SqlDestination.layer(), Sqlite.layer(":memory:"))
 * const stripe = Layer.provide(VerificationSessions.layer({ apiKey: Sandbox.apiKey }), Sandbox.layer())
 *
 * await Effect.runPromise(Effect.provide(program, Layer.merge(database, stripe))) // => 250
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<SqlDestination, SqlDestinationError | SqlError, SqlClient.SqlClient> {
  yield* named(Effect.fromResult(Checks.decode(options)))
  const { account = "", name = "default", table = Checks.defaultTable } = options
  const toJson = SessionCodec.toJson(options.reveal ?? [])
  const client = yield* named(Tables.client)
  yield* named(Tables.check(client, table))
  const { dialect, sql } = client
  const checkpoints = sql(`${table}_checkpoints`)

  const transaction = <A, E>(self: Effect.Effect<A, E>) => withoutRow(withoutDefects(sql.withTransaction(self)))

  const upsert = ({ readAt, sessions }: Sessions) => {
    // A statement may have each row only once. Sorted, so that two writers cannot deadlock.
    const rows = Array.from(new Map(sessions.map((session) => [session.id, session])).values())
    rows.sort((one, other) => (one.id < other.id ? -1 : 1))
    const parts = Arr.chunksOf(rows, rowsAStatement)
    const store = (rows: typeof sessions) => Tables.upsert(client, table, rows.map(toJson), { account, readAt })
    return withoutRow(Effect.forEach(parts, store, { discard: true }))
  }

  const stored = Effect.map(
    sql<{ readonly checkpoint: string }>`
      SELECT checkpoint FROM ${checkpoints} WHERE account = ${account} AND name = ${name}`,
    ([row]) => row?.checkpoint
  )

  /** Moves the checkpoint, if it is still the one that this run read or stored last. */
  const moveCheckpoint = Effect.fnUntraced(function* (known: string | undefined, text: string, livemode?: boolean) {
    const mode = livemode === undefined ? null : dialect === "pg" ? livemode : Number(livemode)
    const now = DateTime.formatIso(yield* DateTime.now)
    const moved = yield* known === undefined
      ? sql`
        INSERT INTO ${checkpoints} (account, name, livemode, checkpoint, saved_at)
        VALUES (${account}, ${name}, ${mode}, ${text}, ${now})
        ON CONFLICT (account, name) DO NOTHING RETURNING name`
      : sql`
        UPDATE ${checkpoints}
        SET checkpoint = ${text}, saved_at = ${now}, livemode = coalesce(livemode, ${mode})
        WHERE account = ${account} AND name = ${name} AND checkpoint = ${known}
        AND coalesce(livemode = ${mode}, true) RETURNING name`
    if (moved.length > 0) return
    const isKnown = known !== undefined && (yield* stored) === known
    return yield* isKnown && livemode !== undefined
      ? new Reasons.OtherModeError({ table, account, livemode })
      : new Reasons.CheckpointMovedError({ table, account, checkpoint: name })
  })

  const open = Effect.gen(function* () {
    let known = yield* stored
    let before = known
    const from = known === undefined ? undefined : yield* Effect.fromResult(Checkpoint.fromText(known))
    let last = from
    let tried: Checkpoint.Checkpoint | undefined
    const save = Effect.fnUntraced(function* (batch: Batch) {
      const { checkpoint, sessions } = batch
      const { context } = checkpoint
      const actual = checkpoint.account ?? context?.split("/").at(-1)
      // The key of an organization has no account of its own, so a destination without an account takes any context.
      if (actual !== undefined && actual !== account && (account !== "" || context === undefined)) {
        return yield* new Reasons.OtherAccountError({ expected: account, actual })
      }
      const text = Checkpoint.toText(checkpoint)
      // The caller's own transaction may have taken the last batch back, which then comes again. The text does not
      // say whether it is that one, because the batches of a window of changes share it.
      if (checkpoint === last && (yield* stored) === before) known = before
      // Or it was committed, and a timeout or a lost connection came before this run knew.
      if (checkpoint === tried && (yield* stored) === text) known = text
      tried = checkpoint
      // The checkpoint comes first: a second writer waits there, before it has written rows.
      yield* transaction(Effect.andThen(moveCheckpoint(known, text, sessions[0]?.livemode), upsert(batch)))
      before = known
      known = text
      last = checkpoint
    }, named)
    return { from, save }
  })

  return { open, upsert }
})

/**
 * The migrations that create the tables, for your own `Migrator`. Give it a separate history table, because the numbers
 * start at 1. {@link layer} runs them by itself.
 *
 * **Example** (Your own migrator)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Migrator } from "effect/sql"
 * import * as SqlDestination from "effect-stripe-identity/SqlDestination"
 * import * as Sqlite from "../../examples/support/sqlite.ts"
 *
 * const migrate = Migrator.make({})({
 *   loader: Migrator.fromRecord(SqlDestination.migrations()),
 *   table: "verification_sessions_migrations"
 * })
 *
 * await Effect.runPromise(Effect.provide(migrate, Sqlite.layer(":memory:"))) // => [[1, "create_tables"]]
 * ```
 *
 * @category migrations
 * @since 0.1.0
 */
export const migrations = (
  options: TableOptions = {}
): Record<string, Effect.Effect<void, SqlDestinationError | SqlError, SqlClient.SqlClient>> => ({
  "1_create_tables": Effect.gen(function* () {
    const table = yield* tableOf(options)
    yield* named(Effect.flatMap(Tables.client, (client) => Tables.create(client, table)))
  })
})

/**
 * Creates the tables of {@link make}, or migrates those of an older version. Several programs may run it at the same
 * time. Fails with a `SqlDestinationError` if another table has this name.
 *
 * @category migrations
 * @since 0.1.0
 */
export const layer = (
  options: TableOptions = {}
): Layer.Layer<never, SqlDestinationError | SqlError | Migrator.MigrationError, SqlClient.SqlClient> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const table = yield* tableOf(options)
      const history = `${table}_migrations`
      const client = yield* named(Tables.client)
      // Before the history table is created, so that a database of another program stays as it is.
      yield* named(Tables.checkUnrelated(client, table, history))
      const steps = migrations({ table })
      // In Postgres the migrator locks the history, and would wait for the end of a backup, which reads it.
      if (yield* named(Tables.isMigrated(client, history, Object.keys(steps).length))) return
      const migrate = Migrator.make({})({ loader: Migrator.fromRecord(steps), table: history })
      // SQLite refuses a transaction that has read before another one wrote, and a migration reads first.
      yield* client.dialect === "sqlite"
        ? Effect.provideService(migrate, SqlClient.BeginTransaction, "BEGIN IMMEDIATE")
        : migrate
    }).pipe(
      withoutDefects,
      Effect.catchTag("MigrationError", (error) =>
        Effect.fail(error.cause instanceof SqlDestinationError || isSqlError(error.cause) ? error.cause : error)
      )
    )
  )

const tableOf = (options: TableOptions) =>
  named(Effect.map(Effect.fromResult(Checks.decodeTable(options)), () => options.table ?? Checks.defaultTable))

/** Keeps a statement below a few megabytes. */
const rowsAStatement = 1000
