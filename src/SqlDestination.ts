/**
 * Sessions in Postgres or SQLite, by any client of `effect/sql`: a table of sessions, and beside it a table of checkpoints.
 *
 * - A batch is stored with its checkpoint in one transaction, or not at all.
 * - The checkpoint is compared as it is stored. Where two programs read the same account, one of them fails with a
 *   `CheckpointMovedError` and stores nothing.
 * - A session is replaced whole, and never by an older read of it. Rows that refer to it stay.
 * - The secret fields of a session are left out unless they are named. Where they are, a redaction overwrites them.
 *
 * One table holds the sessions of many accounts. It has a path of its own, `effect-stripe-identity/SqlDestination`, so that
 * only programs with a database load `effect/sql`.
 *
 * @module
 * @category Export, sync and mirror
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import * as Checkpoint from "./Checkpoint.ts"
import * as SessionCodec from "./internal/session/codec.ts"
import * as Checks from "./internal/sql/options.ts"
import * as Reasons from "./internal/sql/reasons.ts"
import * as Statements from "./internal/sql/statements.ts"
import * as Tables from "./internal/sql/tables.ts"
import { type CheckpointMismatchError, InvalidArgumentError } from "./StripeError.ts"
import type * as VerificationSession from "./VerificationSession.ts"

export {
  CheckpointMovedError,
  OtherAccountError,
  OtherModeError,
  TableMismatchError,
  UnsupportedDialectError
} from "./internal/sql/reasons.ts"

/**
 * Every reason that a {@link SqlDestinationError} can carry.
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
 * Why a database was not used or a batch was not stored. What the database itself refuses is its `SqlError`, as it is.
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

const refuse = (reason: Reason): SqlDestinationError => new SqlDestinationError({ reason })

/** A reason becomes our error, and the database's error stays as it is. */
const named = <A, R>(
  self: Effect.Effect<A, Reason | SqlError, R>
): Effect.Effect<A, SqlDestinationError | SqlError, R> =>
  Effect.mapError(self, (error) => (isSqlError(error) ? error : refuse(error)))

/** A connection that is lost and a disk that is full cannot roll back either, which Effect makes a defect of. */
const withoutDefects = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
  Effect.catchDefect(self, (defect) => (isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect)))

/**
 * Sessions with the checkpoint that holds after them, as `VerificationSessions.sync` gives them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch<out C> {
  readonly sessions: ReadonlyArray<VerificationSession.AnyExpansion>
  readonly checkpoint: C
  /** A moment before the sessions were read: the version that they are stored under. */
  readonly readAt: DateTime.DateTime
}

/**
 * A table of sessions as a destination. `E` is how its checkpoint can be unreadable.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlDestination<in out C = Checkpoint.Checkpoint, out E = CheckpointMismatchError> {
  /** The stored checkpoint. What is saved next is compared with it. */
  readonly load: Effect.Effect<Option.Option<C>, SqlDestinationError | SqlError | E>
  /** Stores sessions and checkpoint in one transaction, if the checkpoint is still the one that was loaded or saved last. */
  readonly save: (batch: Batch<C>) => Effect.Effect<void, SqlDestinationError | SqlError>
  /**
   * Stores sessions without a checkpoint, for handlers of webhooks. `readAt` is a moment **before** they were read: a session
   * of which a later read is stored stays as it is, in whichever order the handlers end.
   */
  readonly upsert: (
    sessions: ReadonlyArray<VerificationSession.AnyExpansion>,
    readAt: DateTime.DateTime
  ) => Effect.Effect<void, SqlError>
}

/**
 * How checkpoints become text and come back. The module `Checkpoint` is one.
 *
 * @category models
 * @since 0.1.0
 */
export interface CheckpointFormat<in out C, out E> {
  /** The text that is stored. The same checkpoint gives the same text. */
  readonly toText: (checkpoint: C) => string
  /** The checkpoint of a stored text, or why it has none. */
  readonly fromText: (text: string) => Result.Result<C, E>
}

/**
 * Where the sessions are.
 *
 * @category options
 * @since 0.1.0
 */
export interface TableOptions {
  /**
   * The name of the table: small letters, digits and `_`, at most 40. The table of checkpoints has `_checkpoints` after it,
   * and that of the migrations `_migrations`. In Postgres they are in the first schema of the `search_path`.
   *
   * @default "verification_sessions"
   */
  readonly table?: string | undefined
}

/**
 * How sessions are stored.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<in out C = Checkpoint.Checkpoint, out E = CheckpointMismatchError> extends TableOptions {
  /**
   * Whose sessions they are, `acct_…`: a part of their key in the table.
   *
   * @default "", the key's own account
   */
  readonly account?: string | undefined
  /**
   * The name of the checkpoint, where several reads of an account go into the same table.
   *
   * @default "sync"
   */
  readonly name?: string | undefined
  /**
   * The secret fields to store all the same, in the column `session`.
   *
   * @default none
   */
  readonly reveal?: VerificationSession.JsonOptions["reveal"]
  /**
   * The kind of checkpoint.
   *
   * @default `Checkpoint`, that of `VerificationSessions.sync`
   */
  readonly checkpoint?: CheckpointFormat<C, E> | undefined
}

/**
 * A table of sessions, for `Destination.stream`. The tables must be there: {@link layer} makes them.
 *
 * The columns are `account`, `id`, `created`, `livemode`, `status`, `type`, `client_reference_id`, `last_error_code`,
 * `last_error_reason`, `last_verification_report` (an id), `redaction_status`, `related_customer`,
 * `related_customer_account`, `related_person`, `verification_flow`, `metadata` and `session` (JSON: the whole row), and
 * `read_at`. In Postgres times are `timestamptz` and JSON is `jsonb`; in SQLite times are ISO text in UTC. The primary key
 * is `account` and `id`. Columns and indexes of your own are welcome where a row may be stored without them.
 *
 * Fails with a `SqlDestinationError` for a wrong option, another database than Postgres and SQLite, and tables that are
 * missing or not ours.
 *
 * **Example** (A table that resumes where it ended)
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
export const make = Effect.fnUntraced(function* <C = Checkpoint.Checkpoint, E = CheckpointMismatchError>(
  options: Options<C, E> = {}
): Effect.fn.Return<SqlDestination<C, E>, SqlDestinationError | SqlError, SqlClient.SqlClient> {
  yield* named(Effect.fromResult(Checks.decode(options)))
  const { account = "", name = "sync", table = Checks.defaultTable } = options
  // Type boundary: who leaves out the format gets the types of the default one.
  const format = options.checkpoint ?? (Checkpoint as unknown as CheckpointFormat<C, E>)
  const toJson = SessionCodec.toJson(options.reveal ?? [])
  const client = yield* named(Tables.client)
  yield* named(Tables.check(client, table))
  const { dialect, sql } = client
  const statements = Statements.make(table, dialect)

  const transaction = <A, E>(self: Effect.Effect<A, E>) => withoutDefects(sql.withTransaction(self))

  // What the database had when it was looked at last.
  let known: string | undefined

  const upsert = (sessions: ReadonlyArray<VerificationSession.AnyExpansion>, readAt: DateTime.DateTime) => {
    // A statement may meet each row once. In one order, so that two writers never wait for each other.
    const rows = Array.from(new Map(sessions.map((session) => [session.id, session])).values())
    rows.sort((one, other) => (one.id < other.id ? -1 : 1))
    const store = (rows: ReadonlyArray<VerificationSession.AnyExpansion>) =>
      Effect.suspend(() =>
        sql.unsafe(statements.upsert, [account, DateTime.formatIso(readAt), Statements.toJson(rows.map(toJson))])
      )
    const parts = Arr.chunksOf(rows, rowsAStatement)
    const all = Effect.forEach(parts, store, { discard: true })
    return parts.length > 1 ? transaction(all) : all
  }

  const stored = Effect.map(
    sql.unsafe<{ readonly checkpoint: string }>(statements.checkpoint, [account, name]),
    Arr.head
  )

  const load = Effect.gen(function* () {
    known = Option.getOrUndefined(yield* stored)?.checkpoint
    return known === undefined ? Option.none() : Option.some(yield* Effect.fromResult(format.fromText(known)))
  })

  const moveCheckpoint = Effect.fnUntraced(function* (text: string, livemode: boolean | undefined) {
    const mode = livemode === undefined ? null : dialect === "pg" ? livemode : Number(livemode)
    const values = [account, name, mode, text, DateTime.formatIso(yield* DateTime.now)]
    const moved = yield* known === undefined
      ? sql.unsafe(statements.begin, values)
      : sql.unsafe(statements.advance, [...values, known])
    if (moved.length > 0) return
    const isKnown = Option.exists(yield* stored, ({ checkpoint }) => checkpoint === known)
    return yield* isKnown && livemode !== undefined
      ? refuse(new Reasons.OtherModeError({ table, account, livemode }))
      : refuse(new Reasons.CheckpointMovedError({ table, account, name }))
  })

  const save = Effect.fnUntraced(function* ({ checkpoint, readAt, sessions }: Batch<C>) {
    const actual = accountOf(checkpoint)
    if (actual !== undefined && actual !== account) {
      return yield* refuse(new Reasons.OtherAccountError({ expected: account, actual }))
    }
    const text = format.toText(checkpoint)
    // The checkpoint comes first: whoever is late waits there, and has written no row.
    yield* transaction(Effect.andThen(moveCheckpoint(text, sessions[0]?.livemode), upsert(sessions, readAt)))
    known = text
  })

  return { load, save, upsert }
})

/**
 * What makes the tables, for a `Migrator` of your own. Give it a table of its own for its history, because the numbers
 * start at 1. {@link layer} runs them for you.
 *
 * **Example** (A migrator of one's own)
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
 * Makes the tables of {@link make} and brings those of an older version up to date, as it is built. Programs that start at
 * the same time may all have it. Fails with a `SqlDestinationError` where a table of this name is not ours.
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
      // Before the history is made, so that a database of something else stays as it is.
      yield* named(Tables.checkUnrelated(client, table, history))
      const migrate = Migrator.make({})({ loader: Migrator.fromRecord(migrations({ table })), table: history })
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

const tableOf = (options: TableOptions): Effect.Effect<string, SqlDestinationError> =>
  Effect.mapBoth(Effect.fromResult(Checks.decodeTable(options)), {
    onFailure: refuse,
    onSuccess: () => options.table ?? Checks.defaultTable
  })

/** So that a statement of many sessions is some megabytes at most. */
const rowsAStatement = 1000

const accountOf = (checkpoint: unknown): string | undefined =>
  Predicate.hasProperty(checkpoint, "account") && Predicate.isString(checkpoint.account)
    ? checkpoint.account
    : undefined
